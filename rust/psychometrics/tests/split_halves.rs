//! Splits against all splits, one by one.

mod common;

use common::chance::{assert_close, assert_near};
use common::matrices::{cold, sampled};
use psychometrics::reliability::{Coefficient, EXACT_ITEMS, Split, extreme_split};
use psychometrics::simd::Simd;

/// Rounding of sums of at most a few hundred covariances.
const EXACT: f64 = 1e-12;

/// The least, mean and largest covariance of halves, from every split.
fn every_split(covariance: &[f64], items: usize) -> [f64; 3] {
    let (mut least, mut most, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0);
    for members in 0_u32..1 << items {
        // Splits into equal halves come twice, as often as each other.
        if members.count_ones() as usize != items / 2 {
            continue;
        }
        let inside =
            |at: usize| members >> (at / items) & 1 == 1 && members >> (at % items) & 1 == 0;
        let between: f64 =
            (0..items * items).filter(|&at| inside(at)).map(|at| covariance[at]).sum();
        least = between.min(least);
        most = between.max(most);
        sum += between;
        count += 1.0;
    }
    [least, sum / count, most]
}

fn between(covariance: &[f64], split: &Split) -> f64 {
    let items = split.first_half.len();
    let first = |item: usize| split.first_half[item];
    let inside = |at: &usize| first(at / items) && !first(at % items);
    (0..items * items).filter(inside).map(|at| covariance[at]).sum()
}

#[test]
fn the_best_worst_and_mean_of_all_splits() {
    for items in 2..=13 {
        for seed in 0..5 {
            // Some covariances of the other sign.
            let mut covariance = sampled(seed, items, 40);
            for i in 0..items {
                for j in (0..items).filter(|j| (i + j) % 3 == 1) {
                    covariance[i * items + j] *= -0.4;
                }
            }
            let total: f64 = covariance.iter().sum();
            let expected = every_split(&covariance, items);
            for (coefficient, expected) in [
                (Coefficient::SplitHalfMin, expected[0]),
                (Coefficient::SplitHalfMean, expected[1]),
                (Coefficient::SplitHalfMax, expected[2]),
                (Coefficient::Lambda4, expected[2]),
            ] {
                let got = cold(coefficient, &covariance, items).value;
                assert_close(got, 4.0 * expected / total, EXACT, coefficient.name());
            }
        }
    }
}

#[test]
fn halves_are_as_equal_as_can_be() {
    for items in [2, 3, 8, 9, 20, 21, 22, 35] {
        let covariance = sampled(7, items, 100);
        for largest in [true, false] {
            let split = extreme_split(Simd::scalar(), &covariance, items, largest);
            assert_eq!(split.first_half.len(), items);
            assert_eq!(split.first_half.iter().filter(|first| **first).count(), items / 2);
            assert_near(between(&covariance, &split), split.covariance, EXACT, "the halves");
        }
    }
}

/// Two factors, of the first and of the other items: the worst split is known, and far from random ones.
fn two_factors(items: usize) -> Vec<f64> {
    let value = |i: usize, j: usize| match (i == j, (i < items / 2) == (j < items / 2)) {
        (true, _) => 1.0,
        (_, true) => 0.5,
        _ => 0.1,
    };
    (0..items * items).map(|at| value(at / items, at % items)).collect()
}

#[test]
fn the_worst_split_of_two_factors_is_between_them() {
    for items in [8, 20, 26, 60, 100] {
        let split = extreme_split(Simd::scalar(), &two_factors(items), items, false);
        let half = items / 2;
        assert_near(split.covariance, 0.1 * (half * half) as f64, EXACT, "the halves");
        assert!(split.unique);
        // The last item is in the second half.
        assert!((0..items).all(|item| split.first_half[item] == (item < half)));
    }
}

#[test]
fn exchanges_find_the_best_of_all_splits() {
    // One more than are looked at one by one: 352,716 splits; and 705,432.
    for (items, seeds) in [(EXACT_ITEMS + 1, 0..2), (EXACT_ITEMS + 2, 2..3)] {
        for seed in seeds {
            let covariance = sampled(seed, items, 150);
            let [least, _, most] = every_split(&covariance, items);
            for (largest, expected) in [(true, most), (false, least)] {
                let split = extreme_split(Simd::scalar(), &covariance, items, largest);
                assert_near(split.covariance, expected, EXACT, "the best");
            }
        }
    }
}

#[test]
fn repeated_items_make_ties() {
    for items in [6, 24] {
        let mut covariance = sampled(3, items, 200);
        assert!(extreme_split(Simd::scalar(), &covariance, items, true).unique);
        for j in 0..items {
            covariance[j] = covariance[items + j];
        }
        for i in 0..items {
            covariance[i * items] = covariance[i * items + 1];
        }
        // The first two items can stand for each other wherever they are apart, which is best.
        let split = extreme_split(Simd::scalar(), &covariance, items, true);
        assert!(split.first_half[0] != split.first_half[1]);
        assert!(!split.unique);
    }
}

#[test]
fn every_instruction_set_finds_the_same_splits() {
    for (items, largest) in [(21, true), (26, true), (26, false), (40, false)] {
        let covariance = sampled(9, items, 120);
        let plain = extreme_split(Simd::scalar(), &covariance, items, largest);
        for simd in Simd::available() {
            let split = extreme_split(simd, &covariance, items, largest);
            assert_eq!(split, plain, "{}", simd.name());
            assert_eq!(split.covariance.to_bits(), plain.covariance.to_bits());
        }
    }
}
