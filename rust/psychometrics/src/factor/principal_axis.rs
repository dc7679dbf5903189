//! Principal axes: communalities from loadings, loadings from communalities, until both stand still.

use super::extraction::Extracted;
use super::matrix::Matrix;
use super::{FitStatus, LEAST_UNIQUENESS};
use crate::linalg::{eigen, inverse};
use crate::monitor::Monitor;

const MOST_ROUNDS: usize = 5_000;
/// Rounds shrink the error by a steady factor, so the last change must be far below what is wanted of the result.
const LEAST_CHANGE: f64 = 1e-11;

/// Factors whose communalities reproduce themselves (Thurstone 1947). Where that takes one above 1, it stays there.
pub(super) fn principal_axis(
    correlation: &[f64],
    items: usize,
    factors: usize,
    monitor: &dyn Monitor,
) -> Extracted {
    let communalities: Vec<f64> = match inverse(correlation, items) {
        Some(inverse) => (0..items).map(|j| 1.0 - 1.0 / inverse[j * (items + 1)]).collect(),
        None => vec![0.5; items],
    };
    principal_axis_from(correlation, communalities, factors, monitor)
}

/// The same, from communalities that are near.
pub(super) fn principal_axis_from(
    correlation: &[f64],
    mut communalities: Vec<f64>,
    factors: usize,
    monitor: &dyn Monitor,
) -> Extracted {
    let items = communalities.len();
    let mut status = FitStatus::NotConverged;
    let mut axes = Axes::new(correlation, &communalities, factors);
    for _ in 0..MOST_ROUNDS {
        if monitor.cancelled() {
            break;
        }
        let next: Vec<f64> =
            (0..items).map(|i| axes.loadings.row(i).iter().map(|x| x * x).sum()).collect();
        let pairs = next.iter().zip(&communalities);
        let change = pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        communalities = next;
        axes = Axes::new(correlation, &communalities, factors);
        if change < LEAST_CHANGE {
            let heywood = communalities.iter().any(|h| 1.0 - h <= LEAST_UNIQUENESS);
            status = if heywood { FitStatus::Heywood } else { FitStatus::Converged };
            break;
        }
    }
    Extracted {
        uniquenesses: communalities.iter().map(|h| 1.0 - h).collect(),
        loadings: axes.loadings,
        status,
        criterion: axes.criterion,
    }
}

struct Axes {
    loadings: Matrix,
    criterion: f64,
}

impl Axes {
    fn new(correlation: &[f64], communalities: &[f64], factors: usize) -> Axes {
        let items = communalities.len();
        let mut reduced = correlation.to_vec();
        for (j, h) in communalities.iter().enumerate() {
            reduced[j * (items + 1)] = *h;
        }
        let (values, vectors) = eigen(&reduced, items);
        let loadings = Matrix::from_fn(items, factors, |i, m| {
            vectors[m * items + i] * values[m].max(0.0).sqrt()
        });
        let left = values[factors..].iter().map(|x| x * x).sum::<f64>();
        Axes { loadings, criterion: 0.5 * left }
    }
}
