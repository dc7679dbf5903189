//! Polychoric correlation of one table, by two-step maximum likelihood.
//!
//! Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. *Psychometrika*, 44,
//! 443-460. Thresholds come from the margins; given these, the correlation maximises the likelihood of the table.
//! Nothing is added to empty cells: that would pull every correlation of a sparse table towards zero.

use super::bivariate_normal::BivariateNormal;
use super::contingency::Table;
use super::influence::standard_error;
use crate::interval::normal_quantile;

/// How a correlation came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// As it should.
    Ok = 0,
    /// The likelihood rises up to -1 or 1, which is the value; it has no standard error.
    Boundary = 1,
    /// An item has one category only.
    OneCategory = 2,
    /// Fewer than two persons answered both items.
    TooFewRows = 3,
    /// No maximum was found: a few answers speak so strongly against a nearly perfect relation of very many others
    /// that their probability is below the smallest number.
    NotConverged = 4,
}

/// A polychoric correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// Its value; NaN where there is none.
    pub rho: f64,
    /// Its standard error; NaN where there is none.
    pub standard_error: f64,
    /// How it came out.
    pub status: Status,
}

/// Where Fisher's z = atanh(rho) stops: rho within 1e-6 of one is one.
const FURTHEST: f64 = 7.25;

/// The search begins no further out than this.
const FURTHEST_START: f64 = 2.0;

/// A step of Newton's method after which the next would be below rounding.
const LAST_STEP: f64 = 1e-9;

/// What the logarithm of the likelihood may still rise by at a maximum.
const MOST_LEFT: f64 = 1e-9;

/// More steps than halving the whole range to rounding takes.
const MOST_STEPS: usize = 80;

/// From near a maximum Newton's method needs three or four steps, or it is not near.
const NEAR_STEPS: usize = 8;

/// A step from near a maximum after which the error is its square: 1e-12.
const LAST_NEAR_STEP: f64 = 1e-6;

/// The polychoric correlation of a table.
pub fn correlation(table: &Table) -> Correlation {
    let without = |status| Correlation { rho: f64::NAN, standard_error: f64::NAN, status };
    if table.persons() < 2 {
        return without(Status::TooFewRows);
    }
    let table = table.used();
    if table.rows() < 2 || table.columns() < 2 {
        return without(Status::OneCategory);
    }
    let likelihood = Likelihood::new(&table);
    match likelihood.maximum(likelihood.start()) {
        Maximum::At(rho) => Correlation {
            rho,
            standard_error: standard_error(&likelihood, rho),
            status: Status::Ok,
        },
        Maximum::End(rho) => {
            Correlation { rho, standard_error: f64::NAN, status: Status::Boundary }
        }
        Maximum::None => without(Status::NotConverged),
    }
}

/// The thresholds between categories: normal quantiles of the shares up to each but the last, which are infinite where
/// nobody is on one side; not a number where nobody is on either.
pub fn thresholds(counts: &[u64]) -> Vec<f64> {
    let counts: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
    thresholds_of(&counts)
}

/// The same where persons count in parts.
pub(super) fn thresholds_of(counts: &[f64]) -> Vec<f64> {
    let persons: f64 = counts.iter().sum();
    let mut below = 0.0;
    let steps = counts.iter().take(counts.len().saturating_sub(1));
    if persons == 0.0 {
        return vec![f64::NAN; steps.len()];
    }
    steps
        .map(|count| {
            below += count;
            normal_quantile(below / persons)
        })
        .collect()
}

/// The likelihood of a table without empty rows and columns, its thresholds given.
pub(super) struct Likelihood {
    /// Thresholds of the first and the second item, with the infinite ends.
    pub limits: (Vec<f64>, Vec<f64>),
    /// Row, column and persons of each cell that is not empty.
    pub cells: Vec<(usize, usize, f64)>,
}

/// A cell at some correlation.
pub(super) struct Cell {
    pub persons: f64,
    pub probability: f64,
    /// Derivatives of the probability by the correlation.
    pub first: f64,
    pub second: f64,
}

pub(super) enum Maximum {
    At(f64),
    End(f64),
    None,
}

impl Likelihood {
    pub fn new(table: &Table) -> Likelihood {
        let cells = table.occupied().map(|(row, column, count)| (row, column, count as f64));
        Likelihood::of(table.rows(), table.columns(), cells.collect())
    }

    /// The likelihood of cells in which persons may count in parts.
    pub fn of(rows: usize, columns: usize, cells: Vec<(usize, usize, f64)>) -> Likelihood {
        let mut margins = (vec![0.0; rows], vec![0.0; columns]);
        for &(row, column, persons) in &cells {
            margins.0[row] += persons;
            margins.1[column] += persons;
        }
        let limits = |counts: &[f64]| {
            let mut limits = vec![f64::NEG_INFINITY];
            limits.extend(thresholds_of(counts));
            limits.push(f64::INFINITY);
            limits
        };
        Likelihood { limits: (limits(&margins.0), limits(&margins.1)), cells }
    }

    /// The cells that somebody is in.
    pub fn at(&self, normal: &BivariateNormal) -> Vec<Cell> {
        let (first, second) = &self.limits;
        let width = second.len();
        let corners = first.iter().flat_map(|&h| second.iter().map(move |&k| (h, k)));
        let below: Vec<f64> = corners.clone().map(|(h, k)| normal.cdf(h, k)).collect();
        let density: Vec<f64> = corners.clone().map(|(h, k)| normal.density(h, k)).collect();
        // Where a limit is infinite there is no density, and nothing to multiply.
        let slope = corners.zip(&density).map(|((h, k), &density)| {
            if density == 0.0 { 0.0 } else { density * normal.log_density_by_rho(h, k) }
        });
        let slope: Vec<f64> = slope.collect();
        let cell = |&(row, column, persons): &(usize, usize, f64)| {
            let corner = row * width + column;
            let difference = |of: &[f64]| {
                (of[corner + width + 1] - of[corner + width]) - (of[corner + 1] - of[corner])
            };
            let sides = ((first[row], first[row + 1]), (second[column], second[column + 1]));
            Cell {
                persons,
                probability: normal.rectangle(difference(&below), sides.0, sides.1),
                first: difference(&density),
                second: difference(&slope),
            }
        };
        self.cells.iter().map(cell).collect()
    }

    /// First and second derivative of the logarithm of the likelihood by z = atanh(rho).
    fn derivatives(&self, z: f64) -> (f64, f64) {
        let normal = BivariateNormal::new(z.tanh());
        let (mut gradient, mut curvature) = (0.0, 0.0);
        for cell in self.at(&normal) {
            // Nobody can be where the probability has vanished: this correlation is too strong.
            if cell.probability <= 0.0 {
                return (-z, f64::NAN);
            }
            let score = cell.first / cell.probability;
            gradient += cell.persons * score;
            curvature += cell.persons * (cell.second / cell.probability - score * score);
        }
        let residual = z.cosh().powi(-2);
        (gradient * residual, (curvature * residual - 2.0 * z.tanh() * gradient) * residual)
    }

    /// Where the likelihood is largest, climbing from `start`.
    pub fn maximum(&self, start: f64) -> Maximum {
        let [(mut below, rising), (mut above, falling)] = match self.bracket(start) {
            Ok(bracket) => bracket,
            Err(end) => return Maximum::End(end),
        };
        // Where a straight line between the two gradients crosses zero.
        let mut z = below + (above - below) * rising / (rising - falling);
        for _ in 0..MOST_STEPS {
            let (gradient, curvature) = self.derivatives(z);
            if gradient > 0.0 {
                below = z
            } else {
                above = z
            }
            let newton = z - gradient / curvature;
            let inside = curvature < 0.0 && below <= newton && newton <= above;
            let next = if inside { newton } else { 0.5 * (below + above) };
            let step = (next - z).abs();
            z = next;
            if step < LAST_STEP {
                break;
            }
        }
        let (gradient, curvature) = self.derivatives(z);
        let left = -0.5 * gradient * gradient / curvature;
        if (0.0..MOST_LEFT).contains(&left) { Maximum::At(z.tanh()) } else { Maximum::None }
    }

    /// Where the likelihood is largest, from a place that is thought to be near.
    pub fn maximum_near(&self, start: f64) -> Maximum {
        let mut z = start;
        for _ in 0..NEAR_STEPS {
            let (gradient, curvature) = self.derivatives(z);
            let step = -gradient / curvature;
            // Written so that it also holds where there is no number.
            if !(curvature < 0.0 && step.abs() < 1.0 && (z + step).abs() < FURTHEST) {
                break;
            }
            z += step;
            if step.abs() < LAST_NEAR_STEP {
                return Maximum::At(z.tanh());
            }
        }
        self.maximum(self.start())
    }

    /// A start: atanh of the product-moment correlation of the codes.
    pub fn start(&self) -> f64 {
        let persons: f64 = self.cells.iter().map(|cell| cell.2).sum();
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            self.cells.iter().map(|&(a, b, count)| count * f(a as f64, b as f64)).sum::<f64>()
                / persons
        };
        let (first, second) = (sum(&|a, _| a), sum(&|_, b| b));
        let covariance = sum(&|a, b| (a - first) * (b - second));
        let variances = sum(&|a, _| (a - first).powi(2)) * sum(&|_, b| (b - second).powi(2));
        (covariance / variances.sqrt()).atanh().clamp(-FURTHEST_START, FURTHEST_START)
    }

    /// Two values around a maximum, with their gradients; or the end, -1 or 1, to which the likelihood rises.
    fn bracket(&self, start: f64) -> Result<[(f64, f64); 2], f64> {
        let mut from = (start, self.derivatives(start).0);
        let direction = if from.1 >= 0.0 { 1.0 } else { -1.0 };
        let mut step = 0.25;
        while from.0 * direction < FURTHEST {
            let z = (from.0 + direction * step).clamp(-FURTHEST, FURTHEST);
            let to = (z, self.derivatives(z).0);
            // A gradient of zero is the flat end of a likelihood that has risen all the way.
            if to.1 * direction < 0.0 {
                return Ok(if direction > 0.0 { [from, to] } else { [to, from] });
            }
            (from, step) = (to, 2.0 * step);
        }
        Err(direction)
    }
}
