//! Means and covariances where answers are missing: maximum likelihood of the multivariate normal by EM.
//!
//! Rows are grouped once by which items they answered. Each pattern is reduced to moments, and what comes after costs
//! the same for any number of rows.

mod analysis;
mod em;
mod influence;
mod information;
mod patterns;
mod replicates;
mod sums;

pub use analysis::{Estimated, analyse_by_em, estimate_by_em};
pub use em::{Em, EmStatus, Normal};
pub use information::Information;
pub use patterns::{Pattern, patterns};
pub use sums::{PatternSums, Units};

pub(crate) use analysis::Sample;
