//! How many factors the factor-based greatest lower bound takes: as many as one factor's communalities leave room for.

use crate::factor::{
    FitMemory, FitStatus, LEAST_UNIQUENESS, LEAST_VARIANCE, minres_one_factor, principal_factor,
};
use crate::linalg::eigenvalues;

/// Whether so many items tell so many factors apart: degrees of freedom are not negative.
pub(super) fn is_identified(items: usize, factors: usize) -> bool {
    factors > 0 && factors < items && (items - factors).pow(2) >= items + factors
}

/// The number of positive eigenvalues of a correlation matrix with the communalities of one factor by minimum
/// residuals on its diagonal; where the items do not identify so many factors, the most that they do.
///
/// It is zero where items have nothing in common. A status says why one factor has no communalities.
pub(super) fn number_of_factors(
    correlation: &[f64],
    items: usize,
    memory: &mut FitMemory,
) -> Result<usize, FitStatus> {
    let mut loadings = principal_factor(correlation, items);
    let status = minres_one_factor(correlation, &mut loadings, memory);
    if !matches!(status, FitStatus::Converged | FitStatus::Heywood) {
        return Err(status);
    }
    let mut reduced = correlation.to_vec();
    for (entry, l) in reduced.iter_mut().step_by(items + 1).zip(&loadings) {
        *entry = (l * l).min(1.0 - LEAST_UNIQUENESS);
    }
    let mut values = vec![0.0; items];
    if !eigenvalues(&mut reduced, items, &mut values) {
        return Err(FitStatus::NotConverged);
    }
    let positive = values.iter().filter(|&&value| value > LEAST_VARIANCE).count();
    Ok((1..=positive).take_while(|&factors| is_identified(items, factors)).count())
}
