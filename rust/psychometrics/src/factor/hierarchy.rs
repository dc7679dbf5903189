//! From correlations to general and group factors: minimum residuals, oblimin, Schmid & Leiman.

use super::FitStatus;
use super::alignment::LEAST_CONGRUENCE;
use super::matrix::Matrix;
use super::oblimin::Oblimin;
use super::residuals::Residuals;
use super::rotation::{Criterion, Rotation, Search, rotate};
use super::schmid_leiman::{general, unexplained};
use super::second_order::{SecondOrder, TwoFactors, second_order};
use crate::linalg::{lu, lu_solve};
use crate::monitor::Monitor;

/// Random rotations that the first fit starts from, besides the unrotated loadings.
pub const ROTATION_STARTS: u32 = 30;
/// How many factors, and what two of them lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HierarchyModel {
    /// Number of group factors.
    pub factors: usize,
    /// How two factors load on the general one.
    pub two_factors: TwoFactors,
}

/// One factor, which has no general one beside it.
impl Default for HierarchyModel {
    fn default() -> HierarchyModel {
        HierarchyModel { factors: 1, two_factors: TwoFactors::Equal }
    }
}

/// How general and group factors came out, where extraction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// As they should.
    Ok,
    /// The general factor explains all of a group factor.
    SecondOrderHeywood,
    /// A group factor is not one of the estimate's.
    Switched,
    /// The correlations do not have so many factors.
    FewerFactors,
    /// The rotation, or the fit of the general factor, did not converge.
    NotConverged,
}

/// The factors of one correlation matrix after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hierarchy {
    pub residuals: Residuals,
    pub rotated: Oblimin,
    second: SecondOrder,
    pub general: Vec<f64>,
    /// Loadings on group factors, items × factors.
    pub groups: Vec<f64>,
    pub communalities: Vec<f64>,
    correlation: Vec<f64>,
    extracted: Option<FitStatus>,
    arranged: Option<Arrangement>,
}

impl Hierarchy {
    /// Forgets which correlations the last fit was of: what is fitted next has another start.
    pub fn forget(&mut self) {
        (self.extracted, self.arranged) = (None, None);
    }

    /// Extracts the factors of a correlation matrix; from where `start` ended, if it has.
    pub fn extract(
        &mut self,
        correlation: &[f64],
        items: usize,
        model: HierarchyModel,
        start: &Hierarchy,
        monitor: &dyn Monitor,
    ) -> FitStatus {
        if let Some(status) = self.extracted
            && self.correlation == correlation
        {
            return status;
        }
        self.arranged = None;
        correlation.clone_into(&mut self.correlation);
        let warm = (start.residuals.items, start.residuals.factors) == (items, model.factors);
        let status = if warm {
            self.residuals.fit_from(correlation, &start.residuals, monitor)
        } else {
            self.residuals.fit(correlation, items, model.factors, monitor)
        };
        self.communalities = self.residuals.communalities();
        self.extracted = Some(status);
        status
    }

    /// Rotates the extracted factors, and splits them into a general one and groups.
    pub fn arrange(
        &mut self,
        model: HierarchyModel,
        start: &Hierarchy,
        monitor: &dyn Monitor,
    ) -> Arrangement {
        if let Some(arrangement) = self.arranged {
            return arrangement;
        }
        let arrangement = self.arrange_anew(model, start, monitor);
        self.arranged = Some(arrangement);
        arrangement
    }

    fn arrange_anew(
        &mut self,
        model: HierarchyModel,
        start: &Hierarchy,
        monitor: &dyn Monitor,
    ) -> Arrangement {
        self.general.clear();
        if !self.residuals.has_all_factors() {
            return Arrangement::FewerFactors;
        }
        let target = &start.rotated;
        let warm = target.factors == model.factors && start.residuals.items == self.residuals.items;
        let near = warm && self.turn_towards(&target.loadings) && self.rotated.settle();
        if !(near || self.rotate_anew(monitor) && self.rotated.settle()) {
            return Arrangement::NotConverged;
        }
        let alike = !warm || align(&mut self.rotated, &target.loadings) >= LEAST_CONGRUENCE;
        self.second = second_order(&self.rotated.phi, model.factors, model.two_factors);
        self.general = general(&self.rotated.loadings, &self.second);
        let shares = unexplained(&self.second);
        self.groups.clear();
        for row in self.rotated.loadings.chunks_exact(model.factors) {
            self.groups.extend(row.iter().zip(&shares).map(|(l, share)| l * share));
        }
        match self.second.status {
            Some(FitStatus::Converged) if alike => Arrangement::Ok,
            Some(FitStatus::Converged) => Arrangement::Switched,
            Some(FitStatus::Heywood) => Arrangement::SecondOrderHeywood,
            _ => Arrangement::NotConverged,
        }
    }

    /// The best rotation that many starts find, factors by the variance they explain.
    fn rotate_anew(&mut self, monitor: &dyn Monitor) -> bool {
        let Residuals { items, factors, ref loadings, .. } = self.residuals;
        let unrotated = Matrix { rows: items, columns: factors, values: loadings.clone() };
        let search = Search { kaiser: false, random_starts: ROTATION_STARTS, seed: 0 };
        let rotation = Rotation::Oblique(Criterion::Quartimin);
        let Ok(found) = rotate(&unrotated, rotation, search, monitor) else { return false };
        self.rotated.factors = factors;
        self.rotated.loadings = found.loadings.values;
        self.rotated.phi = found.phi.values;
        true
    }

    /// The transformation of the extracted loadings that comes nearest to others; false where it is singular.
    fn turn_towards(&mut self, target: &[f64]) -> bool {
        let Hierarchy { residuals, rotated, .. } = self;
        let (m, unrotated) = (residuals.factors, &residuals.loadings);
        // Least squares, X = (A'A)⁻¹ A'Λ; the columns of A are orthogonal.
        let mut turn = vec![0.0; m * m];
        for (row, wanted) in unrotated.chunks_exact(m).zip(target.chunks_exact(m)) {
            for (sums, a) in turn.chunks_exact_mut(m).zip(row) {
                sums.iter_mut().zip(wanted).for_each(|(sum, l)| *sum += a * l);
            }
        }
        for (n, sums) in turn.chunks_exact_mut(m).enumerate() {
            sums.iter_mut().for_each(|sum| *sum /= residuals.variance(n));
        }
        // Factors correlate as (X'X)⁻¹, each brought to variance one.
        let mut square: Vec<f64> = (0..m * m)
            .map(|at| (0..m).map(|n| turn[n * m + at / m] * turn[n * m + at % m]).sum())
            .collect();
        let mut exchanges = vec![0; m];
        if lu(&mut square, m, &mut exchanges) == 0.0 {
            return false;
        }
        let mut phi = vec![0.0; m * m];
        for (j, row) in phi.chunks_exact_mut(m).enumerate() {
            row[j] = 1.0;
            lu_solve(&square, m, &exchanges, row);
        }
        let lengths: Vec<f64> = (0..m).map(|j| phi[j * (m + 1)].sqrt()).collect();
        if lengths.iter().any(|length| !length.is_finite() || *length == 0.0) {
            return false;
        }
        for i in 0..m {
            for j in 0..m {
                let value = phi[i * m + j] / (lengths[i] * lengths[j]);
                phi[i * m + j] = if i == j { 1.0 } else { value };
            }
        }
        rotated.factors = m;
        rotated.phi = phi;
        rotated.loadings.clear();
        for row in unrotated.chunks_exact(m) {
            rotated.loadings.extend((0..m).map(|j| {
                lengths[j] * row.iter().enumerate().map(|(n, a)| a * turn[n * m + j]).sum::<f64>()
            }));
        }
        true
    }

    /// The gradient in the correlations, over ordered pairs with a diagonal of zeros, of a function of general and
    /// group loadings and communalities, by its gradients in these.
    pub fn gradient(&self, model: HierarchyModel, slopes: &Slopes) -> Option<Vec<f64>> {
        if slopes.in_factors.is_some() && self.general.is_empty() {
            return None;
        }
        let m = model.factors;
        let unrotated = &self.residuals.loadings;
        let mut in_unrotated = vec![0.0; unrotated.len()];
        if let Some((in_general, in_groups)) = &slopes.in_factors {
            let loadings = &self.rotated.loadings;
            let gamma = &self.second.loadings;
            let shares = unexplained(&self.second);
            let mut in_loadings = vec![0.0; loadings.len()];
            let mut in_gamma = vec![0.0; m];
            for (at, entry) in in_loadings.iter_mut().enumerate() {
                let (i, j) = (at / m, at % m);
                *entry = in_general[i] * gamma[j] + in_groups[at] * shares[j];
                in_gamma[j] += in_general[i] * loadings[at];
                if shares[j] > 0.0 {
                    in_gamma[j] -= in_groups[at] * loadings[at] * gamma[j] / shares[j];
                }
            }
            let in_phi = self.second.gradient(&self.rotated.phi, model.two_factors, &in_gamma)?;
            in_unrotated = self.rotated.gradient(unrotated, &in_loadings, &in_phi)?;
        }
        for (at, entry) in in_unrotated.iter_mut().enumerate() {
            *entry += 2.0 * unrotated[at] * slopes.in_communalities[at / m];
        }
        self.residuals.gradient(&in_unrotated)
    }
}

/// The gradient of a function of general and group factors.
#[derive(Debug, Clone)]
pub(crate) struct Slopes {
    /// In the general loadings, and in those on the groups, items × factors.
    pub in_factors: Option<(Vec<f64>, Vec<f64>)>,
    /// In the communalities.
    pub in_communalities: Vec<f64>,
}

/// Brings factors into the order and signs of others; the least congruence of a pair.
///
/// Pairs are made from the most congruent on.
fn align(rotated: &mut Oblimin, target: &[f64]) -> f64 {
    let m = rotated.factors;
    let product = |a: &[f64], i: usize, b: &[f64], j: usize| -> f64 {
        a.iter().skip(i).step_by(m).zip(b.iter().skip(j).step_by(m)).map(|(x, y)| x * y).sum()
    };
    let own: Vec<f64> =
        (0..m).map(|i| product(&rotated.loadings, i, &rotated.loadings, i).sqrt()).collect();
    let others: Vec<f64> = (0..m).map(|j| product(target, j, target, j).sqrt()).collect();
    let congruence: Vec<f64> = (0..m * m)
        .map(|at| {
            product(&rotated.loadings, at % m, target, at / m) / (own[at % m] * others[at / m])
        })
        .collect();
    let mut order = vec![0; m];
    let mut signs = vec![1.0; m];
    let (mut taken, mut given) = (vec![false; m], vec![false; m]);
    let mut least = f64::INFINITY;
    for _ in 0..m {
        let mut best = (-1.0, 0, 0);
        for (at, value) in congruence.iter().enumerate() {
            let (wanted, factor) = (at / m, at % m);
            if !given[wanted] && !taken[factor] && value.abs() > best.0 {
                best = (value.abs(), wanted, factor);
            }
        }
        let (size, wanted, factor) = best;
        (given[wanted], taken[factor]) = (true, true);
        order[wanted] = factor;
        signs[wanted] = if congruence[wanted * m + factor] < 0.0 { -1.0 } else { 1.0 };
        least = least.min(size);
    }
    if order.iter().enumerate().any(|(j, &from)| j != from) || signs.contains(&-1.0) {
        for row in rotated.loadings.chunks_exact_mut(m) {
            let before = row.to_vec();
            (0..m).for_each(|j| row[j] = signs[j] * before[order[j]]);
        }
        let before = rotated.phi.clone();
        for i in 0..m {
            for j in 0..m {
                rotated.phi[i * m + j] = signs[i] * signs[j] * before[order[i] * m + order[j]];
            }
        }
    }
    least
}
