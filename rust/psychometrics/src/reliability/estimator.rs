//! Coefficients of one set of moments after the other, with memory and starting points kept.

use super::exchanges::Starts;
use super::factor_bound::{is_identified, number_of_factors};
use super::glb::{GreatestLowerBound, PathMemory};
use super::split::{Split, extreme_split_from};
use super::{Coefficient, Groups, Matrix, Outcome, Status, closed, hierarchical};
use crate::factor::{
    Arrangement, FitMemory, FitStatus, Hierarchy, HierarchyModel, MlFit, minres_one_factor,
    ml_one_factor, principal_factor,
};
use crate::moments::Dispersion;
use crate::monitor::Monitor;
use crate::simd::Simd;

/// Totals whose variance is below this share of the items' have none: all that is left is rounding.
const LEAST_TOTAL: f64 = 1e-12;

/// Evaluates coefficients. Fits start from the solutions that [`Estimator::settle`] kept, if any.
#[derive(Debug, Clone, Default)]
pub struct Estimator {
    simd: Simd,
    pub(super) model: HierarchyModel,
    start: Solutions,
    /// Where the last fits ended.
    pub(super) last: Solutions,
    pub(super) standardised: Vec<f64>,
    /// The splits whose halves covary most and least.
    pub(super) most: Halves,
    pub(super) least: Halves,
    likelihood: Likelihood,
    memory: FitMemory,
    /// The greatest lower bound that was last looked for.
    pub(super) bound: GreatestLowerBound,
    path: PathMemory,
    /// The number of each item's subscale; empty where there are none.
    pub(super) subscales: Vec<usize>,
}

/// The last split that was looked for, and in which covariances: two coefficients may share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Halves {
    covariance: Vec<f64>,
    starts: Starts,
    pub split: Split,
}

impl Halves {
    fn find(&mut self, simd: Simd, covariance: &[f64], items: usize, largest: bool) -> f64 {
        if self.covariance != covariance {
            self.split = extreme_split_from(&mut self.starts, simd, covariance, items, largest);
            covariance.clone_into(&mut self.covariance);
        }
        self.split.covariance
    }
}

/// How the last maximum likelihood fit ended, and of which covariances: two omegas share it.
#[derive(Debug, Clone, Default)]
struct Likelihood {
    covariance: Vec<f64>,
    status: Option<FitStatus>,
}

/// Solutions of one factor, and of several.
#[derive(Debug, Clone, Default)]
pub(super) struct Solutions {
    pub ml: MlFit,
    pub minres: Vec<f64>,
    pub hierarchy: Hierarchy,
    /// The factors of the factor-based greatest lower bound.
    pub bound: Hierarchy,
}

impl Estimator {
    /// One that fits so many factors, of items that belong to subscales with these numbers, from zero up.
    pub fn new(model: HierarchyModel, subscales: Vec<usize>) -> Estimator {
        Estimator { model, subscales, ..Estimator::default() }
    }

    /// The same one with an instruction set.
    pub fn with(self, simd: Simd) -> Estimator {
        Estimator { simd, ..self }
    }

    /// Makes the last solutions the starting points of those to come.
    pub fn settle(&mut self) {
        self.start = self.last.clone();
        // What is fitted from here on has another start.
        self.likelihood.status = None;
        self.last.hierarchy.forget();
        self.last.bound.forget();
    }

    /// The general factor and groups that were last evaluated; nothing where none were.
    pub fn groups(&self) -> Option<Groups> {
        let fit = &self.last.hierarchy;
        (!fit.general.is_empty()).then(|| Groups::new(fit, self.model.factors))
    }

    /// How many factors the factor-based bound that was last evaluated has; nothing where none was.
    pub fn bound_factors(&self) -> Option<usize> {
        let factors = self.last.bound.residuals.factors;
        (factors > 0).then_some(factors)
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
        if let Some(outcome) = self.of_any_items(coefficient, dispersion) {
            return outcome;
        }
        if dispersion.smallest_variance <= 0.0 {
            return Outcome::none(Status::ConstantItem);
        }
        if dispersion.correlation.iter().any(|r| r.is_nan()) {
            return Outcome::none(Status::ConstantItem);
        }
        let standardised_total: f64 = dispersion.correlation.iter().sum();
        if coefficient.matrix() == Matrix::Correlation
            && standardised_total <= LEAST_TOTAL * items as f64
        {
            return Outcome::none(Status::Undefined);
        }
        match coefficient {
            Coefficient::AlphaStd => Outcome::ok(closed::alpha_std(&dispersion.correlation, items)),
            Coefficient::Lambda6 => or_singular(closed::lambda6(&dispersion.covariance, items)),
            Coefficient::AverageR => Outcome::ok(closed::average_r(&dispersion.correlation, items)),
            Coefficient::SignalToNoise => {
                or_singular(closed::signal_to_noise(&dispersion.correlation, items))
            }
            Coefficient::OmegaU => self.omega_u(dispersion, false, monitor),
            Coefficient::OmegaUObserved => self.omega_u(dispersion, true, monitor),
            Coefficient::Glb => self.greatest_lower_bound(dispersion),
            Coefficient::GlbFactor => self.bound_of_factors(dispersion, monitor),
            Coefficient::H | Coefficient::Ave => self.of_factor(coefficient, dispersion, monitor),
            Coefficient::OmegaTotal if self.model.factors == 1 => self.omega_of_one(dispersion),
            Coefficient::OmegaTotal => self.omega_of_several(dispersion, monitor),
            _ if coefficient.has_general_factor() => {
                self.of_general_factor(coefficient, dispersion, monitor)
            }
            _ => Outcome::default(),
        }
    }

    /// Coefficients to which an item that does not vary just adds nothing.
    fn of_any_items(
        &mut self,
        coefficient: Coefficient,
        dispersion: &Dispersion,
    ) -> Option<Outcome> {
        let Dispersion { items, trace, total, ref covariance, .. } = *dispersion;
        let value = match coefficient {
            Coefficient::Alpha | Coefficient::Lambda3 | Coefficient::Mu0 => {
                closed::alpha(items, trace, total)
            }
            Coefficient::Lambda1 => closed::lambda1(trace, total),
            Coefficient::Lambda2 | Coefficient::Mu1 => closed::lambda2(covariance, items),
            Coefficient::Lambda4 | Coefficient::SplitHalfMax => {
                4.0 * self.most.find(self.simd, covariance, items, true) / total
            }
            Coefficient::Lambda5 => closed::lambda5(covariance, items, false),
            Coefficient::Lambda5Plus => closed::lambda5(covariance, items, true),
            Coefficient::Mu2 => closed::mu(covariance, items, 2),
            Coefficient::Mu3 => closed::mu(covariance, items, 3),
            Coefficient::SplitHalfMin => {
                4.0 * self.least.find(self.simd, covariance, items, false) / total
            }
            Coefficient::SplitHalfMean => closed::split_half_mean(items, trace, total),
            Coefficient::Sem => return Some(or_singular(closed::sem(items, trace, total))),
            Coefficient::AlphaStratified => {
                return Some(match closed::alpha_stratified(covariance, total, &self.subscales) {
                    Some(value) => Outcome::ok(value),
                    None => Outcome::none(Status::Undefined),
                });
            }
            _ => return None,
        };
        Some(Outcome::ok(value))
    }

    fn omega_u(
        &mut self,
        dispersion: &Dispersion,
        observed: bool,
        monitor: &dyn Monitor,
    ) -> Outcome {
        let items = dispersion.items;
        if items < 3 {
            return Outcome::none(Status::Undefined);
        }
        let status = self.fit_likelihood(dispersion, monitor);
        let fit = &self.last.ml;
        fitted(status, || {
            let (mut common, mut unique) = (0.0, 0.0);
            for (j, (l, t)) in fit.loadings.iter().zip(&fit.uniquenesses).enumerate() {
                let variance = dispersion.covariance[j * items + j];
                common += l * variance.sqrt();
                unique += t * variance;
            }
            let all = if observed { dispersion.total } else { common * common + unique };
            common * common / all
        })
    }

    /// What standardised loadings say of the items: how well a weighted total measures the factor, or they do.
    fn of_factor(
        &mut self,
        coefficient: Coefficient,
        dispersion: &Dispersion,
        monitor: &dyn Monitor,
    ) -> Outcome {
        if dispersion.items < 3 {
            return Outcome::none(Status::Undefined);
        }
        let status = self.fit_likelihood(dispersion, monitor);
        let fit = &self.last.ml;
        let pairs = || fit.loadings.iter().zip(&fit.uniquenesses);
        fitted(status, || {
            if coefficient == Coefficient::H {
                let information: f64 = pairs().map(|(l, t)| l * l / t).sum();
                information / (1.0 + information)
            } else {
                let shares = pairs().map(|(l, t)| l * l / (l * l + t));
                shares.sum::<f64>() / fit.loadings.len() as f64
            }
        })
    }

    fn greatest_lower_bound(&mut self, dispersion: &Dispersion) -> Outcome {
        let Dispersion { items, ref covariance, .. } = *dispersion;
        match GreatestLowerBound::with(self.simd, covariance, items, &mut self.path) {
            Ok(bound) => {
                self.bound = bound;
                Outcome::ok(self.bound.value)
            }
            Err(status) => Outcome::none(status),
        }
    }

    fn fit_likelihood(&mut self, dispersion: &Dispersion, monitor: &dyn Monitor) -> FitStatus {
        let Dispersion { items, ref covariance, .. } = *dispersion;
        if let Some(status) = self.likelihood.status
            && self.likelihood.covariance == *covariance
        {
            return status;
        }
        // Maximum likelihood does not depend on the items' scales. With pairwise moments this is not the matrix of
        // pairwise correlations.
        standardise(covariance, items, &mut self.standardised);
        self.last.ml.clone_from(&self.start.ml);
        let fit = &mut self.last.ml;
        let status = ml_one_factor(&self.standardised, items, fit, &mut self.memory, monitor);
        covariance.clone_into(&mut self.likelihood.covariance);
        self.likelihood.status = Some(status);
        status
    }

    fn omega_of_one(&mut self, dispersion: &Dispersion) -> Outcome {
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

    /// Factors of the correlations, unless the items do not identify so many.
    fn extract(&mut self, dispersion: &Dispersion, monitor: &dyn Monitor) -> Option<FitStatus> {
        let (items, factors) = (dispersion.items, self.model.factors);
        if !is_identified(items, factors) {
            return None;
        }
        let (correlation, start) = (&dispersion.correlation, &self.start.hierarchy);
        Some(self.last.hierarchy.extract(correlation, items, self.model, start, monitor))
    }

    /// Where solutions were kept the number of factors is theirs: of replicates that of their estimate.
    fn bound_of_factors(&mut self, dispersion: &Dispersion, monitor: &dyn Monitor) -> Outcome {
        let Dispersion { items, ref correlation, .. } = *dispersion;
        if items < 3 {
            return Outcome::none(Status::Undefined);
        }
        let kept = &self.start.bound;
        let factors = if kept.residuals.items == items {
            kept.residuals.factors
        } else {
            match number_of_factors(correlation, items, &mut self.memory) {
                Ok(0) => return Outcome::none(Status::Undefined),
                Ok(factors) => factors,
                Err(status) => return fitted(status, || f64::NAN),
            }
        };
        let model = HierarchyModel { factors, ..HierarchyModel::default() };
        let status = self.last.bound.extract(correlation, items, model, kept, monitor);
        let unique = items as f64 - self.last.bound.communalities.iter().sum::<f64>();
        fitted(status, || 1.0 - unique / correlation.iter().sum::<f64>())
    }

    fn omega_of_several(&mut self, dispersion: &Dispersion, monitor: &dyn Monitor) -> Outcome {
        let Some(status) = self.extract(dispersion, monitor) else {
            return Outcome::none(Status::Undefined);
        };
        let total: f64 = dispersion.correlation.iter().sum();
        let explained: f64 = self.last.hierarchy.communalities.iter().sum();
        fitted(status, || 1.0 - (dispersion.items as f64 - explained) / total)
    }

    /// A coefficient of a general factor, which one factor does not have beside it.
    fn of_general_factor(
        &mut self,
        coefficient: Coefficient,
        dispersion: &Dispersion,
        monitor: &dyn Monitor,
    ) -> Outcome {
        let status = match self.extract(dispersion, monitor) {
            Some(status) if self.model.factors > 1 => status,
            _ => return Outcome::none(Status::Undefined),
        };
        if matches!(status, FitStatus::NotConverged | FitStatus::NotPositiveDefinite) {
            return fitted(status, || f64::NAN);
        }
        let (fit, model) = (&mut self.last.hierarchy, self.model);
        let arrangement = fit.arrange(model, &self.start.hierarchy, monitor);
        match arrangement {
            Arrangement::NotConverged => return Outcome::none(Status::NotConverged),
            Arrangement::FewerFactors => return Outcome::none(Status::Undefined),
            _ => {}
        }
        let outcome =
            hierarchical::coefficient(coefficient, fit, model.factors, &dispersion.correlation);
        if outcome.status != Status::Ok {
            return outcome;
        }
        // The first that holds: what is said of extraction, of the general factor, of the groups.
        let status = match (status, arrangement) {
            (FitStatus::Heywood, _) => Status::Heywood,
            (_, Arrangement::SecondOrderHeywood) => Status::SecondOrderHeywood,
            (_, Arrangement::Switched) => Status::FactorSwitched,
            _ => Status::Ok,
        };
        Outcome { status, ..outcome }
    }
}

fn or_singular(value: Option<f64>) -> Outcome {
    value.map_or_else(|| Outcome::none(Status::NotPositiveDefinite), Outcome::ok)
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
