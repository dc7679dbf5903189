//! Variances and covariances of answers that are cut from normal responses, and their derivatives.
//!
//! An answer is the number of thresholds its response exceeds, so that all of it is sums over thresholds. One that is
//! infinite separates nobody and adds nothing.

use crate::association::nodes::{STRONG, between, from_zero};
use crate::association::{BivariateNormal, Corners};
use crate::interval::{normal_cdf, normal_density};
use crate::simd::{Node, Simd};

fn finite(thresholds: &[f64]) -> impl Iterator<Item = f64> + Clone {
    thresholds.iter().copied().filter(|t| t.is_finite())
}

/// Covariances of pairs of answers, one after the other.
#[derive(Debug, Clone)]
pub struct Covariances {
    simd: Simd,
    corners: Corners,
    nodes: Vec<Node>,
    finite: [Vec<f64>; 2],
}

impl Covariances {
    pub fn new(simd: Simd) -> Covariances {
        Covariances {
            simd,
            corners: Corners::default(),
            nodes: Vec::new(),
            finite: <[_; 2]>::default(),
        }
    }

    /// The covariance of two answers whose responses correlate by `rho`, which is not ±1.
    pub fn of(&mut self, first: &[f64], second: &[f64], rho: f64) -> f64 {
        if rho.abs() >= STRONG {
            return covariance(first, second, rho);
        }
        self.fill(first, second);
        self.corners.sum(self.simd, &from_zero(rho))
    }

    /// The same, given what the covariance is at another correlation.
    pub fn moved(
        &mut self,
        (first, second): (&[f64], &[f64]),
        (known, from): (f64, f64),
        rho: f64,
    ) -> f64 {
        if known.is_nan() || !between(from, rho, &mut self.nodes) {
            return self.of(first, second, rho);
        }
        self.fill(first, second);
        known + self.corners.sum(self.simd, &self.nodes)
    }

    fn fill(&mut self, first: &[f64], second: &[f64]) {
        for (own, thresholds) in self.finite.iter_mut().zip([first, second]) {
            own.clear();
            own.extend(finite(thresholds));
        }
        self.corners.fill(&self.finite[0], &self.finite[1]);
    }
}

fn covariance(first: &[f64], second: &[f64], rho: f64) -> f64 {
    let normal = BivariateNormal::new(rho);
    let of = |h: f64| {
        let by = |k: f64| normal.cdf(h, k) - normal_cdf(h) * normal_cdf(k);
        finite(second).map(by).sum::<f64>()
    };
    finite(first).map(of).sum()
}

/// The variance of an answer.
pub fn variance(thresholds: &[f64]) -> f64 {
    let shares: Vec<f64> = finite(thresholds).map(normal_cdf).collect();
    let of = |h: &f64| shares.iter().map(|k| h.min(*k) - h * k).sum::<f64>();
    shares.iter().map(of).sum()
}

/// The derivatives of a covariance.
#[derive(Debug, Clone)]
pub struct Slopes {
    /// By the correlation of the responses.
    pub rho: f64,
    /// By each threshold of the first item; zero where it is infinite.
    pub first: Vec<f64>,
    /// By each of the second.
    pub second: Vec<f64>,
}

/// The derivatives of a covariance of two answers whose responses correlate by `rho`.
pub fn slopes(first: &[f64], second: &[f64], rho: f64) -> Slopes {
    let normal = BivariateNormal::new(rho);
    let density = |h: f64| finite(second).map(|k| normal.density(h, k)).sum::<f64>();
    let by = |own: &[f64], others: &[f64]| {
        let of = |&h: &f64| {
            if h.is_infinite() {
                return 0.0;
            }
            let one = |k: f64| normal.cdf_by_first(h, k) - normal_density(h) * normal_cdf(k);
            finite(others).map(one).sum()
        };
        own.iter().map(of).collect()
    };
    Slopes {
        rho: finite(first).map(density).sum(),
        first: by(first, second),
        second: by(second, first),
    }
}

/// The derivatives of [`variance`]. Thresholds that coincide, around a category nobody chose, move together.
pub fn variance_slopes(thresholds: &[f64]) -> Vec<f64> {
    let below: f64 = finite(thresholds).map(normal_cdf).sum();
    let of = |&h: &f64| {
        if h.is_infinite() {
            return 0.0;
        }
        let times: f64 = finite(thresholds)
            .map(|k| {
                if k > h {
                    2.0
                } else if k == h {
                    1.0
                } else {
                    0.0
                }
            })
            .sum();
        normal_density(h) * (times - 2.0 * below)
    };
    thresholds.iter().map(of).collect()
}
