//! Coefficients of a general factor and group factors, on correlations, with their derivatives.
//!
//! With loadings `g` on the general factor, `s` on the groups, communalities `h²` and the total `V = Σ R`. An item
//! belongs to the group on which its loading is largest.

use super::{Coefficient, Outcome, Status};
use crate::factor::{Hierarchy, HierarchyModel, Slopes};

/// A general factor and groups of items.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The loadings of the items on the general factor.
    pub general: Vec<f64>,
    /// The group of each item.
    pub of_item: Vec<usize>,
}

impl Groups {
    pub(super) fn new(fit: &Hierarchy, factors: usize) -> Groups {
        let largest = |row: &[f64]| {
            let better =
                |best: usize, j: usize| if row[j].abs() > row[best].abs() { j } else { best };
            (1..row.len()).fold(0, better)
        };
        Groups {
            general: fit.general.clone(),
            of_item: fit.groups.chunks_exact(factors.max(1)).map(largest).collect(),
        }
    }
}

/// The coefficient of these factors.
pub(super) fn coefficient(
    coefficient: Coefficient,
    fit: &Hierarchy,
    factors: usize,
    correlation: &[f64],
) -> Outcome {
    let items = fit.general.len();
    let total: f64 = correlation.iter().sum();
    let common: f64 = fit.general.iter().sum();
    let squares = |loadings: &[f64]| loadings.iter().map(|x| x * x).sum::<f64>();
    let value = match coefficient {
        Coefficient::OmegaH => common * common / total,
        Coefficient::OmegaLimit => {
            let explained = total - items as f64 + fit.communalities.iter().sum::<f64>();
            if explained <= 0.0 {
                return Outcome::none(Status::Undefined);
            }
            common * common / explained
        }
        Coefficient::Ecv => squares(&fit.general) / (squares(&fit.general) + squares(&fit.groups)),
        Coefficient::Puc => {
            let of_item = Groups::new(fit, factors).of_item;
            let within = (0..items)
                .map(|i| (0..i).filter(|&j| of_item[j] == of_item[i]).count())
                .sum::<usize>();
            1.0 - within as f64 / (items * (items - 1) / 2) as f64
        }
        Coefficient::OmegaGroup(group) | Coefficient::OmegaGroupTotal(group) => {
            let of_item = Groups::new(fit, factors).of_item;
            let group = usize::from(group);
            let members: Vec<usize> = (0..items).filter(|&i| of_item[i] == group).collect();
            let all = sum_among(correlation, items, &members);
            if all <= 0.0 {
                return Outcome::none(Status::Undefined);
            }
            let own: f64 = members.iter().map(|&i| fit.groups[i * factors + group]).sum();
            let general: f64 = members.iter().map(|&i| fit.general[i]).sum();
            let with_general = matches!(coefficient, Coefficient::OmegaGroupTotal(_));
            (own * own + if with_general { general * general } else { 0.0 }) / all
        }
        _ => return Outcome::default(),
    };
    Outcome::ok(value)
}

fn sum_among(correlation: &[f64], items: usize, members: &[usize]) -> f64 {
    let row = |&i: &usize| members.iter().map(|&j| correlation[i * items + j]).sum::<f64>();
    members.iter().map(row).sum()
}

/// The derivative of omega total: all that the factors explain.
pub(super) fn total_gradient(
    fit: &Hierarchy,
    model: HierarchyModel,
    correlation: &[f64],
) -> Option<Vec<f64>> {
    let items = fit.communalities.len();
    let total: f64 = correlation.iter().sum();
    let unique = items as f64 - fit.communalities.iter().sum::<f64>();
    let slopes = Slopes { in_factors: None, in_communalities: vec![1.0 / total; items] };
    let mut gradient = fit.gradient(model, &slopes)?;
    add_off_diagonal(&mut gradient, items, |_, _| unique / (total * total));
    Some(gradient)
}

/// The derivative of a coefficient of these factors; items stay in their groups. The share of uncontaminated
/// correlations, which counts items, has none.
pub(super) fn gradient(
    coefficient: Coefficient,
    fit: &Hierarchy,
    model: HierarchyModel,
    correlation: &[f64],
) -> Option<Vec<f64>> {
    let (items, factors) = (fit.general.len(), model.factors);
    let total: f64 = correlation.iter().sum();
    let common: f64 = fit.general.iter().sum();
    let mut in_general = vec![0.0; items];
    let mut in_groups = vec![0.0; items * factors];
    let mut in_communalities = vec![0.0; items];
    let mut direct = vec![0.0; items * items];
    match coefficient {
        Coefficient::OmegaH => {
            in_general.fill(2.0 * common / total);
            direct.fill(-(common / total).powi(2));
        }
        Coefficient::OmegaLimit => {
            let explained = total - items as f64 + fit.communalities.iter().sum::<f64>();
            in_general.fill(2.0 * common / explained);
            in_communalities.fill(-(common / explained).powi(2));
            direct.fill(-(common / explained).powi(2));
        }
        Coefficient::Ecv => {
            let general: f64 = fit.general.iter().map(|x| x * x).sum();
            let all = general + fit.groups.iter().map(|x| x * x).sum::<f64>();
            for (slope, g) in in_general.iter_mut().zip(&fit.general) {
                *slope = 2.0 * g * (all - general) / (all * all);
            }
            for (slope, s) in in_groups.iter_mut().zip(&fit.groups) {
                *slope = -2.0 * s * general / (all * all);
            }
        }
        Coefficient::OmegaGroup(group) | Coefficient::OmegaGroupTotal(group) => {
            let of_item = Groups::new(fit, factors).of_item;
            let group = usize::from(group);
            let members: Vec<usize> = (0..items).filter(|&i| of_item[i] == group).collect();
            let all = sum_among(correlation, items, &members);
            let own: f64 = members.iter().map(|&i| fit.groups[i * factors + group]).sum();
            let mut square = own * own;
            members.iter().for_each(|&i| in_groups[i * factors + group] = 2.0 * own / all);
            if matches!(coefficient, Coefficient::OmegaGroupTotal(_)) {
                let general: f64 = members.iter().map(|&i| fit.general[i]).sum();
                square += general * general;
                members.iter().for_each(|&i| in_general[i] = 2.0 * general / all);
            }
            for &i in &members {
                members.iter().for_each(|&j| direct[i * items + j] = -square / (all * all));
            }
        }
        _ => return None,
    }
    let slopes = Slopes { in_factors: Some((in_general, in_groups)), in_communalities };
    let mut gradient = fit.gradient(model, &slopes)?;
    add_off_diagonal(&mut gradient, items, |i, j| direct[i * items + j]);
    Some(gradient)
}

/// Adds to all but the diagonal, which does not move.
fn add_off_diagonal(gradient: &mut [f64], items: usize, value: impl Fn(usize, usize) -> f64) {
    for (at, entry) in gradient.iter_mut().enumerate() {
        let (i, j) = (at / items, at % items);
        *entry = if i == j { 0.0 } else { *entry + value(i, j) };
    }
}
