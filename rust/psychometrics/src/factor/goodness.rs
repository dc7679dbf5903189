//! How well factors reproduce the correlations.

use super::matrix::Matrix;
use super::noncentral::noncentrality;
use crate::careless::chi_square_tail;
use crate::linalg::{cholesky, cholesky_solve};

/// Fit of a factor model; NaN where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goodness {
    /// The discrepancy `ln |M| + tr R M⁻¹ - ln |R| - p` of the model's correlations `M`.
    pub objective: f64,
    /// The degrees of freedom.
    pub freedom: usize,
    /// Chi-square of the model (Bartlett 1950).
    pub chi_square: f64,
    /// The probability of a chi-square at least as large where the model holds.
    pub p_value: f64,
    /// Chi-square of no factor at all.
    pub null_chi_square: f64,
    /// Its degrees of freedom.
    pub null_freedom: usize,
    /// Root mean square error of approximation (Steiger & Lind 1980).
    pub rmsea: f64,
    /// The lower end of its 90 % interval.
    pub rmsea_lower: f64,
    /// The upper end.
    pub rmsea_upper: f64,
    /// Comparative fit index (Bentler 1990).
    pub cfi: f64,
    /// Tucker-Lewis index of the discrepancies, that of a true model being one over its Bartlett number (Tucker & Lewis 1973).
    pub tli: f64,
    /// Root mean square of the residual correlations, diagonal included (Bentler 1995).
    pub srmr: f64,
    /// Chi-square less `freedom · ln n` (Schwarz 1978).
    pub bic: f64,
}

/// The fit of loadings (before rotation) and uniquenesses to the correlations of `persons` persons.
pub fn goodness(
    correlation: &[f64],
    loadings: &Matrix,
    uniquenesses: &[f64],
    persons: Option<f64>,
) -> Goodness {
    let (items, factors) = (loadings.rows, loadings.columns);
    let mut model = loadings.times(&loadings.transposed()).values;
    for (j, u) in uniquenesses.iter().enumerate() {
        model[j * (items + 1)] += u;
    }
    let squares: f64 = (0..items)
        .flat_map(|i| (0..=i).map(move |j| i * items + j))
        .map(|at| (correlation[at] - model[at]).powi(2))
        .sum();
    let pairs = items * items.saturating_sub(1) / 2;
    let spare = (items * items + factors * factors).saturating_sub(2 * items * factors);
    let freedom = spare.saturating_sub(items + factors) / 2;
    let objective = discrepancy(correlation, &model, items).unwrap_or(f64::NAN);
    let null = log_determinant(correlation, items).map_or(f64::NAN, |log| -log);
    let (df, null_df) = (freedom as f64, pairs as f64);
    let srmr = (squares / (pairs + items) as f64).sqrt();
    let none = f64::NAN;
    let unknown = Goodness {
        objective,
        freedom,
        chi_square: none,
        p_value: none,
        null_chi_square: none,
        null_freedom: pairs,
        rmsea: none,
        rmsea_lower: none,
        rmsea_upper: none,
        cfi: none,
        tli: none,
        srmr,
        bic: none,
    };
    let n = persons.unwrap_or(none);
    let bartlett = n - 1.0 - (2 * items + 5) as f64 / 6.0;
    let own = bartlett - 2.0 * factors as f64 / 3.0;
    // Comparisons with what is not a number are false.
    if !(own > 0.0 && objective.is_finite() && null.is_finite()) {
        return unknown;
    }
    let chi_square = objective.max(0.0) * own;
    let null_chi_square = null * bartlett;
    let known = Goodness { chi_square, null_chi_square, ..unknown };
    let bic = chi_square - df * n.ln();
    if freedom == 0 {
        return Goodness { bic, ..known };
    }
    let excess = (chi_square - df).max(0.0);
    let null_excess = (null_chi_square - null_df).max(excess);
    let per_person = |excess: f64| (excess / df / (n - 1.0)).sqrt();
    let null_ratio = null / null_df;
    Goodness {
        p_value: chi_square_tail(chi_square, freedom),
        rmsea: per_person(excess),
        rmsea_lower: per_person(noncentrality(chi_square, df, 0.95)),
        rmsea_upper: per_person(noncentrality(chi_square, df, 0.05)),
        cfi: if null_excess > 0.0 { 1.0 - excess / null_excess } else { 1.0 },
        tli: (null_ratio - objective.max(0.0) / df) / (null_ratio - 1.0 / own),
        bic,
        ..known
    }
}

fn log_determinant(matrix: &[f64], size: usize) -> Option<f64> {
    let mut factor = matrix.to_vec();
    let definite = cholesky(&mut factor, size);
    definite.then(|| (0..size).map(|j| 2.0 * factor[j * (size + 1)].ln()).sum())
}

/// `ln |M| + tr R M⁻¹ - ln |R| - p`, or nothing where a matrix is not positive definite.
fn discrepancy(correlation: &[f64], model: &[f64], items: usize) -> Option<f64> {
    let mut factor = model.to_vec();
    if !cholesky(&mut factor, items) {
        return None;
    }
    let mut trace = 0.0;
    for (j, row) in correlation.chunks_exact(items).enumerate() {
        let mut x = row.to_vec();
        cholesky_solve(&factor, items, &mut x);
        trace += x[j];
    }
    let model_log: f64 = (0..items).map(|j| 2.0 * factor[j * (items + 1)].ln()).sum();
    Some(model_log + trace - log_determinant(correlation, items)? - items as f64)
}
