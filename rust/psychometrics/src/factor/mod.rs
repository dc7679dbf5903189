//! Factor analysis of small matrices.

mod alignment;
mod concentrated;
mod descent;
mod discrepancy;
mod extraction;
mod goodness;
mod hierarchy;
mod matrix;
mod minres;
mod ml;
mod noncentral;
mod oblimin;
mod order;
mod principal_axis;
mod residuals;
pub mod retention;
pub mod rotation;
mod schmid_leiman;
mod second_order;
mod spectrum;
mod weighted;

pub use alignment::{Alignment, LEAST_CONGRUENCE};
pub use extraction::{Extracted, Extraction, extract, extract_near};
pub use goodness::{Goodness, goodness};
pub(crate) use hierarchy::{Arrangement, Hierarchy, Slopes};
pub use hierarchy::{HierarchyModel, ROTATION_STARTS};
pub use matrix::Matrix;
pub use minres::minres_one_factor;
pub(crate) use minres::{minres_gradient, principal_factor};
pub use ml::{MlFit, ProductForm, ml_one_factor};
pub(crate) use residuals::LEAST_VARIANCE;
pub use schmid_leiman::{SchmidLeiman, schmid_leiman};
pub use second_order::TwoFactors;
pub use weighted::Weighted;

/// The smallest uniqueness, as a share of the item's variance.
pub const LEAST_UNIQUENESS: f64 = 0.005;

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitStatus {
    /// At a minimum inside the bounds.
    Converged,
    /// At a minimum where a uniqueness is on its lower bound: a Heywood case.
    Heywood,
    /// No minimum was found.
    NotConverged,
    /// The matrix has no inverse.
    NotPositiveDefinite,
}

/// Memory that fits of one size use again and again.
#[derive(Debug, Clone, Default)]
pub struct FitMemory {
    matrix: Vec<f64>,
    step: Vec<f64>,
    scratch: Vec<f64>,
    exchanges: Vec<usize>,
    near: MlFit,
}

impl FitMemory {
    fn resize(&mut self, items: usize) {
        self.matrix.resize(items * items, 0.0);
        self.step.resize(items, 0.0);
        self.scratch.resize(items, 0.0);
        self.exchanges.resize(items, 0);
    }
}

/// Scaled largest loading change at which Newton's method has converged: it is quadratic, so the next is below 1e-16.
const NEWTON_TOLERANCE: f64 = 1e-9;
