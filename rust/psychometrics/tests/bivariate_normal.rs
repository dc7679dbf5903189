//! Bivariate normal probabilities against values of many digits, and derivatives against differences.

#![allow(clippy::unwrap_used)]

mod common;

use common::reference::values;
use psychometrics::association::BivariateNormal;
use serde_json::Value;

/// A few roundings of numbers up to one; 4e-16 was measured.
const ROUNDING: f64 = 2e-15;

/// Relative: what a sum of small positive terms can keep; 3e-12 was measured.
const SMALL_CELL: f64 = 1e-10;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

#[test]
fn probabilities_are_right_to_rounding() {
    let file = values("bivariate_normal");
    let points = file["cdf"].as_array().unwrap();
    assert_eq!(points.len(), 360);
    for point in points {
        let [h, k, rho, expected] = [0, 1, 2, 3].map(|at| number(&point[at]));
        let normal = BivariateNormal::new(rho);
        for found in [normal.cdf(h, k), normal.cdf(k, h)] {
            assert!((found - expected).abs() < ROUNDING, "{point}: {found:e}");
        }
    }
}

#[test]
fn cells_that_hold_next_to_nothing_keep_their_digits() {
    let file = values("bivariate_normal");
    for cell in file["rectangles"].as_array().unwrap() {
        let pair = |at: usize| (number(&cell[at][0]), number(&cell[at][1]));
        let (normal, expected) = (BivariateNormal::new(number(&cell[0])), number(&cell[3]));
        // The difference of corners is not looked at where it is small.
        for (first, second) in [(pair(1), pair(2)), (pair(2), pair(1))] {
            let found = normal.rectangle(0.0, first, second);
            assert!((found / expected - 1.0).abs() < SMALL_CELL, "{cell}: {found:e}");
        }
    }
}

#[test]
fn ends_of_the_range() {
    for rho in [-0.99, -0.3, 0.0, 0.5, 0.96] {
        let normal = BivariateNormal::new(rho);
        assert_eq!(normal.cdf(f64::NEG_INFINITY, 0.3), 0.0);
        assert_eq!(normal.cdf(f64::INFINITY, f64::INFINITY), 1.0);
        assert_eq!(normal.cdf(f64::INFINITY, 0.0), 0.5);
        assert_eq!(normal.density(f64::INFINITY, 0.3), 0.0);
        // Sheppard (1899).
        let quarter = 0.25 + rho.asin() / (2.0 * std::f64::consts::PI);
        assert!((normal.cdf(0.0, 0.0) - quarter).abs() < ROUNDING);
    }
}

#[test]
fn derivatives_are_the_limits_of_differences() {
    let step = 1e-5;
    for rho in [-0.95, -0.4, 0.1, 0.7, 0.98] {
        for (h, k) in [(0.0, 0.2), (-1.3, 0.4), (0.9, 1.0), (2.1, 1.7)] {
            let at = |rho: f64| BivariateNormal::new(rho);
            let normal = at(rho);
            let slope = |up: f64, down: f64| (up - down) / (2.0 * step);
            let (up, down) = (at(rho + step), at(rho - step));
            let pairs = [
                (normal.density(h, k), slope(up.cdf(h, k), down.cdf(h, k))),
                (
                    normal.log_density_by_rho(h, k),
                    slope(up.density(h, k).ln(), down.density(h, k).ln()),
                ),
                (
                    normal.density_by_first(h, k),
                    slope(normal.density(h + step, k), normal.density(h - step, k)),
                ),
                (
                    normal.cdf_by_first(h, k),
                    slope(normal.cdf(h + step, k), normal.cdf(h - step, k)),
                ),
            ];
            for (found, expected) in pairs {
                // Differences over so short a step have ten digits less rounding.
                assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{rho} {h} {k}");
            }
        }
    }
}
