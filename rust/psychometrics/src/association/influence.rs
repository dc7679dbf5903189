//! How much each person moves a polychoric correlation, and the standard error that follows.

use super::bivariate_normal::BivariateNormal;
use super::polychoric::{Cell, Likelihood};
use crate::interval::{normal_cdf, normal_density};

/// The infinitesimal jackknife: the root of the sum of squared influence values over n (n - 1).
///
/// The score of the correlation also depends on the thresholds, which are estimated from the same persons. With the
/// mean slopes H of the score by the correlation and G by the thresholds, a person's influence is -(score + G t) / H,
/// where t is the person's influence on the thresholds: (1 if at or below, else 0, less the share) / density.
pub(super) fn standard_error(likelihood: &Likelihood, rho: f64) -> f64 {
    let normal = BivariateNormal::new(rho);
    let cells = likelihood.at(&normal);
    let persons: f64 = cells.iter().map(|cell| cell.persons).sum();
    let (first, second) = &likelihood.limits;
    let mut slopes = (vec![0.0; first.len()], vec![0.0; second.len()]);
    let mut slope = 0.0;
    for (cell, &(row, column, _)) in cells.iter().zip(&likelihood.cells) {
        let score = cell.first / cell.probability;
        let share = cell.persons / persons;
        slope += share * (cell.second / cell.probability - score * score);
        let rows = (first[row], first[row + 1]);
        let columns = (second[column], second[column + 1]);
        let of_first = by_limits(&normal, cell, rows, columns);
        let of_second = by_limits(&normal, cell, columns, rows);
        slopes.0[row] += share * of_first.0;
        slopes.0[row + 1] += share * of_first.1;
        slopes.1[column] += share * of_second.0;
        slopes.1[column + 1] += share * of_second.1;
    }
    let rows = by_category(first, &slopes.0);
    let columns = by_category(second, &slopes.1);
    let squares = cells.iter().zip(&likelihood.cells).map(|(cell, &(row, column, _))| {
        let score = cell.first / cell.probability;
        cell.persons * ((score + rows[row] + columns[column]) / slope).powi(2)
    });
    (squares.sum::<f64>() / (persons * (persons - 1.0))).sqrt()
}

/// The slopes of a cell's score by its lower and its upper limit on one item, given those on the other.
fn by_limits(
    normal: &BivariateNormal,
    cell: &Cell,
    limits: (f64, f64),
    others: (f64, f64),
) -> (f64, f64) {
    let by = |limit: f64| {
        if limit.is_infinite() {
            return 0.0;
        }
        let density =
            normal.density_by_first(limit, others.1) - normal.density_by_first(limit, others.0);
        let probability =
            normal.cdf_by_first(limit, others.1) - normal.cdf_by_first(limit, others.0);
        (density - cell.first / cell.probability * probability) / cell.probability
    };
    (-by(limits.0), by(limits.1))
}

/// What the thresholds of one item add to the score of a person in each of its categories.
fn by_category(limits: &[f64], slopes: &[f64]) -> Vec<f64> {
    let finite = || limits.iter().zip(slopes).enumerate().filter(|(_, (t, _))| t.is_finite());
    let all: f64 = finite().map(|(_, (&t, slope))| slope * normal_cdf(t) / normal_density(t)).sum();
    (0..limits.len() - 1)
        .map(|category| {
            // The threshold at place p is the upper limit of category p - 1.
            let at_or_below = finite().filter(|(place, _)| category < *place);
            at_or_below.map(|(_, (&t, slope))| slope / normal_density(t)).sum::<f64>() - all
        })
        .collect()
}
