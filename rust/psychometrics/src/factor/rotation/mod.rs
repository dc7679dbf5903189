//! Rotation: which of all equally good loadings are simple.

mod criterion;
mod projection;
mod promax;
mod starts;
mod target;

use rayon::prelude::*;

pub use criterion::Criterion;
pub use starts::random_orthogonal;
pub use target::Target;

use super::matrix::Matrix;
use super::order::{by_variance, turned_up};
use crate::error::{Error, Result, invalid};
use crate::monitor::Monitor;
use projection::{Objective, Solution, oblique, orthogonal};
use promax::promax;

/// Which loadings are called simple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rotation {
    /// Uncorrelated factors, by a criterion.
    Orthogonal(Criterion),
    /// Correlated factors, by a criterion.
    Oblique(Criterion),
    /// Varimax, then correlated factors near a power of its loadings (Hendrickson & White 1964).
    Promax {
        /// The power, 4 as a rule.
        power: i32,
    },
}

/// How the best rotation is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Whether rows are brought to length one first (Kaiser 1958).
    pub kaiser: bool,
    /// Where searches start: unrotated, and from so many random rotations.
    pub random_starts: u32,
    /// Of the random starts.
    pub seed: u64,
}

/// Rotated loadings.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// Items × factors, by variance explained, columns with positive sums.
    pub loadings: Matrix,
    /// Correlations of the factors.
    pub phi: Matrix,
    /// The variance that each factor explains: the diagonal of `Φ Λ'Λ`.
    pub variances: Vec<f64>,
    /// The criterion's value; with promax that of varimax.
    pub criterion: f64,
    /// Starts, the unrotated one included.
    pub starts: u32,
    /// Of these, how many led to this value.
    pub found: u32,
    /// Whether the search came to an end.
    pub converged: bool,
}

/// Values of the criterion that differ by less are one minimum.
const SAME: f64 = 1e-7;
/// Where a first search stops, and where that of the best one does.
const ROUGH: f64 = 1e-5;
const TIGHT: f64 = 1e-11;
/// A slope at which rounding may end a search that has converged.
const CONVERGED: f64 = 1e-6;
const ROUGH_STEPS: usize = 2_000;
const TIGHT_STEPS: usize = 20_000;

/// Loadings that are not rotated, in the form of those that are.
pub fn unrotated(loadings: &Matrix) -> Rotated {
    let one = Matrix::identity(loadings.columns);
    let best = Solution { value: 0.0, steepness: 0.0, transform: one.clone() };
    arranged(loadings, &one, Arrangement::ByVariance, Searched { best, starts: 1, found: 1 })
}

/// The simplest loadings that several starts find.
pub fn rotate(
    loadings: &Matrix,
    rotation: Rotation,
    search: Search,
    monitor: &dyn Monitor,
) -> Result<Rotated> {
    if loadings.columns < 2 {
        return Ok(unrotated(loadings));
    }
    let (criterion, is_oblique) = match rotation {
        Rotation::Orthogonal(criterion) => (criterion, false),
        Rotation::Oblique(criterion) => (criterion, true),
        Rotation::Promax { .. } => (Criterion::Varimax, false),
    };
    let lengths = row_lengths(loadings, search.kaiser);
    let normalised = loadings.scale_rows(&lengths.iter().map(|l| 1.0 / l).collect::<Vec<f64>>());
    let objective = |loadings: &Matrix| criterion.at(loadings);
    let searched = lowest(&normalised, &objective, is_oblique, search, monitor)?;
    let (turned, phi) = match rotation {
        Rotation::Promax { power } => {
            let Some(found) = promax(&normalised.times(&searched.best.transform), power) else {
                return invalid("promax cannot be computed: the loadings on two factors coincide");
            };
            found
        }
        _ => turned(&normalised, &searched.best.transform, is_oblique)?,
    };
    let arrangement = match criterion {
        Criterion::Bifactor => Arrangement::FirstThenByVariance,
        _ => Arrangement::ByVariance,
    };
    Ok(arranged(&turned.scale_rows(&lengths), &phi, arrangement, searched))
}

/// The loadings nearest to expected ones, factors in the order in which these are.
pub fn rotate_to(
    loadings: &Matrix,
    target: &Target,
    search: Search,
    monitor: &dyn Monitor,
) -> Result<Rotated> {
    let expected = &target.loadings;
    if (expected.rows, expected.columns) != (loadings.rows, loadings.columns) || search.kaiser {
        return invalid("a target is of the shape of the loadings, which are as they are");
    }
    if loadings.columns < 2 {
        return Ok(unrotated(loadings));
    }
    let objective = |loadings: &Matrix| target.at(loadings);
    let searched = lowest(loadings, &objective, target.oblique, search, monitor)?;
    let (turned, phi) = turned(loadings, &searched.best.transform, target.oblique)?;
    Ok(arranged(&turned, &phi, Arrangement::As(target), searched))
}

/// What a search from several starts gave.
struct Searched {
    best: Solution,
    starts: u32,
    found: u32,
}

fn lowest(
    loadings: &Matrix,
    objective: &Objective,
    is_oblique: bool,
    search: Search,
    monitor: &dyn Monitor,
) -> Result<Searched> {
    if loadings.values.iter().any(|x| !x.is_finite()) {
        return invalid("a loading is not a number");
    }
    let turn = |start: &Matrix, tolerance: f64, steps: usize| {
        if is_oblique {
            oblique(loadings, objective, start, tolerance, steps, monitor)
        } else {
            orthogonal(loadings, objective, start, tolerance, steps, monitor)
        }
    };
    let starts = 1 + search.random_starts;
    let solutions: Vec<Solution> = (0..starts)
        .into_par_iter()
        .map(|number| {
            let start = match number {
                0 => Matrix::identity(loadings.columns),
                _ => random_orthogonal(search.seed, number, loadings.columns),
            };
            turn(&start, ROUGH, ROUGH_STEPS)
        })
        .collect();
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let least = solutions.iter().map(|s| s.value).fold(f64::INFINITY, f64::min);
    let is_lowest = |s: &&Solution| s.value <= least + SAME * (1.0 + least.abs());
    let found = solutions.iter().filter(is_lowest).count() as u32;
    // The first of equals: neither chance nor rounding chooses among them.
    let Some(best) = solutions.iter().find(is_lowest) else {
        return invalid("the rotation found no value that is a number");
    };
    Ok(Searched { best: turn(&best.transform, TIGHT, TIGHT_STEPS), starts, found })
}

/// Loadings after a transformation, and the correlations of their factors.
fn turned(loadings: &Matrix, transform: &Matrix, is_oblique: bool) -> Result<(Matrix, Matrix)> {
    if !is_oblique {
        return Ok((loadings.times(transform), Matrix::identity(loadings.columns)));
    }
    let Some(inverse) = transform.inverse() else {
        return invalid("the factors of the rotation coincide");
    };
    Ok((loadings.times(&inverse.transposed()), transform.crossed(transform)))
}

/// What rows are divided by: their lengths, or ones; a row of zeros stays as it is.
fn row_lengths(loadings: &Matrix, kaiser: bool) -> Vec<f64> {
    let length = |i: usize| loadings.row(i).iter().map(|x| x * x).sum::<f64>().sqrt();
    (0..loadings.rows).map(|i| if kaiser && length(i) > 0.0 { length(i) } else { 1.0 }).collect()
}

/// In which order factors are, and which signs they may change.
#[derive(Clone, Copy)]
enum Arrangement<'a> {
    ByVariance,
    /// The first is the general factor.
    FirstThenByVariance,
    /// As they were expected.
    As(&'a Target),
}

/// Factors in their order and with their signs.
fn arranged(
    loadings: &Matrix,
    phi: &Matrix,
    arrangement: Arrangement,
    searched: Searched,
) -> Rotated {
    let factors = loadings.columns;
    let squares = phi.times(&loadings.crossed(loadings));
    let variances: Vec<f64> = (0..factors).map(|j| squares.at(j, j)).collect();
    let order = match arrangement {
        Arrangement::ByVariance => by_variance(&variances),
        Arrangement::FirstThenByVariance => {
            let rest = by_variance(&variances).into_iter().filter(|&j| j != 0);
            std::iter::once(0).chain(rest).collect()
        }
        Arrangement::As(_) => (0..factors).collect(),
    };
    let (mut loadings, mut signs) = turned_up(loadings, &order);
    if let Arrangement::As(target) = arrangement {
        let back = |j: usize| if target.is_without_sign(j) { 1.0 } else { signs[j] };
        let back: Vec<f64> = (0..factors).map(back).collect();
        loadings = loadings.scale_columns(&back);
        signs = signs.iter().zip(&back).map(|(sign, back)| sign * back).collect();
    }
    Rotated {
        loadings,
        phi: Matrix::from_fn(factors, factors, |i, j| {
            if i == j { 1.0 } else { signs[i] * signs[j] * phi.at(order[i], order[j]) }
        }),
        variances: order.iter().map(|&j| variances[j]).collect(),
        criterion: searched.best.value,
        starts: searched.starts,
        found: searched.found,
        converged: searched.best.steepness <= CONVERGED,
    }
}
