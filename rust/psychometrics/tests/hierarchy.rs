//! General and group factors: known populations, derivatives, and searches that start elsewhere.

mod common;

use common::Generator;
use common::matrices::dispersion;
use psychometrics::factor::{HierarchyModel, Matrix as Loadings, TwoFactors, schmid_leiman};
use psychometrics::monitor::Silent;
use psychometrics::reliability::{Coefficient, Estimator, Status};

/// Of populations that the model fits exactly: searches end where slopes are below 1e-12.
const EXACT: f64 = 1e-10;
/// Relative to the largest entry of a gradient; differences are good to the fourth power of a step of 2e-4, and to
/// 1e-11 / 2e-4.
const DIFFERENCES: f64 = 1e-6;

fn model(factors: usize) -> HierarchyModel {
    HierarchyModel { factors, two_factors: TwoFactors::Equal }
}

/// Correlations of items in groups of this size, with loadings on their group's factor and of these on a general one.
fn second_order(loadings: &[f64], gamma: &[f64]) -> Vec<f64> {
    let (items, size) = (loadings.len(), loadings.len() / gamma.len());
    (0..items * items)
        .map(|at| {
            let (i, j) = (at / items, at % items);
            let of_groups = match (i == j, i / size == j / size) {
                (true, _) => return 1.0,
                (_, true) => 1.0,
                _ => gamma[i / size] * gamma[j / size],
            };
            loadings[i] * loadings[j] * of_groups
        })
        .collect()
}

fn of_three() -> (Vec<f64>, Vec<f64>) {
    (vec![0.8, 0.7, 0.6, 0.75, 0.65, 0.55, 0.7, 0.5, 0.6], vec![0.8, 0.7, 0.6])
}

/// Correlations near those, as a sample of so many persons would have them.
fn near(correlation: &[f64], persons: usize, seed: u64) -> Vec<f64> {
    let items = (correlation.len() as f64).sqrt() as usize;
    let mut root = correlation.to_vec();
    assert!(psychometrics::linalg::cholesky(&mut root, items));
    let mut generator = Generator(seed);
    let mut sums = vec![0.0; items * items];
    for _ in 0..persons {
        let normal: Vec<f64> = (0..items).map(|_| generator.normal()).collect();
        let row: Vec<f64> =
            (0..items).map(|i| (0..=i).map(|j| root[i * items + j] * normal[j]).sum()).collect();
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum += row[at / items] * row[at % items];
        }
    }
    (0..items * items)
        .map(|at| {
            let (i, j) = (at / items, at % items);
            let scale = (sums[i * (items + 1)] * sums[j * (items + 1)]).sqrt();
            if i == j { 1.0 } else { sums[at] / scale }
        })
        .collect()
}

fn all(factors: usize) -> Vec<Coefficient> {
    let groups = (0..factors as u8)
        .flat_map(|group| [Coefficient::OmegaGroup(group), Coefficient::OmegaGroupTotal(group)]);
    [Coefficient::OmegaTotal].into_iter().chain(Coefficient::OF_GENERAL).chain(groups).collect()
}

#[test]
fn a_population_has_its_own_coefficients() {
    let (loadings, gamma) = of_three();
    let correlation = second_order(&loadings, &gamma);
    let point = dispersion(&correlation, 9);
    let mut estimator = Estimator::new(model(3), Vec::new());
    let total: f64 = correlation.iter().sum();
    let general: Vec<f64> = (0..9).map(|i| loadings[i] * gamma[i / 3]).collect();
    let group: Vec<f64> =
        (0..9).map(|i| loadings[i] * (1.0 - gamma[i / 3] * gamma[i / 3]).sqrt()).collect();
    let squares = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let common = general.iter().sum::<f64>().powi(2);
    let unique = 9.0 - squares(&loadings);
    let mut expected = vec![
        (Coefficient::OmegaTotal, 1.0 - unique / total),
        (Coefficient::OmegaH, common / total),
        (Coefficient::OmegaLimit, common / (total - unique)),
        (Coefficient::Ecv, squares(&general) / squares(&loadings)),
        (Coefficient::Puc, 27.0 / 36.0),
    ];
    // Groups by the variance they explain, which is here the order of their first loadings.
    for at in 0..3_u8 {
        let place = 3 * usize::from(at);
        let sum = |x: &[f64]| x[place..place + 3].iter().sum::<f64>().powi(2);
        let all: f64 = (0..9).map(|k| correlation[(place + k / 3) * 9 + place + k % 3]).sum();
        expected.push((Coefficient::OmegaGroup(at), sum(&group) / all));
        expected.push((Coefficient::OmegaGroupTotal(at), (sum(&group) + sum(&general)) / all));
    }
    for (coefficient, value) in expected {
        let found = estimator.evaluate(coefficient, &point, &Silent);
        assert_eq!(found.status, Status::Ok, "{}", coefficient.name());
        assert!((found.value - value).abs() < EXACT, "{}: {found:?} {value}", coefficient.name());
        assert_eq!(Coefficient::named(coefficient.name()).unwrap(), coefficient);
    }
    let groups = estimator.groups().unwrap();
    assert_eq!(groups.of_item, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    for (found, truth) in groups.general.iter().zip(&general) {
        assert!((found - truth).abs() < EXACT);
    }
}

/// The derivative of `value` at zero, from four points about it.
fn slope(value: impl Fn(f64) -> f64, step: f64) -> f64 {
    let difference = |h: f64| (value(h) - value(-h)) / (2.0 * h);
    (4.0 * difference(step) - difference(2.0 * step)) / 3.0
}

fn is_of(coefficient: Coefficient, group: u8) -> bool {
    [Coefficient::OmegaGroup(group), Coefficient::OmegaGroupTotal(group)].contains(&coefficient)
}

#[test]
fn gradients_are_differences_of_values() {
    let (loadings, gamma) = of_three();
    let three = near(&second_order(&loadings, &gamma), 400, 1);
    let long: Vec<f64> = (0..16).map(|i| 0.5 + 0.3 * f64::from(i % 4) / 3.0).collect();
    let four = near(&second_order(&long, &[0.8, 0.5, 0.7, 0.6]), 500, 2);
    let two = near(&second_order(&loadings[..8], &[0.7, 0.6]), 300, 3);
    // The general factor is the first group's, and more.
    let mut above = second_order(&loadings, &[0.9, 0.8, 0.5]);
    for i in 0..9 {
        for j in (0..9).filter(|j| i / 3 != j / 3 && (i / 3 == 0 || j / 3 == 0)) {
            above[i * 9 + j] *= 1.25;
        }
    }
    // A sample of these: items without a group of their own must not be tied between the others.
    let above = near(&above, 2000, 5);
    // No three factors make these two items that similar.
    let mut heywood = three.clone();
    (heywood[1], heywood[9]) = (0.93, 0.93);
    let first = HierarchyModel { factors: 2, two_factors: TwoFactors::First };
    let second = HierarchyModel { factors: 2, two_factors: TwoFactors::Second };
    for (what, correlation, items, model, status) in [
        ("three", &three, 9, model(3), Status::Ok),
        ("two", &two, 8, model(2), Status::Ok),
        ("first", &two, 8, first, Status::Ok),
        ("second", &two, 8, second, Status::Ok),
        ("four", &four, 16, model(4), Status::Ok),
        ("above", &above, 9, model(3), Status::SecondOrderHeywood),
        ("heywood", &heywood, 9, model(3), Status::Heywood),
    ] {
        let point = dispersion(correlation, items);
        for coefficient in all(model.factors) {
            let mut warm = Estimator::new(model, Vec::new());
            let found = warm.evaluate(coefficient, &point, &Silent);
            // What is the general factor itself has no group.
            if (["first", "above"].contains(&what) && is_of(coefficient, 0))
                || (what == "second" && is_of(coefficient, 1))
            {
                assert_eq!(found.status, Status::Undefined);
                continue;
            }
            if coefficient != Coefficient::OmegaTotal {
                assert_eq!(found.status, status, "{what} {}", coefficient.name());
            }
            let gradient = warm.gradient(coefficient, &point);
            if coefficient == Coefficient::Puc {
                assert!(gradient.is_none());
                continue;
            }
            let gradient = gradient.unwrap().values;
            warm.settle();
            let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            for i in 0..items {
                assert_eq!(gradient[i * (items + 1)], 0.0);
                for j in 0..i {
                    let value = |change: f64| {
                        let mut moved = point.clone();
                        moved.correlation[i * items + j] += change;
                        moved.correlation[j * items + i] += change;
                        warm.clone().evaluate(coefficient, &moved, &Silent).value
                    };
                    let expected = slope(value, 2e-4) / 2.0;
                    for got in [gradient[i * items + j], gradient[j * items + i]] {
                        assert!(
                            (got - expected).abs() <= DIFFERENCES * largest.max(1e-3),
                            "{what} {} [{i}, {j}]: {got} where {expected} is expected",
                            coefficient.name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_search_from_the_estimate_ends_where_one_from_nothing_does() {
    let (loadings, gamma) = of_three();
    let population = second_order(&loadings, &gamma);
    let estimate = near(&population, 500, 7);
    let mut warm = Estimator::new(model(3), Vec::new());
    for coefficient in all(3) {
        warm.evaluate(coefficient, &dispersion(&estimate, 9), &Silent);
    }
    warm.settle();
    for seed in 10..40 {
        let replicate = dispersion(&near(&estimate, 500, seed), 9);
        for coefficient in [Coefficient::OmegaTotal, Coefficient::OmegaH, Coefficient::Ecv] {
            let from_estimate = warm.evaluate(coefficient, &replicate, &Silent);
            let mut cold = Estimator::new(model(3), Vec::new());
            let from_nothing = cold.evaluate(coefficient, &replicate, &Silent);
            assert_eq!(from_estimate.status, from_nothing.status, "{seed}");
            let gap = (from_estimate.value - from_nothing.value).abs();
            assert!(gap < EXACT, "{seed} {}: {gap}", coefficient.name());
        }
    }
}

#[test]
fn group_factors_of_other_items_are_switched() {
    let (loadings, gamma) = of_three();
    let correlation = second_order(&loadings, &gamma);
    let mut estimator = Estimator::new(model(3), Vec::new());
    estimator.evaluate(Coefficient::OmegaH, &dispersion(&correlation, 9), &Silent);
    estimator.settle();
    // Every third item is now of one group.
    let place = |i: usize| i % 3 * 3 + i / 3;
    let other: Vec<f64> =
        (0..81).map(|at| correlation[place(at / 9) * 9 + place(at % 9)]).collect();
    let outcome = |estimator: &mut Estimator, coefficient| {
        estimator.evaluate(coefficient, &dispersion(&other, 9), &Silent)
    };
    let switched = outcome(&mut estimator, Coefficient::OmegaH);
    assert_eq!(switched.status, Status::FactorSwitched);
    let mut cold = Estimator::new(model(3), Vec::new());
    let expected = outcome(&mut cold, Coefficient::OmegaH).value;
    assert!((switched.value - expected).abs() < EXACT);
    // What all factors explain does not depend on which they are.
    assert_eq!(outcome(&mut estimator, Coefficient::OmegaTotal).status, Status::Ok);
}

#[test]
fn without_enough_items_or_factors_there_is_no_general_factor() {
    let (loadings, gamma) = of_three();
    let nine = dispersion(&second_order(&loadings, &gamma), 9);
    let five = dispersion(&second_order(&loadings[..5], &[0.9]), 5);
    for (factors, point) in [(1, &nine), (0, &nine), (6, &nine), (99, &nine), (3, &five)] {
        let found = Estimator::new(model(factors), Vec::new()).evaluate(
            Coefficient::OmegaH,
            point,
            &Silent,
        );
        assert_eq!(found.status, Status::Undefined, "{factors}");
        assert!(found.value.is_nan());
    }
    // Two factors reproduce these: a third has nothing to explain.
    let two = dispersion(&second_order(&loadings[..8], &[0.7, 0.6]), 8);
    let mut estimator = Estimator::new(model(3), Vec::new());
    assert!(!estimator.evaluate(Coefficient::OmegaH, &two, &Silent).value.is_finite());
    assert!(estimator.evaluate(Coefficient::OmegaTotal, &two, &Silent).value.is_finite());
}

#[test]
fn schmid_and_leimans_factors_reproduce_the_correlated_ones() {
    let pattern = Loadings::from_fn(6, 2, |i, j| if i / 3 == j { 0.7 } else { 0.1 });
    let phi = |r: f64| Loadings::from_fn(2, 2, |i, j| if i == j { 1.0 } else { r });
    for (two, gamma) in [
        (TwoFactors::Equal, [0.6, -0.6]),
        (TwoFactors::First, [1.0, -0.36]),
        (TwoFactors::Second, [-0.36, 1.0]),
    ] {
        let found = schmid_leiman(&pattern, &phi(-0.36), two).unwrap();
        let common = pattern.times(&phi(-0.36)).times(&pattern.transposed());
        for i in 0..6 {
            for j in 0..6 {
                let groups: f64 =
                    found.groups.row(i).iter().zip(found.groups.row(j)).map(|(a, b)| a * b).sum();
                let sum = found.general[i] * found.general[j] + groups;
                assert!((sum - common.at(i, j)).abs() < 1e-14, "{two:?}");
            }
            assert!((found.uniquenesses[i] - 1.0 + common.at(i, i)).abs() < 1e-14);
        }
        for (found, expected) in found.gamma.iter().zip(gamma) {
            assert!((found - expected).abs() < 1e-15, "{two:?}");
        }
    }
    let one = Loadings::from_fn(6, 1, |_, _| 0.5);
    assert!(schmid_leiman(&one, &Loadings::identity(1), TwoFactors::Equal).is_err());
    assert!(schmid_leiman(&pattern, &Loadings::identity(3), TwoFactors::Equal).is_err());
    assert!(schmid_leiman(&pattern, &phi(f64::NAN), TwoFactors::Equal).is_err());
}

#[test]
fn the_bound_of_many_factors_and_its_gradient() {
    let (loadings, gamma) = of_three();
    let three = near(&second_order(&loadings, &gamma), 400, 1);
    let long: Vec<f64> = (0..16).map(|i| 0.5 + 0.3 * f64::from(i % 4) / 3.0).collect();
    let four = near(&second_order(&long, &[0.8, 0.5, 0.7, 0.6]), 500, 2);
    // Five items identify two factors, whatever room there is for a third.
    let five = near(&second_order(&[0.7, 0.6, 0.5, 0.8, 0.6], &[1.0; 5]), 60, 4);
    for (correlation, items, most) in [(&three, 9, 5), (&four, 16, 10), (&five, 5, 2)] {
        let point = dispersion(correlation, items);
        let mut warm = Estimator::new(model(1), Vec::new());
        assert_eq!(warm.bound_factors(), None);
        let found = warm.evaluate(Coefficient::GlbFactor, &point, &Silent);
        let factors = warm.bound_factors().unwrap();
        assert!((1..=most).contains(&factors), "{items} {factors}");
        // It is what so many factors explain: omega total of them.
        let several = Estimator::new(model(factors), Vec::new()).evaluate(
            Coefficient::OmegaTotal,
            &point,
            &Silent,
        );
        assert!((found.value - several.value).abs() < EXACT, "{items}: {found:?} {several:?}");
        assert_eq!(found.status, several.status);
        let gradient = warm.gradient(Coefficient::GlbFactor, &point).unwrap().values;
        warm.settle();
        let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        for i in 0..items {
            assert_eq!(gradient[i * (items + 1)], 0.0);
            for j in 0..i {
                let value = |change: f64| {
                    let mut moved = point.clone();
                    moved.correlation[i * items + j] += change;
                    moved.correlation[j * items + i] += change;
                    warm.clone().evaluate(Coefficient::GlbFactor, &moved, &Silent).value
                };
                let expected = slope(value, 1e-4) / 2.0;
                let got = gradient[i * items + j];
                assert!(
                    (got - expected).abs() <= 1e-5 * largest,
                    "{items} [{i}, {j}]: {got} where {expected} is expected"
                );
            }
        }
    }
}

#[test]
fn replicates_of_the_bound_have_the_factors_of_their_estimate() {
    let (loadings, gamma) = of_three();
    let population = second_order(&loadings, &gamma);
    let estimate = dispersion(&near(&population, 400, 1), 9);
    let mut warm = Estimator::new(model(1), Vec::new());
    warm.evaluate(Coefficient::GlbFactor, &estimate, &Silent);
    let factors = warm.bound_factors();
    warm.settle();
    let mut others = 0;
    for seed in 10..40 {
        let replicate = dispersion(&near(&population, 400, seed), 9);
        let mut cold = Estimator::new(model(1), Vec::new());
        cold.evaluate(Coefficient::GlbFactor, &replicate, &Silent);
        others += u32::from(cold.bound_factors() != factors);
        warm.evaluate(Coefficient::GlbFactor, &replicate, &Silent);
        assert_eq!(warm.bound_factors(), factors);
    }
    assert!(others > 0, "the test means nothing where all have this number");
}

#[test]
fn the_bound_of_many_factors_has_no_value_where_nothing_is_common() {
    let mut estimator = Estimator::new(model(1), Vec::new());
    let mut apart = vec![0.0; 16];
    apart.iter_mut().step_by(5).for_each(|x| *x = 1.0);
    let found = estimator.evaluate(Coefficient::GlbFactor, &dispersion(&apart, 4), &Silent);
    assert!(found.value.is_nan(), "{found:?}");
    let two = dispersion(&[1.0, 0.5, 0.5, 1.0], 2);
    let found = estimator.evaluate(Coefficient::GlbFactor, &two, &Silent);
    assert_eq!(found.status, Status::Undefined);
}
