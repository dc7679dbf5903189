//! Association of ordered answers: contingency tables of pairs of items, and their polychoric correlations.
//!
//! The rows of a pair of items are counted once; everything after that costs the same for any number of rows.

pub mod bivariate_normal;
pub mod contingency;
pub mod covariance;
pub mod influence;
pub mod latent;
mod margin;
mod near;
pub mod nodes;
pub mod polychoric;
mod small_rectangle;
pub mod survey;
pub mod tables;

pub use bivariate_normal::BivariateNormal;
pub use contingency::Table;
pub use covariance::parameter_covariances;
pub use influence::Slopes;
pub use latent::{Latent, pairs};
pub use near::Near;
pub use nodes::Corners;
pub use polychoric::{Correlation, Status, correlation, thresholds};
pub use survey::{Associations, associations};
pub use tables::Tables;
