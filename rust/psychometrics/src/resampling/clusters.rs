//! The cluster bootstrap: each cluster's moments are taken once, a replicate is a weighted sum of them.

use std::ops::Range;

use rayon::prelude::*;

use super::replicates::{Resampling, Visit, Weights, group_weights, sums_fit};
use crate::error::{Error, Result};
use crate::moments::{Moments, RealPanel, range_moments};
use crate::responses::Answers;
use crate::simd::add_multiple;

/// The moments of every cluster, by group; strata follow each other.
pub(super) enum ClusterMoments {
    Exact(Vec<Vec<Moments<i64>>>),
    Real(Vec<Vec<Moments<f64>>>),
}

impl ClusterMoments {
    pub fn new(run: Resampling) -> ClusterMoments {
        let responses = run.responses;
        let all: Vec<Vec<Range<usize>>> = responses
            .groups
            .iter()
            .map(|group| group.strata.iter().flat_map(|s| s.clusters.clone()).collect())
            .collect();
        let go_on = |_: &Range<usize>| !run.monitor.cancelled();
        let exact = responses.exact() && responses.groups.iter().all(|group| sums_fit(run, group));
        if let (Answers::Codes(codes), true) = (responses.answers, exact) {
            let (rows, items) = (responses.rows, responses.items);
            let of = |range| range_moments(run.simd, codes, rows, items, run.panel, range);
            let group = |ranges: Vec<_>| ranges.into_par_iter().filter(go_on).map(of).collect();
            ClusterMoments::Exact(all.into_par_iter().map(group).collect())
        } else {
            let of = |range| RealPanel::new(run.simd, responses, run.panel).moments(range);
            let group = |ranges: Vec<_>| ranges.into_par_iter().filter(go_on).map(of).collect();
            ClusterMoments::Real(all.into_par_iter().map(group).collect())
        }
    }

    pub fn replicates(
        &self,
        run: Resampling,
        group: usize,
        replicates: Range<usize>,
        visit: &mut Visit,
    ) -> Result<()> {
        for replicate in replicates {
            if run.monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            let weights = group_weights(run, &run.responses.groups[group], replicate)?;
            match self {
                ClusterMoments::Exact(clusters) => {
                    let moments = exact_sum(run, &clusters[group], &weights);
                    visit(&mut |dispersion| dispersion.fill(&moments));
                }
                ClusterMoments::Real(clusters) => {
                    let moments = real_sum(run, &clusters[group], &weights);
                    visit(&mut |dispersion| dispersion.fill(&moments));
                }
            }
        }
        Ok(())
    }
}

/// The persons behind a weighted sum: those drawn, or under exponential weights all.
fn persons(run: Resampling, persons: i64, weight: f64) -> i64 {
    match run.plan.weights {
        Weights::Multinomial => persons * weight as i64,
        Weights::Exponential => persons,
    }
}

fn exact_sum(run: Resampling, clusters: &[Moments<i64>], weights: &[f64]) -> Moments<i64> {
    let mut sum = Moments::empty(run.panel, run.responses.items);
    for (cluster, &weight) in clusters.iter().zip(weights) {
        if weight > 0.0 {
            add_multiple(run.simd, &mut sum.sums, &cluster.sums, weight as i64);
            sum.weight += cluster.weight * weight as i64;
        }
        sum.persons += persons(run, cluster.persons, weight);
    }
    sum
}

fn real_sum(run: Resampling, clusters: &[Moments<f64>], weights: &[f64]) -> Moments<f64> {
    let mut sums = RealPanel::new(run.simd, run.responses, run.panel).empty_sums();
    let mut all = 0;
    let mut values = Vec::new();
    for (cluster, &weight) in clusters.iter().zip(weights) {
        if weight > 0.0 {
            values.clear();
            values.push(cluster.weight);
            values.extend_from_slice(&cluster.sums);
            sums.add(run.simd, &values, weight);
        }
        all += persons(run, cluster.persons, weight);
    }
    sums.moments(run.panel, run.responses.items, all)
}
