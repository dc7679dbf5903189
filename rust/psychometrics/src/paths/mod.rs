//! Path models of observed variables: systems of regressions, estimated from covariances.
//!
//! ```text
//! covariances ──► regressions, one by one (uncorrelated residuals), or in turns until none moves
//! ```

mod fit;
mod model;
mod replicates;

pub use fit::{Fit, MOST_ROUNDS, PathStatus, fit, fit_all};
pub use model::{Equation, PathModel};
pub use replicates::{MomentSets, moment_sets};
