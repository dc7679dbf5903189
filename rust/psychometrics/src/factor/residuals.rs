//! Several factors by minimum residuals, one correlation matrix after the other, from where the last search ended.
//!
//! The same minimum as [`extract`](super::extract) finds, by the same steps in memory that is kept: Newton's method on
//! uniquenesses with Jöreskog's (1977) exact second derivatives, negative curvature turned positive.

use super::descent::{Limits, MOST_HALVINGS, shorten, turned_step};
use super::extraction::{Extraction, extract};
use super::spectrum::Spectrum;
use super::{FitStatus, LEAST_UNIQUENESS};
use crate::linalg::{cholesky, cholesky_solve};
use crate::monitor::Monitor;

const MOST_STEPS: usize = 500;
/// A slope this small is zero but for rounding: the next step would be below 1e-11.
const TIGHT: f64 = 1e-12;
/// A slope this small, where rounding allows no better step, is that of a minimum.
const CONVERGED: f64 = 1e-8;
/// A factor that explains less cannot be told from none.
pub(crate) const LEAST_VARIANCE: f64 = 1e-8;
const LIMITS: Limits = Limits { lowest: LEAST_UNIQUENESS, highest: 1.0 };

/// Unrotated factors of the last correlation matrix.
#[derive(Debug, Clone, Default)]
pub(crate) struct Residuals {
    pub items: usize,
    pub factors: usize,
    /// Where the search ended, and where the next may start.
    pub uniquenesses: Vec<f64>,
    /// Items × factors, by variance explained.
    pub loadings: Vec<f64>,
    spectrum: Spectrum,
    slopes: Vec<f64>,
    value: f64,
    memory: Memory,
}

#[derive(Debug, Clone, Default)]
struct Memory {
    reduced: Vec<f64>,
    hessian: Vec<f64>,
    product: Vec<f64>,
    free: Vec<usize>,
    among_free: Vec<f64>,
    step: Vec<f64>,
    before: Vec<f64>,
    turned: Spectrum,
}

impl Residuals {
    /// The lowest minimum that several starts find.
    pub fn fit(
        &mut self,
        correlation: &[f64],
        items: usize,
        factors: usize,
        monitor: &dyn Monitor,
    ) -> FitStatus {
        (self.items, self.factors) = (items, factors);
        match extract(correlation, items, factors, Extraction::MinimumResiduals, monitor) {
            Ok(found) if found.status != FitStatus::NotConverged => {
                self.uniquenesses = found.uniquenesses;
                self.go_down(correlation, monitor).unwrap_or(FitStatus::NotConverged)
            }
            _ => FitStatus::NotConverged,
        }
    }

    /// The minimum that is reached from these uniquenesses; where none is, as [`Residuals::fit`].
    pub fn fit_from(
        &mut self,
        correlation: &[f64],
        start: &Residuals,
        monitor: &dyn Monitor,
    ) -> FitStatus {
        (self.items, self.factors) = (start.items, start.factors);
        self.uniquenesses.clone_from(&start.uniquenesses);
        match self.go_down(correlation, monitor) {
            Some(status) => status,
            None => self.fit(correlation, start.items, start.factors, monitor),
        }
    }

    /// The part of each item's variance that the factors explain.
    pub fn communalities(&self) -> Vec<f64> {
        let rows = self.loadings.chunks_exact(self.factors.max(1));
        rows.map(|row| row.iter().map(|x| x * x).sum()).collect()
    }

    /// Whether each factor explains something.
    pub fn has_all_factors(&self) -> bool {
        self.spectrum.values.get(self.factors.wrapping_sub(1)).is_some_and(|&v| v > LEAST_VARIANCE)
    }

    /// The eigenvalue of a factor: the squared loadings' sum.
    pub fn variance(&self, factor: usize) -> f64 {
        self.spectrum.values[factor]
    }

    /// Newton's method; nothing where it does not reach a minimum from here.
    fn go_down(&mut self, correlation: &[f64], monitor: &dyn Monitor) -> Option<FitStatus> {
        self.uniquenesses.iter_mut().for_each(|u| *u = u.clamp(LIMITS.lowest, LIMITS.highest));
        if !self.look(correlation) {
            return None;
        }
        for _ in 0..MOST_STEPS {
            let steepest = self.steepest();
            if steepest <= TIGHT || monitor.cancelled() {
                return Some(self.ended());
            }
            if !self.find_step() {
                return None;
            }
            if !self.take_step(correlation, steepest) {
                let again = self.look(correlation);
                return (again && steepest <= CONVERGED).then(|| self.ended());
            }
        }
        None
    }

    /// Takes the step, halved until it goes down; false where it does not, and then nothing has moved.
    fn take_step(&mut self, correlation: &[f64], steepest: f64) -> bool {
        let value = self.value;
        let rounding = 1e-14 * (1.0 + value);
        let mut before = std::mem::take(&mut self.memory.before);
        before.clone_from(&self.uniquenesses);
        let (mut length, mut better) = (1.0, false);
        for _ in 0..MOST_HALVINGS {
            let starts = before.iter().zip(&self.memory.step);
            for (u, (start, step)) in self.uniquenesses.iter_mut().zip(starts) {
                *u = (start - length * step).clamp(LIMITS.lowest, LIMITS.highest);
            }
            better = self.look(correlation)
                && (self.value < value - rounding
                    || self.value <= value + rounding && self.steepest() < steepest);
            // Within rounding of a minimum a step that does not go down is the last.
            if better || steepest <= CONVERGED {
                break;
            }
            length *= 0.5;
        }
        if !better {
            self.uniquenesses.clone_from(&before);
        }
        self.memory.before = before;
        better
    }

    fn ended(&mut self) -> FitStatus {
        let Residuals { items, factors, spectrum, loadings, .. } = self;
        loadings.clear();
        for i in 0..*items {
            loadings.extend(
                (0..*factors).map(|m| spectrum.vector(m)[i] * spectrum.values[m].max(0.0).sqrt()),
            );
        }
        if self.uniquenesses.iter().any(|&u| u <= LEAST_UNIQUENESS) {
            FitStatus::Heywood
        } else {
            FitStatus::Converged
        }
    }

    /// Value and slopes where the uniquenesses are.
    fn look(&mut self, correlation: &[f64]) -> bool {
        let items = self.items;
        let reduced = &mut self.memory.reduced;
        reduced.clear();
        reduced.extend_from_slice(correlation);
        for (entry, u) in reduced.iter_mut().step_by(items + 1).zip(&self.uniquenesses) {
            *entry -= u;
        }
        if !self.spectrum.of(reduced, items) {
            return false;
        }
        let kept = self.kept();
        let Residuals { spectrum, slopes, uniquenesses, .. } = self;
        self.value = 0.5 * spectrum.values[kept..].iter().map(|x| x * x).sum::<f64>();
        slopes.clear();
        slopes.extend(uniquenesses.iter().map(|u| u - 1.0));
        for m in 0..kept {
            let value = spectrum.values[m];
            slopes
                .iter_mut()
                .zip(spectrum.vector(m))
                .for_each(|(slope, v)| *slope += value * v * v);
        }
        self.value.is_finite()
    }

    /// How many factors have a positive eigenvalue.
    fn kept(&self) -> usize {
        self.spectrum.values[..self.factors].partition_point(|&value| value > 0.0)
    }

    fn steepest(&self) -> f64 {
        let slopes = self.uniquenesses.iter().zip(&self.slopes);
        slopes.filter(|&(&u, &g)| !LIMITS.holds(u, g)).fold(0.0, |most, (_, g)| most.max(g.abs()))
    }

    /// The second derivatives, in the lower triangle.
    fn fill_hessian(&mut self) {
        let kept = self.kept();
        let Residuals { items, spectrum, memory, .. } = self;
        let (items, Memory { hessian, product, .. }) = (*items, memory);
        hessian.clear();
        hessian.resize(items * items, 0.0);
        hessian.iter_mut().step_by(items + 1).for_each(|x| *x = 1.0);
        for m in 0..kept {
            let v = spectrum.vector(m);
            for (i, row) in hessian.chunks_exact_mut(items).enumerate() {
                row[..=i].iter_mut().zip(v).for_each(|(entry, x)| *entry -= v[i] * x);
            }
        }
        hessian.iter_mut().for_each(|x| *x *= *x);
        for left in kept..items {
            let value = spectrum.values[left];
            for m in 0..kept {
                let weight = -2.0 * value / (spectrum.values[m] - value).max(1e-10);
                product.clear();
                let pairs = spectrum.vector(left).iter().zip(spectrum.vector(m));
                product.extend(pairs.map(|(a, b)| a * b));
                for (i, row) in hessian.chunks_exact_mut(items).enumerate() {
                    let scaled = weight * product[i];
                    let entries = row[..=i].iter_mut().zip(&*product);
                    entries.for_each(|(entry, x)| *entry += scaled * x);
                }
            }
        }
    }

    /// The factor of the second derivatives among uniquenesses that may move; false where these do not curve up.
    fn factor_hessian(&mut self) -> bool {
        self.fill_hessian();
        let Residuals { items, uniquenesses, slopes, memory, .. } = self;
        let free = &mut memory.free;
        free.clear();
        free.extend((0..*items).filter(|&j| !LIMITS.holds(uniquenesses[j], slopes[j])));
        self.fill_among_free();
        cholesky(&mut self.memory.among_free, self.memory.free.len())
    }

    fn fill_among_free(&mut self) {
        let items = self.items;
        let Memory { hessian, free, among_free, .. } = &mut self.memory;
        among_free.clear();
        for &i in &*free {
            among_free.extend(free.iter().map(|&j| hessian[i.max(j) * items + i.min(j)]));
        }
    }

    /// Newton's step, subtracted; false where it is none.
    fn find_step(&mut self) -> bool {
        let definite = self.factor_hessian();
        if !definite {
            self.fill_among_free();
        }
        let Memory { free, among_free, step, product, turned, .. } = &mut self.memory;
        product.clear();
        product.extend(free.iter().map(|&j| self.slopes[j]));
        if definite {
            cholesky_solve(among_free, free.len(), product);
        } else if !turned_step(turned, among_free, product) {
            return false;
        }
        step.clear();
        step.resize(self.items, 0.0);
        free.iter().zip(&*product).for_each(|(&j, &change)| step[j] = change);
        shorten(step);
        step.iter().all(|x| x.is_finite())
    }

    /// The gradient in the correlations, over ordered pairs, of a function of loadings that no rotation changes, from
    /// its gradient in the unrotated loadings; nothing where the minimum is none in every direction.
    ///
    /// Uniquenesses move by implicit differentiation of their slopes, loadings as eigenvectors do; those on their
    /// bound stay.
    pub fn gradient(&self, in_loadings: &[f64]) -> Option<Vec<f64>> {
        let mut own = self.clone();
        if !own.has_all_factors() || !own.factor_hessian() {
            return None;
        }
        let direct = self.in_reduced(in_loadings);
        let free = &own.memory.free;
        let mut by_uniqueness: Vec<f64> =
            free.iter().map(|&j| -direct[j * (self.items + 1)]).collect();
        cholesky_solve(&own.memory.among_free, free.len(), &mut by_uniqueness);
        let mut all = in_loadings.to_vec();
        for (&j, y) in free.iter().zip(&by_uniqueness) {
            for m in 0..self.factors {
                all[j * self.factors + m] -= 2.0 * y * self.loadings[j * self.factors + m];
            }
        }
        let mut gradient = self.in_reduced(&all);
        gradient.iter_mut().step_by(self.items + 1).for_each(|g| *g = 0.0);
        gradient.iter().all(|g| g.is_finite()).then_some(gradient)
    }

    /// The gradient in `R - U`, of which the loadings are eigenvectors, from the gradient in the loadings.
    fn in_reduced(&self, in_loadings: &[f64]) -> Vec<f64> {
        let Residuals { items, factors, ref spectrum, .. } = *self;
        let mut gradient = vec![0.0; items * items];
        for n in 0..factors {
            let own = spectrum.values[n];
            for m in 0..items {
                let other = spectrum.values[m];
                let along: f64 =
                    (0..items).map(|i| in_loadings[i * factors + n] * spectrum.vector(m)[i]).sum();
                let weight = if m < factors {
                    // Among the factors any of the ways that differ by a rotation.
                    along * own.sqrt() / (own + other)
                } else {
                    along * own.sqrt() / (own - other)
                };
                for i in 0..items {
                    for j in 0..items {
                        let pair = spectrum.vector(m)[i] * spectrum.vector(n)[j]
                            + spectrum.vector(m)[j] * spectrum.vector(n)[i];
                        gradient[i * items + j] += 0.5 * weight * pair;
                    }
                }
            }
        }
        gradient
    }
}
