//! What each person contributes to the error of one coefficient, group by group.

use rayon::prelude::*;

use crate::error::{Error, Result, invalid};
use crate::factor::HierarchyModel;
use crate::interval::Influences;
use crate::moments::{Dispersion, GroupMoments, Panel, group_moments};
use crate::monitor::Monitor;
use crate::reliability::{Coefficient, Estimator, Outcome};
use crate::responses::Responses;
use crate::simd::Simd;

/// The coefficient of each group, and the influence value of each row: NaN in a group without a value or derivative.
pub fn person_influences(
    simd: Simd,
    responses: &Responses,
    coefficient: Coefficient,
    model: HierarchyModel,
    pairwise: bool,
    monitor: &dyn Monitor,
) -> Result<(Vec<Outcome>, Vec<f64>)> {
    if responses.incomplete && !pairwise {
        return invalid("answers are missing: leave out incomplete rows, or take pairs of items");
    }
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let moments = group_moments(simd, responses, panel, monitor);
    let of_group = |group: usize| {
        let mut dispersion = Dispersion::default();
        match &moments {
            GroupMoments::Exact(all) => dispersion.fill(&all[group]),
            GroupMoments::Real(all) => dispersion.fill(&all[group]),
        }
        let mut estimator = Estimator::with_model(model);
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
