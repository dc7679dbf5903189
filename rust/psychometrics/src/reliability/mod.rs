//! Reliability coefficients: functions of moments.

mod closed;
mod estimator;
mod gradient;

pub use closed::{alpha, alpha_std, lambda2, lambda6};
pub use estimator::Estimator;
pub use gradient::{Gradient, Matrix};

use crate::error::{Result, invalid};
use crate::moments::Panel;

/// A reliability coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coefficient {
    /// Cronbach's alpha, on covariances.
    Alpha,
    /// Alpha of standardised items, on correlations.
    AlphaStd,
    /// Guttman's second lower bound, on covariances.
    Lambda2,
    /// Guttman's sixth lower bound, on covariances.
    Lambda6,
    /// Omega of one factor by maximum likelihood, on covariances; model-implied denominator.
    OmegaU,
    /// Omega of one factor by minimum residuals, on correlations; observed denominator.
    OmegaTotal,
}

impl Coefficient {
    /// All coefficients.
    pub const ALL: [Coefficient; 6] = [
        Coefficient::Alpha,
        Coefficient::AlphaStd,
        Coefficient::Lambda2,
        Coefficient::Lambda6,
        Coefficient::OmegaU,
        Coefficient::OmegaTotal,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Coefficient::Alpha => "alpha",
            Coefficient::AlphaStd => "alpha_std",
            Coefficient::Lambda2 => "lambda2",
            Coefficient::Lambda6 => "lambda6",
            Coefficient::OmegaU => "omega_u",
            Coefficient::OmegaTotal => "omega_total",
        }
    }

    /// The coefficient of that name.
    pub fn named(name: &str) -> Result<Coefficient> {
        match Coefficient::ALL.into_iter().find(|c| c.name() == name) {
            Some(coefficient) => Ok(coefficient),
            None => invalid(format!("there is no coefficient {name:?}")),
        }
    }

    /// The smallest panel that these coefficients of complete rows can be computed from.
    pub fn panel(coefficients: &[Coefficient]) -> Panel {
        let small = coefficients.iter().all(|c| *c == Coefficient::Alpha);
        if small { Panel::Small } else { Panel::Full }
    }
}

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
    /// The matrix has no inverse.
    NotPositiveDefinite = 3,
    /// An item has no variance.
    ConstantItem = 4,
    /// Too few persons, or too few who answered some pair of items.
    TooFewRows = 5,
    /// The total has no variance, or the model more parameters than the items tell apart.
    Undefined = 6,
}

impl Status {
    /// All statuses, in the order of their numbers.
    pub const ALL: [Status; 7] = [
        Status::Ok,
        Status::Heywood,
        Status::NotConverged,
        Status::NotPositiveDefinite,
        Status::ConstantItem,
        Status::TooFewRows,
        Status::Undefined,
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
