//! Exchanges of two items between the halves of a scale, until none helps.

use super::split::{STARTS, Search};
use crate::simd::{
    Exchange, LANES, RoundKeys, Simd, best_exchange, exchange_pulls, philox4x32, sum_of_rows,
};

/// Random splits to start from: the same ones for the same number of items, drawn once.
#[derive(Debug, Clone, Default)]
pub(super) struct Starts {
    items: usize,
    /// One for items of the first half, minus one for those of the second, zero beyond; start after start.
    sides: Vec<f64>,
}

impl Starts {
    /// The sides of the items in each split of so many items.
    pub fn of(&mut self, items: usize) -> impl Iterator<Item = &[f64]> {
        let width = items.next_multiple_of(LANES);
        if self.items != items {
            let keys = RoundKeys::new([items as u32, 0]);
            self.items = items;
            self.sides.clear();
            self.sides.resize(STARTS * width, 0.0);
            for (start, sides) in self.sides.chunks_exact_mut(width).enumerate() {
                random_split(&keys, start as u32, &mut sides[..items]);
            }
        }
        self.sides.chunks_exact(width)
    }
}

/// A random split (Fisher & Yates).
fn random_split(keys: &RoundKeys, start: u32, sides: &mut [f64]) {
    let items = sides.len();
    let mut order: Vec<usize> = (0..items).collect();
    sides.fill(-1.0);
    for place in 0..items / 2 {
        let [word, ..] = philox4x32([place as u32, start, 0, 0], keys);
        order.swap(place, place + word as usize % (items - place));
        sides[order[place]] = 1.0;
    }
}

/// A split, and what is known of the exchanges from it. What is beyond the items is zero.
pub(super) struct Exchanges {
    simd: Simd,
    items: usize,
    /// Rows of the covariances, each as long as a multiple of what is taken at once.
    rows: Vec<f64>,
    width: usize,
    /// The sum of all covariances.
    sum: f64,
    /// One for items of the first half, minus one for those of the second.
    sides: Vec<f64>,
    /// The items of the second half, in no order.
    others: Vec<usize>,
    /// What each item would add by going over, had it no partner.
    pull: Vec<f64>,
}

impl Exchanges {
    pub fn new(search: &Search) -> Exchanges {
        let (items, width) = (search.items, search.items.next_multiple_of(LANES));
        let mut rows = vec![0.0; items * width];
        for (item, row) in rows.chunks_exact_mut(width).enumerate() {
            row[..items].copy_from_slice(search.row(item));
        }
        let sum = rows.iter().sum();
        let (sides, pull) = (vec![0.0; width], vec![0.0; width]);
        Exchanges { simd: search.simd, items, rows, width, sum, sides, others: Vec::new(), pull }
    }

    /// Starts anew from a split.
    pub fn begin(&mut self, sides: &[f64]) {
        self.sides.copy_from_slice(sides);
        self.others.clear();
        self.others.extend((0..self.items).filter(|&item| sides[item] < 0.0));
        sum_of_rows(self.simd, &self.rows, &self.sides, 0..self.width, &mut self.pull);
        self.pull.iter_mut().zip(&self.sides).for_each(|(pull, side)| *pull *= side);
    }

    /// The side of each item: positive in the first half.
    pub fn sides(&self) -> &[f64] {
        &self.sides[..self.items]
    }

    /// The covariance of the halves.
    pub fn between(&self) -> f64 {
        // Pulls are covariances within halves less those between them.
        0.25 * (self.sum - self.pull.iter().sum::<f64>())
    }

    /// Exchanges two items as long as that gains more than `least`; what the best exchange would add in the end.
    ///
    /// The gain is that of Kernighan & Lin (1970).
    pub fn improve(&mut self, least: f64) -> f64 {
        loop {
            let mut best = Exchange { gain: f64::NEG_INFINITY, first: 0, second: 0 };
            let Exchanges { rows, sides, others, pull, .. } = self;
            best_exchange(self.simd, rows, sides, others, pull, &mut best);
            // Numbers that are none gain nothing either.
            if best.gain > least {
                self.exchange(best);
                continue;
            }
            // Of an even number, the last item belongs to the second half: a split has one name.
            if self.items.is_multiple_of(2) && self.sides[self.items - 1] > 0.0 {
                self.sides.iter_mut().for_each(|side| *side = -*side);
            }
            return best.gain;
        }
    }

    fn exchange(&mut self, Exchange { first, second, .. }: Exchange) {
        let Exchanges { rows, width, sides, others, pull, .. } = self;
        sides.swap(first, second);
        others.iter_mut().filter(|item| **item == second).for_each(|item| *item = first);
        pull[first] = -pull[first];
        pull[second] = -pull[second];
        let row = |item: usize| &rows[item * *width..][..*width];
        exchange_pulls(self.simd, row(first), row(second), sides, pull);
    }
}
