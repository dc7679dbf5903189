//! Coefficients where their values are known, and what must not change them.

mod common;

use common::Generator;
use common::chance::{assert_close, assert_near};
use common::matrices::{cold, dispersion, heywood, one_factor, sampled};
use psychometrics::factor::{FitMemory, FitStatus, minres_one_factor};
use psychometrics::monitor::Silent;
use psychometrics::reliability::{Coefficient, Estimator, Matrix, Status};

use Coefficient::{
    Alpha, AlphaStd, AverageR, Lambda1, Lambda2, Lambda3, Lambda4, Lambda5, Lambda5Plus, Lambda6,
    Mu0, Mu1, Mu2, Mu3, OmegaTotal, OmegaU, OmegaUObserved, Sem, SignalToNoise, SplitHalfMax,
    SplitHalfMean, SplitHalfMin,
};

/// Rounding in closed forms of up to twelve items, and in fits that stop where a step is below 1e-9 and the next
/// one below 1e-16.
const EXACT: f64 = 1e-12;

fn value(coefficient: Coefficient, covariance: &[f64], items: usize) -> f64 {
    let outcome = cold(coefficient, covariance, items);
    assert_eq!(outcome.status, Status::Ok, "{}", coefficient.name());
    outcome.value
}

#[test]
fn parallel_items_have_the_reliability_of_spearman_and_brown() {
    for items in [3, 4, 7, 12] {
        for r in [0.05, 0.3, 0.6, 0.9] {
            let k = items as f64;
            let expected = k * r / (1.0 + (k - 1.0) * r);
            let covariance: Vec<f64> = (0..items * items)
                .map(|at| if at % (items + 1) == 0 { 2.5 } else { 2.5 * r })
                .collect();
            for coefficient in [Alpha, AlphaStd, Lambda2, OmegaU, OmegaTotal] {
                assert_near(
                    value(coefficient, &covariance, items),
                    expected,
                    EXACT,
                    coefficient.name(),
                );
            }
            for coefficient in [Lambda3, Mu0, Mu1, Mu2, Mu3, OmegaUObserved] {
                let got = value(coefficient, &covariance, items);
                assert_near(got, expected, EXACT, coefficient.name());
            }
            let total = k * (1.0 + (k - 1.0) * r);
            let root = 2.0 * ((k - 1.0) * r * r).sqrt() * k / total;
            let between = (items / 2 * items.div_ceil(2)) as f64;
            for (coefficient, expected) in [
                (Lambda1, 1.0 - k / total),
                (Lambda5, 1.0 - k / total + root / k),
                (Lambda5Plus, 1.0 - k / total + root / (k - 1.0)),
                (Lambda4, 4.0 * between * r / total),
                (SplitHalfMax, 4.0 * between * r / total),
                (SplitHalfMin, 4.0 * between * r / total),
                (SplitHalfMean, 4.0 * between * r / total),
                (AverageR, r),
                (SignalToNoise, k * r / (1.0 - r)),
                (Sem, (2.5 * total * (1.0 - expected)).sqrt()),
            ] {
                let got = value(coefficient, &covariance, items);
                assert_near(got, expected, EXACT, coefficient.name());
            }
            // What an item shares with the others, by the inverse of such a matrix.
            let lambda6 = 1.0 - (1.0 - r) / (1.0 + (k - 2.0) * r);
            assert_near(value(Lambda6, &covariance, items), lambda6, EXACT, "lambda6");
        }
    }
}

#[test]
fn equal_covariances_make_alpha_lambda2_and_omega_the_reliability() {
    let loadings = [0.8; 5];
    let uniquenesses = [0.2, 0.9, 0.5, 1.4, 0.3];
    let covariance = one_factor(&loadings, &uniquenesses);
    let common = 16.0;
    let expected = common / (common + uniquenesses.iter().sum::<f64>());
    for coefficient in [Alpha, Lambda2, OmegaU] {
        assert_near(value(coefficient, &covariance, 5), expected, EXACT, coefficient.name());
    }
}

#[test]
fn omega_of_exact_one_factor_matrices() {
    let mut generator = Generator(1);
    for items in [3, 4, 6, 12] {
        for _ in 0..20 {
            // One loading of another sign.
            let mut loadings: Vec<f64> = (0..items).map(|_| 0.5 + generator.uniform()).collect();
            loadings[items - 1] *= -0.5;
            let uniquenesses: Vec<f64> = (0..items).map(|_| 0.3 + generator.uniform()).collect();
            let covariance = one_factor(&loadings, &uniquenesses);
            let common = loadings.iter().sum::<f64>().powi(2);
            let omega_u = common / (common + uniquenesses.iter().sum::<f64>());
            assert_near(value(OmegaU, &covariance, items), omega_u, EXACT, "omega_u");
            // Where the model is right, the total varies as it says.
            let observed = value(OmegaUObserved, &covariance, items);
            assert_near(observed, omega_u, EXACT, "omega_u_observed");
            // Of correlations: loadings and uniquenesses in units of the items.
            let variance = |j: usize| covariance[j * (items + 1)];
            let common: f64 = (0..items).map(|j| loadings[j] / variance(j).sqrt()).sum();
            let unique: f64 = (0..items).map(|j| uniquenesses[j] / variance(j)).sum();
            let omega_total = 1.0 - unique / (common * common + unique);
            assert_near(value(OmegaTotal, &covariance, items), omega_total, EXACT, "omega_total");
        }
    }
}

#[test]
fn two_items() {
    let covariance = [2.0, 0.7, 0.7, 1.0];
    assert_near(value(Alpha, &covariance, 2), 4.0 * 0.7 / 4.4, EXACT, "alpha");
    assert_near(value(Lambda2, &covariance, 2), 4.0 * 0.7 / 4.4, EXACT, "lambda2");
    let r = 0.7 / 2.0_f64.sqrt();
    assert_near(value(AlphaStd, &covariance, 2), 2.0 * r / (1.0 + r), EXACT, "alpha_std");
    assert_near(value(Lambda6, &covariance, 2), 1.0 - 3.0 * (1.0 - r * r) / 4.4, EXACT, "lambda6");
    // One covariance cannot tell two loadings apart.
    for coefficient in [OmegaU, OmegaTotal] {
        assert_eq!(cold(coefficient, &covariance, 2).status, Status::Undefined);
    }
}

/// The status of a coefficient that has no value.
fn status(coefficient: Coefficient, covariance: &[f64], items: usize) -> Status {
    let outcome = cold(coefficient, covariance, items);
    let what = coefficient.name();
    assert!(outcome.value.is_nan(), "{what} of {covariance:?}: {outcome:?}");
    outcome.status
}

#[test]
fn what_cannot_be_computed_says_why() {
    // Opposite items: their total does not vary.
    let opposite = [1.0, -1.0, -1.0, 1.0];
    for coefficient in Coefficient::ALL {
        assert_eq!(status(coefficient, &opposite, 2), Status::Undefined, "{}", coefficient.name());
    }
    let constant = [1.0, 0.4, 0.0, 0.4, 1.0, 0.0, 0.0, 0.0, 0.0];
    for coefficient in [AlphaStd, Lambda6, OmegaU, OmegaTotal] {
        assert_eq!(status(coefficient, &constant, 3), Status::ConstantItem);
    }
    let repeated = [1.0, 1.0, 0.5, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0];
    for coefficient in [Lambda6, OmegaU] {
        assert_eq!(status(coefficient, &repeated, 3), Status::NotPositiveDefinite);
    }
    let mut few = dispersion(&[1.0, 0.4, 0.4, 1.0], 2);
    few.persons = 1.0;
    assert_eq!(Estimator::default().evaluate(Alpha, &few, &Silent).status, Status::TooFewRows);
}

#[test]
fn a_standardised_total_without_variance_has_no_alpha() {
    // Opposite items of different spread: their total varies, that of the standardised ones does not.
    assert_eq!(status(AlphaStd, &[1.0, -2.0, -2.0, 4.0], 2), Status::Undefined);
}

#[test]
fn one_item_says_nothing_of_its_reliability() {
    for coefficient in Coefficient::ALL {
        assert_eq!(status(coefficient, &[1.5], 1), Status::Undefined, "{}", coefficient.name());
    }
}

#[test]
fn a_heywood_case_is_flagged_and_valued() {
    for coefficient in [OmegaU, OmegaTotal] {
        let outcome = cold(coefficient, &heywood(), 4);
        assert_eq!(outcome.status, Status::Heywood, "{}", coefficient.name());
        assert!(outcome.value > 0.0 && outcome.value < 1.0);
    }
}

/// Covariances, items and persons: in small samples some fits end on a bound.
fn matrices() -> Vec<(Vec<f64>, usize, usize)> {
    let sizes = [(3, 200), (4, 15), (5, 12), (5, 400), (6, 20), (8, 30), (8, 1000), (12, 60)];
    let samples = sizes.iter().cycle().take(80).zip(0..);
    let mut all = vec![(heywood(), 4, 40)];
    all.extend(
        samples.map(|(&(items, persons), seed)| (sampled(seed, items, persons), items, persons)),
    );
    all
}

#[test]
fn the_order_of_items_makes_no_difference() {
    let mut generator = Generator(2);
    for (covariance, items, _) in matrices() {
        let mut order: Vec<usize> = (0..items).collect();
        for i in (1..items).rev() {
            order.swap(i, generator.below(i + 1));
        }
        let mixed: Vec<f64> = (0..items * items)
            .map(|at| covariance[order[at / items] * items + order[at % items]])
            .collect();
        for coefficient in Coefficient::ALL {
            let (one, other) =
                (cold(coefficient, &covariance, items), cold(coefficient, &mixed, items));
            assert_eq!(one.status, other.status, "{}", coefficient.name());
            if one.value.is_finite() {
                // Near-singular matrices of small samples lose a few digits more.
                assert_close(other.value, one.value, 1e-10, coefficient.name());
            }
        }
    }
}

#[test]
fn units_make_no_difference() {
    for (covariance, items, _) in matrices() {
        let scale = |j: usize| 0.1 * 3.0_f64.powi(j as i32 % 4);
        let scaled = |factor: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..items * items)
                .map(|at| covariance[at] * factor(at / items) * factor(at % items))
                .collect()
        };
        let together = scaled(&|_| 100.0);
        let each = scaled(&scale);
        for coefficient in Coefficient::ALL {
            let one = cold(coefficient, &covariance, items);
            let other = cold(coefficient, &together, items);
            assert_eq!(one.status, other.status);
            if one.value.is_finite() {
                // An error is in the unit of the items; the others have none.
                let expected = if coefficient == Sem { 100.0 * one.value } else { one.value };
                let tolerance = 1e-10 * expected.abs().max(1.0);
                assert_close(other.value, expected, tolerance, coefficient.name());
            }
            // Correlations know no unit.
            if coefficient.matrix() == Matrix::Correlation {
                let other = cold(coefficient, &each, items);
                assert_eq!(one.status, other.status);
                assert_close(other.value, one.value, 1e-10, coefficient.name());
            }
        }
    }
}

#[test]
fn alpha_is_a_lower_bound_of_lambda2() {
    for (covariance, items, _) in matrices() {
        assert!(
            cold(Lambda2, &covariance, items).value
                >= cold(Alpha, &covariance, items).value - EXACT
        );
    }
}

#[test]
fn the_bounds_are_in_the_order_that_is_proved() {
    for (covariance, items, _) in matrices() {
        let of = |coefficient| cold(coefficient, &covariance, items).value;
        // Ten Berge & Zegers (1978); Guttman (1945).
        let series = [Lambda1, Mu0, Mu1, Mu2, Mu3].map(of);
        assert!(series.windows(2).all(|pair| pair[0] <= pair[1] + EXACT), "{series:?}");
        let [lambda5, plus] = [Lambda5, Lambda5Plus].map(of);
        assert!(series[0] <= lambda5 && lambda5 <= plus);
        let [least, mean, most] = [SplitHalfMin, SplitHalfMean, SplitHalfMax].map(of);
        assert!(least <= mean + EXACT && mean <= most + EXACT);
    }
}

#[test]
fn a_model_that_does_not_hold_makes_the_two_denominators_differ() {
    let covariance = sampled(5, 6, 100);
    let total: f64 = covariance.iter().sum();
    let implied = value(OmegaU, &covariance, 6);
    let observed = value(OmegaUObserved, &covariance, 6);
    assert!((implied - observed).abs() > 1e-3);
    // Unique variances fill up the variances of items, so that both speak of the same (sum l)².
    let mut estimator = Estimator::default();
    let point = dispersion(&covariance, 6);
    for order in [[OmegaU, OmegaUObserved], [OmegaUObserved, OmegaU]] {
        let got = order.map(|c| estimator.evaluate(c, &point, &Silent).value);
        estimator.settle();
        let expected = order.map(|c| if c == OmegaU { implied } else { observed });
        assert_near(got[0], expected[0], EXACT, "the first");
        assert_near(got[1], expected[1], EXACT, "the second shares its fit");
    }
    let common = observed * total;
    let unique: f64 = common / implied - common;
    assert!(unique > 0.0 && unique < covariance.iter().step_by(7).sum());
}

#[test]
fn items_that_are_all_the_same_have_no_noise() {
    let covariance = [2.0; 16];
    assert_eq!(status(SignalToNoise, &covariance, 4), Status::NotPositiveDefinite);
    assert_eq!(value(Sem, &covariance, 4), 0.0);
    assert_eq!(value(AverageR, &covariance, 4), 1.0);
    // No persons give covariances above the variances; pairs of items that others answered may.
    let impossible = [1.0, 1.5, 1.5, 1.0];
    assert_eq!(status(Sem, &impossible, 2), Status::NotPositiveDefinite);
}

#[test]
fn an_item_that_does_not_vary_adds_nothing() {
    let with = [1.0, 0.4, 0.0, 0.4, 1.0, 0.0, 0.0, 0.0, 0.0];
    let root = (2.0 * 0.16_f64).sqrt();
    for (coefficient, expected) in [
        (Lambda1, 0.8 / 2.8),
        (Mu0, 1.5 * 0.8 / 2.8),
        (Mu1, (0.8 + 1.5_f64.sqrt() * root) / 2.8),
        (SplitHalfMax, 1.6 / 2.8),
        (SplitHalfMin, 0.0),
        (Sem, ((3.0 * 2.0 - 2.8) / 2.0_f64).sqrt()),
    ] {
        assert_close(value(coefficient, &with, 3), expected, EXACT, coefficient.name());
    }
    for coefficient in [AverageR, SignalToNoise, OmegaUObserved] {
        assert_eq!(status(coefficient, &with, 3), Status::ConstantItem);
    }
}

#[test]
fn a_warm_start_ends_where_a_cold_one_does() {
    let mut generator = Generator(3);
    let (mut other_minima, mut fits) = (0, 0);
    for (covariance, items, persons) in matrices() {
        let mut estimator = Estimator::default();
        for coefficient in Coefficient::ALL {
            estimator.evaluate(coefficient, &dispersion(&covariance, items), &Silent);
        }
        estimator.settle();
        for _ in 0..10 {
            // As far as a bootstrap of a hundred persons would go.
            let mut near = covariance.clone();
            for i in 0..items {
                for j in 0..=i {
                    let scale = (covariance[i * items + i] * covariance[j * items + j]).sqrt();
                    let change = 0.07 * scale * generator.normal();
                    near[i * items + j] += change;
                    near[j * items + i] = near[i * items + j];
                }
            }
            // The bound by factors keeps the number of factors that a cold fit chooses for itself.
            for coefficient in Coefficient::ALL.into_iter().filter(|&c| c != Coefficient::GlbFactor)
            {
                let warm = estimator.evaluate(coefficient, &dispersion(&near, items), &Silent);
                let cold = cold(coefficient, &near, items);
                let equal = warm.status == cold.status
                    && (cold.value.is_nan() || (warm.value - cold.value).abs() < 1e-10);
                if persons < 100 && matches!(coefficient, OmegaU | OmegaUObserved | OmegaTotal) {
                    fits += 1;
                    other_minima += u32::from(!equal);
                } else {
                    assert!(equal, "{}", coefficient.name());
                }
            }
        }
    }
    // In samples of twelve or fifteen persons there can be two minima, and either may be found.
    assert!(100 * other_minima < fits, "{other_minima} of {fits}");
}

#[test]
fn minimum_residuals_are_at_a_minimum() {
    for (covariance, items, _) in matrices() {
        let correlation = dispersion(&covariance, items).correlation;
        let mut loadings = vec![0.5; items];
        let status = minres_one_factor(&correlation, &mut loadings, &mut FitMemory::default());
        assert!(matches!(status, FitStatus::Converged | FitStatus::Heywood), "{status:?}");
        let criterion = |loadings: &[f64]| -> f64 {
            let residual = |at: usize| {
                let (i, j) = (at / items, at % items);
                let common = loadings[i] * loadings[j];
                // On the diagonal the uniqueness takes up all that it may.
                if i == j { (common - 0.995).max(0.0) } else { correlation[at] - common }
            };
            (0..items * items).map(|at| residual(at).powi(2)).sum()
        };
        let least = criterion(&loadings);
        for j in 0..items {
            for step in [-1e-4, 1e-4] {
                let mut other = loadings.clone();
                other[j] += step;
                assert!(criterion(&other) > least);
            }
        }
    }
}
