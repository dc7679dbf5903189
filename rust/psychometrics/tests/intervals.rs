//! Intervals on cases that can be worked out by hand, and against R.

mod common;

use common::chance::{assert_close, assert_near};
use common::reference::{numbers, survey, values};
use psychometrics::interval::AlphaInterval::{Bonett, Feldt, HakstianWhalen, NormalTheory};
use psychometrics::interval::BootstrapMethod::{Basic, Bca, Normal, Percentile};
use psychometrics::interval::{
    IntervalStatus, QuantileRule, alpha_interval, bootstrap_interval, mean_and_deviation,
    normal_cdf, normal_quantile, normal_theory_error, quantile,
};
use psychometrics::moments::{Dispersion, GroupMoments, Panel, group_moments};
use psychometrics::monitor::Silent;
use psychometrics::simd::Simd;

const RULES: [QuantileRule; 2] = [QuantileRule::Normal, QuantileRule::Linear];

#[test]
fn quantiles_of_few_values() {
    let linear = |p| quantile(&[1.0, 2.0, 4.0, 8.0, 16.0], p, QuantileRule::Linear);
    for (p, expected) in [(0.0, 1.0), (0.25, 2.0), (0.3, 2.4), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)]
    {
        assert_close(linear(p), expected, 1e-14, "linear");
    }
    // Of nine values the (9 + 1) p-th; between two by the normal scale.
    let nine: Vec<f64> = (1..=9).map(f64::from).collect();
    let normal = |p| quantile(&nine, p, QuantileRule::Normal);
    for (p, expected) in [(0.1, 1.0), (0.3, 3.0), (0.5, 5.0), (0.9, 9.0)] {
        assert_eq!(normal(p), expected);
    }
    let z = normal_quantile;
    let share = (z(0.55) - z(0.5)) / (z(0.6) - z(0.5));
    assert_close(normal(0.55), 5.0 + share, 1e-14, "normal");
    // Beyond the values lie the outermost ones.
    for (p, expected) in [(0.0, 1.0), (0.05, 1.0), (0.95, 9.0), (1.0, 9.0)] {
        assert_eq!(normal(p), expected);
    }
    for rule in RULES {
        assert_eq!(quantile(&[3.0], 0.2, rule), 3.0);
        assert!(quantile(&[], 0.5, rule).is_nan());
        assert!(quantile(&nine, f64::NAN, QuantileRule::Normal).is_nan());
    }
}

/// Replicates that lie evenly about zero.
fn symmetric() -> Vec<f64> {
    (-500..=500).map(f64::from).collect()
}

#[test]
fn without_bias_and_acceleration_bca_is_percentile() {
    for rule in RULES {
        let interval = |method| bootstrap_interval(&symmetric(), 0.0, 0.0, 0.9, method, rule);
        let (lower, upper, status) = interval(Bca);
        let (percentile_lower, percentile_upper, _) = interval(Percentile);
        assert_eq!(status, IntervalStatus::Ok);
        // The level makes a round trip over the normal scale.
        assert_close(lower, percentile_lower, 1e-8, "lower");
        assert_close(upper, percentile_upper, 1e-8, "upper");
    }
}

#[test]
fn intervals_of_evenly_spread_replicates() {
    let interval =
        |method| bootstrap_interval(&symmetric(), 100.0, 0.0, 0.9, method, QuantileRule::Linear);
    let (lower, upper, _) = interval(Percentile);
    assert_close(lower, -450.0, 1e-9, "percentile");
    assert_close(upper, 450.0, 1e-9, "percentile");
    let (lower, upper, _) = interval(Basic);
    assert_close(lower, 200.0 - 450.0, 1e-9, "basic");
    assert_close(upper, 200.0 + 450.0, 1e-9, "basic");
    // Variance of the whole numbers from -m to m: m (m + 1) / 3, here with the divisor one less.
    let deviation = (500.0_f64 * 501.0 / 3.0 * 1001.0 / 1000.0).sqrt();
    let (mean, spread) = mean_and_deviation(&symmetric());
    assert_close(mean, 0.0, 1e-12, "mean");
    assert_near(spread, deviation, 1e-14, "deviation");
    let (lower, upper, _) = interval(Normal);
    assert_close(lower, 200.0 - 1.6448536269514715 * deviation, 1e-9, "normal");
    assert_close(upper, 200.0 + 1.6448536269514715 * deviation, 1e-9, "normal");
}

#[test]
fn bca_moves_with_bias_and_acceleration() {
    let ends = |estimate, acceleration| {
        let replicates = symmetric();
        let rule = QuantileRule::Linear;
        let (lower, upper, status) =
            bootstrap_interval(&replicates, estimate, acceleration, 0.95, Bca, rule);
        assert_eq!(status, IntervalStatus::Ok);
        (lower, upper)
    };
    // Most replicates below the estimate: both ends move up. So they do with a right-skewed estimator.
    let middle = ends(0.0, 0.0);
    let (above, skewed) = (ends(100.0, 0.0), ends(0.0, 0.05));
    assert!(above.0 > middle.0 && above.1 > middle.1);
    assert!(skewed.0 > middle.0 && skewed.1 > middle.1);
    // And evenly in both directions.
    let below = ends(-100.0, -0.05);
    let mirrored = ends(100.0, 0.05);
    assert_close(below.0, -mirrored.1, 1e-8, "lower");
    assert_close(below.1, -mirrored.0, 1e-8, "upper");
}

#[test]
fn ties_with_the_estimate_count_half() {
    let mut replicates = vec![0.0; 20];
    replicates.extend([-1.0; 40]);
    replicates.extend([1.0; 40]);
    replicates.sort_by(f64::total_cmp);
    let interval = |method| bootstrap_interval(&replicates, 0.0, 0.0, 0.5, method, RULES[0]);
    assert_eq!(interval(Bca), interval(Percentile));
    // All the same: the interval is that one value.
    for method in [Percentile, Basic, Normal, Bca] {
        let interval = bootstrap_interval(&[2.0; 50], 2.0, 0.01, 0.95, method, RULES[0]);
        assert_eq!(interval, (2.0, 2.0, IntervalStatus::Ok), "{method:?}");
    }
}

#[test]
fn where_there_is_no_interval_a_status_says_why() {
    let replicates = symmetric();
    let status = |replicates: &[f64], estimate, acceleration, method| {
        let (lower, upper, status) =
            bootstrap_interval(replicates, estimate, acceleration, 0.95, method, RULES[0]);
        assert_eq!(lower.is_nan() && upper.is_nan(), status != IntervalStatus::Ok);
        status
    };
    for method in [Percentile, Basic, Normal, Bca] {
        for few in [&replicates[..0], &replicates[..1]] {
            assert_eq!(status(few, 0.0, 0.0, method), IntervalStatus::TooFewReplicates);
        }
    }
    for beyond in [-501.0, 501.0] {
        assert_eq!(status(&replicates, beyond, 0.0, Bca), IntervalStatus::OutsideReplicates);
        assert_eq!(status(&replicates, beyond, 0.0, Percentile), IntervalStatus::Ok);
    }
    let unknown = status(&replicates, 0.0, f64::NAN, Bca);
    assert_eq!(unknown, IntervalStatus::NoStandardError);
    // So skewed that a level would come back from the other side: 1.96 times 0.6 is beyond one.
    for acceleration in [-0.6, 0.6] {
        assert_eq!(status(&replicates, 0.0, acceleration, Bca), IntervalStatus::OutsideReplicates);
    }
}

#[test]
fn bootstrap_intervals_are_those_of_r() {
    let reference = values("boot_ci");
    for case in ["as_drawn", "with_ties"] {
        let case = &reference[case];
        let mut replicates = numbers(&case["t"]);
        replicates.sort_by(f64::total_cmp);
        let estimate = case["t0"].as_f64().unwrap();
        let acceleration = case["acceleration"].as_f64().unwrap();
        for level in ["0.9", "0.95", "0.99"] {
            let (boot, formula) = (&case["boot"][level], &case["by_formula"][level]);
            for (method, rule, expected) in [
                (Normal, QuantileRule::Normal, &boot["normal"]),
                (Basic, QuantileRule::Normal, &boot["basic"]),
                (Percentile, QuantileRule::Normal, &boot["percentile"]),
                // boot counts ties as above the estimate.
                (Bca, QuantileRule::Normal, &formula["bca_normal"]),
                (Percentile, QuantileRule::Linear, &formula["percentile_linear"]),
                (Basic, QuantileRule::Linear, &formula["basic_linear"]),
                (Bca, QuantileRule::Linear, &formula["bca_linear"]),
            ] {
                let (lower, upper, status) = bootstrap_interval(
                    &replicates,
                    estimate,
                    acceleration,
                    level.parse().unwrap(),
                    method,
                    rule,
                );
                assert_eq!(status, IntervalStatus::Ok);
                let what = format!("{method:?} {rule:?} {level}");
                assert_near(lower, expected[0].as_f64().unwrap(), 1e-10, &what);
                assert_near(upper, expected[1].as_f64().unwrap(), 1e-10, &what);
            }
        }
    }
    let replicates = numbers(&reference["as_drawn"]["t"]);
    for case in reference["quantile_rule"].as_array().unwrap() {
        let mut first = replicates[..case["replicates"].as_u64().unwrap() as usize].to_vec();
        first.sort_by(f64::total_cmp);
        for (at, p) in numbers(&case["p"]).into_iter().enumerate() {
            for (rule, name) in RULES.into_iter().zip(["value", "linear"]) {
                let expected = case[name][at].as_f64().unwrap();
                assert_near(quantile(&first, p, rule), expected, 1e-10, name);
            }
        }
    }
}

#[test]
fn the_normal_distribution_is_that_of_r() {
    let reference = values("distributions");
    let pairs = |name: &str, x: &str, y: &str| -> Vec<(f64, f64)> {
        let table = &reference[name];
        numbers(&table[x]).into_iter().zip(numbers(&table[y])).collect()
    };
    for (p, z) in pairs("normal_quantile", "p", "z") {
        // The rational approximation is worst near a millionth.
        assert_near(normal_quantile(p), z, 1e-11, &format!("quantile of {p}"));
    }
    for (z, p) in pairs("normal_cdf", "z", "p") {
        assert_near(normal_cdf(z), p, 1e-12, &format!("probability below {z}"));
    }
    assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
}

#[test]
fn closed_forms_for_alpha_are_those_of_the_books() {
    // R's attitude, 30 persons and 7 items; Feldt by psych, the others by their formulas.
    let alpha = 0.843_142_769_564_759_9;
    for (method, lower, upper) in [
        (Feldt, 0.739_375_7, 0.915_773_1),
        (Bonett, 0.723_799_0, 0.910_919_3),
        (HakstianWhalen, 0.742_828_2, 0.917_239_7),
    ] {
        let ends = alpha_interval(method, alpha, 30.0, 7, f64::NAN, 0.95);
        // As many digits as were printed.
        assert_close(ends.0, lower, 5e-8, "lower");
        assert_close(ends.1, upper, 5e-8, "upper");
        assert_eq!(ends.2, IntervalStatus::Ok);
    }
    // Of one, two and three persons some forms have no value.
    for method in [Feldt, Bonett, HakstianWhalen, NormalTheory] {
        for persons in [0.0, 1.0, 2.0, 3.0] {
            let (lower, upper, status) = alpha_interval(method, 0.5, persons, 3, f64::NAN, 0.95);
            assert_eq!(lower.is_finite() && upper.is_finite(), status == IntervalStatus::Ok);
        }
    }
}

#[test]
fn closed_forms_for_alpha_are_those_of_r() {
    for name in ["attitude", "congeneric", "heywood", "two_factor"] {
        let reference = values(name);
        let survey = survey(&reference["about"]);
        let reference = &reference["listwise"];
        let GroupMoments::Exact(moments) =
            group_moments(Simd::chosen().unwrap(), &survey.responses(), Panel::Full, &Silent)
        else {
            panic!("codes have exact moments")
        };
        let mut dispersion = Dispersion::default();
        dispersion.fill(&moments[0]);
        let error = normal_theory_error(&dispersion);
        assert_near(error, reference["normal_theory_se"]["n"].as_f64().unwrap(), 1e-10, name);
        let alpha = reference["coefficients"]["alpha"].as_f64().unwrap();
        for level in ["0.9", "0.95", "0.99"] {
            for (method, form) in [
                (Feldt, "feldt"),
                (Bonett, "bonett"),
                (HakstianWhalen, "hakstian_whalen"),
                (NormalTheory, "normal_theory_n"),
            ] {
                let (persons, items) = (dispersion.persons, dispersion.items);
                let level_number = level.parse().unwrap();
                let (lower, upper, _) =
                    alpha_interval(method, alpha, persons, items, error, level_number);
                let expected = numbers(&reference["alpha_intervals"][level][form]);
                let what = format!("{name} {form} {level}");
                assert_near(lower, expected[0], 1e-10, &what);
                assert_near(upper, expected[1], 1e-10, &what);
            }
        }
    }
}
