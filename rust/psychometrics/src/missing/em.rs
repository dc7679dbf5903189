//! The EM algorithm for means and covariances (Orchard & Woodbury 1972; Dempster, Laird & Rubin 1977), accelerated.
//!
//! A step costs nothing for rows: with the precision matrix K of all items, the regression of a pattern's absent items
//! on its observed ones is -inv(K_mm) K_mo, so only matrices of the size of what is absent are inverted. Steps are
//! extrapolated by squared iteration (SQUAREM, Varadhan & Roland 2008), never to a lower likelihood.

use super::{Pattern, PatternSums};
use crate::linalg::{cholesky, cholesky_solve};
use crate::monitor::Monitor;

/// How far a solution may be from where the steps end, in standard deviations of the items.
const PRECISION: f64 = 1e-11;
/// What rounding alone moves a parameter by.
const ROUNDING: f64 = 4e-15;
/// Steps after which the algorithm gives up.
pub const MOST_STEPS: usize = 2_000;
/// Likelihoods closer than this share of their size are equal.
const EQUAL: f64 = 1e-12;

/// How the algorithm ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmStatus {
    /// At a maximum.
    Converged,
    /// Out of steps.
    NotConverged,
    /// At covariances without inverse.
    NotPositiveDefinite,
}

/// A multivariate normal distribution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Normal {
    /// Means.
    pub means: Vec<f64>,
    /// Covariances, row by row.
    pub covariance: Vec<f64>,
}

impl Normal {
    /// Independent items with means of zero and variances of one.
    pub fn standard(items: usize) -> Normal {
        let mut covariance = vec![0.0; items * items];
        covariance.iter_mut().step_by(items + 1).for_each(|variance| *variance = 1.0);
        Normal { means: vec![0.0; items], covariance }
    }

    fn parameters(&self) -> impl Iterator<Item = &f64> {
        self.means.iter().chain(&self.covariance)
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        self.means.iter_mut().chain(&mut self.covariance)
    }

    fn farthest(&self, other: &Normal) -> f64 {
        let apart = self.parameters().zip(other.parameters()).map(|(a, b)| (a - b).abs());
        apart.fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
    }
}

/// The regression of a pattern's absent items on its observed ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Regression {
    factor: Vec<f64>,
    /// Slopes, absent × observed.
    pub slopes: Vec<f64>,
    /// Covariances of what is left, absent × absent.
    pub residual: Vec<f64>,
    /// The logarithm of the determinant of the absent items' precisions.
    pub log_determinant: f64,
}

impl Regression {
    /// From the precision matrix of all items; false where it is not positive definite.
    pub fn fill(&mut self, precision: &[f64], items: usize, pattern: &Pattern) -> bool {
        let (absent, observed) = (pattern.absent.as_slice(), pattern.observed.as_slice());
        let size = absent.len();
        self.factor.clear();
        self.slopes.clear();
        for &i in absent {
            self.factor.extend(absent.iter().map(|&j| precision[i * items + j]));
            self.slopes.extend(observed.iter().map(|&j| -precision[i * items + j]));
        }
        if !cholesky(&mut self.factor, size) {
            return false;
        }
        self.log_determinant =
            2.0 * (0..size).map(|i| libm::log(self.factor[i * size + i])).sum::<f64>();
        self.residual.clear();
        self.residual.resize(size * size, 0.0);
        for (i, row) in self.residual.chunks_exact_mut(size.max(1)).enumerate() {
            row[i] = 1.0;
            cholesky_solve(&self.factor, size, row);
        }
        solve_rows(&self.factor, size, &mut self.slopes, observed.len());
        true
    }
}

/// Solves `L L' X = B` in place for matrices of `width` columns, row by row.
fn solve_rows(factor: &[f64], size: usize, rows: &mut [f64], width: usize) {
    let subtract = |rows: &mut [f64], to: usize, from: usize, times: f64| {
        let (low, high) = (to.min(from), to.max(from));
        let (head, tail) = rows.split_at_mut(high * width);
        let (low, high) = (&mut head[low * width..(low + 1) * width], &mut tail[..width]);
        let (to, from) = if to > from { (high, low) } else { (low, high) };
        to.iter_mut().zip(from.iter()).for_each(|(a, b)| *a -= times * b);
    };
    for i in 0..size {
        for j in 0..i {
            subtract(rows, i, j, factor[i * size + j]);
        }
        rows[i * width..(i + 1) * width].iter_mut().for_each(|x| *x /= factor[i * size + i]);
    }
    for i in (0..size).rev() {
        for j in i + 1..size {
            subtract(rows, i, j, factor[j * size + i]);
        }
        rows[i * width..(i + 1) * width].iter_mut().for_each(|x| *x /= factor[i * size + i]);
    }
}

/// Writes the inverse of a positive definite matrix; the logarithm of its determinant, or nothing.
pub(super) fn invert(
    matrix: &[f64],
    items: usize,
    factor: &mut Vec<f64>,
    out: &mut Vec<f64>,
) -> Option<f64> {
    matrix.clone_into(factor);
    if !cholesky(factor, items) {
        return None;
    }
    out.clear();
    out.resize(items * items, 0.0);
    for (i, row) in out.chunks_exact_mut(items).enumerate() {
        row[i] = 1.0;
        cholesky_solve(factor, items, row);
    }
    Some(2.0 * (0..items).map(|i| libm::log(factor[i * items + i])).sum::<f64>())
}

/// EM for one set of patterns after the other, with memory kept.
#[derive(Debug, Clone, Default)]
pub struct Em {
    /// Where the last run ended.
    pub normal: Normal,
    /// The log-likelihood there, but for what rounding and the last step add.
    pub log_likelihood: f64,
    /// Steps that it took.
    pub steps: usize,
    factor: Vec<f64>,
    precision: Vec<f64>,
    regression: Regression,
    completed: Vec<f64>,
    cross: Vec<f64>,
    products: Vec<f64>,
    left: Vec<f64>,
    slopes_of_scatter: Vec<f64>,
}

impl Em {
    /// Runs from a start; where it ends is in `normal`. Of a cancelled run nothing is to be believed.
    pub fn run(
        &mut self,
        patterns: &[Pattern],
        sums: &[PatternSums],
        start: &Normal,
        monitor: &dyn Monitor,
    ) -> EmStatus {
        let mut here = start.clone();
        let (mut one, mut two, mut next) = (start.clone(), start.clone(), start.clone());
        let mut stretch = 1.0_f64;
        self.steps = 0;
        while self.steps < MOST_STEPS && !monitor.cancelled() {
            if self.step(patterns, sums, &here, &mut one).is_none() {
                return EmStatus::NotPositiveDefinite;
            }
            if self.ends(here.farthest(&one), stretch) {
                self.normal = one;
                return EmStatus::Converged;
            }
            let Some(likelihood) = self.step(patterns, sums, &one, &mut two) else {
                return EmStatus::NotPositiveDefinite;
            };
            if self.ends(one.farthest(&two), stretch) {
                self.normal = two;
                return EmStatus::Converged;
            }
            stretch = extrapolate(&here, &one, &two, &mut next);
            let reached =
                if stretch > 1.0 { self.step(patterns, sums, &next, &mut one) } else { None };
            let higher = |reached: f64| reached >= likelihood - EQUAL * likelihood.abs();
            std::mem::swap(
                &mut here,
                if reached.is_some_and(higher) { &mut one } else { &mut two },
            );
        }
        self.normal = here;
        EmStatus::NotConverged
    }

    /// The way that is left is longer than the last step, the slower the convergence the more.
    fn ends(&self, step: f64, stretch: f64) -> bool {
        step * stretch.max(1.0) <= PRECISION || step <= ROUNDING
    }

    /// One step from `here`; the log-likelihood of `here`, or nothing where its covariances have no inverse.
    pub fn step(
        &mut self,
        patterns: &[Pattern],
        sums: &[PatternSums],
        here: &Normal,
        next: &mut Normal,
    ) -> Option<f64> {
        let items = here.means.len();
        self.steps += 1;
        let log_determinant =
            invert(&here.covariance, items, &mut self.factor, &mut self.precision)?;
        for matrix in [&mut self.cross, &mut self.products, &mut self.left] {
            matrix.clear();
            matrix.resize(items * items, 0.0);
        }
        let mut shift = vec![0.0; items];
        let (mut all, mut logs, mut answers) = (0.0, 0.0, 0.0);
        for (pattern, own) in patterns.iter().zip(sums) {
            if own.rows == 0 {
                continue;
            }
            all += own.weight;
            answers += own.weight * pattern.observed.len() as f64;
            logs += own.weight * self.complete(pattern, own, here)?;
            for (sum, d) in shift.iter_mut().zip(&self.completed) {
                *sum += own.weight * d;
            }
            for (i, row) in self.products.chunks_exact_mut(items).enumerate() {
                let scaled = own.weight * self.completed[i];
                row.iter_mut().zip(&self.completed).for_each(|(sum, d)| *sum += scaled * d);
            }
        }
        let mut fit = 0.0;
        shift.iter_mut().for_each(|sum| *sum /= all);
        for i in 0..items {
            next.means[i] = here.means[i] + shift[i];
            for j in 0..=i {
                let (at, across) = (i * items + j, j * items + i);
                let known = self.products[at] + self.cross[at] + self.cross[across];
                fit += self.precision[at] * known * if i == j { 1.0 } else { 2.0 };
                let value = (known + self.left[at]) / all - shift[i] * shift[j];
                next.covariance[at] = value;
                next.covariance[across] = value;
            }
        }
        let circle = answers * libm::log(std::f64::consts::TAU);
        self.log_likelihood = -0.5 * (circle + all * log_determinant + logs + fit);
        Some(self.log_likelihood)
    }

    /// Fills in what a pattern lacks, at `here`; the logarithm of its share of the determinant.
    fn complete(&mut self, pattern: &Pattern, own: &PatternSums, here: &Normal) -> Option<f64> {
        let items = here.means.len();
        let Pattern { observed, absent, .. } = pattern;
        let width = observed.len();
        self.completed.clear();
        self.completed.resize(items, 0.0);
        for (&item, mean) in observed.iter().zip(&own.means) {
            self.completed[item] = mean - here.means[item];
        }
        let scattered = own.rows > 1;
        if scattered {
            for (&i, row) in observed.iter().zip(own.scatter.chunks_exact(width)) {
                let sums = &mut self.products[i * items..(i + 1) * items];
                observed.iter().zip(row).for_each(|(&j, value)| sums[j] += value);
            }
        }
        if absent.is_empty() {
            return Some(0.0);
        }
        if !self.regression.fill(&self.precision, items, pattern) {
            return None;
        }
        let Regression { slopes, residual, log_determinant, .. } = &self.regression;
        for (a, (&i, slopes)) in absent.iter().zip(slopes.chunks_exact(width)).enumerate() {
            let known = slopes.iter().zip(observed).map(|(b, &j)| b * self.completed[j]);
            let value = known.sum();
            self.completed[i] = value;
            for (b, &j) in absent.iter().enumerate() {
                self.left[i * items + j] += own.weight * residual[a * absent.len() + b];
            }
        }
        if scattered {
            self.slopes_of_scatter.clear();
            self.slopes_of_scatter.resize(width, 0.0);
            let product = &mut self.slopes_of_scatter;
            for (&i, row) in absent.iter().zip(slopes.chunks_exact(width)) {
                product.fill(0.0);
                for (b, scatter) in row.iter().zip(own.scatter.chunks_exact(width)) {
                    product.iter_mut().zip(scatter).for_each(|(sum, s)| *sum += b * s);
                }
                let sums = &mut self.cross[i * items..(i + 1) * items];
                observed.iter().zip(product.iter()).for_each(|(&j, value)| sums[j] += value);
                let sums = &mut self.products[i * items..(i + 1) * items];
                for (&j, other) in absent.iter().zip(slopes.chunks_exact(width)) {
                    sums[j] += other.iter().zip(product.iter()).map(|(b, s)| b * s).sum::<f64>();
                }
            }
        }
        Some(*log_determinant)
    }
}

/// Goes on from two steps as far as their change tells; how many steps that is worth.
fn extrapolate(here: &Normal, one: &Normal, two: &Normal, next: &mut Normal) -> f64 {
    let (mut steps, mut changes) = (0.0, 0.0);
    for ((a, b), c) in here.parameters().zip(one.parameters()).zip(two.parameters()) {
        steps += (b - a).powi(2);
        changes += (c - b - (b - a)).powi(2);
    }
    let stretch = (steps / changes).sqrt();
    if stretch.is_nan() || stretch <= 1.0 {
        return 1.0;
    }
    let ways = here.parameters().zip(one.parameters()).zip(two.parameters());
    for (out, ((a, b), c)) in next.parameters_mut().zip(ways) {
        *out = a + 2.0 * stretch * (b - a) + stretch * stretch * (c - b - (b - a));
    }
    stretch
}
