//! Newton's method on a box, for discrepancies that need not be convex.

use super::FitStatus;
use super::discrepancy::{Discrepancy, Point};
use super::spectrum::Spectrum;
use crate::monitor::Monitor;

const MOST_STEPS: usize = 500;
/// How often a step may be halved to go down.
pub(super) const MOST_HALVINGS: i32 = 40;
/// A gradient this small is zero but for rounding.
const TIGHT: f64 = 1e-13;
/// A gradient this small, where rounding allows no better step, is that of a minimum.
const CONVERGED: f64 = 1e-8;
/// How much of a value may be rounding.
const ROUNDING: f64 = 1e-14;
/// No parameter moves further in a step: beyond, the curvature says nothing.
const LONGEST: f64 = 2.0;
/// The least curvature a step is divided by.
const LEAST_CURVATURE: f64 = 1e-9;

/// Parameters between these limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub lowest: f64,
    pub highest: f64,
}

impl Limits {
    /// Whether a parameter is on a limit, and the discrepancy falls beyond it.
    pub fn holds(self, parameter: f64, slope: f64) -> bool {
        (parameter <= self.lowest && slope > 0.0) || (parameter >= self.highest && slope < 0.0)
    }

    /// The largest slope of the parameters that may move.
    fn steepest(self, point: &Point) -> f64 {
        let slopes = point.parameters.iter().zip(&point.gradient);
        slopes.filter(|&(&x, &g)| !self.holds(x, g)).fold(0.0, |most, (_, g)| most.max(g.abs()))
    }
}

/// The minimum that is found by going down from `start`, and whether it is one.
pub(super) fn minimum(
    discrepancy: Discrepancy,
    correlation: &[f64],
    factors: usize,
    start: &[f64],
    limits: Limits,
    monitor: &dyn Monitor,
) -> (Point, FitStatus) {
    let within = |x: f64| x.clamp(limits.lowest, limits.highest);
    let start: Vec<f64> = start.iter().map(|&x| within(x)).collect();
    let mut point = discrepancy.at(correlation, factors, &start);
    for _ in 0..MOST_STEPS {
        if monitor.cancelled() || limits.steepest(&point) <= TIGHT {
            break;
        }
        let step = newton_step(&point, limits);
        let lower = (0..MOST_HALVINGS).find_map(|halvings| {
            let length = 0.5_f64.powi(halvings);
            let moved = point.parameters.iter().zip(&step).map(|(x, s)| within(x + length * s));
            let next = discrepancy.at(correlation, factors, &moved.collect::<Vec<f64>>());
            is_better(&point, &next, limits).then_some(next)
        });
        match lower {
            Some(next) => point = next,
            None => break,
        }
    }
    let status = if limits.steepest(&point) > CONVERGED || !point.value.is_finite() {
        FitStatus::NotConverged
    } else if point.parameters.iter().any(|&x| x <= limits.lowest) {
        FitStatus::Heywood
    } else {
        FitStatus::Converged
    };
    (point, status)
}

/// Whether a point lies lower; where values differ by no more than rounding, whether it is flatter.
fn is_better(point: &Point, next: &Point, limits: Limits) -> bool {
    let rounding = ROUNDING * (1.0 + point.value.abs());
    next.value < point.value - rounding
        || (next.value <= point.value + rounding && limits.steepest(next) < limits.steepest(point))
}

/// Newton's step of the parameters that may move, with negative curvature turned positive.
fn newton_step(point: &Point, limits: Limits) -> Vec<f64> {
    let items = point.parameters.len();
    let free: Vec<usize> =
        (0..items).filter(|&j| !limits.holds(point.parameters[j], point.gradient[j])).collect();
    let size = free.len();
    let hessian: Vec<f64> = (0..size * size)
        .map(|at| point.hessian[free[at / size] * items + free[at % size]])
        .collect();
    let mut changes: Vec<f64> = free.iter().map(|&j| point.gradient[j]).collect();
    let mut step = vec![0.0; items];
    // Where it is none the search ends.
    if turned_step(&mut Spectrum::default(), &hessian, &mut changes) {
        free.iter().zip(&changes).for_each(|(&j, change)| step[j] = -change);
    }
    shorten(&mut step);
    step
}

/// Newton's step in the place of slopes, negative curvature turned positive; false where it is none.
pub(super) fn turned_step(spectrum: &mut Spectrum, hessian: &[f64], slopes: &mut [f64]) -> bool {
    if !spectrum.of(hessian, slopes.len()) {
        return false;
    }
    let along: Vec<f64> = (0..slopes.len())
        .map(|m| {
            let along: f64 = spectrum.vector(m).iter().zip(&*slopes).map(|(v, g)| v * g).sum();
            along / spectrum.values[m].abs().max(LEAST_CURVATURE)
        })
        .collect();
    slopes.fill(0.0);
    for (m, change) in along.iter().enumerate() {
        slopes.iter_mut().zip(spectrum.vector(m)).for_each(|(step, v)| *step += change * v);
    }
    true
}

/// A step in which nothing moves too far.
pub(super) fn shorten(step: &mut [f64]) {
    let longest = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
    if longest > LONGEST {
        step.iter_mut().for_each(|s| *s *= LONGEST / longest);
    }
}
