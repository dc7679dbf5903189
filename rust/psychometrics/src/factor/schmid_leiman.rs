//! Schmid & Leiman's (1957) general and group factors, from correlated ones.

use super::FitStatus;
use super::matrix::Matrix;
use super::second_order::{SecondOrder, TwoFactors, second_order};
use crate::error::{Result, invalid};

/// Orthogonal factors: a general one of all items, and one for each group.
#[derive(Debug, Clone)]
pub struct SchmidLeiman {
    /// The loadings of the items on the general factor.
    pub general: Vec<f64>,
    /// Those on the group factors, items × factors.
    pub groups: Matrix,
    /// The part of each item's variance that no factor explains.
    pub uniquenesses: Vec<f64>,
    /// The loadings of the correlated factors on the general one.
    pub gamma: Vec<f64>,
    /// How the fit of the general factor ended; a Heywood case where it explains all of a factor.
    pub status: FitStatus,
}

/// The general and group factors of a pattern of correlated factors.
///
/// With the factors' loadings `γ` on the general one, items load `Λ γ` on it and `λ_ij √(1 - γ_j²)` on the groups,
/// zero where `γ_j²` exceeds one. `two_factors` says what the one correlation of two factors does not.
pub fn schmid_leiman(
    pattern: &Matrix,
    phi: &Matrix,
    two_factors: TwoFactors,
) -> Result<SchmidLeiman> {
    let factors = pattern.columns;
    if factors < 2 || (phi.rows, phi.columns) != (factors, factors) {
        return invalid(format!(
            "{factors} factors with {} × {} correlations have no general one",
            phi.rows, phi.columns
        ));
    }
    if pattern.values.iter().chain(&phi.values).any(|x| !x.is_finite()) {
        return invalid("a loading or correlation is not a number");
    }
    let found = second_order(&phi.values, factors, two_factors);
    let status = found.status.unwrap_or(FitStatus::NotConverged);
    if status == FitStatus::NotConverged {
        return invalid("the fit of the general factor did not converge");
    }
    let common = pattern.times(phi);
    let explained =
        |i: usize| -> f64 { common.row(i).iter().zip(pattern.row(i)).map(|(a, b)| a * b).sum() };
    let general = general(&pattern.values, &found);
    Ok(SchmidLeiman {
        groups: pattern.scale_columns(&unexplained(&found)),
        uniquenesses: (0..pattern.rows).map(|i| 1.0 - explained(i)).collect(),
        general,
        gamma: found.loadings,
        status,
    })
}

/// Loadings on the general factor.
pub(super) fn general(pattern: &[f64], second: &SecondOrder) -> Vec<f64> {
    let rows = pattern.chunks_exact(second.loadings.len().max(1));
    rows.map(|row| row.iter().zip(&second.loadings).map(|(l, g)| l * g).sum()).collect()
}

/// The share of each factor's deviation that the general one leaves.
pub(super) fn unexplained(second: &SecondOrder) -> Vec<f64> {
    second.loadings.iter().map(|g| (1.0 - g * g).max(0.0).sqrt()).collect()
}
