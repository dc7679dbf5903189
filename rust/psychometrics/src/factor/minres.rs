//! One factor by minimum residuals (Harman & Jones 1966) with bounded uniquenesses.

use super::{FitMemory, FitStatus, LEAST_UNIQUENESS, NEWTON_TOLERANCE};
use crate::linalg::{cholesky, cholesky_solve, eigen};

/// Rounds of coordinate descent before Newton's method is tried again.
const ROUNDS: usize = 20;
const ATTEMPTS: usize = 200;

/// Loadings of one factor on a correlation matrix, in the place of where to start from.
///
/// Minimises `½ |R - l l' - U|²` over loadings and uniquenesses `u` from [`LEAST_UNIQUENESS`] up: off the diagonal
/// the plain residuals, and on it what is left where a uniqueness is on its bound.
pub fn minres_one_factor(
    correlation: &[f64],
    loadings: &mut [f64],
    memory: &mut FitMemory,
) -> FitStatus {
    memory.resize(loadings.len());
    for _ in 0..ATTEMPTS {
        if let Some(status) = newton(correlation, loadings, memory) {
            return status;
        }
        for _ in 0..ROUNDS {
            descend(correlation, loadings);
        }
    }
    FitStatus::NotConverged
}

/// The loadings that minimum residuals start from where nothing is known: the first principal factor.
pub(crate) fn principal_factor(correlation: &[f64], items: usize) -> Vec<f64> {
    let (values, vectors) = eigen(correlation, items);
    let first = &vectors[..items];
    let sign = if first.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
    // Half of each variance is taken as unique: loadings stay away from their bounds.
    let scale = sign * (values[0] - 0.5).max(0.1).sqrt();
    first.iter().map(|x| (x * scale).clamp(-0.95, 0.95)).collect()
}

/// What exceeds the largest communality, for the item with this loading.
fn excess(loading: f64) -> f64 {
    (loading * loading - (1.0 - LEAST_UNIQUENESS)).max(0.0)
}

/// The gradient of half the criterion; `residual · loadings`.
fn gradient(correlation: &[f64], loadings: &[f64], i: usize) -> f64 {
    let row = &correlation[i * loadings.len()..][..loadings.len()];
    let li = loadings[i];
    let all: f64 = row.iter().zip(loadings).map(|(r, l)| (li * l - r) * l).sum();
    all - (li * li - row[i]) * li + excess(li) * li
}

/// The second derivatives of half the criterion, in the lower triangle.
fn hessian(correlation: &[f64], loadings: &[f64], matrix: &mut [f64]) {
    let items = loadings.len();
    let sum: f64 = loadings.iter().map(|l| l * l).sum();
    for (i, li) in loadings.iter().enumerate() {
        for j in 0..i {
            matrix[i * items + j] = 2.0 * li * loadings[j] - correlation[i * items + j];
        }
        let bound = if excess(*li) > 0.0 { 3.0 * li * li - 1.0 + LEAST_UNIQUENESS } else { 0.0 };
        matrix[i * items + i] = sum - li * li + bound;
    }
}

/// Newton's method; nothing where it does not get to a minimum from here.
fn newton(correlation: &[f64], loadings: &mut [f64], memory: &mut FitMemory) -> Option<FitStatus> {
    let items = loadings.len();
    let FitMemory { matrix, step, scratch, .. } = memory;
    let start = scratch;
    start.copy_from_slice(loadings);
    for _ in 0..30 {
        hessian(correlation, loadings, matrix);
        for (i, step) in step.iter_mut().enumerate() {
            *step = gradient(correlation, loadings, i);
        }
        if !cholesky(matrix, items) {
            break;
        }
        cholesky_solve(matrix, items, step);
        let mut largest = 0.0_f64;
        for (loading, step) in loadings.iter_mut().zip(step.iter()) {
            *loading -= step;
            largest = largest.max(step.abs());
        }
        if largest.is_nan() || largest > 1.0 {
            break;
        }
        if largest < NEWTON_TOLERANCE {
            let heywood = loadings.iter().any(|&l| excess(l) > 0.0);
            return Some(if heywood { FitStatus::Heywood } else { FitStatus::Converged });
        }
    }
    loadings.copy_from_slice(start);
    None
}

/// One round of coordinate descent: each loading in turn to where the criterion is smallest. Never goes up.
fn descend(correlation: &[f64], loadings: &mut [f64]) {
    let items = loadings.len();
    for i in 0..items {
        let row = &correlation[i * items..][..items];
        let (mut dot, mut sum) = (0.0, 0.0);
        for (j, (r, l)) in row.iter().zip(loadings.iter()).enumerate() {
            if j != i {
                dot += r * l;
                sum += l * l;
            }
        }
        if sum <= 0.0 {
            continue;
        }
        let mut loading = dot / sum;
        if excess(loading) > 0.0 {
            // sum l + (l² - bound) l = dot, a rising function beyond the bound: Newton from above never overshoots.
            for _ in 0..50 {
                let change = (sum * loading + excess(loading) * loading - dot)
                    / (sum + excess(loading) + 2.0 * loading * loading);
                loading -= change;
                if change.abs() < 1e-15 {
                    break;
                }
            }
        }
        loadings[i] = loading;
    }
}

/// The gradient of a function of loadings in the correlations, from its gradient in the loadings.
///
/// At the minimum the loadings move by `H⁻¹ dR l`; the diagonal of `R` does not move.
pub(crate) fn minres_gradient(
    correlation: &[f64],
    loadings: &[f64],
    in_loadings: &[f64],
) -> Option<Vec<f64>> {
    let items = loadings.len();
    let mut matrix = vec![0.0; items * items];
    hessian(correlation, loadings, &mut matrix);
    if !cholesky(&mut matrix, items) {
        return None;
    }
    let mut y = in_loadings.to_vec();
    cholesky_solve(&matrix, items, &mut y);
    let pair = |i: usize, j: usize| {
        if i == j { 0.0 } else { 0.5 * (y[i] * loadings[j] + y[j] * loadings[i]) }
    };
    Some((0..items * items).map(|at| pair(at / items, at % items)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovers_exact_loadings() {
        let truth: [f64; 5] = [0.9, 0.7, -0.4, 0.6, 0.2];
        let r: Vec<f64> = (0..25)
            .map(|at| if at % 6 == 0 { 1.0 } else { truth[at / 5] * truth[at % 5] })
            .collect();
        let mut loadings = principal_factor(&r, 5);
        let status = minres_one_factor(&r, &mut loadings, &mut FitMemory::default());
        assert_eq!(status, FitStatus::Converged);
        for (loading, truth) in loadings.iter().zip(truth) {
            // Newton stops when a step is below 1e-9, where the next is below 1e-16.
            assert!((loading - truth).abs() < 1e-12);
        }
    }
}
