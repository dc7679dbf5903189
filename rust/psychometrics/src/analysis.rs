//! Coefficients with intervals for every group: where moments, resampling and coefficients meet.

use rayon::prelude::*;

use crate::error::{Error, Result, invalid};
use crate::factor::HierarchyModel;
use crate::interval::{
    AlphaInterval, BootstrapMethod, Influence, Influences, IntervalStatus, QuantileRule,
    alpha_interval, bootstrap_interval, influence_ends, mean_and_deviation, normal_theory_error,
};
use crate::moments::{Dispersion, GroupMoments, Panel, group_moments};
use crate::monitor::{Monitor, Unseen};
use crate::ordinal::{OrdinalPoint, ordinal_replicates};
use crate::reliability::{Coefficient, Estimator, Groups, Outcome, Status};
use crate::resampling::{Plan, Resampling, replicate_moments};
use crate::responses::Responses;
use crate::simd::Simd;

/// How intervals are made.
#[derive(Debug, Clone, Copy)]
pub enum Interval {
    /// None; standard errors come from influence values.
    None,
    /// The estimate plus and minus normal quantiles of that standard error.
    Influence,
    /// A closed form for alpha; the other coefficients get none.
    Alpha(AlphaInterval),
    /// From replicates.
    Bootstrap(Plan, BootstrapMethod, QuantileRule),
}

impl Interval {
    /// Whether influence values are looked at: those of plain bootstrap intervals are not.
    pub(crate) fn needs_influence(self) -> bool {
        !matches!(self, Interval::Bootstrap(_, method, _) if method != BootstrapMethod::Bca)
    }
}

/// What is asked of the responses.
#[derive(Debug, Clone)]
pub struct Question {
    /// The coefficients.
    pub coefficients: Vec<Coefficient>,
    /// Whether every pair of items uses all rows that answered both; else rows must be complete.
    pub pairwise: bool,
    /// How intervals are made.
    pub interval: Interval,
    /// The coverage that intervals aim at.
    pub level: f64,
    /// The subscale of each item, for stratified alpha; else empty.
    pub subscales: Vec<usize>,
    /// How many factors coefficients of several have.
    pub model: HierarchyModel,
    /// Whether replicates that are flagged (Heywood cases, switched factors) are left out of intervals.
    pub without_flagged: bool,
}

/// One coefficient of one group.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// The coefficient.
    pub outcome: Outcome,
    /// Its standard error; NaN where there is none.
    pub standard_error: f64,
    /// The lower end of its interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// Why there is no interval.
    pub interval: IntervalStatus,
}

/// The answers to a [`Question`].
#[derive(Debug, Clone)]
pub struct Answer {
    /// By group, then coefficient.
    pub estimates: Vec<Estimate>,
    /// By group, then replicate, then coefficient; empty without a bootstrap.
    pub replicates: Vec<Outcome>,
    /// By group, the general factor and groups of items, where a coefficient has them.
    pub groups: Vec<Option<Groups>>,
    /// By group, the number of factors of the factor-based greatest lower bound, where it is asked for.
    pub bound_factors: Vec<Option<usize>>,
}

/// A group's estimates, and what intervals need of them.
pub(crate) struct Point {
    pub estimator: Estimator,
    pub dispersion: Dispersion,
    pub outcomes: Vec<Outcome>,
    pub influences: Vec<Option<Influence>>,
    /// Where ordinal coefficients are asked for.
    pub ordinal: Option<OrdinalPoint>,
}

/// Answers a question.
pub fn analyse(
    simd: Simd,
    responses: &Responses,
    question: &Question,
    monitor: &dyn Monitor,
) -> Result<Answer> {
    if !(question.level > 0.0 && question.level < 1.0) {
        return invalid(format!("level {} is not between 0 and 1", question.level));
    }
    if responses.incomplete && !question.pairwise {
        return invalid("answers are missing: leave out incomplete rows, or take pairs of items");
    }
    let points = points(simd, responses, question, monitor)?;
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let replicates = match question.interval {
        Interval::Bootstrap(plan, ..) => {
            all_replicates(simd, responses, question, plan, &points, monitor)?
        }
        _ => Vec::new(),
    };
    Ok(answer(question, &points, replicates))
}

/// Puts estimates and replicates together.
pub(crate) fn answer(question: &Question, points: &[Point], replicates: Vec<Outcome>) -> Answer {
    let width = question.coefficients.len();
    let per_group = replicates.len() / points.len().max(1);
    let estimates = points
        .par_iter()
        .enumerate()
        .flat_map_iter(|(group, point)| {
            let own = &replicates[group * per_group..(group + 1) * per_group];
            (0..width).map(move |c| {
                let values = own.iter().skip(c).step_by(width);
                estimate(question, point, c, values)
            })
        })
        .collect();
    let groups = points.iter().map(|point| point.estimator.groups()).collect();
    let bound_factors = points.iter().map(|point| point.estimator.bound_factors()).collect();
    Answer { estimates, replicates, groups, bound_factors }
}

fn points(
    simd: Simd,
    responses: &Responses,
    question: &Question,
    monitor: &dyn Monitor,
) -> Result<Vec<Point>> {
    let panel = if question.pairwise { Panel::Pairwise } else { Panel::Full };
    let moments = group_moments(simd, responses, panel, monitor);
    let point = |group: usize| {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        let mut dispersion = Dispersion::default();
        match &moments {
            GroupMoments::Exact(all) => dispersion.fill(&all[group]),
            GroupMoments::Real(all) => dispersion.fill(&all[group]),
        }
        let rows = &responses.groups[group];
        let coefficients = &question.coefficients;
        let ordinal = match coefficients.iter().any(|c| c.is_ordinal()) {
            true => Some(OrdinalPoint::new(simd, responses, rows, coefficients, monitor)?),
            false => None,
        };
        let mut estimator = Estimator::new(question.model, question.subscales.clone()).with(simd);
        let evaluate = |(at, &c): (usize, &Coefficient)| match &ordinal {
            Some(ordinal) if c.is_ordinal() => ordinal.outcomes[at],
            _ => estimator.evaluate(c, &dispersion, monitor),
        };
        let outcomes: Vec<Outcome> = coefficients.iter().enumerate().map(evaluate).collect();
        estimator.settle();
        let influences = question
            .coefficients
            .iter()
            .zip(&outcomes)
            .map(|(&c, outcome)| {
                if c.is_ordinal() {
                    let wanted = question.interval.needs_influence() && outcome.value.is_finite();
                    let ordinal = ordinal.as_ref().filter(|_| wanted)?;
                    let values = ordinal.influences(responses, rows, c)?;
                    return Some(Influence::of(rows, &values));
                }
                // Where there is no value, there is no fit to take a derivative of.
                let gradient = if question.interval.needs_influence() && outcome.value.is_finite() {
                    estimator.gradient(c, &dispersion)
                } else {
                    None
                };
                gradient.map(|gradient| {
                    let pairwise = question.pairwise;
                    Influences::new(
                        simd,
                        responses,
                        rows,
                        &dispersion,
                        &gradient,
                        pairwise,
                        monitor,
                    )
                    .summary()
                })
            })
            .collect();
        Ok(Point { estimator, dispersion, outcomes, influences, ordinal })
    };
    (0..responses.groups.len()).into_par_iter().map(point).collect()
}

/// Replicates of moments, of tables or of both, by group, replicate and coefficient.
fn all_replicates(
    simd: Simd,
    responses: &Responses,
    question: &Question,
    plan: Plan,
    points: &[Point],
    monitor: &dyn Monitor,
) -> Result<Vec<Outcome>> {
    let coefficients = &question.coefficients;
    let ordinal: Vec<&OrdinalPoint> = points.iter().filter_map(|p| p.ordinal.as_ref()).collect();
    if ordinal.is_empty() {
        return replicates(simd, responses, question, plan, points, monitor);
    }
    let resampling = Resampling { simd, responses, panel: Panel::Small, plan, monitor };
    let mut all = ordinal_replicates(resampling, coefficients, &ordinal)?;
    if !coefficients.iter().all(|c| c.is_ordinal()) {
        // Progress counts each replicate once.
        let of_moments = replicates(simd, responses, question, plan, points, &Unseen(monitor))?;
        for (at, (out, outcome)) in all.iter_mut().zip(of_moments).enumerate() {
            if !coefficients[at % coefficients.len()].is_ordinal() {
                *out = outcome;
            }
        }
    }
    Ok(all)
}

fn replicates(
    simd: Simd,
    responses: &Responses,
    question: &Question,
    plan: Plan,
    points: &[Point],
    monitor: &dyn Monitor,
) -> Result<Vec<Outcome>> {
    let coefficients = &question.coefficients;
    let panel = if question.pairwise { Panel::Pairwise } else { Coefficient::panel(coefficients) };
    let evaluate = |own: &mut (usize, Estimator),
                    group: usize,
                    dispersion: &Dispersion,
                    out: &mut [Outcome]| {
        // A group without an estimate has no replicates either.
        let point = &points[group];
        if own.0 != group {
            *own = (group, point.estimator.clone());
        }
        for ((out, &c), outcome) in out.iter_mut().zip(coefficients).zip(&point.outcomes) {
            *out = if outcome.value.is_finite() && !c.is_ordinal() {
                own.1.evaluate(c, dispersion, monitor)
            } else {
                Outcome::none(outcome.status)
            };
        }
    };
    let workspace = || (usize::MAX, Estimator::default());
    let resampling = Resampling { simd, responses, panel, plan, monitor };
    replicate_moments(resampling, coefficients.len(), workspace, evaluate)
}

fn estimate<'a>(
    question: &Question,
    point: &Point,
    at: usize,
    replicates: impl Iterator<Item = &'a Outcome>,
) -> Estimate {
    let outcome = point.outcomes[at];
    let of_influence =
        |of: fn(&Influence) -> f64| point.influences[at].as_ref().map_or(f64::NAN, of);
    let error = of_influence(|i| i.standard_error);
    let none = (f64::NAN, f64::NAN, IntervalStatus::NoStandardError);
    let (standard_error, (lower, upper, interval)) = match question.interval {
        Interval::None => (error, (f64::NAN, f64::NAN, IntervalStatus::Ok)),
        Interval::Influence => (error, influence_ends(outcome.value, error, question.level)),
        Interval::Alpha(method) => {
            if question.coefficients[at] != Coefficient::Alpha || !outcome.value.is_finite() {
                (error, none)
            } else {
                let Dispersion { persons, items, .. } = point.dispersion;
                let normal = normal_theory_error(&point.dispersion);
                let error = if method == AlphaInterval::NormalTheory { normal } else { error };
                let ends =
                    alpha_interval(method, outcome.value, persons, items, normal, question.level);
                (error, ends)
            }
        }
        Interval::Bootstrap(_, method, rule) => {
            let is_used = |r: &&Outcome| !question.without_flagged || r.status == Status::Ok;
            let values = replicates.filter(is_used).map(|r| r.value);
            let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let acceleration = of_influence(|i| i.acceleration);
            let ends = bootstrap_interval(
                &values,
                outcome.value,
                acceleration,
                question.level,
                method,
                rule,
            );
            (mean_and_deviation(&values).1, ends)
        }
    };
    Estimate { outcome, standard_error, lower, upper, interval }
}
