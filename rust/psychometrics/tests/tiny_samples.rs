//! Samples of a few persons, whatever they answered: each number is there or has a reason, and nothing panics.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Generator;
use common::survey::Survey;
use psychometrics::analysis::{Interval, Question, analyse};
use psychometrics::factor::HierarchyModel;
use psychometrics::interval::{AlphaInterval, BootstrapMethod, IntervalStatus, QuantileRule};
use psychometrics::monitor::Silent;
use psychometrics::reliability::{Coefficient, Outcome, Status};
use psychometrics::resampling::{Plan, Weights};
use psychometrics::responses::MISSING;
use psychometrics::simd::Simd;

const REPLICATES: usize = 12;

fn intervals(seed: u64) -> Vec<Interval> {
    let mut all = vec![Interval::None, Interval::Influence];
    for method in [
        AlphaInterval::Feldt,
        AlphaInterval::Bonett,
        AlphaInterval::HakstianWhalen,
        AlphaInterval::NormalTheory,
    ] {
        all.push(Interval::Alpha(method));
    }
    for weights in [Weights::Multinomial, Weights::Exponential] {
        let plan = Plan { seed, replicates: REPLICATES, weights };
        for rule in [QuantileRule::Normal, QuantileRule::Linear] {
            for method in [
                BootstrapMethod::Percentile,
                BootstrapMethod::Basic,
                BootstrapMethod::Normal,
                BootstrapMethod::Bca,
            ] {
                all.push(Interval::Bootstrap(plan, method, rule));
            }
        }
    }
    all
}

/// Some rows of some items; the second value says whether answers are missing.
fn any(generator: &mut Generator) -> (Survey, bool) {
    let (rows, items) = (1 + generator.below(6), 1 + generator.below(5));
    let answers = [2, 3, 5, 255][generator.below(4)];
    let mut codes: Vec<u8> = (0..rows * items).map(|_| generator.below(answers) as u8).collect();
    for column in codes.chunks_mut(rows) {
        if generator.below(5) == 0 {
            column.fill(generator.below(answers) as u8);
        }
    }
    if items > 1 && generator.below(5) == 0 {
        codes.copy_within(0..rows, rows);
    }
    let missing = generator.below(2) == 0;
    if missing {
        for code in &mut codes {
            if generator.below(4) == 0 {
                *code = MISSING;
            }
        }
    }
    let mut survey = Survey::of(codes, rows, items);
    if generator.below(2) == 0 {
        survey = survey.grouped(&cuts(generator, &[0, rows]));
    }
    if generator.below(3) == 0 {
        let within = survey.groups.clone();
        survey = survey.stratified(&cuts(generator, &within));
    }
    if generator.below(3) == 0 {
        survey = survey.clustered(1 + generator.below(3));
    }
    if generator.below(3) == 0 {
        survey = survey.weighted(generator.bits());
    }
    // Reals are to be near zero: far from it they would lose the digits in which persons differ.
    if answers < 10 && generator.below(3) == 0 {
        survey = survey.with_reals(generator.bits());
    }
    (survey, missing)
}

/// Boundaries with some more between them.
fn cuts(generator: &mut Generator, starts: &[usize]) -> Vec<usize> {
    let rows = starts[starts.len() - 1];
    (0..=rows).filter(|row| starts.contains(row) || generator.below(3) == 0).collect()
}

fn check_outcome(outcome: Outcome, what: &str) {
    // Of a polychoric matrix that is not positive definite, or has a correlation of one, some coefficients have a value.
    if matches!(outcome.status, Status::Boundary | Status::NotPositiveDefinite) {
        assert!(outcome.value.is_nan() || outcome.value.is_finite(), "{what}: {outcome:?}");
        return;
    }
    let has_value = matches!(outcome.status, Status::Ok | Status::Heywood | Status::EmptyCategory);
    if has_value {
        assert!(outcome.value.is_finite(), "{what}: {outcome:?}");
    } else {
        assert!(outcome.value.is_nan(), "{what}: {outcome:?}");
    }
}

/// Categories from which on tables of so many small samples would take too long.
const MANY_CATEGORIES: u8 = 8;

/// The coefficients such answers have: those of categories only where they are some, and each person counts once.
fn coefficients(survey: &Survey) -> Vec<Coefficient> {
    let responses = survey.responses();
    let few = responses.exact() && responses.largest_code < MANY_CATEGORIES;
    Coefficient::ALL.into_iter().filter(|c| few || !c.is_ordinal()).collect()
}

fn check(survey: &Survey, pairwise: bool, interval: Interval) {
    let coefficients = coefficients(survey);
    let question = Question {
        coefficients: coefficients.clone(),
        pairwise,
        interval,
        level: 0.95,
        subscales: Vec::new(),
        model: HierarchyModel::default(),
        without_flagged: false,
    };
    let responses = survey.responses();
    let run = analyse(Simd::chosen().unwrap(), &responses, &question, &Silent);
    let Ok(answer) = run else {
        // Exponential weights do not keep the shares of strata; nothing else is refused.
        let exponential = matches!(interval, Interval::Bootstrap(plan, ..) if plan.weights == Weights::Exponential);
        assert!(exponential && responses.groups.iter().any(|group| group.strata.len() > 1));
        return;
    };
    let (width, groups) = (coefficients.len(), survey.groups.len() - 1);
    assert_eq!(answer.estimates.len(), groups * width);
    let bootstrap = matches!(interval, Interval::Bootstrap(..));
    assert_eq!(answer.replicates.len(), if bootstrap { groups * REPLICATES * width } else { 0 });
    for (at, estimate) in answer.estimates.iter().enumerate() {
        let coefficient = coefficients[at % width];
        let what = format!("{} under {interval:?} of {survey:?}", coefficient.name());
        check_outcome(estimate.outcome, &what);
        let error = estimate.standard_error;
        assert!(error.is_nan() || (error >= 0.0 && error.is_finite()), "{what}: {error}");
        let ends = [estimate.lower, estimate.upper];
        match (interval, estimate.interval) {
            (Interval::None, _) => assert!(ends.iter().all(|end| end.is_nan()), "{what}"),
            (_, IntervalStatus::Ok) => {
                assert!(estimate.outcome.value.is_finite(), "{what}");
                assert!(ends.iter().all(|end| end.is_finite()), "{what}: {ends:?}");
                assert!(estimate.lower <= estimate.upper, "{what}: {ends:?}");
            }
            _ => assert!(ends.iter().all(|end| end.is_nan()), "{what}: {ends:?}"),
        }
        if bootstrap {
            let own = &answer.replicates[at / width * REPLICATES * width..][..REPLICATES * width];
            let replicates: Vec<&Outcome> = own.iter().skip(at % width).step_by(width).collect();
            replicates.iter().for_each(|&&outcome| check_outcome(outcome, &what));
            let usable = replicates.iter().filter(|outcome| outcome.value.is_finite()).count();
            assert_eq!(error.is_nan(), usable < 2, "{what}: error {error} of {usable} replicates");
        }
    }
}

fn many(seed: u64, surveys: usize) {
    let mut generator = Generator(seed);
    for _ in 0..surveys {
        let (survey, missing) = any(&mut generator);
        for interval in intervals(generator.bits()) {
            check(&survey, missing, interval);
        }
    }
}

#[test]
fn every_number_is_there_or_has_a_reason() {
    many(1, 150);
}

/// Statuses of the coefficients of the only group.
fn statuses(survey: &Survey) -> Vec<Status> {
    let coefficients = Coefficient::ALL.into_iter().filter(|c| !c.is_ordinal()).collect();
    let question = Question {
        coefficients,
        pairwise: false,
        interval: Interval::None,
        level: 0.95,
        subscales: Vec::new(),
        model: HierarchyModel::default(),
        without_flagged: false,
    };
    let answer = analyse(Simd::chosen().unwrap(), &survey.responses(), &question, &Silent).unwrap();
    answer.estimates.iter().map(|estimate| estimate.outcome.status).collect()
}

#[test]
fn what_rounding_leaves_is_no_variance() {
    let mut generator = Generator(3);
    for _ in 0..200 {
        let (rows, items) = (2 + generator.below(50), 3);
        // Persons who all answer the same; then only one item that nobody answers differently.
        let answer = generator.below(200) as u8;
        let same = Survey::of(vec![answer; rows * items], rows, items);
        let mut constant = Survey::one_factor(generator.bits(), rows, items, 200);
        constant.codes[rows..2 * rows].fill(answer);
        for (survey, expected) in [(same, Status::Undefined), (constant, Status::ConstantItem)] {
            let exact = statuses(&survey);
            assert_eq!(exact[1], expected);
            let tenths = |&code: &u8| (f64::from(code) - 100.0) / 10.0;
            let mut reals = survey.clone();
            reals.reals = Some(survey.codes.iter().map(tenths).collect());
            let weighted = survey.clone().weighted(generator.bits());
            assert_eq!(statuses(&reals), exact, "{reals:?}");
            assert_eq!(statuses(&weighted), exact, "{weighted:?}");
        }
    }
}

#[test]
fn limits_keep_their_order_where_influences_are_alike_but_for_rounding() {
    // Of two persons correlations are one or minus one: of these four items their mean is zero.
    let mut survey = Survey::of(vec![1, 1, 1, 1, 0, 1, 0, 0], 2, 4);
    survey.reals = Some(vec![
        -0.1518218526202591,
        -0.4075881309730524,
        -0.44175279632518466,
        -0.915118450633483,
        -1.8724881223825407,
        -0.259497262601684,
        -1.3649060769819883,
        -1.9529698800703827,
    ]);
    for interval in intervals(10968557196246873017) {
        check(&survey, true, interval);
    }
}

#[test]
#[ignore = "slow: fifty times as many samples"]
fn every_number_is_there_or_has_a_reason_in_many_samples() {
    many(2, 7500);
}
