//! Bootstrap intervals of polychoric correlations, by group and pair of items.

use crate::association::influence::Slopes;
use crate::association::survey::categorised;
use crate::association::{Latent, Near, Status, Tables, pairs};
use crate::error::Result;
use crate::interval::{
    BootstrapMethod, Influence, IntervalStatus, QuantileRule, bootstrap_interval,
};
use crate::resampling::{Resampling, replicate_tables};

/// The interval of one correlation.
#[derive(Debug, Clone, Copy)]
pub struct CorrelationInterval {
    /// Its lower end; NaN where there is none.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// Replicates without a value.
    pub failed: usize,
    /// Replicates on -1 or 1, which are kept.
    pub at_boundary: usize,
    /// Why there are no ends.
    pub status: IntervalStatus,
}

/// Intervals from replicates that are tables counted anew under the weights of persons, or of their clusters.
pub fn correlation_intervals(
    run: Resampling,
    categories: usize,
    method: BootstrapMethod,
    rule: QuantileRule,
    level: f64,
) -> Result<Vec<CorrelationInterval>> {
    let responses = run.responses;
    let codes = categorised(responses, categories)?;
    let items = responses.items;
    let points: Vec<(Tables, Latent, Near)> = responses
        .groups
        .iter()
        .map(|group| {
            let mut tables = Tables::new(items, categories, 1.0);
            tables.count(codes, responses.rows, group.rows(), None);
            let latent = Latent::fit(&tables, None, false, run.monitor);
            let near = Near::new(run.simd, &latent, &tables);
            (tables, latent, near)
        })
        .collect();
    let width = items * items.saturating_sub(1) / 2;
    let evaluate = |group: usize, tables: &Tables, out: &mut [(f64, bool)]| {
        let latent = Latent::fit(tables, points.get(group).map(|p| &p.2), false, run.monitor);
        for ((out, (i, j)), status) in out.iter_mut().zip(pairs(items)).zip(&latent.statuses) {
            *out = (latent.correlation[i * items + j], *status == Status::Boundary);
        }
    };
    let replicates = replicate_tables(run, codes, categories, width, evaluate)?;
    let mut intervals = Vec::with_capacity(points.len() * width);
    for (at, (tables, latent, _)) in points.iter().enumerate() {
        let group = &responses.groups[at];
        let own = &replicates[at * run.plan.replicates * width..][..run.plan.replicates * width];
        for (pair, (i, j)) in pairs(items).enumerate() {
            let estimate = latent.correlation[i * items + j];
            let found = own.iter().skip(pair).step_by(width);
            let mut values: Vec<f64> =
                found.clone().map(|found| found.0).filter(|rho| rho.is_finite()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let acceleration = match latent.statuses[pair] {
                Status::Ok if method == BootstrapMethod::Bca => {
                    let moved = latent.influence(tables, pair, i * items + j, Slopes::Derivatives);
                    let mut by_cell = vec![0.0; categories * categories];
                    for moved in moved {
                        by_cell[moved.cell.0 * categories + moved.cell.1] = moved.correlation;
                    }
                    let column = |item: usize| &codes[item * responses.rows..][group.rows()];
                    let of = |(&a, &b): (&u8, &u8)| {
                        let (a, b) = (usize::from(a), usize::from(b));
                        let both = a < categories && b < categories;
                        if both { by_cell[a * categories + b] } else { 0.0 }
                    };
                    let rows: Vec<f64> = column(i).iter().zip(column(j)).map(of).collect();
                    Influence::of(group, &rows).acceleration
                }
                _ => f64::NAN,
            };
            let (lower, upper, status) = match estimate.is_finite() {
                true => bootstrap_interval(&values, estimate, acceleration, level, method, rule),
                false => (f64::NAN, f64::NAN, IntervalStatus::NoStandardError),
            };
            intervals.push(CorrelationInterval {
                lower,
                upper,
                failed: run.plan.replicates - values.len(),
                at_boundary: found.filter(|found| found.1).count(),
                status,
            });
        }
    }
    Ok(intervals)
}
