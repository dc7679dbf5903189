//! Mahalanobis distance over the items a person answered.

use super::tile::{LANES, Lanes};
use crate::linalg::{cholesky, cholesky_solve, inverse};
use crate::responses::MISSING;

/// Persons whose equations are solved side by side: their sums stay in registers.
const SIDE: usize = 8;

/// Where answers are expected to lie.
#[derive(Debug, Clone)]
pub struct Distance {
    /// The items that vary.
    items: Vec<usize>,
    means: Vec<f64>,
    covariance: Vec<f64>,
    /// The covariances' lower Cholesky factor, row by row.
    factor: Vec<f64>,
    /// The covariances' inverse.
    precision: Vec<f64>,
}

impl Distance {
    /// From means and covariances of all items; nothing where no item varies, or the covariances of those that do are
    /// not positive definite.
    pub fn new(means: &[f64], covariance: &[f64]) -> Option<Distance> {
        let all = means.len();
        let items: Vec<usize> = (0..all).filter(|&i| covariance[i * all + i] > 0.0).collect();
        let means = items.iter().map(|&i| means[i]).collect();
        let covariance = selected(covariance, all, &items);
        let mut factor = covariance.clone();
        if items.is_empty() || !cholesky(&mut factor, items.len()) {
            return None;
        }
        let precision = inverse(&covariance, items.len())?;
        Some(Distance { items, means, covariance, factor, precision })
    }

    /// Squared distances and the number of items they are over; NaN and none for who answered none of them.
    pub fn squared(&self, raw: &[Lanes<u8>]) -> (Lanes<f64>, Lanes<usize>) {
        let mut squared = self.whole(raw);
        let mut freedom = [0; LANES];
        let mut deviations = vec![0.0; self.items.len()];
        for lane in 0..LANES {
            let missing: Vec<usize> = (0..self.items.len())
                .filter(|&place| raw[self.items[place]][lane] == MISSING)
                .collect();
            freedom[lane] = self.items.len() - missing.len();
            if missing.is_empty() {
                continue;
            }
            for (place, deviation) in deviations.iter_mut().enumerate() {
                *deviation = self.deviation(raw, place, lane);
            }
            squared[lane] = if freedom[lane] == 0 {
                f64::NAN
            } else if missing.len() <= freedom[lane] {
                let rest = squared[lane] - self.excess(&deviations, &missing);
                // Not `max`, which would make zero of NaN.
                if rest < 0.0 { 0.0 } else { rest }
            } else {
                self.direct(&deviations, &missing)
            };
        }
        (squared, freedom)
    }

    fn deviation(&self, raw: &[Lanes<u8>], place: usize, lane: usize) -> f64 {
        let answer = raw[self.items[place]][lane];
        if answer == MISSING { 0.0 } else { f64::from(answer) - self.means[place] }
    }

    /// The squared distance over all items, as if missing answers were at the mean.
    fn whole(&self, raw: &[Lanes<u8>]) -> Lanes<f64> {
        let size = self.items.len();
        let mut squared = [0.0; LANES];
        let mut solved = vec![[0.0; SIDE]; size];
        for (part, squared) in squared.chunks_exact_mut(SIDE).enumerate() {
            for i in 0..size {
                let mut sum: [f64; SIDE] =
                    std::array::from_fn(|side| self.deviation(raw, i, part * SIDE + side));
                let row = &self.factor[i * size..=i * size + i];
                for (&weight, above) in row.iter().zip(&solved[..i]) {
                    for side in 0..SIDE {
                        sum[side] -= weight * above[side];
                    }
                }
                for side in 0..SIDE {
                    let value = sum[side] / row[i];
                    solved[i][side] = value;
                    squared[side] += value * value;
                }
            }
        }
        squared
    }

    /// What missing answers at the mean add to the squared distance.
    ///
    /// With precision P, deviations d that are zero where missing (m), and u = P d: the distance over the rest is the
    /// smallest that values in m can make it, d'Pd - u_m' P_mm⁻¹ u_m. No matrix of the answered items is needed.
    fn excess(&self, deviations: &[f64], missing: &[usize]) -> f64 {
        let size = self.items.len();
        let pull: Vec<f64> = missing
            .iter()
            .map(|&place| {
                let row = &self.precision[place * size..(place + 1) * size];
                row.iter().zip(deviations).map(|(weight, deviation)| weight * deviation).sum()
            })
            .collect();
        quadratic(selected(&self.precision, size, missing), &pull)
    }

    /// The squared distance from the covariances of the few answered items.
    fn direct(&self, deviations: &[f64], missing: &[usize]) -> f64 {
        let size = self.items.len();
        let answered: Vec<usize> =
            (0..size).filter(|place| missing.binary_search(place).is_err()).collect();
        let rest: Vec<f64> = answered.iter().map(|&place| deviations[place]).collect();
        quadratic(selected(&self.covariance, size, &answered), &rest)
    }
}

/// Rows and columns of a square matrix.
fn selected(matrix: &[f64], size: usize, places: &[usize]) -> Vec<f64> {
    places.iter().flat_map(|&i| places.iter().map(move |&j| matrix[i * size + j])).collect()
}

/// `x' M⁻¹ x`; NaN where the matrix is not positive definite.
fn quadratic(mut matrix: Vec<f64>, x: &[f64]) -> f64 {
    if !cholesky(&mut matrix, x.len()) {
        return f64::NAN;
    }
    let mut solved = x.to_vec();
    cholesky_solve(&matrix, x.len(), &mut solved);
    x.iter().zip(&solved).map(|(a, b)| a * b).sum()
}
