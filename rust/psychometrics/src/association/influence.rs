//! How much each person moves a polychoric correlation, and the standard error that follows.

use super::bivariate_normal::BivariateNormal;
use super::polychoric::{Cell, Likelihood};
use crate::interval::{normal_cdf, normal_density};

/// How the mean slopes of a score are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slopes {
    /// As derivatives: influence values are then the derivative of the estimate itself.
    Derivatives,
    /// As products of scores, whose mean is the same where the model holds (Muthén, 1984).
    Products,
}

/// The influence on a correlation of one person in each cell, in the order of the likelihood's cells.
///
/// The score of the correlation also depends on the thresholds, which are estimated from the same persons. With the
/// mean slopes H of the score by the correlation and G by the thresholds, a person's influence is -(score + G t) / H,
/// where t is the person's influence on the thresholds: (1 if at or below, else 0, less the share) / density.
pub(super) fn influences(
    likelihood: &Likelihood,
    normal: &BivariateNormal,
    cells: &[Cell],
    by: Slopes,
) -> Vec<f64> {
    let persons: f64 = cells.iter().map(|cell| cell.persons).sum();
    let (first, second) = &likelihood.limits;
    let mut slopes = (vec![0.0; first.len()], vec![0.0; second.len()]);
    let mut slope = 0.0;
    let corners = Corners::new(likelihood, normal, by);
    for (cell, &(row, column, _)) in cells.iter().zip(&likelihood.cells) {
        let score = cell.first / cell.probability;
        let share = cell.persons / persons;
        let curvature = match by {
            Slopes::Derivatives => cell.second / cell.probability,
            Slopes::Products => 0.0,
        };
        slope += share * (curvature - score * score);
        let of_first = corners.first(cell, row, column);
        let of_second = corners.second(cell, row, column);
        slopes.0[row] += share * of_first.0;
        slopes.0[row + 1] += share * of_first.1;
        slopes.1[column] += share * of_second.0;
        slopes.1[column + 1] += share * of_second.1;
    }
    let rows = by_category(first, &slopes.0);
    let columns = by_category(second, &slopes.1);
    let influence = |(cell, &(row, column, _)): (&Cell, &(usize, usize, f64))| {
        -(cell.first / cell.probability + rows[row] + columns[column]) / slope
    };
    cells.iter().zip(&likelihood.cells).map(influence).collect()
}

/// The infinitesimal jackknife: the root of the sum of squared influence values over n (n - 1).
pub(super) fn standard_error(likelihood: &Likelihood, rho: f64) -> f64 {
    let normal = BivariateNormal::new(rho);
    let cells = likelihood.at(&normal);
    let values = influences(likelihood, &normal, &cells, Slopes::Derivatives);
    let persons: f64 = cells.iter().map(|cell| cell.persons).sum();
    let squares = cells.iter().zip(&values).map(|(cell, value)| cell.persons * value * value);
    (squares.sum::<f64>() / (persons * (persons - 1.0))).sqrt()
}

/// Derivatives at all corners of cells by the limit of either item: of the probability below, and of its slope.
struct Corners {
    width: usize,
    first: Vec<(f64, f64)>,
    second: Vec<(f64, f64)>,
}

impl Corners {
    fn new(likelihood: &Likelihood, normal: &BivariateNormal, by: Slopes) -> Corners {
        let (rows, columns) = &likelihood.limits;
        let at = |limit: f64, other: f64| {
            if limit.is_infinite() {
                return (0.0, 0.0);
            }
            let density = match by {
                Slopes::Derivatives => normal.density_by_first(limit, other),
                Slopes::Products => 0.0,
            };
            (normal.cdf_by_first(limit, other), density)
        };
        let corners = rows.iter().flat_map(|&h| columns.iter().map(move |&k| (h, k)));
        let first = corners.clone().map(|(h, k)| at(h, k)).collect();
        let second = corners.map(|(h, k)| at(k, h)).collect();
        Corners { width: columns.len(), first, second }
    }

    /// The slopes of a cell's score by its lower and its upper limit on the first item.
    fn first(&self, cell: &Cell, row: usize, column: usize) -> (f64, f64) {
        let corner = row * self.width + column;
        let lower = by_limit(cell, self.first[corner + 1], self.first[corner]);
        let above = corner + self.width;
        (-lower, by_limit(cell, self.first[above + 1], self.first[above]))
    }

    /// The same on the second item.
    fn second(&self, cell: &Cell, row: usize, column: usize) -> (f64, f64) {
        let corner = row * self.width + column;
        let above = corner + self.width;
        let lower = by_limit(cell, self.second[above], self.second[corner]);
        (-lower, by_limit(cell, self.second[above + 1], self.second[corner + 1]))
    }
}

/// The slope of a cell's score by a limit, from derivatives at the two ends of the other item's interval.
fn by_limit(cell: &Cell, to: (f64, f64), from: (f64, f64)) -> f64 {
    let (probability, density) = (to.0 - from.0, to.1 - from.1);
    (density - cell.first / cell.probability * probability) / cell.probability
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

/// The influence of a person in each category on each finite threshold: categories × thresholds.
pub(crate) fn threshold_influences(thresholds: &[f64]) -> Vec<Vec<f64>> {
    (0..=thresholds.len())
        .map(|category| {
            let of = |(step, &t): (usize, &f64)| {
                if t.is_infinite() {
                    return 0.0;
                }
                let below = if category <= step { 1.0 } else { 0.0 };
                (below - normal_cdf(t)) / normal_density(t)
            };
            thresholds.iter().enumerate().map(of).collect()
        })
        .collect()
}
