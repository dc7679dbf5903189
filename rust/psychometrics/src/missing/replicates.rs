//! Resampled coefficients: patterns are weighted anew, and EM goes on from the estimate.

use rayon::prelude::*;

use super::analysis::run_again;
use super::{Em, Normal, PatternSums, Sample};
use crate::analysis::{Point, Question};
use crate::error::{Error, Result, invalid};
use crate::moments::Dispersion;
use crate::monitor::Monitor;
use crate::reliability::{Estimator, Outcome, Status};
use crate::resampling::{Plan, Weights, room, unit_weights};
use crate::responses::{Answers, Group, Responses};
use crate::simd::Simd;

/// Replicates of a task.
const TASK: usize = 32;

/// What is resampled.
pub(super) struct Replicates<'a> {
    pub simd: Simd,
    pub responses: &'a Responses<'a>,
    pub question: &'a Question,
    pub plan: Plan,
    pub groups: &'a [(&'a Sample, &'a Normal, &'a Point)],
    pub monitor: &'a dyn Monitor,
}

/// What a task keeps.
#[derive(Default)]
struct Workspace {
    sums: Vec<PatternSums>,
    rows: Vec<f64>,
    weights: Vec<f64>,
    em: Em,
    dispersion: Dispersion,
    estimator: Estimator,
}

impl Replicates<'_> {
    /// By group, then replicate, then coefficient.
    pub fn all(&self) -> Result<Vec<Outcome>> {
        let Replicates { responses, plan, .. } = *self;
        let width = self.question.coefficients.len();
        let stratified = responses.groups.iter().any(|group| group.strata.len() > 1);
        if stratified && plan.weights == Weights::Exponential {
            return invalid("exponential weights do not keep the shares of strata");
        }
        if plan.replicates == 0 || width == 0 {
            return invalid("no replicates or nothing to evaluate");
        }
        let mut results = room(responses.groups.len(), plan.replicates, width)?;
        // One group after the other: the answers of each are copied.
        for (group, out) in results.chunks_exact_mut(plan.replicates * width).enumerate() {
            let values = self.values(group);
            out.par_chunks_mut(TASK * width).enumerate().try_for_each(|(task, out)| {
                let (_, _, point) = self.groups[group];
                let mut own =
                    Workspace { estimator: point.estimator.clone(), ..Workspace::default() };
                for (index, out) in out.chunks_exact_mut(width).enumerate() {
                    if self.monitor.cancelled() {
                        return Err(Error::Cancelled);
                    }
                    self.one(group, task * TASK + index, &values, &mut own, out)?;
                }
                self.monitor.advance((out.len() / width) as u64);
                Ok(())
            })?;
        }
        Ok(results)
    }

    /// The answers of each pattern's rows in standardised units, row by row.
    fn values(&self, group: usize) -> Vec<Vec<f64>> {
        let (sample, _, point) = self.groups[group];
        if point.outcomes.iter().all(|outcome| !outcome.value.is_finite()) {
            return Vec::new();
        }
        let answer = |row: usize, item: usize| {
            let at = item * self.responses.rows + row;
            let answer = match self.responses.answers {
                Answers::Codes(codes) => codes[at].into(),
                Answers::Reals(reals) => reals[at],
            };
            (answer - sample.units.origins[item]) / sample.units.lengths[item]
        };
        let of = |pattern: &super::Pattern| {
            let rows = pattern.rows.iter();
            rows.flat_map(|&row| pattern.observed.iter().map(move |&j| answer(row, j))).collect()
        };
        sample.patterns.par_iter().map(of).collect()
    }

    fn one(
        &self,
        group: usize,
        replicate: usize,
        values: &[Vec<f64>],
        own: &mut Workspace,
        out: &mut [Outcome],
    ) -> Result<()> {
        let (sample, normal, point) = self.groups[group];
        if values.is_empty() {
            // A group without an estimate has no replicates either.
            for (out, outcome) in out.iter_mut().zip(&point.outcomes) {
                *out = Outcome::none(outcome.status);
            }
            return Ok(());
        }
        let persons = self.weigh(group, replicate, own)?;
        let first = self.responses.groups[group].rows().start;
        own.sums.resize_with(sample.patterns.len(), PatternSums::default);
        for ((pattern, values), sums) in sample.patterns.iter().zip(values).zip(&mut own.sums) {
            own.weights.clear();
            own.weights.extend(pattern.rows.iter().map(|&row| own.rows[row - first]));
            sums.fill(values, &own.weights, pattern.observed.len());
        }
        let status = if sample.complete() {
            sample.fill_complete(&own.sums, persons, &mut own.dispersion);
            Status::Ok
        } else {
            let status = run_again(sample, &own.sums, &mut own.em, normal, self.monitor);
            if status == Status::Ok {
                sample.fill_estimated(&own.em.normal, persons, &mut own.dispersion);
            }
            status
        };
        for ((out, &c), outcome) in
            out.iter_mut().zip(&self.question.coefficients).zip(&point.outcomes)
        {
            *out = if !outcome.value.is_finite() {
                Outcome::none(outcome.status)
            } else if status != Status::Ok {
                Outcome::none(status)
            } else {
                own.estimator.evaluate(c, &own.dispersion, self.monitor)
            };
        }
        Ok(())
    }

    /// Writes the weight of each row of the group; the number of persons they stand for.
    fn weigh(&self, group: usize, replicate: usize, own: &mut Workspace) -> Result<f64> {
        let Replicates { simd, responses, plan, .. } = *self;
        let units = unit_weights(simd, responses, plan, group, replicate)?;
        let rows = &responses.groups[group];
        own.rows.clear();
        if responses.clustered {
            for (cluster, &weight) in clusters(rows).zip(&units) {
                own.rows.extend(cluster.map(|_| weight));
            }
        } else {
            own.rows.extend_from_slice(&units);
        }
        let persons = match plan.weights {
            Weights::Multinomial => own.rows.iter().sum(),
            Weights::Exponential => own.rows.len() as f64,
        };
        if let Some(weights) = responses.weights {
            for (weight, survey) in own.rows.iter_mut().zip(&weights[rows.rows()]) {
                *weight *= survey;
            }
        }
        Ok(persons)
    }
}

/// The rows of each cluster of a group.
fn clusters(group: &Group) -> impl Iterator<Item = std::ops::Range<usize>> {
    group.strata.iter().flat_map(|stratum| stratum.clusters.iter().cloned())
}
