//! How far a correlation matrix is from factors, with the loadings at their best: a function of uniquenesses alone.
//!
//! Values, gradients and second derivatives of Jöreskog (1967) and Jöreskog (1977), by eigenvalues.

use super::LEAST_UNIQUENESS;
use super::matrix::Matrix;
use crate::linalg::eigen;

/// Eigenvalues nearer than this cannot be told apart, and neither can their vectors.
const LEAST_GAP: f64 = 1e-10;

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Discrepancy {
    /// Half the squared residuals, `½ |R - L L' - U|²`; its parameters are the uniquenesses.
    LeastSquares,
    /// `ln |M| + tr R M⁻¹ - ln |R| - p`; its parameters are the logarithms of the uniquenesses.
    MaximumLikelihood,
}

/// A discrepancy with its derivatives at some parameters.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub parameters: Vec<f64>,
    pub value: f64,
    pub gradient: Vec<f64>,
    pub hessian: Vec<f64>,
    values: Vec<f64>,
    vectors: Vec<f64>,
}

impl Discrepancy {
    /// The parameter of a uniqueness.
    pub fn parameter(self, uniqueness: f64) -> f64 {
        match self {
            Discrepancy::LeastSquares => uniqueness,
            Discrepancy::MaximumLikelihood => uniqueness.ln(),
        }
    }

    /// The uniqueness of a parameter.
    pub fn uniqueness(self, parameter: f64) -> f64 {
        // The bound comes back as it was: its logarithm's exponential is another number.
        if parameter <= self.parameter(LEAST_UNIQUENESS) {
            return LEAST_UNIQUENESS;
        }
        match self {
            Discrepancy::LeastSquares => parameter,
            Discrepancy::MaximumLikelihood => parameter.exp(),
        }
    }

    /// The discrepancy at these parameters.
    pub fn at(self, correlation: &[f64], factors: usize, parameters: &[f64]) -> Point {
        let items = parameters.len();
        let u: Vec<f64> = parameters.iter().map(|&x| self.uniqueness(x)).collect();
        let matrix: Vec<f64> = (0..items * items)
            .map(|at| {
                let (i, j) = (at / items, at % items);
                match self {
                    Discrepancy::LeastSquares if i == j => correlation[at] - u[i],
                    Discrepancy::LeastSquares => correlation[at],
                    Discrepancy::MaximumLikelihood => correlation[at] / (u[i] * u[j]).sqrt(),
                }
            })
            .collect();
        let (values, vectors) = eigen(&matrix, items);
        let vector = |m: usize| &vectors[m * items..(m + 1) * items];
        // What is left over: beyond the factors, or within them where the best loadings are zero.
        let least = match self {
            Discrepancy::LeastSquares => 0.0,
            Discrepancy::MaximumLikelihood => 1.0,
        };
        let kept: Vec<usize> = (0..factors).filter(|&m| values[m] > least).collect();
        let left: Vec<usize> = (0..items).filter(|m| !kept.contains(m)).collect();
        let (mut value, mut gradient) = (0.0, vec![0.0; items]);
        // Sums over what is left of products of two items' places in a vector, plain and times the eigenvalue.
        let mut plain = vec![0.0; items * items];
        let mut weighted = vec![0.0; items * items];
        let mut hessian = vec![0.0; items * items];
        for &m in &left {
            let (lambda, v) = (values[m], vector(m));
            let slope = match self {
                Discrepancy::LeastSquares => -lambda,
                Discrepancy::MaximumLikelihood => 1.0 - lambda,
            };
            value += match self {
                Discrepancy::LeastSquares => 0.5 * lambda * lambda,
                Discrepancy::MaximumLikelihood => lambda - lambda.ln() - 1.0,
            };
            let mut mixed = vec![0.0; items * items];
            for &n in &kept {
                let gap = (values[n] - lambda).max(LEAST_GAP);
                let weight = match self {
                    Discrepancy::LeastSquares => 2.0 * slope / gap,
                    Discrepancy::MaximumLikelihood => slope * (values[n] + lambda) / gap,
                };
                add_products(&mut mixed, weight, vector(n));
            }
            for i in 0..items {
                gradient[i] += slope * v[i] * v[i];
                for j in 0..items {
                    let (at, product) = (i * items + j, v[i] * v[j]);
                    plain[at] += product;
                    weighted[at] += lambda * product;
                    hessian[at] += mixed[at] * product;
                }
            }
        }
        for (at, entry) in hessian.iter_mut().enumerate() {
            *entry += match self {
                Discrepancy::LeastSquares => plain[at] * plain[at],
                Discrepancy::MaximumLikelihood => plain[at] * weighted[at],
            };
        }
        Point { parameters: parameters.to_vec(), value, gradient, hessian, values, vectors }
    }

    /// The best loadings at a point, items × factors: what its eigenvectors say.
    pub fn loadings(self, point: &Point, factors: usize) -> Matrix {
        let items = point.parameters.len();
        Matrix::from_fn(items, factors, |i, m| {
            let (value, entry) = (point.values[m], point.vectors[m * items + i]);
            match self {
                Discrepancy::LeastSquares => entry * value.max(0.0).sqrt(),
                Discrepancy::MaximumLikelihood => {
                    let root = self.uniqueness(point.parameters[i]).sqrt();
                    entry * root * (value - 1.0).max(0.0).sqrt()
                }
            }
        })
    }
}

/// Adds `weight · v v'`.
fn add_products(matrix: &mut [f64], weight: f64, v: &[f64]) {
    for (row, a) in matrix.chunks_exact_mut(v.len()).zip(v) {
        for (entry, b) in row.iter_mut().zip(v) {
            *entry += weight * a * b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_differences() {
        let r = [
            1.0, 0.5, 0.4, 0.1, 0.2, //
            0.5, 1.0, 0.6, 0.2, 0.1, //
            0.4, 0.6, 1.0, 0.3, 0.2, //
            0.1, 0.2, 0.3, 1.0, 0.5, //
            0.2, 0.1, 0.2, 0.5, 1.0,
        ];
        for discrepancy in [Discrepancy::LeastSquares, Discrepancy::MaximumLikelihood] {
            let start: Vec<f64> =
                [0.4, 0.5, 0.3, 0.6, 0.7].map(|u| discrepancy.parameter(u)).to_vec();
            let point = discrepancy.at(&r, 2, &start);
            for i in 0..5 {
                let moved = |step: f64| {
                    let mut parameters = start.clone();
                    parameters[i] += step;
                    discrepancy.at(&r, 2, &parameters)
                };
                let (up, down) = (moved(1e-5), moved(-1e-5));
                let slope = (up.value - down.value) / 2e-5;
                // Central differences: the error is the square of the step times a third derivative.
                assert!((slope - point.gradient[i]).abs() < 1e-8, "{discrepancy:?} {i}");
                for j in 0..5 {
                    let curvature = (up.gradient[j] - down.gradient[j]) / 2e-5;
                    let exact = point.hessian[i * 5 + j];
                    assert!((curvature - exact).abs() < 1e-7, "{discrepancy:?} {i} {j}");
                }
            }
        }
    }
}
