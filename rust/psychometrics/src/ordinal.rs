//! Ordinal coefficients for every group and replicate: where tables, resampling and coefficients meet.

use rayon::prelude::*;

use crate::association::influence::threshold_influences;
use crate::association::{Latent, Tables, pairs};
use crate::error::{Error, Result, invalid};
use crate::monitor::Monitor;
use crate::reliability::{Coefficient, OrdinalModel, Outcome, Status};
use crate::resampling::{Resampling, check_weights, row_weights};
use crate::responses::{Answers, Group, Responses};

/// The estimates of a group, and what replicates start from.
#[derive(Debug, Clone)]
pub struct OrdinalPoint {
    tables: Tables,
    latent: Latent,
    loadings: Vec<f64>,
    /// For each coefficient; those that are not ordinal have no value.
    pub outcomes: Vec<Outcome>,
}

/// Whether the loadings of one factor are needed.
fn with_factor(coefficients: &[Coefficient]) -> bool {
    coefficients.iter().any(|&c| c.is_ordinal() && c != Coefficient::AlphaOrdinal)
}

/// The codes of answers, or an error where they are none.
fn codes<'a>(responses: &Responses<'a>) -> Result<&'a [u8]> {
    match (responses.answers, responses.weights) {
        (Answers::Reals(_), _) => {
            invalid("ordinal coefficients need categories, but the answers are reals")
        }
        (_, Some(_)) => {
            invalid("ordinal coefficients count each person once, but there are weights")
        }
        (Answers::Codes(codes), None) => Ok(codes),
    }
}

fn empty_tables(responses: &Responses, unit: f64) -> Tables {
    Tables::new(responses.items, usize::from(responses.largest_code) + 1, unit)
}

impl OrdinalPoint {
    /// The estimates from a group's answers.
    pub fn new(
        responses: &Responses,
        group: &Group,
        coefficients: &[Coefficient],
        monitor: &dyn Monitor,
    ) -> Result<OrdinalPoint> {
        let mut tables = empty_tables(responses, 1.0);
        tables.count(codes(responses)?, responses.rows, group.rows(), None);
        let factor = with_factor(coefficients);
        let latent = Latent::fit(&tables, None, factor, monitor);
        let model = OrdinalModel::new(&latent, factor, None);
        let outcome = |&c: &Coefficient| match c.is_ordinal() {
            true => model.evaluate(c),
            false => Outcome::default(),
        };
        let outcomes = coefficients.iter().map(outcome).collect();
        let loadings = model.loadings;
        Ok(OrdinalPoint { tables, latent, loadings, outcomes })
    }

    /// The influence of each row of the group on a coefficient; nothing where it has no derivative.
    ///
    /// Of what a person did not answer there is none; the others then count for more.
    pub fn influences(
        &self,
        responses: &Responses,
        group: &Group,
        coefficient: Coefficient,
    ) -> Option<Vec<f64>> {
        let codes = codes(responses).ok()?;
        let factor = with_factor(&[coefficient]);
        let model = OrdinalModel::new(&self.latent, factor, Some(&self.loadings));
        let gradient = model.gradient(coefficient)?;
        let (items, categories) = (self.tables.items, self.tables.categories);
        let rows = group.rows();
        let persons = rows.len() as f64;
        let column = |item: usize| &codes[item * responses.rows..][rows.clone()];
        let mut values = vec![0.0; rows.len()];
        for (pair, (i, j)) in pairs(items).enumerate() {
            let place = i * items + j;
            let moved = self.latent.influence(&self.tables, pair, place, factor);
            let answered: f64 = self.tables.cells(pair).iter().map(|cell| cell.2).sum();
            let mut by_cell = vec![0.0; categories * categories];
            for cell in moved {
                by_cell[cell.cell.0 * categories + cell.cell.1] = persons / answered
                    * (gradient.correlation[place] * cell.correlation
                        + gradient.weight[place] * cell.weight);
            }
            for (value, (&a, &b)) in values.iter_mut().zip(column(i).iter().zip(column(j))) {
                let (a, b) = (usize::from(a), usize::from(b));
                if a < categories && b < categories {
                    *value += by_cell[a * categories + b];
                }
            }
        }
        let steps = categories - 1;
        for item in 0..items {
            let own = item * steps..(item + 1) * steps;
            let answered: f64 = self.tables.answers(item).iter().sum();
            let slopes = &gradient.threshold[own.clone()];
            let by_category: Vec<f64> = threshold_influences(&self.latent.thresholds[own])
                .iter()
                .map(|moved| {
                    let all: f64 = moved.iter().zip(slopes).map(|(moved, by)| moved * by).sum();
                    all * persons / answered
                })
                .collect();
            for (value, &code) in values.iter_mut().zip(column(item)) {
                *value += by_category.get(usize::from(code)).copied().unwrap_or(0.0);
            }
        }
        Some(values)
    }

    /// The coefficients of other tables of the same group.
    fn replicate(
        &self,
        tables: &Tables,
        coefficients: &[Coefficient],
        monitor: &dyn Monitor,
        out: &mut [Outcome],
    ) {
        let factor = with_factor(coefficients);
        let latent = Latent::fit(tables, Some(&self.latent), factor, monitor);
        let model = OrdinalModel::new(&latent, factor, Some(&self.loadings));
        let lacks = tables.lacks_category_of(&self.tables);
        for ((out, &c), point) in out.iter_mut().zip(coefficients).zip(&self.outcomes) {
            // A group without an estimate has no replicates either.
            *out = match (c.is_ordinal(), point.value.is_finite()) {
                (true, true) => model.evaluate(c),
                _ => Outcome::none(point.status),
            };
            if lacks && out.status == Status::Ok {
                out.status = Status::EmptyCategory;
            }
        }
    }
}

/// Evaluates every replicate of every group: by group, then replicate, then coefficient.
///
/// Tables are counted under the weights that moments are taken under; both are of the same persons.
pub fn ordinal_replicates(
    run: Resampling,
    coefficients: &[Coefficient],
    points: &[&OrdinalPoint],
) -> Result<Vec<Outcome>> {
    let Resampling { responses, plan, monitor, .. } = run;
    check_weights(run)?;
    let codes = codes(responses)?;
    let width = coefficients.len();
    let mut results = vec![Outcome::default(); points.len() * plan.replicates * width];
    let empty = || empty_tables(responses, plan.weights.unit());
    results.par_chunks_mut(width).enumerate().try_for_each_init(empty, |tables, (at, out)| {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        let (group, replicate) = (at / plan.replicates, at % plan.replicates);
        let Some(rows) = responses.groups.get(group) else {
            return invalid(format!("there is no group {group}"));
        };
        let weights = row_weights(run, rows, replicate)?;
        tables.count(codes, responses.rows, rows.rows(), Some(&weights));
        points[group].replicate(tables, coefficients, monitor, out);
        monitor.advance(1);
        Ok(())
    })?;
    Ok(results)
}
