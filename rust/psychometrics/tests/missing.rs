//! Means and covariances by EM: against closed forms, brute force and numerical derivatives.

#![allow(clippy::unwrap_used)]

mod common;

use common::Generator;
use common::chance::{assert_close, assert_near};
use common::survey::Survey;
use psychometrics::Error;
use psychometrics::analysis::{Answer, Interval, Question, analyse};
use psychometrics::interval::{BootstrapMethod, QuantileRule};
use psychometrics::linalg::{cholesky, cholesky_solve, inverse};
use psychometrics::missing::{Estimated, analyse_by_em, estimate_by_em};
use psychometrics::moments::pair;
use psychometrics::monitor::{Monitor, Silent};
use psychometrics::reliability::{Coefficient, Matrix, Status};
use psychometrics::resampling::{Plan, Weights, unit_weights};
use psychometrics::responses::MISSING;
use psychometrics::simd::Simd;

/// Rounding of sums, where nothing is estimated by steps.
const EXACT: f64 = 1e-12;
/// Steps end at 1e-11 standard deviations from a maximum.
const SOLVED: f64 = 1e-10;
/// Anderson's closed form, and the end of the steps.
const MONOTONE: f64 = 1e-9;
/// Central differences of a log-likelihood of about a thousand, whose rounding the squared step of 1e-3 enlarges.
const DIFFERENCES: f64 = 1e-5;

const ALL: [Coefficient; 6] = [
    Coefficient::Alpha,
    Coefficient::AlphaStd,
    Coefficient::Lambda2,
    Coefficient::Lambda6,
    Coefficient::OmegaU,
    Coefficient::OmegaTotal,
];

fn estimated(survey: &Survey) -> Vec<Estimated> {
    estimate_by_em(Simd::scalar(), &survey.responses(), &Silent).unwrap()
}

fn question(interval: Interval) -> Question {
    Question {
        coefficients: ALL.to_vec(),
        pairwise: false,
        interval,
        level: 0.95,
        subscales: Vec::new(),
    }
}

fn by_em(survey: &Survey, interval: Interval) -> Answer {
    analyse_by_em(Simd::scalar(), &survey.responses(), &question(interval), &Silent).unwrap()
}

fn bootstrap(weights: Weights) -> Interval {
    let plan = Plan { seed: 7, replicates: 40, weights };
    Interval::Bootstrap(plan, BootstrapMethod::Bca, QuantileRule::Normal)
}

/// Fewer answers to the later items, never one after a gap.
fn monotone(seed: u64, rows: usize, items: usize) -> Survey {
    let mut survey = Survey::one_factor(seed, rows, items, 6);
    let mut generator = Generator(seed + 1);
    for row in 0..rows {
        let answered = 2 + generator.below(items - 1);
        for item in answered..items {
            survey.codes[item * rows + row] = MISSING;
        }
    }
    survey
}

/// The log-likelihood of each row on its own.
fn log_likelihood(survey: &Survey, means: &[f64], covariance: &[f64]) -> f64 {
    let items = survey.items;
    let of = |row: usize| {
        let observed: Vec<usize> =
            (0..items).filter(|&j| survey.answer(row, j).is_some()).collect();
        let size = observed.len();
        let mut factor: Vec<f64> = observed
            .iter()
            .flat_map(|&i| observed.iter().map(move |&j| covariance[i * items + j]))
            .collect();
        assert!(cholesky(&mut factor, size));
        let d: Vec<f64> =
            observed.iter().map(|&j| survey.answer(row, j).unwrap() - means[j]).collect();
        let mut solved = d.clone();
        cholesky_solve(&factor, size, &mut solved);
        let distance: f64 = d.iter().zip(&solved).map(|(a, b)| a * b).sum();
        let logs: f64 = (0..size).map(|i| 2.0 * factor[i * size + i].ln()).sum();
        -0.5 * (size as f64 * std::f64::consts::TAU.ln() + logs + distance)
    };
    (0..survey.rows).map(of).sum()
}

fn unpacked(parameters: &[f64], items: usize) -> (Vec<f64>, Vec<f64>) {
    let (means, pairs) = parameters.split_at(items);
    let at = |i: usize, j: usize| pairs[pair(items, i.min(j), i.max(j))];
    let covariance = (0..items * items).map(|at_| at(at_ / items, at_ % items)).collect();
    (means.to_vec(), covariance)
}

fn packed(found: &Estimated) -> Vec<f64> {
    let items = found.means.len();
    let pairs = (0..items).flat_map(|i| (i..items).map(move |j| i * items + j));
    found.means.iter().copied().chain(pairs.map(|at| found.covariance[at])).collect()
}

#[test]
fn complete_rows_have_their_moments() {
    let survey = Survey::one_factor(3, 300, 6, 4);
    let found = &estimated(&survey)[0];
    let rows = survey.rows as f64;
    for i in 0..6 {
        let mean = |j: usize| (0..300).map(|r| survey.answer(r, j).unwrap()).sum::<f64>() / rows;
        assert_near(found.means[i], mean(i), EXACT, "mean");
        for j in 0..6 {
            let products: f64 = (0..300)
                .map(|r| {
                    (survey.answer(r, i).unwrap() - mean(i))
                        * (survey.answer(r, j).unwrap() - mean(j))
                })
                .sum();
            assert_near(found.covariance[i * 6 + j], products / rows, EXACT, "covariance");
        }
    }
    for (variance, complete) in found.variances.iter().zip(&found.complete_variances) {
        assert_near(*variance, *complete, SOLVED, "no information is missing");
    }
    let expected = log_likelihood(&survey, &found.means, &found.covariance);
    assert_near(found.log_likelihood, expected, EXACT, "log-likelihood");
}

#[test]
fn a_complete_group_beside_an_incomplete_one_is_answered_as_alone() {
    for clustered in [false, true] {
        let mut both = Survey::one_factor(4, 260, 5, 4).grouped(&[0, 120, 260]);
        for item in 0..5 {
            both.codes[item * 260 + 120 + 11 * item] = MISSING;
        }
        let codes = (0..5).flat_map(|j| both.codes[j * 260..j * 260 + 120].to_vec()).collect();
        let mut alone = Survey::of(codes, 120, 5);
        if clustered {
            (both, alone) = (both.clustered(4), alone.clustered(4));
        }
        for weights in [Weights::Multinomial, Weights::Exponential] {
            let together = by_em(&both, bootstrap(weights));
            let single = question(bootstrap(weights));
            let single = analyse(Simd::scalar(), &alone.responses(), &single, &Silent).unwrap();
            for (got, expected) in together.estimates.iter().zip(&single.estimates) {
                assert_near(got.outcome.value, expected.outcome.value, EXACT, "estimate");
                assert_near(got.standard_error, expected.standard_error, SOLVED, "error");
                assert_near(got.lower, expected.lower, SOLVED, "lower");
            }
            for (got, expected) in together.replicates.iter().zip(&single.replicates) {
                assert_near(got.value, expected.value, SOLVED, "replicate");
            }
        }
    }
}

#[test]
fn monotone_patterns_have_a_closed_form() {
    // Anderson (1957): each item regressed on the earlier ones, over all who answered it.
    for (seed, rows, items) in [(5, 80, 3), (6, 400, 7)] {
        let survey = monotone(seed, rows, items);
        let found = &estimated(&survey)[0];
        let (mut means, mut covariance) = (vec![0.0; items], vec![0.0; items * items]);
        for j in 0..items {
            let own: Vec<usize> = (0..rows).filter(|&r| survey.answer(r, j).is_some()).collect();
            let mean = |i: usize| {
                own.iter().map(|&r| survey.answer(r, i).unwrap()).sum::<f64>() / own.len() as f64
            };
            let centres: Vec<f64> = (0..=j).map(mean).collect();
            let product = |a: usize, b: usize| {
                own.iter()
                    .map(|&r| {
                        (survey.answer(r, a).unwrap() - centres[a])
                            * (survey.answer(r, b).unwrap() - centres[b])
                    })
                    .sum::<f64>()
                    / own.len() as f64
            };
            let mut slopes: Vec<f64> = (0..j).map(|a| product(a, j)).collect();
            let mut factor: Vec<f64> = (0..j * j).map(|at| product(at / j, at % j)).collect();
            assert!(cholesky(&mut factor, j));
            cholesky_solve(&factor, j, &mut slopes);
            let left = product(j, j) - (0..j).map(|a| slopes[a] * product(a, j)).sum::<f64>();
            means[j] =
                centres[j] + (0..j).map(|a| slopes[a] * (means[a] - centres[a])).sum::<f64>();
            for a in 0..j {
                let value = (0..j).map(|b| slopes[b] * covariance[a * items + b]).sum();
                covariance[a * items + j] = value;
                covariance[j * items + a] = value;
            }
            covariance[j * items + j] =
                left + (0..j).map(|a| slopes[a] * covariance[a * items + j]).sum::<f64>();
        }
        for (got, expected) in found.means.iter().zip(&means) {
            assert_near(*got, *expected, MONOTONE, "mean");
        }
        for (got, expected) in found.covariance.iter().zip(&covariance) {
            assert_near(*got, *expected, MONOTONE, "covariance");
        }
    }
}

#[test]
fn information_is_the_curvature_of_the_likelihood() {
    for survey in [
        Survey::one_factor(8, 120, 4, 4).missing(9, 0.25),
        Survey::one_factor(18, 200, 3, 4).missing(19, 0.5),
        Survey::one_factor(10, 90, 3, 4).missing(11, 0.2).with_reals(12),
    ] {
        let survey = answered(&survey);
        let items = survey.items;
        let found = &estimated(&survey)[0];
        assert_eq!(found.status, Status::Ok);
        let parameters = packed(found);
        let at = |parameters: &[f64]| {
            let (means, covariance) = unpacked(parameters, items);
            log_likelihood(&survey, &means, &covariance)
        };
        let top = at(&parameters);
        assert_near(found.log_likelihood, top, EXACT, "log-likelihood");
        let size = parameters.len();
        let step = 1e-3;
        let moved = |by: &[(usize, f64)]| {
            let mut other = parameters.clone();
            by.iter().for_each(|&(at, sign)| other[at] += sign * step);
            at(&other)
        };
        let mut curvature = vec![0.0; size * size];
        for a in 0..size {
            let slope = (moved(&[(a, 1.0)]) - moved(&[(a, -1.0)])) / (2.0 * step);
            let scale = 1.0 / found.variances[a].sqrt();
            // The third derivative times the squared step is what a central difference is off.
            assert_close(slope, 0.0, 1e-4 * scale, "the likelihood is flat at the estimate");
            for b in 0..size {
                let both = moved(&[(a, 1.0), (b, 1.0)]) + moved(&[(a, -1.0), (b, -1.0)])
                    - moved(&[(a, 1.0), (b, -1.0)])
                    - moved(&[(a, -1.0), (b, 1.0)]);
                curvature[a * size + b] = -both / (4.0 * step * step);
            }
        }
        let expected = inverse(&curvature, size).unwrap();
        for a in 0..size {
            let expected = expected[a * size + a];
            assert_near(found.variances[a], expected, 10.0 * DIFFERENCES, "variance");
            assert!(found.variances[a] > found.complete_variances[a] * 0.9);
        }
    }
}

/// Without the rows that answered nothing.
fn answered(survey: &Survey) -> Survey {
    let kept: Vec<usize> = (0..survey.rows)
        .filter(|&row| (0..survey.items).any(|j| survey.answer(row, j).is_some()))
        .collect();
    let mut out = survey.clone();
    (out.rows, out.groups) = (kept.len(), vec![0, kept.len()]);
    let rows = survey.rows;
    out.codes = (0..survey.items)
        .flat_map(|j| kept.iter().map(move |row| j * rows + row))
        .map(|at| survey.codes[at])
        .collect();
    out.reals = survey.reals.as_ref().map(|reals| {
        (0..survey.items).flat_map(|j| kept.iter().map(move |row| reals[j * rows + row])).collect()
    });
    out
}

#[test]
fn influence_values_are_derivatives_in_the_weights_of_rows() {
    let survey = answered(&Survey::one_factor(21, 60, 4, 4).missing(22, 0.2));
    let rows = survey.rows;
    for uneven in [false, true] {
        let mut generator = Generator(5);
        let weights: Vec<f64> =
            (0..rows).map(|_| if uneven { 0.5 + generator.uniform() } else { 1.0 }).collect();
        let values = |weights: Vec<f64>| -> Vec<f64> {
            let weighted = Survey { weights: Some(weights), ..survey.clone() };
            by_em(&weighted, Interval::None).estimates.iter().map(|e| e.outcome.value).collect()
        };
        let step = 1e-4;
        let mut influences = vec![Vec::new(); ALL.len()];
        for row in 0..rows {
            let moved = |by: f64| {
                let mut moved = weights.clone();
                moved[row] *= 1.0 + by;
                values(moved)
            };
            for (all, (up, down)) in
                influences.iter_mut().zip(moved(step).iter().zip(&moved(-step)))
            {
                all.push(rows as f64 * (up - down) / (2.0 * step));
            }
        }
        let weighted = Survey { weights: uneven.then_some(weights), ..survey.clone() };
        let answer = by_em(&weighted, Interval::Influence);
        for ((estimate, own), c) in answer.estimates.iter().zip(&influences).zip(ALL) {
            let n = rows as f64;
            let mean = own.iter().sum::<f64>() / n;
            let squares: f64 = own.iter().map(|l| (l - mean).powi(2)).sum();
            let mut expected = (squares / (n * (n - 1.0))).sqrt();
            if c.matrix() == Matrix::Covariance {
                // As for complete rows, the gradient is that in covariances with divisor n - 1.
                expected *= (n - 1.0) / n;
            }
            // Central differences with a step of 1e-4.
            assert_near(estimate.standard_error, expected, 1e-6, "standard error");
        }
    }
}

#[test]
fn replicates_are_estimates_of_resampled_rows() {
    let base = answered(&Survey::one_factor(31, 150, 5, 4).missing(32, 0.1));
    let strata = [0, 70, base.rows];
    for survey in [
        base.clone(),
        base.clone().clustered(3),
        base.clone().stratified(&strata).clustered(4),
        base.clone().weighted(3),
        base.clone().with_reals(4),
    ] {
        for &law in survey.laws() {
            let plan = Plan { seed: 7, replicates: 40, weights: law };
            let answer = by_em(&survey, bootstrap(law));
            assert_eq!(answer.replicates.len(), 40 * ALL.len());
            for replicate in [0, 17, 39] {
                let units =
                    unit_weights(Simd::scalar(), &survey.responses(), plan, 0, replicate).unwrap();
                let row_units: Vec<f64> = match &survey.clusters {
                    Some(starts) => starts
                        .windows(2)
                        .zip(&units)
                        .flat_map(|(pair, &unit)| vec![unit; pair[1] - pair[0]])
                        .collect(),
                    None => units,
                };
                let kept: Vec<usize> = (0..base.rows).filter(|&r| row_units[r] > 0.0).collect();
                let take = |j: usize| kept.iter().map(move |&r| j * base.rows + r);
                let mut other = Survey::of(
                    (0..5).flat_map(take).map(|at| survey.codes[at]).collect(),
                    kept.len(),
                    5,
                );
                other.reals = survey
                    .reals
                    .as_ref()
                    .map(|reals| (0..5).flat_map(take).map(|at| reals[at]).collect());
                let weight = |&r: &usize| {
                    row_units[r] * survey.weights.as_ref().map_or(1.0, |weights| weights[r])
                };
                other.weights = Some(kept.iter().map(weight).collect());
                let expected = by_em(&other, Interval::None);
                let own = &answer.replicates[replicate * ALL.len()..][..ALL.len()];
                for (got, expected) in own.iter().zip(&expected.estimates) {
                    assert_eq!(got.status, expected.outcome.status);
                    // Two fits of EM, and then of a factor, from different starts.
                    assert_close(got.value, expected.outcome.value, 1e-8, "replicate");
                }
            }
        }
    }
}

#[test]
fn a_weight_of_two_is_a_row_twice() {
    let survey = answered(&Survey::one_factor(41, 90, 4, 4).missing(42, 0.15));
    let rows = survey.rows;
    let twice: Vec<u8> = (0..4)
        .flat_map(|j| {
            let column = survey.codes[j * rows..(j + 1) * rows].to_vec();
            [column.clone(), column[..30].to_vec()].concat()
        })
        .collect();
    let twice = Survey::of(twice, rows + 30, 4);
    let weights = (0..rows).map(|row| if row < 30 { 2.0 } else { 1.0 }).collect();
    let weighted = Survey { weights: Some(weights), ..survey };
    let (left, right) = (&estimated(&twice)[0], &estimated(&weighted)[0]);
    for (a, b) in packed(left).iter().zip(&packed(right)) {
        assert_near(*a, *b, SOLVED, "parameter");
    }
}

#[test]
fn why_there_is_no_estimate() {
    let status = |survey: &Survey| {
        let found = estimated(survey)[0].status;
        let answer = by_em(survey, Interval::Influence);
        assert!(answer.estimates.iter().all(|e| e.outcome.status == found));
        found
    };
    let base = Survey::one_factor(51, 80, 4, 4);
    let mut apart = base.clone();
    for row in 0..80 {
        apart.codes[if row % 2 == 0 { row } else { 80 + row }] = MISSING;
    }
    assert_eq!(status(&apart), Status::TooFewRows);
    // One person who answered both tells no covariance from noise.
    apart.codes[0] = 1;
    assert_eq!(status(&apart), Status::TooFewRows);
    let mut constant = base.clone();
    constant.codes[160..240].fill(3);
    constant.codes[170] = MISSING;
    assert_eq!(status(&constant), Status::ConstantItem);
    let mut unanswered = base.clone();
    unanswered.codes[80..160].fill(MISSING);
    assert_eq!(status(&unanswered), Status::TooFewRows);
    let mut double = base.clone();
    double.codes.copy_within(0..80, 80);
    double.codes[200] = MISSING;
    assert_eq!(status(&double), Status::NotPositiveDefinite);
    let mut few = Survey::one_factor(52, 4, 4, 4);
    few.codes[0] = MISSING;
    assert_eq!(status(&few), Status::TooFewRows);
    let mut nothing = base.clone();
    (0..4).for_each(|j| nothing.codes[j * 80 + 7] = MISSING);
    let error = estimate_by_em(Simd::scalar(), &nothing.responses(), &Silent).unwrap_err();
    assert_eq!(error.to_string(), "row 7 has no answer: leave it out");
}

#[test]
fn half_of_the_answers_missing_is_no_obstacle() {
    // Three of six items each, as in planned missingness: convergence is slow.
    let mut survey = Survey::one_factor(61, 900, 6, 4);
    let mut generator = Generator(62);
    for row in 0..900 {
        let mut items: Vec<usize> = (0..6).collect();
        for _ in 0..3 {
            let item = items.swap_remove(generator.below(items.len()));
            survey.codes[item * 900 + row] = MISSING;
        }
    }
    let found = &estimated(&survey)[0];
    assert_eq!(found.status, Status::Ok);
    assert_eq!(found.patterns.len(), 20);
    let parameters = packed(found);
    let at = |parameters: &[f64]| {
        let (means, covariance) = unpacked(parameters, 6);
        log_likelihood(&survey, &means, &covariance)
    };
    for a in 0..parameters.len() {
        let slope = |by: f64| {
            let mut other = parameters.clone();
            other[a] += by;
            at(&other)
        };
        let slope = (slope(1e-4) - slope(-1e-4)) / 2e-4;
        assert_close(slope * found.variances[a].sqrt(), 0.0, 1e-5, "slope");
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads_and_instruction_set() {
    let survey = answered(&Survey::one_factor(71, 200, 5, 4).missing(72, 0.1));
    let bits = |simd: Simd, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let asked = question(bootstrap(Weights::Multinomial));
        let answer =
            pool.install(|| analyse_by_em(simd, &survey.responses(), &asked, &Silent).unwrap());
        let values = answer.estimates.iter().flat_map(|e| [e.outcome.value, e.lower, e.upper]);
        let all = values.chain(answer.replicates.iter().map(|r| r.value));
        all.map(f64::to_bits).collect::<Vec<u64>>()
    };
    let expected = bits(Simd::scalar(), 1);
    for simd in Simd::available() {
        for threads in [1, 3] {
            assert!(bits(simd, threads) == expected);
        }
    }
}

/// Counts replicates, and stops after some.
struct Watch {
    done: std::sync::atomic::AtomicU64,
    most: u64,
}

impl Monitor for Watch {
    fn cancelled(&self) -> bool {
        self.done.load(std::sync::atomic::Ordering::Relaxed) >= self.most
    }
    fn advance(&self, replicates: u64) {
        self.done.fetch_add(replicates, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn progress_is_told_and_a_run_can_be_stopped() {
    let survey = answered(&Survey::one_factor(81, 100, 4, 4).missing(82, 0.1));
    let asked = question(bootstrap(Weights::Multinomial));
    let watched = |most: u64| {
        let watch = Watch { done: 0.into(), most };
        let answer = analyse_by_em(Simd::scalar(), &survey.responses(), &asked, &watch);
        (answer.map(|answer| answer.replicates.len()), watch.done.into_inner())
    };
    assert_eq!(watched(u64::MAX), (Ok(40 * ALL.len()), 40));
    assert_eq!(watched(1).0, Err(Error::Cancelled));
    assert_eq!(watched(0).0, Err(Error::Cancelled));
    let watch = Watch { done: 0.into(), most: 0 };
    let stopped = estimate_by_em(Simd::scalar(), &survey.responses(), &watch);
    assert_eq!(stopped.map(|found| found.len()), Err(Error::Cancelled));
}
