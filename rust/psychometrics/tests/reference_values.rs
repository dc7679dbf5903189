//! Everything against the reference values that R computed.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::chance::assert_near;
use common::reference::{complete, matrix, numbers, repeated, survey, values};
use common::survey::Survey;
use psychometrics::analysis::{Answer, Interval, Question, analyse};
use psychometrics::interval::{Influence, Influences};
use psychometrics::moments::{Dispersion, GroupMoments, Panel, group_moments};
use psychometrics::monitor::Silent;
use psychometrics::reliability::{Coefficient, Estimator, Status};
use psychometrics::simd::{RoundKeys, Simd, philox4x32};
use serde_json::Value;

/// The coefficients in the files; the others are in `split_halves` and `coefficients`.
const REFERENCED: [Coefficient; 6] = [
    Coefficient::Alpha,
    Coefficient::AlphaStd,
    Coefficient::Lambda2,
    Coefficient::Lambda6,
    Coefficient::OmegaU,
    Coefficient::OmegaTotal,
];

/// Closed forms; fits that both ended where no gradient is left.
fn tolerance(coefficient: Coefficient) -> f64 {
    match coefficient {
        Coefficient::OmegaU | Coefficient::OmegaTotal => 1e-9,
        _ => 1e-10,
    }
}

fn group_dispersions(survey: &Survey, pairwise: bool) -> Vec<Dispersion> {
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let of = |fill: &dyn Fn(&mut Dispersion)| {
        let mut dispersion = Dispersion::default();
        fill(&mut dispersion);
        dispersion
    };
    match group_moments(Simd::chosen().unwrap(), &survey.responses(), panel, &Silent) {
        GroupMoments::Exact(all) => all.iter().map(|m| of(&|d| d.fill(m))).collect(),
        GroupMoments::Real(all) => all.iter().map(|m| of(&|d| d.fill(m))).collect(),
    }
}

fn ask(survey: &Survey, pairwise: bool) -> Answer {
    let question = Question {
        coefficients: REFERENCED.to_vec(),
        pairwise,
        interval: Interval::Influence,
        level: 0.95,
        subscales: Vec::new(),
    };
    analyse(Simd::chosen().unwrap(), &survey.responses(), &question, &Silent).unwrap()
}

/// Moments, coefficients, standard errors and accelerations of one group.
fn check(what: &str, survey: &Survey, group: usize, pairwise: bool, reference: &Value) {
    let responses = survey.responses();
    let dispersion = &group_dispersions(survey, pairwise)[group];
    for (name, got) in
        [("covariance", &dispersion.covariance), ("correlation", &dispersion.correlation)]
    {
        for (got, expected) in got.iter().zip(matrix(&reference[name])) {
            assert_near(*got, expected, 1e-10, &format!("{what} {name}"));
        }
    }
    let width = REFERENCED.len();
    let estimates = &ask(survey, pairwise).estimates[group * width..][..width];
    let clustered = responses.clustered;
    let error = if clustered { "cluster_se" } else { "influence_se" };
    let acceleration = if clustered { "cluster_acceleration" } else { "acceleration" };
    let mut estimator = Estimator::default();
    for (coefficient, estimate) in REFERENCED.into_iter().zip(estimates) {
        let name = coefficient.name();
        let what = format!("{what} {name}");
        let expected = reference["coefficients"][name].as_f64().unwrap();
        assert_near(estimate.outcome.value, expected, tolerance(coefficient), &what);
        let status = reference[name]["status"].as_str().unwrap_or("ok");
        assert_eq!(estimate.outcome.status.name(), status, "{what}");
        // Influence values of fits inherit the fit.
        let loose = 100.0 * tolerance(coefficient);
        let expected = reference[error][name].as_f64().unwrap();
        assert_near(estimate.standard_error, expected, loose, &format!("{what}: error"));
        estimator.evaluate(coefficient, dispersion, &Silent);
        let gradient = estimator.gradient(coefficient, dispersion).unwrap();
        let Influence { acceleration: got, .. } = Influences::new(
            Simd::chosen().unwrap(),
            &responses,
            &responses.groups[group],
            dispersion,
            &gradient,
            pairwise,
            &Silent,
        )
        .summary();
        let expected = reference[acceleration][name].as_f64().unwrap();
        assert_near(got, expected, loose, &format!("{what}: acceleration"));
    }
}

#[test]
fn complete_surveys() {
    for name in ["attitude", "congeneric", "heywood", "near_heywood", "two_factor"] {
        let reference = values(name);
        check(name, &survey(&reference["about"]), 0, false, &reference["listwise"]);
    }
}

#[test]
fn missing_answers() {
    let reference = values("congeneric_missing");
    let survey = survey(&reference["about"]);
    check("listwise", &complete(&survey), 0, false, &reference["listwise"]);
    // Who answered nothing is no person of a pairwise analysis.
    let counts: Vec<usize> = (0..survey.rows)
        .map(|row| usize::from((0..survey.items).any(|item| survey.answer(row, item).is_some())))
        .collect();
    let survey = repeated(&survey, 0..survey.rows, &counts);
    check("pairwise", &survey, 0, true, &reference["pairwise"]);
}

#[test]
fn sites_and_wards() {
    let reference = values("sites");
    let clustered = survey(&reference["about"]);
    let rows = Survey { clusters: None, ..clustered.clone() };
    for (group, site) in ["north", "east", "south", "west"].into_iter().enumerate() {
        let expected = &reference["by_site"][site];
        for survey in [&clustered, &rows] {
            check(site, survey, group, false, expected);
        }
    }
    for survey in [clustered, rows] {
        let survey = Survey { groups: vec![0, survey.rows], ..survey };
        check("all sites", &survey, 0, false, &reference["all"]);
    }
}

#[test]
fn reals_and_survey_weights() {
    let reference = values("scores");
    let weighted = survey(&reference["about"]);
    assert!(weighted.reals.is_some() && weighted.weights.is_some());
    check("weighted", &weighted, 0, false, &reference["weighted"]);
    let plain = Survey { weights: None, ..weighted };
    check("unweighted", &plain, 0, false, &reference["listwise"]);
}

/// The coefficients of resamples whose counts are given.
fn check_replicates(
    what: &str,
    reference: &Value,
    pairwise: bool,
    resample: impl Fn(usize) -> Survey,
) {
    for replicate in 0..numbers(&reference["alpha"]).len() {
        let survey = resample(replicate);
        let dispersion = &group_dispersions(&survey, pairwise)[0];
        for coefficient in REFERENCED {
            let name = coefficient.name();
            let what = format!("{what} {name} of replicate {replicate}");
            let outcome = Estimator::default().evaluate(coefficient, dispersion, &Silent);
            if let Some(status) = reference[format!("{name}_status")][replicate].as_str() {
                assert_eq!(outcome.status.name(), status, "{what}");
            }
            match reference[name][replicate].as_f64() {
                Some(expected) => {
                    assert_near(outcome.value, expected, tolerance(coefficient), &what);
                }
                None => assert!(outcome.value.is_nan() && outcome.status != Status::Ok, "{what}"),
            }
        }
    }
}

/// Counts as digits, one string a replicate.
fn digits(value: &Value, replicate: usize) -> Vec<usize> {
    let text = value[replicate].as_str().unwrap();
    text.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

#[test]
fn resamples_of_rows() {
    for (name, blocks) in [
        ("congeneric", &[("replicates", false)][..]),
        ("congeneric_missing", &[("pairwise", true)]),
        ("scores", &[("unweighted", false), ("weighted", false)]),
    ] {
        let reference = values(&format!("bootstrap_{name}"));
        let whole = survey(&values(name)["about"]);
        for &(block, pairwise) in blocks {
            let mut whole = whole.clone();
            if block == "unweighted" {
                whole.weights = None;
            }
            check_replicates(name, &reference[block], pairwise, |replicate| {
                repeated(&whole, 0..whole.rows, &digits(&reference["counts"], replicate))
            });
        }
    }
}

#[test]
fn resamples_of_rows_and_wards_within_sites() {
    let reference = values("bootstrap_sites");
    let whole = survey(&values("sites")["about"]);
    let wards = whole.clusters.clone().unwrap();
    let by_ward = |replicate| -> Vec<usize> {
        let counts = digits(&reference["ward_counts"], replicate);
        let rows = wards.windows(2).zip(counts);
        rows.flat_map(|(ward, count)| vec![count; ward[1] - ward[0]]).collect()
    };
    for (group, site) in ["north", "east", "south", "west"].into_iter().enumerate() {
        let rows = whole.groups[group]..whole.groups[group + 1];
        check_replicates(site, &reference["by_site"][site], false, |replicate| {
            let counts = digits(&reference["counts"], replicate);
            repeated(&whole, rows.clone(), &counts[rows.clone()])
        });
        check_replicates(site, &reference["by_site_cluster"][site], false, |replicate| {
            repeated(&whole, rows.clone(), &by_ward(replicate)[rows.clone()])
        });
    }
    check_replicates("all sites", &reference["all_cluster"], false, |replicate| {
        repeated(&whole, 0..whole.rows, &by_ward(replicate))
    });
}

#[test]
fn the_random_generator() {
    let reference = values("philox");
    let words = |value: &Value| -> Vec<u32> {
        let words = value.as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        words.map(|word| u32::from_str_radix(word, 16).unwrap()).collect()
    };
    for block in ["published", "computed"] {
        for case in reference[block].as_array().unwrap() {
            let counter = words(&case["counter"]).try_into().unwrap();
            let keys = RoundKeys::new(words(&case["key"]).try_into().unwrap());
            assert_eq!(philox4x32(counter, &keys).to_vec(), words(&case["output"]));
        }
    }
}
