//! One factor by diagonally weighted least squares: what lavaan calls WLSMV gives these loadings.
//!
//! Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical, and continuous latent
//! variable indicators. *Psychometrika*, 49, 115-132. Each residual correlation counts by one over the variance of its
//! correlation.

use super::{FitStatus, LEAST_UNIQUENESS, NEWTON_TOLERANCE};
use crate::linalg::{cholesky, cholesky_solve};

/// Rounds of coordinate descent before Newton's method is tried again.
const ROUNDS: usize = 20;
const ATTEMPTS: usize = 200;
const NEWTON_STEPS: usize = 30;

/// Correlations and the weight of each, items × items; what is on the diagonals has no part in it.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<'a> {
    /// The correlations.
    pub correlation: &'a [f64],
    /// Their weights, not negative.
    pub weights: &'a [f64],
}

/// The largest loading there is.
fn largest() -> f64 {
    (1.0 - LEAST_UNIQUENESS).sqrt()
}

impl Weighted<'_> {
    /// Loadings of one factor, in the place of where to start from: the minimum of `½ sum w (r - l l')²` over pairs,
    /// uniquenesses `1 - l²` at least [`LEAST_UNIQUENESS`].
    pub fn one_factor(&self, loadings: &mut [f64]) -> FitStatus {
        for _ in 0..ATTEMPTS {
            if let Some(status) = self.newton(loadings) {
                return status;
            }
            for _ in 0..ROUNDS {
                self.descend(loadings);
            }
        }
        FitStatus::NotConverged
    }

    fn row(&self, i: usize, items: usize) -> impl Iterator<Item = (usize, f64, f64)> {
        let correlation = self.correlation.iter().skip(i * items).take(items);
        let weights = self.weights.iter().skip(i * items).take(items);
        correlation
            .zip(weights)
            .enumerate()
            .filter(move |&(j, _)| j != i)
            .map(|(j, (&r, &w))| (j, r, w))
    }

    /// The derivative by one loading.
    fn gradient(&self, loadings: &[f64], i: usize) -> f64 {
        let of = |(j, r, w): (usize, f64, f64)| w * (loadings[i] * loadings[j] - r) * loadings[j];
        self.row(i, loadings.len()).map(of).sum()
    }

    /// Second derivatives; of a loading that is held none but one on the diagonal.
    fn hessian(&self, loadings: &[f64], held: &[bool]) -> Vec<f64> {
        let items = loadings.len();
        let mut matrix = vec![0.0; items * items];
        for i in 0..items {
            if held[i] {
                matrix[i * items + i] = 1.0;
                continue;
            }
            for (j, r, w) in self.row(i, items) {
                matrix[i * items + i] += w * loadings[j] * loadings[j];
                if !held[j] {
                    matrix[i * items + j] = w * (2.0 * loadings[i] * loadings[j] - r);
                }
            }
        }
        matrix
    }

    /// Which loadings are on their bound and would go beyond it.
    fn held(&self, loadings: &[f64]) -> Vec<bool> {
        let of = |(i, loading): (usize, &f64)| {
            loading.abs() >= largest() && self.gradient(loadings, i) * loading.signum() < 0.0
        };
        loadings.iter().enumerate().map(of).collect()
    }

    /// Newton's method on the loadings that are free; nothing where it does not get to a minimum from here.
    fn newton(&self, loadings: &mut [f64]) -> Option<FitStatus> {
        let items = loadings.len();
        let start = loadings.to_vec();
        for _ in 0..NEWTON_STEPS {
            let held = self.held(loadings);
            let mut matrix = self.hessian(loadings, &held);
            let slope = |i: usize| if held[i] { 0.0 } else { self.gradient(loadings, i) };
            let mut step: Vec<f64> = (0..items).map(slope).collect();
            if !cholesky(&mut matrix, items) {
                break;
            }
            cholesky_solve(&matrix, items, &mut step);
            let mut furthest = 0.0_f64;
            for (loading, step) in loadings.iter_mut().zip(&step) {
                let moved = (*loading - step).clamp(-largest(), largest());
                furthest = furthest.max((moved - *loading).abs());
                *loading = moved;
            }
            if furthest.is_nan() || furthest > 1.0 {
                break;
            }
            if furthest < NEWTON_TOLERANCE {
                let heywood = loadings.iter().any(|l| l.abs() >= largest());
                return Some(if heywood { FitStatus::Heywood } else { FitStatus::Converged });
            }
        }
        loadings.copy_from_slice(&start);
        None
    }

    /// One round of coordinate descent: each loading in turn to where the criterion is smallest. Never goes up.
    fn descend(&self, loadings: &mut [f64]) {
        for i in 0..loadings.len() {
            let (mut dot, mut sum) = (0.0, 0.0);
            for (j, r, w) in self.row(i, loadings.len()) {
                dot += w * r * loadings[j];
                sum += w * loadings[j] * loadings[j];
            }
            if sum > 0.0 {
                loadings[i] = (dot / sum).clamp(-largest(), largest());
            }
        }
    }

    /// How a function of the loadings moves with each correlation and each weight, from its derivative by loadings.
    ///
    /// Both are items × items, of which a pair counts once; nothing where the minimum is flat.
    pub fn implicit(&self, loadings: &[f64], in_loadings: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let items = loadings.len();
        let held = self.held(loadings);
        let mut matrix = self.hessian(loadings, &held);
        let slope = |i: usize| if held[i] { 0.0 } else { in_loadings[i] };
        let mut y: Vec<f64> = (0..items).map(slope).collect();
        if !cholesky(&mut matrix, items) {
            return None;
        }
        cholesky_solve(&matrix, items, &mut y);
        let (mut by_correlation, mut by_weight) =
            (vec![0.0; items * items], vec![0.0; items * items]);
        for i in 0..items {
            for (j, r, w) in self.row(i, items) {
                let pull = y[i] * loadings[j] + y[j] * loadings[i];
                by_correlation[i * items + j] = w * pull;
                by_weight[i * items + j] = (r - loadings[i] * loadings[j]) * pull;
            }
        }
        Some((by_correlation, by_weight))
    }
}
