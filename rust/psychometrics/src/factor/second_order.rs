//! One factor behind the correlations of factors.

use super::minres::{minres_gradient, minres_one_factor, principal_factor};
use super::{FitMemory, FitStatus, LEAST_UNIQUENESS};

/// How two factors load on the general one, which their one correlation does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TwoFactors {
    /// Both alike: the root of the correlation.
    #[default]
    Equal,
    /// The general factor is the first.
    First,
    /// The general factor is the second.
    Second,
}

impl TwoFactors {
    /// The convention of that name.
    pub fn named(name: &str) -> Option<TwoFactors> {
        match name {
            "equal" => Some(TwoFactors::Equal),
            "first" => Some(TwoFactors::First),
            "second" => Some(TwoFactors::Second),
            _ => None,
        }
    }
}

/// Loadings of factors on the general one.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecondOrder {
    pub loadings: Vec<f64>,
    pub status: Option<FitStatus>,
}

/// Values of the criterion that differ by less are one minimum.
const SAME: f64 = 1e-12;

/// The loadings of factors with these correlations on a general one: by minimum residuals where there are three or
/// more, with a sum that is not negative.
pub(crate) fn second_order(phi: &[f64], factors: usize, two: TwoFactors) -> SecondOrder {
    if factors < 2 {
        return SecondOrder::default();
    }
    if factors == 2 {
        let r = phi[1];
        let loadings = match two {
            TwoFactors::Equal => vec![r.abs().sqrt(), r.signum() * r.abs().sqrt()],
            TwoFactors::First => vec![1.0, r],
            TwoFactors::Second => vec![r, 1.0],
        };
        return SecondOrder { loadings, status: Some(FitStatus::Converged) };
    }
    let mut memory = FitMemory::default();
    let mut best: Option<(f64, Vec<f64>, FitStatus)> = None;
    // There may be several minima, of which some have one factor as the general one.
    for start in 0..=factors {
        let mut loadings = principal_factor(phi, factors);
        if let Some(near) = start.checked_sub(1) {
            loadings = phi[near * factors..][..factors].to_vec();
            loadings[near] = (1.0 - LEAST_UNIQUENESS).sqrt();
        }
        let status = minres_one_factor(phi, &mut loadings, &mut memory);
        if status == FitStatus::NotConverged || loadings.iter().any(|x| !x.is_finite()) {
            continue;
        }
        let value = residuals(phi, &loadings);
        if best.as_ref().is_none_or(|(lowest, ..)| value < lowest - SAME) {
            best = Some((value, loadings, status));
        }
    }
    match best {
        Some((_, mut loadings, status)) => {
            if loadings.iter().sum::<f64>() < 0.0 {
                loadings.iter_mut().for_each(|x| *x = -*x);
            }
            SecondOrder { loadings, status: Some(status) }
        }
        None => SecondOrder { loadings: Vec::new(), status: Some(FitStatus::NotConverged) },
    }
}

/// The squared residuals, with what exceeds the largest communality.
fn residuals(phi: &[f64], loadings: &[f64]) -> f64 {
    let factors = loadings.len();
    let mut sum = 0.0;
    for (i, a) in loadings.iter().enumerate() {
        let beyond = (a * a - 1.0 + LEAST_UNIQUENESS).max(0.0);
        sum += beyond * beyond;
        for (j, b) in loadings.iter().enumerate().filter(|&(j, _)| j != i) {
            sum += (phi[i * factors + j] - a * b).powi(2);
        }
    }
    sum
}

impl SecondOrder {
    /// The gradient in the factor correlations, over ordered pairs, of a function of these loadings; nothing where
    /// they have no derivative.
    pub fn gradient(&self, phi: &[f64], two: TwoFactors, in_loadings: &[f64]) -> Option<Vec<f64>> {
        let (&[first, second], &[in_first, in_second]) = (self.loadings.as_slice(), in_loadings)
        else {
            return minres_gradient(phi, &self.loadings, in_loadings);
        };
        let slope = match two {
            TwoFactors::First => in_second,
            TwoFactors::Second => in_first,
            TwoFactors::Equal => {
                let r = phi[1];
                if r == 0.0 {
                    return None;
                }
                // Each loading moves by half its share of the correlation.
                0.5 / r * (in_first * first + in_second * second)
            }
        };
        Some(vec![0.0, 0.5 * slope, 0.5 * slope, 0.0])
    }
}
