//! Maximum likelihood of recursive path models.
//!
//! With uncorrelated residuals each equation is a least-squares regression. Correlated residuals are fitted in turns
//! (Drton, Eichler & Richardson 2009): each variable is regressed on its predictors and on what the residuals that
//! covary with its own tell of it, until no parameter moves.

use rayon::prelude::*;

use super::PathModel;
use crate::error::{Error, Result, invalid};
use crate::linalg::{cholesky, cholesky_solve, inverse};
use crate::monitor::Monitor;

/// Rounds after which a fit with correlated residuals is given up.
pub const MOST_ROUNDS: usize = 5000;
/// A round that moves no residual covariance more than this share of its scale is the last.
const STILL: f64 = 1e-13;
/// Models of a task.
const TASK: usize = 64;

/// How a fit came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum PathStatus {
    /// It has estimates.
    #[default]
    Ok = 0,
    /// The predictors of an equation are linearly dependent, or one does not vary.
    Singular = 1,
    /// An outcome is explained without residual.
    NoResidual = 2,
    /// The rounds of a fit with correlated residuals did not settle.
    NotConverged = 3,
}

/// Parameters by equation: coefficients, residual variances, residual covariances.
#[derive(Debug, Clone, Default)]
pub struct Fit {
    coefficients: Vec<Vec<f64>>,
    /// Residual covariances, equations × equations.
    residual: Vec<f64>,
    status: PathStatus,
}

/// Fits many covariance matrices; parameters of each, NaN where its status says why.
pub fn fit_all(
    model: &PathModel,
    covariances: &[f64],
    monitor: &dyn Monitor,
) -> Result<(Vec<f64>, Vec<PathStatus>)> {
    let size = model.variables * model.variables;
    if size == 0 || !covariances.len().is_multiple_of(size) || model.equations.is_empty() {
        return invalid(format!("{} numbers are no covariances of the model", covariances.len()));
    }
    let (count, width) = (covariances.len() / size, model.parameters());
    let mut values = vec![f64::NAN; count * width];
    let mut statuses = vec![PathStatus::Ok; count];
    values
        .par_chunks_mut(TASK * width)
        .zip(statuses.par_chunks_mut(TASK))
        .zip(covariances.par_chunks(TASK * size))
        .try_for_each(|((values, statuses), covariances)| {
            let all = values.chunks_exact_mut(width).zip(statuses);
            for ((out, status), covariance) in all.zip(covariances.chunks_exact(size)) {
                if monitor.cancelled() {
                    return Err(Error::Cancelled);
                }
                *status = fit(model, covariance, out);
            }
            Ok(())
        })?;
    Ok((values, statuses))
}

/// Fits one covariance matrix into `out`, which has room for the parameters.
pub fn fit(model: &PathModel, covariance: &[f64], out: &mut [f64]) -> PathStatus {
    let fitted = Fit::of(model, covariance);
    if fitted.status != PathStatus::Ok {
        out.fill(f64::NAN);
        return fitted.status;
    }
    let count = model.equations.len();
    let variances = (0..count).map(|i| fitted.residual[i * count + i]);
    let covariances = model.covariances.iter().map(|&(i, j)| fitted.residual[i * count + j]);
    let all = fitted.coefficients.iter().flatten().copied().chain(variances).chain(covariances);
    for (place, value) in out.iter_mut().zip(all) {
        *place = value;
    }
    PathStatus::Ok
}

impl Fit {
    fn of(model: &PathModel, covariance: &[f64]) -> Fit {
        let (k, count) = (model.variables, model.equations.len());
        let mut fit =
            Fit { coefficients: Vec::new(), residual: vec![0.0; count * count], ..Fit::default() };
        for (number, equation) in model.equations.iter().enumerate() {
            let regressors: Vec<Vec<f64>> =
                equation.predictors.iter().map(|&p| unit(k, p)).collect();
            match regression(covariance, k, &regressors, equation.outcome) {
                Ok((coefficients, variance)) => {
                    fit.coefficients.push(coefficients);
                    fit.residual[number * count + number] = variance;
                }
                Err(status) => return Fit { status, ..fit },
            }
        }
        if !model.covariances.is_empty() {
            fit.status = fit.in_turns(model, covariance);
        }
        fit
    }

    /// Rounds over the equations with correlated residuals.
    fn in_turns(&mut self, model: &PathModel, covariance: &[f64]) -> PathStatus {
        let count = model.equations.len();
        for _round in 0..MOST_ROUNDS {
            let before = self.residual.clone();
            for equation in 0..count {
                let partners: Vec<usize> = (0..count)
                    .filter(|&other| {
                        model.covariances.contains(&(equation, other))
                            || model.covariances.contains(&(other, equation))
                    })
                    .collect();
                if partners.is_empty() {
                    continue;
                }
                if let Err(status) = self.turn(model, covariance, equation, &partners) {
                    return status;
                }
            }
            let moved = self.residual.iter().zip(&before).enumerate().any(|(at, (new, old))| {
                let (i, j) = (at / count, at % count);
                let scale = self.residual[i * count + i] * self.residual[j * count + j];
                (new - old).abs() > STILL * scale.sqrt()
            });
            if !moved {
                return PathStatus::Ok;
            }
        }
        PathStatus::NotConverged
    }

    /// One equation anew, given the residuals of the others.
    fn turn(
        &mut self,
        model: &PathModel,
        covariance: &[f64],
        number: usize,
        partners: &[usize],
    ) -> std::result::Result<(), PathStatus> {
        let (k, count) = (model.variables, model.equations.len());
        let others: Vec<usize> = (0..count).filter(|&other| other != number).collect();
        let size = others.len();
        let among: Vec<f64> = others
            .iter()
            .flat_map(|&i| others.iter().map(move |&j| (i, j)))
            .map(|(i, j)| self.residual[i * count + j])
            .collect();
        let precision = inverse(&among, size).ok_or(PathStatus::NoResidual)?;
        // Each residual as weights of the variables.
        let residuals: Vec<Vec<f64>> = others.iter().map(|&o| self.residual_of(model, o)).collect();
        let equation = &model.equations[number];
        let mut regressors: Vec<Vec<f64>> =
            equation.predictors.iter().map(|&p| unit(k, p)).collect();
        for partner in partners {
            let Some(row) = others.iter().position(|other| other == partner) else { continue };
            let mut pseudo = vec![0.0; k];
            for (weight, residual) in precision[row * size..][..size].iter().zip(&residuals) {
                for (sum, part) in pseudo.iter_mut().zip(residual) {
                    *sum += weight * part;
                }
            }
            regressors.push(pseudo);
        }
        let (found, conditional) = regression(covariance, k, &regressors, equation.outcome)?;
        let (coefficients, covaries) = found.split_at(equation.predictors.len());
        self.coefficients[number] = coefficients.to_vec();
        for (&partner, &value) in partners.iter().zip(covaries) {
            self.residual[number * count + partner] = value;
            self.residual[partner * count + number] = value;
        }
        // The residual variance is what is left, and what the other residuals explain.
        let own: Vec<f64> = others.iter().map(|&o| self.residual[number * count + o]).collect();
        let explained: f64 = precision
            .chunks_exact(size.max(1))
            .zip(&own)
            .map(|(row, left)| left * row.iter().zip(&own).map(|(p, o)| p * o).sum::<f64>())
            .sum();
        self.residual[number * count + number] = conditional + explained;
        Ok(())
    }

    fn residual_of(&self, model: &PathModel, number: usize) -> Vec<f64> {
        let equation = &model.equations[number];
        let mut weights = unit(model.variables, equation.outcome);
        for (&predictor, coefficient) in equation.predictors.iter().zip(&self.coefficients[number])
        {
            weights[predictor] -= coefficient;
        }
        weights
    }
}

fn unit(size: usize, place: usize) -> Vec<f64> {
    (0..size).map(|at| if at == place { 1.0 } else { 0.0 }).collect()
}

/// Regresses a variable on combinations of variables: coefficients and residual variance.
fn regression(
    covariance: &[f64],
    variables: usize,
    regressors: &[Vec<f64>],
    outcome: usize,
) -> std::result::Result<(Vec<f64>, f64), PathStatus> {
    let size = regressors.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let times: Vec<Vec<f64>> = regressors
        .iter()
        .map(|r| covariance.chunks_exact(variables).map(|row| dot(row, r)).collect())
        .collect();
    let mut factor = Vec::with_capacity(size * size);
    for left in &times {
        factor.extend(regressors.iter().map(|right| dot(left, right)));
    }
    // Correlations: pivots are then shares of variance.
    let scales: Vec<f64> = (0..size).map(|i| factor[i * size + i].sqrt()).collect();
    for (at, value) in factor.iter_mut().enumerate() {
        *value /= scales[at / size] * scales[at % size];
    }
    if !cholesky(&mut factor, size) {
        return Err(PathStatus::Singular);
    }
    let cross: Vec<f64> = times.iter().zip(&scales).map(|(t, s)| t[outcome] / s).collect();
    let mut solution = cross.clone();
    cholesky_solve(&factor, size, &mut solution);
    let total = covariance[outcome * variables + outcome];
    let variance = total - dot(&cross, &solution);
    if variance.is_nan() || variance <= crate::linalg::LEAST_PIVOT * total {
        return Err(PathStatus::NoResidual);
    }
    let coefficients = solution.iter().zip(&scales).map(|(value, scale)| value / scale).collect();
    Ok((coefficients, variance))
}
