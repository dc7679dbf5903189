//! Guttman errors: harder item steps passed while easier ones were failed.
//!
//! An item with answers 0..m has m steps; step c is passed by an answer of at least c. Steps are ordered by how many of
//! those who answered the item passed them. A person's errors are the pairs of an easier step failed and a harder one
//! passed (Molenaar 1991), among the items answered.

use super::tile::{LANES, Lanes, Tile};
use crate::responses::MISSING;

/// A step: its item and the answer it takes.
type Step = (usize, u8);

/// The steps of all items, from the most to the least popular.
#[derive(Debug, Clone)]
pub struct Steps {
    order: Vec<Step>,
    highest: u8,
    items: usize,
    /// The most errors there can be, by number of steps passed, where every item is answered.
    most: Vec<u64>,
}

impl Steps {
    /// Orders the steps by popularity.
    ///
    /// `counts` holds for each item how many gave each keyed answer. Equally popular steps stay in the order of items:
    /// a tie must not depend on the machine. Items that nobody answered have no steps.
    pub fn new(counts: &[Vec<u64>], highest: u8) -> Steps {
        let mut steps: Vec<(u64, u64, Step)> = Vec::new();
        let mut items = 0;
        for (item, counts) in counts.iter().enumerate() {
            let all: u64 = counts.iter().sum();
            items += usize::from(all > 0);
            let mut passed = all;
            for answer in 1..=usize::from(highest) {
                passed -= counts[answer - 1];
                if all > 0 {
                    steps.push((passed, all, (item, answer as u8)));
                }
            }
        }
        // Shares are compared as fractions, exactly.
        steps.sort_by(|(p, n, step), (q, m, other)| {
            let (left, right) = (u128::from(*q) * u128::from(*n), u128::from(*p) * u128::from(*m));
            left.cmp(&right).then(step.cmp(other))
        });
        let order: Vec<Step> = steps.into_iter().map(|(_, _, step)| step).collect();
        let mut steps = Steps { order, highest, items, most: Vec::new() };
        let full = vec![0; counts.len()];
        steps.most =
            (0..=steps.order.len() as u32).map(|passed| steps.most(&full, passed)).collect();
        steps
    }

    /// Number of errors, and that number over the most that the person's total allows; NaN where none is possible.
    pub fn errors(&self, tile: &Tile) -> (Lanes<f64>, Lanes<f64>) {
        let mut errors = [0_u32; LANES];
        let mut failed = [0_u32; LANES];
        let mut passed = [0_u32; LANES];
        for &(item, step) in &self.order {
            for (lane, &answer) in tile.keyed[item].iter().enumerate() {
                // A missing answer, 255, becomes 0 and has passed nothing; as it is, it has failed nothing.
                let passes = answer.wrapping_add(1) > step;
                errors[lane] += if passes { failed[lane] } else { 0 };
                passed[lane] += u32::from(passes);
                failed[lane] += u32::from(answer < step);
            }
        }
        let mut answers = vec![0; tile.keyed.len()];
        let mut normed = [f64::NAN; LANES];
        for lane in 0..LANES {
            let most = if tile.answered[lane] as usize == self.items {
                self.most[passed[lane] as usize]
            } else {
                for (answer, given) in answers.iter_mut().zip(&tile.keyed) {
                    *answer = given[lane];
                }
                self.most(&answers, passed[lane])
            };
            if most > 0 {
                normed[lane] = f64::from(errors[lane]) / most as f64;
            }
        }
        let errors = std::array::from_fn(|lane| {
            if tile.answered[lane] == 0 { f64::NAN } else { f64::from(errors[lane]) }
        });
        (errors, normed)
    }

    /// The most errors that answers to the same items with the same number of steps passed can make.
    ///
    /// The errors are the sum of the ranks of the steps passed, less what r passed steps have among themselves. Ranks
    /// grow within an item, so the sum is largest where all but one item have passed all steps or none.
    fn most(&self, answers: &[u8], passed: u32) -> u64 {
        let m = usize::from(self.highest);
        let (whole, part) = (passed as usize / m, passed as usize % m);
        let mut ranks = vec![0_u64; answers.len()];
        let mut first_ranks = vec![0_u64; answers.len()];
        let mut rank = 0;
        for &(item, step) in &self.order {
            if answers[item] != MISSING {
                ranks[item] += rank;
                if usize::from(step) <= part {
                    first_ranks[item] += rank;
                }
                rank += 1;
            }
        }
        let mut items: Vec<(u64, u64)> = (0..answers.len())
            .filter(|&item| ranks[item] > 0)
            .map(|item| (ranks[item], first_ranks[item]))
            .collect();
        items.sort_unstable_by(|left, right| right.cmp(left));
        let top: u64 = items[..whole.min(items.len())].iter().map(|(all, _)| all).sum();
        let next = items.get(whole).map_or(0, |(all, _)| *all);
        let among = u64::from(passed) * u64::from(passed.saturating_sub(1)) / 2;
        if part == 0 {
            return top - among;
        }
        let with = |place: usize, (all, first): (u64, u64)| {
            if place < whole { top - all + next + first } else { top + first }
        };
        let best = items.iter().enumerate().map(|(place, &item)| with(place, item)).max();
        best.unwrap_or(0) - among
    }
}
