//! Moments of rows as they are: exact, and the same in whatever parts they are taken.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Generator;
use common::chance::{assert_close, assert_near};
use common::survey::Survey;
use psychometrics::moments::{
    Dispersion, GroupMoments, Moments, Number, Panel, group_moments, range_moments,
};
use psychometrics::monitor::Silent;
use psychometrics::simd::Simd;

const PANELS: [Panel; 3] = [Panel::Small, Panel::Full, Panel::Pairwise];

fn part(survey: &Survey, panel: Panel, rows: std::ops::Range<usize>) -> Moments<i64> {
    let simd = Simd::chosen().unwrap();
    range_moments(simd, &survey.codes, survey.rows, survey.items, panel, rows)
}

fn exact(survey: &Survey, panel: Panel) -> Vec<Moments<i64>> {
    match group_moments(Simd::chosen().unwrap(), &survey.responses(), panel, &Silent) {
        GroupMoments::Exact(moments) => moments,
        GroupMoments::Real(_) => panic!("codes have exact moments"),
    }
}

fn real(survey: &Survey, panel: Panel) -> Vec<Moments<f64>> {
    match group_moments(Simd::chosen().unwrap(), &survey.responses(), panel, &Silent) {
        GroupMoments::Real(moments) => moments,
        GroupMoments::Exact(_) => panic!("these moments cannot be exact"),
    }
}

fn dispersion<T: Number>(moments: &Moments<T>) -> Dispersion {
    let mut dispersion = Dispersion::default();
    dispersion.fill(moments);
    dispersion
}

/// A survey of any size, with a panel that it can have.
fn any(generator: &mut Generator) -> (Survey, Panel) {
    let largest = [1, 4, 15, 16, 254][generator.below(5)];
    let (rows, items) = (1 + generator.below(300), 1 + generator.below(6));
    let survey = Survey::one_factor(generator.bits(), rows, items, largest);
    let panel = PANELS[generator.below(3)];
    if panel == Panel::Pairwise {
        (survey.missing(generator.bits(), 0.2), panel)
    } else {
        (survey, panel)
    }
}

#[test]
fn sums_are_those_of_the_rows() {
    let mut generator = Generator(1);
    for _ in 0..300 {
        let (survey, panel) = any(&mut generator);
        let k = survey.items;
        let code = |row, item| survey.answer(row, item).map(|x| x as i64);
        let sum = |f: &dyn Fn(usize) -> Option<i64>| (0..survey.rows).filter_map(f).sum::<i64>();
        let upper = || (0..k).flat_map(move |i| (i..k).map(move |j| (i, j)));
        let square = || (0..k).flat_map(move |i| (0..k).map(move |j| (i, j)));
        let both = |row, i, j| Some((code(row, i)?, code(row, j)?));
        let mut expected: Vec<i64> = Vec::new();
        match panel {
            Panel::Small => {
                expected.extend((0..k).map(|j| sum(&|row| code(row, j))));
                let squares = |row| (0..k).map(|j| code(row, j).map(|x| x * x)).sum();
                let total = |row| (0..k).map(|j| code(row, j)).sum::<Option<i64>>();
                expected.push(sum(&squares));
                expected.push(sum(&|row| total(row).map(|t| t * t)));
            }
            Panel::Full => {
                expected.extend((0..k).map(|j| sum(&|row| code(row, j))));
                let product = |(i, j)| sum(&|row| both(row, i, j).map(|(x, y)| x * y));
                expected.extend(upper().map(product));
            }
            Panel::Pairwise => {
                expected.extend(upper().map(|(i, j)| sum(&|row| both(row, i, j).map(|_| 1))));
                let own = |(i, j)| sum(&|row| both(row, i, j).map(|(x, _)| x));
                expected.extend(square().map(own));
                let squares = |(i, j)| sum(&|row| both(row, i, j).map(|(x, _)| x * x));
                expected.extend(square().map(squares));
                let product = |(i, j)| sum(&|row| both(row, i, j).map(|(x, y)| x * y));
                expected.extend(upper().map(product));
            }
        }
        let moments = &exact(&survey, panel)[0];
        assert_eq!(moments.sums, expected, "{panel:?}");
        assert_eq!((moments.persons, moments.weight), (survey.rows as i64, survey.rows as i64));
    }
}

#[test]
fn parts_add_up_in_any_order() {
    let mut generator = Generator(2);
    for _ in 0..200 {
        let (survey, panel) = any(&mut generator);
        let mut cuts = [generator.below(survey.rows + 1), generator.below(survey.rows + 1)];
        cuts.sort_unstable();
        let [first, second] = cuts;
        let whole = part(&survey, panel, 0..survey.rows);
        let a = part(&survey, panel, 0..first);
        let b = part(&survey, panel, first..second);
        let c = part(&survey, panel, second..survey.rows);
        let sum = |parts: &[&Moments<i64>]| {
            let mut sum = Moments::empty(panel, survey.items);
            parts.iter().for_each(|part| sum.merge(part).unwrap());
            sum
        };
        assert_eq!(sum(&[&a, &b, &c]), whole);
        assert_eq!(sum(&[&a, &sum(&[&b, &c])]), whole, "associative");
        assert_eq!(sum(&[&c, &a, &b]), whole, "commutative");
        let mut rest = whole.clone();
        rest.subtract(&b).unwrap();
        assert_eq!(rest, sum(&[&a, &c]), "what was added can be taken away");
    }
}

#[test]
fn moments_of_other_items_or_panels_are_not_added() {
    let mut moments = Moments::<i64>::empty(Panel::Full, 3);
    for other in [Moments::empty(Panel::Full, 4), Moments::empty(Panel::Pairwise, 3)] {
        assert!(moments.merge(&other).is_err());
        assert!(moments.subtract(&other).is_err());
    }
}

#[test]
fn groups_have_the_moments_of_their_rows() {
    // Two groups are longer than what is counted at once.
    let survey = Survey::one_factor(4, 30_000, 3, 6).grouped(&[0, 20_000, 20_001, 30_000]);
    for panel in PANELS {
        let groups = exact(&survey, panel);
        for (moments, bounds) in groups.iter().zip(survey.groups.windows(2)) {
            assert_eq!(*moments, part(&survey, panel, bounds[0]..bounds[1]));
        }
    }
}

#[test]
fn pairwise_is_listwise_where_nobody_is_missing() {
    let mut generator = Generator(3);
    for _ in 0..100 {
        let (rows, items) = (2 + generator.below(300), 1 + generator.below(6));
        let survey = Survey::one_factor(generator.bits(), rows, items, 6);
        let full = dispersion(&exact(&survey, Panel::Full)[0]);
        let pairwise = dispersion(&exact(&survey, Panel::Pairwise)[0]);
        assert_eq!(pairwise.means, full.means);
        assert_eq!(pairwise.covariance, full.covariance);
        // One rounds an exact sum, the other adds rounded covariances.
        assert_near(pairwise.trace, full.trace, 1e-14, "trace");
        assert_close(pairwise.total, full.total, 1e-14 * full.trace * items as f64, "total");
        for (r, expected) in pairwise.correlation.iter().zip(&full.correlation) {
            if expected.is_nan() {
                assert!(r.is_nan());
            } else {
                // One divides variances by n - 1 before the root, the other does not.
                assert_close(*r, *expected, 1e-15, "correlation");
            }
        }
    }
}

#[test]
fn no_digit_is_lost_where_answers_hardly_vary() {
    // One person in a million disagrees: the variance is 1 / n, among squares that sum to 6e10.
    let rows = 1_000_000;
    let mut codes = vec![254; 2 * rows];
    codes[rows / 3] = 253;
    codes[rows + rows / 3] = 253;
    let survey = Survey::of(codes, rows, 2);
    let variance = 1.0 / rows as f64;
    for panel in [Panel::Full, Panel::Pairwise] {
        let dispersion = dispersion(&exact(&survey, panel)[0]);
        for covariance in &dispersion.covariance {
            // An exact integer over two doubles.
            assert_near(*covariance, variance, 1e-15, "covariance");
        }
        assert_near(dispersion.total, 4.0 * variance, 1e-15, "total");
    }
    let small = dispersion(&exact(&survey, Panel::Small)[0]);
    assert_near(small.total, 4.0 * variance, 1e-15, "total of the small panel");
    assert_near(small.trace, 2.0 * variance, 1e-13, "trace of the small panel");
}

#[test]
fn reals_and_survey_weights_have_the_moments_of_their_codes() {
    let survey = Survey::one_factor(6, 5000, 4, 6).grouped(&[0, 4000, 5000]);
    for panel in PANELS {
        let survey =
            if panel == Panel::Pairwise { survey.clone().missing(7, 0.1) } else { survey.clone() };
        let expected = exact(&survey, panel);
        let missing = |&x: &u8| if x == 255 { f64::NAN } else { x.into() };
        let mut reals = survey.clone();
        reals.reals = Some(survey.codes.iter().map(missing).collect());
        let mut weighted = survey.clone();
        weighted.weights = Some(vec![1.0; survey.rows]);
        for other in [real(&reals, panel), real(&weighted, panel)] {
            for (real, exact) in other.iter().zip(&expected) {
                // Whole numbers below 2⁵³.
                assert_eq!(real.persons, exact.persons);
                assert_eq!(real.weight, exact.weight as f64);
                let sums: Vec<f64> = exact.sums.iter().map(|&sum| sum as f64).collect();
                assert_eq!(real.sums, sums, "{panel:?}");
            }
        }
    }
}

#[test]
fn sums_of_reals_keep_what_rounding_loses() {
    // While the first 256 rows are in the sum, its last digit stands for 32: what the middle adds would be lost.
    let rows = 8192;
    let value = |row| match row {
        0..256 => 1e15,
        7936.. => -1e15,
        _ => 0.03125,
    };
    let mut survey = Survey::of(vec![0; rows], rows, 1);
    survey.reals = Some((0..rows).map(value).collect());
    assert_eq!(real(&survey, Panel::Full)[0].sums[0], 0.03125 * 7680.0);
}

#[test]
fn the_scale_of_survey_weights_makes_no_difference() {
    let survey = Survey::one_factor(8, 700, 4, 6).missing(9, 0.05).weighted(10);
    let mut scaled = survey.clone();
    scaled.weights = survey.weights.as_ref().map(|all| all.iter().map(|w| 1000.0 * w).collect());
    let of = |survey: &Survey| dispersion(&real(survey, Panel::Pairwise)[0]);
    let (one, other) = (of(&survey), of(&scaled));
    for (a, b) in one.covariance.iter().zip(&other.covariance) {
        // Each covariance is a small difference of sums with relative errors near 1e-16.
        assert_near(*b, *a, 1e-13, "covariance");
    }
}
