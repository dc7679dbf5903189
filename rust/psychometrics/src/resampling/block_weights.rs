//! The weights that replicates give to the units of a stratum, block by block.

use std::ops::Range;

use super::exponential::{exponential_weights, weight_part};
use super::multinomial::{Multinomial, Scratch};
use super::replicates::{Plan, Resampling, Weights};
use super::stream::Stream;
use crate::error::Result;
use crate::responses::Stratum;
use crate::simd::{ROW_STEP, Simd};

/// The weights of a stratum's units (rows, or clusters), block by block.
pub(super) struct BlockWeights {
    simd: Simd,
    law: Weights,
    streams: Vec<Stream>,
    /// For each replicate the draws that fall into each block.
    shares: Vec<Vec<u32>>,
    exponential: Vec<u32>,
    counts: Vec<u8>,
    scratch: Box<Scratch>,
}

impl BlockWeights {
    pub fn new(run: Resampling, stratum: &Stratum, replicates: Range<usize>) -> BlockWeights {
        let Plan { seed, weights: law, .. } = run.plan;
        let seed = seed ^ stratum.key;
        let stream = |replicate| Stream::new(seed, stratum.number, replicate as u32);
        let streams: Vec<Stream> = replicates.map(stream).collect();
        let mut shares = vec![Vec::new(); streams.len()];
        if law == Weights::Multinomial {
            for (stream, shares) in streams.iter().zip(&mut shares) {
                let multinomial = Multinomial { simd: run.simd, stream: *stream };
                multinomial.block_shares(stratum.units(), shares);
            }
        }
        let (exponential, counts, scratch) = Default::default();
        BlockWeights { simd: run.simd, law, streams, shares, exponential, counts, scratch }
    }

    /// Writes the weights that the `index`-th replicate gives to one block as byte rows, `stride` apart; returns
    /// their sum.
    pub fn bytes(
        &mut self,
        block: usize,
        units: usize,
        index: usize,
        stride: usize,
        out: &mut [u8],
    ) -> Result<i64> {
        let stream = self.streams[index];
        match self.law {
            Weights::Multinomial => {
                let share = self.shares[index][block];
                let multinomial = Multinomial { simd: self.simd, stream };
                let counts = &mut out[..units.next_multiple_of(ROW_STEP)];
                multinomial.block_counts(block as u32, share, units, counts, &mut self.scratch)?;
                Ok(share.into())
            }
            Weights::Exponential => {
                self.exponential.resize(units, 0);
                exponential_weights(self.simd, &stream, block as u32, &mut self.exponential);
                for (part, out) in out.chunks_exact_mut(stride).enumerate() {
                    weight_part(&self.exponential, part, out);
                }
                Ok(self.exponential.iter().map(|&w| i64::from(w)).sum())
            }
        }
    }

    /// Appends the weights that the `index`-th replicate gives to one block; exponential ones in units of 2⁻¹⁹.
    pub fn reals(
        &mut self,
        block: usize,
        units: usize,
        index: usize,
        out: &mut Vec<f64>,
    ) -> Result<()> {
        let stream = self.streams[index];
        match self.law {
            Weights::Multinomial => {
                self.counts.resize(units.next_multiple_of(ROW_STEP), 0);
                let share = self.shares[index][block];
                let multinomial = Multinomial { simd: self.simd, stream };
                let (counts, scratch) = (&mut self.counts, &mut self.scratch);
                multinomial.block_counts(block as u32, share, units, counts, scratch)?;
                out.extend(self.counts[..units].iter().map(|&count| f64::from(count)));
            }
            Weights::Exponential => {
                self.exponential.resize(units, 0);
                exponential_weights(self.simd, &stream, block as u32, &mut self.exponential);
                out.extend(self.exponential.iter().map(|&weight| f64::from(weight)));
            }
        }
        Ok(())
    }
}
