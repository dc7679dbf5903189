//! How the errors of all thresholds and correlations go together, from the influence of each person on each of them.

use rayon::prelude::*;

use super::influence::{Slopes, threshold_influences};
use super::latent::{Latent, pairs};
use super::survey::categorised;
use super::tables::Tables;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::responses::{Group, Responses};

/// Persons whose influence values are held at once.
const PERSONS: usize = 1 << 10;

/// Sums that go side by side, so that they need not wait for each other.
const LANES: usize = 8;

/// For each group the covariances of the thresholds, item after item, and then the correlations, pair after pair.
///
/// Those of what has no value or no error are NaN.
pub fn parameter_covariances(
    responses: &Responses,
    categories: usize,
    slopes: Slopes,
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<f64>>> {
    let codes = categorised(responses, categories)?;
    let of = |group: &Group| {
        let mut tables = Tables::new(responses.items, categories, 1.0);
        tables.count(codes, responses.rows, group.rows(), None);
        let latent = Latent::fit(&tables, None, false, monitor);
        let effects = Effects::new(&latent, &tables, slopes);
        effects.covariances(codes, responses.rows, group, monitor)
    };
    responses.groups.iter().map(of).collect()
}

/// What one person's answers do to the estimates: influence values over the number of persons less a half.
struct Effects {
    items: usize,
    categories: usize,
    /// Item by item, threshold by category.
    thresholds: Vec<Vec<f64>>,
    /// Pair by pair, by cell.
    correlations: Vec<Vec<f64>>,
}

/// So that the sum of squares is over n (n - 1).
fn divisor(persons: f64) -> f64 {
    (persons * (persons - 1.0)).sqrt()
}

impl Effects {
    fn new(latent: &Latent, tables: &Tables, slopes: Slopes) -> Effects {
        let (items, categories) = (tables.items, tables.categories);
        let of_item = |item: usize| {
            let persons: f64 = tables.answers(item).iter().sum();
            let steps = categories - 1;
            let own = &latent.thresholds[item * steps..(item + 1) * steps];
            let moved = threshold_influences(own);
            let by_step = |step: usize| -> Vec<f64> {
                let known = own[step].is_finite();
                let of = |moved: &Vec<f64>| if known { moved[step] } else { f64::NAN };
                moved.iter().map(|moved| of(moved) / divisor(persons)).collect()
            };
            (0..steps).map(by_step).collect::<Vec<_>>()
        };
        let of_pair = |(pair, (i, j)): (usize, (usize, usize))| {
            let mut cells = vec![0.0; categories * categories];
            let persons: f64 = tables.cells(pair).iter().map(|cell| cell.2).sum();
            for moved in latent.influence(tables, pair, i * items + j, slopes) {
                let (row, column) = moved.cell;
                cells[row * categories + column] = moved.correlation / divisor(persons);
            }
            cells
        };
        Effects {
            items,
            categories,
            thresholds: (0..items).flat_map(of_item).collect(),
            correlations: pairs(items).enumerate().map(of_pair).collect(),
        }
    }

    fn covariances(
        &self,
        codes: &[u8],
        stride: usize,
        group: &Group,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        let size = self.thresholds.len() + self.correlations.len();
        let rows = group.rows();
        let mut sums = vec![0.0; size * size];
        for start in rows.clone().step_by(PERSONS) {
            if monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            let end = (start + PERSONS).min(rows.end);
            let values = self.values(codes, stride, start..end);
            let columns: Vec<&[f64]> = values.chunks_exact(end - start).collect();
            sums.par_chunks_mut(size).enumerate().for_each(|(place, sums)| {
                for (sum, other) in sums.iter_mut().zip(&columns[..=place]) {
                    *sum += dot(columns[place], other);
                }
            });
        }
        for place in 0..size {
            for other in 0..place {
                sums[other * size + place] = sums[place * size + other];
            }
        }
        Ok(sums)
    }

    /// What each of these persons does to each estimate, estimate after estimate.
    fn values(&self, codes: &[u8], stride: usize, rows: std::ops::Range<usize>) -> Vec<f64> {
        let column = |item: usize| &codes[item * stride..][rows.clone()];
        let steps = self.categories - 1;
        let mut values =
            Vec::with_capacity(rows.len() * (self.thresholds.len() + self.correlations.len()));
        for (place, by) in self.thresholds.iter().enumerate() {
            let of = |&code: &u8| by.get(usize::from(code)).copied().unwrap_or(0.0);
            values.extend(column(place / steps).iter().map(of));
        }
        for ((i, j), by) in pairs(self.items).zip(&self.correlations) {
            let of = |(&a, &b): (&u8, &u8)| {
                let (a, b) = (usize::from(a), usize::from(b));
                let both = a < self.categories && b < self.categories;
                if both { by[a * self.categories + b] } else { 0.0 }
            };
            values.extend(column(i).iter().zip(column(j)).map(of));
        }
        values
    }
}

/// The sum of products, in a fixed order.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (left, right) = (left.chunks(LANES), right.chunks(LANES));
    for (left, right) in left.zip(right) {
        for ((sum, x), y) in sums.iter_mut().zip(left).zip(right) {
            *sum += x * y;
        }
    }
    sums.iter().sum()
}
