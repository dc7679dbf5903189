//! Tables of pairs of items under resampled weights, for every group and replicate.

use rayon::prelude::*;

use super::replicates::{Resampling, check_weights, room, row_weights};
use crate::association::Tables;
use crate::error::{Error, Result, invalid};

/// Evaluates every replicate of every group; `width` values each, by group, then replicate.
///
/// `evaluate` gets the number of the group, and the tables under the weights that moments are taken under: both are of
/// the same persons. Results do not depend on how replicates are divided over threads.
pub fn replicate_tables<T>(
    run: Resampling,
    codes: &[u8],
    categories: usize,
    width: usize,
    evaluate: impl Fn(usize, &Tables, &mut [T]) + Sync,
) -> Result<Vec<T>>
where
    T: Copy + Default + Send,
{
    let Resampling { responses, plan, monitor, .. } = run;
    check_weights(run)?;
    if plan.replicates == 0 || width == 0 {
        return invalid("no replicates or nothing to evaluate");
    }
    let mut results = room(responses.groups.len(), plan.replicates, width)?;
    let empty = || Tables::new(responses.items, categories, plan.weights.unit());
    results.par_chunks_mut(width).enumerate().try_for_each_init(empty, |tables, (at, out)| {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        let group = at / plan.replicates;
        let Some(rows) = responses.groups.get(group) else {
            return invalid(format!("there is no group {group}"));
        };
        let weights = row_weights(run, rows, at % plan.replicates)?;
        tables.count(codes, responses.rows, rows.rows(), Some(&weights));
        evaluate(group, tables, out);
        monitor.advance(1);
        Ok(())
    })?;
    Ok(results)
}
