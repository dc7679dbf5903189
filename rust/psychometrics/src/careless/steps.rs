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
    highest: u32,
    /// The items that somebody answered.
    items: Vec<usize>,
    /// For each item the sums of the ranks of its first 0, 1, 2, ... steps.
    ranks: Vec<Vec<u32>>,
    /// For each item and each of its steps how many of every item's are no harder.
    easier: Vec<Vec<Vec<u32>>>,
    /// The most errors there can be, by number of steps passed, where every item is answered.
    most: Vec<u64>,
}

/// Memory for [`Steps::most`].
type Room = Vec<(u32, u32)>;

impl Steps {
    /// Orders the steps by popularity.
    ///
    /// `counts` holds for each item how many gave each keyed answer. Equally popular steps stay in the order of items:
    /// a tie must not depend on the machine. Items that nobody answered have no steps.
    pub fn new(counts: &[Vec<u64>], highest: u8) -> Steps {
        let order = ordered(counts, highest);
        let mut ranks = vec![vec![0]; counts.len()];
        let mut easier = vec![Vec::new(); counts.len()];
        let mut passed = vec![0; counts.len()];
        for (rank, &(item, _)) in (0..).zip(&order) {
            let sum = ranks[item].last().map_or(rank, |sum| sum + rank);
            ranks[item].push(sum);
            passed[item] += 1;
            easier[item].push(passed.clone());
        }
        let items = (0..counts.len()).filter(|&item| passed[item] > 0).collect();
        let highest = u32::from(highest);
        let mut steps = Steps { order, highest, items, ranks, easier, most: Vec::new() };
        let room = &mut Room::new();
        let totals = 0..=steps.order.len() as u32;
        steps.most = totals.map(|passed| steps.most(|_| true, passed, room)).collect();
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
        let room = &mut Room::new();
        let mut normed = [f64::NAN; LANES];
        for lane in 0..LANES {
            let most = if tile.answered[lane] as usize == self.items.len() {
                self.most[passed[lane] as usize]
            } else {
                self.most(|item| tile.raw[item][lane] != MISSING, passed[lane], room)
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

    /// The most errors that answers to these items with so many steps passed can make.
    ///
    /// The errors are the sum of the ranks of the steps passed, less what r passed steps have among themselves. Ranks
    /// grow within an item, so the sum is largest where all but one item have passed all steps or none.
    fn most(&self, answered: impl Fn(usize) -> bool, passed: u32, room: &mut Room) -> u64 {
        let (whole, part) = ((passed / self.highest) as usize, passed % self.highest);
        let sums = |&item: &usize| {
            let ranks = &self.ranks[item];
            (ranks[self.highest as usize], ranks[part as usize])
        };
        room.clear();
        room.extend(self.items.iter().map(sums));
        // The steps of items that were not answered take no ranks: those behind them move up.
        for &item in self.items.iter().filter(|&&item| !answered(item)) {
            for easier in &self.easier[item] {
                for ((all, first), &item) in room.iter_mut().zip(&self.items) {
                    *all -= self.highest - easier[item];
                    *first -= part.saturating_sub(easier[item]);
                }
            }
        }
        let mut items = self.items.iter();
        room.retain(|_| items.next().is_some_and(|&item| answered(item)));
        if whole >= room.len() {
            return 0;
        }
        room.select_nth_unstable_by(whole, |left, right| right.cmp(left));
        let top: u64 = room[..whole].iter().map(|&(all, _)| u64::from(all)).sum();
        let next = u64::from(room[whole].0);
        let with = |(place, &(all, first)): (usize, &(u32, u32))| {
            let (all, first) = (u64::from(all), u64::from(first));
            if place < whole { top - all + next + first } else { top + first }
        };
        let best = if part == 0 { Some(top) } else { room.iter().enumerate().map(with).max() };
        let among = u64::from(passed) * u64::from(passed.saturating_sub(1)) / 2;
        best.unwrap_or(0) - among
    }
}

/// The steps by popularity, compared exactly, as fractions.
fn ordered(counts: &[Vec<u64>], highest: u8) -> Vec<Step> {
    let mut steps: Vec<(u128, u128, Step)> = Vec::new();
    for (item, counts) in counts.iter().enumerate() {
        let all: u64 = counts.iter().sum();
        let mut passed = all;
        for answer in 1..=highest {
            passed -= counts[usize::from(answer) - 1];
            if all > 0 {
                steps.push((u128::from(passed), u128::from(all), (item, answer)));
            }
        }
    }
    steps.sort_by(|(passed, all, step), (other_passed, other_all, other)| {
        (other_passed * all).cmp(&(passed * other_all)).then(step.cmp(other))
    });
    steps.into_iter().map(|(_, _, step)| step).collect()
}
