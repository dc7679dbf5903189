//! Influence values: how far each person, or cluster, pulls an estimate. One pass over the rows.
//!
//! `L_i = (x_i - m)' G (x_i - m) - tr(G C)` is the infinitesimal jackknife. The sum of squares gives a standard error
//! that needs no normality (for alpha that of Maydeu-Olivares, Coffman & Hartmann 2007), the sum of cubes the
//! acceleration of BCa.

use std::ops::Range;

use rayon::prelude::*;

use super::{IntervalStatus, normal_quantile};
use crate::factor::ProductForm;
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

/// The influence of a group's rows on a coefficient with this gradient.
///
/// Where the monitor says stop, what its methods return has no meaning.
pub struct Influences<'a> {
    simd: Simd,
    responses: &'a Responses<'a>,
    group: &'a Group,
    dispersion: &'a Dispersion,
    gradient: &'a Gradient,
    pairwise: bool,
    monitor: &'a dyn Monitor,
    all_weights: f64,
    in_covariances: Vec<f64>,
    /// The derivative in every covariance of two items, where it is the same in all, as that of alpha is.
    shared_slope: Option<f64>,
    /// The mean of the quadratic forms.
    centre: f64,
    mean_weight: f64,
}

impl<'a> Influences<'a> {
    /// Of the rows of a group, its dispersion and the gradient there.
    pub fn new(
        simd: Simd,
        responses: &'a Responses<'a>,
        group: &'a Group,
        dispersion: &'a Dispersion,
        gradient: &'a Gradient,
        pairwise: bool,
        monitor: &'a dyn Monitor,
    ) -> Influences<'a> {
        let rows = group.rows();
        let all_weights: f64 = match responses.weights {
            Some(weights) => weights[rows.clone()].iter().sum(),
            None => rows.len() as f64,
        };
        let (in_covariances, centre) = covariance_form(gradient, dispersion);
        Influences {
            simd,
            responses,
            group,
            dispersion,
            gradient,
            pairwise,
            monitor,
            shared_slope: shared_slope(&in_covariances, dispersion.items),
            in_covariances,
            centre,
            all_weights,
            mean_weight: all_weights / rows.len() as f64,
        }
    }

    /// What the influence values of the units (rows, or clusters; within strata) say together.
    pub fn summary(&self) -> Influence {
        summary(self.group, |rows| self.power_sums(rows))
    }

    /// The value of each row, in the order of rows; with survey weights times the row's.
    pub fn values(&self) -> Vec<f64> {
        let rows = self.group.rows();
        let starts: Vec<usize> = rows.clone().step_by(ROWS).collect();
        let of = |start: usize| self.chunk(start..(start + ROWS).min(rows.end));
        let parts: Vec<Vec<f64>> = starts.into_par_iter().map(of).collect();
        parts.concat()
    }
}

impl Influences<'_> {
    /// Sums of the influence values of some rows and their powers.
    fn power_sums(&self, rows: Range<usize>) -> PowerSums {
        let end = rows.end;
        let starts: Vec<usize> = rows.step_by(ROWS).collect();
        let of = |start: usize| PowerSums::of(&self.chunk(start..(start + ROWS).min(end)));
        let parts: Vec<PowerSums> = starts.into_par_iter().map(of).collect();
        // In the order of rows: sums of reals depend on it.
        parts.into_iter().fold(PowerSums::default(), PowerSums::plus)
    }

    /// The influence value of each row.
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
            match (&self.gradient.product, self.shared_slope) {
                (Some(product), _) => add_product(product, &columns, &mut values),
                (None, Some(slope)) => self.add_shared(slope, &columns, &mut values),
                _ => quadratic_forms(self.simd, &columns, &self.in_covariances, &mut values),
            }
            values.iter_mut().for_each(|value| *value -= self.centre);
        }
        if let Some(weights) = self.responses.weights {
            for (value, weight) in values.iter_mut().zip(&weights[rows]) {
                *value *= weight / self.mean_weight;
            }
        }
        values
    }

    /// The square of the total, and of each item what it has more: no products of pairs of items.
    fn add_shared(&self, slope: f64, columns: &[f64], values: &mut [f64]) {
        let rows = values.len();
        let own = self.in_covariances.iter().step_by(self.dispersion.items + 1);
        let mut totals = vec![0.0; rows];
        for (column, own) in columns.chunks_exact(rows).zip(own) {
            let more = own - slope;
            for ((value, total), x) in values.iter_mut().zip(&mut totals).zip(column) {
                *total += x;
                *value += more * x * x;
            }
        }
        for (value, total) in values.iter_mut().zip(&totals) {
            *value += slope * total * total;
        }
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

impl Influence {
    /// From the influence value of each row of a group, in their order.
    pub fn of(group: &Group, values: &[f64]) -> Influence {
        let first = group.rows().start;
        let own = |rows: Range<usize>| values.get(rows.start - first..rows.end - first);
        summary(group, |rows| PowerSums::of(own(rows).unwrap_or_default()))
    }
}

/// From the sums of the influence values of rows and their powers.
fn summary(group: &Group, power_sums: impl Fn(Range<usize>) -> PowerSums + Sync) -> Influence {
    let (mut squares, mut uncentred_squares, mut cubes) = (0.0, 0.0, 0.0);
    for stratum in &group.strata {
        let sums = if stratum.clusters.is_empty() {
            power_sums(stratum.rows.clone())
        } else {
            let sum = |rows: &Range<usize>| power_sums(rows.clone()).first;
            let units: Vec<f64> = stratum.clusters.par_iter().map(sum).collect();
            PowerSums::of(&units)
        };
        let (square, cube) = sums.centred();
        squares += square * sums.count / (sums.count - 1.0);
        uncentred_squares += square;
        cubes += cube;
    }
    // No sum of cubes is beyond that of squares to the power of 1.5: there all persons have one influence but for rounding.
    let skewness = cubes / uncentred_squares.powf(1.5);
    Influence {
        standard_error: squares.sqrt() / group.rows().len() as f64,
        acceleration: if skewness.abs() <= 1.0 { skewness / 6.0 } else { f64::NAN },
    }
}

/// The estimate plus and minus normal quantiles of its standard error.
pub fn influence_ends(estimate: f64, error: f64, level: f64) -> (f64, f64, IntervalStatus) {
    let reach = normal_quantile(0.5 + level / 2.0) * error;
    if reach.is_finite() {
        (estimate - reach, estimate + reach, IntervalStatus::Ok)
    } else {
        (f64::NAN, f64::NAN, IntervalStatus::NoStandardError)
    }
}

/// For complete rows the form in a person's deviations that influence values are, and what is to be taken off it.
pub fn covariance_form(gradient: &Gradient, dispersion: &Dispersion) -> (Vec<f64>, f64) {
    let mut in_covariances = gradient.clone().in_covariances(dispersion);
    if gradient.matrix == Matrix::Correlation {
        // Correlations know no divisor: their deviations are taken with n, covariances with n - 1.
        let scale = dispersion.persons / (dispersion.persons - 1.0);
        in_covariances.iter_mut().for_each(|g| *g *= scale);
    }
    // tr(G C), with divisor n. Zero but for rounding where a coefficient does not depend on the unit of the items.
    let products = in_covariances.iter().zip(&dispersion.covariance).map(|(g, c)| g * c);
    let centre = products.sum::<f64>() * (dispersion.persons - 1.0) / dispersion.persons;
    (in_covariances, centre)
}

fn shared_slope(gradient: &[f64], items: usize) -> Option<f64> {
    let first = *gradient.get(1)?;
    let mut others = gradient.iter().enumerate().filter(|(at, _)| at % (items + 1) != 0);
    others.all(|(_, g)| *g == first).then_some(first)
}

/// The square of the total, the product of two weighted totals, and of each item its square.
fn add_product(product: &ProductForm, columns: &[f64], values: &mut [f64]) {
    let rows = values.len();
    let mut totals = vec![[0.0; 3]; rows];
    let weights = product.left.iter().zip(&product.right).zip(&product.own);
    for (column, ((left, right), own)) in columns.chunks_exact(rows).zip(weights) {
        for ((value, sums), x) in values.iter_mut().zip(&mut totals).zip(column) {
            sums[0] += x;
            sums[1] += left * x;
            sums[2] += right * x;
            *value += own * x * x;
        }
    }
    for (value, [all, left, right]) in values.iter_mut().zip(&totals) {
        *value += product.all * all * all + 2.0 * left * right;
    }
}

/// Sums of values and their powers.
#[derive(Debug, Clone, Copy, Default)]
struct PowerSums {
    count: f64,
    first: f64,
    second: f64,
    third: f64,
}

impl PowerSums {
    fn of(values: &[f64]) -> PowerSums {
        let power = |exponent: i32| values.iter().map(|value| value.powi(exponent)).sum();
        PowerSums { count: values.len() as f64, first: power(1), second: power(2), third: power(3) }
    }

    fn plus(self, other: PowerSums) -> PowerSums {
        PowerSums {
            count: self.count + other.count,
            first: self.first + other.first,
            second: self.second + other.second,
            third: self.third + other.third,
        }
    }

    /// Sums of squares and cubes about the mean. Influence values have a mean near zero, so no digits are lost.
    fn centred(&self) -> (f64, f64) {
        let mean = self.first / self.count;
        (
            self.second - self.first * mean,
            self.third - 3.0 * mean * self.second + 2.0 * self.first * mean * mean,
        )
    }
}

/// Answers of some rows as reals, column after column; NaN where there is none.
pub fn real_columns(responses: &Responses, rows: Range<usize>) -> Vec<f64> {
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
