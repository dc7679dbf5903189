//! What the observed answers tell about means and covariances: the observed information, and what is missing of it.
//!
//! Parameters are the means, then the covariances of the pairs of items. With K the inverse of a pattern's covariances
//! (zero where an item is absent), n its weight, u = K (mean - mu) and G = K S K + n u u', the information is n K in
//! means, n (K E u) across, and tr(E K F (G - n K / 2)) in the directions E and F of two covariances: minus the second
//! derivatives of the log-likelihood at a maximum (Savalei 2010; Yuan & Bentler 2000).

use super::em::{Regression, invert};
use super::{Normal, Pattern, PatternSums};
use crate::linalg::{cholesky, cholesky_solve};
use crate::moments::pair;
use crate::monitor::Monitor;

/// Above so many parameters (139 items) the information would take the memory of a machine.
const MOST_PARAMETERS: usize = 10_000;

/// The observed information, factored.
#[derive(Debug, Clone)]
pub struct Information {
    items: usize,
    size: usize,
    factor: Vec<f64>,
}

/// What a pattern's rows make of the parameters: matrices items × items, zero where an item is absent.
#[derive(Debug, Clone, Default)]
pub(super) struct PatternPrecision {
    /// The inverse of the covariances of the observed items.
    pub precision: Vec<f64>,
    /// The precision times the distance of the means.
    pub pull: Vec<f64>,
}

impl PatternPrecision {
    /// From the precisions of all items; false where they are not positive definite.
    pub fn fill(
        &mut self,
        all: &[f64],
        items: usize,
        pattern: &Pattern,
        regression: &mut Regression,
    ) -> bool {
        if !regression.fill(all, items, pattern) {
            return false;
        }
        let Pattern { observed, absent, .. } = pattern;
        self.precision.clear();
        self.precision.resize(items * items, 0.0);
        for &i in observed {
            for (b, &j) in observed.iter().enumerate() {
                let slopes = regression.slopes.iter().skip(b).step_by(observed.len());
                let through: f64 =
                    absent.iter().zip(slopes).map(|(&m, slope)| all[i * items + m] * slope).sum();
                self.precision[i * items + j] = all[i * items + j] + through;
            }
        }
        true
    }

    fn pull(&mut self, normal: &Normal, pattern: &Pattern, own: &PatternSums) {
        let items = normal.means.len();
        self.pull.clear();
        self.pull.resize(items, 0.0);
        for (&j, mean) in pattern.observed.iter().zip(&own.means) {
            let distance = mean - normal.means[j];
            for (sum, row) in self.pull.iter_mut().zip(self.precision.chunks_exact(items)) {
                *sum += row[j] * distance;
            }
        }
    }
}

impl Information {
    /// At a maximum; nothing where it is not positive definite, or the monitor says stop.
    pub fn new(
        patterns: &[Pattern],
        sums: &[PatternSums],
        normal: &Normal,
        monitor: &dyn Monitor,
    ) -> Option<Information> {
        let items = normal.means.len();
        let size = items + items * (items + 1) / 2;
        if size > MOST_PARAMETERS {
            return None;
        }
        let mut factor = Vec::new();
        factor.try_reserve_exact(size.checked_mul(size)?).ok()?;
        factor.resize(size * size, 0.0);
        let (mut memory, mut all) = (Vec::new(), Vec::new());
        invert(&normal.covariance, items, &mut memory, &mut all)?;
        let (mut regression, mut at) = (Regression::default(), PatternPrecision::default());
        for (pattern, own) in patterns.iter().zip(sums) {
            if monitor.cancelled() || !at.fill(&all, items, pattern, &mut regression) {
                return None;
            }
            at.pull(normal, pattern, own);
            let curvature = curvature(&at, pattern, own, items);
            add(&mut factor, &at, &curvature, own.weight, items);
        }
        // Rows were filled from the diagonal on; the factor is taken of the lower triangle.
        for i in 0..size {
            for j in 0..i {
                factor[i * size + j] = factor[j * size + i];
            }
        }
        cholesky(&mut factor, size).then_some(Information { items, size, factor })
    }

    /// The inverse of the information times a direction of means and covariances, in place.
    pub fn solve(&self, direction: &mut [f64]) {
        cholesky_solve(&self.factor, self.size, direction);
    }

    /// The asymptotic variances of the means and of the covariances of pairs.
    pub fn variances(&self) -> Vec<f64> {
        let (size, factor) = (self.size, &self.factor);
        let mut column = vec![0.0; size];
        let mut variances = Vec::with_capacity(size);
        for j in 0..size {
            column[j] = 1.0 / factor[j * size + j];
            let mut sum = column[j] * column[j];
            for i in j + 1..size {
                let row = &factor[i * size + j..i * size + i];
                let dot: f64 = row.iter().zip(&column[j..i]).map(|(a, b)| a * b).sum();
                column[i] = -dot / factor[i * size + i];
                sum += column[i] * column[i];
            }
            variances.push(sum);
        }
        variances
    }

    /// The variances that complete answers of as many persons would give, in the same order.
    pub fn complete_variances(&self, normal: &Normal, weight: f64) -> Vec<f64> {
        let items = self.items;
        let c = |i: usize, j: usize| normal.covariance[i * items + j];
        let means = (0..items).map(|i| c(i, i) / weight);
        let pairs = (0..items).flat_map(|i| (i..items).map(move |j| (i, j)));
        means.chain(pairs.map(|(i, j)| (c(i, i) * c(j, j) + c(i, j).powi(2)) / weight)).collect()
    }
}

/// `K S K + n u u' - n K / 2` of a pattern.
fn curvature(
    at: &PatternPrecision,
    pattern: &Pattern,
    own: &PatternSums,
    items: usize,
) -> Vec<f64> {
    let observed = &pattern.observed;
    let mut half = vec![0.0; observed.len() * items];
    if own.rows > 1 {
        for (row, scatter) in
            half.chunks_exact_mut(items).zip(own.scatter.chunks_exact(observed.len()))
        {
            for (&j, s) in observed.iter().zip(scatter) {
                let precision = &at.precision[j * items..(j + 1) * items];
                row.iter_mut().zip(precision).for_each(|(sum, k)| *sum += s * k);
            }
        }
    }
    let mut out = vec![0.0; items * items];
    for (i, row) in out.chunks_exact_mut(items).enumerate() {
        let scaled = own.weight * at.pull[i];
        let precision = &at.precision[i * items..(i + 1) * items];
        for ((sum, u), k) in row.iter_mut().zip(&at.pull).zip(precision) {
            *sum = scaled * u - 0.5 * own.weight * k;
        }
        for (&j, other) in observed.iter().zip(half.chunks_exact(items)) {
            let k = precision[j];
            row.iter_mut().zip(other).for_each(|(sum, h)| *sum += k * h);
        }
    }
    out
}

/// Adds a pattern's information to the upper triangle.
fn add(out: &mut [f64], at: &PatternPrecision, curvature: &[f64], weight: f64, items: usize) {
    let size = items + items * (items + 1) / 2;
    let place = |i: usize, j: usize| items + pair(items, i, j);
    let (k, u) = (&at.precision, &at.pull);
    let row_of =
        |matrix: &[f64], i: usize| -> Vec<f64> { matrix[i * items..(i + 1) * items].to_vec() };
    let ones: Vec<usize> = (0..items).filter(|&i| k[i * items + i] != 0.0).collect();
    for &a in &ones {
        let row = &mut out[a * size..(a + 1) * size];
        for j in a..items {
            row[j] += weight * k[a * items + j];
        }
        for &i in &ones {
            for j in i..items {
                let both = k[a * items + i] * u[j] + k[a * items + j] * u[i];
                row[place(i, j)] += weight * if i == j { 0.5 * both } else { both };
            }
        }
    }
    for &i in &ones {
        let (k_i, h_i) = (row_of(k, i), row_of(curvature, i));
        for &j in ones.iter().filter(|&&j| j >= i) {
            let (k_j, h_j) = (row_of(k, j), row_of(curvature, j));
            let scale = if i == j { 0.5 } else { 1.0 };
            let row = &mut out[place(i, j) * size..(place(i, j) + 1) * size];
            for &p in ones.iter().filter(|&&p| p >= i) {
                let first = if p == i { j } else { p };
                let (kj, hi, ki, hj) =
                    (scale * k_j[p], scale * h_i[p], scale * k_i[p], scale * h_j[p]);
                let start = place(p, first);
                let sums = &mut row[start..start + items - first];
                let right = h_i[first..].iter().zip(&k_j[first..]).zip(&h_j[first..]);
                for (sum, (((a, b), c), d)) in sums.iter_mut().zip(right.zip(&k_i[first..])) {
                    *sum += kj * a + hi * b + ki * c + hj * d;
                }
                if first == p {
                    // The direction of a variance is one entry, that of a covariance two.
                    let twice = kj * h_i[p] + hi * k_j[p] + ki * h_j[p] + hj * k_i[p];
                    row[start] -= 0.5 * twice;
                }
            }
        }
    }
}
