//! Ordinal coefficients: influence values as differences, sums over persons, the same bits, and what rows weigh.

#![allow(clippy::unwrap_used)]

mod common;

use common::Generator;
use common::survey::Survey;
use psychometrics::analysis::{Answer, Interval, Question, analyse};
use psychometrics::factor::HierarchyModel;
use psychometrics::factor::Weighted;
use psychometrics::interval::{BootstrapMethod, QuantileRule};
use psychometrics::monitor::Silent;
use psychometrics::persons::person_influences;
use psychometrics::reliability::Coefficient::{self, AlphaOrdinal, OmegaCategorical, OmegaOrdinal};
use psychometrics::reliability::Estimator;
use psychometrics::reliability::Status;
use psychometrics::resampling::{Plan, Weights, unit_weights};
use psychometrics::simd::Simd;

const ORDINAL: [Coefficient; 3] = [AlphaOrdinal, OmegaOrdinal, OmegaCategorical];

fn ask(survey: &Survey, pairwise: bool, interval: Interval) -> Answer {
    let question = Question {
        coefficients: ORDINAL.to_vec(),
        pairwise,
        interval,
        level: 0.95,
        subscales: Vec::new(),
        model: HierarchyModel::default(),
        without_flagged: false,
    };
    analyse(Simd::chosen().unwrap(), &survey.responses(), &question, &Silent).unwrap()
}

fn estimates(survey: &Survey, pairwise: bool) -> Vec<f64> {
    let answer = ask(survey, pairwise, Interval::None);
    answer.estimates.iter().map(|estimate| estimate.outcome.value).collect()
}

/// Rows of a survey, each as often as is said.
fn repeated(survey: &Survey, times: &[usize]) -> Survey {
    let rows = times.len();
    let items = survey.codes.len() / rows;
    let codes: Vec<u8> = (0..items)
        .flat_map(|item| {
            (0..rows).flat_map(move |row| vec![survey.codes[item * rows + row]; times[row]])
        })
        .collect();
    Survey::of(codes, times.iter().sum(), items)
}

#[test]
fn influence_values_are_differences_of_estimates() {
    let (rows, items, copies) = (90, 4, 1000);
    let complete = Survey::one_factor(3, rows, items, 3);
    for (survey, pairwise) in [(complete.clone(), false), (complete.missing(5, 0.1), true)] {
        for (at, coefficient) in ORDINAL.into_iter().enumerate() {
            let found = person_influences(
                Simd::scalar(),
                &survey.responses(),
                coefficient,
                pairwise,
                &Estimator::default(),
                &Silent,
            );
            let (_, influences) = found.unwrap();
            let largest = influences.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            for row in (0..rows).step_by(7) {
                // One more and one less of a person who is there a thousand times.
                let with = |count: usize| {
                    let mut times = vec![copies; rows];
                    times[row] = count;
                    estimates(&repeated(&survey, &times), pairwise)[at]
                };
                let slope = (with(copies + 1) - with(copies - 1)) / 2.0 * (rows * copies) as f64;
                // The difference of estimates keeps ten digits of 1e-5; the nudges of weights seven.
                assert!(
                    (influences[row] - slope).abs() < 2e-5 * largest,
                    "{} {row}: {} {slope}",
                    coefficient.name(),
                    influences[row]
                );
            }
        }
    }
}

#[test]
fn a_replicate_is_the_estimate_of_the_rows_that_were_drawn() {
    let rows = 150;
    let survey = Survey::one_factor(8, rows, 5, 5);
    let plan = Plan { seed: 4, replicates: 12, weights: Weights::Multinomial };
    let interval = Interval::Bootstrap(plan, BootstrapMethod::Percentile, QuantileRule::Normal);
    for survey in [survey.clone(), survey.clustered(15)] {
        let answer = ask(&survey, false, interval);
        let responses = survey.responses();
        for replicate in 0..plan.replicates {
            let units = unit_weights(Simd::scalar(), &responses, plan, 0, replicate).unwrap();
            let clusters = &responses.groups[0].strata[0].clusters;
            let times: Vec<usize> = match responses.clustered {
                false => units.iter().map(|&weight| weight as usize).collect(),
                true => (0..rows)
                    .map(|row| clusters.iter().position(|c| c.contains(&row)).unwrap())
                    .map(|cluster| units[cluster] as usize)
                    .collect(),
            };
            let expected = estimates(&repeated(&survey, &times), false);
            for (at, expected) in expected.iter().enumerate() {
                let found = answer.replicates[replicate * ORDINAL.len() + at].value;
                // Fits from near stop one quadratic step sooner.
                assert!((found - expected).abs() < 1e-10, "{replicate}: {found} {expected}");
            }
        }
    }
}

#[test]
fn replicates_are_the_same_bits_for_any_number_of_threads() {
    let survey = Survey::one_factor(2, 300, 6, 4).grouped(&[0, 120, 300]);
    for weights in [Weights::Multinomial, Weights::Exponential] {
        let plan = Plan { seed: 1, replicates: 40, weights };
        let interval = Interval::Bootstrap(plan, BootstrapMethod::Bca, QuantileRule::Normal);
        let bits = |threads: usize| -> Vec<u64> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let answer = pool.install(|| ask(&survey, false, interval));
            let ends = answer.estimates.iter().flat_map(|e| [e.lower, e.upper, e.standard_error]);
            ends.chain(answer.replicates.iter().map(|r| r.value)).map(f64::to_bits).collect()
        };
        assert_eq!(bits(1), bits(3));
    }
}

#[test]
fn a_category_that_was_not_drawn_is_told_and_the_value_is_kept() {
    let rows = 200;
    let mut survey = Survey::one_factor(6, rows, 4, 4);
    // One person gave an answer that nobody else gave.
    survey.codes[17] = 6;
    let plan = Plan { seed: 3, replicates: 200, weights: Weights::Multinomial };
    let interval = Interval::Bootstrap(plan, BootstrapMethod::Percentile, QuantileRule::Normal);
    let answer = ask(&survey, false, interval);
    let responses = survey.responses();
    for replicate in 0..plan.replicates {
        let weights = unit_weights(Simd::scalar(), &responses, plan, 0, replicate).unwrap();
        for at in 0..ORDINAL.len() {
            let found = answer.replicates[replicate * ORDINAL.len() + at];
            assert!(found.value.is_finite());
            assert_eq!(found.status == Status::EmptyCategory, weights[17] == 0.0);
        }
    }
}

#[test]
fn weighted_least_squares_recovers_exact_loadings_and_stops_at_its_bound() {
    let truth: [f64; 5] = [0.9, 0.7, -0.4, 0.6, 0.2];
    let mut generator = Generator(1);
    let mut weights = vec![0.0; 25];
    for i in 0..5 {
        for j in 0..i {
            weights[i * 5 + j] = 1.0 + generator.below(100) as f64;
            weights[j * 5 + i] = weights[i * 5 + j];
        }
    }
    let product =
        |at: usize| if at.is_multiple_of(6) { 1.0 } else { truth[at / 5] * truth[at % 5] };
    let correlation: Vec<f64> = (0..25).map(product).collect();
    let fit = Weighted { correlation: &correlation, weights: &weights };
    let mut loadings = vec![0.5; 5];
    fit.one_factor(&mut loadings);
    for (loading, truth) in loadings.iter().zip(truth) {
        assert!((loading - truth).abs() < 1e-12, "{loading} {truth}");
    }
    // Spearman's l1² = r12 r13 / r23 is 1.6 here.
    let heywood = [1.0, 0.8, 0.8, 0.8, 1.0, 0.4, 0.8, 0.4, 1.0];
    let fit = Weighted { correlation: &heywood, weights: &[1.0; 9] };
    let mut loadings = vec![0.5; 3];
    assert_eq!(fit.one_factor(&mut loadings), psychometrics::factor::FitStatus::Heywood);
    assert!((loadings[0] - 0.995_f64.sqrt()).abs() < 1e-12);
    // The minimum of the others given the bound: their slopes vanish.
    let slope = |i: usize| -> f64 {
        let of = |j: usize| (loadings[i] * loadings[j] - heywood[i * 3 + j]) * loadings[j];
        (0..3).filter(|&j| j != i).map(of).sum()
    };
    assert!(slope(1).abs() < 1e-12 && slope(2).abs() < 1e-12);
    assert!(slope(0) < 0.0);
}
