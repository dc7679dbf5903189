//! One factor by maximum likelihood with bounded uniquenesses.
//!
//! At the maximum the loadings `l` and uniquenesses `t` satisfy `S u = (1 + q) l`, with `u = l / t`, `q = l'u` and
//! `t = diag(S) - l²` unless it is on its bound: as many equations as items, which Newton's method solves in a few
//! steps from a near start. From afar, and to be sure of a minimum, the likelihood is maximised over the logarithms of
//! uniquenesses (Jöreskog 1967) by bounded Newton steps that always go down.

use super::concentrated::Concentrated;
use super::minres::principal_factor;
use super::{FitMemory, FitStatus, LEAST_UNIQUENESS, NEWTON_TOLERANCE};
use crate::linalg::{cholesky, lu, lu_solve, lu_solve_transposed};
use crate::monitor::Monitor;

/// How often a start that was too far is brought nearer, and by how many fixed-point steps.
const APPROACHES: usize = 4;
const STEPS: usize = 15;

/// A one-factor solution of a correlation matrix.
#[derive(Debug, Default, PartialEq)]
pub struct MlFit {
    /// Loadings on the standardised items.
    pub loadings: Vec<f64>,
    /// Uniquenesses of the standardised items.
    pub uniquenesses: Vec<f64>,
    /// Items whose uniqueness is on its bound.
    pub bounded: Vec<bool>,
    /// The sign of the determinant of the equations' derivative: the same for all near minima.
    orientation: f64,
}

/// The symmetric matrix `left right' + right left'`, and `own` more on its diagonal.
#[derive(Debug, Clone, Default)]
pub struct ProductForm {
    /// One column.
    pub left: Vec<f64>,
    /// The other.
    pub right: Vec<f64>,
    /// The diagonal.
    pub own: Vec<f64>,
}

impl ProductForm {
    /// The whole matrix: the products of the columns both ways, and the diagonal.
    pub fn matrix(&self) -> Vec<f64> {
        let ProductForm { left, right, own } = self;
        let items = own.len();
        let mut matrix: Vec<f64> = (0..items * items)
            .map(|at| (at / items, at % items))
            .map(|(i, j)| left[i] * right[j] + left[j] * right[i])
            .collect();
        matrix.iter_mut().step_by(items + 1).zip(own).for_each(|(value, own)| *value += own);
        matrix
    }
}

/// Fits one factor to a correlation matrix, from `fit` where it holds a solution of a near matrix.
///
/// Where that start and what Newton's method makes of it lie inside the bounds, this is the solution. Otherwise there
/// may be several minima: all starts are tried, and the lowest minimum is taken. A cancelled fit has not converged.
pub fn ml_one_factor(
    correlation: &[f64],
    items: usize,
    fit: &mut MlFit,
    memory: &mut FitMemory,
    monitor: &dyn Monitor,
) -> FitStatus {
    memory.resize(items);
    memory.matrix.copy_from_slice(correlation);
    if !cholesky(&mut memory.matrix, items) {
        return FitStatus::NotPositiveDefinite;
    }
    let warm = fit.loadings.len() == items;
    if warm && !fit.bounded.contains(&true) {
        let mut near = std::mem::take(&mut memory.near);
        near.clone_from(fit);
        let solved = near.solve(correlation, memory)
            && near.orientation == fit.orientation
            && near.is_minimum(correlation, memory);
        if solved {
            std::mem::swap(fit, &mut near);
        }
        memory.near = near;
        if solved {
            return fit.status();
        }
    }
    let mut best: Option<(f64, MlFit)> = None;
    if warm {
        fit.clone().consider(correlation, memory, &mut best);
        let mut near = fit.clone();
        for _ in 0..APPROACHES {
            if best.is_some() {
                break;
            }
            near.approach(correlation);
            near.clone().consider(correlation, memory, &mut best);
        }
    }
    MlFit::maximised(correlation, items, monitor).consider(correlation, memory, &mut best);
    // In small samples a Heywood case may lie lower than other minima: one with each item as the factor is tried.
    for item in 0..items {
        if monitor.cancelled() {
            return FitStatus::NotConverged;
        }
        MlFit::near_item(correlation, items, item).consider(correlation, memory, &mut best);
    }
    match best {
        Some((_, found)) => {
            *fit = found;
            fit.status()
        }
        None => FitStatus::NotConverged,
    }
}

/// The derivatives of one item's part of the equations.
struct ItemTerms {
    /// `l / t`.
    u: f64,
    /// Its derivative in the loading.
    u_loading: f64,
    /// Its derivative in the item's variance.
    u_variance: f64,
    /// The derivative of the uniqueness in the loading.
    t_loading: f64,
    /// The derivative of the uniqueness in the item's variance.
    t_variance: f64,
}

impl Clone for MlFit {
    fn clone(&self) -> MlFit {
        let mut copy = MlFit::default();
        copy.clone_from(self);
        copy
    }

    // The derived one would not keep the memory.
    fn clone_from(&mut self, other: &MlFit) {
        self.loadings.clone_from(&other.loadings);
        self.uniquenesses.clone_from(&other.uniquenesses);
        self.bounded.clone_from(&other.bounded);
        self.orientation = other.orientation;
    }
}

impl MlFit {
    /// A start where one item is all but the factor.
    fn near_item(correlation: &[f64], items: usize, item: usize) -> MlFit {
        let mut loadings = correlation[item * items..][..items].to_vec();
        loadings[item] = (1.0 - LEAST_UNIQUENESS).sqrt();
        let bounded = (0..items).map(|j| j == item).collect();
        MlFit { loadings, bounded, uniquenesses: vec![0.0; items], orientation: 0.0 }
    }

    /// Solves from here, and takes `best`'s place if it is a lower minimum.
    fn consider(
        &mut self,
        correlation: &[f64],
        memory: &mut FitMemory,
        best: &mut Option<(f64, MlFit)>,
    ) {
        if self.solve(correlation, memory)
            && self.is_minimum(correlation, memory)
            && self.curves_up(correlation)
        {
            let value = self.discrepancy(correlation);
            if best.as_ref().is_none_or(|(lowest, _)| value < *lowest) {
                *best = Some((value, std::mem::take(self)));
            }
        }
    }

    /// `ln |LL' + T| + tr(R (LL' + T)⁻¹)`, what maximum likelihood makes smallest.
    fn discrepancy(&self, correlation: &[f64]) -> f64 {
        let items = self.loadings.len();
        let u: Vec<f64> =
            self.loadings.iter().zip(&self.uniquenesses).map(|(l, t)| l / t).collect();
        let q: f64 = u.iter().zip(&self.loadings).map(|(u, l)| u * l).sum();
        let form: f64 = u
            .iter()
            .zip(correlation.chunks_exact(items))
            .map(|(ui, row)| ui * row.iter().zip(&u).map(|(r, uj)| r * uj).sum::<f64>())
            .sum();
        self.uniquenesses.iter().map(|t| t.ln() + 1.0 / t).sum::<f64>() + (1.0 + q).ln()
            - form / (1.0 + q)
    }

    /// Comes nearer to a minimum by fixed-point steps `l = S u / (1 + q)`, loadings held inside their bounds.
    fn approach(&mut self, correlation: &[f64]) {
        let items = self.loadings.len();
        let most = (1.0 - LEAST_UNIQUENESS).sqrt();
        for _ in 0..STEPS {
            let u: Vec<f64> =
                self.loadings.iter().zip(&self.uniquenesses).map(|(l, t)| l / t).collect();
            let q: f64 = u.iter().zip(&self.loadings).map(|(u, l)| u * l).sum();
            for (j, row) in correlation.chunks_exact(items).enumerate() {
                let next = row.iter().zip(&u).map(|(r, u)| r * u).sum::<f64>() / (1.0 + q);
                self.loadings[j] = next.clamp(-most, most);
                self.bounded[j] = next.abs() >= most;
            }
            self.update_uniquenesses();
        }
    }

    fn status(&self) -> FitStatus {
        if self.bounded.contains(&true) { FitStatus::Heywood } else { FitStatus::Converged }
    }

    fn terms(&self, item: usize) -> ItemTerms {
        let (l, t) = (self.loadings[item], self.uniquenesses[item]);
        let (t_loading, t_variance) =
            if self.bounded[item] { (0.0, LEAST_UNIQUENESS) } else { (-2.0 * l, 1.0) };
        ItemTerms {
            u: l / t,
            u_loading: 1.0 / t - l / (t * t) * t_loading,
            u_variance: -l / (t * t) * t_variance,
            t_loading,
            t_variance,
        }
    }

    /// Sets uniquenesses to what the loadings and bounds say.
    fn update_uniquenesses(&mut self) {
        for ((t, l), bounded) in self.uniquenesses.iter_mut().zip(&self.loadings).zip(&self.bounded)
        {
            *t = if *bounded { LEAST_UNIQUENESS } else { 1.0 - l * l };
        }
    }

    /// The derivative of the equations in the loadings, into the memory's matrix; their values into its step.
    fn linearise(&self, correlation: &[f64], memory: &mut FitMemory) {
        let items = self.loadings.len();
        let FitMemory { matrix, step, scratch, .. } = memory;
        let mut q = 0.0;
        // scratch: the derivative of q in the loadings.
        for (j, slope) in scratch.iter_mut().enumerate() {
            let terms = self.terms(j);
            q += self.loadings[j] * terms.u;
            *slope = terms.u + self.loadings[j] * terms.u_loading;
        }
        step.fill(0.0);
        for j in 0..items {
            let terms = self.terms(j);
            for i in 0..items {
                let r = correlation[j * items + i];
                step[i] += r * terms.u;
                matrix[i * items + j] = r * terms.u_loading - self.loadings[i] * scratch[j];
            }
        }
        for i in 0..items {
            step[i] -= (1.0 + q) * self.loadings[i];
            matrix[i * items + i] -= 1.0 + q;
        }
    }

    /// Newton's method on the equations, items on their bounds staying there.
    fn solve(&mut self, correlation: &[f64], memory: &mut FitMemory) -> bool {
        let items = self.loadings.len();
        for _ in 0..12 {
            self.update_uniquenesses();
            if self.uniquenesses.iter().any(|&t| t.is_nan() || t < 0.1 * LEAST_UNIQUENESS) {
                return false;
            }
            self.linearise(correlation, memory);
            let FitMemory { matrix, step, exchanges, .. } = memory;
            self.orientation = lu(matrix, items, exchanges);
            if self.orientation == 0.0 {
                return false;
            }
            lu_solve(matrix, items, exchanges, step);
            let mut largest = 0.0_f64;
            for (loading, step) in self.loadings.iter_mut().zip(step.iter()) {
                *loading -= step;
                largest = largest.max(step.abs());
            }
            if largest.is_nan() || largest > 0.5 {
                return false;
            }
            if largest < NEWTON_TOLERANCE {
                self.update_uniquenesses();
                return true;
            }
        }
        false
    }

    /// Whether a solution of the equations is inside the bounds, with the factor that explains most.
    fn is_minimum(&self, correlation: &[f64], memory: &mut FitMemory) -> bool {
        let items = self.loadings.len();
        let inside = (0..items).all(|j| {
            let free = 1.0 - self.loadings[j] * self.loadings[j];
            if self.bounded[j] { free <= LEAST_UNIQUENESS } else { free >= LEAST_UNIQUENESS }
        });
        if !inside {
            return false;
        }
        // Scaled by uniquenesses the matrix has 1 + q as its largest eigenvalue: taken out, what is left is smaller.
        let q: f64 = self.loadings.iter().zip(&self.uniquenesses).map(|(l, t)| l * l / t).sum();
        let largest = 1.0 + q;
        for i in 0..items {
            for j in 0..=i {
                let scale = (self.uniquenesses[i] * self.uniquenesses[j]).sqrt();
                let direction =
                    self.loadings[i] * self.loadings[j] / (scale * q.max(f64::MIN_POSITIVE));
                let own = if i == j { largest } else { 0.0 };
                memory.matrix[i * items + j] =
                    own - correlation[i * items + j] / scale + largest * direction;
            }
        }
        cholesky(&mut memory.matrix, items)
    }

    /// Whether the discrepancy rises in every direction from here: not a saddle.
    fn curves_up(&self, correlation: &[f64]) -> bool {
        let logs: Vec<f64> = self.uniquenesses.iter().map(|t| t.ln()).collect();
        let (mut hessian, free) = Concentrated::new(correlation, &logs).free_hessian(&self.bounded);
        cholesky(&mut hessian, free.len())
    }

    /// Where the search over uniquenesses leads, which maximises the likelihood.
    fn maximised(correlation: &[f64], items: usize, monitor: &dyn Monitor) -> MlFit {
        let (point, log_uniquenesses, bounded) = Concentrated::lowest(correlation, items, monitor);
        let uniquenesses: Vec<f64> = log_uniquenesses.iter().map(|x| x.exp()).collect();
        let mut loadings = point.loadings(&uniquenesses);
        if loadings.iter().all(|l| l.abs() < 1e-12) {
            // No common factor at all: principal factors are as good a start as any.
            loadings = principal_factor(correlation, items);
        }
        MlFit { loadings, uniquenesses, bounded, orientation: 0.0 }
    }

    /// The gradient of a function of loadings and variances in the correlations (whose diagonal counts as variances).
    ///
    /// `in_loadings` is its gradient in the loadings, those of uniquenesses by way of the loadings included;
    /// `in_variances` what it has in the variances directly.
    pub fn implicit_gradient(
        &self,
        correlation: &[f64],
        in_loadings: &[f64],
        in_variances: &[f64],
    ) -> Option<ProductForm> {
        let items = self.loadings.len();
        let mut memory = FitMemory::default();
        memory.resize(items);
        self.linearise(correlation, &mut memory);
        if lu(&mut memory.matrix, items, &mut memory.exchanges) == 0.0 {
            return None;
        }
        let mut y = in_loadings.to_vec();
        lu_solve_transposed(&memory.matrix, items, &memory.exchanges, &mut y);
        let y_l: f64 = y.iter().zip(&self.loadings).map(|(y, l)| y * l).sum();
        let mut form = ProductForm::default();
        for i in 0..items {
            let ItemTerms { u, u_variance, .. } = self.terms(i);
            form.left.push(-0.5 * y[i]);
            form.right.push(u);
            // The equations also move with the variance by way of the uniqueness.
            let y_r: f64 = y.iter().zip(&correlation[i * items..]).map(|(y, r)| y * r).sum();
            form.own.push(in_variances[i] - u_variance * (y_r - y_l * self.loadings[i]));
        }
        Some(form)
    }

    /// The derivatives of each uniqueness in its loading and in its item's variance.
    pub fn uniqueness_slopes(&self) -> Vec<(f64, f64)> {
        (0..self.loadings.len())
            .map(|j| {
                let ItemTerms { t_loading, t_variance, .. } = self.terms(j);
                (t_loading, t_variance)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Silent;

    fn implied(loadings: &[f64]) -> Vec<f64> {
        let k = loadings.len();
        (0..k * k)
            .map(|at| if at % (k + 1) == 0 { 1.0 } else { loadings[at / k] * loadings[at % k] })
            .collect()
    }

    #[test]
    fn recovers_exact_loadings() {
        let truth = [0.9, 0.7, -0.4, 0.6, 0.2];
        let mut fit = MlFit::default();
        let status =
            ml_one_factor(&implied(&truth), 5, &mut fit, &mut FitMemory::default(), &Silent);
        assert_eq!(status, FitStatus::Converged);
        for (loading, truth) in fit.loadings.iter().zip(truth) {
            assert!((loading - truth).abs() < 1e-12);
        }
    }

    #[test]
    fn a_warm_start_gives_the_solution_of_a_cold_one() {
        let mut near = implied(&[0.8, 0.7, 0.5, 0.6, 0.4, 0.7]);
        let mut fit = MlFit::default();
        let mut memory = FitMemory::default();
        ml_one_factor(&near, 6, &mut fit, &mut memory, &Silent);
        for (i, j, change) in [(0, 1, 0.03), (2, 4, -0.05), (3, 5, 0.04)] {
            near[i * 6 + j] += change;
            near[j * 6 + i] += change;
        }
        let mut cold = MlFit::default();
        assert_eq!(ml_one_factor(&near, 6, &mut fit, &mut memory, &Silent), FitStatus::Converged);
        assert_eq!(ml_one_factor(&near, 6, &mut cold, &mut memory, &Silent), FitStatus::Converged);
        for (warm, cold) in fit.loadings.iter().zip(&cold.loadings) {
            assert!((warm - cold).abs() < 1e-12);
        }
    }

    #[test]
    fn a_heywood_case_stays_on_its_bound() {
        let mut r = implied(&[0.9, 0.8, 0.5, 0.4]);
        r[1] = 0.95;
        r[4] = 0.95;
        r[2] = 0.6;
        r[8] = 0.6;
        let mut fit = MlFit::default();
        let mut memory = FitMemory::default();
        assert_eq!(ml_one_factor(&r, 4, &mut fit, &mut memory, &Silent), FitStatus::Heywood);
        assert!(fit.uniquenesses.contains(&LEAST_UNIQUENESS));
        let warm = fit.clone();
        assert_eq!(ml_one_factor(&r, 4, &mut fit, &mut memory, &Silent), FitStatus::Heywood);
        assert!((warm.loadings[0] - fit.loadings[0]).abs() < 1e-12);
    }

    #[test]
    fn small_uniquenesses_inside_the_bounds_are_found() {
        // Along the valley of the logarithm of a small uniqueness the curvature nearly vanishes.
        for least in [0.05, 0.02, 0.01, 0.008, 0.0055] {
            for (first, second) in [(0.255, 0.2888), (0.5, 0.4), (0.3, 0.8)] {
                let truth = [first, second, (1.0_f64 - least).sqrt()];
                let mut fit = MlFit::default();
                let mut memory = FitMemory::default();
                let status = ml_one_factor(&implied(&truth), 3, &mut fit, &mut memory, &Silent);
                assert_eq!(status, FitStatus::Converged, "{least} {first} {second}");
                for (loading, truth) in fit.loadings.iter().zip(truth) {
                    assert!((loading - truth).abs() < 1e-8, "{least} {first} {second}");
                }
            }
        }
    }
}
