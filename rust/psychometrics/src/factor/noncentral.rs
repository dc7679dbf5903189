//! The non-central chi-square distribution, for the interval of RMSEA.

use statrs::function::gamma::{gamma_lr, ln_gamma};

/// Weights of the mixture this far below the largest do not count.
const LEAST_WEIGHT: f64 = 1e-18;

/// The noncentrality at which a chi-square of at most `value` has this probability; 0 where none has.
pub(super) fn noncentrality(value: f64, freedom: f64, probability: f64) -> f64 {
    let below = |noncentrality: f64| cdf(value, freedom, noncentrality);
    if below(0.0) <= probability {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, value.max(1.0));
    while below(high) > probability {
        (low, high) = (high, 2.0 * high);
    }
    // Halving until nothing is between.
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if below(middle) > probability {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The probability of at most `value`: central probabilities, weighted by Poisson's (Patnaik 1949).
fn cdf(value: f64, freedom: f64, noncentrality: f64) -> f64 {
    let (x, half, rate) = (value / 2.0, freedom / 2.0, noncentrality / 2.0);
    if value <= 0.0 {
        return 0.0;
    }
    if rate == 0.0 {
        return gamma_lr(half, x);
    }
    // From the mode of the weights both ways, each probability from its neighbour: P(a) = P(a + 1) + xᵃ e⁻ˣ / Γ(a + 1).
    let mode = rate.floor();
    let weight = (mode * rate.ln() - rate - ln_gamma(mode + 1.0)).exp();
    let step = |a: f64| (a * x.ln() - x - ln_gamma(a + 1.0)).exp();
    let start = gamma_lr(half + mode, x);
    let mut sum = weight * start;
    let (mut j, mut w, mut p, mut s) = (mode, weight, start, step(half + mode - 1.0));
    while j > 0.0 && w > LEAST_WEIGHT * weight {
        p = (p + s).min(1.0);
        w *= j / rate;
        s *= (half + j - 1.0) / x;
        j -= 1.0;
        sum += w * p;
    }
    (j, w, p, s) = (mode, weight, start, step(half + mode));
    while w > LEAST_WEIGHT * weight && p > 0.0 {
        p = (p - s).max(0.0);
        j += 1.0;
        w *= rate / j;
        s *= x / (half + j);
        sum += w * p;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: `pchisq(x, df, ncp)`.
    #[test]
    fn probabilities_are_rs() {
        for (x, df, ncp, known) in [
            (10.0, 5.0, 3.0, 0.7172368464311434),
            (30.0, 12.0, 20.0, 0.45723401607012637),
            (3.0, 27.0, 1.0, 1.638711451880432e-9),
            (500.0, 275.0, 200.0, 0.7558908113724305),
            (40.0, 1.0, 30.0, 0.8015943242759266),
        ] {
            let ours = cdf(x, df, ncp);
            // R stops its own sum at 1e-12.
            assert!((ours - known).abs() < 1e-11, "{x} {df} {ncp}: {ours} {known}");
        }
    }
}
