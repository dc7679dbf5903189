//! Moments of the rows of each pattern, in units of the items' standard deviations.

use super::Pattern;
use crate::moments::{Moments, Number, Panel, RealPanel, pair, range_moments};
use crate::responses::{Answers, Responses};
use crate::simd::Simd;

/// What the rows of one pattern say about the items they answered.
#[derive(Debug, Clone, Default)]
pub struct PatternSums {
    /// The sum of the rows' weights.
    pub weight: f64,
    /// Number of different rows with a weight.
    pub rows: usize,
    /// Means of the observed items.
    pub means: Vec<f64>,
    /// Sums of products about the means, observed × observed.
    pub scatter: Vec<f64>,
}

/// Where the items' scales begin, and how long their units are.
#[derive(Debug, Clone)]
pub struct Units {
    /// The mean of each item over all who answered it; NaN where nobody did.
    pub origins: Vec<f64>,
    /// Its standard deviation, divisor n; zero where it does not vary.
    pub lengths: Vec<f64>,
}

impl PatternSums {
    /// Of the rows of a pattern in units of the answers: exact sums where answers are codes without weights.
    pub fn of(simd: Simd, responses: &Responses, pattern: &Pattern) -> PatternSums {
        let (rows, items) = (pattern.rows.len(), pattern.observed.len());
        let column = |&item: &usize| item * responses.rows;
        if let (Answers::Codes(codes), None) = (responses.answers, responses.weights) {
            let mut own = Vec::with_capacity(rows * items);
            for start in pattern.observed.iter().map(column) {
                own.extend(pattern.rows.iter().map(|row| codes[start + row]));
            }
            let moments = range_moments(simd, &own, rows, items, Panel::Full, 0..rows);
            return PatternSums::from_moments(&moments);
        }
        let mut own = Vec::with_capacity(rows * items);
        for start in pattern.observed.iter().map(column) {
            own.extend(pattern.rows.iter().map(|row| match responses.answers {
                Answers::Codes(codes) => codes[start + row].into(),
                Answers::Reals(reals) => reals[start + row],
            }));
        }
        let weights: Option<Vec<f64>> =
            responses.weights.map(|weights| pattern.rows.iter().map(|&row| weights[row]).collect());
        let part = Responses {
            answers: Answers::Reals(&own),
            rows,
            items,
            weights: weights.as_deref(),
            groups: Vec::new(),
            clustered: false,
            largest_code: 0,
            incomplete: false,
        };
        let moments = RealPanel::new(simd, &part, Panel::Full).moments(0..rows);
        PatternSums::from_moments(&moments)
    }

    fn from_moments<T: Number>(moments: &Moments<T>) -> PatternSums {
        let items = moments.items;
        let (sums, products) = moments.sums.split_at(items);
        let weight = moments.weight;
        let mut scatter = vec![0.0; items * items];
        for i in 0..items {
            for j in i..items {
                let value = T::centred(weight, products[pair(items, i, j)], sums[i], sums[j]);
                scatter[i * items + j] = value;
                scatter[j * items + i] = value;
            }
        }
        PatternSums {
            weight: weight.real(),
            rows: moments.persons as usize,
            means: sums.iter().map(|sum| sum.real() / weight.real()).collect(),
            scatter,
        }
    }

    /// Of rows in these units, one after the other, under some weights; memory is kept.
    pub(super) fn fill(&mut self, values: &[f64], weights: &[f64], items: usize) {
        self.weight = weights.iter().sum();
        self.rows = weights.iter().filter(|&&weight| weight > 0.0).count();
        self.means.clear();
        self.means.resize(items, 0.0);
        self.scatter.clear();
        self.scatter.resize(items * items, 0.0);
        if self.rows == 0 {
            return;
        }
        for (row, &weight) in values.chunks_exact(items).zip(weights) {
            if weight > 0.0 {
                for (sum, x) in self.means.iter_mut().zip(row) {
                    *sum += weight * x;
                }
            }
        }
        self.means.iter_mut().for_each(|sum| *sum /= self.weight);
        if self.rows == 1 {
            return;
        }
        let mut centred = vec![0.0; items];
        for (row, &weight) in values.chunks_exact(items).zip(weights) {
            if weight > 0.0 {
                for ((c, x), mean) in centred.iter_mut().zip(row).zip(&self.means) {
                    *c = x - mean;
                }
                for (i, &left) in centred.iter().enumerate() {
                    let scaled = weight * left;
                    let sums = &mut self.scatter[i * items + i..(i + 1) * items];
                    for (sum, right) in sums.iter_mut().zip(&centred[i..]) {
                        *sum += scaled * right;
                    }
                }
            }
        }
        for i in 0..items {
            for j in 0..i {
                self.scatter[i * items + j] = self.scatter[j * items + i];
            }
        }
    }
}

impl Units {
    /// Those of the answers themselves.
    pub fn none(items: usize) -> Units {
        Units { origins: vec![0.0; items], lengths: vec![1.0; items] }
    }

    /// Of the items of all patterns.
    pub fn of(items: usize, patterns: &[Pattern], sums: &[PatternSums]) -> Units {
        let (mut weights, mut origins) = (vec![0.0; items], vec![0.0; items]);
        let mut squares = vec![0.0; items];
        for (pattern, own) in patterns.iter().zip(sums) {
            for (&item, mean) in pattern.observed.iter().zip(&own.means) {
                weights[item] += own.weight;
                origins[item] += own.weight * mean;
            }
        }
        origins.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum /= weight);
        for (pattern, own) in patterns.iter().zip(sums) {
            let count = pattern.observed.len();
            for (at, &item) in pattern.observed.iter().enumerate() {
                let deviation = own.means[at] - origins[item];
                squares[item] += own.scatter[at * count + at] + own.weight * deviation * deviation;
            }
        }
        let lengths = squares.iter().zip(&weights).map(|(s, weight)| (s / weight).sqrt()).collect();
        Units { origins, lengths }
    }

    /// The sums of a pattern in these units.
    pub fn standardise(&self, pattern: &Pattern, sums: &mut PatternSums) {
        let count = pattern.observed.len();
        for (at, &item) in pattern.observed.iter().enumerate() {
            sums.means[at] = (sums.means[at] - self.origins[item]) / self.lengths[item];
            for (other, &length) in pattern.observed.iter().map(|&j| &self.lengths[j]).enumerate() {
                sums.scatter[at * count + other] /= self.lengths[item] * length;
            }
        }
    }
}
