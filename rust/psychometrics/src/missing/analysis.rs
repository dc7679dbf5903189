//! Coefficients of covariances estimated by EM, with intervals, for every group.

use rayon::prelude::*;

use super::influence::Basis;
use super::replicates::Replicates;
use super::{Em, EmStatus, Information, Normal, Pattern, PatternSums, Units, patterns};
use crate::analysis::{Answer, Interval, Point, Question, analyse, answer};
use crate::error::{Error, Result, invalid};
use crate::interval::{Influence, Influences};
use crate::moments::Dispersion;
use crate::monitor::Monitor;
use crate::reliability::{Estimator, Outcome, Status};
use crate::responses::{Group, Responses};
use crate::simd::Simd;

/// A group's patterns of missing answers, and what they say.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub patterns: Vec<Pattern>,
    /// In units of the items.
    pub sums: Vec<PatternSums>,
    pub units: Units,
}

/// Means and covariances of one group by EM.
#[derive(Debug, Clone)]
pub struct Estimated {
    /// How it came out.
    pub status: Status,
    /// The patterns of missing answers.
    pub patterns: Vec<Pattern>,
    /// Means; empty where there is no estimate.
    pub means: Vec<f64>,
    /// Covariances by maximum likelihood (divisor n); empty where there is no estimate.
    pub covariance: Vec<f64>,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// Steps of the algorithm.
    pub steps: usize,
    /// Asymptotic variances of the means, then of the covariances of pairs; empty without information.
    pub variances: Vec<f64>,
    /// What they would be with complete answers.
    pub complete_variances: Vec<f64>,
}

impl Sample {
    /// Of the rows of a group.
    pub fn new(simd: Simd, responses: &Responses, group: &Group) -> Result<Sample> {
        let patterns = patterns(responses, group.rows())?;
        let mut sums: Vec<PatternSums> =
            patterns.iter().map(|p| PatternSums::of(simd, responses, p)).collect();
        let mut sample = Sample { units: Units::none(responses.items), patterns, sums: Vec::new() };
        if !sample.complete() {
            sample.units = Units::of(responses.items, &sample.patterns, &sums);
            for (pattern, own) in sample.patterns.iter().zip(&mut sums) {
                sample.units.standardise(pattern, own);
            }
        }
        sample.sums = sums;
        Ok(sample)
    }

    /// Whether nothing is missing: moments then say all.
    pub fn complete(&self) -> bool {
        self.patterns.iter().all(|pattern| pattern.absent.is_empty())
    }

    /// Why there is no maximum of the likelihood, where these sums tell.
    pub fn refusal(&self, sums: &[PatternSums], lengths: &[f64]) -> Option<Status> {
        let items = lengths.len();
        let rows: usize = sums.iter().map(|own| own.rows).sum();
        let full =
            self.patterns.iter().zip(sums).any(|(p, own)| p.absent.is_empty() && own.rows > 1);
        if rows <= items || !(full || self.pairs_are_known(sums, items)) {
            return Some(Status::TooFewRows);
        }
        // Written so that it also holds where there is no number.
        let varies = lengths.iter().all(|&length| length > 0.0);
        (!varies).then_some(Status::ConstantItem)
    }

    /// Whether at least two rows answered each pair of items.
    fn pairs_are_known(&self, sums: &[PatternSums], items: usize) -> bool {
        let mut rows = vec![0; items * items];
        for (pattern, own) in self.patterns.iter().zip(sums) {
            for &i in &pattern.observed {
                pattern.observed.iter().for_each(|&j| rows[i * items + j] += own.rows);
            }
        }
        rows.iter().all(|&rows| rows > 1)
    }

    /// Covariances by maximum likelihood in units of the answers.
    pub fn in_answer_units(&self, normal: &Normal) -> Normal {
        let Units { origins, lengths } = &self.units;
        let items = origins.len();
        let means = normal.means.iter().zip(origins).zip(lengths);
        let scaled = |at: usize| normal.covariance[at] * lengths[at / items] * lengths[at % items];
        Normal {
            means: means.map(|((mean, origin), length)| origin + mean * length).collect(),
            covariance: (0..items * items).map(scaled).collect(),
        }
    }
}

fn status_of(status: EmStatus) -> Status {
    match status {
        EmStatus::Converged => Status::Ok,
        EmStatus::NotConverged => Status::NotConverged,
        EmStatus::NotPositiveDefinite => Status::NotPositiveDefinite,
    }
}

/// The maximum of the likelihood, in standardised units.
fn run(sample: &Sample, em: &mut Em, monitor: &dyn Monitor) -> Status {
    if let (true, Some(own)) = (sample.complete(), sample.sums.first()) {
        let covariance = own.scatter.iter().map(|s| s / own.weight).collect();
        em.normal = Normal { means: own.means.clone(), covariance };
        return if own.rows > 1 { Status::Ok } else { Status::TooFewRows };
    }
    if let Some(status) = sample.refusal(&sample.sums, &sample.units.lengths) {
        return status;
    }
    let start = Normal::standard(sample.units.lengths.len());
    status_of(em.run(&sample.patterns, &sample.sums, &start, monitor))
}

/// Runs EM from a start for sums that were resampled.
pub(super) fn run_again(
    sample: &Sample,
    sums: &[PatternSums],
    em: &mut Em,
    start: &Normal,
    monitor: &dyn Monitor,
) -> Status {
    let own = Units::of(start.means.len(), &sample.patterns, sums);
    if let Some(status) = sample.refusal(sums, &own.lengths) {
        return status;
    }
    status_of(em.run(&sample.patterns, sums, start, monitor))
}

/// Means, covariances and what is missing of their information, by group.
pub fn estimate_by_em(
    simd: Simd,
    responses: &Responses,
    monitor: &dyn Monitor,
) -> Result<Vec<Estimated>> {
    let of = |group: &Group| {
        let sample = Sample::new(simd, responses, group)?;
        let mut em = Em::default();
        let status = run(&sample, &mut em, monitor);
        let mut found = Estimated {
            status,
            means: Vec::new(),
            covariance: Vec::new(),
            log_likelihood: f64::NAN,
            steps: em.steps,
            variances: Vec::new(),
            complete_variances: Vec::new(),
            patterns: Vec::new(),
        };
        if status == Status::Ok {
            let mut next = em.normal.clone();
            let here = em.normal.clone();
            let steps = em.steps;
            let likelihood = em.step(&sample.patterns, &sample.sums, &here, &mut next);
            let lengths = &sample.units.lengths;
            let logs: f64 = sample
                .patterns
                .iter()
                .zip(&sample.sums)
                .map(|(pattern, own)| {
                    let logs = pattern.observed.iter().map(|&j| libm::log(lengths[j]));
                    own.weight * logs.sum::<f64>()
                })
                .sum();
            found.log_likelihood = likelihood.map_or(f64::NAN, |value| value - logs);
            found.steps = steps;
            let weight = sample.sums.iter().map(|own| own.weight).sum();
            if let Some(information) =
                Information::new(&sample.patterns, &sample.sums, &here, monitor)
            {
                let scales = scales(lengths);
                let scaled = |values: Vec<f64>| -> Vec<f64> {
                    values.iter().zip(&scales).map(|(v, scale)| v * scale * scale).collect()
                };
                found.variances = scaled(information.variances());
                found.complete_variances = scaled(information.complete_variances(&here, weight));
            }
            let normal = sample.in_answer_units(&here);
            (found.means, found.covariance) = (normal.means, normal.covariance);
        }
        found.patterns = sample.patterns;
        Ok(found)
    };
    let found: Result<Vec<Estimated>> = responses.groups.par_iter().map(of).collect();
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    found
}

/// The units of means and of covariances of pairs.
fn scales(lengths: &[f64]) -> Vec<f64> {
    let items = lengths.len();
    let pairs = (0..items).flat_map(|i| (i..items).map(move |j| lengths[i] * lengths[j]));
    lengths.iter().copied().chain(pairs).collect()
}

/// Answers a question with covariances by EM, times n / (n - 1). `pairwise` of the question is not looked at.
pub fn analyse_by_em(
    simd: Simd,
    responses: &Responses,
    question: &Question,
    monitor: &dyn Monitor,
) -> Result<Answer> {
    if !responses.incomplete {
        let listwise = Question { pairwise: false, ..question.clone() };
        return analyse(simd, responses, &listwise, monitor);
    }
    if !(question.level > 0.0 && question.level < 1.0) {
        return invalid(format!("level {} is not between 0 and 1", question.level));
    }
    let found: Result<Vec<(Sample, Normal, Point)>> = responses
        .groups
        .par_iter()
        .map(|group| {
            let sample = Sample::new(simd, responses, group)?;
            let (normal, point) = point(simd, responses, group, &sample, question, monitor);
            Ok((sample, normal, point))
        })
        .collect();
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let found = found?;
    let replicates = match question.interval {
        Interval::Bootstrap(plan, ..) => {
            let groups: Vec<_> =
                found.iter().map(|(s, normal, point)| (s, normal, point)).collect();
            Replicates { simd, responses, question, plan, groups: &groups, monitor }.all()?
        }
        _ => Vec::new(),
    };
    let points: Vec<Point> = found.into_iter().map(|(_, _, point)| point).collect();
    Ok(answer(question, &points, replicates))
}

/// A group's estimates, and the distribution they are of, in standardised units.
fn point(
    simd: Simd,
    responses: &Responses,
    group: &Group,
    sample: &Sample,
    question: &Question,
    monitor: &dyn Monitor,
) -> (Normal, Point) {
    let mut dispersion = Dispersion::default();
    let mut estimator = Estimator::with_subscales(question.subscales.clone());
    let mut em = Em::default();
    let persons = group.rows().len() as f64;
    let status = if sample.complete() {
        sample.fill_complete(&sample.sums, persons, &mut dispersion);
        Status::Ok
    } else {
        run(sample, &mut em, monitor)
    };
    if status != Status::Ok {
        let outcomes = vec![Outcome::none(status); question.coefficients.len()];
        let influences = vec![None; question.coefficients.len()];
        return (em.normal, Point { estimator, dispersion, outcomes, influences, ordinal: None });
    }
    if !sample.complete() {
        sample.fill_estimated(&em.normal, persons, &mut dispersion);
    }
    let coefficients = &question.coefficients;
    let outcomes: Vec<Outcome> =
        coefficients.iter().map(|&c| estimator.evaluate(c, &dispersion, monitor)).collect();
    estimator.settle();
    let mut influences = vec![None; coefficients.len()];
    let complete = sample.complete();
    if question.interval.needs_influence() && !monitor.cancelled() {
        let information = if complete {
            None
        } else {
            Information::new(&sample.patterns, &sample.sums, &em.normal, monitor)
        };
        let basis = information.as_ref().map(|information| Basis {
            simd,
            responses,
            patterns: &sample.patterns,
            units: &sample.units,
            normal: &em.normal,
            information,
            first: group.rows().start,
            rows: group.rows().len(),
        });
        for ((influence, &c), outcome) in influences.iter_mut().zip(coefficients).zip(&outcomes) {
            if !outcome.value.is_finite() {
                continue;
            }
            let Some(gradient) = estimator.gradient(c, &dispersion) else { continue };
            *influence = if complete {
                let own =
                    Influences::new(simd, responses, group, &dispersion, &gradient, false, monitor);
                Some(own.summary())
            } else {
                let values = basis.as_ref().and_then(|b| b.values(&dispersion, &gradient, monitor));
                values.map(|values| Influence::of(group, &values))
            };
        }
    }
    (em.normal, Point { estimator, dispersion, outcomes, influences, ordinal: None })
}

impl Sample {
    /// The dispersion of an estimated distribution, divisor n - 1.
    pub(super) fn fill_estimated(&self, normal: &Normal, persons: f64, out: &mut Dispersion) {
        let mut normal = self.in_answer_units(normal);
        let scale = persons / (persons - 1.0);
        normal.covariance.iter_mut().for_each(|c| *c *= scale);
        out.set(persons, &normal.means, &normal.covariance);
    }

    /// The dispersion of complete rows, whose sums are in units of the answers.
    pub(super) fn fill_complete(&self, sums: &[PatternSums], persons: f64, out: &mut Dispersion) {
        let Some(own) = sums.first() else { return };
        let divisor = own.weight - own.weight / persons;
        let covariance: Vec<f64> = own.scatter.iter().map(|s| s / divisor).collect();
        out.set(persons, &own.means, &covariance);
    }
}
