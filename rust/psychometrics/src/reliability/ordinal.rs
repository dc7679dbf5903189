//! Coefficients of ordered answers: functions of thresholds and polychoric correlations.
//!
//! Zumbo, B. D., Gadermann, A. M., & Zeisser, C. (2007). Ordinal versions of coefficients alpha and theta for Likert
//! rating scales. *Journal of Modern Applied Statistical Methods*, 6, 21-29. Green, S. B., & Yang, Y. (2009).
//! Reliability of summated scores by means of structural equation modeling. *Psychometrika*, 74, 155-167.

use super::ordinal_scores::{Covariances, Slopes, slopes, variance, variance_slopes};
use super::{Coefficient, Outcome, Status};
use crate::association::{self, Latent};
use crate::factor::{FitStatus, Weighted, principal_factor};
use crate::linalg::cholesky;
use crate::simd::Simd;

/// Totals whose variance is below this share of the items' have none: all that is left is rounding.
const LEAST_TOTAL: f64 = 1e-12;

/// Latent responses, with the loadings of the one factor behind them.
#[derive(Debug, Clone)]
pub struct OrdinalModel<'a> {
    simd: Simd,
    latent: &'a Latent,
    /// By diagonally weighted least squares; empty where they were not wanted or cannot be had.
    pub loadings: Vec<f64>,
    fit: Option<FitStatus>,
}

/// How a coefficient moves with what it is a function of. Of matrices of pairs each pair counts once.
#[derive(Debug, Clone)]
pub struct OrdinalGradient {
    /// By correlations, items × items.
    pub correlation: Vec<f64>,
    /// By the weights of correlations, items × items.
    pub weight: Vec<f64>,
    /// By thresholds, as they lie in [`Latent`].
    pub threshold: Vec<f64>,
}

impl OrdinalModel<'_> {
    /// The model of these responses; its fit starts from the loadings of another where they are given.
    pub fn new<'a>(
        simd: Simd,
        latent: &'a Latent,
        factor: bool,
        near: Option<&[f64]>,
    ) -> OrdinalModel<'a> {
        let items = latent.items;
        let mut model = OrdinalModel { simd, latent, loadings: Vec::new(), fit: None };
        let known = latent.statuses.iter().all(|&status| status == association::Status::Ok);
        if factor && known && items >= 3 {
            model.loadings = match near {
                Some(near) if near.len() == items => near.to_vec(),
                _ => principal_factor(&latent.correlation, items),
            };
            let weighted = Weighted { correlation: &latent.correlation, weights: &latent.weights };
            model.fit = Some(weighted.one_factor(&mut model.loadings));
        }
        model
    }

    /// An ordinal coefficient.
    pub fn evaluate(&self, coefficient: Coefficient) -> Outcome {
        let latent = self.latent;
        if latent.items < 2 {
            return Outcome::none(Status::Undefined);
        }
        for (pair, status) in [
            (association::Status::TooFewRows, Status::TooFewRows),
            (association::Status::OneCategory, Status::ConstantItem),
            (association::Status::NotConverged, Status::NotConverged),
        ] {
            if latent.statuses.contains(&pair) {
                return Outcome::none(status);
            }
        }
        let total: f64 = latent.correlation.iter().sum();
        if total <= LEAST_TOTAL * latent.items as f64 {
            return Outcome::none(Status::Undefined);
        }
        if coefficient == Coefficient::AlphaOrdinal {
            let items = latent.items as f64;
            let value = items / (items - 1.0) * (1.0 - items / total);
            return Outcome { value, status: self.reservation(false) };
        }
        if latent.statuses.contains(&association::Status::Boundary) {
            return Outcome::none(Status::Boundary);
        }
        let heywood = match self.fit {
            Some(FitStatus::Converged) => false,
            Some(FitStatus::Heywood) => true,
            Some(FitStatus::NotConverged) => return Outcome::none(Status::NotConverged),
            Some(FitStatus::NotPositiveDefinite) => {
                return Outcome::none(Status::NotPositiveDefinite);
            }
            None => return Outcome::none(Status::Undefined),
        };
        let value = if coefficient == Coefficient::OmegaOrdinal {
            self.loadings.iter().sum::<f64>().powi(2) / total
        } else {
            let (common, all) = self.score_variances();
            if all <= 0.0 {
                return Outcome::none(Status::Undefined);
            }
            common / all
        };
        Outcome { value, status: self.reservation(heywood) }
    }

    /// What is to be said of a value that is kept.
    fn reservation(&self, heywood: bool) -> Status {
        if heywood {
            return Status::Heywood;
        }
        // Which also makes the matrix singular.
        if self.latent.statuses.contains(&association::Status::Boundary) {
            return Status::Boundary;
        }
        let definite = cholesky(&mut self.latent.correlation.clone(), self.latent.items);
        if definite { Status::Ok } else { Status::NotPositiveDefinite }
    }

    fn thresholds(&self, item: usize) -> &[f64] {
        let steps = self.latent.thresholds.len() / self.latent.items;
        self.latent.thresholds.get(item * steps..(item + 1) * steps).unwrap_or_default()
    }

    /// The variance of the sum of the answers that the factor makes, and all of it.
    fn score_variances(&self) -> (f64, f64) {
        let items = self.latent.items;
        let mut covariances = Covariances::new(self.simd);
        let (mut common, mut all) = (0.0, 0.0);
        for (i, own) in self.loadings.iter().enumerate() {
            let first = self.thresholds(i);
            common += covariances.of(first, first, own * own);
            all += variance(first);
            for (j, other) in self.loadings.iter().enumerate().skip(i + 1) {
                let (second, place) = (self.thresholds(j), i * items + j);
                let rho = self.latent.correlation[place];
                let mut known = self.latent.covariances[place];
                if known.is_nan() {
                    known = covariances.of(first, second, rho);
                }
                all += 2.0 * known;
                common += 2.0 * covariances.moved((first, second), (known, rho), own * other);
            }
        }
        (common, all)
    }

    /// The derivative of a coefficient that has a value; nothing where it has none.
    pub fn gradient(&self, coefficient: Coefficient) -> Option<OrdinalGradient> {
        let latent = self.latent;
        let items = latent.items;
        let count = items as f64;
        let total: f64 = latent.correlation.iter().sum();
        let off_diagonal = |value: f64| {
            (0..items * items)
                .map(|at| if at / items == at % items { 0.0 } else { value })
                .collect::<Vec<f64>>()
        };
        let mut gradient = OrdinalGradient {
            correlation: off_diagonal(0.0),
            weight: off_diagonal(0.0),
            threshold: vec![0.0; latent.thresholds.len()],
        };
        if latent.statuses.iter().any(|&status| status != association::Status::Ok) {
            return None;
        }
        let in_loadings = match coefficient {
            Coefficient::AlphaOrdinal => {
                let slope = 2.0 * count * count / ((count - 1.0) * total * total);
                gradient.correlation = off_diagonal(slope);
                return Some(gradient);
            }
            Coefficient::OmegaOrdinal => {
                let sum: f64 = self.loadings.iter().sum();
                gradient.correlation = off_diagonal(-2.0 * (sum / total).powi(2));
                vec![2.0 * sum / total; items]
            }
            _ => self.categorical_slopes(&mut gradient),
        };
        let weighted = Weighted { correlation: &latent.correlation, weights: &latent.weights };
        let (by_correlation, by_weight) = weighted.implicit(&self.loadings, &in_loadings)?;
        for (sum, by) in gradient.correlation.iter_mut().zip(by_correlation) {
            *sum += by;
        }
        gradient.weight = by_weight;
        Some(gradient)
    }

    /// Adds the slopes of categorical omega by correlations and thresholds; returns those by loadings.
    fn categorical_slopes(&self, gradient: &mut OrdinalGradient) -> Vec<f64> {
        let items = self.latent.items;
        let steps = self.latent.thresholds.len() / items;
        let (common, all) = self.score_variances();
        let (of_common, of_all) = (1.0 / all, -common / (all * all));
        let mut in_loadings = vec![0.0; items];
        let mut add = |item: usize, by: &[f64], scale: f64| {
            for (sum, by) in gradient.threshold.iter_mut().skip(item * steps).zip(by) {
                *sum += scale * by;
            }
        };
        for (i, own) in self.loadings.iter().enumerate() {
            let first = self.thresholds(i);
            let Slopes { rho, first: by, second } = slopes(first, first, own * own);
            in_loadings[i] += of_common * 2.0 * own * rho;
            add(i, &by, of_common);
            add(i, &second, of_common);
            add(i, &variance_slopes(first), of_all);
            for (j, other) in self.loadings.iter().enumerate().skip(i + 1) {
                let second = self.thresholds(j);
                let common = slopes(first, second, own * other);
                in_loadings[i] += 2.0 * of_common * common.rho * other;
                in_loadings[j] += 2.0 * of_common * common.rho * own;
                let all = slopes(first, second, self.latent.correlation[i * items + j]);
                for place in [i * items + j, j * items + i] {
                    gradient.correlation[place] += 2.0 * of_all * all.rho;
                }
                for (by, scale) in [(&common, 2.0 * of_common), (&all, 2.0 * of_all)] {
                    add(i, &by.first, scale);
                    add(j, &by.second, scale);
                }
            }
        }
        in_loadings
    }
}
