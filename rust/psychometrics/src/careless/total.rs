//! Person-total correlation: does a person answer high where others do?

use super::correlation::correlation;
use super::tile::{LANES, Lanes};
use crate::responses::MISSING;

/// Number and sum of the answers to each item, of all persons.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Number of answers.
    pub counts: Vec<i64>,
    /// Their sum.
    pub sums: Vec<i64>,
}

impl Totals {
    /// The correlation of a person's answers, as given, with the means of all other persons.
    ///
    /// NaN where fewer than three items are answered by the person and somebody else, or one side does not vary.
    pub fn correlation(&self, raw: &[Lanes<u8>]) -> Lanes<f64> {
        let mut own = Vec::with_capacity(raw.len());
        let mut others = Vec::with_capacity(raw.len());
        let mut found = [f64::NAN; LANES];
        for (lane, found) in found.iter_mut().enumerate() {
            own.clear();
            others.clear();
            for (item, answers) in raw.iter().enumerate() {
                let (answer, rest) = (answers[lane], self.counts[item] - 1);
                if answer != MISSING && rest > 0 {
                    own.push(f64::from(answer));
                    others.push((self.sums[item] - i64::from(answer)) as f64 / rest as f64);
                }
            }
            *found = correlation(&own, &others);
        }
        found
    }
}
