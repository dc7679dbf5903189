//! Survey psychometrics: moments, resampling, coefficients.
//!
//! Rows are touched once; everything else is a function of moments:
//!
//! ```text
//! responses ──► moments (one set, or B sets under resampled weights) ──► coefficient ──► interval
//! ```

pub mod analysis;
pub mod association;
pub mod careless;
pub mod correlation_intervals;
pub mod error;
pub mod factor;
pub mod interval;
pub mod items;
pub mod linalg;
pub mod loadings;
pub mod missing;
pub mod moments;
pub mod monitor;
pub mod ordinal;
pub mod paths;
pub mod persons;
pub mod reliability;
pub mod resampling;
pub mod responses;
pub mod simd;

pub use error::{Error, Result};
