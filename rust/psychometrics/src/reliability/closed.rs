//! Coefficients in closed form.

use crate::linalg::inverse;

/// What rounding leaves of a difference of numbers near one.
const ROUNDING: f64 = 1e-12;

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

/// Guttman's lambda 1: the share of the total's variance that is between items.
pub fn lambda1(trace: f64, total: f64) -> f64 {
    1.0 - trace / total
}

/// The sum of squares off the diagonal of each column.
pub(super) fn column_squares(matrix: &[f64], items: usize) -> Vec<f64> {
    let off_diagonal = |(i, row): (usize, &[f64])| -> f64 {
        row.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, c)| c * c).sum()
    };
    matrix.chunks_exact(items).enumerate().map(off_diagonal).collect()
}

/// How far the square root of lambda 5 counts: once, and k / (k - 1) times in lambda 5+.
pub(super) fn lambda5_scale(items: usize, plus: bool) -> f64 {
    let k = items as f64;
    if plus { 2.0 * k / (k - 1.0) } else { 2.0 }
}

/// Guttman's lambda 5, or lambda 5+.
pub fn lambda5(matrix: &[f64], items: usize, plus: bool) -> f64 {
    let total: f64 = matrix.iter().sum();
    let trace: f64 = matrix.iter().step_by(items + 1).sum();
    let shares: Vec<f64> = matrix.iter().map(|c| c / trace).collect();
    let most = column_squares(&shares, items).into_iter().fold(0.0, f64::max);
    1.0 - trace / total + lambda5_scale(items, plus) * most.sqrt() * (trace / total)
}

/// The nested sums of ten Berge & Zegers (1978), the whole first: each is the sum of covariances to the power 1, 2, 4,
/// 8 ... plus the root of the next; the last one times k / (k - 1).
pub(super) fn nested_sums(matrix: &[f64], items: usize, depth: i32) -> Vec<f64> {
    let k = items as f64;
    let power_sum = |level: i32| -> f64 {
        let elements = matrix.iter().enumerate().filter(|(at, _)| at % (items + 1) != 0);
        elements.map(|(_, c)| c.powi(1 << level)).sum()
    };
    let mut sums = vec![k / (k - 1.0) * power_sum(depth)];
    for level in (0..depth).rev() {
        let root = sums.last().map_or(0.0, |inner: &f64| inner.sqrt());
        sums.push(power_sum(level) + root);
    }
    sums.reverse();
    sums
}

/// Ten Berge & Zegers' mu of this depth: 0 is alpha, 1 is lambda 2.
pub fn mu(matrix: &[f64], items: usize, depth: i32) -> f64 {
    let total: f64 = matrix.iter().sum();
    let trace: f64 = matrix.iter().step_by(items + 1).sum();
    let shares: Vec<f64> = matrix.iter().map(|c| c / trace).collect();
    nested_sums(&shares, items, depth).first().map_or(f64::NAN, |sum| sum * (trace / total))
}

/// Which share of alpha is the mean of all split halves: all of it where halves are equal (Cronbach 1951).
///
/// Two of an odd number k of items are in different halves in (k + 1) / 2k of the splits, not in k / 2(k - 1).
pub(super) fn split_half_share(items: usize) -> f64 {
    let k = items as f64;
    if items.is_multiple_of(2) { 1.0 } else { 1.0 - 1.0 / (k * k) }
}

/// The mean of all split-half coefficients.
pub fn split_half_mean(items: usize, trace: f64, total: f64) -> f64 {
    split_half_share(items) * alpha(items, trace, total)
}

/// Alpha of a total of subscales (Cronbach, Schönemann & McKie 1965), from the number of each item's subscale.
///
/// Nothing where a subscale has one item, whose error is not known, or there is none.
pub fn alpha_stratified(matrix: &[f64], total: f64, subscales: &[usize]) -> Option<f64> {
    let weights = error_weights(subscales)?;
    if weights.len() != matrix.len() {
        return None;
    }
    let error: f64 = weights.iter().zip(matrix).map(|(weight, c)| weight * c).sum();
    Some(1.0 - error / total)
}

/// What each covariance adds to the error variance of a total of subscales, by their alphas.
pub(super) fn error_weights(subscales: &[usize]) -> Option<Vec<f64>> {
    let items = subscales.len();
    let size = |subscale: usize| subscales.iter().filter(|&&other| other == subscale).count();
    let sizes: Vec<usize> = subscales.iter().map(|&subscale| size(subscale)).collect();
    if items == 0 || sizes.contains(&1) {
        return None;
    }
    let weight = |i: usize, j: usize| match () {
        () if i == j => 1.0,
        () if subscales[i] == subscales[j] => -1.0 / (sizes[i] as f64 - 1.0),
        () => 0.0,
    };
    Some((0..items * items).map(|at| weight(at / items, at % items)).collect())
}

/// The standard error of measurement of the sum of the items, by alpha.
///
/// Nothing where alpha is above one, which only a matrix that is not positive definite has.
pub fn sem(items: usize, trace: f64, total: f64) -> Option<f64> {
    let k = items as f64;
    let rest = k * trace - total;
    if rest < -ROUNDING * trace {
        return None;
    }
    Some((rest.max(0.0) / (k - 1.0)).sqrt())
}

/// The mean correlation of items.
pub fn average_r(correlation: &[f64], items: usize) -> f64 {
    let k = items as f64;
    (correlation.iter().sum::<f64>() - k) / (k * (k - 1.0))
}

/// The ratio of signal to noise in standardised items, nothing where they are all the same.
pub fn signal_to_noise(correlation: &[f64], items: usize) -> Option<f64> {
    let mean = average_r(correlation, items);
    let noise = 1.0 - mean;
    (noise > ROUNDING).then(|| items as f64 * mean / noise)
}
