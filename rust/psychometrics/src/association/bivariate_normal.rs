//! The standard bivariate normal distribution.
//!
//! Drezner, Z., & Wesolowsky, G. O. (1990). On the computation of the bivariate normal integral. *Journal of
//! Statistical Computation and Simulation*, 35, 101-107. Genz, A. (2004). Numerical computation of rectangular
//! bivariate and trivariate normal and t probabilities. *Statistics and Computing*, 14, 251-260.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::small_rectangle::small_rectangle;
use crate::interval::{normal_cdf, normal_density};

/// Points of a Gauss-Legendre rule: with 20, both integrals below are exact to rounding.
const POINTS: usize = 20;

/// Correlations from which on the integral starts at the end of the range, not at zero (Genz, 2004).
const STRONG: f64 = 0.925;

/// Below this a difference of four probabilities has lost too many digits. Its error is near 1e-16.
const SMALL: f64 = 1e-9;

/// Abscissas from -1 to 1, with their weights.
pub(super) static RULE: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(gauss_legendre);

/// Two standard normal variables with a correlation between -1 and 1.
#[derive(Debug, Clone)]
pub struct BivariateNormal {
    rho: f64,
    /// 1 - rho², without loss of digits where rho is near one.
    residual_variance: f64,
    /// For weak correlations: weight, sine of the angle, and one over its squared cosine.
    angles: [(f64, f64, f64); POINTS],
}

impl BivariateNormal {
    /// The distribution with correlation `rho`.
    pub fn new(rho: f64) -> BivariateNormal {
        let half = rho.asin() / 2.0;
        let angles = RULE.map(|(x, weight)| {
            let sine = (half * (1.0 + x)).sin();
            (weight * half / (2.0 * PI), sine, 1.0 / ((1.0 - sine) * (1.0 + sine)))
        });
        BivariateNormal { rho, residual_variance: (1.0 - rho) * (1.0 + rho), angles }
    }

    /// The correlation.
    pub fn rho(&self) -> f64 {
        self.rho
    }

    /// The probability that the first is at most `h` and the second at most `k`.
    pub fn cdf(&self, h: f64, k: f64) -> f64 {
        if h == f64::NEG_INFINITY || k == f64::NEG_INFINITY {
            0.0
        } else if h == f64::INFINITY {
            normal_cdf(k)
        } else if k == f64::INFINITY {
            normal_cdf(h)
        } else if self.rho.abs() < STRONG {
            let (product, squares) = (h * k, 0.5 * (h * h + k * k));
            let term = |&(weight, sine, secant): &(f64, f64, f64)| {
                weight * ((sine * product - squares) * secant).exp()
            };
            normal_cdf(h) * normal_cdf(k) + self.angles.iter().map(term).sum::<f64>()
        } else if self.rho > 0.0 {
            (normal_cdf(h.min(k)) - self.below_perfect(h, k)).max(0.0)
        } else {
            ((normal_cdf(h) - normal_cdf(-k)).max(0.0) + self.below_perfect(h, -k)).max(0.0)
        }
    }

    /// How much the probability is below that of a correlation of one, for a correlation of |rho|.
    ///
    /// It is 1/(2 pi) times the integral of exp(-(h-k)²/(2x²)) f(x), with x from 0 to sqrt(1 - rho²) and f(x) =
    /// exp(-hk / (1 + sqrt(1 - x²))) / sqrt(1 - x²). The first terms of f in powers of x² are integrated in closed
    /// form; what is left of it is smooth.
    fn below_perfect(&self, h: f64, k: f64) -> f64 {
        let (product, square) = (h * k, (h - k) * (h - k));
        let (variance, end) = (self.residual_variance, self.residual_variance.sqrt());
        let first = (4.0 - product) / 8.0;
        let second = (12.0 - product) / 16.0;
        let polynomial = 1.0 - first * square * (1.0 - second * square / 5.0) / 3.0;
        let at_end = end
            * (-0.5 * (square / variance + product)).exp()
            * (polynomial
                + first * variance * (1.0 - second * square / 5.0) / 3.0
                + first * second * variance * variance / 5.0);
        let distance = square.sqrt();
        let tail = (2.0 * PI).sqrt() * normal_cdf(-distance / end);
        let closed = at_end - scaled(-0.5 * product, tail) * distance * polynomial;
        let remainder = RULE.iter().map(|&(x, weight)| {
            let squared = (0.5 * end * (1.0 + x)).powi(2);
            let root = (1.0 - squared).sqrt();
            let common = -0.5 * square / squared;
            let exact = (common - product / (1.0 + root)).exp() / root;
            let expanded = 1.0 + first * squared * (1.0 + second * squared);
            0.5 * end * weight * (exact - (common - 0.5 * product).exp() * expanded)
        });
        (closed + remainder.sum::<f64>()) / (2.0 * PI)
    }

    /// The density, which is also the derivative of the probability by the correlation.
    pub fn density(&self, h: f64, k: f64) -> f64 {
        if h.is_infinite() || k.is_infinite() {
            return 0.0;
        }
        let distance = self.quadratic(h, k) / self.residual_variance;
        (-0.5 * distance).exp() / (2.0 * PI * self.residual_variance.sqrt())
    }

    /// The derivative of the logarithm of the density by the correlation, for finite `h` and `k`.
    pub fn log_density_by_rho(&self, h: f64, k: f64) -> f64 {
        let scaled = self.quadratic(h, k) / self.residual_variance;
        (self.rho + h * k - self.rho * scaled) / self.residual_variance
    }

    /// The derivative of the density by `h`.
    pub fn density_by_first(&self, h: f64, k: f64) -> f64 {
        if h.is_infinite() || k.is_infinite() {
            return 0.0;
        }
        self.density(h, k) * (self.rho * k - h) / self.residual_variance
    }

    /// The derivative of the probability by `h`.
    pub fn cdf_by_first(&self, h: f64, k: f64) -> f64 {
        normal_density(h) * normal_cdf((k - self.rho * h) / self.residual_variance.sqrt())
    }

    /// h² - 2 rho h k + k², without loss of digits where h and k are close and so is rho to one.
    fn quadratic(&self, h: f64, k: f64) -> f64 {
        if self.rho >= 0.0 {
            (h - k) * (h - k) + 2.0 * (1.0 - self.rho) * h * k
        } else {
            (h + k) * (h + k) - 2.0 * (1.0 + self.rho) * h * k
        }
    }

    /// The probability of a rectangle, given that the difference of the four corners is `difference`.
    ///
    /// A small one is integrated anew: the logarithm of what is left after cancellation would be noise.
    pub fn rectangle(&self, difference: f64, first: (f64, f64), second: (f64, f64)) -> f64 {
        if difference > SMALL {
            difference
        } else {
            small_rectangle(self.rho, self.residual_variance.sqrt(), first, second)
        }
    }
}

/// exp(exponent) times a value that may be so small that the first factor alone is out of range.
fn scaled(exponent: f64, value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { exponent.exp() * value }
}

/// The rule from the zeros of the Legendre polynomial, by Newton's method.
pub(super) fn gauss_legendre<const POINTS: usize>() -> [(f64, f64); POINTS] {
    std::array::from_fn(|at| {
        let mut x = (PI * (at as f64 + 0.75) / (POINTS as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // Seven steps are more than quadratic convergence needs from this start.
        for _ in 0..7 {
            let (mut before, mut value) = (1.0, x);
            for degree in 2..=POINTS {
                let n = degree as f64;
                (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
            }
            slope = POINTS as f64 * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
}
