//! Searches that start near: their integrals against values of many digits, their results against searches from afar.

#![allow(clippy::unwrap_used)]

mod common;

use common::reference::values;
use common::survey::Survey;
use psychometrics::association::nodes::{STRONG, between, from_zero};
use psychometrics::association::{BivariateNormal, Corners, Latent, Near, Status, Tables};
use psychometrics::interval::{normal_cdf, normal_density};
use psychometrics::monitor::Silent;
use psychometrics::resampling::{Plan, Weights, unit_weights};
use psychometrics::simd::{CORNERS, Simd, add_densities, conditional_cdfs, density_slopes};
use serde_json::Value;

/// A few roundings of numbers up to one.
const ROUNDING: f64 = 2e-15;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn corners(first: &[f64], second: &[f64]) -> Corners {
    let mut corners = Corners::default();
    corners.fill(first, second);
    corners
}

fn limits() -> Vec<f64> {
    (-16..=16).map(|at| f64::from(at) * 0.37 + 0.01).collect()
}

#[test]
fn probabilities_are_right_to_rounding() {
    let file = values("bivariate_normal");
    let mut seen = 0;
    for point in file["cdf"].as_array().unwrap() {
        let [h, k, rho, expected] = [0, 1, 2, 3].map(|at| number(&point[at]));
        if rho.abs() >= STRONG {
            continue;
        }
        seen += 1;
        for simd in Simd::available() {
            let integral = corners(&[h], &[k]).sum(simd, &from_zero(rho));
            let found = normal_cdf(h) * normal_cdf(k) + integral;
            assert!((found - expected).abs() < ROUNDING, "{point}: {found:e}");
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn fewer_points_are_enough_for_weaker_correlations() {
    let limits = limits();
    for rho in
        [-0.9249, -0.7501, -0.7499, -0.499, -0.301, -0.299, 0.1, 0.299, 0.499, 0.55, 0.7499, 0.92]
    {
        let normal = BivariateNormal::new(rho);
        let nodes = from_zero(rho);
        for &h in &limits {
            for &k in &limits {
                let integral = corners(&[h], &[k]).sum(Simd::scalar(), &nodes);
                let expected = normal.cdf(h, k) - normal_cdf(h) * normal_cdf(k);
                assert!((integral - expected).abs() < ROUNDING, "{rho} {h} {k}");
            }
        }
    }
}

#[test]
fn a_short_way_is_the_difference_of_its_ends() {
    let (limits, mut nodes, mut short) = (limits(), Vec::new(), 0);
    for from in [-0.92, -0.8, -0.4, 0.0, 0.1, 0.5, 0.75, 0.9] {
        for step in [-0.4, -0.15, -0.05, -1e-3, -9e-5, 0.0, 1e-9, 9e-5, 5e-4, 1e-3, 0.02, 0.1, 0.3]
        {
            let to: f64 = from + step;
            if to.abs() >= STRONG || !between(from, to, &mut nodes) {
                continue;
            }
            short += 1;
            let (start, end) = (BivariateNormal::new(from), BivariateNormal::new(to));
            for &h in &limits {
                for &k in &limits {
                    let found = corners(&[h], &[k]).sum(Simd::scalar(), &nodes);
                    let expected = end.cdf(h, k) - start.cdf(h, k);
                    assert!((found - expected).abs() < ROUNDING, "{from} {to} {h} {k}");
                }
            }
        }
    }
    assert!(short > 50, "{short}");
    assert!(!between(0.1, 0.9, &mut nodes));
    assert!(!between(0.1, f64::NAN, &mut nodes));
}

#[test]
fn densities_and_conditional_probabilities_are_right_at_every_level() {
    let limits = limits();
    let corners = corners(&limits, &limits);
    let size = corners.products.len();
    assert!(size.is_multiple_of(CORNERS) && size > corners.count);
    for rho in [-0.9, -0.2, 0.0, 0.4, 0.92] {
        let normal = BivariateNormal::new(rho);
        let mut bits: Vec<Vec<u64>> = Vec::new();
        for simd in Simd::available() {
            let [mut density, mut first, mut second] = [0, 1, 2].map(|_| vec![0.0; size]);
            let (products, squares) = (&corners.products, &corners.squares);
            density_slopes(simd, products, squares, rho, &mut density, &mut first, &mut second);
            let mut below = vec![0.0; size];
            conditional_cdfs(simd, &corners.first, &corners.second, rho, &mut below);
            let mut sums = vec![0.0; size];
            add_densities(simd, products, squares, &from_zero(rho), &mut sums);
            for at in 0..corners.count {
                let (h, k) = (corners.first[at], corners.second[at]);
                let expected = normal.density(h, k);
                // Differences of exponents of some hundred keep thirteen digits.
                assert!((density[at] - expected).abs() <= 1e-12 * expected.max(1e-290));
                let slope = expected * normal.log_density_by_rho(h, k);
                assert!((first[at] - slope).abs() <= 1e-12 * slope.abs().max(1e-12), "{h} {k}");
                let step = 1e-5;
                let slope_at = |rho: f64| {
                    let normal = BivariateNormal::new(rho);
                    normal.density(h, k) * normal.log_density_by_rho(h, k)
                };
                let bend = (slope_at(rho + step) - slope_at(rho - step)) / (2.0 * step);
                assert!((second[at] - bend).abs() < 1e-4 * (1.0 + bend.abs()), "{rho} {h} {k}");
                let conditional = normal.cdf_by_first(h, k) / normal_density(h);
                assert!((below[at] - conditional).abs() < ROUNDING, "{h} {k}");
            }
            let all = [density, first, second, below, sums].concat();
            bits.push(all.iter().map(|x| x.to_bits()).collect());
        }
        assert!(bits.iter().all(|of_level| *of_level == bits[0]));
    }
}

/// Another table of the same persons: what a search from near finds, and what one from afar does.
fn near_and_afar(survey: &Survey, weights: Weights) -> Vec<(Latent, Latent, Tables)> {
    let responses = survey.responses();
    let (rows, items) = (responses.rows, responses.items);
    let categories = usize::from(responses.largest_code) + 1;
    let mut whole = Tables::new(items, categories, 1.0);
    whole.count(&survey.codes, rows, 0..rows, None);
    let point = Latent::fit(&whole, None, true, &Silent);
    let plan = Plan { seed: 9, replicates: 30, weights };
    let of = |replicate: usize| {
        let units = unit_weights(Simd::scalar(), &responses, plan, 0, replicate).unwrap();
        let unit = weights.unit();
        let weights: Vec<u32> = units.iter().map(|w| (w * unit).round() as u32).collect();
        let mut tables = Tables::new(items, categories, unit);
        tables.count(&survey.codes, rows, 0..rows, Some(&weights));
        let near: Vec<Latent> = Simd::available()
            .into_iter()
            .map(|simd| Latent::fit(&tables, Some(&Near::new(simd, &point, &whole)), true, &Silent))
            .collect();
        for level in &near {
            let bits = |l: &Latent| {
                let all = [&l.correlation, &l.weights, &l.covariances];
                all.iter().flat_map(|v| v.iter().map(|x| x.to_bits())).collect::<Vec<u64>>()
            };
            assert_eq!(bits(level), bits(&near[0]));
        }
        let afar = Latent::fit(&tables, None, true, &Silent);
        (near.into_iter().next().unwrap(), afar, tables)
    };
    (0..plan.replicates).map(of).collect()
}

#[test]
fn a_search_from_near_finds_what_one_from_afar_does() {
    let mut skewed = Survey::one_factor(4, 250, 5, 4);
    // Few in the lowest category of one item, and nobody in one of another: some replicates lack the first.
    for (row, code) in skewed.codes.iter_mut().enumerate() {
        if row < 250 && *code == 0 && row % 50 > 0 {
            *code = 1;
        } else if (250..500).contains(&row) && *code == 2 {
            *code = 3;
        }
    }
    let complete = Survey::one_factor(3, 300, 5, 5);
    let missing = complete.clone().missing(5, 0.15);
    let mut compared = 0;
    for (survey, whole) in [(&complete, true), (&skewed, true), (&missing, false)] {
        for weights in [Weights::Multinomial, Weights::Exponential] {
            for (near, afar, tables) in near_and_afar(survey, weights) {
                assert_eq!(near.thresholds, afar.thresholds);
                assert_eq!(near.statuses, afar.statuses);
                for (pair, (i, j)) in psychometrics::association::pairs(5).enumerate() {
                    if afar.statuses[pair] != Status::Ok {
                        continue;
                    }
                    let place = i * 5 + j;
                    let (rho, expected) = (near.correlation[place], afar.correlation[place]);
                    assert!((rho - expected).abs() < 1e-12, "{pair} {rho} {expected}");
                    // Cells are brought along the last step by their derivatives, with an error of its cube.
                    let ratio = near.weights[place] / afar.weights[place];
                    assert!((ratio - 1.0).abs() < 1e-10, "{pair} {ratio}");
                    let known = near.covariances[place];
                    assert_eq!(known.is_finite(), whole, "{pair}");
                    let count = |item: usize| tables.answers(item).iter().sum::<f64>();
                    assert!(count(i) > 100.0);
                    if whole {
                        compared += 1;
                        let steps = tables.categories - 1;
                        let own = |item: usize| &near.thresholds[item * steps..(item + 1) * steps];
                        let normal = BivariateNormal::new(expected);
                        let of = |h: f64, k: f64| normal.cdf(h, k) - normal_cdf(h) * normal_cdf(k);
                        let finite = |item: usize| own(item).iter().filter(|t| t.is_finite());
                        let sum: f64 =
                            finite(i).flat_map(|&h| finite(j).map(move |&k| of(h, k))).sum();
                        assert!((known - sum).abs() < 1e-11, "{pair} {known} {sum}");
                    }
                }
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}
