//! How many factors items have: eigenvalues against those of random data, partial correlations, fit against parameters.

mod hull;
mod normal;
mod parallel;
mod partials;
mod shuffled;

pub use hull::{Balance, balance};
pub use normal::normal_correlation;
pub use parallel::{
    Eigenvalues, RandomData, RandomEigenvalues, eigenvalues_of, random_eigenvalues,
};
pub use partials::{Partials, partials};
pub use shuffled::shuffled;
