//! Direct oblimin with gamma 0 (quartimin) by Newton's method, and how its solution moves with the loadings.
//!
//! The criterion is Jennrich & Sampson's (1966), `¼ Σ_i Σ_{j≠l} λ_ij² λ_il²` over transformations with factors of
//! variance one. A step adds `E_ab` times factor `a` to factor `b` and brings that back to variance one: loadings `Λ`
//! become `Λ (I + E)'⁻¹` with columns times the lengths of the moved factors. To second order,
//! `Λ (I - E' + E'E') (I + D₁ + D₂)`.

use crate::linalg::{cholesky, cholesky_solve, eigen, lu, lu_solve};

const MOST_STEPS: usize = 200;
/// The step is so small that the next one is below rounding: Newton's method is quadratic.
const LAST_STEP: f64 = 1e-9;
/// No factor is moved further in a step.
const LONGEST: f64 = 0.5;
const LEAST_CURVATURE: f64 = 1e-9;
const ROUNDING: f64 = 1e-14;
/// A slope this small, where rounding allows no better step, is that of a minimum.
const CONVERGED: f64 = 1e-7;

/// Correlated factors: loadings items × factors and correlations of factors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Oblimin {
    pub factors: usize,
    pub loadings: Vec<f64>,
    pub phi: Vec<f64>,
    /// Slopes of the criterion in the loadings.
    slopes: Vec<f64>,
    value: f64,
    /// `Λ' S`, factors × factors.
    crossed: Vec<f64>,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
    curved: Vec<f64>,
    moved: Moved,
}

#[derive(Debug, Clone, Default)]
struct Moved {
    loadings: Vec<f64>,
    phi: Vec<f64>,
    mixing: Vec<f64>,
    lengths: Vec<f64>,
    exchanges: Vec<usize>,
    step: Vec<f64>,
}

impl Oblimin {
    /// Goes to the nearest minimum; whether it is one.
    pub fn settle(&mut self) -> bool {
        if self.loadings.iter().chain(&self.phi).any(|x| !x.is_finite()) {
            return false;
        }
        self.look();
        for _ in 0..MOST_STEPS {
            self.differentiate();
            let steepest = self.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            let curves_up = self.find_step();
            let longest = self.moved.step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
            if !longest.is_finite() {
                return false;
            }
            let value = self.value;
            let rounding = ROUNDING * (1.0 + value.abs());
            let mut length = if longest > LONGEST { LONGEST / longest } else { 1.0 };
            let is_last = longest <= LAST_STEP;
            let mut found = false;
            for _ in 0..40 {
                if self.go(length) && self.value <= value + rounding {
                    found = true;
                    break;
                }
                self.go_back();
                length *= 0.5;
            }
            if is_last || !found {
                // Where it does not curve up, this is no minimum, or not the only one near.
                return curves_up && (is_last || steepest <= CONVERGED);
            }
        }
        false
    }

    fn items(&self) -> usize {
        self.loadings.len() / self.factors.max(1)
    }

    /// Value and slopes where the loadings are.
    fn look(&mut self) {
        let Oblimin { factors, loadings, slopes, .. } = self;
        slopes.clear();
        let mut value = 0.0;
        for row in loadings.chunks_exact(*factors) {
            let sum: f64 = row.iter().map(|x| x * x).sum();
            for x in row {
                let slope = x * (sum - x * x);
                value += slope * x;
                slopes.push(slope);
            }
        }
        self.value = 0.25 * value;
    }

    /// Pairs of different factors (a, b): the moves there are.
    fn moves(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let factors = self.factors;
        (0..factors).flat_map(move |b| (0..factors).filter(move |&a| a != b).map(move |a| (a, b)))
    }

    /// How a move shares factor b's loadings out: less on factor a, and what brings b back to variance one.
    fn share(&self, (a, b): (usize, usize), j: usize) -> f64 {
        if j == a {
            -1.0
        } else if j == b {
            self.phi[a * self.factors + b]
        } else {
            0.0
        }
    }

    /// Gradient and second derivatives in the moves.
    fn differentiate(&mut self) {
        let m = self.factors;
        self.crossed.clear();
        self.crossed.resize(m * m, 0.0);
        for (row, slopes) in self.loadings.chunks_exact(m).zip(self.slopes.chunks_exact(m)) {
            for (sums, x) in self.crossed.chunks_exact_mut(m).zip(row) {
                sums.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += x * slope);
            }
        }
        self.fill_curved();
        let moves: Vec<(usize, usize)> = self.moves().collect();
        let size = moves.len();
        self.gradient.clear();
        self.hessian.clear();
        self.hessian.resize(size * size, 0.0);
        for (p, &(a, b)) in moves.iter().enumerate() {
            let along = |j: usize| self.share((a, b), j) * self.crossed[b * m + j];
            self.gradient.push(along(a) + along(b));
            for (q, &(c, d)) in moves.iter().enumerate().take(p + 1) {
                let mut sum = 0.0;
                for j in [a, b] {
                    for l in [c, d] {
                        let curved = self.curved[((b * m + d) * m + j) * m + l];
                        sum += self.share((a, b), j) * curved * self.share((c, d), l);
                    }
                }
                sum += self.second_order((a, b), (c, d));
                self.hessian[p * size + q] = sum;
                self.hessian[q * size + p] = sum;
            }
        }
    }

    /// `Σ_i λ_ib λ_id ∂S_ij/∂λ_il` for all b, d, j, l.
    fn fill_curved(&mut self) {
        let Oblimin { factors, loadings, curved, .. } = self;
        let m = *factors;
        curved.clear();
        curved.resize(m * m * m * m, 0.0);
        for row in loadings.chunks_exact(m) {
            let sum: f64 = row.iter().map(|x| x * x).sum();
            let mut places = curved.chunks_exact_mut(m);
            for b in row {
                for d in row {
                    let product = b * d;
                    for (j, x) in row.iter().enumerate() {
                        let Some(place) = places.next() else { return };
                        for (l, (entry, y)) in place.iter_mut().zip(row).enumerate() {
                            let slope = if j == l { sum - x * x } else { 2.0 * x * y };
                            *entry += product * slope;
                        }
                    }
                }
            }
        }
    }

    /// The criterion's change by the products of two moves: the slopes times the loadings' second derivative.
    fn second_order(&self, (a, b): (usize, usize), (c, d): (usize, usize)) -> f64 {
        let m = self.factors;
        let (phi, crossed) = (
            |i: usize, j: usize| self.phi[i * m + j],
            |i: usize, j: usize| self.crossed[i * m + j],
        );
        let mut sum = 0.0;
        // E'E': loadings on b go to a, those on d = a to c.
        if d == a {
            sum += crossed(b, c);
        }
        if b == c {
            sum += crossed(d, a);
        }
        // -E' D₁: what goes to a is scaled as a is.
        if d == a {
            sum -= phi(c, d) * crossed(b, a);
        }
        if b == c {
            sum -= phi(a, b) * crossed(d, c);
        }
        // D₂: the length of a moved factor.
        if b == d {
            sum += (phi(a, c) - phi(a, b) * phi(c, b)) * crossed(b, b);
        }
        sum
    }

    /// Newton's step, and true; where the criterion does not curve up, one with negative curvature turned positive.
    fn find_step(&mut self) -> bool {
        let size = self.gradient.len();
        let step = &mut self.moved.step;
        step.clear();
        step.extend(self.gradient.iter().map(|g| -g));
        let mut factor = self.hessian.clone();
        if cholesky(&mut factor, size) {
            cholesky_solve(&factor, size, step);
            return true;
        }
        let (values, vectors) = eigen(&self.hessian, size);
        step.fill(0.0);
        for (value, vector) in values.iter().zip(vectors.chunks_exact(size.max(1))) {
            let along: f64 = vector.iter().zip(&self.gradient).map(|(v, g)| v * g).sum();
            let change = -along / value.abs().max(LEAST_CURVATURE);
            step.iter_mut().zip(vector).for_each(|(s, v)| *s += change * v);
        }
        false
    }

    /// Moves the factors; where they were is kept.
    fn go(&mut self, length: f64) -> bool {
        let m = self.factors;
        let moves: Vec<(usize, usize)> = self.moves().collect();
        let Oblimin { loadings, phi, moved, .. } = self;
        moved.loadings.clone_from(loadings);
        moved.phi.clone_from(phi);
        let Moved { mixing, lengths, exchanges, step, .. } = moved;
        mixing.clear();
        mixing.resize(m * m, 0.0);
        mixing.iter_mut().step_by(m + 1).for_each(|x| *x = 1.0);
        for (&(a, b), s) in moves.iter().zip(&*step) {
            mixing[a * m + b] = length * s;
        }
        // (I + E)' Φ (I + E)
        let half: Vec<f64> = (0..m * m)
            .map(|at| (0..m).map(|x| phi[at / m * m + x] * mixing[x * m + at % m]).sum())
            .collect();
        for i in 0..m {
            for j in 0..m {
                phi[i * m + j] = (0..m).map(|x| mixing[x * m + i] * half[x * m + j]).sum();
            }
        }
        lengths.clear();
        lengths.extend((0..m).map(|j| phi[j * m + j].sqrt()));
        for i in 0..m {
            for j in 0..m {
                phi[i * m + j] =
                    if i == j { 1.0 } else { phi[i * m + j] / (lengths[i] * lengths[j]) };
            }
        }
        exchanges.clear();
        exchanges.resize(m, 0);
        let regular = lu(mixing, m, exchanges) != 0.0;
        if regular {
            for row in loadings.chunks_exact_mut(m) {
                lu_solve(mixing, m, exchanges, row);
                row.iter_mut().zip(&*lengths).for_each(|(x, length)| *x *= length);
            }
            self.look();
        }
        regular && self.value.is_finite()
    }

    fn go_back(&mut self) {
        self.loadings.clone_from(&self.moved.loadings);
        self.phi.clone_from(&self.moved.phi);
        self.look();
    }

    /// The gradient in the loadings before rotation of a function of rotated loadings and factor correlations, which
    /// is given by its gradients in these, `in_phi` over ordered pairs; nothing where the minimum is none in every
    /// direction. `unrotated` has the loadings before, with columns that are orthogonal.
    pub fn gradient(
        &self,
        unrotated: &[f64],
        in_loadings: &[f64],
        in_phi: &[f64],
    ) -> Option<Vec<f64>> {
        let (m, items) = (self.factors, self.items());
        let mut own = self.clone();
        own.look();
        own.differentiate();
        let moves: Vec<(usize, usize)> = self.moves().collect();
        if !cholesky(&mut own.hessian, moves.len()) {
            return None;
        }
        let mut by_move: Vec<f64> = moves
            .iter()
            .map(|&(a, b)| {
                let along = |j: usize| -> f64 {
                    (0..items).map(|i| self.loadings[i * m + b] * in_loadings[i * m + j]).sum()
                };
                let shared = self.share((a, b), a) * along(a) + self.share((a, b), b) * along(b);
                // Factor b moves by factor a, and back to length one.
                let turned: f64 = (0..m)
                    .filter(|&j| j != b)
                    .map(|j| {
                        let change =
                            self.phi[a * m + j] - self.phi[a * m + b] * self.phi[b * m + j];
                        (in_phi[b * m + j] + in_phi[j * m + b]) * change
                    })
                    .sum();
                shared + turned
            })
            .collect();
        cholesky_solve(&own.hessian, moves.len(), &mut by_move);
        let mut weights = vec![0.0; m * m];
        for (&(a, b), z) in moves.iter().zip(&by_move) {
            weights[b * m + a] += z * self.share((a, b), a);
            weights[b * m + b] += z * self.share((a, b), b);
        }
        let mut gradient = in_loadings.to_vec();
        for i in 0..items {
            let (row, slopes) = (&self.loadings[i * m..][..m], &own.slopes[i * m..][..m]);
            let sum: f64 = row.iter().map(|x| x * x).sum();
            let mixed: Vec<f64> =
                (0..m).map(|j| (0..m).map(|b| row[b] * weights[b * m + j]).sum()).collect();
            let inner: f64 = row.iter().zip(&mixed).map(|(x, y)| x * y).sum();
            for j in 0..m {
                let direct: f64 = (0..m).map(|l| slopes[l] * weights[j * m + l]).sum();
                let through =
                    mixed[j] * (sum - row[j] * row[j]) + 2.0 * row[j] * (inner - row[j] * mixed[j]);
                gradient[i * m + j] -= direct + through;
            }
        }
        // Λ = A X with X = (A'A)⁻¹ A'Λ, which stays as it is while A moves.
        let mut turn = vec![0.0; m * m];
        for n in 0..m {
            let square: f64 = (0..items).map(|i| unrotated[i * m + n].powi(2)).sum();
            for j in 0..m {
                let product: f64 =
                    (0..items).map(|i| unrotated[i * m + n] * self.loadings[i * m + j]).sum();
                turn[n * m + j] = product / square;
            }
        }
        let back = |i: usize, n: usize| -> f64 {
            (0..m).map(|j| gradient[i * m + j] * turn[n * m + j]).sum()
        };
        Some((0..items * m).map(|at| back(at / m, at % m)).collect())
    }
}
