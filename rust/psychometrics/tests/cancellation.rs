//! A long run stops soon after it is told to, and says how far it got.

mod common;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use common::Generator;
use common::survey::Survey;
use psychometrics::analysis::{Interval, Question, analyse};
use psychometrics::error::Error;
use psychometrics::interval::{BootstrapMethod, QuantileRule};
use psychometrics::moments::Panel;
use psychometrics::monitor::Monitor;
use psychometrics::reliability::Coefficient;
use psychometrics::resampling::{Plan, Resampling, Weights, replicate_moments};
use psychometrics::simd::Simd;

/// Says stop after so many questions, and counts what it is told.
#[derive(Debug, Default)]
struct Impatient {
    patience: usize,
    asked: AtomicUsize,
    done: AtomicU64,
}

impl Impatient {
    fn new(patience: usize) -> Impatient {
        Impatient { patience, ..Impatient::default() }
    }
}

impl Monitor for Impatient {
    fn cancelled(&self) -> bool {
        self.asked.fetch_add(1, Relaxed) >= self.patience
    }
    fn advance(&self, replicates: u64) {
        self.done.fetch_add(replicates, Relaxed);
    }
}

fn question(replicates: usize, weights: Weights) -> Question {
    let plan = Plan { seed: 1, replicates, weights };
    Question {
        coefficients: Coefficient::ALL.to_vec(),
        pairwise: false,
        interval: Interval::Bootstrap(plan, BootstrapMethod::Bca, QuantileRule::Normal),
        level: 0.95,
        subscales: Vec::new(),
    }
}

fn surveys() -> Vec<(&'static str, Survey)> {
    let codes = Survey::one_factor(1, 12_000, 5, 4).grouped(&[0, 9000, 12_000]);
    vec![
        ("codes", codes.clone()),
        ("clusters", codes.clone().clustered(10)),
        ("weights", codes.clone().weighted(2)),
        ("reals", codes.with_reals(2)),
    ]
}

#[test]
fn all_replicates_are_reported() {
    for (what, survey) in surveys() {
        for weights in [Weights::Multinomial, Weights::Exponential] {
            let monitor = Impatient::new(usize::MAX);
            let question = question(50, weights);
            analyse(Simd::chosen().unwrap(), &survey.responses(), &question, &monitor).unwrap();
            let groups = 2;
            assert_eq!(monitor.done.into_inner(), 50 * groups, "{what}");
        }
    }
}

#[test]
fn whoever_says_stop_gets_an_error() {
    for (what, survey) in surveys() {
        for weights in [Weights::Multinomial, Weights::Exponential] {
            for patience in [0, 1, 2, 10, 30] {
                let monitor = Impatient::new(patience);
                let question = question(10_000, weights);
                let answer =
                    analyse(Simd::chosen().unwrap(), &survey.responses(), &question, &monitor);
                assert_eq!(answer.unwrap_err(), Error::Cancelled, "{what} {patience}");
                assert!(monitor.done.into_inner() < 20_000, "{what} {patience}");
            }
        }
    }
}

#[test]
fn a_single_long_fit_is_stopped() {
    // Answers that measure nothing: every fit of sixty items tries every start, thousands of Newton steps.
    let mut generator = Generator(1);
    let codes = (0..300 * 60).map(|_| generator.below(5) as u8).collect();
    let survey = Survey::of(codes, 300, 60);
    let mut question = question(2000, Weights::Multinomial);
    question.coefficients = vec![Coefficient::OmegaU];
    let at = Instant::now() + Duration::from_millis(300);
    let answer = analyse(Simd::chosen().unwrap(), &survey.responses(), &question, &Alarm(at));
    let late = at.elapsed();
    assert_eq!(answer.unwrap_err(), Error::Cancelled);
    // Without a question between starts this took twenty seconds; two leave room for a busy machine.
    assert!(late < Duration::from_secs(2), "{late:?}");
}

/// Says stop at a time.
struct Alarm(Instant);

impl Monitor for Alarm {
    fn cancelled(&self) -> bool {
        Instant::now() > self.0
    }
    fn advance(&self, _replicates: u64) {}
}

#[test]
#[ignore = "slow, and needs a machine that does nothing else"]
fn a_run_of_minutes_stops_within_a_fifth_of_a_second() {
    let small = Survey::one_factor(1, 300_000, 20, 4);
    let groups: Vec<usize> = (0..=3000).map(|group| 100 * group).collect();
    for (what, survey, pairwise) in [
        ("one group", small.clone(), false),
        ("many groups", small.clone().grouped(&groups), false),
        ("pairwise", small.clone().missing(2, 0.1), true),
        ("clusters", small.clone().clustered(10), false),
        ("weights", small.clone().weighted(3), false),
        ("weights, pairwise", small.clone().missing(2, 0.1).weighted(3), true),
        ("clusters, pairwise", small.missing(2, 0.1).clustered(10).weighted(3), true),
    ] {
        for weights in [Weights::Multinomial, Weights::Exponential] {
            for wait in [0, 50, 300, 1000] {
                let question = Question { pairwise, ..question(50_000, weights) };
                let responses = survey.responses();
                let at = Instant::now() + Duration::from_millis(wait);
                let answer = analyse(Simd::chosen().unwrap(), &responses, &question, &Alarm(at));
                let late = at.elapsed();
                assert_eq!(answer.unwrap_err(), Error::Cancelled, "{what}");
                assert!(late < Duration::from_millis(200), "{what} {weights:?} {wait}: {late:?}");
            }
        }
    }
}

#[test]
#[ignore = "slow, and needs a machine that does nothing else"]
fn counting_clusters_stops_within_a_fifth_of_a_second() {
    // Before the first replicate each cluster's moments are taken: here some seconds of work.
    let survey = Survey::one_factor(1, 600_000, 20, 4).missing(2, 0.1).clustered(2000);
    for survey in [survey.clone(), survey.weighted(3)] {
        let responses = survey.responses();
        let plan = Plan { seed: 1, replicates: 1000, weights: Weights::Multinomial };
        let at = Instant::now() + Duration::from_millis(50);
        let resampling = Resampling {
            simd: Simd::chosen().unwrap(),
            responses: &responses,
            panel: Panel::Pairwise,
            plan,
            monitor: &Alarm(at),
        };
        let run = replicate_moments(resampling, 1, || (), |_: &mut (), _, _, _: &mut [f64]| ());
        let late = at.elapsed();
        assert_eq!(run.unwrap_err(), Error::Cancelled);
        assert!(late < Duration::from_millis(200), "{late:?}");
    }
}
