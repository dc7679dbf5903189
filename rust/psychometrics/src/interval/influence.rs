//! Influence values: how far each person, or cluster, pulls an estimate. One pass over the rows.
//!
//! `L_i = (x_i - m)' G (x_i - m) - tr(G C)` is the infinitesimal jackknife. The sum of squares gives a standard error
//! that needs no normality (for alpha that of Maydeu-Olivares, Coffman & Hartmann 2007), the sum of cubes the
//! acceleration of BCa.

use std::ops::Range;

use rayon::prelude::*;

use crate::moments::Dispersion;
use crate::monitor::Monitor;
use crate::reliability::{Gradient, Matrix};
use crate::responses::{Answers, Group, MISSING, Responses};
use crate::simd::{Simd, quadratic_forms};

/// What influence values say about an estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Influence {
    /// The standard error of the estimate.
    pub standard_error: f64,
    /// The acceleration of BCa.
    pub acceleration: f64,
}

/// Rows that are taken at once.
const ROWS: usize = 2048;

/// The influence of a group's units (rows, or clusters; within strata) on a coefficient with this gradient.
///
/// Where the monitor says stop, what is returned has no meaning.
pub fn influence(
    simd: Simd,
    responses: &Responses,
    group: &Group,
    dispersion: &Dispersion,
    gradient: &Gradient,
    pairwise: bool,
    monitor: &dyn Monitor,
) -> Influence {
    let rows = group.rows();
    let all_weights: f64 = match responses.weights {
        Some(weights) => weights[rows.clone()].iter().sum(),
        None => rows.len() as f64,
    };
    let pass = Pass {
        simd,
        responses,
        dispersion,
        gradient,
        pairwise,
        monitor,
        in_covariances: gradient.clone().in_covariances(dispersion),
        all_weights,
        mean_weight: all_weights / rows.len() as f64,
    };
    let (mut squares, mut uncentred_squares, mut cubes) = (0.0, 0.0, 0.0);
    // About their mean over the group, which is zero but for rounding and the divisor.
    let values = pass.values(rows.clone());
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let first = rows.start;
    for stratum in &group.strata {
        let row = |i: usize| values[i - first] - mean;
        let units: Vec<f64> = if stratum.clusters.is_empty() {
            stratum.rows.clone().map(row).collect()
        } else {
            stratum.clusters.iter().map(|rows| rows.clone().map(row).sum()).collect()
        };
        let count = units.len() as f64;
        let centre = units.iter().sum::<f64>() / count;
        let square: f64 = units.iter().map(|u| (u - centre).powi(2)).sum();
        squares += square * count / (count - 1.0);
        uncentred_squares += square;
        cubes += units.iter().map(|u| (u - centre).powi(3)).sum::<f64>();
    }
    Influence {
        standard_error: squares.sqrt() / rows.len() as f64,
        acceleration: cubes / (6.0 * uncentred_squares.powf(1.5)),
    }
}

struct Pass<'a> {
    simd: Simd,
    responses: &'a Responses<'a>,
    dispersion: &'a Dispersion,
    gradient: &'a Gradient,
    pairwise: bool,
    monitor: &'a dyn Monitor,
    all_weights: f64,
    in_covariances: Vec<f64>,
    mean_weight: f64,
}

impl Pass<'_> {
    /// The influence value of each row, up to a constant.
    fn values(&self, rows: Range<usize>) -> Vec<f64> {
        let chunks: Vec<Range<usize>> =
            rows.clone().step_by(ROWS).map(|start| start..(start + ROWS).min(rows.end)).collect();
        chunks.into_par_iter().flat_map_iter(|chunk| self.chunk(chunk)).collect()
    }

    fn chunk(&self, rows: Range<usize>) -> Vec<f64> {
        let mut columns = real_columns(self.responses, rows.clone());
        let mut values = vec![0.0; rows.len()];
        if self.monitor.cancelled() {
            return values;
        }
        if self.pairwise {
            self.add_pairs(&columns, &mut values);
        } else {
            for (column, mean) in columns.chunks_exact_mut(rows.len()).zip(&self.dispersion.means) {
                column.iter_mut().for_each(|x| *x -= mean);
            }
            // tr(G C) is zero: reliability does not depend on the scale of the total.
            quadratic_forms(self.simd, &columns, &self.in_covariances, &mut values);
        }
        if let Some(weights) = self.responses.weights {
            for (value, weight) in values.iter_mut().zip(&weights[rows]) {
                *value *= weight / self.mean_weight;
            }
        }
        values
    }

    /// Each pair of items contributes where both are answered, scaled up to all rows.
    fn add_pairs(&self, columns: &[f64], values: &mut [f64]) {
        let Dispersion { items, ref covariance, ref correlation, ref pairs, .. } = *self.dispersion;
        for i in 0..items {
            for j in 0..items {
                let (own, other) = (pairs[i * items + j], pairs[j * items + i]);
                let slope = self.gradient.values[i * items + j];
                if slope == 0.0 {
                    continue;
                }
                let scale = slope * self.all_weights / own.weight;
                // From the divisor of covariances to the mean product.
                let centre =
                    covariance[i * items + j] * (own.weight - self.mean_weight) / own.weight;
                let r = correlation[i * items + j];
                let product = |x: f64, y: f64| match self.gradient.matrix {
                    Matrix::Covariance => x * y - centre,
                    Matrix::Correlation => {
                        let (v, w) = (own.variance, other.variance);
                        x * y / (v * w).sqrt() - 0.5 * r * (x * x / v + y * y / w)
                    }
                };
                let rows = values.len();
                let left = &columns[i * rows..][..rows];
                let right = &columns[j * rows..][..rows];
                for ((value, x), y) in values.iter_mut().zip(left).zip(right) {
                    if !x.is_nan() && !y.is_nan() {
                        *value += scale * product(x - own.mean, y - other.mean);
                    }
                }
            }
        }
    }
}

/// Answers of some rows as reals, column after column; NaN where there is none.
fn real_columns(responses: &Responses, rows: Range<usize>) -> Vec<f64> {
    let mut columns = Vec::with_capacity(rows.len() * responses.items);
    for item in 0..responses.items {
        let place = item * responses.rows + rows.start..item * responses.rows + rows.end;
        match responses.answers {
            Answers::Reals(reals) => columns.extend_from_slice(&reals[place]),
            Answers::Codes(codes) => columns.extend(
                codes[place]
                    .iter()
                    .map(|&code| if code == MISSING { f64::NAN } else { f64::from(code) }),
            ),
        }
    }
    columns
}
