//! The rotation next to one that is known: what a replicate of a sample needs.

use super::projection::{Solution, nearest_orthogonal, oblique, orthogonal, unit_columns};
use super::promax::promax;
use super::{CONVERGED, Criterion, Rotation, TIGHT_STEPS, row_lengths};
use crate::factor::matrix::Matrix;
use crate::monitor::Monitor;

/// Loadings and factor correlations, in the order and with the signs that the search ends with.
#[derive(Debug, Clone)]
pub struct Near {
    /// Items × factors.
    pub loadings: Matrix,
    /// Correlations of the factors.
    pub phi: Matrix,
    /// Whether the search came to an end.
    pub converged: bool,
}

/// The minimum of a rotation's criterion to which the search comes from the rotation of `loadings` nearest to `known`.
///
/// Where that start is, is all that `known` decides. Nothing where factors coincide.
pub fn rotate_near(
    loadings: &Matrix,
    rotation: Rotation,
    kaiser: bool,
    known: &Matrix,
    tolerance: f64,
    monitor: &dyn Monitor,
) -> Option<Near> {
    let lengths = row_lengths(loadings, kaiser);
    let inverses: Vec<f64> = lengths.iter().map(|l| 1.0 / l).collect();
    let normalised = loadings.scale_rows(&inverses);
    let target = known.scale_rows(&inverses);
    let turned = |start: &Matrix, criterion: Criterion| {
        orthogonal(
            &normalised,
            &|l: &Matrix| criterion.at(l),
            start,
            tolerance,
            TIGHT_STEPS,
            monitor,
        )
    };
    let (solution, rotated, phi): (Solution, Matrix, Matrix) = match rotation {
        Rotation::Orthogonal(criterion) => {
            let found = turned(&nearest_turn(&normalised, &target)?, criterion);
            let rotated = normalised.times(&found.transform);
            (found, rotated, Matrix::identity(loadings.columns))
        }
        Rotation::Oblique(criterion) => {
            let start = nearest_oblique(&normalised, &target)?;
            let found = oblique(
                &normalised,
                &|l: &Matrix| criterion.at(l),
                &start,
                tolerance,
                TIGHT_STEPS,
                monitor,
            );
            let inverse = found.transform.inverse()?;
            let phi = found.transform.crossed(&found.transform);
            (found, normalised.times(&inverse.transposed()), phi)
        }
        Rotation::Promax { power } => {
            let start = nearest_turn(&normalised, &target)?;
            let found = turned(&start, Criterion::Varimax);
            let (rotated, phi) = promax(&normalised.times(&found.transform), power)?;
            (found, rotated, phi)
        }
    };
    Some(Near {
        loadings: rotated.scale_rows(&lengths),
        phi,
        converged: solution.steepness <= CONVERGED,
    })
}

/// The orthogonal `T` for which `A T` is nearest to a target (Schönemann 1966).
fn nearest_turn(loadings: &Matrix, target: &Matrix) -> Option<Matrix> {
    nearest_orthogonal(&loadings.crossed(target))
}

/// The `T` of columns of length one for which `A T'⁻¹` is near a target: least squares, then lengths.
fn nearest_oblique(loadings: &Matrix, target: &Matrix) -> Option<Matrix> {
    let regression = loadings.crossed(loadings).inverse()?.times(&loadings.crossed(target));
    Some(unit_columns(&regression.inverse()?.transposed()))
}
