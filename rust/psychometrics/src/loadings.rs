//! Rotated loadings under resampling: where moments, replicates and factors meet.

use rayon::prelude::*;

use crate::error::{Error, Result, invalid};
use crate::factor::rotation::{Near, Rotation, rotate_near};
use crate::factor::{Alignment, Extraction, FitStatus, Matrix, extract_near};
use crate::interval::{Influence, Influences};
use crate::moments::{Dispersion, GroupMoments, Panel, group_moments};
use crate::monitor::Monitor;
use crate::reliability::{Gradient, Matrix as Moving};
use crate::resampling::{Plan, Resampling, replicate_moments};
use crate::responses::Responses;
use crate::simd::Simd;

/// A solution, and how it was come by.
#[derive(Debug, Clone)]
pub struct Solution {
    /// How factors were extracted.
    pub extraction: Extraction,
    /// How they were rotated, if they were.
    pub rotation: Option<Rotation>,
    /// Whether rows were brought to length one for it.
    pub kaiser: bool,
    /// Items × factors.
    pub loadings: Matrix,
    /// The uniqueness of each item.
    pub uniquenesses: Vec<f64>,
}

/// What a replicate's statuses are made of: a set of these. None of them: all is well.
pub mod flags {
    /// A uniqueness is on its bound.
    pub const HEYWOOD: u8 = 1;
    /// A factor of the estimate is not found again; see [`Alignment::switched`](crate::factor::Alignment).
    pub const FACTOR_SWITCHED: u8 = 2;
    /// Extraction or rotation found no minimum: there are no values.
    pub const NOT_CONVERGED: u8 = 4;
    /// The correlations have no inverse: there are no values.
    pub const NOT_POSITIVE_DEFINITE: u8 = 8;
    /// An item has no variance, or a pair of items no persons: there are no values.
    pub const CONSTANT_ITEM: u8 = 16;
}

/// Where searches of replicates stop: a digit beyond what any of their uses needs.
const REPLICATE_TOLERANCE: f64 = 1e-8;
/// Where those that derivatives are taken of do.
const TIGHT_TOLERANCE: f64 = 1e-11;
/// The step of central differences: its square and rounding over it are both near 1e-8.
const STEP: f64 = 1e-4;

impl Solution {
    /// Number of values: loadings, item after item, then correlations of pairs of factors.
    pub fn width(&self) -> usize {
        let factors = self.loadings.columns;
        self.loadings.values.len() + factors * factors.saturating_sub(1) / 2
    }

    /// The solution of correlations that are near those of this one, aligned with it, into `values`; its flags.
    fn again(
        &self,
        correlation: &[f64],
        tolerance: f64,
        monitor: &dyn Monitor,
        values: &mut [f64],
    ) -> u8 {
        let Matrix { rows: items, columns: factors, .. } = self.loadings;
        values.fill(f64::NAN);
        if correlation.iter().any(|r| !r.is_finite()) {
            return flags::CONSTANT_ITEM;
        }
        let start = &self.uniquenesses;
        let extracted = extract_near(correlation, items, factors, self.extraction, start, monitor);
        let mut found = match extracted.status {
            FitStatus::Converged => 0,
            FitStatus::Heywood => flags::HEYWOOD,
            FitStatus::NotConverged => return flags::NOT_CONVERGED,
            FitStatus::NotPositiveDefinite => return flags::NOT_POSITIVE_DEFINITE,
        };
        let rotated = match self.rotation {
            Some(rotation) if factors > 1 => rotate_near(
                &extracted.loadings,
                rotation,
                self.kaiser,
                &self.loadings,
                tolerance,
                monitor,
            ),
            _ => {
                let phi = Matrix::identity(factors);
                Some(Near { loadings: extracted.loadings, phi, converged: true })
            }
        };
        let Some(Near { loadings, phi, converged: true }) = rotated else {
            return flags::NOT_CONVERGED;
        };
        let alignment = Alignment::new(&loadings, &self.loadings);
        if alignment.switched {
            found |= flags::FACTOR_SWITCHED;
        }
        let (loadings, phi) = (alignment.of_loadings(&loadings), alignment.of_correlations(&phi));
        let pairs = (0..factors).flat_map(|i| (i + 1..factors).map(move |j| (i, j)));
        let all = loadings.values.iter().copied().chain(pairs.map(|(i, j)| phi.at(i, j)));
        values.iter_mut().zip(all).for_each(|(value, x)| *value = x);
        found
    }
}

/// Replicates of a solution.
#[derive(Debug, Clone)]
pub struct LoadingReplicates {
    /// Replicates × [`Solution::width`]; NaN where a replicate has no values.
    pub values: Vec<f64>,
    /// The [`flags`] of each replicate.
    pub flags: Vec<u8>,
}

/// The solution in every replicate of the responses' one group.
///
/// Each starts where the estimate is: nothing else of a replicate depends on it but the order and signs of factors.
pub fn loading_replicates(
    simd: Simd,
    responses: &Responses,
    pairwise: bool,
    solution: &Solution,
    plan: Plan,
    monitor: &dyn Monitor,
) -> Result<LoadingReplicates> {
    check(responses, pairwise, solution)?;
    let width = solution.width();
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let evaluate = |_: &mut (), _: usize, dispersion: &Dispersion, out: &mut [f64]| {
        if let Some((last, values)) = out.split_last_mut() {
            let correlation = &dispersion.correlation;
            let found = solution.again(correlation, REPLICATE_TOLERANCE, monitor, values);
            *last = f64::from(found);
        }
    };
    let resampling = Resampling { simd, responses, panel, plan, monitor };
    let all = replicate_moments(resampling, width + 1, || (), evaluate)?;
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let rows = all.chunks_exact(width + 1);
    Ok(LoadingReplicates {
        flags: rows.clone().map(|row| row[width] as u8).collect(),
        values: rows.flat_map(|row| row[..width].to_vec()).collect(),
    })
}

/// Standard error and acceleration of every value of a solution, from the influence of persons (or clusters) on it.
///
/// Derivatives in the correlations are central differences. NaN where the solution has none.
pub fn loading_influences(
    simd: Simd,
    responses: &Responses,
    pairwise: bool,
    solution: &Solution,
    monitor: &dyn Monitor,
) -> Result<Vec<Influence>> {
    check(responses, pairwise, solution)?;
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let mut dispersion = Dispersion::default();
    match group_moments(simd, responses, panel, monitor) {
        GroupMoments::Exact(all) => all.first().map(|moments| dispersion.fill(moments)),
        GroupMoments::Real(all) => all.first().map(|moments| dispersion.fill(moments)),
    };
    let Some(group) = responses.groups.first() else { return invalid("there is no group") };
    let (items, width) = (responses.items, solution.width());
    let pairs: Vec<(usize, usize)> =
        (0..items).flat_map(|i| (i + 1..items).map(move |j| (i, j))).collect();
    let slopes: Vec<Vec<f64>> = pairs
        .par_iter()
        .map(|&(i, j)| {
            if monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            let moved = |step: f64| {
                let mut correlation = dispersion.correlation.clone();
                correlation[i * items + j] += step;
                correlation[j * items + i] += step;
                let mut values = vec![f64::NAN; width];
                solution.again(&correlation, TIGHT_TOLERANCE, monitor, &mut values);
                values
            };
            let (up, down) = (moved(STEP), moved(-STEP));
            Ok(up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * STEP)).collect())
        })
        .collect::<Result<_>>()?;
    (0..width)
        .into_par_iter()
        .map(|at| {
            if monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            let mut values = vec![0.0; items * items];
            for (&(i, j), slope) in pairs.iter().zip(&slopes) {
                // Both places of the pair move together.
                values[i * items + j] = 0.5 * slope[at];
                values[j * items + i] = 0.5 * slope[at];
            }
            let gradient = Gradient { matrix: Moving::Correlation, values, product: None };
            let influences =
                Influences::new(simd, responses, group, &dispersion, &gradient, pairwise, monitor);
            Ok(influences.summary())
        })
        .collect()
}

fn check(responses: &Responses, pairwise: bool, solution: &Solution) -> Result<()> {
    let Matrix { rows, columns, ref values } = solution.loadings;
    if responses.groups.len() != 1 {
        return invalid(format!("factors are of one group, not of {}", responses.groups.len()));
    }
    if responses.incomplete && !pairwise {
        return invalid("answers are missing: leave out incomplete rows, or take pairs of items");
    }
    if rows != responses.items
        || columns == 0
        || columns > rows
        || solution.uniquenesses.len() != rows
        || values.len() != rows * columns
    {
        return invalid(format!(
            "{rows} × {columns} loadings are not of {} items",
            responses.items
        ));
    }
    if values.iter().chain(&solution.uniquenesses).any(|x| !x.is_finite()) {
        return invalid("a loading or uniqueness is not a number");
    }
    Ok(())
}
