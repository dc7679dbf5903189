//! Derivatives of the coefficients in closed form.

use super::closed::{
    average_r as mean_correlation, column_squares, error_weights, lambda5_scale, nested_sums,
    off_diagonal_squares, sem as standard_error, split_half_share,
};
use super::split::Split;
use crate::linalg::inverse;
use crate::moments::Dispersion;

/// Columns whose sums of squares differ by less than this share are tied.
const TIE: f64 = 1e-12;

pub(super) fn alpha(dispersion: &Dispersion) -> Vec<f64> {
    let Dispersion { items, trace, total, .. } = *dispersion;
    let scale = items as f64 / (items as f64 - 1.0);
    let mut gradient = vec![scale * trace / (total * total); items * items];
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g -= scale / total);
    gradient
}

pub(super) fn alpha_std(dispersion: &Dispersion) -> Vec<f64> {
    let k = dispersion.items as f64;
    let mean = mean_correlation(&dispersion.correlation, dispersion.items);
    in_mean_correlation(dispersion, k / (1.0 + (k - 1.0) * mean).powi(2))
}

pub(super) fn lambda2(dispersion: &Dispersion) -> Option<Vec<f64>> {
    let Dispersion { items, trace, total, ref covariance, .. } = *dispersion;
    let scale = items as f64 / (items as f64 - 1.0);
    let shares: Vec<f64> = covariance.iter().map(|c| c / trace).collect();
    let root = trace * (scale * off_diagonal_squares(&shares, items)).sqrt();
    if root == 0.0 {
        // The square root has no derivative where no items go together.
        return None;
    }
    let common = (trace - root) / (total * total);
    let mut gradient: Vec<f64> =
        covariance.iter().map(|c| common + scale * c / (root * total)).collect();
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g = common - 1.0 / total);
    Some(gradient)
}

pub(super) fn lambda6(dispersion: &Dispersion) -> Option<Vec<f64>> {
    let Dispersion { items, total, ref covariance, .. } = *dispersion;
    let inverse = inverse(covariance, items)?;
    let errors: f64 = inverse.iter().step_by(items + 1).map(|p| 1.0 / p).sum();
    let mut gradient = vec![errors / (total * total); items * items];
    for (j, row) in inverse.chunks_exact(items).enumerate() {
        // 1 / P_jj moves by P_j' dC P_j / P_jj².
        let scale = 1.0 / (row[j] * row[j] * total);
        for (at, g) in gradient.iter_mut().enumerate() {
            *g -= scale * row[at / items] * row[at % items];
        }
    }
    Some(gradient)
}

pub(super) fn lambda1(dispersion: &Dispersion) -> Vec<f64> {
    let Dispersion { items, trace, total, .. } = *dispersion;
    let mut gradient = vec![trace / (total * total); items * items];
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g -= 1.0 / total);
    gradient
}

pub(super) fn split_half_mean(dispersion: &Dispersion) -> Vec<f64> {
    let mut gradient = alpha(dispersion);
    gradient.iter_mut().for_each(|g| *g *= split_half_share(dispersion.items));
    gradient
}

/// Nothing where two columns are tied: then it depends on the direction.
pub(super) fn lambda5(dispersion: &Dispersion, plus: bool) -> Option<Vec<f64>> {
    let Dispersion { items, trace, total, ref covariance, .. } = *dispersion;
    let shares: Vec<f64> = covariance.iter().map(|c| c / trace).collect();
    let squares = column_squares(&shares, items);
    let (column, &most) = squares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let tied = squares.iter().filter(|&&square| square >= most * (1.0 - TIE)).count();
    // Of two items both columns are the one covariance.
    if most == 0.0 || (tied > 1 && items > 2) {
        return None;
    }
    let (scale, root) = (lambda5_scale(items, plus), trace * most.sqrt());
    let mut gradient = vec![(trace - scale * root) / (total * total); items * items];
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g -= 1.0 / total);
    for i in (0..items).filter(|&i| i != column) {
        let slope = 0.5 * scale * covariance[i * items + column] / (root * total);
        gradient[i * items + column] += slope;
        gradient[column * items + i] += slope;
    }
    Some(gradient)
}

pub(super) fn mu(dispersion: &Dispersion, depth: i32) -> Option<Vec<f64>> {
    let Dispersion { items, trace, total, ref covariance, .. } = *dispersion;
    let k = items as f64;
    let shares: Vec<f64> = covariance.iter().map(|c| c / trace).collect();
    let sums = nested_sums(&shares, items, depth);
    if sums.iter().skip(1).any(|&sum| sum <= 0.0) {
        // The square root has no derivative where no items go together.
        return None;
    }
    // What each power sum counts in the whole.
    let mut counts = vec![1.0];
    for sum in sums.iter().skip(1) {
        counts.push(counts.last().map_or(0.0, |outer| outer * 0.5 / sum.sqrt()));
    }
    counts.last_mut().map(|count| *count *= k / (k - 1.0))?;
    let common = -sums.first()? * trace / (total * total);
    let mut gradient: Vec<f64> = shares
        .iter()
        .map(|share| {
            let terms = (0..=depth).zip(&counts);
            let slope: f64 = terms
                .map(|(level, count)| {
                    let power = 1 << level;
                    count * f64::from(power) * share.powi(power - 1)
                })
                .sum();
            common + slope / total
        })
        .collect();
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g = common);
    Some(gradient)
}

/// The split stays where it is: what is near the best one is less than it.
pub(super) fn split_half(dispersion: &Dispersion, split: &Split) -> Option<Vec<f64>> {
    let Dispersion { items, total, .. } = *dispersion;
    if !split.unique || split.first_half.len() != items {
        return None;
    }
    let common = -4.0 * split.covariance / (total * total);
    let between = |at: usize| split.first_half[at / items] != split.first_half[at % items];
    let slope = |at: usize| if between(at) { common + 2.0 / total } else { common };
    Some((0..items * items).map(slope).collect())
}

pub(super) fn alpha_stratified(dispersion: &Dispersion, subscales: &[usize]) -> Option<Vec<f64>> {
    let Dispersion { total, ref covariance, .. } = *dispersion;
    let weights = error_weights(subscales).filter(|w| w.len() == covariance.len())?;
    let error: f64 = weights.iter().zip(covariance).map(|(weight, c)| weight * c).sum();
    Some(weights.iter().map(|weight| (error / total - weight) / total).collect())
}

pub(super) fn sem(dispersion: &Dispersion) -> Option<Vec<f64>> {
    let Dispersion { items, trace, total, .. } = *dispersion;
    let error = standard_error(items, trace, total).filter(|&error| error > 0.0)?;
    let k = items as f64;
    let mut gradient = vec![-0.5 / ((k - 1.0) * error); items * items];
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g += 0.5 * k / ((k - 1.0) * error));
    Some(gradient)
}

pub(super) fn average_r(dispersion: &Dispersion) -> Vec<f64> {
    in_mean_correlation(dispersion, 1.0)
}

pub(super) fn signal_to_noise(dispersion: &Dispersion) -> Vec<f64> {
    let noise = 1.0 - mean_correlation(&dispersion.correlation, dispersion.items);
    in_mean_correlation(dispersion, dispersion.items as f64 / (noise * noise))
}

/// Of what depends on the mean correlation alone.
fn in_mean_correlation(dispersion: &Dispersion, slope: f64) -> Vec<f64> {
    let items = dispersion.items;
    let pairs = (items * (items - 1)) as f64;
    let mut gradient = vec![slope / pairs; items * items];
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g = 0.0);
    gradient
}
