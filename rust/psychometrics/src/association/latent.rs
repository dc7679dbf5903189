//! The normal responses behind the answers to all items: what ordinal coefficients are functions of.

use super::bivariate_normal::BivariateNormal;
use super::influence::{Slopes, influences};
use super::polychoric::{Likelihood, Maximum, Status, thresholds_of};
use super::tables::Tables;
use crate::monitor::Monitor;

/// How far a cell is moved, as a share of its persons, to see how a weight follows: the error is the square of it.
const NUDGE: f64 = 1e-3;

/// Thresholds and correlations of latent responses, estimated from the tables of a group.
#[derive(Debug, Clone, Default)]
pub struct Latent {
    /// Number of items.
    pub items: usize,
    /// Thresholds of each item after those of the one before; infinite where nobody is on one side.
    pub thresholds: Vec<f64>,
    /// Items × items.
    pub correlation: Vec<f64>,
    /// One over the variance of each correlation, items × items; zero on the diagonal, NaN where there is none.
    pub weights: Vec<f64>,
    /// How the pairs came out.
    pub statuses: Vec<Status>,
}

/// How cells move what was estimated from one pair of items.
#[derive(Debug, Clone)]
pub struct PairInfluence {
    /// Row and column of the cell.
    pub cell: (usize, usize),
    /// What one person there does to the correlation.
    pub correlation: f64,
    /// And to its weight.
    pub weight: f64,
}

/// The places of the pairs: first with second, first with third, ...
pub fn pairs(items: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..items).flat_map(move |first| (first + 1..items).map(move |second| (first, second)))
}

impl Latent {
    /// Estimates from tables; from near another's correlations where one is given; with weights where they are wanted.
    ///
    /// Of a cancelled one nothing is to be believed.
    pub fn fit(
        tables: &Tables,
        near: Option<&Latent>,
        weighted: bool,
        monitor: &dyn Monitor,
    ) -> Latent {
        let items = tables.items;
        let mut latent = Latent {
            items,
            thresholds: (0..items).flat_map(|item| thresholds_of(&tables.answers(item))).collect(),
            correlation: vec![1.0; items * items],
            weights: vec![0.0; items * items],
            statuses: Vec::new(),
        };
        for (pair, (i, j)) in pairs(items).enumerate() {
            if monitor.cancelled() {
                break;
            }
            let start = near.and_then(|near| near.correlation.get(i * items + j).copied());
            let (rho, weight, status) = fit(tables.cells(pair), tables.categories, start, weighted);
            for place in [i * items + j, j * items + i] {
                latent.correlation[place] = rho;
                latent.weights[place] = weight;
            }
            latent.statuses.push(status);
        }
        latent
    }

    /// How each cell of a pair's table moves the correlation, which is at `place` of the matrix, and its weight where
    /// that is wanted.
    pub fn influence(
        &self,
        tables: &Tables,
        pair: usize,
        place: usize,
        weighted: bool,
    ) -> Vec<PairInfluence> {
        let rho = self.correlation.get(place).copied().unwrap_or(f64::NAN);
        let cells = tables.cells(pair);
        let likelihood = Likelihood::of(tables.categories, tables.categories, cells.clone());
        let normal = BivariateNormal::new(rho);
        let at = likelihood.at(&normal);
        let moved = influences(&likelihood, &normal, &at, Slopes::Derivatives);
        let persons: f64 = cells.iter().map(|cell| cell.2).sum();
        let nudged = |at: usize, by: f64| {
            let mut cells = cells.clone();
            if let Some(cell) = cells.get_mut(at) {
                cell.2 *= 1.0 + by;
            }
            fit(cells, tables.categories, Some(rho), true).1
        };
        let of = |(at, &(row, column, count)): (usize, &(usize, usize, f64))| {
            let mut weight = 0.0;
            if weighted {
                let change = nudged(at, NUDGE) - nudged(at, -NUDGE);
                // An influence value is n times the derivative by a person.
                weight = persons * change / (2.0 * NUDGE * count);
            }
            let correlation = moved.get(at).copied().unwrap_or(f64::NAN);
            PairInfluence { cell: (row, column), correlation, weight }
        };
        cells.iter().enumerate().map(of).collect()
    }
}

/// The correlation of one table, its weight, and how it came out.
fn fit(
    cells: Vec<(usize, usize, f64)>,
    categories: usize,
    start: Option<f64>,
    weighted: bool,
) -> (f64, f64, Status) {
    let without = |status| (f64::NAN, f64::NAN, status);
    let persons: f64 = cells.iter().map(|cell| cell.2).sum();
    if persons < 2.0 {
        return without(Status::TooFewRows);
    }
    let one = |of: fn(&(usize, usize, f64)) -> usize| {
        cells.iter().map(of).min() == cells.iter().map(of).max()
    };
    if one(|cell| cell.0) || one(|cell| cell.1) {
        return without(Status::OneCategory);
    }
    let likelihood = Likelihood::of(categories, categories, cells);
    // A start at an end is none.
    let found = match start.map(f64::atanh) {
        Some(z) if z.is_finite() => likelihood.maximum_near(z),
        _ => likelihood.maximum(likelihood.start()),
    };
    match found {
        Maximum::At(rho) if weighted => {
            let normal = BivariateNormal::new(rho);
            let at = likelihood.at(&normal);
            let values = influences(&likelihood, &normal, &at, Slopes::Products);
            let squares = at.iter().zip(&values).map(|(cell, value)| cell.persons * value * value);
            (rho, persons * persons / squares.sum::<f64>(), Status::Ok)
        }
        Maximum::At(rho) => (rho, f64::NAN, Status::Ok),
        Maximum::End(rho) => (rho, f64::NAN, Status::Boundary),
        Maximum::None => without(Status::NotConverged),
    }
}
