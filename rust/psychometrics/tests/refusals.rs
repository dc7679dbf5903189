//! Arguments that do not fit are refused with a message, never with a panic.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::survey::Survey;
use psychometrics::analysis::{Interval, Question, analyse};
use psychometrics::error::Error;
use psychometrics::interval::{BootstrapMethod, QuantileRule};
use psychometrics::moments::Panel;
use psychometrics::monitor::Silent;
use psychometrics::reliability::Coefficient;
use psychometrics::resampling::{Plan, Resampling, Weights, replicate_moments, unit_weights};
use psychometrics::responses::{Answers, Boundaries, MISSING, Responses, Stratum};
use psychometrics::simd::Simd;

/// The message of six rows of two items that are refused.
fn refused(
    rows: usize,
    items: usize,
    weights: Option<&[f64]>,
    groups: &[usize],
    strata: Option<&[usize]>,
    clusters: Option<&[usize]>,
) -> String {
    let boundaries = Boundaries { groups, strata, clusters };
    match Responses::new(Answers::Codes(&[1; 12]), rows, items, weights, boundaries) {
        Err(Error::Invalid(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn answers_that_are_not_rows_times_items() {
    for (rows, items) in [(5, 2), (7, 2), (6, 3), (12, 0), (0, 2), (usize::MAX, 2)] {
        let message = refused(rows, items, None, &[0, rows], None, None);
        assert!(message.contains("12 answers"), "{message}");
    }
}

#[test]
fn weights_that_do_not_fit() {
    let message = refused(6, 2, Some(&[1.0; 5]), &[0, 6], None, None);
    assert!(message.contains("5 weights for 6 rows"), "{message}");
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut weights = [1.0; 6];
        weights[4] = bad;
        let message = refused(6, 2, Some(&weights), &[0, 6], None, None);
        assert!(message.contains("row 4"), "{message}");
    }
}

#[test]
fn boundaries_that_are_none() {
    let bad: [&[usize]; 9] = [
        &[],
        &[0],
        &[6],
        &[1, 6],
        &[0, 5],
        &[0, 7],
        &[0, 3, 3, 6],
        &[0, 4, 2, 6],
        &[0, usize::MAX, 6],
    ];
    for starts in bad {
        assert!(refused(6, 2, None, starts, None, None).contains("group"), "{starts:?}");
        let message = refused(6, 2, None, &[0, 6], Some(starts), None);
        assert!(message.contains("stratum"), "{starts:?}: {message}");
        let message = refused(6, 2, None, &[0, 6], None, Some(starts));
        assert!(message.contains("cluster"), "{starts:?}: {message}");
    }
}

#[test]
fn boundaries_that_cross() {
    for (groups, strata, clusters) in [
        // A stratum over two groups, a cluster over two strata, a cluster over two groups.
        (&[0, 3, 6][..], Some(&[0, 2, 6][..]), None),
        (&[0, 3, 6], Some(&[0, 6]), None),
        (&[0, 6], Some(&[0, 3, 6]), Some(&[0, 2, 4, 6][..])),
        (&[0, 6], Some(&[0, 3, 6]), Some(&[0, 6])),
        (&[0, 3, 6], None, Some(&[0, 2, 4, 6])),
        (&[0, 3, 6], None, Some(&[0, 6])),
    ] {
        let message = refused(6, 2, None, groups, strata, clusters);
        assert!(message.contains("within"), "{message}");
    }
}

#[test]
fn boundaries_that_nest() {
    let boundaries = Boundaries {
        groups: &[0, 4, 6],
        strata: Some(&[0, 1, 4, 6]),
        clusters: Some(&[0, 1, 3, 4, 5, 6]),
    };
    let responses = Responses::new(Answers::Codes(&[1; 12]), 6, 2, None, boundaries).unwrap();
    let [first, second] = &responses.groups[..] else { panic!("two groups") };
    assert_eq!((first.rows(), second.rows()), (0..4, 4..6));
    let strata: Vec<_> = responses.groups.iter().flat_map(|group| &group.strata).collect();
    let numbers: Vec<u32> = strata.iter().map(|stratum| stratum.number).collect();
    assert_eq!(numbers, [0, 1, 2]);
    let ends = |stratum: &Stratum| stratum.clusters.iter().map(|rows| rows.end).collect();
    let clusters: Vec<Vec<usize>> = strata.iter().map(|stratum| ends(stratum)).collect();
    assert_eq!(clusters, [vec![1], vec![3, 4], vec![5, 6]]);
    assert_eq!(strata.iter().map(|stratum| stratum.units()).collect::<Vec<_>>(), [1, 2, 2]);
}

#[test]
fn the_largest_code_is_not_the_missing_one() {
    for (codes, largest) in [
        (vec![0, 3, MISSING, 1], 3),
        (vec![0, 0], 0),
        (vec![MISSING, MISSING], 0),
        (vec![254, MISSING], 254),
    ] {
        let survey = Survey::of(codes.clone(), codes.len(), 1);
        assert_eq!(survey.responses().largest_code, largest, "{codes:?}");
    }
}

#[test]
fn nobody_at_all() {
    let boundaries = Boundaries { groups: &[0], strata: None, clusters: None };
    let responses = Responses::new(Answers::Codes(&[]), 0, 3, None, boundaries).unwrap();
    let answer = analyse(Simd::scalar(), &responses, &question(), &Silent).unwrap();
    assert!(answer.estimates.is_empty() && answer.replicates.is_empty());
}

fn question() -> Question {
    let plan = Plan { seed: 1, replicates: 10, weights: Weights::Multinomial };
    Question {
        coefficients: vec![Coefficient::Alpha],
        pairwise: false,
        interval: Interval::Bootstrap(plan, BootstrapMethod::Bca, QuantileRule::Normal),
        level: 0.95,
        subscales: Vec::new(),
    }
}

#[test]
fn a_group_that_is_not_there() {
    let survey = Survey::one_factor(1, 6, 2, 4);
    let plan = Plan { seed: 1, replicates: 1, weights: Weights::Multinomial };
    assert!(unit_weights(Simd::scalar(), &survey.responses(), plan, 0, 0).is_ok());
    assert!(unit_weights(Simd::scalar(), &survey.responses(), plan, 1, 0).is_err());
}

#[test]
fn no_replicates() {
    let survey = Survey::one_factor(1, 6, 2, 4);
    let plan = Plan { seed: 1, replicates: 0, weights: Weights::Multinomial };
    let resampling = Resampling {
        simd: Simd::scalar(),
        responses: &survey.responses(),
        panel: Panel::Small,
        plan,
        monitor: &Silent,
    };
    let run = replicate_moments(resampling, 1, || (), |_: &mut (), _, _, _: &mut [f64]| ());
    // Either is right, a panic is not.
    assert!(run.is_err() || run.is_ok_and(|values| values.is_empty()));
}

#[test]
fn exponential_weights_of_strata() {
    let survey = Survey::one_factor(1, 6, 2, 4).stratified(&[0, 3, 6]);
    let plan = Plan { seed: 1, replicates: 10, weights: Weights::Exponential };
    let interval = Interval::Bootstrap(plan, BootstrapMethod::Bca, QuantileRule::Normal);
    let question = Question { interval, ..question() };
    let refusal = analyse(Simd::scalar(), &survey.responses(), &question, &Silent).unwrap_err();
    assert!(refusal.to_string().contains("strata"), "{refusal}");
}

#[test]
fn no_coefficients() {
    let survey = Survey::one_factor(1, 6, 2, 4);
    let question = Question { coefficients: Vec::new(), ..question() };
    let answer = analyse(Simd::scalar(), &survey.responses(), &question, &Silent);
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.estimates.is_empty()));
}

#[test]
fn a_coefficient_that_is_not_there() {
    for coefficient in Coefficient::ALL {
        assert_eq!(Coefficient::named(coefficient.name()).unwrap(), coefficient);
    }
    assert!(Coefficient::named("beta").unwrap_err().to_string().contains("\"beta\""));
}

/// A question about alpha, one way or the other.
fn alpha(interval: Interval, pairwise: bool, level: f64) -> Question {
    Question {
        coefficients: vec![Coefficient::Alpha],
        pairwise,
        interval,
        level,
        subscales: Vec::new(),
    }
}

#[test]
fn levels_that_are_none() {
    let survey = Survey::one_factor(1, 50, 4, 4);
    for level in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.0, 2.0] {
        let question = alpha(Interval::Influence, false, level);
        let answer = analyse(Simd::scalar(), &survey.responses(), &question, &Silent);
        assert!(matches!(answer, Err(Error::Invalid(message)) if message.contains("level")));
    }
}

#[test]
fn missing_answers_among_complete_rows() {
    let mut survey = Survey::one_factor(1, 50, 4, 4);
    survey.codes[17] = MISSING;
    for survey in [survey.clone(), survey.with_reals(1)] {
        let question = alpha(Interval::None, false, 0.95);
        let answer = analyse(Simd::scalar(), &survey.responses(), &question, &Silent);
        assert!(matches!(answer, Err(Error::Invalid(message)) if message.contains("missing")));
        let question = alpha(Interval::None, true, 0.95);
        assert!(analyse(Simd::scalar(), &survey.responses(), &question, &Silent).is_ok());
    }
}

#[test]
fn more_results_than_there_is_memory() {
    let survey = Survey::one_factor(1, 50, 4, 4);
    let plan = Plan { seed: 1, replicates: usize::MAX / 32, weights: Weights::Multinomial };
    let bootstrap = Interval::Bootstrap(plan, BootstrapMethod::Percentile, QuantileRule::Normal);
    let question = alpha(bootstrap, false, 0.95);
    let answer = analyse(Simd::scalar(), &survey.responses(), &question, &Silent);
    assert!(matches!(answer, Err(Error::OutOfMemory(message)) if message.contains("replicates")));
}
