//! Bounds of what chance allows. Seeds are fixed, so a test that passes once passes always.

use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, Discrete};

/// A probability that no right program reaches in any of the tests.
const IMPOSSIBLE: f64 = 1e-6;

/// Neither too far from the expected counts nor too close.
pub fn assert_chi_square(statistic: f64, degrees: usize, what: &str) {
    let law = ChiSquared::new(degrees as f64).unwrap();
    let (below, above) = (law.cdf(statistic), law.sf(statistic));
    assert!(
        below.min(above) > IMPOSSIBLE,
        "{what}: chi-square {statistic} of {degrees} has probability {}",
        below.min(above)
    );
}

/// Cells against their probabilities; neighbours are put together until ten are expected.
pub fn assert_cells(observed: &[f64], probabilities: &[f64], lost_degrees: usize, what: &str) {
    assert_eq!(observed.len(), probabilities.len(), "{what}");
    let all: f64 = observed.iter().sum();
    let mut cells = vec![(0.0, 0.0)];
    for (&count, p) in observed.iter().zip(probabilities) {
        if let Some((seen, expected)) = cells.last_mut() {
            *seen += count;
            *expected += all * p;
        }
        if cells.last().is_some_and(|&(_, expected)| expected >= 10.0) {
            cells.push((0.0, 0.0));
        }
    }
    // What is left over goes to the cell before it.
    let (seen, expected) = cells.pop().unwrap();
    let last = cells.last_mut().unwrap();
    *last = (last.0 + seen, last.1 + expected);
    let statistic = cells.iter().map(|(seen, expected)| (seen - expected).powi(2) / expected).sum();
    assert_chi_square(statistic, cells.len() - lost_degrees, what);
}

/// Whole numbers against the binomial law.
pub fn assert_binomial(
    values: impl Iterator<Item = u64>,
    trials: u64,
    probability: f64,
    what: &str,
) {
    let law = Binomial::new(probability, trials).unwrap();
    let mut observed = vec![0.0; trials as usize + 1];
    values.for_each(|value| observed[value as usize] += 1.0);
    let probabilities: Vec<f64> = (0..=trials).map(|x| law.pmf(x)).collect();
    assert_cells(&observed, &probabilities, 1, what);
}

/// The mean of independent values lies within five of its standard errors.
pub fn assert_mean(values: &[f64], expected: f64, what: &str) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let z = (mean - expected) / (variance / count).sqrt();
    assert!(z.abs() < 5.0, "{what}: mean {mean} where {expected} is expected, {z} standard errors");
}

/// Kolmogorov & Smirnov's largest distance from a distribution function.
pub fn assert_distribution(values: &mut [f64], cdf: impl Fn(f64) -> f64, what: &str) {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let distance = values.iter().enumerate().fold(0.0_f64, |most, (i, &x)| {
        let p = cdf(x);
        most.max(p - i as f64 / count).max((i + 1) as f64 / count - p)
    });
    // P(sqrt(n) D > d) tends to 2 exp(-2 d²).
    let scaled = distance * count.sqrt();
    assert!(2.0 * (-2.0 * scaled * scaled).exp() > IMPOSSIBLE, "{what}: distance {distance}");
}

/// Equal but for rounding.
pub fn assert_close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got} where {expected} is expected");
}

/// Equal but for rounding, relative to the expected number.
pub fn assert_near(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert_close(got, expected, tolerance * expected.abs(), what);
}
