//! The probability of a rectangle that holds next to nothing, with all its digits.

use super::bivariate_normal::RULE;
use crate::interval::{normal_cdf, normal_density};

/// No threshold lies further out: that would take more persons than there are.
const FAR: f64 = 16.0;

/// Where the logarithm of the integrand is lower by this, nothing is left of it.
const NEGLIGIBLE: f64 = 42.0;

/// Halvings and golden sections until an interval of the whole range is as short as a double can tell.
const STEPS: usize = 80;

/// Panels on each side of the top of the integrand.
const PANELS: usize = 4;

/// The integral over the first variable of its density times the probability of the second given it.
///
/// All terms are positive, so nothing cancels. The integrand is log-concave: it has one top, and falls faster the
/// further from it, so a rule between the places where it becomes negligible sees all of it.
pub fn small_rectangle(rho: f64, residual: f64, first: (f64, f64), second: (f64, f64)) -> f64 {
    let given = |x: f64| ((second.0 - rho * x) / residual, (second.1 - rho * x) / residual);
    let logarithm = |x: f64| log_between(given(x)) - 0.5 * x * x;
    let integrand = |x: f64| normal_density(x) * between(given(x));
    let (lowest, highest) = (first.0.max(-FAR), first.1.min(FAR));
    let top = top(logarithm, lowest, highest);
    let negligible = logarithm(top) - NEGLIGIBLE;
    let from = edge(logarithm, top, lowest, negligible);
    let to = edge(logarithm, top, highest, negligible);
    integral(integrand, from, top) + integral(integrand, top, to)
}

/// The probability between two values, taken in the tail where both are in one.
fn between((from, to): (f64, f64)) -> f64 {
    if from > 0.0 { normal_cdf(-from) - normal_cdf(-to) } else { normal_cdf(to) - normal_cdf(from) }
}

/// The logarithm of [`between`]; where that is no number any more, the first term of its expansion in the tail.
fn log_between((from, to): (f64, f64)) -> f64 {
    let probability = between((from, to));
    if probability > 0.0 {
        return probability.ln();
    }
    let nearest = if from > 0.0 { from } else { -to };
    -0.5 * nearest * nearest - (nearest * (2.0 * std::f64::consts::PI).sqrt()).ln()
}

/// Where a function with one top is largest, by golden sections.
fn top(function: impl Fn(f64) -> f64, mut from: f64, mut to: f64) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..STEPS {
        let (left, right) = (to - ratio * (to - from), from + ratio * (to - from));
        let (at_left, at_right) = (function(left), function(right));
        if at_left < at_right { from = left } else { to = right }
    }
    0.5 * (from + to)
}

/// Where between the top and an end the function falls to `negligible`, or the end.
fn edge(function: impl Fn(f64) -> f64, top: f64, end: f64, negligible: f64) -> f64 {
    if function(end) >= negligible {
        return end;
    }
    let (mut inside, mut outside) = (top, end);
    for _ in 0..STEPS {
        let middle = 0.5 * (inside + outside);
        if function(middle) > negligible { inside = middle } else { outside = middle }
    }
    outside
}

fn integral(function: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let half = 0.5 * (to - from) / PANELS as f64;
    let panel = |number: usize| {
        let middle = from + half * (2 * number + 1) as f64;
        RULE.iter().map(|&(x, weight)| weight * function(middle + half * x)).sum::<f64>()
    };
    half * (0..PANELS).map(panel).sum::<f64>()
}
