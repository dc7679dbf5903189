//! Coefficients of one set of moments after the other, with memory and starting points kept.

use super::{Coefficient, Outcome, Status, closed};
use crate::factor::{
    FitMemory, FitStatus, MlFit, minres_one_factor, ml_one_factor, principal_factor,
};
use crate::moments::Dispersion;
use crate::monitor::Monitor;

/// Totals whose variance is below this share of the items' have none: all that is left is rounding.
const LEAST_TOTAL: f64 = 1e-12;

/// Evaluates coefficients. Fits start from the solutions that [`Estimator::settle`] kept, if any.
#[derive(Debug, Clone, Default)]
pub struct Estimator {
    start: Solutions,
    /// Where the last fits ended.
    pub(super) last: Solutions,
    pub(super) standardised: Vec<f64>,
    memory: FitMemory,
}

/// One-factor solutions.
#[derive(Debug, Clone, Default)]
pub(super) struct Solutions {
    pub ml: MlFit,
    pub minres: Vec<f64>,
}

impl Estimator {
    /// Makes the last solutions the starting points of those to come.
    pub fn settle(&mut self) {
        self.start = self.last.clone();
    }

    /// The coefficient of these moments. Of a cancelled one nothing is to be believed.
    pub fn evaluate(
        &mut self,
        coefficient: Coefficient,
        dispersion: &Dispersion,
        monitor: &dyn Monitor,
    ) -> Outcome {
        let Dispersion { items, trace, total, .. } = *dispersion;
        // With pairwise moments a pair may have too few persons though there are many: its covariance is NaN.
        if dispersion.persons < 2.0 || total.is_nan() || trace.is_nan() {
            return Outcome::none(Status::TooFewRows);
        }
        if items < 2 || total.is_infinite() || trace.is_infinite() {
            return Outcome::none(Status::Undefined);
        }
        // Written so that it also holds where nothing varies.
        if total <= LEAST_TOTAL * trace {
            return Outcome::none(Status::Undefined);
        }
        if coefficient == Coefficient::Alpha {
            return Outcome::ok(closed::alpha(items, trace, total));
        }
        if coefficient == Coefficient::Lambda2 {
            return Outcome::ok(closed::lambda2(&dispersion.covariance, items));
        }
        if dispersion.smallest_variance <= 0.0 {
            return Outcome::none(Status::ConstantItem);
        }
        if dispersion.correlation.iter().any(|r| r.is_nan()) {
            return Outcome::none(Status::ConstantItem);
        }
        let on_correlations =
            matches!(coefficient, Coefficient::AlphaStd | Coefficient::OmegaTotal);
        let standardised_total: f64 = dispersion.correlation.iter().sum();
        if on_correlations && standardised_total <= LEAST_TOTAL * items as f64 {
            return Outcome::none(Status::Undefined);
        }
        match coefficient {
            Coefficient::AlphaStd => Outcome::ok(closed::alpha_std(&dispersion.correlation, items)),
            Coefficient::Lambda6 => match closed::lambda6(&dispersion.covariance, items) {
                Some(value) => Outcome::ok(value),
                None => Outcome::none(Status::NotPositiveDefinite),
            },
            Coefficient::OmegaU => self.omega_u(dispersion, monitor),
            Coefficient::OmegaTotal => self.omega_total(dispersion),
            Coefficient::Alpha | Coefficient::Lambda2 => Outcome::default(),
        }
    }

    fn omega_u(&mut self, dispersion: &Dispersion, monitor: &dyn Monitor) -> Outcome {
        let items = dispersion.items;
        if items < 3 {
            return Outcome::none(Status::Undefined);
        }
        // Maximum likelihood does not depend on the items' scales. With pairwise moments this is not the matrix of
        // pairwise correlations.
        standardise(&dispersion.covariance, items, &mut self.standardised);
        self.last.ml.clone_from(&self.start.ml);
        let fit = &mut self.last.ml;
        let status = ml_one_factor(&self.standardised, items, fit, &mut self.memory, monitor);
        fitted(status, || {
            let (mut common, mut unique) = (0.0, 0.0);
            for (j, (l, t)) in fit.loadings.iter().zip(&fit.uniquenesses).enumerate() {
                let variance = dispersion.covariance[j * items + j];
                common += l * variance.sqrt();
                unique += t * variance;
            }
            common * common / (common * common + unique)
        })
    }

    fn omega_total(&mut self, dispersion: &Dispersion) -> Outcome {
        let items = dispersion.items;
        if items < 3 {
            return Outcome::none(Status::Undefined);
        }
        let correlation = &dispersion.correlation;
        let total: f64 = correlation.iter().sum();
        if self.start.minres.len() == items {
            self.last.minres.clone_from(&self.start.minres);
        } else {
            self.last.minres = principal_factor(correlation, items);
        }
        let loadings = &mut self.last.minres;
        let status = minres_one_factor(correlation, loadings, &mut self.memory);
        fitted(status, || {
            let unique: f64 = loadings.iter().map(|l| 1.0 - l * l).sum();
            1.0 - unique / total
        })
    }
}

fn fitted(status: FitStatus, value: impl FnOnce() -> f64) -> Outcome {
    match status {
        FitStatus::Converged => Outcome::ok(value()),
        FitStatus::Heywood => Outcome { value: value(), status: Status::Heywood },
        FitStatus::NotConverged => Outcome::none(Status::NotConverged),
        FitStatus::NotPositiveDefinite => Outcome::none(Status::NotPositiveDefinite),
    }
}

/// Covariances as correlations.
fn standardise(covariance: &[f64], items: usize, out: &mut Vec<f64>) {
    out.clear();
    out.extend_from_slice(covariance);
    for i in 0..items {
        let scale = covariance[i * items + i].sqrt();
        for j in 0..items {
            out[i * items + j] /= scale;
            out[j * items + i] /= scale;
        }
        out[i * items + i] = 1.0;
    }
}
