//! Reliability coefficients: functions of moments.

mod closed;
mod closed_gradient;
mod coefficient;
mod estimator;
mod exchanges;
mod factor_bound;
mod glb;
mod gradient;
mod hierarchical;
mod ordinal;
mod ordinal_scores;
mod split;
mod triangle;

pub use closed::{alpha, alpha_std, lambda2, lambda6};
pub use coefficient::{Coefficient, MOST_GROUPS, Matrix};
pub use estimator::Estimator;
pub use glb::GreatestLowerBound;
pub use gradient::Gradient;
pub use hierarchical::Groups;
pub use ordinal::{OrdinalGradient, OrdinalModel};
pub use split::{EXACT_ITEMS, STARTS, Split, extreme_split};

/// How a coefficient came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Status {
    /// As it should.
    #[default]
    Ok = 0,
    /// A uniqueness is on its bound; the value is kept.
    Heywood = 1,
    /// The fit found no minimum.
    NotConverged = 2,
    /// The matrix has no inverse. Coefficients of a polychoric matrix that need none are kept.
    NotPositiveDefinite = 3,
    /// An item has no variance.
    ConstantItem = 4,
    /// Too few persons, or too few who answered some pair of items.
    TooFewRows = 5,
    /// The total has no variance, or the model more parameters than the items tell apart.
    Undefined = 6,
    /// A category of the estimate has no answers here; the value is kept.
    EmptyCategory = 7,
    /// A polychoric correlation is not told from -1 or 1; ordinal alpha is kept, omegas have no weight for it.
    Boundary = 8,
    /// The general factor explains all of a group factor; the value is kept.
    SecondOrderHeywood = 9,
    /// A group factor is not one of the estimate's; the value is kept.
    FactorSwitched = 10,
}

impl Status {
    /// All statuses, in the order of their numbers.
    pub const ALL: [Status; 11] = [
        Status::Ok,
        Status::Heywood,
        Status::NotConverged,
        Status::NotPositiveDefinite,
        Status::ConstantItem,
        Status::TooFewRows,
        Status::Undefined,
        Status::EmptyCategory,
        Status::Boundary,
        Status::SecondOrderHeywood,
        Status::FactorSwitched,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Heywood => "heywood",
            Status::NotConverged => "not_converged",
            Status::NotPositiveDefinite => "not_positive_definite",
            Status::ConstantItem => "constant_item",
            Status::TooFewRows => "too_few_rows",
            Status::Undefined => "undefined",
            Status::EmptyCategory => "empty_category",
            Status::Boundary => "boundary",
            Status::SecondOrderHeywood => "second_order_heywood",
            Status::FactorSwitched => "factor_switched",
        }
    }
}

/// A value and how it came out; NaN where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The coefficient.
    pub value: f64,
    /// How it came out.
    pub status: Status,
}

impl Default for Outcome {
    fn default() -> Outcome {
        Outcome::none(Status::Undefined)
    }
}

impl Outcome {
    /// No value, for this reason.
    pub fn none(status: Status) -> Outcome {
        Outcome { value: f64::NAN, status }
    }

    /// A value without reservation.
    pub fn ok(value: f64) -> Outcome {
        Outcome { value, status: Status::Ok }
    }
}
