//! Binomial draws that are the same on every machine: only basic arithmetic and the portable `libm`.

/// A uniform number in (0, 1], from 53 bits of two words.
pub fn uniform(high: u32, low: u32) -> f64 {
    let bits = (u64::from(high) << 21) ^ u64::from(low >> 11);
    (bits + 1) as f64 / (1_u64 << 53) as f64
}

/// A draw from the binomial law with `n` trials; `words` gives four random words for each index.
///
/// Inversion where the mean is below ten, else Hörmann's (1993) transformed rejection (BTRS).
pub fn binomial(n: u64, probability: f64, words: impl Fn(u32) -> [u32; 4]) -> u64 {
    if n == 0 || probability <= 0.0 {
        return 0;
    }
    if probability >= 1.0 {
        return n;
    }
    if probability > 0.5 {
        return n - binomial(n, 1.0 - probability, words);
    }
    if n as f64 * probability < 10.0 {
        let [high, low, ..] = words(0);
        inversion(n, probability, uniform(high, low))
    } else {
        transformed_rejection(n as f64, probability, words) as u64
    }
}

fn inversion(n: u64, p: f64, u: f64) -> u64 {
    let odds = p / (1.0 - p);
    let mut probability = libm::exp(n as f64 * libm::log1p(-p));
    let mut below = probability;
    let mut count = 0;
    while u > below && count < n {
        probability *= odds * (n - count) as f64 / (count + 1) as f64;
        count += 1;
        below += probability;
    }
    count
}

fn transformed_rejection(n: f64, p: f64, words: impl Fn(u32) -> [u32; 4]) -> f64 {
    let q = 1.0 - p;
    let spread = (n * p * q).sqrt();
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = n * p + 0.5;
    let accept_at_once = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * spread;
    let mode = ((n + 1.0) * p).floor();
    let mut index = 0;
    loop {
        let [u_high, u_low, v_high, v_low] = words(index);
        index += 1;
        let u = uniform(u_high, u_low) - 0.5;
        let v = uniform(v_high, v_low);
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + c).floor();
        if us >= 0.07 && v <= accept_at_once {
            return k;
        }
        // Where us is zero, k is not finite.
        if !(k >= 0.0 && k <= n) {
            continue;
        }
        let hat = libm::log(v * alpha / (a / (us * us) + b));
        if hat <= log_ratio(n, p / q, mode, k) {
            return k;
        }
    }
}

/// log P(k) - log P(mode), by Stirling's series with its tail.
fn log_ratio(n: f64, odds: f64, mode: f64, k: f64) -> f64 {
    (mode + 0.5) * libm::log((mode + 1.0) / (odds * (n - mode + 1.0)))
        + (n + 1.0) * libm::log1p((k - mode) / (n - k + 1.0))
        + (k + 0.5) * libm::log(odds * (n - k + 1.0) / (k + 1.0))
        + stirling_tail(mode)
        + stirling_tail(n - mode)
        - stirling_tail(k)
        - stirling_tail(n - k)
}

/// log k! less Stirling's approximation of it in k + 1.
fn stirling_tail(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_09,
        0.016_644_691_189_821_19,
        0.013_876_128_823_070_75,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_09,
        0.009_255_462_182_712_73,
        0.008_330_563_433_362_87,
    ];
    if let Some(&tail) = SMALL.get(k as usize) {
        return tail;
    }
    let inverse = 1.0 / (k + 1.0);
    let square = inverse * inverse;
    (1.0 / 12.0 - (1.0 / 360.0 - square / 1260.0) * square) * inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{RoundKeys, philox4x32};

    #[test]
    fn stirling_tails_are_those_of_the_gamma_function() {
        for k in [0.0, 3.0, 9.0, 10.0, 25.0, 1000.0] {
            let x: f64 = k + 1.0;
            let approximation = 0.5 * (2.0 * std::f64::consts::PI).ln() + (k + 0.5) * x.ln() - x;
            let exact = libm::lgamma(x);
            // lgamma is good to a few units in the last place of its own size.
            assert!((stirling_tail(k) - (exact - approximation)).abs() < 1e-9 / (k + 1.0));
        }
    }

    /// Pearson's chi-square over cells with an expectation of at least ten.
    fn chi_square(n: u64, p: f64, draws: u32) -> (f64, usize) {
        let mut seen = std::collections::HashMap::new();
        for i in 0..draws {
            *seen
                .entry(binomial(n, p, |j| philox4x32([j, i, 0, n as u32], &RoundKeys::new([1, 2]))))
                .or_insert(0) += 1;
        }
        let log_choose = |k: f64| {
            libm::lgamma(n as f64 + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n as f64 - k + 1.0)
        };
        let (mut statistic, mut cells) = (0.0, 0);
        let (mut rest_expected, mut rest_seen) = (f64::from(draws), f64::from(draws));
        for k in 0..=n {
            let log = log_choose(k as f64) + k as f64 * p.ln() + (n - k) as f64 * (1.0 - p).ln();
            let expected = log.exp() * f64::from(draws);
            if expected >= 10.0 {
                let count = f64::from(*seen.get(&k).unwrap_or(&0));
                statistic += (count - expected).powi(2) / expected;
                cells += 1;
                rest_expected -= expected;
                rest_seen -= count;
            }
        }
        if rest_expected > 1.0 {
            statistic += (rest_seen - rest_expected).powi(2) / rest_expected;
            cells += 1;
        }
        (statistic, cells - 1)
    }

    #[test]
    fn draws_follow_the_binomial_law() {
        for (n, p) in [
            (5, 0.3),
            (60, 0.1),
            (40, 0.5),
            (100, 0.7),
            (4096, 0.5),
            (4097, 0.4998),
            (6144, 2.0 / 3.0),
        ] {
            let (statistic, degrees) = chi_square(n, p, 200_000);
            let degrees = degrees as f64;
            // Five standard deviations of a chi-square.
            assert!(
                statistic < degrees + 5.0 * (2.0 * degrees).sqrt(),
                "{n} {p}: {statistic} {degrees}"
            );
        }
    }
}
