//! The random streams: which counters of the generator belong to what.

use crate::simd::{LIMITS, RoundKeys, Simd, philox_chunk, philox4x32, poisson_counts};

/// What a number is drawn for; part of the counter, so that no two uses share numbers.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum Purpose {
    /// The counts of a block's units.
    Counts = 0,
    /// The finer digits of counts that the first byte leaves open.
    Refinement = 1,
    /// The draws that complete a block's total.
    Completion = 2,
    /// The division of draws over blocks.
    Division = 3,
    /// Exponential weights of the Bayesian bootstrap.
    Exponential = 4,
    /// Rotations that a search starts from.
    Rotation = 5,
    /// Correlations of normal numbers that have nothing to do with each other.
    Normal = 6,
    /// The order in which answers are shuffled.
    Shuffle = 7,
}

/// The numbers of one (seed, stratum, replicate); each block, purpose and attempt has its own part.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    keys: RoundKeys,
    stratum: u32,
    replicate: u32,
}

impl Stream {
    /// The stream of a replicate in a stratum.
    pub fn new(seed: u64, stratum: u32, replicate: u32) -> Stream {
        let keys = RoundKeys::new([seed as u32, (seed >> 32) as u32]);
        Stream { keys, stratum, replicate }
    }

    fn counter(&self, purpose: Purpose, attempt: u32, block: u32, index: u32) -> [u32; 4] {
        // 4 bits of purpose, 8 of attempt, 20 of index.
        let first = ((purpose as u32) << 28) | ((attempt & 0xFF) << 20) | (index & 0xF_FFFF);
        [first, block, self.replicate, self.stratum]
    }

    /// Four random words.
    pub fn words(&self, purpose: Purpose, attempt: u32, block: u32, index: u32) -> [u32; 4] {
        philox4x32(self.counter(purpose, attempt, block, index), &self.keys)
    }

    /// Fills in the `chunk`-th 64 random words.
    pub fn chunk(
        &self,
        simd: Simd,
        purpose: Purpose,
        attempt: u32,
        block: u32,
        chunk: usize,
        words: &mut [u32; 64],
    ) {
        let counter = self.counter(purpose, attempt, block, 16 * chunk as u32);
        philox_chunk(simd, &self.keys, counter, words);
    }

    /// Poisson counts before refinement; see [`poisson_counts`].
    pub fn poisson_counts(
        &self,
        simd: Simd,
        attempt: u32,
        block: u32,
        limits: [u8; LIMITS],
        counts: &mut [u8],
        open: &mut [u64],
    ) {
        let counter = self.counter(Purpose::Counts, attempt, block, 0);
        poisson_counts(simd, &self.keys, counter, limits, counts, open);
    }
}
