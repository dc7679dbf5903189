//! Exponential weights of the Bayesian bootstrap (Rubin 1981): scaled to sum to one they are Dirichlet.
//!
//! Weights are whole multiples of 2⁻¹⁹ below 32, so that weighted sums are exact integers. They are handed out in
//! four parts of six bits, which the byte kernel takes like counts.

use super::binomial::uniform;
use super::stream::{Purpose, Stream};
use crate::simd::Simd;

/// Parts of six bits in a weight.
pub const PARTS: usize = 4;
/// Bits of a part.
pub const PART_BITS: usize = 6;
/// A weight of one is two to this power.
pub const UNIT_BITS: usize = 19;
const SCALE: f64 = (1_u32 << UNIT_BITS) as f64;
const LARGEST: f64 = ((1_u32 << 24) - 1) as f64;

/// The weights of a block's units, in units of 2⁻¹⁹.
pub fn exponential_weights(simd: Simd, stream: &Stream, block: u32, weights: &mut [u32]) {
    let mut words = [0; 64];
    for (chunk, out) in weights.chunks_mut(32).enumerate() {
        stream.chunk(simd, Purpose::Exponential, 0, block, chunk, &mut words);
        let (high, low) = words.split_at(32);
        for ((weight, &high), &low) in out.iter_mut().zip(high).zip(low) {
            *weight = (-libm::log(uniform(high, low)) * SCALE).round().min(LARGEST) as u32;
        }
    }
}

/// The `part`-th six bits of each weight.
pub fn weight_part(weights: &[u32], part: usize, bytes: &mut [u8]) {
    for (byte, weight) in bytes.iter_mut().zip(weights) {
        *byte = (weight >> (PART_BITS * part)) as u8 & 63;
    }
}
