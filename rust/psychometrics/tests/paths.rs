//! Path models: regressions by the normal equations, correlated residuals at a stationary point, what is refused.

use psychometrics::monitor::Silent;
use psychometrics::paths::{Equation, PathModel, PathStatus, fit, fit_all, moment_sets};
use psychometrics::resampling::{Plan, Weights};
use psychometrics::responses::{Answers, Boundaries, Responses};
use psychometrics::simd::Simd;

const COVARIANCE: [f64; 16] =
    [2.0, 0.9, 0.6, 0.5, 0.9, 3.0, 0.8, -0.4, 0.6, 0.8, 1.5, 0.3, 0.5, -0.4, 0.3, 1.0];

fn equation(outcome: usize, predictors: &[usize]) -> Equation {
    Equation { outcome, predictors: predictors.to_vec() }
}

fn fitted(model: &PathModel, covariance: &[f64]) -> (Vec<f64>, PathStatus) {
    let mut out = vec![0.0; model.parameters()];
    let status = fit(model, covariance, &mut out);
    (out, status)
}

#[test]
fn an_equation_is_a_regression() {
    let model = PathModel::new(4, vec![equation(0, &[2, 3])], vec![]).unwrap();
    let (found, status) = fitted(&model, &COVARIANCE);
    assert_eq!(status, PathStatus::Ok);
    // Two equations in two unknowns, by Cramer's rule.
    let determinant = 1.5 * 1.0 - 0.3 * 0.3;
    let first = (0.6 * 1.0 - 0.5 * 0.3) / determinant;
    let second = (1.5 * 0.5 - 0.3 * 0.6) / determinant;
    let residual = 2.0 - first * 0.6 - second * 0.5;
    for (found, expected) in found.iter().zip([first, second, residual]) {
        // A few rounding errors of numbers near one.
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }
}

/// Minus twice the mean log-likelihood of three outcomes given the last variable.
fn discrepancy(slopes: [f64; 2], residual: [f64; 3]) -> f64 {
    // y0 ~ x2, y1 ~ x3, residuals covary: e = (y0 - b0 x2, y1 - b1 x3).
    let s = |i: usize, j: usize| COVARIANCE[i * 4 + j];
    let e00 = s(0, 0) - 2.0 * slopes[0] * s(0, 2) + slopes[0].powi(2) * s(2, 2);
    let e11 = s(1, 1) - 2.0 * slopes[1] * s(1, 3) + slopes[1].powi(2) * s(3, 3);
    let e01 = s(0, 1) - slopes[1] * s(0, 3) - slopes[0] * s(1, 2) + slopes[0] * slopes[1] * s(2, 3);
    let [v0, v1, c] = residual;
    let determinant = v0 * v1 - c * c;
    determinant.ln() + (v1 * e00 + v0 * e11 - 2.0 * c * e01) / determinant
}

#[test]
fn correlated_residuals_are_of_maximum_likelihood() {
    let model =
        PathModel::new(4, vec![equation(0, &[2]), equation(1, &[3])], vec![(0, 1)]).unwrap();
    let (found, status) = fitted(&model, &COVARIANCE);
    assert_eq!(status, PathStatus::Ok);
    let [b0, b1, v0, v1, c] = found[..] else { panic!("five parameters") };
    let at = |p: [f64; 5]| discrepancy([p[0], p[1]], [p[2], p[3], p[4]]);
    let best = at([b0, b1, v0, v1, c]);
    for parameter in 0..5 {
        for step in [-1e-4, 1e-4] {
            let mut moved = [b0, b1, v0, v1, c];
            moved[parameter] += step;
            assert!(at(moved) > best, "parameter {parameter}");
        }
        // The derivative vanishes, as near as differences of 1e-5 see.
        let (mut up, mut down) = ([b0, b1, v0, v1, c], [b0, b1, v0, v1, c]);
        up[parameter] += 1e-5;
        down[parameter] -= 1e-5;
        assert!(((at(up) - at(down)) / 2e-5).abs() < 1e-9, "parameter {parameter}");
    }
}

#[test]
fn what_has_no_estimate_says_why() {
    let model = PathModel::new(2, vec![equation(0, &[1])], vec![]).unwrap();
    for (covariance, expected) in [
        ([1.0, 0.0, 0.0, 0.0], PathStatus::Singular),
        ([1.0, 1.0, 1.0, 1.0], PathStatus::NoResidual),
        ([f64::NAN; 4], PathStatus::Singular),
        ([0.0, 0.0, 0.0, 1.0], PathStatus::NoResidual),
        ([f64::NAN, 0.0, 0.0, 1.0], PathStatus::Singular),
    ] {
        let (found, status) = fitted(&model, &covariance);
        assert_eq!(status, expected);
        assert!(found.iter().all(|value| value.is_nan()));
    }
    let mut many = COVARIANCE[..].to_vec();
    many.extend([0.0; 16]);
    let model = PathModel::new(4, vec![equation(0, &[2])], vec![]).unwrap();
    let (values, statuses) = fit_all(&model, &many, &Silent).unwrap();
    assert_eq!(statuses, [PathStatus::Ok, PathStatus::Singular]);
    assert!((values[0] - 0.4).abs() < 1e-15);
    assert!(fit_all(&model, &many[1..], &Silent).is_err());
}

#[test]
fn models_that_are_none_are_refused() {
    for (equations, covariances) in [
        (vec![equation(4, &[1])], vec![]),
        (vec![equation(0, &[0])], vec![]),
        (vec![equation(0, &[1, 1])], vec![]),
        (vec![equation(0, &[1]), equation(0, &[2])], vec![]),
        (vec![equation(0, &[1]), equation(1, &[2]), equation(2, &[0])], vec![]),
        (vec![equation(0, &[1])], vec![(0, 1)]),
        (vec![equation(0, &[1])], vec![(0, 0)]),
        (vec![equation(0, &[1]), equation(1, &[2])], vec![(0, 1)]),
    ] {
        assert!(PathModel::new(4, equations, covariances).is_err());
    }
}

#[test]
fn moments_of_replicates_are_those_of_the_rows_drawn() {
    let rows = 40;
    let answers: Vec<f64> = (0..2 * rows).map(|at| f64::from((at * 7919 % 101) as u32)).collect();
    let starts: Vec<usize> = (0..=rows).step_by(4).collect();
    for clusters in [None, Some(starts.as_slice())] {
        let boundaries = Boundaries { groups: &[0, rows], strata: None, clusters };
        let reals = Answers::Reals(&answers);
        let responses = Responses::new(reals, rows, 2, None, boundaries).unwrap();
        let plan = Plan { seed: 5, replicates: 3, weights: Weights::Multinomial };
        let simd = Simd::chosen().unwrap();
        let sets = moment_sets(simd, &responses, plan, &Silent).unwrap();
        for replicate in 0..3 {
            let units =
                psychometrics::resampling::unit_weights(simd, &responses, plan, 0, replicate)
                    .unwrap();
            let weight = |row: usize| units[if clusters.is_some() { row / 4 } else { row }];
            let total: f64 = (0..rows).map(weight).sum();
            let mean = |j: usize| -> f64 {
                (0..rows).map(|i| weight(i) * answers[j * rows + i]).sum::<f64>() / total
            };
            let cross: f64 = (0..rows)
                .map(|i| weight(i) * (answers[i] - mean(0)) * (answers[rows + i] - mean(1)))
                .sum();
            assert!((sets.means[replicate * 2 + 1] - mean(1)).abs() < 1e-11);
            assert!((sets.covariances[replicate * 4 + 1] - cross / total).abs() < 1e-9);
        }
    }
}
