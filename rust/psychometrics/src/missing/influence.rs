//! How far each person pulls a coefficient of the estimated covariances: scores times the inverse information.

use rayon::prelude::*;

use super::em::{Regression, invert};
use super::information::PatternPrecision;
use super::{Information, Normal, Pattern, Units};
use crate::moments::{Dispersion, pair};
use crate::monitor::Monitor;
use crate::reliability::{Gradient, Matrix};
use crate::responses::{Answers, Responses};
use crate::simd::{Simd, quadratic_forms};

/// Rows that are taken at once.
const ROWS: usize = 2048;

/// What influence values are made of, beside the gradient.
pub(super) struct Basis<'a> {
    pub simd: Simd,
    pub responses: &'a Responses<'a>,
    pub patterns: &'a [Pattern],
    pub units: &'a Units,
    pub normal: &'a Normal,
    pub information: &'a Information,
    /// The first row of the group.
    pub first: usize,
    pub rows: usize,
}

/// The part of one pattern: values are a quadratic function of its answers.
struct Part {
    /// observed × observed.
    quadratic: Vec<f64>,
    linear: Vec<f64>,
    constant: f64,
}

impl Basis<'_> {
    /// The influence of each row of the group on a coefficient with this gradient, in the order of rows.
    ///
    /// As for complete rows: n times the score of the row along the inverse information times the gradient.
    pub fn values(
        &self,
        dispersion: &Dispersion,
        gradient: &Gradient,
        monitor: &dyn Monitor,
    ) -> Option<Vec<f64>> {
        let items = self.normal.means.len();
        let direction = self.direction(dispersion, gradient);
        let (mut memory, mut all) = (Vec::new(), Vec::new());
        invert(&self.normal.covariance, items, &mut memory, &mut all)?;
        let mut regression = Regression::default();
        let mut at = PatternPrecision::default();
        let mut values = vec![0.0; self.rows];
        for pattern in self.patterns {
            if monitor.cancelled() || !at.fill(&all, items, pattern, &mut regression) {
                return None;
            }
            let part = Part::new(&at.precision, &direction, pattern, items);
            let of = |rows: &[usize]| self.chunk(&part, pattern, rows);
            let found: Vec<Vec<f64>> = pattern.rows.par_chunks(ROWS).map(of).collect();
            for (&row, value) in pattern.rows.iter().zip(found.concat()) {
                let weight = self.responses.weights.map_or(1.0, |weights| weights[row]);
                values[row - self.first] = self.rows as f64 * weight * value;
            }
        }
        Some(values)
    }

    /// The inverse information times the gradient, in standardised units.
    fn direction(&self, dispersion: &Dispersion, gradient: &Gradient) -> Vec<f64> {
        let items = self.normal.means.len();
        let mut in_covariances = gradient.clone().in_covariances(dispersion);
        if gradient.matrix == Matrix::Correlation {
            // Correlations know no divisor: their deviations are taken with n, covariances with n - 1.
            let scale = dispersion.persons / (dispersion.persons - 1.0);
            in_covariances.iter_mut().for_each(|g| *g *= scale);
        }
        let mut direction = vec![0.0; items + items * (items + 1) / 2];
        for i in 0..items {
            for j in i..items {
                let length = self.units.lengths[i] * self.units.lengths[j];
                let both = in_covariances[i * items + j] + in_covariances[j * items + i];
                let slope = if i == j { 0.5 * both } else { both };
                direction[items + pair(items, i, j)] = slope * length;
            }
        }
        self.information.solve(&mut direction);
        direction
    }

    fn chunk(&self, part: &Part, pattern: &Pattern, rows: &[usize]) -> Vec<f64> {
        let mut columns = Vec::with_capacity(rows.len() * pattern.observed.len());
        let mut values = vec![0.0; rows.len()];
        for (&item, slope) in pattern.observed.iter().zip(&part.linear) {
            let start = item * self.responses.rows;
            let (origin, length) = (self.units.origins[item], self.units.lengths[item]);
            let from = columns.len();
            columns.extend(rows.iter().map(|row| {
                let answer = match self.responses.answers {
                    Answers::Codes(codes) => codes[start + row].into(),
                    Answers::Reals(reals) => reals[start + row],
                };
                (answer - origin) / length - self.normal.means[item]
            }));
            let column = &columns[from..];
            values.iter_mut().zip(column).for_each(|(value, x)| *value += slope * x);
        }
        let mut squares = vec![0.0; rows.len()];
        quadratic_forms(self.simd, &columns, &part.quadratic, &mut squares);
        let sums = values.iter().zip(&squares);
        sums.map(|(linear, square)| linear + square - part.constant).collect()
    }
}

impl Part {
    fn new(precision: &[f64], direction: &[f64], pattern: &Pattern, items: usize) -> Part {
        let observed = &pattern.observed;
        let (in_means, in_covariances) = direction.split_at(items);
        let slope = |i: usize, j: usize| in_covariances[pair(items, i.min(j), i.max(j))];
        let mut half = vec![0.0; observed.len() * items];
        let mut constant = 0.0;
        for (row, &i) in half.chunks_exact_mut(items).zip(observed) {
            for &j in observed {
                let value = slope(i, j);
                constant += 0.5 * value * precision[i * items + j];
                let other = &precision[j * items..(j + 1) * items];
                row.iter_mut().zip(other).for_each(|(sum, k)| *sum += 0.5 * value * k);
            }
        }
        let mut quadratic = Vec::with_capacity(observed.len().pow(2));
        let mut linear = Vec::with_capacity(observed.len());
        for &i in observed {
            let own = &precision[i * items..(i + 1) * items];
            linear.push(own.iter().zip(in_means).map(|(k, a)| k * a).sum());
            for &j in observed {
                let column = half.iter().skip(j).step_by(items);
                quadratic.push(observed.iter().zip(column).map(|(&m, h)| own[m] * h).sum());
            }
        }
        Part { quadratic, linear, constant }
    }
}
