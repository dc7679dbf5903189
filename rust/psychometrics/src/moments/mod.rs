//! Moments: the number of persons, item sums and cross-products. Everything else is a function of them.

mod bytes;
mod count;
mod dispersion;
mod reals;

pub use bytes::BytePanel;
pub use count::{GroupMoments, group_moments, range_moments};
pub use dispersion::{Dispersion, Joint};
pub use reals::{RealPanel, RealSums};

use crate::error::{Result, invalid};

/// Which sums are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// Item sums, the sum of all squares, the sum of squared totals: enough for alpha.
    Small,
    /// Item sums and all cross-products of complete rows.
    Full,
    /// For each pair of items the number, sums, squares and cross-product of the rows that answered both.
    Pairwise,
}

impl Panel {
    /// Number of sums beside the number of persons. More items than a machine holds have as many sums as it counts.
    pub fn sums(self, items: usize) -> usize {
        // Four times their square must be a number.
        if items >= 1 << (usize::BITS / 2 - 2) {
            return usize::MAX;
        }
        let pairs = items * (items + 1) / 2;
        match self {
            Panel::Small => items + 2,
            Panel::Full => items + pairs,
            Panel::Pairwise => 2 * pairs + 2 * items * items,
        }
    }
}

/// The place of a pair `i <= j` among the pairs of items, row by row.
pub fn pair(items: usize, i: usize, j: usize) -> usize {
    i * (2 * items - i + 1) / 2 + (j - i)
}

/// Sums of one set of rows, under unit or other weights.
///
/// `sums` holds, by panel:
/// - small: item sums, then the sum of all squares, then the sum of squared totals;
/// - full: item sums, then cross-products of the [`pair`]s;
/// - pairwise: for the pairs the number of rows that answered both; for each item `i` and each `j` the sum of `i`
///   where `j` is answered; the same for squares of `i`; the cross-products of the pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments<T> {
    /// Which sums these are.
    pub panel: Panel,
    /// Number of items.
    pub items: usize,
    /// Number of persons.
    pub persons: i64,
    /// Sum of their weights; equal to the number of persons where each weighs one.
    pub weight: T,
    /// The sums.
    pub sums: Vec<T>,
}

/// A number that moments are made of.
pub trait Number: Copy + Default + Send + Sync + 'static {
    /// As a real.
    fn real(self) -> f64;
    /// The weighted sum of products about the mean: `product - left * right / weight`.
    fn centred(weight: Self, product: Self, left: Self, right: Self) -> f64;
    /// `product` less the sum of squares of `sums` over the weight.
    fn less_squares(weight: Self, product: Self, sums: &[Self]) -> f64;
    /// The sum of two.
    fn plus(self, other: Self) -> Self;
    /// The difference of two.
    fn minus(self, other: Self) -> Self;
}

impl Number for i64 {
    fn real(self) -> f64 {
        self as f64
    }
    fn centred(weight: i64, product: i64, left: i64, right: i64) -> f64 {
        // Exact in 128 bits: no digit is lost to cancellation.
        let wide = i128::from;
        let exact = wide(weight) * wide(product) - wide(left) * wide(right);
        // The narrow conversion is one instruction, the wide one a call.
        let real = i64::try_from(exact).map_or(exact as f64, |narrow| narrow as f64);
        real / weight as f64
    }
    fn less_squares(weight: i64, product: i64, sums: &[i64]) -> f64 {
        let wide = i128::from;
        let squares: i128 = sums.iter().map(|&sum| wide(sum) * wide(sum)).sum();
        (wide(weight) * wide(product) - squares) as f64 / weight as f64
    }
    fn plus(self, other: i64) -> i64 {
        self.wrapping_add(other)
    }
    fn minus(self, other: i64) -> i64 {
        self.wrapping_sub(other)
    }
}

/// A difference from `whole`, or zero where it is no more than rounding leaves of equal numbers.
fn without_rounding(difference: f64, whole: f64) -> f64 {
    if difference.abs() <= 1e-13 * whole.abs() { 0.0 } else { difference }
}

impl Number for f64 {
    fn real(self) -> f64 {
        self
    }
    fn centred(weight: f64, product: f64, left: f64, right: f64) -> f64 {
        without_rounding(product - left * right / weight, product)
    }
    fn less_squares(weight: f64, product: f64, sums: &[f64]) -> f64 {
        without_rounding(product - sums.iter().map(|s| s * s).sum::<f64>() / weight, product)
    }
    fn plus(self, other: f64) -> f64 {
        self + other
    }
    fn minus(self, other: f64) -> f64 {
        self - other
    }
}

impl<T: Number> Moments<T> {
    /// Moments of nobody.
    pub fn empty(panel: Panel, items: usize) -> Moments<T> {
        let sums = vec![T::default(); panel.sums(items)];
        Moments { panel, items, persons: 0, weight: T::default(), sums }
    }

    /// Adds the moments of other rows, which must be of the same panel and items.
    pub fn merge(&mut self, other: &Moments<T>) -> Result<()> {
        self.check(other)?;
        self.add(other);
        Ok(())
    }

    /// Takes the moments of some of the rows away.
    pub fn subtract(&mut self, other: &Moments<T>) -> Result<()> {
        self.check(other)?;
        self.persons -= other.persons;
        self.weight = self.weight.minus(other.weight);
        for (sum, &part) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.minus(part);
        }
        Ok(())
    }

    /// The moments of the same persons without one item; nothing for the small panel, whose sums are over all items.
    pub fn without(&self, item: usize) -> Option<Moments<T>> {
        let k = self.items;
        let in_pairs = (0..k).flat_map(|i| (i..k).map(move |j| (i, j)));
        let in_square = (0..k * k).map(|at| (at / k, at % k));
        let each = (0..k).map(|j| (j, j));
        let places: Vec<(usize, usize)> = match self.panel {
            Panel::Small => return None,
            Panel::Full => each.chain(in_pairs).collect(),
            Panel::Pairwise => {
                in_pairs.clone().chain(in_square.clone()).chain(in_square).chain(in_pairs).collect()
            }
        };
        let of_others = |&(_, &(i, j)): &(&T, &(usize, usize))| i != item && j != item;
        let sums = self.sums.iter().zip(&places).filter(of_others).map(|(&sum, _)| sum).collect();
        Some(Moments { items: k.saturating_sub(1), sums, ..*self })
    }

    fn check(&self, other: &Moments<T>) -> Result<()> {
        if (self.panel, self.items) != (other.panel, other.items) {
            return invalid("moments of other items or of another panel cannot be combined");
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, other: &Moments<T>) {
        self.persons += other.persons;
        self.weight = self.weight.plus(other.weight);
        for (sum, &part) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.plus(part);
        }
    }
}
