//! Resampling: random streams, row weights, clusters and strata. Knows no coefficient.

mod binomial;
mod block_weights;
mod clusters;
mod exponential;
mod multinomial;
mod poisson;
mod replicates;
mod stream;

pub use exponential::exponential_weights;
pub use multinomial::{Multinomial, Scratch};
pub(crate) use replicates::room;
pub use replicates::{
    Plan, Resampling, Weights, check_weights, replicate_moments, row_weights, unit_weights,
};
pub use stream::{Purpose, Stream};

/// Rows (or clusters) of one block: each block of a stratum has random streams of its own.
pub const BLOCK: usize = 4096;
