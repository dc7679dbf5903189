//! The one-factor discrepancy of maximum likelihood with loadings at their best: a function of uniquenesses alone.

use super::LEAST_UNIQUENESS;
use super::spectrum::Spectrum;
use crate::linalg::{cholesky, cholesky_solve, eigen};
use crate::monitor::Monitor;

/// The discrepancy with the loadings at their best for given uniquenesses, as a function of their logarithms.
pub(super) struct Concentrated {
    value: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
    /// The largest eigenvalue of the matrix scaled by uniquenesses, and its vector.
    largest: f64,
    vector: Vec<f64>,
}

impl Concentrated {
    pub fn new(correlation: &[f64], log_uniquenesses: &[f64]) -> Concentrated {
        let items = log_uniquenesses.len();
        let t: Vec<f64> = log_uniquenesses.iter().map(|x| x.exp()).collect();
        let scaled: Vec<f64> = (0..items * items)
            .map(|at| correlation[at] / (t[at / items] * t[at % items]).sqrt())
            .collect();
        let mut spectrum = Spectrum::default();
        let (values, vectors) = match spectrum.of(&scaled, items) {
            true => (spectrum.values, spectrum.vectors),
            false => eigen(&scaled, items),
        };
        // Where no eigenvalue exceeds one, the best loadings are zero.
        let largest = values[0].max(1.0);
        let v = vectors[..items].to_vec();
        let value = log_uniquenesses.iter().sum::<f64>()
            + (0..items).map(|j| scaled[j * items + j]).sum::<f64>()
            + largest.ln()
            - largest;
        let gradient = (0..items)
            .map(|j| 1.0 - scaled[j * items + j] + (largest - 1.0) * v[j] * v[j])
            .collect();
        let mut hessian = vec![0.0; items * items];
        for i in 0..items {
            for j in 0..items {
                // The generalised inverse of (largest - scaled matrix), by its eigenvectors.
                let inverse: f64 = (1..items)
                    .map(|m| {
                        let gap = (largest - values[m]).max(1e-10);
                        vectors[m * items + i] * vectors[m * items + j] / gap
                    })
                    .sum();
                let own = if i == j { largest * v[i] * v[i] } else { 0.0 };
                let curvature = 2.0 * largest * (v[i] * v[j]).powi(2)
                    + 2.0 * largest * largest * v[i] * v[j] * inverse
                    - own;
                hessian[i * items + j] = (1.0 / largest - 1.0) * curvature - (v[i] * v[j]).powi(2);
            }
            hessian[i * items + i] += scaled[i * items + i];
        }
        Concentrated { value, gradient, hessian, largest, vector: v }
    }

    pub fn loadings(&self, uniquenesses: &[f64]) -> Vec<f64> {
        let sign = if self.vector.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
        let scale = sign * (self.largest - 1.0).sqrt();
        self.vector.iter().zip(uniquenesses).map(|(v, t)| v * t.sqrt() * scale).collect()
    }

    /// The second derivatives among the items that are not on their bounds, and these items.
    pub fn free_hessian(&self, bounded: &[bool]) -> (Vec<f64>, Vec<usize>) {
        let free: Vec<usize> = (0..bounded.len()).filter(|&j| !bounded[j]).collect();
        let size = free.len();
        let value = |at: usize| self.hessian[free[at / size] * bounded.len() + free[at % size]];
        ((0..size * size).map(value).collect(), free)
    }

    /// Where bounded Newton steps that always go down end: the point, its logarithms of uniquenesses, and which of
    /// these are on their bounds.
    pub fn lowest(
        correlation: &[f64],
        items: usize,
        monitor: &dyn Monitor,
    ) -> (Concentrated, Vec<f64>, Vec<bool>) {
        // Half of each variance unique, whatever the matrix: reaches the lower of two minima more often than squared
        // multiple correlations do.
        let mut logs = vec![0.5_f64.ln(); items];
        let least = LEAST_UNIQUENESS.ln();
        let mut point = Concentrated::new(correlation, &logs);
        let mut bounded = vec![false; items];
        for _ in 0..500 {
            bounded = (0..items).map(|j| logs[j] <= least && point.gradient[j] >= 0.0).collect();
            let largest = (0..items)
                .filter(|&j| !bounded[j])
                .fold(0.0_f64, |most, j| most.max(point.gradient[j].abs()));
            if largest < 1e-9 || monitor.cancelled() {
                break;
            }
            let step = point.step(&bounded);
            let Some((next, next_logs)) = point.go_down(correlation, &logs, &step, least) else {
                // No smaller value along the step: at the limits of precision.
                break;
            };
            (point, logs) = (next, next_logs);
        }
        (point, logs, bounded)
    }

    /// A step downhill: Newton's, with negative curvature turned positive. Bounded items stay.
    fn step(&self, bounded: &[bool]) -> Vec<f64> {
        let (hessian, free) = self.free_hessian(bounded);
        let size = free.len();
        let mut step = vec![0.0; bounded.len()];
        let mut factor = hessian.clone();
        if cholesky(&mut factor, size) {
            // No negative curvature to turn, and so no need of eigenvectors.
            let mut changes: Vec<f64> = free.iter().map(|&j| -self.gradient[j]).collect();
            cholesky_solve(&factor, size, &mut changes);
            free.iter().zip(changes).for_each(|(&j, change)| step[j] = change);
            return shortened(step);
        }
        let (values, vectors) = eigen(&hessian, size);
        for (value, vector) in values.iter().zip(vectors.chunks_exact(size.max(1))) {
            let along: f64 = vector.iter().zip(&free).map(|(v, &j)| v * self.gradient[j]).sum();
            let change = -along / value.abs().max(1e-9);
            for (v, &j) in vector.iter().zip(&free) {
                step[j] += change * v;
            }
        }
        shortened(step)
    }

    /// The first point along the step, halved again and again, that lies lower.
    fn go_down(
        &self,
        correlation: &[f64],
        logs: &[f64],
        step: &[f64],
        least: f64,
    ) -> Option<(Concentrated, Vec<f64>)> {
        let mut length = 1.0;
        for _ in 0..40 {
            let next: Vec<f64> =
                logs.iter().zip(step).map(|(x, s)| (x + length * s).clamp(least, 0.0)).collect();
            let point = Concentrated::new(correlation, &next);
            if point.value < self.value {
                return Some((point, next));
            }
            length *= 0.5;
        }
        None
    }
}

/// A step in which no logarithm moves by more than two: beyond that is not what the curvature knows.
fn shortened(mut step: Vec<f64>) -> Vec<f64> {
    let longest = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
    let scale = (2.0 / longest).min(1.0);
    step.iter_mut().for_each(|s| *s *= scale);
    step
}
