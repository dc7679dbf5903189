//! Exact multinomial counts, block by block: how often each unit of a stratum is drawn.

use super::BLOCK;
use super::binomial::binomial;
use super::poisson::Table;
use super::stream::{Purpose, Stream};
use crate::error::{Result, invalid};
use crate::simd::{COUNTS, LARGEST_WEIGHT, Simd, largest_byte, sum_small_bytes};

/// Draws of as many units as a stratum has, with replacement.
///
/// The draws are first divided over the blocks of units by a fixed binary tree of binomial draws (Sanders et al.
/// 2018), so that any worker knows a block's share from the number of units alone. Inside a block, counts are drawn
/// as independent Poisson counts whose mean is a little low, again if their sum exceeds the share, and completed by
/// single draws. Given their sum, Poisson counts are multinomial, so this is the ordinary bootstrap.
#[derive(Debug, Clone, Copy)]
pub struct Multinomial {
    /// The instruction set.
    pub simd: Simd,
    /// The random stream of the replicate in the stratum.
    pub stream: Stream,
}

impl Multinomial {
    /// How many of `units` draws fall into each block.
    pub fn block_shares(&self, units: usize, shares: &mut Vec<u32>) {
        shares.clear();
        if units > 0 {
            self.divide(1, units as u64, units as u64, shares);
        }
    }

    /// One node of the tree: `draws` over `units`, halved at a whole number of blocks.
    fn divide(&self, node: u32, units: u64, draws: u64, shares: &mut Vec<u32>) {
        let blocks = units.div_ceil(BLOCK as u64);
        if blocks == 1 {
            shares.push(draws as u32);
            return;
        }
        let left = blocks.div_ceil(2) * BLOCK as u64;
        let drawn = binomial(draws, left as f64 / units as f64, |index| {
            self.stream.words(Purpose::Division, 0, node, index)
        });
        self.divide(2 * node, left, drawn, shares);
        self.divide(2 * node + 1, units - left, draws - drawn, shares);
    }

    /// The counts of a block's `units`, given the block's share of the draws; returns the largest count.
    ///
    /// `counts` is a multiple of [`COUNTS`] long; what lies beyond the units becomes zero. A draw in which a unit
    /// comes more than [`LARGEST_WEIGHT`] times is drawn again: its probability is below 10⁻⁸⁰.
    pub fn block_counts(
        &self,
        block: u32,
        share: u32,
        units: usize,
        counts: &mut [u8],
    ) -> Result<u8> {
        if share == 0 {
            counts.fill(0);
            return Ok(0);
        }
        // About one standard deviation low: one draw in seven is thrown away, and few units are left to complete.
        let share_f = f64::from(share);
        let table = Table::at_most((share_f - share_f.sqrt()) / units as f64);
        for attempt in 0..256 {
            self.poisson_counts(table, block, attempt, units, counts);
            let mut sum = 0;
            sum_small_bytes(self.simd, counts, &mut sum);
            if sum > share {
                continue;
            }
            self.complete(block, attempt, share - sum, &mut counts[..units]);
            let mut largest = 0;
            largest_byte(self.simd, counts, &mut largest);
            if largest <= LARGEST_WEIGHT {
                return Ok(largest);
            }
        }
        invalid(format!("{units} units of block {block} drew no {share}"))
    }

    /// Independent Poisson counts.
    fn poisson_counts(
        &self,
        table: &Table,
        block: u32,
        attempt: u32,
        units: usize,
        counts: &mut [u8],
    ) {
        let mut open = [0; BLOCK / COUNTS];
        let open = &mut open[..counts.len() / COUNTS];
        self.stream.poisson_counts(self.simd, attempt, block, table.limits, counts, open);
        counts[units..].fill(0);
        if let Some(last) = open.last_mut()
            && !units.is_multiple_of(COUNTS)
        {
            *last &= (1 << (units % COUNTS)) - 1;
        }
        let mut positions = [0; BLOCK + 2];
        let found = set_bits(open, &mut positions);
        for (chunk, positions) in positions[..found].chunks(32).enumerate() {
            let words = self.stream.chunk(self.simd, Purpose::Refinement, attempt, block, chunk);
            let (high, low) = words.split_at(32);
            for ((&position, &high), &low) in positions.iter().zip(high).zip(low) {
                let bits = u64::from(high) << 32 | u64::from(low);
                counts[usize::from(position)] = table.refined(bits);
            }
        }
    }

    /// Adds `draws` single draws.
    fn complete(&self, block: u32, attempt: u32, draws: u32, counts: &mut [u8]) {
        let units = counts.len() as u32;
        // Lemire's multiplication with rejection, on 16-bit numbers.
        let rejected = (1 << 16) % units;
        let mut left = draws;
        let mut chunk = 0;
        while left > 0 {
            let words = self.stream.chunk(self.simd, Purpose::Completion, attempt, block, chunk);
            chunk += 1;
            for at in 0..2 * words.len() {
                if left == 0 {
                    break;
                }
                let number = words[at / 2] >> (16 * (at % 2)) & 0xFFFF;
                let product = number * units;
                if product & 0xFFFF >= rejected {
                    let count = &mut counts[(product >> 16) as usize];
                    *count = count.saturating_add(1);
                    left -= 1;
                }
            }
        }
    }
}

/// Writes the positions of the set bits; returns their number. `positions` has room for two more than there are bits.
fn set_bits(words: &[u64], positions: &mut [u16]) -> usize {
    let mut found = 0;
    for (word, &bits) in words.iter().enumerate() {
        let first = (COUNTS * word) as u16;
        let mut bits = bits;
        // Few words have more than two bits, so this is done twice without asking: no branch to mispredict.
        for _ in 0..2 {
            positions[found] = first + bits.trailing_zeros() as u16;
            found += usize::from(bits != 0);
            bits &= bits.wrapping_sub(1);
        }
        while bits != 0 {
            positions[found] = first + bits.trailing_zeros() as u16;
            found += 1;
            bits &= bits - 1;
        }
    }
    found
}
