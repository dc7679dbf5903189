//! Derivatives of coefficients in the covariances or correlations: what influence values are made of.

use super::{Coefficient, Estimator, Matrix, closed_gradient, hierarchical};
use crate::factor::{HierarchyModel, ProductForm, minres_gradient};
use crate::moments::Dispersion;

/// The derivative of a coefficient: it moves by the sum over all ordered pairs of `values[i, j] dM[i, j]`.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// The matrix that moves.
    pub matrix: Matrix,
    /// Symmetric, items × items.
    pub values: Vec<f64>,
    /// The same as few products, where it is so: less work for each person.
    pub product: Option<ProductForm>,
}

impl Gradient {
    /// For complete rows a gradient in correlations is one in covariances.
    pub fn in_covariances(self, dispersion: &Dispersion) -> Vec<f64> {
        if self.matrix == Matrix::Covariance {
            return self.values;
        }
        let items = dispersion.items;
        let variance = |j: usize| dispersion.covariance[j * items + j];
        let mut gradient = vec![0.0; items * items];
        for i in 0..items {
            for j in (0..items).filter(|&j| j != i) {
                let value = self.values[i * items + j];
                gradient[i * items + j] = value / (variance(i) * variance(j)).sqrt();
                gradient[i * items + i] -=
                    value * dispersion.correlation[i * items + j] / variance(i);
            }
        }
        gradient
    }
}

impl Estimator {
    /// The derivative of a coefficient where it was last evaluated; nothing where it has none.
    pub fn gradient(&self, coefficient: Coefficient, dispersion: &Dispersion) -> Option<Gradient> {
        if let Some(product) = self.product_gradient(coefficient, dispersion) {
            let values = product.matrix();
            return Some(Gradient { matrix: Matrix::Covariance, values, product: Some(product) });
        }
        let values = match coefficient {
            Coefficient::Alpha | Coefficient::Lambda3 | Coefficient::Mu0 => {
                closed_gradient::alpha(dispersion)
            }
            Coefficient::AlphaStd => closed_gradient::alpha_std(dispersion),
            Coefficient::Lambda1 => closed_gradient::lambda1(dispersion),
            Coefficient::Lambda2 | Coefficient::Mu1 => closed_gradient::lambda2(dispersion)?,
            Coefficient::Lambda6 => closed_gradient::lambda6(dispersion)?,
            Coefficient::Mu2 => closed_gradient::mu(dispersion, 2)?,
            Coefficient::Mu3 => closed_gradient::mu(dispersion, 3)?,
            Coefficient::SplitHalfMean => closed_gradient::split_half_mean(dispersion),
            Coefficient::AverageR => closed_gradient::average_r(dispersion),
            Coefficient::SignalToNoise => closed_gradient::signal_to_noise(dispersion),
            Coefficient::Sem => closed_gradient::sem(dispersion)?,
            Coefficient::OmegaUObserved => self.omega_u_observed_gradient(dispersion)?,
            Coefficient::OmegaTotal if self.model.factors == 1 => {
                self.omega_of_one_gradient(dispersion)?
            }
            Coefficient::OmegaTotal => {
                let fit = &self.last.hierarchy;
                hierarchical::total_gradient(fit, self.model, &dispersion.correlation)?
            }
            Coefficient::GlbFactor => {
                let fit = &self.last.bound;
                let factors = fit.residuals.factors;
                let model = HierarchyModel { factors, ..HierarchyModel::default() };
                hierarchical::total_gradient(fit, model, &dispersion.correlation)?
            }
            Coefficient::OmegaH
            | Coefficient::OmegaLimit
            | Coefficient::Ecv
            | Coefficient::Puc
            | Coefficient::OmegaGroup(_)
            | Coefficient::OmegaGroupTotal(_) => {
                let fit = &self.last.hierarchy;
                hierarchical::gradient(coefficient, fit, self.model, &dispersion.correlation)?
            }
            // These are products, or have no derivative here.
            Coefficient::Lambda4
            | Coefficient::SplitHalfMax
            | Coefficient::SplitHalfMin
            | Coefficient::Lambda5
            | Coefficient::Lambda5Plus
            | Coefficient::OmegaU => return None,
            // No functions of moments.
            Coefficient::AlphaOrdinal
            | Coefficient::OmegaOrdinal
            | Coefficient::OmegaCategorical => return None,
            Coefficient::Glb => self.bound_gradient(dispersion)?,
            Coefficient::H | Coefficient::Ave => self.factor_gradient(coefficient, dispersion)?,
            Coefficient::AlphaStratified => {
                closed_gradient::alpha_stratified(dispersion, &self.subscales)?
            }
        };
        let matrix = coefficient.matrix();
        Some(Gradient { matrix, values, product: None })
    }

    /// The same in covariances as a sum of few products, which is less work for each person; nothing where it is none.
    pub fn product_gradient(
        &self,
        coefficient: Coefficient,
        dispersion: &Dispersion,
    ) -> Option<ProductForm> {
        match coefficient {
            Coefficient::OmegaU => self.omega_u_product(dispersion, false),
            Coefficient::Lambda4 | Coefficient::SplitHalfMax => {
                closed_gradient::split_half(dispersion, &self.most.split)
            }
            Coefficient::SplitHalfMin => closed_gradient::split_half(dispersion, &self.least.split),
            Coefficient::Lambda5 => closed_gradient::lambda5(dispersion, false),
            Coefficient::Lambda5Plus => closed_gradient::lambda5(dispersion, true),
            _ => None,
        }
    }

    fn omega_u_observed_gradient(&self, dispersion: &Dispersion) -> Option<Vec<f64>> {
        let mut gradient = self.omega_u_product(dispersion, true)?.matrix();
        let in_total = -(self.omega_u_parts(dispersion).0 / dispersion.total).powi(2);
        gradient.iter_mut().for_each(|g| *g += in_total);
        Some(gradient)
    }

    /// The sum of loadings and the sum of uniquenesses, both in the unit of the items.
    fn omega_u_parts(&self, dispersion: &Dispersion) -> (f64, f64) {
        let fit = &self.last.ml;
        let variances = dispersion.covariance.iter().step_by(dispersion.items + 1);
        let common = fit.loadings.iter().zip(variances.clone()).map(|(l, v)| l * v.sqrt()).sum();
        let unique = fit.uniquenesses.iter().zip(variances).map(|(t, v)| t * v).sum();
        (common, unique)
    }

    /// The derivative in covariances, apart from that in the observed variance of the total.
    fn omega_u_product(&self, dispersion: &Dispersion, observed: bool) -> Option<ProductForm> {
        let items = dispersion.items;
        let fit = &self.last.ml;
        if fit.loadings.len() != items {
            return None;
        }
        let variances: Vec<f64> =
            dispersion.covariance.iter().step_by(items + 1).copied().collect();
        let (common, unique) = self.omega_u_parts(dispersion);
        let square = (common * common + unique).powi(2);
        let (in_common, in_unique) = if observed {
            (2.0 * common / dispersion.total, 0.0)
        } else {
            (2.0 * common * unique / square, -common * common / square)
        };
        let slopes = fit.uniqueness_slopes();
        let in_loadings: Vec<f64> = slopes
            .iter()
            .zip(&variances)
            .map(|((t_loading, _), v)| in_common * v.sqrt() + in_unique * v * t_loading)
            .collect();
        let in_variances: Vec<f64> = slopes
            .iter()
            .zip(&variances)
            .map(|((_, t_variance), v)| in_unique * v * t_variance)
            .collect();
        let mut form = fit.implicit_gradient(&self.standardised, &in_loadings, &in_variances)?;
        for (j, v) in variances.iter().enumerate() {
            form.left[j] /= v.sqrt();
            form.right[j] /= v.sqrt();
            form.own[j] /= v;
        }
        Some(form)
    }

    /// By the dual: the largest sum of errors moves as if errors stood still.
    fn bound_gradient(&self, dispersion: &Dispersion) -> Option<Vec<f64>> {
        let Dispersion { items, total, ref covariance, .. } = *dispersion;
        if self.bound.errors.len() != items {
            return None;
        }
        let dual = self.bound.dual(covariance)?;
        let errors: f64 = self.bound.errors.iter().sum();
        Some(dual.iter().map(|y| (errors / total - y) / total).collect())
    }

    fn factor_gradient(
        &self,
        coefficient: Coefficient,
        dispersion: &Dispersion,
    ) -> Option<Vec<f64>> {
        let items = dispersion.items;
        let fit = &self.last.ml;
        if fit.loadings.len() != items {
            return None;
        }
        let pairs = || fit.loadings.iter().zip(&fit.uniquenesses);
        let information: f64 = pairs().map(|(l, t)| l * l / t).sum();
        // The derivatives of an item's part in its loading and its uniqueness.
        let part = |l: f64, t: f64| {
            if coefficient == Coefficient::H {
                let scale = 1.0 / (1.0 + information).powi(2);
                (scale * 2.0 * l / t, -scale * (l / t).powi(2))
            } else {
                let scale = 1.0 / (items as f64 * (l * l + t).powi(2));
                (scale * 2.0 * l * t, -scale * l * l)
            }
        };
        let slopes = fit.uniqueness_slopes();
        let parts: Vec<(f64, f64)> = pairs().map(|(&l, &t)| part(l, t)).collect();
        let both = || parts.iter().zip(&slopes);
        let in_loadings: Vec<f64> = both().map(|((l, t), slope)| l + t * slope.0).collect();
        let in_variances: Vec<f64> = both().map(|((_, t), slope)| t * slope.1).collect();
        let mut gradient =
            fit.implicit_gradient(&self.standardised, &in_loadings, &in_variances)?.matrix();
        for (at, g) in gradient.iter_mut().enumerate() {
            let variance = |j: usize| dispersion.covariance[j * items + j];
            *g /= (variance(at / items) * variance(at % items)).sqrt();
        }
        Some(gradient)
    }

    fn omega_of_one_gradient(&self, dispersion: &Dispersion) -> Option<Vec<f64>> {
        let loadings = &self.last.minres;
        if loadings.len() != dispersion.items {
            return None;
        }
        let total: f64 = dispersion.correlation.iter().sum();
        let unique: f64 = loadings.iter().map(|l| 1.0 - l * l).sum();
        let in_loadings: Vec<f64> = loadings.iter().map(|l| 2.0 * l / total).collect();
        let mut gradient = minres_gradient(&dispersion.correlation, loadings, &in_loadings)?;
        gradient.iter_mut().for_each(|g| *g += unique / (total * total));
        gradient.iter_mut().step_by(dispersion.items + 1).for_each(|g| *g = 0.0);
        Some(gradient)
    }
}
