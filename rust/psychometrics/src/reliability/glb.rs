//! The most error variance that items can have: what the greatest lower bound takes from the total.
//!
//! Errors `t` of items with correlations `R` are largest where `Σ w t` is, with `R - diag(t)` positive semidefinite
//! and `t >= 0` (Bentler & Woodward 1980). Along the central path `w = μ (diag (R - diag t)⁻¹ - 1/t)` the sum is within
//! `2 k μ` of the largest, whatever the matrix (Nesterov & Nemirovskii 1994); the path is followed by Newton's method,
//! with steps along its tangent that become as short as the square of what is left.

use super::Status;
use super::triangle::Triangle;
use crate::linalg::{cholesky, cholesky_above, cholesky_solve, eigen};
use crate::simd::Simd;

/// Where the path ends, with weights of mean one: the sum is then within `2e-12 k` of the largest.
const LAST: f64 = 1e-12;
/// Where it begins.
const FIRST: f64 = 0.2;
const FIRST_SHARE: f64 = 0.7;
/// A Newton decrement below this is that of a point next to the path: the straighter the way ahead from there.
const NEAR: f64 = 0.1;
/// Below this whole Newton steps come nearer: the square of it over what it leaves of one (Nesterov & Nemirovskii 1994).
const WHOLE: f64 = 0.38;
/// One beyond this is that of a step which has left the path.
const FAR: f64 = 4.0;
/// A decrement below this is that of a point on the path.
const SOLVED: f64 = 1e-7;
/// So many steps next to the end of the path are enough: they are quadratic, and what remains is rounding.
const LAST_STEPS: usize = 4;
/// What a step along the tangent leaves at least of the way, and at most: one that is shorter stays next to the path.
const LEAST_LEFT: f64 = 1e-4;
const MOST_LEFT: f64 = 0.99;
/// The power of what a step left that the next is to leave: one that is too long costs as much as one that is not.
const LONGER: f64 = 1.3;
const MOST_STEPS: usize = 200;
/// A pivot of the errors' rest may be as small as rounding allows.
const LEAST_REST: f64 = 1e-16;
/// On the path, eigenvalues and errors that are zero at its end are below this, the others above: its end's root.
const ZERO: f64 = 1e-6;
/// Equations of the dual whose smallest pivot is below this share do not tell one solution from another.
const LEAST_RANK: f64 = 1e-10;
/// How far the dual may miss its equations.
const FITS: f64 = 1e-6;

/// The greatest lower bound to the reliability of a total.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GreatestLowerBound {
    /// The bound.
    pub value: f64,
    /// The error variance of each item; nothing where there is no solution.
    pub errors: Vec<f64>,
}

impl GreatestLowerBound {
    /// Of items with these covariances; a status where there is none.
    pub fn of(covariance: &[f64], items: usize) -> Result<GreatestLowerBound, Status> {
        GreatestLowerBound::with(Simd::default(), covariance, items, &mut PathMemory::default())
    }

    pub(super) fn with(
        simd: Simd,
        covariance: &[f64],
        items: usize,
        memory: &mut PathMemory,
    ) -> Result<GreatestLowerBound, Status> {
        let standard = Standardised::of(covariance, items);
        let shares = largest_errors(simd, &standard.correlation, &standard.weights, memory)?;
        let variances = covariance.iter().step_by(items + 1);
        let errors: Vec<f64> = shares.iter().zip(variances).map(|(t, v)| t * v).collect();
        let total: f64 = covariance.iter().sum();
        Ok(GreatestLowerBound { value: 1.0 - errors.iter().sum::<f64>() / total, errors })
    }

    /// How the largest sum of errors moves with the covariances: the solution of the dual problem.
    ///
    /// Nothing where that has more than one solution: the bound has no derivative there.
    pub fn dual(&self, covariance: &[f64]) -> Option<Vec<f64>> {
        let items = self.errors.len();
        let standard = Standardised::of(covariance, items);
        let variance = |j: usize| covariance[j * items + j];
        let shares: Vec<f64> =
            self.errors.iter().enumerate().map(|(j, error)| error / variance(j)).collect();
        let mut dual = dual(&standard.correlation, &standard.weights, &shares)?;
        for (at, y) in dual.iter_mut().enumerate() {
            *y *= standard.mean / (variance(at / items) * variance(at % items)).sqrt();
        }
        Some(dual)
    }
}

/// Covariances as correlations, and variances as weights of mean one: what makes solutions equally exact in all units.
struct Standardised {
    correlation: Vec<f64>,
    weights: Vec<f64>,
    /// The mean variance.
    mean: f64,
}

impl Standardised {
    fn of(covariance: &[f64], items: usize) -> Standardised {
        let roots: Vec<f64> = covariance.iter().step_by(items + 1).map(|v| v.sqrt()).collect();
        let mut correlation = covariance.to_vec();
        for (row, own) in correlation.chunks_exact_mut(items).zip(&roots) {
            row.iter_mut().zip(&roots).for_each(|(r, other)| *r /= own * other);
        }
        correlation.iter_mut().step_by(items + 1).for_each(|r| *r = 1.0);
        let mean = roots.iter().map(|root| root * root).sum::<f64>() / items as f64;
        let weights = roots.iter().map(|root| root * root / mean).collect();
        Standardised { correlation, weights, mean }
    }
}

/// Memory that is used again and again.
#[derive(Debug, Clone, Default)]
pub(super) struct PathMemory {
    simd: Simd,
    rest: Triangle,
    /// The inverse of the rest, the rows of its upper triangle.
    inverse: Vec<f64>,
    hessian: Triangle,
    tangent: Vec<f64>,
    centring: Vec<f64>,
}

/// The errors whose sum with these weights (of mean one) is largest, as shares of the items' variances.
///
/// A status where there is no solution, as for a matrix that is not positive definite.
fn largest_errors(
    simd: Simd,
    correlation: &[f64],
    weights: &[f64],
    memory: &mut PathMemory,
) -> Result<Vec<f64>, Status> {
    let items = weights.len();
    if !cholesky(&mut correlation.to_vec(), items) {
        return Err(Status::NotPositiveDefinite);
    }
    memory.simd = simd;
    let mut errors = first_errors(correlation, items, memory);
    let (mut level, mut longer, mut at_the_end) = (FIRST, FIRST.sqrt(), 0);
    let mut decrement = memory.approach(correlation, &errors, weights, level);
    for _ in 0..MOST_STEPS {
        let distance = decrement.ok_or(Status::NotConverged)?;
        if distance >= NEAR {
            // No step of this length leaves the region (Nesterov & Nemirovskii 1994).
            let length = if distance < WHOLE { 1.0 } else { 1.0 / (1.0 + distance) };
            errors.iter_mut().zip(&memory.centring).for_each(|(t, step)| *t += length * step);
            decrement = memory.approach(correlation, &errors, weights, level);
            continue;
        }
        let centring = memory.centring.clone();
        let tangent = memory.tangent.clone();
        let ahead = |share: f64| -> Vec<f64> {
            let steps = centring.iter().zip(&tangent).map(|(c, a)| c + share * a);
            errors.iter().zip(steps).map(|(t, step)| t + step).collect()
        };
        // What is left of what remains is straight to rounding: on to where the path leads.
        let end = || ahead(1.0).into_iter().map(|t| t.max(0.0)).collect();
        at_the_end += usize::from(level <= LAST);
        if level <= LAST && (distance < SOLVED || at_the_end > LAST_STEPS) {
            return Ok(end());
        }
        // As far as the path is straight: the nearer the end, the further.
        let mut left = longer.max(LEAST_LEFT).max(LAST / level).min(1.0);
        loop {
            let next = ahead(1.0 - left);
            let next_level = (level * left).max(LAST);
            decrement = memory.approach(correlation, &next, weights, next_level);
            if decrement.is_some_and(|distance| distance < FAR) {
                (errors, level, longer) = (next, next_level, left.powf(LONGER));
                break;
            }
            if left > MOST_LEFT {
                // Next to the end no step is exact any more.
                return if level <= LAST { Ok(end()) } else { Err(Status::NotConverged) };
            }
            left = left.sqrt();
        }
    }
    Err(Status::NotConverged)
}

/// A part of what the other items do not explain, so small that the matrix stays positive definite.
fn first_errors(correlation: &[f64], items: usize, memory: &mut PathMemory) -> Vec<f64> {
    memory.factor(correlation, &vec![0.0; items]);
    let mut errors: Vec<f64> = memory.precisions(items).map(|p| FIRST_SHARE / p).collect();
    for _ in 0..MOST_STEPS {
        if memory.decompose(correlation, &errors) {
            break;
        }
        errors.iter_mut().for_each(|t| *t *= FIRST_SHARE);
    }
    errors
}

impl PathMemory {
    /// Looks from a point to the path: see `directions`. Nothing outside the region.
    fn approach(
        &mut self,
        correlation: &[f64],
        errors: &[f64],
        weights: &[f64],
        level: f64,
    ) -> Option<f64> {
        let inside = errors.iter().all(|&t| t > 0.0) && self.factor(correlation, errors);
        if inside { self.directions(errors, weights, level) } else { None }
    }

    /// The inverse of what errors leave; false where that is not positive definite.
    fn factor(&mut self, correlation: &[f64], errors: &[f64]) -> bool {
        let definite = self.decompose(correlation, errors);
        if definite {
            self.rest.inverse(self.simd, &mut self.inverse);
        }
        definite
    }

    fn decompose(&mut self, correlation: &[f64], errors: &[f64]) -> bool {
        self.rest.fill(correlation, errors.len());
        self.rest.diagonal().zip(errors).for_each(|(r, t)| *r -= t);
        self.rest.decompose(self.simd, LEAST_REST)
    }

    /// The diagonal of the inverse.
    fn precisions(&self, items: usize) -> impl Iterator<Item = f64> {
        self.inverse.iter().step_by(Triangle::width(items) + 1).copied()
    }

    /// The step back to the path, the tangent from there down to level zero, and the Newton decrement.
    fn directions(&mut self, errors: &[f64], weights: &[f64], level: f64) -> Option<f64> {
        let items = errors.len();
        self.tangent.clear();
        self.tangent.extend(weights.iter().map(|w| w / level));
        let own = self.precisions(items).zip(errors).map(|(w, t)| w - 1.0 / t);
        let slope: Vec<f64> = self.tangent.iter().zip(own).map(|(w, own)| w - own).collect();
        self.hessian.fill_squares(&self.inverse, items);
        self.hessian.diagonal().zip(errors).for_each(|(h, t)| *h += 1.0 / (t * t));
        if !self.hessian.decompose(self.simd, 0.0) {
            return None;
        }
        self.centring.clone_from(&slope);
        self.hessian.solve(&mut self.tangent);
        self.hessian.solve(&mut self.centring);
        let square: f64 = slope.iter().zip(&self.centring).map(|(a, b)| a * b).sum();
        Some(square.max(0.0).sqrt())
    }
}

/// The solution of the dual problem: positive semidefinite, zero on what the errors leave, with the weights on the
/// diagonal where errors are not zero.
///
/// It is the derivative of the largest sum in the matrix. Nothing where it is not the only one: there is no derivative.
fn dual(correlation: &[f64], weights: &[f64], errors: &[f64]) -> Option<Vec<f64>> {
    let items = weights.len();
    let mut rest = correlation.to_vec();
    rest.iter_mut().step_by(items + 1).zip(errors).for_each(|(r, t)| *r -= t);
    let (values, vectors) = eigen(&rest, items);
    let empty: Vec<&[f64]> = vectors
        .chunks_exact(items)
        .zip(&values)
        .filter(|(_, value)| **value < ZERO)
        .map(|(vector, _)| vector)
        .collect();
    let rank = empty.len();
    let pairs: Vec<(usize, usize)> = (0..rank).flat_map(|a| (0..=a).map(move |b| (a, b))).collect();
    let size = pairs.len();
    let active: Vec<usize> = (0..items).filter(|&j| errors[j] > ZERO).collect();
    if size == 0 || size > active.len() {
        return None;
    }
    // The diagonal of N M N' for each element of M and its mirror image.
    let coefficient = |j: usize, (a, b): (usize, usize)| {
        empty[a][j] * empty[b][j] * if a == b { 1.0 } else { 2.0 }
    };
    let equations: Vec<Vec<f64>> =
        active.iter().map(|&j| pairs.iter().map(|&pair| coefficient(j, pair)).collect()).collect();
    let mut normal = vec![0.0; size * size];
    for row in &equations {
        for (entries, x) in normal.chunks_exact_mut(size).zip(row) {
            entries.iter_mut().zip(row).for_each(|(entry, y)| *entry += x * y);
        }
    }
    if !cholesky_above(&mut normal, size, LEAST_RANK) {
        return None;
    }
    let mut solution = vec![0.0; size];
    let mut worst = f64::NAN;
    // Solved again for what is still missing: the normal equations square what is lost to rounding.
    for _ in 0..4 {
        let missing: Vec<f64> = active
            .iter()
            .zip(&equations)
            .map(|(&j, row)| {
                weights[j] - row.iter().zip(&solution).map(|(c, m)| c * m).sum::<f64>()
            })
            .collect();
        worst = missing.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let mut change = vec![0.0; size];
        for (row, x) in equations.iter().zip(&missing) {
            change.iter_mut().zip(row).for_each(|(entry, c)| *entry += c * x);
        }
        cholesky_solve(&normal, size, &mut change);
        solution.iter_mut().zip(&change).for_each(|(m, step)| *m += step);
    }
    if worst.is_nan() || worst > FITS {
        return None;
    }
    let mut dual = vec![0.0; items * items];
    for (&(a, b), m) in pairs.iter().zip(&solution) {
        for i in 0..items {
            for j in 0..items {
                let product = empty[a][i] * empty[b][j];
                dual[i * items + j] += m * product;
                if a != b {
                    dual[j * items + i] += m * product;
                }
            }
        }
    }
    Some(dual)
}
