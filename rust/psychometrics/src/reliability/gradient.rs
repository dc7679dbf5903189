//! Derivatives of coefficients in the covariances or correlations: what influence values are made of.

use super::closed::off_diagonal_squares;
use super::{Coefficient, Estimator};
use crate::factor::minres_gradient;
use crate::linalg::inverse;
use crate::moments::Dispersion;

/// Which matrix a coefficient is a function of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// Covariances.
    Covariance,
    /// Correlations; their diagonal does not move.
    Correlation,
}

/// The derivative of a coefficient: it moves by the sum over all ordered pairs of `values[i, j] dM[i, j]`.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// The matrix that moves.
    pub matrix: Matrix,
    /// Symmetric, items × items.
    pub values: Vec<f64>,
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
        let values = match coefficient {
            Coefficient::Alpha => alpha(dispersion),
            Coefficient::AlphaStd => alpha_std(dispersion),
            Coefficient::Lambda2 => lambda2(dispersion)?,
            Coefficient::Lambda6 => lambda6(dispersion)?,
            Coefficient::OmegaU => self.omega_u_gradient(dispersion)?,
            Coefficient::OmegaTotal => self.omega_total_gradient(dispersion)?,
        };
        let matrix = match coefficient {
            Coefficient::AlphaStd | Coefficient::OmegaTotal => Matrix::Correlation,
            _ => Matrix::Covariance,
        };
        Some(Gradient { matrix, values })
    }

    fn omega_u_gradient(&self, dispersion: &Dispersion) -> Option<Vec<f64>> {
        let items = dispersion.items;
        let fit = &self.last.ml;
        if fit.loadings.len() != items {
            return None;
        }
        let variances: Vec<f64> =
            dispersion.covariance.iter().step_by(items + 1).copied().collect();
        let common: f64 = fit.loadings.iter().zip(&variances).map(|(l, v)| l * v.sqrt()).sum();
        let unique: f64 = fit.uniquenesses.iter().zip(&variances).map(|(t, v)| t * v).sum();
        let square = (common * common + unique).powi(2);
        let (in_common, in_unique) = (2.0 * common * unique / square, -common * common / square);
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
        let mut gradient =
            fit.implicit_gradient(&self.standardised, &in_loadings, &in_variances)?;
        for i in 0..items {
            for j in 0..items {
                gradient[i * items + j] /= (variances[i] * variances[j]).sqrt();
            }
        }
        Some(gradient)
    }

    fn omega_total_gradient(&self, dispersion: &Dispersion) -> Option<Vec<f64>> {
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

fn alpha(dispersion: &Dispersion) -> Vec<f64> {
    let Dispersion { items, trace, total, .. } = *dispersion;
    let scale = items as f64 / (items as f64 - 1.0);
    let mut gradient = vec![scale * trace / (total * total); items * items];
    gradient.iter_mut().step_by(items + 1).for_each(|g| *g -= scale / total);
    gradient
}

fn alpha_std(dispersion: &Dispersion) -> Vec<f64> {
    let k = dispersion.items as f64;
    let pairs = k * (k - 1.0);
    let mean = (dispersion.correlation.iter().sum::<f64>() - k) / pairs;
    let slope = k / (1.0 + (k - 1.0) * mean).powi(2) / pairs;
    let mut gradient = vec![slope; dispersion.items * dispersion.items];
    gradient.iter_mut().step_by(dispersion.items + 1).for_each(|g| *g = 0.0);
    gradient
}

fn lambda2(dispersion: &Dispersion) -> Option<Vec<f64>> {
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

fn lambda6(dispersion: &Dispersion) -> Option<Vec<f64>> {
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
