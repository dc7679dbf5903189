//! Several factors of a correlation matrix, before rotation.

use super::descent::{Limits, minimum};
use super::discrepancy::Discrepancy;
use super::matrix::Matrix;
use super::order::{by_variance, turned_up};
use super::principal_axis::{principal_axis, principal_axis_from};
use super::{FitStatus, LEAST_UNIQUENESS};
use crate::error::{Error, Result, invalid};
use crate::linalg::{cholesky, eigen, inverse};
use crate::monitor::Monitor;

/// How factors are extracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extraction {
    /// Least squares of the residuals, uniquenesses bounded (Harman & Jones 1966).
    MinimumResiduals,
    /// Maximum likelihood, uniquenesses bounded (Lawley 1940; Jöreskog 1967).
    MaximumLikelihood,
    /// Principal axes with communalities iterated until they stand still; not bounded.
    PrincipalAxis,
    /// Principal components: no uniquenesses in the model.
    Components,
}

/// Factors before rotation.
#[derive(Debug, Clone)]
pub struct Extracted {
    /// Items × factors, by variance explained, columns with positive sums.
    pub loadings: Matrix,
    /// The part of each item's variance that is its own.
    pub uniquenesses: Vec<f64>,
    /// How it ended.
    pub status: FitStatus,
    /// What was made small, at its end: half the squared residuals, or the likelihood's discrepancy.
    pub criterion: f64,
}

/// The factors of a correlation matrix.
pub fn extract(
    correlation: &[f64],
    items: usize,
    factors: usize,
    extraction: Extraction,
    monitor: &dyn Monitor,
) -> Result<Extracted> {
    if correlation.len() != items * items || factors == 0 || factors > items {
        let length = correlation.len();
        return invalid(format!("{factors} factors of {items} items do not fit {length} values"));
    }
    if correlation.iter().any(|r| !r.is_finite()) {
        return invalid("a correlation is not a number");
    }
    let found = match extraction {
        Extraction::MinimumResiduals => {
            bounded(Discrepancy::LeastSquares, correlation, items, factors, monitor)
        }
        Extraction::MaximumLikelihood => {
            if !cholesky(&mut correlation.to_vec(), items) {
                return invalid("the correlations are not positive definite");
            }
            bounded(Discrepancy::MaximumLikelihood, correlation, items, factors, monitor)
        }
        Extraction::PrincipalAxis => principal_axis(correlation, items, factors, monitor),
        Extraction::Components => components(correlation, items, factors),
    };
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let order = by_variance(&found.loadings.column_squares());
    Ok(Extracted { loadings: turned_up(&found.loadings, &order).0, ..found })
}

/// The factors of a correlation matrix that is near one whose uniquenesses are known.
///
/// Starts there and nowhere else. Where correlations are not positive definite, maximum likelihood has no factors.
pub fn extract_near(
    correlation: &[f64],
    items: usize,
    factors: usize,
    extraction: Extraction,
    uniquenesses: &[f64],
    monitor: &dyn Monitor,
) -> Extracted {
    let found = match extraction {
        Extraction::MinimumResiduals => {
            let discrepancy = Discrepancy::LeastSquares;
            bounded_near(discrepancy, correlation, factors, uniquenesses, monitor)
        }
        Extraction::MaximumLikelihood => {
            if !cholesky(&mut correlation.to_vec(), items) {
                return Extracted {
                    loadings: Matrix::from_fn(items, factors, |_, _| f64::NAN),
                    uniquenesses: vec![f64::NAN; items],
                    status: FitStatus::NotPositiveDefinite,
                    criterion: f64::NAN,
                };
            }
            let discrepancy = Discrepancy::MaximumLikelihood;
            bounded_near(discrepancy, correlation, factors, uniquenesses, monitor)
        }
        Extraction::PrincipalAxis => {
            let communalities = uniquenesses.iter().map(|u| 1.0 - u).collect();
            principal_axis_from(correlation, communalities, factors, monitor)
        }
        Extraction::Components => components(correlation, items, factors),
    };
    let order = by_variance(&found.loadings.column_squares());
    Extracted { loadings: turned_up(&found.loadings, &order).0, ..found }
}

fn bounded_near(
    discrepancy: Discrepancy,
    correlation: &[f64],
    factors: usize,
    uniquenesses: &[f64],
    monitor: &dyn Monitor,
) -> Extracted {
    let start: Vec<f64> = uniquenesses.iter().map(|&u| discrepancy.parameter(u)).collect();
    let limits = Limits {
        lowest: discrepancy.parameter(LEAST_UNIQUENESS),
        highest: discrepancy.parameter(1.0),
    };
    let (point, status) = minimum(discrepancy, correlation, factors, &start, limits, monitor);
    Extracted {
        loadings: discrepancy.loadings(&point, factors),
        uniquenesses: point.parameters.iter().map(|&x| discrepancy.uniqueness(x)).collect(),
        status,
        criterion: point.value,
    }
}

/// The lowest minimum from several starts: a discrepancy can have more than one.
fn bounded(
    discrepancy: Discrepancy,
    correlation: &[f64],
    items: usize,
    factors: usize,
    monitor: &dyn Monitor,
) -> Extracted {
    let limits = Limits {
        lowest: discrepancy.parameter(LEAST_UNIQUENESS),
        highest: discrepancy.parameter(1.0),
    };
    let from = |start: &[f64]| {
        let start: Vec<f64> = start.iter().map(|&u| discrepancy.parameter(u)).collect();
        minimum(discrepancy, correlation, factors, &start, limits, monitor)
    };
    let (mut point, mut status) = from(&vec![0.5; items]);
    for start in starts(correlation, items, factors) {
        let next = from(&start);
        // The first of equals, so that rounding does not choose.
        if next.0.value < point.value - SAME * (1.0 + point.value) {
            (point, status) = next;
        }
    }
    Extracted {
        loadings: discrepancy.loadings(&point, factors),
        uniquenesses: point.parameters.iter().map(|&x| discrepancy.uniqueness(x)).collect(),
        status,
        criterion: point.value,
    }
}

/// Minima that differ by less are the same.
const SAME: f64 = 1e-10;

/// Uniquenesses to start from, besides one half: what the other items do not explain, and Jöreskog's (1967) share of it.
fn starts(correlation: &[f64], items: usize, factors: usize) -> Vec<Vec<f64>> {
    let Some(inverse) = inverse(correlation, items) else { return Vec::new() };
    let own: Vec<f64> = (0..items).map(|j| 1.0 / inverse[j * (items + 1)]).collect();
    let share = 1.0 - 0.5 * factors as f64 / items as f64;
    vec![own.iter().map(|u| share * u).collect(), own]
}

fn components(correlation: &[f64], items: usize, factors: usize) -> Extracted {
    let (values, vectors) = eigen(correlation, items);
    let loadings =
        Matrix::from_fn(items, factors, |i, m| vectors[m * items + i] * values[m].max(0.0).sqrt());
    let own = |i: usize| 1.0 - loadings.row(i).iter().map(|x| x * x).sum::<f64>();
    Extracted {
        uniquenesses: (0..items).map(own).collect(),
        loadings,
        status: FitStatus::Converged,
        criterion: 0.5 * values[factors..].iter().map(|x| x * x).sum::<f64>(),
    }
}
