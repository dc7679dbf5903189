//! The split of a scale into halves that covary most.
//!
//! Halves have as many items as each other, or one more. Up to [`EXACT_ITEMS`] items every split is looked at; with
//! more, [`STARTS`] random splits are improved by exchanges of two items until none helps.

use super::exchanges::{Exchanges, Starts};
use crate::simd::Simd;

/// Up to so many items every split is looked at: 92,378 of 20 items.
pub const EXACT_ITEMS: usize = 20;
/// With more items, so many random splits are improved.
pub const STARTS: usize = 100;

/// Splits whose covariances differ by less than this share of all covariances are tied.
const TIE: f64 = 1e-12;

/// A split of items into halves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Split {
    /// The covariance of the halves.
    pub covariance: f64,
    /// Whether each item is in the first half, which is never the larger one.
    pub first_half: Vec<bool>,
    /// Whether no other split that was looked at is as good.
    pub unique: bool,
}

/// The split with the largest covariance of the halves, or the smallest.
pub fn extreme_split(simd: Simd, matrix: &[f64], items: usize, largest: bool) -> Split {
    extreme_split_from(&mut Starts::default(), simd, matrix, items, largest)
}

/// The same where the random splits may have been drawn before.
pub(super) fn extreme_split_from(
    starts: &mut Starts,
    simd: Simd,
    matrix: &[f64],
    items: usize,
    largest: bool,
) -> Split {
    let search = Search::new(simd, matrix, items, largest);
    let best = if items <= EXACT_ITEMS { search.all_splits() } else { search.exchanges(starts) };
    let covariance = search.between(&best.first_half);
    Split {
        covariance: if largest { covariance } else { -covariance },
        unique: best.value - best.runner_up > TIE * search.size,
        first_half: best.first_half,
    }
}

/// The best split so far, and how good the second best is.
struct Best {
    value: f64,
    runner_up: f64,
    first_half: Vec<bool>,
}

pub(super) struct Search {
    pub simd: Simd,
    pub items: usize,
    half: usize,
    /// Covariances, or what is to be as small as can be with the other sign; the diagonal is zero.
    cross: Vec<f64>,
    /// The sum of their absolute values.
    size: f64,
}

impl Search {
    fn new(simd: Simd, matrix: &[f64], items: usize, largest: bool) -> Search {
        let mut cross: Vec<f64> = matrix.iter().map(|&c| if largest { c } else { -c }).collect();
        cross.iter_mut().step_by(items + 1).for_each(|c| *c = 0.0);
        let size = cross.iter().map(|c| c.abs()).sum();
        Search { simd, items, half: items / 2, cross, size }
    }

    pub fn row(&self, item: usize) -> &[f64] {
        &self.cross[item * self.items..(item + 1) * self.items]
    }

    /// The covariance of a half with the other.
    fn between(&self, first_half: &[bool]) -> f64 {
        let inside = (0..self.items).filter(|&i| first_half[i]);
        let with_other = |i: usize| -> f64 {
            self.row(i).iter().zip(first_half).filter(|(_, first)| !**first).map(|(c, _)| c).sum()
        };
        inside.map(with_other).sum()
    }

    /// The best of all splits.
    ///
    /// A first half is a part of the earlier items and a part of the later ones. What the parts contribute by
    /// themselves is computed once, so that a split costs two additions.
    fn all_splits(&self) -> Best {
        // Of an even number, the last item is always in the second half: each split comes once.
        let free = self.items - usize::from(self.items.is_multiple_of(2));
        let early = free / 2;
        let late = free - early;
        let early_alone = self.parts(0, early);
        let late_alone = self.parts(early, late);
        let mut of_size = vec![Vec::new(); late + 1];
        (0..1_usize << late).for_each(|part| of_size[part.count_ones() as usize].push(part));
        let mut together = vec![0.0; 1 << late];
        let (mut value, mut runner_up, mut found) = (f64::NEG_INFINITY, f64::NEG_INFINITY, (0, 0));
        for (part, &alone) in early_alone.iter().enumerate() {
            let Some(others) =
                self.half.checked_sub(part.count_ones() as usize).and_then(|n| of_size.get(n))
            else {
                continue;
            };
            together[0] = alone;
            for j in 0..late {
                // What two items in one half have in common is no longer between halves.
                let row = self.row(early + j);
                let common: f64 = (0..early).filter(|i| part >> i & 1 == 1).map(|i| row[i]).sum();
                let (known, next) = together.split_at_mut(1 << j);
                next.iter_mut().zip(known).for_each(|(next, known)| *next = *known - 2.0 * common);
            }
            for &other in others {
                let sum = together[other] + late_alone[other];
                if sum > value {
                    (runner_up, value, found) = (value, sum, (part, other));
                } else if sum > runner_up {
                    runner_up = sum;
                }
            }
        }
        let (part, other) = found;
        let members = part | other << early;
        let first_half = (0..self.items).map(|i| members >> i & 1 == 1).collect();
        Best { value, runner_up, first_half }
    }

    /// What each part of some items covaries with all the others, at the bits of its items.
    fn parts(&self, first: usize, count: usize) -> Vec<f64> {
        let mut sums = vec![0.0; 1 << count];
        for part in 1..sums.len() {
            let top = part.ilog2() as usize;
            let rest = part ^ (1 << top);
            let row = self.row(first + top);
            let within: f64 = (0..top).filter(|i| rest >> i & 1 == 1).map(|i| row[first + i]).sum();
            sums[part] = sums[rest] + row.iter().sum::<f64>() - 2.0 * within;
        }
        sums
    }

    /// The best split that exchanges reach from random ones: the same ones for the same number of items.
    fn exchanges(&self, starts: &mut Starts) -> Best {
        let mut exchanges = Exchanges::new(self);
        let (mut value, mut runner_up) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        let mut found = Vec::new();
        for start in starts.of(self.items) {
            exchanges.begin(start);
            let nearest = exchanges.improve(TIE * self.size);
            let own = exchanges.between();
            runner_up = runner_up.max(own + nearest);
            if exchanges.sides() == found {
                continue;
            }
            if own > value {
                (runner_up, value) = (runner_up.max(value), own);
                found.clear();
                found.extend_from_slice(exchanges.sides());
            } else {
                runner_up = runner_up.max(own);
            }
        }
        let first_half = found.iter().map(|&side| side > 0.0).collect();
        Best { value, runner_up, first_half }
    }
}
