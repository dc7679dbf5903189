//! Intervals: from replicates, from influence values, and in closed form for alpha.

mod alpha;
mod bootstrap;
mod influence;
mod normal;

pub use alpha::{AlphaInterval, alpha_interval, normal_theory_error};
pub use bootstrap::{
    BootstrapMethod, QuantileRule, bootstrap_interval, mean_and_deviation, quantile,
};
pub use influence::{Influence, Influences, covariance_form, influence_ends, real_columns};
pub use normal::{normal_cdf, normal_density, normal_quantile};

/// Why an interval has no ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum IntervalStatus {
    /// It has.
    #[default]
    Ok = 0,
    /// Fewer than two replicates have a value.
    TooFewReplicates = 1,
    /// The estimate lies beyond all replicates: BCa has no bias correction.
    OutsideReplicates = 2,
    /// The influence values or the analytic variance have no value here.
    NoStandardError = 3,
}
