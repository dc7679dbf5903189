//! Derivatives of coefficients against differences of their values.

mod common;

use common::matrices::{dispersion, heywood, one_factor, sampled};
use psychometrics::moments::Dispersion;
use psychometrics::monitor::Silent;
use psychometrics::reliability::{Coefficient, Estimator, Matrix, Status};

/// Relative to the largest entry: differences with a step of 1e-4 of a variance are good to its fourth power times the
/// fifth derivative, and to 1e-16 / 1e-4.
const TOLERANCE: f64 = 1e-8;

/// Coefficients that take the best of several columns, splits or duals: without a derivative where two are as good.
const TIED: [Coefficient; 6] = [
    Coefficient::Glb,
    Coefficient::Lambda4,
    Coefficient::Lambda5,
    Coefficient::Lambda5Plus,
    Coefficient::SplitHalfMax,
    Coefficient::SplitHalfMin,
];

fn matrices() -> Vec<(&'static str, Vec<f64>, usize)> {
    let parallel = (0..25).map(|at| if at % 6 == 0 { 1.0 } else { 0.4 }).collect();
    vec![
        ("parallel", parallel, 5),
        ("exact", one_factor(&[0.9, 1.4, 0.5, -0.3], &[0.4, 1.1, 0.8, 0.9]), 4),
        ("three items", sampled(1, 3, 300), 3),
        ("six items", sampled(2, 6, 200), 6),
        ("twelve items", sampled(3, 12, 100), 12),
        ("heywood", heywood(), 4),
    ]
}

/// Of two subscales where there are items enough.
fn estimator(items: usize) -> Estimator {
    Estimator::with_subscales((0..items).map(|j| j % (items / 2).min(2)).collect())
}

/// The derivative of `value` at zero, from four points about it.
fn slope(value: impl Fn(f64) -> f64, step: f64) -> f64 {
    let difference = |h: f64| (value(h) - value(-h)) / (2.0 * h);
    (4.0 * difference(step) - difference(2.0 * step)) / 3.0
}

/// A gradient against what happens when each element and its mirror image move.
fn check(
    what: &str,
    coefficient: Coefficient,
    items: usize,
    gradient: &[f64],
    moved: impl Fn(usize, usize, f64) -> Dispersion,
    steps: impl Fn(usize, usize) -> f64,
) {
    let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let mut warm = estimator(items);
    warm.evaluate(coefficient, &moved(0, 0, 0.0), &Silent);
    warm.settle();
    for i in 0..items {
        for j in 0..=i {
            let value = |change: f64| {
                let outcome = warm.clone().evaluate(coefficient, &moved(i, j, change), &Silent);
                assert!(matches!(outcome.status, Status::Ok | Status::Heywood));
                outcome.value
            };
            // Both mirror images move, unless they are one.
            let sides = if i == j { 1.0 } else { 2.0 };
            let expected = slope(value, steps(i, j)) / sides;
            for got in [gradient[i * items + j], gradient[j * items + i]] {
                assert!(
                    (got - expected).abs() <= TOLERANCE * largest,
                    "{what} {} [{i}, {j}]: {got} where {expected} is expected",
                    coefficient.name()
                );
            }
        }
    }
}

#[test]
fn gradients_in_covariances_are_differences_of_values() {
    for (what, covariance, items) in matrices() {
        for coefficient in Coefficient::ALL {
            let point = dispersion(&covariance, items);
            let mut estimator = estimator(items);
            let value = estimator.evaluate(coefficient, &point, &Silent).value;
            let Some(gradient) = estimator.gradient(coefficient, &point) else {
                // Of parallel items all splits and columns are as good, and of one factor many duals.
                let tied = match what {
                    "parallel" => TIED.contains(&coefficient),
                    "exact" => coefficient == Coefficient::Glb,
                    _ => false,
                };
                assert!(tied, "{what} {coefficient:?}");
                continue;
            };
            let gradient = gradient.in_covariances(&point);
            let moved = |i: usize, j: usize, change: f64| {
                let mut moved = covariance.clone();
                moved[i * items + j] += change;
                moved[j * items + i] = moved[i * items + j];
                dispersion(&moved, items)
            };
            let steps = |i: usize, j: usize| {
                1e-4 * (covariance[i * (items + 1)] * covariance[j * (items + 1)]).sqrt()
            };
            check(what, coefficient, items, &gradient, moved, steps);
            // Reliability does not depend on the unit of the total, so the gradient is orthogonal to the matrix. The
            // standard error of measurement grows with the unit, which is a root of the covariances.
            let along: f64 = gradient.iter().zip(&covariance).map(|(g, c)| g * c).sum();
            let expected = if coefficient == Coefficient::Sem { 0.5 * value } else { 0.0 };
            assert!((along - expected).abs() < 1e-10, "{what} {}: {along}", coefficient.name());
        }
    }
}

#[test]
fn gradients_in_correlations_are_differences_of_values() {
    // With pairwise moments correlations are not covariances over the roots of variances: they move alone.
    for (what, covariance, items) in matrices() {
        for coefficient in
            Coefficient::ALL.into_iter().filter(|c| c.matrix() == Matrix::Correlation)
        {
            let point = dispersion(&covariance, items);
            let mut estimator = Estimator::default();
            estimator.evaluate(coefficient, &point, &Silent);
            let gradient = estimator.gradient(coefficient, &point).unwrap();
            assert_eq!(gradient.matrix, Matrix::Correlation);
            let moved = |i: usize, j: usize, change: f64| {
                let mut moved = point.clone();
                if i != j {
                    moved.correlation[i * items + j] += change;
                    moved.correlation[j * items + i] = moved.correlation[i * items + j];
                }
                moved
            };
            check(what, coefficient, items, &gradient.values, moved, |_, _| 1e-4);
        }
    }
}

#[test]
fn what_has_no_value_has_no_gradient() {
    // An item that does not vary.
    let point = dispersion(&[1.0, 0.4, 0.0, 0.4, 1.0, 0.0, 0.0, 0.0, 0.0], 3);
    for coefficient in [Coefficient::Lambda6, Coefficient::OmegaU, Coefficient::OmegaTotal] {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.evaluate(coefficient, &point, &Silent).status, Status::ConstantItem);
        assert!(estimator.gradient(coefficient, &point).is_none(), "{}", coefficient.name());
    }
}

#[test]
fn where_the_best_are_tied_there_is_no_gradient() {
    let parallel: Vec<f64> = (0..25).map(|at| if at % 6 == 0 { 1.0 } else { 0.4 }).collect();
    let point = dispersion(&parallel, 5);
    for coefficient in TIED {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.evaluate(coefficient, &point, &Silent).status, Status::Ok);
        assert!(estimator.gradient(coefficient, &point).is_none(), "{}", coefficient.name());
    }
    // Of two items both columns are the same covariance, and there is one split.
    let point = dispersion(&[2.0, 0.7, 0.7, 1.0], 2);
    for coefficient in TIED {
        let mut estimator = Estimator::default();
        estimator.evaluate(coefficient, &point, &Silent);
        assert!(estimator.gradient(coefficient, &point).is_some(), "{}", coefficient.name());
    }
    // Without covariances the roots have no slope; where items are all the same, neither has the error.
    let unrelated = dispersion(&[1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0], 3);
    let same = dispersion(&[1.0; 9], 3);
    for (coefficient, point) in [
        (Coefficient::Lambda2, &unrelated),
        (Coefficient::Mu2, &unrelated),
        (Coefficient::Mu3, &unrelated),
        (Coefficient::Lambda5, &unrelated),
        (Coefficient::Sem, &same),
    ] {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.evaluate(coefficient, point, &Silent).status, Status::Ok);
        assert!(estimator.gradient(coefficient, point).is_none(), "{}", coefficient.name());
    }
}
