//! Means and covariances of every replicate.

use crate::error::{Result, invalid};
use crate::moments::{Dispersion, Panel};
use crate::monitor::Monitor;
use crate::resampling::{Plan, Resampling, replicate_moments};
use crate::responses::Responses;
use crate::simd::Simd;

/// Means, and covariances with the divisor of maximum likelihood, of each replicate.
#[derive(Debug, Clone, Default)]
pub struct MomentSets {
    /// Replicates × variables.
    pub means: Vec<f64>,
    /// Replicates × variables × variables.
    pub covariances: Vec<f64>,
}

/// The moments of the replicates of one group.
pub fn moment_sets(
    simd: Simd,
    responses: &Responses,
    plan: Plan,
    monitor: &dyn Monitor,
) -> Result<MomentSets> {
    if responses.groups.len() != 1 {
        return invalid(format!("{} groups, but a model is of one", responses.groups.len()));
    }
    let k = responses.items;
    let run = Resampling { simd, responses, panel: Panel::Full, plan, monitor };
    let evaluate = |_: &mut (), _: usize, moments: &Dispersion, out: &mut [f64]| {
        let share = (moments.persons - 1.0) / moments.persons;
        let covariances = moments.covariance.iter().map(|value| value * share);
        for (place, value) in out.iter_mut().zip(moments.means.iter().copied().chain(covariances)) {
            *place = value;
        }
    };
    let all = replicate_moments(run, k + k * k, || (), evaluate)?;
    let mut sets = MomentSets::default();
    for set in all.chunks_exact(k + k * k) {
        let (means, covariances) = set.split_at(k);
        sets.means.extend_from_slice(means);
        sets.covariances.extend_from_slice(covariances);
    }
    Ok(sets)
}
