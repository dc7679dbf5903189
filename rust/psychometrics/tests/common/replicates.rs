//! Everything that a replicate's moments say, as a row of numbers.

use psychometrics::moments::{Dispersion, Panel};
use psychometrics::monitor::Silent;
use psychometrics::resampling::{Plan, Resampling, Weights, replicate_moments};
use psychometrics::responses::Responses;
use psychometrics::simd::Simd;

pub fn plan(seed: u64, replicates: usize, weights: Weights) -> Plan {
    Plan { seed, replicates, weights }
}

/// Numbers of a replicate.
pub fn width(items: usize) -> usize {
    3 + items + 2 * items * items
}

/// Persons, trace, total, means, covariances, correlations; zero where a panel has none.
pub fn write(dispersion: &Dispersion, out: &mut [f64]) {
    let parts = [
        &[dispersion.persons, dispersion.trace, dispersion.total],
        &dispersion.means[..],
        &dispersion.covariance[..],
        &dispersion.correlation[..],
    ];
    for (out, value) in out.iter_mut().zip(parts.concat()) {
        *out = value;
    }
}

/// All replicates, by group, then replicate.
pub fn all(simd: Simd, responses: &Responses, panel: Panel, plan: Plan) -> Vec<Vec<f64>> {
    let width = width(responses.items);
    let write = |_: &mut (), _, dispersion: &Dispersion, out: &mut [f64]| write(dispersion, out);
    let resampling = Resampling { simd, responses, panel, plan, monitor: &Silent };
    let run = replicate_moments(resampling, width, || (), write);
    run.unwrap().chunks_exact(width).map(<[f64]>::to_vec).collect()
}

/// As bits, so that NaN equals NaN.
pub fn bits(replicates: &[Vec<f64>]) -> Vec<Vec<u64>> {
    replicates.iter().map(|row| row.iter().map(|x| x.to_bits()).collect()).collect()
}
