//! The order and signs of factors, which no criterion decides: by variance explained, with positive column sums.

use super::matrix::Matrix;

/// Columns from the largest variance to the smallest; equals stay in order.
pub(super) fn by_variance(variances: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..variances.len()).collect();
    order.sort_by(|&i, &j| variances[j].total_cmp(&variances[i]));
    order
}

/// The columns in that order, each turned so that its sum is not negative; and the signs they had, in that order.
pub(super) fn turned_up(loadings: &Matrix, order: &[usize]) -> (Matrix, Vec<f64>) {
    let signs: Vec<f64> = order
        .iter()
        .map(|&j| if loadings.column(j).sum::<f64>() < 0.0 { -1.0 } else { 1.0 })
        .collect();
    let turned =
        Matrix::from_fn(loadings.rows, order.len(), |i, j| signs[j] * loadings.at(i, order[j]));
    (turned, signs)
}
