//! Replicate moments against sums that are taken row by row under the same weights.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::chance::assert_close;
use common::replicates::{all, plan, width, write};
use common::survey::Survey;
use psychometrics::moments::{Dispersion, Panel};
use psychometrics::resampling::Weights::{Exponential, Multinomial};
use psychometrics::resampling::{BLOCK, Plan, Weights, unit_weights};
use psychometrics::simd::Simd;

/// The resampled weight of each row of a group.
fn row_weights(survey: &Survey, plan: Plan, group: usize, replicate: usize) -> Vec<f64> {
    let responses = survey.responses();
    let units = unit_weights(Simd::chosen().unwrap(), &responses, plan, group, replicate).unwrap();
    if !responses.clustered {
        return units;
    }
    let strata = &responses.groups[group].strata;
    let clusters: Vec<_> = strata.iter().flat_map(|stratum| &stratum.clusters).collect();
    assert_eq!(units.len(), clusters.len());
    let repeated = units.iter().zip(clusters).map(|(&w, rows)| vec![w; rows.len()]);
    repeated.flatten().collect()
}

/// A row that counts.
struct Row {
    /// How often it was drawn, on average over all rows once.
    drawn: f64,
    /// That times its survey weight.
    mass: f64,
    answers: Vec<Option<f64>>,
}

/// Two answers of each row that has both.
fn pairs(rows: &[Row], i: usize, j: usize) -> Vec<(&Row, f64, f64)> {
    let pair = |row| -> Option<(&Row, f64, f64)> { Some((row, row.answers[i]?, row.answers[j]?)) };
    rows.iter().filter(|row| row.drawn > 0.0).filter_map(pair).collect()
}

/// From the first one: equal answers have no spread, whatever rounding does to their mean.
fn shifted(mut pairs: Vec<(&Row, f64, f64)>) -> (Vec<(&Row, f64, f64)>, f64) {
    let (first_x, first_y) = pairs.first().map_or((0.0, 0.0), |&(_, x, y)| (x, y));
    pairs.iter_mut().for_each(|(_, x, y)| (*x, *y) = (*x - first_x, *y - first_y));
    (pairs, first_x)
}

/// Means, covariances with n - 1 for the number of those drawn, correlations: by the definitions.
fn plain(survey: &Survey, plan: Plan, group: usize, replicate: usize, panel: Panel) -> Vec<f64> {
    let k = survey.items;
    let first = survey.groups[group];
    let resampled = row_weights(survey, plan, group, replicate);
    let mean_weight = match plan.weights {
        Multinomial => 1.0,
        Exponential => resampled.iter().sum::<f64>() / resampled.len() as f64,
    };
    let rows: Vec<Row> = (first..)
        .zip(&resampled)
        .map(|(row, weight)| Row {
            drawn: weight / mean_weight,
            mass: weight / mean_weight * survey.weights.as_ref().map_or(1.0, |all| all[row]),
            answers: (0..k).map(|item| survey.answer(row, item)).collect(),
        })
        .collect();
    let persons = rows.iter().map(|row| row.drawn).sum();
    let mut dispersion = Dispersion { items: k, persons, ..Dispersion::default() };
    for i in 0..k {
        for j in 0..k {
            let (pairs, first) = shifted(pairs(&rows, i, j));
            let drawn: f64 = pairs.iter().map(|(row, ..)| row.drawn).sum();
            let mass: f64 = pairs.iter().map(|(row, ..)| row.mass).sum();
            let mean_i = pairs.iter().map(|(row, x, _)| row.mass * x).sum::<f64>() / mass;
            let mean_j = pairs.iter().map(|(row, _, y)| row.mass * y).sum::<f64>() / mass;
            let mean_product = |f: &dyn Fn(f64, f64) -> f64| {
                let terms = pairs.iter().map(|(row, x, y)| row.mass * f(x - mean_i, y - mean_j));
                terms.sum::<f64>() / mass
            };
            let product = mean_product(&|x, y| x * y);
            let spread = mean_product(&|x, _| x * x) * mean_product(&|_, y| y * y);
            dispersion.covariance.push(product * drawn / (drawn - 1.0));
            let r = if i == j { 1.0 } else { product / spread.sqrt() };
            dispersion.correlation.push(r);
            if i == j {
                dispersion.means.push(first + mean_i);
            }
        }
    }
    dispersion.trace = dispersion.covariance.iter().step_by(k + 1).sum();
    dispersion.total = dispersion.covariance.iter().sum();
    if panel == Panel::Small {
        dispersion.covariance.clear();
        dispersion.correlation.clear();
    }
    let mut out = vec![0.0; width(k)];
    write(&dispersion, &mut out);
    out
}

/// All replicates against plain sums.
fn check(what: &str, survey: &Survey, panel: Panel, law: Weights) {
    check_groups(what, survey, panel, law, survey.groups.len() - 1);
}

/// Those of the first groups.
fn check_groups(what: &str, survey: &Survey, panel: Panel, law: Weights, groups: usize) {
    let plan = plan(31, 18, law);
    let replicates = all(Simd::chosen().unwrap(), &survey.responses(), panel, plan);
    for group in 0..groups {
        for replicate in 0..plan.replicates {
            let expected = plain(survey, plan, group, replicate, panel);
            let got = &replicates[group * plan.replicates + replicate];
            // Variances and correlations are sums of some thousand rounded products, and the mean is not zero.
            let size = expected.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
            for (at, (&got, &expected)) in got.iter().zip(&expected).enumerate() {
                let what = format!("{what} {panel:?} {law:?} group {group}/{replicate}: {at}");
                if expected.is_nan() {
                    assert!(!got.is_finite(), "{what}: {got}");
                } else {
                    assert_close(got, expected, 1e-12 * size, &what);
                }
            }
        }
    }
}

/// The first group and its first stratum take more than a block, the last group is two persons.
const GROUPS: [usize; 4] = [0, BLOCK + 69, BLOCK + 139, BLOCK + 141];
const STRATA: [usize; 6] = [0, BLOCK + 12, BLOCK + 69, BLOCK + 71, BLOCK + 139, BLOCK + 141];

fn codes(largest: u8) -> Survey {
    Survey::one_factor(largest.into(), GROUPS[3], 3, largest).grouped(&GROUPS)
}

/// Rows, strata, clusters, and clusters in strata.
fn designs(survey: &Survey) -> [(&'static str, Survey); 4] {
    let strata = survey.clone().stratified(&STRATA);
    [
        ("rows", survey.clone()),
        ("strata", strata.clone()),
        ("clusters", survey.clone().clustered(10)),
        ("clusters in strata", strata.clustered(10)),
    ]
}

#[test]
fn complete_codes_of_every_width() {
    // 15 is the largest code whose square fits a byte; 255 means missing.
    for largest in [1, 4, 15, 16, 100, 254] {
        for (design, survey) in designs(&codes(largest)) {
            for panel in [Panel::Small, Panel::Full, Panel::Pairwise] {
                for &law in survey.laws() {
                    check(&format!("{design}, codes to {largest}"), &survey, panel, law);
                }
            }
        }
    }
}

#[test]
fn pairwise_codes_with_missing_answers() {
    for largest in [1, 4, 15, 16, 100, 254] {
        for (design, survey) in designs(&codes(largest).missing(9, 0.15)) {
            for &law in survey.laws() {
                check(&format!("{design}, codes to {largest}"), &survey, Panel::Pairwise, law);
            }
        }
    }
}

#[test]
fn survey_weights_and_reals() {
    // Not the last group: where one person is all there is, rounding leaves what variance it likes.
    let groups = 2;
    for (design, survey) in designs(&codes(6)) {
        for &law in survey.laws() {
            for panel in [Panel::Small, Panel::Full, Panel::Pairwise] {
                let weighted = survey.clone().weighted(4);
                check_groups(&format!("{design}, weighted"), &weighted, panel, law, groups);
                let reals = survey.clone().with_reals(5);
                check_groups(&format!("{design}, reals"), &reals, panel, law, groups);
                let both = reals.weighted(4);
                check_groups(&format!("{design}, weighted reals"), &both, panel, law, groups);
            }
        }
    }
    for (design, survey) in designs(&codes(6).missing(9, 0.15)) {
        for &law in survey.laws() {
            let reals = survey.clone().with_reals(5);
            let what = format!("{design}, reals, missing");
            check_groups(&what, &reals, Panel::Pairwise, law, groups);
        }
    }
}

#[test]
fn sums_of_many_rows_do_not_overflow() {
    // The largest codes under the largest bytes that weights consist of: 32 bits would be full after 266,000 rows.
    let rows = 300_000;
    let survey = Survey::of(vec![254; rows], rows, 1);
    let plan = plan(1, 4, Exponential);
    for simd in Simd::available() {
        let replicates = all(simd, &survey.responses(), Panel::Full, plan);
        for row in replicates {
            let [persons, trace, total, mean, ..] = row[..] else { panic!("{row:?}") };
            assert_eq!((persons, trace, total, mean), (rows as f64, 0.0, 0.0, 254.0), "{simd:?}");
        }
    }
}

#[test]
fn sums_of_many_items_do_not_overflow() {
    // The squared total of 300 items is above 2³².
    let (rows, items) = (60, 300);
    let survey = Survey::one_factor(3, rows, items, 254);
    let plan = plan(1, 3, Multinomial);
    let simd = Simd::chosen().unwrap();
    let small = all(simd, &survey.responses(), Panel::Small, plan);
    let full = all(simd, &survey.responses(), Panel::Full, plan);
    for (small, full) in small.iter().zip(&full) {
        for at in [1, 2] {
            common::chance::assert_near(small[at], full[at], 1e-12, "trace and total");
        }
    }
}

#[test]
fn exponential_weights_of_many_large_answers_do_not_overflow() {
    // In units of the weights the squared totals of these rows add up to more than 2⁶³.
    let (rows, items) = (40_000, 120);
    let codes = (0..rows * items).map(|at| 200 + (at * 7919 % 104_729 % 55) as u8).collect();
    let survey = Survey::of(codes, rows, items);
    let plan = Plan { seed: 3, replicates: 2, weights: Exponential };
    for clusters in [false, true] {
        let survey = if clusters { survey.clone().clustered(4) } else { survey.clone() };
        let found = all(Simd::chosen().unwrap(), &survey.responses(), Panel::Small, plan);
        for (replicate, found) in found.iter().enumerate() {
            let weights = row_weights(&survey, plan, 0, replicate);
            let total = |row: usize| -> f64 {
                (0..items).map(|item| f64::from(survey.codes[item * rows + row]) - 227.0).sum()
            };
            let mass: f64 = weights.iter().sum();
            let mean = weights.iter().enumerate().map(|(r, w)| w * total(r)).sum::<f64>() / mass;
            let squares: f64 =
                weights.iter().enumerate().map(|(r, w)| w * (total(r) - mean).powi(2)).sum();
            let variance = squares / (mass - mass / rows as f64);
            assert!(
                (found[2] / variance - 1.0).abs() < 1e-9,
                "{clusters}: {} {variance}",
                found[2]
            );
        }
    }
}
