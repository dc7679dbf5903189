//! What each person contributes to the error of one coefficient, group by group.

use rayon::prelude::*;

use crate::error::{Error, Result, invalid};
use crate::interval::Influences;
use crate::moments::{Dispersion, GroupMoments, Panel, group_moments};
use crate::monitor::Monitor;
use crate::ordinal::OrdinalPoint;
use crate::reliability::{Coefficient, Estimator, Outcome};
use crate::responses::{Group, Responses};
use crate::simd::Simd;

/// The coefficient of each group, and the influence value of each row: NaN in a group without a value or derivative.
pub fn person_influences(
    simd: Simd,
    responses: &Responses,
    coefficient: Coefficient,
    pairwise: bool,
    estimator: &Estimator,
    monitor: &dyn Monitor,
) -> Result<(Vec<Outcome>, Vec<f64>)> {
    if responses.incomplete && !pairwise {
        return invalid("answers are missing: leave out incomplete rows, or take pairs of items");
    }
    if coefficient.is_ordinal() {
        return ordinal_influences(simd, responses, coefficient, monitor);
    }
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let moments = group_moments(simd, responses, panel, monitor);
    let of_group = |group: usize| {
        let mut dispersion = Dispersion::default();
        match &moments {
            GroupMoments::Exact(all) => dispersion.fill(&all[group]),
            GroupMoments::Real(all) => dispersion.fill(&all[group]),
        }
        let mut estimator = estimator.clone();
        let outcome = estimator.evaluate(coefficient, &dispersion, monitor);
        let rows = &responses.groups[group];
        let gradient = match outcome.value.is_finite() {
            true => estimator.gradient(coefficient, &dispersion),
            false => None,
        };
        let values = match gradient {
            Some(gradient) => {
                Influences::new(simd, responses, rows, &dispersion, &gradient, pairwise, monitor)
                    .values()
            }
            None => vec![f64::NAN; rows.rows().len()],
        };
        (outcome, values)
    };
    let found: Vec<(Outcome, Vec<f64>)> =
        (0..responses.groups.len()).into_par_iter().map(of_group).collect();
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let (outcomes, values): (Vec<Outcome>, Vec<Vec<f64>>) = found.into_iter().unzip();
    Ok((outcomes, values.concat()))
}

fn ordinal_influences(
    simd: Simd,
    responses: &Responses,
    coefficient: Coefficient,
    monitor: &dyn Monitor,
) -> Result<(Vec<Outcome>, Vec<f64>)> {
    let of_group = |group: &Group| {
        let point = OrdinalPoint::new(simd, responses, group, &[coefficient], monitor)?;
        let outcome = point.outcomes.first().copied().unwrap_or_default();
        let values = match outcome.value.is_finite() {
            true => point.influences(responses, group, coefficient),
            false => None,
        };
        Ok((outcome, values.unwrap_or_else(|| vec![f64::NAN; group.rows().len()])))
    };
    let found: Vec<(Outcome, Vec<f64>)> =
        responses.groups.par_iter().map(of_group).collect::<Result<_>>()?;
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let (outcomes, values): (Vec<Outcome>, Vec<Vec<f64>>) = found.into_iter().unzip();
    Ok((outcomes, values.concat()))
}
