//! Intervals for alpha in closed form. All take persons as independent.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::{IntervalStatus, normal_quantile};
use crate::moments::Dispersion;

/// A closed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlphaInterval {
    /// Feldt (1965): exact under equal variances and covariances.
    Feldt,
    /// Bonett (2002): normal on the scale of log(1 - alpha).
    Bonett,
    /// Hakstian & Whalen (1976): normal on the scale of the cube root of 1 - alpha.
    HakstianWhalen,
    /// van Zyl, Neudecker & Nel (2000): the asymptotic variance under normality.
    NormalTheory,
}

/// Lower and upper end of alpha's interval for `persons` persons and `items` items.
///
/// `error` is the standard error that normal theory takes.
pub fn alpha_interval(
    method: AlphaInterval,
    alpha: f64,
    persons: f64,
    items: usize,
    error: f64,
    level: f64,
) -> (f64, f64, IntervalStatus) {
    let k = items as f64;
    let tail = (1.0 - level) / 2.0;
    let z = normal_quantile(1.0 - tail);
    let (lower, upper) = match method {
        AlphaInterval::Feldt => {
            match FisherSnedecor::new(persons - 1.0, (persons - 1.0) * (k - 1.0)) {
                Ok(f) => (
                    1.0 - (1.0 - alpha) * f.inverse_cdf(1.0 - tail),
                    1.0 - (1.0 - alpha) * f.inverse_cdf(tail),
                ),
                Err(_) => (f64::NAN, f64::NAN),
            }
        }
        AlphaInterval::Bonett => {
            let reach = z * (2.0 * k / ((k - 1.0) * (persons - 2.0))).sqrt();
            let centre = (1.0 - alpha).ln();
            (1.0 - (centre + reach).exp(), 1.0 - (centre - reach).exp())
        }
        AlphaInterval::HakstianWhalen => {
            let numerator = persons - 1.0;
            let denominator = numerator * (k - 1.0);
            let a = (1.0 - 2.0 / (9.0 * numerator)) / (1.0 - 2.0 / (9.0 * denominator));
            let root = (1.0 - alpha).cbrt();
            let reach =
                z * (2.0 * k / (9.0 * denominator)).sqrt() * root / (1.0 - 2.0 / (9.0 * numerator));
            (1.0 - (a * (root + reach)).powi(3), 1.0 - (a * (root - reach)).powi(3))
        }
        AlphaInterval::NormalTheory => (alpha - z * error, alpha + z * error),
    };
    // With pairwise moments alpha can exceed one, where 1 - alpha has no root or logarithm.
    if (alpha <= 1.0 || method == AlphaInterval::NormalTheory)
        && lower.is_finite()
        && upper.is_finite()
    {
        (lower, upper, IntervalStatus::Ok)
    } else {
        (f64::NAN, f64::NAN, IntervalStatus::NoStandardError)
    }
}

/// The standard error of alpha under normality (van Zyl, Neudecker & Nel 2000, eq. 21), with divisor n.
pub fn normal_theory_error(dispersion: &Dispersion) -> f64 {
    let Dispersion { items, persons, trace, total, ref covariance, .. } = *dispersion;
    let k = items as f64;
    let squares: f64 = covariance.iter().map(|c| c * c).sum();
    let row_sums = covariance.chunks_exact(items).map(|row| row.iter().sum::<f64>());
    let sum_of_square: f64 = row_sums.map(|s| s * s).sum();
    let q = 2.0 * k * k / ((k - 1.0).powi(2) * total.powi(3))
        * (total * (squares + trace * trace) - 2.0 * trace * sum_of_square);
    (q / persons).sqrt()
}
