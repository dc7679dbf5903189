//! Coefficients in closed form.

use crate::linalg::inverse;

/// Cronbach's (1951) alpha from the sum of item variances and the variance of the total.
pub fn alpha(items: usize, trace: f64, total: f64) -> f64 {
    let k = items as f64;
    k / (k - 1.0) * (1.0 - trace / total)
}

/// Alpha of standardised items.
pub fn alpha_std(correlation: &[f64], items: usize) -> f64 {
    let k = items as f64;
    let mean = (correlation.iter().sum::<f64>() - k) / (k * (k - 1.0));
    k * mean / (1.0 + (k - 1.0) * mean)
}

/// The sum of squares off the diagonal.
pub(super) fn off_diagonal_squares(matrix: &[f64], items: usize) -> f64 {
    let all: f64 = matrix.iter().map(|c| c * c).sum();
    all - matrix.iter().step_by(items + 1).map(|c| c * c).sum::<f64>()
}

/// Guttman's (1945) lambda 2.
pub fn lambda2(matrix: &[f64], items: usize) -> f64 {
    let k = items as f64;
    let total: f64 = matrix.iter().sum();
    let trace: f64 = matrix.iter().step_by(items + 1).sum();
    // Shares of the trace: squares of very small or large numbers would not be numbers.
    let shares: Vec<f64> = matrix.iter().map(|c| c / trace).collect();
    let squares = off_diagonal_squares(&shares, items);
    1.0 - trace / total + (k / (k - 1.0) * squares).sqrt() * (trace / total)
}

/// Guttman's lambda 6, nothing where the matrix has no inverse.
///
/// An item's variance times one less its squared multiple correlation is one over the inverse's diagonal.
pub fn lambda6(matrix: &[f64], items: usize) -> Option<f64> {
    let inverse = inverse(matrix, items)?;
    let errors: f64 = inverse.iter().step_by(items + 1).map(|p| 1.0 / p).sum();
    Some(1.0 - errors / matrix.iter().sum::<f64>())
}
