//! Items against analyses of the other items alone.

// What tests have in common may fail as they do.
#![allow(clippy::unwrap_used)]

mod common;

use common::chance::assert_near;
use common::survey::Survey;
use psychometrics::analysis::{Estimate, Interval, Question, analyse};
use psychometrics::items::{GroupItems, ItemQuestion, item_statistics};
use psychometrics::monitor::Silent;
use psychometrics::reliability::Coefficient;
use psychometrics::simd::Simd;

/// The same sums in another order.
const TOLERANCE: f64 = 1e-12;

/// One of each shape of influence values: sizes alone, products, any form, of correlations.
fn coefficients() -> Vec<Coefficient> {
    let names = ["alpha", "omega_u", "lambda6", "lambda2", "alpha_std", "sem", "omega_u_observed"];
    names.iter().map(|name| Coefficient::named(name).unwrap()).collect()
}

fn question(pairwise: bool) -> ItemQuestion {
    ItemQuestion { coefficients: coefficients(), pairwise, level: 0.9 }
}

fn items(survey: &Survey, simd: Simd, pairwise: bool) -> Vec<GroupItems> {
    item_statistics(simd, &survey.responses(), &question(pairwise), &Silent).unwrap()
}

fn analysed(survey: &Survey, pairwise: bool) -> Vec<Estimate> {
    let question = Question {
        coefficients: coefficients(),
        pairwise,
        interval: Interval::Influence,
        level: 0.9,
        subscales: Vec::new(),
    };
    let simd = Simd::chosen().unwrap();
    analyse(simd, &survey.responses(), &question, &Silent).unwrap().estimates
}

fn without(survey: &Survey, item: usize) -> Survey {
    let mut fewer = survey.clone();
    fewer.items -= 1;
    fewer.codes.drain(item * survey.rows..(item + 1) * survey.rows);
    if let Some(reals) = &mut fewer.reals {
        reals.drain(item * survey.rows..(item + 1) * survey.rows);
    }
    fewer
}

#[test]
fn coefficients_without_an_item_are_those_of_the_others() {
    // More rows than a thread takes at once, and groups that end within its steps.
    let complete = Survey::one_factor(1, 9_000, 6, 4).grouped(&[0, 8_500, 8_777, 9_000]);
    let missing = complete.clone().missing(2, 0.05);
    for (what, survey, pairwise) in [
        ("codes", complete.clone(), false),
        ("reals", complete.clone().with_reals(3), false),
        ("pairs of codes", missing.clone(), true),
        ("pairs of reals", missing.with_reals(4), true),
    ] {
        let found = items(&survey, Simd::chosen().unwrap(), pairwise);
        let width = coefficients().len();
        let whole = analysed(&survey, pairwise);
        for item in 0..survey.items {
            let expected = analysed(&without(&survey, item), pairwise);
            for (group, found) in found.iter().enumerate() {
                for c in 0..width {
                    let own = found.without[item * width + c];
                    let expected = expected[group * width + c];
                    let name = format!("{what}: {} without {item}", coefficients()[c].name());
                    assert_near(own.outcome.value, expected.outcome.value, TOLERANCE, &name);
                    assert_near(own.standard_error, expected.standard_error, TOLERANCE, &name);
                    assert_near(own.lower, expected.lower, TOLERANCE, &name);
                    assert_near(own.upper, expected.upper, TOLERANCE, &name);
                    let same = whole[group * width + c].outcome.value.to_bits();
                    assert_eq!(found.whole[c].outcome.value.to_bits(), same, "{name}");
                }
            }
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    let survey = Survey::one_factor(5, 700, 5, 6).missing(6, 0.1);
    let complete = Survey::one_factor(5, 700, 5, 6);
    for (survey, pairwise) in [(survey, true), (complete, false)] {
        let bits = |simd: Simd| -> Vec<u64> {
            let [group]: [GroupItems; 1] = items(&survey, simd, pairwise).try_into().unwrap();
            let errors = group.total_errors.iter().chain(&group.rest_errors).copied();
            errors.chain(group.without.iter().map(|e| e.standard_error)).map(f64::to_bits).collect()
        };
        let levels: Vec<_> = Simd::available().into_iter().map(bits).collect();
        assert!(levels.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

#[test]
fn what_does_not_vary_has_no_error() {
    let mut survey = Survey::one_factor(7, 300, 4, 4);
    survey.codes[..300].fill(2);
    let found = items(&survey, Simd::chosen().unwrap(), false);
    assert!(found[0].rest_errors[0].is_nan() && found[0].total_errors[0].is_nan());
    assert!(found[0].rest_errors[1..].iter().all(|error| *error > 0.0));
    let width = coefficients().len();
    // Without it the others have everything; without another there is no omega.
    assert!(found[0].without[..width].iter().all(|each| each.standard_error > 0.0));
    assert!(found[0].without[width + 1].standard_error.is_nan());
    // One person alone.
    let one = items(&Survey::one_factor(8, 1, 4, 4), Simd::chosen().unwrap(), false);
    assert!(one[0].rest_errors.iter().all(|error| error.is_nan()));
    assert!(one[0].without.iter().all(|each| each.standard_error.is_nan()));
}

#[test]
fn two_items_have_nothing_without_one() {
    let found = items(&Survey::one_factor(9, 100, 2, 4), Simd::chosen().unwrap(), false);
    assert!(found[0].without.is_empty());
    assert!(found[0].rest_errors.iter().all(|error| *error > 0.0));
}

#[test]
fn designs_are_refused() {
    let survey = Survey::one_factor(10, 60, 4, 4);
    let weighted = survey.clone().weighted(1);
    let clustered = survey.clone().clustered(5);
    let stratified = survey.clone().stratified(&[0, 20, 60]);
    let simd = Simd::chosen().unwrap();
    for survey in [weighted, clustered, stratified] {
        assert!(item_statistics(simd, &survey.responses(), &question(false), &Silent).is_err());
    }
    let missing = survey.missing(2, 0.2);
    assert!(item_statistics(simd, &missing.responses(), &question(false), &Silent).is_err());
}
