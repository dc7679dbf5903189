//! What each item does to its scale: how surely it goes with the others, and the coefficients without it.
//!
//! The moments are counted once; those without an item are the same without its row and column. Then one pass over the
//! rows makes the standard errors of all correlations and coefficients from influence values.

mod changes;
mod shape;

use std::ops::Range;

use rayon::prelude::*;

use crate::analysis::{Estimate, Interval, Question, analyse};
use crate::error::{Error, Result, invalid};
use crate::interval::influence_ends;
use crate::moments::{Dispersion, GroupMoments, Moments, Number, Panel, group_moments};
use crate::monitor::Monitor;
use crate::reliability::{Coefficient, Estimator, Outcome};
use crate::responses::Responses;
use crate::simd::Simd;

use changes::Changes;
use shape::Shape;

/// What is asked of the items.
#[derive(Debug, Clone)]
pub struct ItemQuestion {
    /// The coefficients to compute again without each item.
    pub coefficients: Vec<Coefficient>,
    /// Whether every pair of items uses all rows that answered both; else rows must be complete.
    pub pairwise: bool,
    /// The coverage that intervals aim at.
    pub level: f64,
}

/// What there is to know of the items of one group.
#[derive(Debug, Clone)]
pub struct GroupItems {
    /// Item covariances, items × items.
    pub covariance: Vec<f64>,
    /// Item correlations.
    pub correlation: Vec<f64>,
    /// The standard error of each item's correlation with the total; NaN where it has none.
    pub total_errors: Vec<f64>,
    /// The same with the total of the other items.
    pub rest_errors: Vec<f64>,
    /// The coefficients of all items.
    pub whole: Vec<Estimate>,
    /// Those without an item, by item and coefficient; empty where one item alone would be left.
    pub without: Vec<Estimate>,
}

/// Rows that are taken by one thread at once.
const BLOCK: usize = 4096;
/// Rows whose deviations stay in the first-level cache.
const ROWS: usize = 128;

/// A coefficient without one item, and the shape of its influence values.
struct Without {
    item: usize,
    outcome: Outcome,
    shape: Option<Shape>,
}

/// The items of each group. There must be no weights, clusters or strata.
pub fn item_statistics(
    simd: Simd,
    responses: &Responses,
    question: &ItemQuestion,
    monitor: &dyn Monitor,
) -> Result<Vec<GroupItems>> {
    if responses.weights.is_some()
        || responses.clustered
        || responses.groups.iter().any(|group| group.strata.len() != 1)
    {
        return invalid("the items of weighted, clustered or stratified rows cannot be analysed");
    }
    let ItemQuestion { ref coefficients, pairwise, level } = *question;
    let whole = Question {
        coefficients: coefficients.clone(),
        pairwise,
        interval: Interval::Influence,
        level,
        subscales: Vec::new(),
    };
    let whole = analyse(simd, responses, &whole, monitor)?;
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let of_groups = match group_moments(simd, responses, panel, monitor) {
        GroupMoments::Exact(all) => groups(simd, responses, question, &all, monitor),
        GroupMoments::Real(all) => groups(simd, responses, question, &all, monitor),
    };
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let width = coefficients.len();
    let mut found = of_groups;
    for (group, estimates) in found.iter_mut().zip(whole.estimates.chunks(width.max(1))) {
        group.whole = estimates.to_vec();
    }
    Ok(found)
}

fn groups<T: Number>(
    simd: Simd,
    responses: &Responses,
    question: &ItemQuestion,
    moments: &[Moments<T>],
    monitor: &dyn Monitor,
) -> Vec<GroupItems> {
    let of_group = |(group, moments): (usize, &Moments<T>)| {
        let rows = responses.groups.get(group).map_or(0..0, |group| group.rows());
        let mut dispersion = Dispersion::default();
        dispersion.fill(moments);
        let left: Vec<usize> =
            if responses.items > 2 { (0..responses.items).collect() } else { Vec::new() };
        let without: Vec<Without> = left
            .into_par_iter()
            .flat_map_iter(|item| without(question, moments, item, monitor))
            .collect();
        let pass = Pass { simd, responses, question, dispersion: &dispersion, without: &without };
        let errors = pass.standard_errors(rows, monitor);
        let (total_errors, rest) = errors.split_at(responses.items);
        let (rest_errors, of_coefficients) = rest.split_at(responses.items);
        let estimates = without.iter().zip(of_coefficients).map(|(each, &error)| {
            let (lower, upper, interval) =
                influence_ends(each.outcome.value, error, question.level);
            Estimate { outcome: each.outcome, standard_error: error, lower, upper, interval }
        });
        GroupItems {
            total_errors: total_errors.to_vec(),
            rest_errors: rest_errors.to_vec(),
            whole: Vec::new(),
            without: estimates.collect(),
            covariance: dispersion.covariance,
            correlation: dispersion.correlation,
        }
    };
    moments.par_iter().enumerate().map(of_group).collect()
}

/// The coefficients without an item.
fn without<T: Number>(
    question: &ItemQuestion,
    moments: &Moments<T>,
    item: usize,
    monitor: &dyn Monitor,
) -> Vec<Without> {
    let mut dispersion = Dispersion::default();
    if let Some(others) = moments.without(item) {
        dispersion.fill(&others);
    }
    let mut estimator = Estimator::default();
    let each = |&coefficient: &Coefficient| {
        let outcome = estimator.evaluate(coefficient, &dispersion, monitor);
        // Where there is no value, there is no fit to take a derivative of.
        let shape = if outcome.value.is_finite() {
            Shape::of(&estimator, coefficient, &dispersion, item, question.pairwise)
        } else {
            None
        };
        Without { item, outcome, shape }
    };
    question.coefficients.iter().map(each).collect()
}

/// One pass over the rows of a group.
struct Pass<'a> {
    simd: Simd,
    responses: &'a Responses<'a>,
    question: &'a ItemQuestion,
    dispersion: &'a Dispersion,
    without: &'a [Without],
}

impl Pass<'_> {
    /// Standard errors of item-total correlations, item-rest correlations, and coefficients without an item.
    fn standard_errors(&self, rows: Range<usize>, monitor: &dyn Monitor) -> Vec<f64> {
        let starts: Vec<usize> = rows.clone().step_by(BLOCK).collect();
        let of = |start: usize| {
            let end = (start + BLOCK).min(rows.end);
            if monitor.cancelled() { Vec::new() } else { self.power_sums(start..end) }
        };
        let parts: Vec<Vec<[f64; 2]>> = starts.into_par_iter().map(of).collect();
        let mut sums = vec![[0.0; 2]; 2 * self.responses.items + self.without.len()];
        // In the order of rows: sums of reals depend on it.
        for part in parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum[0] += part[0];
                sum[1] += part[1];
            }
        }
        let n = rows.len() as f64;
        let varies = |place: usize| {
            let k = self.responses.items;
            place >= 2 * k || self.dispersion.covariance[place % k * (k + 1)] > 0.0
        };
        let exists = |place: usize| match place.checked_sub(2 * self.responses.items) {
            Some(at) => self.without.get(at).is_some_and(|each| each.shape.is_some()),
            None => varies(place),
        };
        sums.into_iter()
            .enumerate()
            .map(|(place, [first, second])| {
                let squares = second - first * first / n;
                if exists(place) { (squares / (n * (n - 1.0))).sqrt() } else { f64::NAN }
            })
            .collect()
    }

    /// Sums of the influence values of some rows, and of their squares.
    fn power_sums(&self, rows: Range<usize>) -> Vec<[f64; 2]> {
        let k = self.responses.items;
        let mut sums = vec![[0.0; 2]; 2 * k + self.without.len()];
        let (correlations, coefficients) = sums.split_at_mut(2 * k);
        let (totals, rests) = correlations.split_at_mut(k);
        let mut changes = Changes::new(self.simd, self.responses, self.dispersion);
        let forms: Vec<_> = self
            .without
            .iter()
            .map(|each| match &each.shape {
                Some(Shape::Pairs(gradient)) => Some(gradient),
                _ => None,
            })
            .collect();
        let weights = changes.correlation_weights();
        for start in rows.clone().step_by(ROWS) {
            changes.load(start..(start + ROWS).min(rows.end), self.question.pairwise, &forms);
            for (item, weights) in weights.iter().enumerate() {
                changes.add_mixed(item, weights.0, &mut totals[item]);
                changes.add_mixed(item, weights.1, &mut rests[item]);
            }
            for (place, (each, sums)) in self.without.iter().zip(&mut *coefficients).enumerate() {
                match &each.shape {
                    Some(Shape::Sizes { all, own }) => {
                        changes.add_mixed(each.item, without_item(*all, *own), sums);
                    }
                    Some(Shape::Product(form, centre)) => changes.add_product(form, *centre, sums),
                    Some(Shape::Form(form, centre)) => changes.add_form(form, *centre, sums),
                    Some(Shape::Pairs(_)) => changes.add_pairs(place, sums),
                    None => {}
                }
            }
        }
        sums
    }
}

/// What counts how often in `all` times the square of the others' total and `own` times their squares.
fn without_item(all: f64, own: f64) -> [f64; 4] {
    [all, own, -2.0 * all, all - own]
}
