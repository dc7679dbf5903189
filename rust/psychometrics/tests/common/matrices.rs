//! Covariance matrices with known reliability, and random ones.

use super::Generator;
use psychometrics::moments::Dispersion;
use psychometrics::monitor::Silent;
use psychometrics::reliability::{Coefficient, Estimator, Outcome};

/// What moments of a thousand persons with these covariances would say.
pub fn dispersion(covariance: &[f64], items: usize) -> Dispersion {
    assert_eq!(covariance.len(), items * items);
    let variance = |j: usize| covariance[j * items + j];
    let correlation = (0..items * items).map(|at| {
        let (i, j) = (at / items, at % items);
        if i == j { 1.0 } else { covariance[at] / (variance(i) * variance(j)).sqrt() }
    });
    Dispersion {
        items,
        persons: 1000.0,
        means: vec![0.0; items],
        correlation: correlation.collect(),
        covariance: covariance.to_vec(),
        pairs: Vec::new(),
        smallest_variance: (0..items).map(variance).fold(f64::INFINITY, f64::min),
        trace: (0..items).map(variance).sum(),
        total: covariance.iter().sum(),
    }
}

/// Covariances of a one-factor model.
pub fn one_factor(loadings: &[f64], uniquenesses: &[f64]) -> Vec<f64> {
    let items = loadings.len();
    (0..items * items)
        .map(|at| {
            let (i, j) = (at / items, at % items);
            loadings[i] * loadings[j] + if i == j { uniquenesses[i] } else { 0.0 }
        })
        .collect()
}

/// Covariances of `persons` persons drawn from a one-factor model with unequal variances.
pub fn sampled(seed: u64, items: usize, persons: usize) -> Vec<f64> {
    let mut generator = Generator(seed);
    let loadings: Vec<f64> = (0..items).map(|_| 0.4 + 0.8 * generator.uniform()).collect();
    let scales: Vec<f64> = (0..items).map(|_| 0.5 + generator.uniform()).collect();
    let mut rows = Vec::new();
    for _ in 0..persons {
        let factor = generator.normal();
        let answer = |j: usize| scales[j] * (loadings[j] * factor + generator.normal());
        rows.push((0..items).map(answer).collect::<Vec<f64>>());
    }
    let count = persons as f64;
    let mean = |j: usize| rows.iter().map(|row| row[j]).sum::<f64>() / count;
    let means: Vec<f64> = (0..items).map(mean).collect();
    (0..items * items)
        .map(|at| {
            let (i, j) = (at / items, at % items);
            let product = |row: &Vec<f64>| (row[i] - means[i]) * (row[j] - means[j]);
            rows.iter().map(product).sum::<f64>() / (count - 1.0)
        })
        .collect()
}

/// A Heywood case: no single factor can make the first two items that similar.
pub fn heywood() -> Vec<f64> {
    let mut covariance = one_factor(&[0.9, 0.8, 0.5, 0.4], &[0.19, 0.36, 0.75, 0.84]);
    for (i, j, r) in [(0, 1, 0.95), (0, 2, 0.6)] {
        covariance[4 * i + j] = r;
        covariance[4 * j + i] = r;
    }
    let scales = [1.0, 1.7, 0.6, 1.2];
    (0..16).map(|at| covariance[at] * scales[at / 4] * scales[at % 4]).collect()
}

/// The coefficient of these covariances, from nothing.
pub fn cold(coefficient: Coefficient, covariance: &[f64], items: usize) -> Outcome {
    Estimator::default().evaluate(coefficient, &dispersion(covariance, items), &Silent)
}
