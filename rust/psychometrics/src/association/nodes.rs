//! Integrals of the bivariate normal density over correlations: the density is the derivative of the probability.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::bivariate_normal::gauss_legendre;
use crate::simd::{CORNERS, Node, Simd, add_densities};

/// Correlations from which on the integrand is too steep for these rules.
pub const STRONG: f64 = 0.925;

/// Up to these correlations so many points are enough for an error of 3e-16: six, eight, and twelve (Genz, 2004, has no
/// rule between six and twelve).
const WEAK: f64 = 0.3;
const MIDDLING: f64 = 0.5;
const MODERATE: f64 = 0.75;

/// A part of a short way is at most this share of what is left to a correlation of one.
const PART: f64 = 0.2;
/// Up to these shares two, three and four points are enough for an error below 1e-16, and six for a whole part.
const TWO_POINTS: f64 = 0.002;
const THREE_POINTS: f64 = 0.02;
const FOUR_POINTS: f64 = 0.07;
/// A way of more parts is not short.
const MOST_PARTS: f64 = 4.0;

/// Corners that are summed at once.
const SUMMED: usize = 8 * CORNERS;

static TWO: LazyLock<[(f64, f64); 2]> = LazyLock::new(gauss_legendre);
static THREE: LazyLock<[(f64, f64); 3]> = LazyLock::new(gauss_legendre);
static FOUR: LazyLock<[(f64, f64); 4]> = LazyLock::new(gauss_legendre);
static SIX: LazyLock<[(f64, f64); 6]> = LazyLock::new(gauss_legendre);
static EIGHT: LazyLock<[(f64, f64); 8]> = LazyLock::new(gauss_legendre);
static TWELVE: LazyLock<[(f64, f64); 12]> = LazyLock::new(gauss_legendre);
static TWENTY: LazyLock<[(f64, f64); 20]> = LazyLock::new(gauss_legendre);

/// The nodes from a correlation of zero to a correlation that is not [`STRONG`].
pub fn from_zero(rho: f64) -> Vec<Node> {
    let rule: &[(f64, f64)] = match rho.abs() {
        size if size < WEAK => SIX.as_slice(),
        size if size < MIDDLING => EIGHT.as_slice(),
        size if size < MODERATE => TWELVE.as_slice(),
        _ => TWENTY.as_slice(),
    };
    let half = rho.asin() / 2.0;
    let node = |&(x, weight): &(f64, f64)| {
        let sine = (half * (1.0 + x)).sin();
        [weight * half / (2.0 * PI), sine, 1.0 / ((1.0 - sine) * (1.0 + sine))]
    };
    rule.iter().map(node).collect()
}

/// Replaces nodes by those from one correlation to another; false where that is a long way.
pub fn between(from: f64, to: f64, nodes: &mut Vec<Node>) -> bool {
    nodes.clear();
    let share = (to - from).abs() / (1.0 - from.abs().max(to.abs()));
    let parts = (share / PART).ceil();
    if parts.is_nan() || parts > MOST_PARTS {
        return false;
    }
    let rule: &[(f64, f64)] = match share {
        share if share < TWO_POINTS => TWO.as_slice(),
        share if share < THREE_POINTS => THREE.as_slice(),
        share if share < FOUR_POINTS => FOUR.as_slice(),
        _ => SIX.as_slice(),
    };
    let half = 0.5 * (to - from) / parts.max(1.0);
    for part in 0..parts as usize {
        let middle = from + half * (2 * part + 1) as f64;
        for &(x, weight) in rule {
            let rho = middle + half * x;
            let reciprocal = 1.0 / ((1.0 - rho) * (1.0 + rho));
            nodes.push([weight * half * reciprocal.sqrt() / (2.0 * PI), rho, reciprocal]);
        }
    }
    true
}

/// Pairs of limits, padded to what is taken at once.
#[derive(Debug, Clone, Default)]
pub struct Corners {
    /// Number of corners.
    pub count: usize,
    /// Limits of the first and of the second variable.
    pub first: Vec<f64>,
    /// Those of the second.
    pub second: Vec<f64>,
    /// h k of each.
    pub products: Vec<f64>,
    /// (h² + k²) / 2 of each.
    pub squares: Vec<f64>,
}

impl Corners {
    /// Replaces them by each limit of the first variable with each of the second, all finite.
    pub fn fill(&mut self, first: &[f64], second: &[f64]) {
        self.count = first.len() * second.len();
        let size = self.count.next_multiple_of(CORNERS);
        let Corners { first: from, second: to, products, squares, .. } = self;
        for values in [&mut *from, &mut *to, &mut *products, &mut *squares] {
            values.clear();
        }
        for h in first {
            for k in second {
                from.push(*h);
                to.push(*k);
                products.push(h * k);
                squares.push(0.5 * (h * h + k * k));
            }
        }
        for values in [from, to, products, squares] {
            values.resize(size, 0.0);
        }
    }

    /// The sum over corners of integrals of the density.
    pub fn sum(&self, simd: Simd, nodes: &[Node]) -> f64 {
        let (mut all, mut left) = (0.0, self.count);
        let chunks = self.products.chunks(SUMMED).zip(self.squares.chunks(SUMMED));
        for (products, squares) in chunks {
            let mut sums = [0.0; SUMMED];
            add_densities(simd, products, squares, nodes, &mut sums[..products.len()]);
            // What is beyond the corners is padding.
            all += sums.iter().take(left).sum::<f64>();
            left = left.saturating_sub(SUMMED);
        }
        all
    }
}
