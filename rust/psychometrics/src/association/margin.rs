//! One item's answers in a table of two.

use super::polychoric::thresholds_of;

/// An item's part of a table: how many persons chose each category, and what follows from it.
#[derive(Debug, Clone, Default)]
pub(super) struct Margin {
    pub counts: Vec<f64>,
    /// Between each category and the next.
    pub thresholds: Vec<f64>,
    /// The first category that somebody chose; the thresholds are those above it.
    pub lowest: usize,
    /// The finite thresholds.
    pub finite: Vec<f64>,
    /// The share of persons below each threshold.
    pub shares: Vec<f64>,
    /// The share of persons in each category.
    pub parts: Vec<f64>,
}

impl Margin {
    pub fn of(counts: Vec<f64>) -> Margin {
        let thresholds = thresholds_of(&counts);
        let persons: f64 = counts.iter().sum();
        let parts = counts.iter().map(|count| count / persons).collect();
        let mut margin = Margin { parts, ..Margin::default() };
        let mut below = 0.0;
        for (category, (count, &t)) in counts.iter().zip(&thresholds).enumerate() {
            below += count;
            if t.is_finite() {
                margin.finite.push(t);
                margin.shares.push(below / persons);
            } else if t == f64::NEG_INFINITY {
                margin.lowest = category + 1;
            }
        }
        Margin { counts, thresholds, ..margin }
    }

    /// What the thresholds add to the score of a person in each category, from what each does over its density.
    pub fn by_category(&self, slopes: &[f64], sums: &mut Vec<f64>) {
        let all: f64 = slopes.iter().zip(&self.shares).map(|(slope, share)| slope * share).sum();
        sums.clear();
        sums.resize(self.counts.len(), -all);
        let mut above = 0.0;
        for (at, slope) in slopes.iter().enumerate().rev() {
            above += slope;
            sums[self.lowest + at] += above;
        }
    }
}
