//! Ordinal coefficients for every group and replicate: where tables, resampling and coefficients meet.

use crate::association::influence::{Slopes, threshold_influences};
use crate::association::survey::categorised;
use crate::association::{Latent, Near, Tables, pairs};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::reliability::{Coefficient, OrdinalModel, Outcome, Status};
use crate::resampling::{Resampling, replicate_tables};
use crate::responses::{Group, Responses};
use crate::simd::Simd;

/// The estimates of a group, and what replicates start from.
#[derive(Debug, Clone)]
pub struct OrdinalPoint {
    tables: Tables,
    latent: Latent,
    near: Near,
    loadings: Vec<f64>,
    /// For each coefficient; those that are not ordinal have no value.
    pub outcomes: Vec<Outcome>,
}

/// Whether the loadings of one factor are needed.
fn with_factor(coefficients: &[Coefficient]) -> bool {
    coefficients.iter().any(|&c| c.is_ordinal() && c != Coefficient::AlphaOrdinal)
}

fn codes<'a>(responses: &Responses<'a>) -> Result<&'a [u8]> {
    categorised(responses, usize::from(responses.largest_code) + 1)
}

impl OrdinalPoint {
    /// The estimates from a group's answers.
    pub fn new(
        simd: Simd,
        responses: &Responses,
        group: &Group,
        coefficients: &[Coefficient],
        monitor: &dyn Monitor,
    ) -> Result<OrdinalPoint> {
        let categories = usize::from(responses.largest_code) + 1;
        let mut tables = Tables::new(responses.items, categories, 1.0);
        tables.count(codes(responses)?, responses.rows, group.rows(), None);
        let factor = with_factor(coefficients);
        let latent = Latent::fit(&tables, None, factor, monitor);
        let model = OrdinalModel::new(simd, &latent, factor, None);
        let outcome = |&c: &Coefficient| match c.is_ordinal() {
            true => model.evaluate(c),
            false => Outcome::default(),
        };
        let outcomes = coefficients.iter().map(outcome).collect();
        let loadings = model.loadings;
        let near = Near::new(simd, &latent, &tables);
        Ok(OrdinalPoint { tables, latent, near, loadings, outcomes })
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
        let model = OrdinalModel::new(self.near.simd(), &self.latent, factor, Some(&self.loadings));
        let gradient = model.gradient(coefficient)?;
        let (items, categories) = (self.tables.items, self.tables.categories);
        let rows = group.rows();
        let persons = rows.len() as f64;
        let column = |item: usize| &codes[item * responses.rows..][rows.clone()];
        let mut values = vec![0.0; rows.len()];
        for (pair, (i, j)) in pairs(items).enumerate() {
            let place = i * items + j;
            let slopes = Slopes::Derivatives;
            let moved = self.latent.influence(&self.tables, pair, place, slopes);
            let mut weights = Vec::new();
            if factor {
                let simd = self.near.simd();
                weights = self.latent.weight_influence(simd, &self.tables, pair, place);
            }
            let answered: f64 = self.tables.cells(pair).iter().map(|cell| cell.2).sum();
            let mut by_cell = vec![0.0; categories * categories];
            for (at, cell) in moved.iter().enumerate() {
                let of_weight = weights.get(at).map_or(0.0, |by| gradient.weight[place] * by);
                by_cell[cell.cell.0 * categories + cell.cell.1] = persons / answered
                    * (gradient.correlation[place] * cell.correlation + of_weight);
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
        let latent = Latent::fit(tables, Some(&self.near), factor, monitor);
        let model = OrdinalModel::new(self.near.simd(), &latent, factor, Some(&self.loadings));
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
    let categories = usize::from(run.responses.largest_code) + 1;
    let evaluate = |group: usize, tables: &Tables, out: &mut [Outcome]| {
        if let Some(point) = points.get(group) {
            point.replicate(tables, coefficients, run.monitor, out);
        }
    };
    replicate_tables(run, codes(run.responses)?, categories, coefficients.len(), evaluate)
}
