//! The upper tail of the chi-square distribution for whole degrees of freedom.

use statrs::function::gamma::gamma_ur;

/// From here on the terms of the sum would leave the range of reals.
const LARGEST: f64 = 600.0;

/// The probability that chi-square with `freedom` degrees of freedom exceeds `value`.
///
/// The finite sums of Abramowitz & Stegun (1964), 26.4.4 and 26.4.5: all terms are positive.
pub fn chi_square_tail(value: f64, freedom: usize) -> f64 {
    let half = value / 2.0;
    if freedom == 0 || half.is_nan() {
        return f64::NAN;
    }
    if half > LARGEST {
        return gamma_ur(freedom as f64 / 2.0, half);
    }
    if half <= 0.0 {
        return 1.0;
    }
    let even = freedom.is_multiple_of(2);
    // Terms half^a / Γ(a + 1), a = 0, 1, ... or 1/2, 3/2, ..., below freedom / 2.
    let mut power = if even { 0.0 } else { 0.5 };
    let mut term = if even { 1.0 } else { 2.0 * (half / std::f64::consts::PI).sqrt() };
    let mut sum = 0.0;
    for _ in 0..freedom / 2 {
        sum += term;
        power += 1.0;
        term *= half / power;
    }
    let first = if even { 0.0 } else { libm::erfc(half.sqrt()) };
    (first + (-half).exp() * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_and_the_incomplete_gamma_function_agree() {
        // Two degrees of freedom: exp(-x/2).
        assert_eq!(chi_square_tail(3.0, 2), (-1.5_f64).exp());
        assert_eq!(chi_square_tail(0.0, 5), 1.0);
        assert!(chi_square_tail(1.0, 0).is_nan());
        for freedom in [1, 2, 3, 10, 49, 50, 200] {
            for value in [0.1, 1.0, 17.5, 49.0, 120.0, 1100.0] {
                let (ours, known) =
                    (chi_square_tail(value, freedom), gamma_ur(freedom as f64 / 2.0, value / 2.0));
                // The peer stops its series at about this.
                assert!((ours - known).abs() <= 1e-11 * known, "{value} {freedom} {ours} {known}");
            }
        }
    }
}
