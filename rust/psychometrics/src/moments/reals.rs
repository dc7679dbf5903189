//! Moments of real numbers, or under survey weights: sums of doubles in a fixed order, rounding losses kept.

use std::ops::Range;

use super::{Moments, Panel};
use crate::responses::{Answers, MISSING, Responses};
use crate::simd::{Simd, add_multiple_reals, real_dots};

/// The features of some rows as columns of reals, survey weights multiplied in. The first is the weight itself.
#[derive(Debug)]
pub struct RealPanel<'a> {
    simd: Simd,
    responses: &'a Responses<'a>,
    panel: Panel,
    values: Vec<f64>,
    answered: Vec<f64>,
    features: Vec<f64>,
    partial: Vec<f64>,
}

/// Sums with what rounding lost beside them; the weight comes first.
#[derive(Debug, Clone)]
pub struct RealSums {
    total: Vec<f64>,
    lost: Vec<f64>,
}

impl<'a> RealPanel<'a> {
    /// Rows that are loaded at once: their features stay in the second-level cache.
    pub const ROWS: usize = 256;

    /// An empty panel.
    pub fn new(simd: Simd, responses: &'a Responses<'a>, panel: Panel) -> RealPanel<'a> {
        let (values, answered, features, partial) = Default::default();
        RealPanel { simd, responses, panel, values, answered, features, partial }
    }

    /// Sums of nothing.
    pub fn empty_sums(&self) -> RealSums {
        let count = 1 + self.panel.sums(self.responses.items);
        RealSums { total: vec![0.0; count], lost: vec![0.0; count] }
    }

    /// Takes the features of other rows, at most [`ROWS`](Self::ROWS).
    pub fn load(&mut self, rows: Range<usize>) {
        let Responses { rows: all, items, .. } = *self.responses;
        self.values.clear();
        self.answered.clear();
        for item in 0..items {
            let place = item * all + rows.start..item * all + rows.end;
            match self.responses.answers {
                Answers::Reals(reals) => self.values.extend_from_slice(&reals[place]),
                Answers::Codes(codes) => self.values.extend(
                    codes[place].iter().map(|&x| if x == MISSING { f64::NAN } else { x.into() }),
                ),
            }
        }
        for value in &mut self.values {
            self.answered.push(if value.is_nan() { 0.0 } else { 1.0 });
            if value.is_nan() {
                *value = 0.0;
            }
        }
        self.features.clear();
        match self.responses.weights {
            Some(weights) => self.features.extend_from_slice(&weights[rows.clone()]),
            None => self.features.resize(rows.len(), 1.0),
        }
        let count = rows.len();
        let column = |item: usize| item * count..(item + 1) * count;
        match self.panel {
            Panel::Small => {
                for j in 0..items {
                    self.push(count, |p, r| p.values[column(j)][r]);
                }
                self.push(count, |p, r| (0..items).map(|j| p.values[column(j)][r].powi(2)).sum());
                self.push(count, |p, r| {
                    (0..items).map(|j| p.values[column(j)][r]).sum::<f64>().powi(2)
                });
            }
            Panel::Full => {
                for j in 0..items {
                    self.push(count, |p, r| p.values[column(j)][r]);
                }
                self.push_pairs(count, |p, i, j, r| {
                    p.values[column(i)][r] * p.values[column(j)][r]
                });
            }
            Panel::Pairwise => {
                self.push_pairs(count, |p, i, j, r| {
                    p.answered[column(i)][r] * p.answered[column(j)][r]
                });
                for power in [1, 2] {
                    for (i, j) in (0..items * items).map(|at| (at / items, at % items)) {
                        self.push(count, |p, r| {
                            p.values[column(i)][r].powi(power) * p.answered[column(j)][r]
                        });
                    }
                }
                self.push_pairs(count, |p, i, j, r| {
                    p.values[column(i)][r] * p.values[column(j)][r]
                });
            }
        }
    }

    fn push(&mut self, rows: usize, feature: impl Fn(&Self, usize) -> f64) {
        for row in 0..rows {
            let value = self.features[row] * feature(self, row);
            self.features.push(value);
        }
    }

    fn push_pairs(&mut self, rows: usize, feature: impl Fn(&Self, usize, usize, usize) -> f64) {
        for i in 0..self.responses.items {
            for j in i..self.responses.items {
                self.push(rows, |panel, row| feature(panel, i, j, row));
            }
        }
    }

    /// Adds the features' sums under `counts`, one for each loaded row.
    pub fn add(&mut self, counts: &[f64], sums: &mut RealSums) {
        self.partial.resize(sums.total.len(), 0.0);
        real_dots(self.simd, &self.features, counts, &mut self.partial);
        sums.add(self.simd, &self.partial, 1.0);
    }

    /// Moments of a range of rows, each counted once.
    pub fn moments(&mut self, range: Range<usize>) -> Moments<f64> {
        let mut sums = self.empty_sums();
        let ones = [1.0; Self::ROWS];
        for start in range.clone().step_by(Self::ROWS) {
            let rows = start..(start + Self::ROWS).min(range.end);
            self.load(rows.clone());
            self.add(&ones[..rows.len()], &mut sums);
        }
        sums.moments(self.panel, self.responses.items, range.len() as i64)
    }
}

impl RealSums {
    /// Adds a multiple of other sums.
    pub fn add(&mut self, simd: Simd, other: &[f64], count: f64) {
        add_multiple_reals(simd, &mut self.total, &mut self.lost, other, count);
    }

    /// As moments of that many persons.
    pub fn moments(&self, panel: Panel, items: usize, persons: i64) -> Moments<f64> {
        let mut all = self.total.iter().zip(&self.lost).map(|(total, lost)| total + lost);
        let weight = all.next().unwrap_or(0.0);
        Moments { panel, items, persons, weight, sums: all.collect() }
    }
}
