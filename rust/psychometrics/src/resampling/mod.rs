//! Resampling: random streams, row weights, clusters and strata. Knows no coefficient.

mod binomial;
mod block_weights;
mod clusters;
mod exponential;
mod multinomial;
mod normal;
mod poisson;
mod replicates;
mod stream;
mod tables;

pub use exponential::exponential_weights;
pub use multinomial::{Multinomial, Scratch};
pub use normal::{standard_normal, uniform};
pub(crate) use replicates::room;
pub use replicates::{Plan, Resampling, Weights, replicate_moments, unit_weights};
pub use stream::{Purpose, Stream};
pub use tables::replicate_tables;

/// Rows (or clusters) of one block: each block of a stratum has random streams of its own.
pub const BLOCK: usize = 4096;
