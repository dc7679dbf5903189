//! The standard normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

/// The probability below `z`.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The density at `z`.
pub fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The value below which a share `p` lies; infinite at 0 and 1, NaN where there is no share.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() {
        f64::NAN
    } else if p <= 0.0 {
        f64::NEG_INFINITY
    } else if p >= 1.0 {
        f64::INFINITY
    } else if p > 0.5 {
        -normal_quantile(1.0 - p)
    } else {
        Normal::standard().inverse_cdf(p)
    }
}
