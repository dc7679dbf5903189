//! Polychoric correlations: closed forms, the estimate's own derivative, odd tables, the same bits for any threads.

#![allow(clippy::unwrap_used)]

mod common;

use std::f64::consts::PI;

use common::Generator;
use psychometrics::association::{Status, Table, associations, correlation, thresholds};
use psychometrics::monitor::{Monitor, Silent};
use psychometrics::responses::{Answers, Boundaries, MISSING, Responses};
use psychometrics::{Error, association::Associations};

/// Newton's last step is below 1e-9, so what is left is rounding in the score.
const SOLVED: f64 = 1e-12;

fn table(rows: usize, columns: usize, counts: &[u64]) -> Table {
    Table::new(rows, columns, counts.to_vec()).unwrap()
}

#[test]
fn two_by_two_with_margins_at_one_half_is_a_sine() {
    for (same, other) in [(30, 20), (1, 99), (70, 7), (500, 500), (999, 1)] {
        let found = correlation(&table(2, 2, &[same, other, other, same]));
        // Sheppard (1899): a quarter and asin(rho) / (2 pi) of the persons are below both medians.
        let share = same as f64 / (2 * (same + other)) as f64;
        let expected = (2.0 * PI * (share - 0.25)).sin();
        assert_eq!(found.status, Status::Ok);
        assert!((found.rho - expected).abs() < SOLVED, "{same}: {} {expected}", found.rho);
    }
}

#[test]
fn empty_categories_change_nothing() {
    let full = correlation(&table(3, 3, &[20, 8, 3, 9, 25, 7, 2, 10, 16]));
    let holes = [20, 0, 8, 3, 0, 0, 0, 0, 9, 0, 25, 7, 2, 0, 10, 16, 0, 0, 0, 0];
    let sparse = correlation(&table(5, 4, &holes));
    assert_eq!(full.rho.to_bits(), sparse.rho.to_bits());
    assert_eq!(full.standard_error.to_bits(), sparse.standard_error.to_bits());
}

#[test]
fn turning_an_item_turns_the_sign_and_exchanging_items_changes_nothing() {
    let counts = [[20, 8, 3], [9, 25, 7], [2, 10, 16]];
    let of = |f: &dyn Fn(usize, usize) -> u64| {
        correlation(&table(3, 3, &(0..9).map(|at| f(at / 3, at % 3)).collect::<Vec<_>>()))
    };
    let straight = of(&|a, b| counts[a][b]);
    let turned = of(&|a, b| counts[2 - a][b]);
    let exchanged = of(&|a, b| counts[b][a]);
    for (other, sign) in [(turned, -1.0), (exchanged, 1.0)] {
        assert!((straight.rho - sign * other.rho).abs() < SOLVED);
        assert!((straight.standard_error - other.standard_error).abs() < SOLVED);
    }
}

#[test]
fn boundaries_and_tables_without_a_correlation_say_so() {
    let cases: [(&[u64], usize, usize, Status, f64); 8] = [
        (&[10, 0, 0, 12], 2, 2, Status::Boundary, 1.0),
        (&[10, 4, 0, 12], 2, 2, Status::Boundary, 1.0),
        (&[0, 4, 9, 12], 2, 2, Status::Boundary, -1.0),
        (&[5, 0, 0, 0, 7, 0, 0, 0, 9], 3, 3, Status::Boundary, 1.0),
        (&[5, 3, 0, 0, 7, 2, 0, 0, 9], 3, 3, Status::Boundary, 1.0),
        (&[5, 6, 0, 0], 2, 2, Status::OneCategory, f64::NAN),
        (&[1, 0, 0, 0], 2, 2, Status::TooFewRows, f64::NAN),
        (&[0, 0, 0, 0], 2, 2, Status::TooFewRows, f64::NAN),
    ];
    for (counts, rows, columns, status, rho) in cases {
        let found = correlation(&table(rows, columns, counts));
        assert_eq!(found.status, status, "{counts:?}");
        assert!(found.rho == rho || (found.rho.is_nan() && rho.is_nan()), "{counts:?}");
        assert!(found.standard_error.is_nan());
    }
}

#[test]
fn one_person_against_a_nearly_perfect_relation_is_no_boundary() {
    // The probability of that person is far below rounding wherever the others would like rho to be.
    let size = 5;
    for (others, status) in
        [(100, Status::Ok), (500, Status::Ok), (1_000_000, Status::NotConverged)]
    {
        let mut counts = vec![0; size * size];
        for at in 0..size {
            counts[at * size + at] = others;
        }
        counts[size - 1] = 1;
        let table = table(size, size, &counts);
        let found = correlation(&table);
        assert_eq!(found.status, status, "{others} {found:?}");
        if status == Status::Ok {
            assert!((found.rho - best_of_grid(&table)).abs() <= 0.01, "{others} {found:?}");
            assert!(found.standard_error > 0.0);
        } else {
            assert!(found.rho.is_nan() && found.standard_error.is_nan());
        }
    }
}

/// The score of the whole table by brute force over a grid of correlations.
fn best_of_grid(table: &Table) -> f64 {
    use psychometrics::association::BivariateNormal;
    let (rows, columns) = table.margins();
    let ends = |counts: &[u64]| {
        let mut all = vec![f64::NEG_INFINITY];
        all.extend(thresholds(counts));
        all.push(f64::INFINITY);
        all
    };
    let (h, k) = (ends(&rows), ends(&columns));
    let likelihood = |rho: f64| -> f64 {
        let normal = BivariateNormal::new(rho);
        let cell = |(a, b, count): (usize, usize, u64)| {
            let corner = |x: f64, y: f64| normal.cdf(x, y);
            let difference =
                corner(h[a + 1], k[b + 1]) - corner(h[a], k[b + 1]) - corner(h[a + 1], k[b])
                    + corner(h[a], k[b]);
            count as f64 * normal.rectangle(difference, (h[a], h[a + 1]), (k[b], k[b + 1])).ln()
        };
        table.occupied().map(cell).sum()
    };
    let grid = (-99..100).map(|at| f64::from(at) / 100.0);
    grid.map(|rho| (likelihood(rho), rho)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

#[test]
fn the_maximum_that_is_found_is_the_highest() {
    let mut random = Generator(11);
    let mut interior = 0;
    for trial in 0..600 {
        let (rows, columns) = (2 + trial % 4, 2 + trial / 4 % 4);
        let persons = 5 + random.below(60);
        let rho = random.normal().tanh();
        let mut counts = vec![0; rows * columns];
        for _ in 0..persons {
            let first = random.normal();
            let second = rho * first + (1.0 - rho * rho).sqrt() * random.normal();
            let code = |x: f64, size: usize| ((x + 1.0).max(0.0) * 1.5).min(size as f64 - 1.0);
            counts[code(first, rows) as usize * columns + code(second, columns) as usize] += 1;
        }
        let table = table(rows, columns, &counts).used();
        let found = correlation(&table);
        match found.status {
            Status::Ok if found.rho.abs() < 0.985 => {
                interior += 1;
                let best = best_of_grid(&table);
                assert!((found.rho - best).abs() <= 0.01, "{table:?} {} {best}", found.rho);
            }
            Status::Ok | Status::Boundary => {
                let best = best_of_grid(&table);
                assert!(best * found.rho.signum() > 0.97, "{table:?} {} {best}", found.rho);
            }
            status => assert_eq!(status, Status::OneCategory, "{table:?}"),
        }
    }
    assert!(interior > 400, "{interior}");
}

#[test]
fn the_standard_error_is_the_spread_of_the_estimates_own_derivative() {
    let counts = [40, 22, 6, 1, 25, 60, 33, 9, 4, 30, 55, 28, 0, 7, 21, 39];
    let persons: u64 = counts.iter().sum();
    // So many persons of each kind that one more is an infinitesimal part.
    let many = 100_000;
    let scaled: Vec<u64> = counts.iter().map(|count| count * many).collect();
    let mut squares = 0.0;
    for cell in 0..counts.len() {
        let (mut more, mut less) = (scaled.clone(), scaled.clone());
        if counts[cell] == 0 {
            continue;
        }
        more[cell] += many / 100;
        less[cell] -= many / 100;
        let difference =
            correlation(&table(4, 4, &more)).rho - correlation(&table(4, 4, &less)).rho;
        let influence = difference / 0.02 * persons as f64;
        squares += counts[cell] as f64 * influence * influence;
    }
    let expected = (squares / (persons * (persons - 1)) as f64).sqrt();
    let found = correlation(&table(4, 4, &counts)).standard_error;
    // The difference over a hundredth of a person is off by its square.
    assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
}

fn codes(rows: usize, items: usize) -> Vec<u8> {
    let mut random = Generator(5);
    let factor: Vec<f64> = (0..rows).map(|_| random.normal()).collect();
    let mut codes = Vec::with_capacity(rows * items);
    for _ in 0..items {
        for factor in &factor {
            let code = (factor + random.normal() + 2.0).round().clamp(0.0, 4.0) as u8;
            codes.push(if random.below(10) == 0 { MISSING } else { code });
        }
    }
    codes
}

fn asked(codes: &[u8], rows: usize, monitor: &dyn Monitor) -> psychometrics::Result<Associations> {
    let groups = [0, 7, rows / 2, rows];
    let boundaries = Boundaries { groups: &groups, strata: None, clusters: None };
    let items = codes.len() / rows;
    let responses = Responses::new(Answers::Codes(codes), rows, items, None, boundaries)?;
    associations(&responses, 5, monitor)
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let (rows, items) = (4001, 6);
    let codes = codes(rows, items);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| asked(&codes, rows, &Silent)).unwrap();
        let bits = |c: &psychometrics::association::Correlation| {
            (c.rho.to_bits(), c.standard_error.to_bits(), c.status)
        };
        (found.correlations.iter().map(bits).collect::<Vec<_>>(), found.persons, found.counts)
    };
    let one = with(1);
    assert_eq!(one.0.len(), 3 * 15);
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
}

#[test]
fn tables_leave_out_who_lacks_an_answer() {
    let first = [0, 1, MISSING, 1, 2, 2, 0, 1, 1];
    let second = [1, 1, 0, MISSING, 0, 2, 1, 1, 2];
    let counted = Table::count(&first, &second, 3);
    assert_eq!(counted, table(3, 3, &[0, 2, 0, 0, 2, 1, 1, 0, 1]));
    assert_eq!((counted.persons(), counted.empty_cells()), (7, 4));
}

#[test]
fn who_asks_to_stop_is_heard_and_codes_out_of_range_are_refused() {
    struct Stopped;
    impl Monitor for Stopped {
        fn cancelled(&self) -> bool {
            true
        }
        fn advance(&self, _: u64) {}
    }
    let codes = codes(100, 3);
    assert_eq!(asked(&codes, 100, &Stopped), Err(Error::Cancelled));
    let mut wide = codes.clone();
    wide[0] = 5;
    assert!(matches!(asked(&wide, 100, &Silent), Err(Error::Invalid(_))));
}

#[test]
fn thresholds_are_normal_quantiles_of_shares() {
    let found = thresholds(&[25, 0, 25, 50, 0]);
    let quartile = -0.674_489_750_196_081_7;
    assert!((found[0] - quartile).abs() < SOLVED);
    assert_eq!((found[0], found[2].abs() < SOLVED, found[3]), (found[1], true, f64::INFINITY));
}

#[test]
fn an_item_that_nobody_answered_has_no_thresholds() {
    let found = thresholds(&[0, 0, 0]);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|x| x.is_nan()));
}
