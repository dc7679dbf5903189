//! Exchanges of two items between the halves of a scale, until none helps.

use super::split::Search;
use crate::simd::{LANES, Simd, best_sums, signed_sums};

/// A split, and what is known of the exchanges from it. What is beyond the items is zero.
pub(super) struct Exchanges {
    simd: Simd,
    items: usize,
    /// Rows of the covariances, each as long as a multiple of what is taken at once.
    rows: Vec<f64>,
    width: usize,
    /// One for items of the first half, minus one for those of the second.
    sides: Vec<f64>,
    /// What each item would add by going over, had it no partner.
    pull: Vec<f64>,
    partners: Vec<f64>,
    best: Vec<f64>,
}

impl Exchanges {
    pub fn new(search: &Search) -> Exchanges {
        let (items, width) = (search.items, search.items.next_multiple_of(LANES));
        let mut rows = vec![0.0; items * width];
        for (item, row) in rows.chunks_exact_mut(width).enumerate() {
            row[..items].copy_from_slice(search.row(item));
        }
        let empty = || vec![0.0; width];
        Exchanges {
            simd: search.simd,
            items,
            rows,
            width,
            sides: empty(),
            pull: empty(),
            partners: empty(),
            best: empty(),
        }
    }

    fn row(&self, item: usize) -> &[f64] {
        &self.rows[item * self.width..(item + 1) * self.width]
    }

    /// Starts anew from a split.
    pub fn begin(&mut self, first_half: &[bool]) {
        for (side, &first) in self.sides.iter_mut().zip(first_half) {
            *side = if first { 1.0 } else { -1.0 };
        }
        signed_sums(self.simd, &self.rows, &self.sides, &mut self.pull);
        self.pull.iter_mut().zip(&self.sides).for_each(|(pull, side)| *pull *= side);
    }

    /// Whether each item is in the first half.
    pub fn first_half(&self) -> Vec<bool> {
        self.sides[..self.items].iter().map(|&side| side > 0.0).collect()
    }

    /// The covariance of the halves.
    pub fn between(&mut self) -> f64 {
        for (partner, side) in self.partners.iter_mut().zip(&self.sides) {
            *partner = if *side < 0.0 { 1.0 } else { 0.0 };
        }
        signed_sums(self.simd, &self.rows, &self.partners, &mut self.best);
        let inside = self.best.iter().zip(&self.sides).filter(|(_, side)| **side > 0.0);
        inside.map(|(sum, _)| sum).sum()
    }

    /// Exchanges two items as long as that gains more than `least`; what the best exchange would add in the end.
    ///
    /// The gain is that of Kernighan & Lin (1970).
    pub fn improve(&mut self, least: f64) -> f64 {
        loop {
            // Items of the first half are no partners: written so that the loop over partners has no branches.
            for ((partner, pull), side) in self.partners.iter_mut().zip(&self.pull).zip(&self.sides)
            {
                *partner = if *side < 0.0 { 0.5 * pull } else { f64::NEG_INFINITY };
            }
            best_sums(self.simd, &self.rows, &self.partners, &mut self.best);
            let (mut gain, mut i) = (f64::NEG_INFINITY, 0);
            for item in (0..self.items).filter(|&item| self.sides[item] > 0.0) {
                let sum = self.pull[item] + 2.0 * self.best[item];
                if sum > gain {
                    (gain, i) = (sum, item);
                }
            }
            let most = self.best[i];
            let sums = self.row(i).iter().zip(&self.partners).map(|(c, partner)| c + partner);
            // Numbers that are none have no best partner either.
            let j = sums.enumerate().filter(|&(_, sum)| sum == most).map(|(j, _)| j).next_back();
            match j {
                Some(j) if gain > least => self.exchange(i, j),
                _ => {
                    // Of an even number, the last item belongs to the second half: a split has one name.
                    if self.items.is_multiple_of(2) && self.sides[self.items - 1] > 0.0 {
                        self.sides.iter_mut().for_each(|side| *side = -*side);
                    }
                    return gain;
                }
            }
        }
    }

    /// Item `i` leaves the first half, `j` the second.
    fn exchange(&mut self, i: usize, j: usize) {
        self.sides.swap(i, j);
        let Exchanges { rows, width, sides, pull, partners, .. } = self;
        let (row_i, row_j) = (&rows[i * *width..][..*width], &rows[j * *width..][..*width]);
        for ((change, a), b) in partners.iter_mut().zip(row_i).zip(row_j) {
            *change = b - a;
        }
        for ((pull, change), side) in pull.iter_mut().zip(&*partners).zip(&*sides) {
            *pull += 2.0 * side * change;
        }
        for (item, row) in [(i, row_i), (j, row_j)] {
            let sum: f64 = row.iter().zip(&*sides).map(|(c, side)| c * side).sum();
            pull[item] = sides[item] * sum;
        }
    }
}
