//! The normal responses behind the answers to all items: what ordinal coefficients are functions of.

use super::bivariate_normal::BivariateNormal;
use super::influence::{Slopes, influences};
use super::margin::Margin;
use super::near::{Found, Near, Search, Start};
use super::polychoric::{Likelihood, Maximum, Status};
use super::tables::Tables;
use crate::monitor::Monitor;
use crate::simd::Simd;

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
    /// Covariances of the answers themselves, items × items; NaN where they were not come by.
    pub covariances: Vec<f64>,
    /// How the pairs came out.
    pub statuses: Vec<Status>,
}

/// The influence of one person in a cell of a pair's table.
#[derive(Debug, Clone)]
pub struct PairInfluence {
    /// Row and column of the cell.
    pub cell: (usize, usize),
    /// The influence on the correlation; NaN where there is none.
    pub correlation: f64,
}

/// The places of the pairs: first with second, first with third, ...
pub fn pairs(items: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..items).flat_map(move |first| (first + 1..items).map(move |second| (first, second)))
}

impl Latent {
    /// Estimates from tables; from near another's correlations where they are given; with weights where they are wanted.
    ///
    /// Of a cancelled one nothing is to be believed.
    pub fn fit(
        tables: &Tables,
        near: Option<&Near>,
        weighted: bool,
        monitor: &dyn Monitor,
    ) -> Latent {
        let items = tables.items;
        let margins: Vec<Margin> =
            (0..items).map(|item| Margin::of(tables.answers(item))).collect();
        let mut latent = Latent {
            items,
            thresholds: margins.iter().flat_map(|margin| margin.thresholds.clone()).collect(),
            correlation: vec![1.0; items * items],
            weights: vec![0.0; items * items],
            covariances: vec![f64::NAN; items * items],
            statuses: Vec::new(),
        };
        let mut search = Search::default();
        let (mut counts, mut own) = (Vec::new(), (Vec::new(), Vec::new()));
        for (pair, (i, j)) in pairs(items).enumerate() {
            if monitor.cancelled() {
                break;
            }
            let start = near.and_then(|near| Some((near.simd(), near.start(pair)?)));
            let found = start.and_then(|(simd, start)| {
                counts.clear();
                counts.extend(tables.counts(pair));
                fill_margins(&counts, tables.categories, &mut own);
                let are = |margin: &Margin, own: &[f64]| margin.counts == own;
                if are(&margins[i], &own.0) && are(&margins[j], &own.1) {
                    let margins = (&margins[i], &margins[j]);
                    return search.from(simd, start, &counts, margins, weighted);
                }
                let own = (Margin::of(own.0.clone()), Margin::of(own.1.clone()));
                let found = search.from(simd, start, &counts, (&own.0, &own.1), weighted)?;
                // Those who answered both are not those who answered either.
                Some(Found { covariance: f64::NAN, ..found })
            });
            let (found, status) = match found {
                Some(found) => (found, Status::Ok),
                None => {
                    let rho = start.map(|(_, start)| start.rho);
                    fit(tables.cells(pair), tables.categories, rho, weighted)
                }
            };
            for place in [i * items + j, j * items + i] {
                latent.correlation[place] = found.rho;
                latent.weights[place] = found.weight;
                latent.covariances[place] = found.covariance;
            }
            latent.statuses.push(status);
        }
        latent
    }

    /// How each cell of a pair's table moves the correlation, which is at `place` of the matrix.
    pub fn influence(
        &self,
        tables: &Tables,
        pair: usize,
        place: usize,
        slopes: Slopes,
    ) -> Vec<PairInfluence> {
        let cells = tables.cells(pair);
        let rho = match self.statuses.get(pair) {
            Some(Status::Ok) => self.correlation.get(place).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        };
        let mut moved = vec![f64::NAN; cells.len()];
        if rho.is_finite() {
            let likelihood = Likelihood::of(tables.categories, tables.categories, cells.clone());
            let normal = BivariateNormal::new(rho);
            moved = influences(&likelihood, &normal, &likelihood.at(&normal), slopes);
        }
        let of = |(&(row, column, _), correlation): (&(usize, usize, f64), f64)| PairInfluence {
            cell: (row, column),
            correlation,
        };
        cells.iter().zip(moved).map(of).collect()
    }

    /// How each cell of a pair's table moves the weight of its correlation, by moving the cell a little.
    pub fn weight_influence(
        &self,
        simd: Simd,
        tables: &Tables,
        pair: usize,
        place: usize,
    ) -> Vec<f64> {
        let rho = self.correlation.get(place).copied();
        let start = Start::at(rho.unwrap_or(f64::NAN));
        let counts: Vec<f64> = tables.counts(pair).collect();
        let persons: f64 = counts.iter().sum();
        let (mut search, mut own) = (Search::default(), (Vec::new(), Vec::new()));
        let mut nudged = |at: usize, by: f64| {
            let mut counts = counts.clone();
            counts[at] *= 1.0 + by;
            fill_margins(&counts, tables.categories, &mut own);
            let own = (Margin::of(own.0.clone()), Margin::of(own.1.clone()));
            match search.from(simd, &start, &counts, (&own.0, &own.1), true) {
                Some(found) => found.weight,
                None => {
                    let cells = tables.cells(pair).into_iter().map(|(row, column, count)| {
                        let moved = row * tables.categories + column == at;
                        (row, column, if moved { count * (1.0 + by) } else { count })
                    });
                    fit(cells.collect(), tables.categories, rho, true).0.weight
                }
            }
        };
        let of = |(at, &count): (usize, &f64)| {
            let change = nudged(at, NUDGE) - nudged(at, -NUDGE);
            // An influence value is n times the derivative by a person.
            persons * change / (2.0 * NUDGE * count)
        };
        counts.iter().enumerate().filter(|(_, count)| **count > 0.0).map(of).collect()
    }
}

/// How many persons are in each row, and in each column.
fn fill_margins(counts: &[f64], categories: usize, (rows, columns): &mut (Vec<f64>, Vec<f64>)) {
    rows.clear();
    columns.clear();
    columns.resize(categories, 0.0);
    for row in counts.chunks_exact(categories) {
        rows.push(row.iter().sum());
        columns.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
    }
}

/// The correlation of one table, its weight, and how it came out.
fn fit(
    cells: Vec<(usize, usize, f64)>,
    categories: usize,
    start: Option<f64>,
    weighted: bool,
) -> (Found, Status) {
    let value = |rho, weight| Found { rho, weight, covariance: f64::NAN };
    let without = |status| (value(f64::NAN, f64::NAN), status);
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
            (value(rho, persons * persons / squares.sum::<f64>()), Status::Ok)
        }
        Maximum::At(rho) => (value(rho, f64::NAN), Status::Ok),
        Maximum::End(rho) => (value(rho, f64::NAN), Status::Boundary),
        Maximum::None => without(Status::NotConverged),
    }
}
