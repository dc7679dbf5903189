//! Exact multinomial counts, block by block: how often each unit of a stratum is drawn.

use super::BLOCK;
use super::binomial::binomial;
use super::poisson::Table;
use super::stream::{Purpose, Stream};
use crate::error::{Result, invalid};
use crate::simd::{COUNTS, LIMITS, Simd, scale_halves, sum_small_bytes};

/// Words of marks that are looked through at once.
const OPEN_WORDS: usize = 32;

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

/// Memory that the counts of one block after the other use again.
#[derive(Debug, Clone)]
pub struct Scratch {
    open: [u64; BLOCK / COUNTS],
    positions: [u16; COUNTS * OPEN_WORDS + 2],
    words: [u32; 64],
    places: [u16; 128],
    fractions: [u16; 128],
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch {
            open: [0; BLOCK / COUNTS],
            positions: [0; COUNTS * OPEN_WORDS + 2],
            words: [0; 64],
            places: [0; 128],
            fractions: [0; 128],
        }
    }
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

    /// The counts of a block's `units`, given the block's share of the draws.
    ///
    /// `counts` is a multiple of [`COUNTS`] long; what lies beyond the units becomes zero.
    pub fn block_counts(
        &self,
        block: u32,
        share: u32,
        units: usize,
        counts: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        if share == 0 {
            counts.fill(0);
            return Ok(());
        }
        // A little low: one draw in ten or so is thrown away, and few units are left to complete.
        let share_f = f64::from(share);
        let table = Table::at_most((share_f - 1.2 * share_f.sqrt()) / units as f64);
        for attempt in 0..256 {
            let sum = self.poisson_counts(table, block, attempt, units, counts, scratch);
            if sum <= share {
                self.complete(block, attempt, share - sum, &mut counts[..units], scratch);
                return Ok(());
            }
        }
        invalid(format!("{units} units of block {block} drew no {share}"))
    }

    /// Independent Poisson counts; returns their sum.
    fn poisson_counts(
        &self,
        table: &Table,
        block: u32,
        attempt: u32,
        units: usize,
        counts: &mut [u8],
        scratch: &mut Scratch,
    ) -> u32 {
        let Scratch { open, positions, words, .. } = scratch;
        let open = &mut open[..counts.len() / COUNTS];
        self.stream.poisson_counts(self.simd, attempt, block, table.limits, counts, open);
        counts[units..].fill(0);
        if let Some(last) = open.last_mut()
            && !units.is_multiple_of(COUNTS)
        {
            *last &= (1 << (units % COUNTS)) - 1;
        }
        // Summed before single bytes are written: a wide load just after those would have to wait for them.
        let mut sum = 0;
        sum_small_bytes(self.simd, counts, &mut sum);
        let mut chunk = 0;
        for (open, counts) in open.chunks(OPEN_WORDS).zip(counts.chunks_mut(COUNTS * OPEN_WORDS)) {
            let found = set_bits(open, positions);
            sum -= found as u32 * LIMITS as u32;
            for positions in positions[..found].chunks(32) {
                self.words(Purpose::Refinement, attempt, block, chunk, words);
                chunk += 1;
                for (&position, pair) in positions.iter().zip(words.chunks_exact(2)) {
                    let count = table.refined(u64::from(pair[0]) | u64::from(pair[1]) << 32);
                    counts[usize::from(position)] = count;
                    sum += u32::from(count);
                }
            }
        }
        sum
    }

    fn words(
        &self,
        purpose: Purpose,
        attempt: u32,
        block: u32,
        chunk: usize,
        words: &mut [u32; 64],
    ) {
        self.stream.chunk(self.simd, purpose, attempt, block, chunk, words);
    }

    /// Adds `draws` single draws.
    fn complete(
        &self,
        block: u32,
        attempt: u32,
        draws: u32,
        counts: &mut [u8],
        scratch: &mut Scratch,
    ) {
        let Scratch { words, places, fractions, .. } = scratch;
        // Lemire's multiplication with rejection, on 16-bit numbers.
        let units = counts.len() as u32;
        let rejected = ((1 << 16) % units) as u16;
        let mut left = draws as usize;
        let mut chunk = 0;
        while left > 0 {
            self.words(Purpose::Completion, attempt, block, chunk, words);
            chunk += 1;
            scale_halves(self.simd, words, units, places, fractions);
            let mut used = 0;
            while left > 0 && used < places.len() {
                let taken = used..(used + left).min(places.len());
                used = taken.end;
                for (&place, &fraction) in places[taken.clone()].iter().zip(&fractions[taken]) {
                    if fraction >= rejected {
                        // A block would need 256 draws of one unit to overflow: below 10⁻⁵⁰⁰.
                        let count = &mut counts[usize::from(place)];
                        *count = count.wrapping_add(1);
                        left -= 1;
                    }
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
