//! Eigenvalues of data without factors (Horn 1965).

use rayon::prelude::*;

use super::normal::normal_correlation;
use super::shuffled::shuffled;
use crate::association::associations;
use crate::error::{Error, Result, invalid};
use crate::factor::{FitMemory, FitStatus, minres_one_factor, principal_factor};
use crate::linalg::eigenvalues;
use crate::moments::{Dispersion, GroupMoments, Panel, group_moments};
use crate::monitor::{Monitor, Silent};
use crate::responses::Responses;
use crate::simd::Simd;

/// What random correlations are of.
#[derive(Debug, Clone, Copy)]
pub enum RandomData<'a> {
    /// Normal numbers: so many persons and items.
    Normal {
        /// Number of persons.
        persons: usize,
        /// Number of items.
        items: usize,
    },
    /// The answers themselves, each item's shuffled.
    Shuffled {
        /// Answers of one group.
        responses: &'a Responses<'a>,
        /// Whether correlations are of the persons who answered both items.
        pairwise: bool,
        /// The number of categories, for polychoric correlations.
        categories: Option<usize>,
    },
}

/// Eigenvalues of one correlation matrix, largest first.
#[derive(Debug, Clone, Default)]
pub struct Eigenvalues {
    /// With ones on the diagonal: of components.
    pub components: Vec<f64>,
    /// With communalities of one factor on the diagonal: of factors. NaN where that factor was not found.
    pub factors: Vec<f64>,
}

/// Eigenvalues of all draws, one draw after the other.
#[derive(Debug, Clone, Default)]
pub struct RandomEigenvalues {
    /// Of components, draws × items.
    pub components: Vec<f64>,
    /// Of factors, draws × items.
    pub factors: Vec<f64>,
}

/// The eigenvalues of a correlation matrix; NaN where it holds something that is no number.
pub fn eigenvalues_of(correlation: &[f64], items: usize, memory: &mut FitMemory) -> Eigenvalues {
    let none = vec![f64::NAN; items];
    let mut found = Eigenvalues { components: none.clone(), factors: none };
    if correlation.len() != items * items || correlation.iter().any(|r| !r.is_finite()) {
        return found;
    }
    let mut reduced = correlation.to_vec();
    if !eigenvalues(&mut reduced, items, &mut found.components) {
        found.components.fill(f64::NAN);
    }
    let mut loadings = principal_factor(correlation, items);
    let status = minres_one_factor(correlation, &mut loadings, memory);
    if matches!(status, FitStatus::Converged | FitStatus::Heywood) {
        reduced.copy_from_slice(correlation);
        for (own, loading) in reduced.iter_mut().step_by(items + 1).zip(&loadings) {
            *own = loading * loading;
        }
        if !eigenvalues(&mut reduced, items, &mut found.factors) {
            found.factors.fill(f64::NAN);
        }
    }
    found
}

/// The eigenvalues of `draws` random correlation matrices. Each draw has random numbers of its own.
pub fn random_eigenvalues(
    simd: Simd,
    data: RandomData,
    seed: u64,
    draws: usize,
    monitor: &dyn Monitor,
) -> Result<RandomEigenvalues> {
    let items = match data {
        RandomData::Normal { items, .. } => items,
        RandomData::Shuffled { responses, .. } => responses.items,
    };
    if draws > u32::MAX as usize {
        return invalid(format!("{draws} draws are more than 2**32"));
    }
    let found: Vec<Eigenvalues> = (0..draws as u32)
        .into_par_iter()
        .map_init(FitMemory::default, |memory, draw| {
            if monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            let correlation = random_correlation(simd, data, seed, draw, monitor)?;
            let found = eigenvalues_of(&correlation, items, memory);
            monitor.advance(1);
            Ok(found)
        })
        .collect::<Result<_>>()?;
    let mut all = RandomEigenvalues::default();
    for Eigenvalues { components, factors } in found {
        all.components.extend(components);
        all.factors.extend(factors);
    }
    Ok(all)
}

fn random_correlation(
    simd: Simd,
    data: RandomData,
    seed: u64,
    draw: u32,
    monitor: &dyn Monitor,
) -> Result<Vec<f64>> {
    let (responses, pairwise, categories) = match data {
        RandomData::Normal { persons, items } => {
            return Ok(normal_correlation(seed, draw, persons, items));
        }
        RandomData::Shuffled { responses, pairwise, categories } => {
            (responses, pairwise, categories)
        }
    };
    let answers = shuffled(simd, responses, seed, draw);
    let groups = responses.groups.clone();
    let drawn = Responses { answers: answers.answers(), groups, ..*responses };
    if let Some(categories) = categories {
        // What is done here is counted by draws, not by pairs of items.
        let found = associations(&drawn, categories, &Silent)?;
        let rho: Vec<f64> = found.correlations.iter().map(|pair| pair.rho).collect();
        return Ok(symmetric(&rho, drawn.items));
    }
    let panel = if pairwise { Panel::Pairwise } else { Panel::Full };
    let mut dispersion = Dispersion::default();
    match group_moments(simd, &drawn, panel, monitor) {
        GroupMoments::Exact(all) => all.first().map(|moments| dispersion.fill(moments)),
        GroupMoments::Real(all) => all.first().map(|moments| dispersion.fill(moments)),
    };
    Ok(dispersion.correlation)
}

/// The matrix of what stands above its diagonal, row by row.
fn symmetric(above: &[f64], items: usize) -> Vec<f64> {
    let mut matrix = vec![1.0; items * items];
    let mut next = above.iter();
    for i in 0..items {
        for (j, value) in (i + 1..items).zip(&mut next) {
            matrix[i * items + j] = *value;
            matrix[j * items + i] = *value;
        }
    }
    matrix
}
