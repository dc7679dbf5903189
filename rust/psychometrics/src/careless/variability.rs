//! Intra-individual response variability: the standard deviation of a person's answers, as given.

use super::tile::{LANES, Lanes};
use crate::responses::MISSING;

/// The standard deviation (divisor n - 1) over the items answered; NaN below two.
pub fn standard_deviation(raw: &[Lanes<u8>]) -> Lanes<f64> {
    let mut count = [0_u64; LANES];
    let mut sum = [0_u64; LANES];
    let mut squares = [0_u64; LANES];
    for answers in raw {
        for lane in 0..LANES {
            let given = answers[lane] != MISSING;
            let x = if given { u64::from(answers[lane]) } else { 0 };
            count[lane] += u64::from(given);
            sum[lane] += x;
            squares[lane] += x * x;
        }
    }
    std::array::from_fn(|lane| {
        let n = count[lane];
        if n < 2 {
            return f64::NAN;
        }
        // Exact up to the division.
        let spread = n * squares[lane] - sum[lane] * sum[lane];
        (spread as f64 / (n * (n - 1)) as f64).sqrt()
    })
}
