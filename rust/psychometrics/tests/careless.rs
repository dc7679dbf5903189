//! Indices of careless answering: the same bits for any threads, stopped when asked, bad input refused.

mod common;

use common::Generator;
use psychometrics::Error;
use psychometrics::careless::{Basis, Indices, NAMES, Question, Subscale, indices, repeated_rows};
use psychometrics::monitor::{Monitor, Silent};
use psychometrics::responses::MISSING;
use psychometrics::simd::Simd;

const ITEMS: usize = 8;

/// Answers 0 to 4 of one factor, item by item; every tenth is missing.
fn codes(rows: usize) -> Vec<u8> {
    let mut random = Generator(5);
    let factor: Vec<f64> = (0..rows).map(|_| random.normal()).collect();
    let mut codes = Vec::with_capacity(rows * ITEMS);
    for item in 0..ITEMS {
        let sign = if item % 2 == 0 { 1.0 } else { -1.0 };
        for factor in &factor {
            let response = sign * factor + 0.5 * random.normal() + item as f64 / 10.0;
            let code = (response + 2.0).round().clamp(0.0, 4.0) as u8;
            codes.push(if random.below(10) == 0 { MISSING } else { code });
        }
    }
    codes
}

fn asked(codes: &[u8], rows: usize, monitor: &dyn Monitor) -> psychometrics::Result<Indices> {
    let reversed: Vec<bool> = (0..ITEMS).map(|item| item % 2 == 1).collect();
    let part = |first: usize| vec![(first, first % 2 == 1), (first + 1, first.is_multiple_of(2))];
    let subscales: Vec<Subscale> = (0..ITEMS / 2).map(|number| part(2 * number)).collect();
    let question = Question {
        codes,
        rows,
        items: ITEMS,
        highest: 4,
        reversed: &reversed,
        subscales: &subscales,
        pair_correlation: 0.6,
    };
    indices(Simd::scalar(), question, monitor)
}

fn bits(found: &Indices) -> Vec<Vec<u64>> {
    found.values.iter().map(|values| values.iter().map(|v| v.to_bits()).collect()).collect()
}

#[test]
fn threads_make_no_difference() {
    let rows = 10_001;
    let codes = codes(rows);
    let one = asked(&codes, rows, &Silent).unwrap();
    assert_eq!(one.basis, Basis::Pairwise);
    assert!(one.synonyms.len() >= 3 && one.antonyms.len() >= 3);
    for (name, values) in NAMES.iter().zip(&one.values) {
        assert!(values.iter().filter(|value| value.is_finite()).count() > rows / 2, "{name}");
    }
    for threads in [1, 2, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let other = pool.install(|| asked(&codes, rows, &Silent)).unwrap();
        assert!(bits(&one) == bits(&other), "{threads} threads");
    }
}

#[test]
fn repeated_rows_are_counted() {
    // Three persons, two of them alike, and two who answered nothing.
    let codes = [1, 2, 1, MISSING, MISSING, 3, 3, 3, MISSING, MISSING];
    assert_eq!(repeated_rows(&codes, 5, 2, &Silent).unwrap(), [2, 1, 2, 0, 0]);
}

/// Wants to stop at once.
struct Impatient;

impl Monitor for Impatient {
    fn cancelled(&self) -> bool {
        true
    }
    fn advance(&self, _persons: u64) {}
}

#[test]
fn stopped_when_asked() {
    let codes = codes(300);
    assert_eq!(asked(&codes, 300, &Impatient).unwrap_err(), Error::Cancelled);
    assert_eq!(repeated_rows(&codes, 300, ITEMS, &Impatient).unwrap_err(), Error::Cancelled);
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    assert!(matches!(asked(&[], 0, &Silent), Err(Error::Invalid(_))));
    assert!(matches!(asked(&[5; ITEMS], 1, &Silent), Err(Error::Invalid(_))));
    assert!(matches!(asked(&[1; ITEMS], 2, &Silent), Err(Error::Invalid(_))));
}
