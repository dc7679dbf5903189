//! The greatest lower bound, certified by the solution of its dual problem.

mod common;

use common::matrices::{cold, heywood, one_factor, sampled};
use psychometrics::linalg::{eigen, inverse};
use psychometrics::reliability::{Coefficient, GreatestLowerBound, Status};

/// As a share of the items' variances: the path ends a trillionth of them before the bound, and then goes on by its
/// tangent; what remains is rounding of eigenvalues and of the dual's equations.
const GAP: f64 = 1e-10;

/// Of eigenvalues that are zero, as a share of the items' variances.
const ROUNDING: f64 = 1e-12;

fn diagonal(matrix: &[f64], items: usize) -> impl Iterator<Item = f64> {
    matrix.iter().step_by(items + 1).copied()
}

/// Whether errors are feasible and the dual is, and both have the same value: then both are solutions.
fn certify(what: &str, covariance: &[f64], items: usize) {
    let bound = GreatestLowerBound::of(covariance, items).unwrap();
    let trace: f64 = diagonal(covariance, items).sum();
    let total: f64 = covariance.iter().sum();
    let sum: f64 = bound.errors.iter().sum();
    assert!((bound.value - (1.0 - sum / total)).abs() < 1e-15, "{what}");
    assert!(bound.errors.iter().all(|&e| e >= 0.0), "{what}");
    let mut rest = covariance.to_vec();
    for (j, error) in bound.errors.iter().enumerate() {
        rest[j * (items + 1)] -= error;
    }
    let least = eigen(&rest, items).0[items - 1];
    assert!(least > -ROUNDING * trace, "{what}: {least}");
    let dual = bound.dual(covariance).unwrap();
    let least = eigen(&dual, items).0[items - 1];
    let size: f64 = diagonal(&dual, items).sum();
    assert!(least > -ROUNDING * size, "{what}: {least}");
    assert!(diagonal(&dual, items).all(|y| y > 1.0 - GAP), "{what}");
    // tr C Y less the sum of errors, and its two parts, of which none is negative.
    let products = |matrix: &[f64]| -> f64 { matrix.iter().zip(&dual).map(|(a, b)| a * b).sum() };
    assert!((products(covariance) - sum).abs() < GAP * trace, "{what}");
    assert!(products(&rest).abs() < GAP * trace, "{what}");
    for (y, error) in diagonal(&dual, items).zip(&bound.errors) {
        assert!(error * (y - 1.0) < GAP * trace, "{what}");
    }
}

#[test]
fn errors_and_dual_certify_each_other() {
    for (items, persons) in [(3, 50), (5, 100), (8, 60), (12, 50), (26, 60), (26, 2000), (60, 400)]
    {
        for seed in 1..=3 {
            certify(&format!("{items} {persons} {seed}"), &sampled(seed, items, persons), items);
        }
    }
    certify("heywood", &heywood(), 4);
    // Hardly more persons than items.
    for seed in 1..=5 {
        certify("small", &sampled(seed, 20, 23), 20);
    }
}

/// The matrix in the help of psych::glb.algebraic: by Rcsdp errors of 162, 1, 43 and 44 to seven digits, and no others
/// near them are whole.
#[test]
fn the_example_of_psych_has_whole_errors() {
    let covariance = [
        215.0, 64.0, 33.0, 22.0, //
        64.0, 97.0, 57.0, 25.0, //
        33.0, 57.0, 103.0, 36.0, //
        22.0, 25.0, 36.0, 77.0,
    ];
    certify("psych", &covariance, 4);
    let bound = GreatestLowerBound::of(&covariance, 4).unwrap();
    for (error, whole) in bound.errors.iter().zip([162.0, 1.0, 43.0, 44.0]) {
        assert!((error - whole).abs() < 1e-9 * whole, "{error}");
    }
    assert!((bound.value - 716.0 / 966.0).abs() < 1e-12);
}

#[test]
fn what_is_known_by_its_model() {
    // One factor, no item outweighing the others: errors are the unique variances (ten Berge & Kiers 1991).
    let (loadings, unique) = ([0.9, 1.4, 0.5, -0.3], [0.4, 1.1, 0.8, 0.9]);
    let bound = GreatestLowerBound::of(&one_factor(&loadings, &unique), 4).unwrap();
    for (error, unique) in bound.errors.iter().zip(unique) {
        assert!((error - unique).abs() < 1e-10);
    }
    for (items, r) in [(2, 0.3), (5, 0.4), (30, 0.1)] {
        let parallel: Vec<f64> =
            (0..items * items).map(|at| if at % (items + 1) == 0 { 1.0 } else { r }).collect();
        let bound = GreatestLowerBound::of(&parallel, items).unwrap();
        let k = items as f64;
        let truth = k * r / (1.0 + (k - 1.0) * r);
        assert!((bound.value - truth).abs() < 1e-10, "{items}");
        // Any matrix of zero row sums with this diagonal is a dual: of two items there is one.
        assert_eq!(bound.dual(&parallel).is_some(), items == 2, "{items}");
    }
}

#[test]
fn no_lower_bound_is_greater() {
    for seed in 1..=20 {
        let items = 3 + seed as usize % 9;
        let covariance = sampled(seed, items, 60);
        let greatest = cold(Coefficient::Glb, &covariance, items).value;
        assert!(greatest <= 1.0);
        for other in [
            Coefficient::Alpha,
            Coefficient::Lambda2,
            Coefficient::Lambda4,
            Coefficient::Lambda5,
            Coefficient::Lambda6,
            Coefficient::Mu3,
        ] {
            let value = cold(other, &covariance, items).value;
            assert!(greatest >= value - GAP, "{other:?} {items}");
        }
    }
}

/// An item's error is at most what the other items do not explain, and that is its error where nothing else counts.
#[test]
fn an_error_is_at_most_what_the_others_do_not_explain() {
    for seed in 1..=10 {
        let items = 6;
        let covariance = sampled(seed, items, 80);
        let bound = GreatestLowerBound::of(&covariance, items).unwrap();
        let unexplained = |matrix: &[f64]| -> Vec<f64> {
            diagonal(&inverse(matrix, items).unwrap(), items).map(|p| 1.0 / p).collect()
        };
        for (error, most) in bound.errors.iter().zip(unexplained(&covariance)) {
            assert!(*error <= most * (1.0 + GAP));
        }
        // In units a thousandth as large, the variance of the first item is all that there is to gain: the others'
        // errors together weigh a millionth of it.
        let mut outweighing = covariance.clone();
        outweighing[..items].iter_mut().for_each(|c| *c *= 1e3);
        outweighing.iter_mut().step_by(items).for_each(|c| *c *= 1e3);
        let bound = GreatestLowerBound::of(&outweighing, items).unwrap();
        let most = unexplained(&outweighing)[0];
        assert!((bound.errors[0] / most - 1.0).abs() < 1e-4, "{} {most}", bound.errors[0]);
    }
}

#[test]
fn the_unit_of_all_items_makes_no_difference() {
    let covariance = sampled(7, 9, 100);
    let bound = GreatestLowerBound::of(&covariance, 9).unwrap().value;
    for unit in [1e-80, 1e-6, 1e9, 1e80] {
        let scaled: Vec<f64> = covariance.iter().map(|c| c * unit).collect();
        let other = GreatestLowerBound::of(&scaled, 9).unwrap().value;
        assert!((other - bound).abs() < 1e-11, "{unit}");
    }
}

#[test]
fn singular_and_indefinite_matrices_are_refused() {
    let mut twice = sampled(3, 4, 50);
    for j in 0..4 {
        twice[4 + j] = twice[j];
    }
    for j in 0..4 {
        twice[4 * j + 1] = twice[4 * j];
    }
    assert_eq!(GreatestLowerBound::of(&twice, 4), Err(Status::NotPositiveDefinite));
    let indefinite = [1.0, 0.9, -0.9, 0.9, 1.0, 0.9, -0.9, 0.9, 1.0];
    assert_eq!(GreatestLowerBound::of(&indefinite, 3), Err(Status::NotPositiveDefinite));
}
