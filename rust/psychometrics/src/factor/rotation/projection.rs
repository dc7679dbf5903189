//! Gradient projection: steepest descent over orthogonal (Jennrich 2001) and oblique (Jennrich 2002) rotations.

use crate::factor::matrix::Matrix;
use crate::linalg::eigen;
use crate::monitor::Monitor;

/// What a search makes small: its value at loadings, with its slopes in them.
pub(super) type Objective<'a> = dyn Fn(&Matrix) -> (f64, Matrix) + Sync + 'a;

/// Where a search ended.
#[derive(Debug, Clone)]
pub(super) struct Solution {
    /// `T`: loadings are `A T`, or `A T'⁻¹` where factors correlate.
    pub transform: Matrix,
    pub value: f64,
    /// The length of the projected gradient.
    pub steepness: f64,
}

/// How much of a value may be rounding.
const ROUNDING: f64 = 1e-14;

/// A transformation with the criterion there, and the way down along which it stays a rotation.
struct Place {
    transform: Matrix,
    value: f64,
    projected: Matrix,
    steepness: f64,
}

/// The nearest minimum over uncorrelated factors.
pub(super) fn orthogonal(
    loadings: &Matrix,
    objective: &Objective,
    start: &Matrix,
    tolerance: f64,
    steps: usize,
    monitor: &dyn Monitor,
) -> Solution {
    let place = |transform: Matrix| {
        let (value, slopes) = objective(&loadings.times(&transform));
        let gradient = loadings.crossed(&slopes);
        let inner = transform.crossed(&gradient);
        let symmetric = inner.plus(1.0, &inner.transposed()).map(|x| 0.5 * x);
        let projected = gradient.plus(-1.0, &transform.times(&symmetric));
        Some(Place { steepness: projected.squares().sqrt(), transform, value, projected })
    };
    descend(place, nearest_orthogonal, start, tolerance, steps, monitor)
}

/// The nearest minimum over correlated factors of variance one.
pub(super) fn oblique(
    loadings: &Matrix,
    objective: &Objective,
    start: &Matrix,
    tolerance: f64,
    steps: usize,
    monitor: &dyn Monitor,
) -> Solution {
    let place = |transform: Matrix| {
        let inverse = transform.inverse()?;
        let turned = loadings.times(&inverse.transposed());
        let (value, slopes) = objective(&turned);
        let gradient = turned.crossed(&slopes).times(&inverse).transposed().map(|x| -x);
        let factors = transform.columns;
        let along: Vec<f64> = (0..factors)
            .map(|j| transform.column(j).zip(gradient.column(j)).map(|(t, g)| t * g).sum())
            .collect();
        let projected = gradient.plus(-1.0, &transform.scale_columns(&along));
        Some(Place { steepness: projected.squares().sqrt(), transform, value, projected })
    };
    descend(place, |moved| Some(unit_columns(moved)), start, tolerance, steps, monitor)
}

/// Steepest descent with a step that grows while it helps and is halved until it does.
fn descend(
    place: impl Fn(Matrix) -> Option<Place>,
    back: impl Fn(&Matrix) -> Option<Matrix>,
    start: &Matrix,
    tolerance: f64,
    steps: usize,
    monitor: &dyn Monitor,
) -> Solution {
    let Some(mut here) = place(start.clone()) else {
        return Solution { transform: start.clone(), value: f64::NAN, steepness: f64::INFINITY };
    };
    let mut length = 1.0;
    for _ in 0..steps {
        if here.steepness <= tolerance || monitor.cancelled() {
            break;
        }
        length *= 2.0;
        let next = (0..60).find_map(|_| {
            let moved = back(&here.transform.plus(-length, &here.projected)).and_then(&place);
            let better = moved.filter(|next| is_better(&here, next, length));
            if better.is_none() {
                length *= 0.5;
            }
            better
        });
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    Solution { transform: here.transform, value: here.value, steepness: here.steepness }
}

/// Whether a place lies enough lower; where values differ by no more than rounding, whether it is flatter.
fn is_better(here: &Place, next: &Place, length: f64) -> bool {
    let rounding = ROUNDING * (1.0 + here.value.abs());
    let enough = 0.5 * here.steepness.powi(2) * length;
    (enough > rounding && next.value < here.value - enough)
        || (enough <= 1e3 * rounding
            && next.value <= here.value + rounding
            && next.steepness < here.steepness)
}

/// The orthogonal matrix nearest to `X`: `X (X'X)^-½`.
fn nearest_orthogonal(x: &Matrix) -> Option<Matrix> {
    let size = x.columns;
    let (values, vectors) = eigen(&x.crossed(x).values, size);
    if values.iter().any(|&v| v.is_nan() || v <= 0.0) {
        return None;
    }
    let vectors = Matrix { rows: size, columns: size, values: vectors };
    let roots: Vec<f64> = values.iter().map(|v| 1.0 / v.sqrt()).collect();
    Some(x.times(&vectors.crossed(&vectors.scale_rows(&roots))))
}

fn unit_columns(x: &Matrix) -> Matrix {
    let scales: Vec<f64> = x.column_squares().iter().map(|sum| 1.0 / sum.sqrt()).collect();
    x.scale_columns(&scales)
}
