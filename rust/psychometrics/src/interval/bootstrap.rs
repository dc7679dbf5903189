//! Intervals from bootstrap replicates.

use super::{IntervalStatus, normal_cdf, normal_quantile};

/// How an interval is read off replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootstrapMethod {
    /// Quantiles of the replicates.
    Percentile,
    /// The estimate twice, less the opposite quantiles.
    Basic,
    /// The estimate less its bias, plus and minus normal quantiles of the replicates' standard deviation.
    Normal,
    /// Efron's (1987) bias-corrected and accelerated quantiles.
    Bca,
}

/// How a quantile lies between two replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantileRule {
    /// The (B + 1) p-th, interpolated on the normal scale (Davison & Hinkley 1997, eq. 5.8).
    Normal,
    /// The (B - 1) p + 1-th, interpolated linearly (Hyndman & Fan's type 7).
    Linear,
}

/// The quantile of sorted values. Beyond the replicates it is the outermost one.
pub fn quantile(sorted: &[f64], p: f64, rule: QuantileRule) -> f64 {
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return f64::NAN };
    let count = sorted.len() as f64;
    match rule {
        QuantileRule::Linear => {
            let place = (count - 1.0) * p.clamp(0.0, 1.0);
            let below = place.floor() as usize;
            let low = sorted[below];
            let high = sorted.get(below + 1).copied().unwrap_or(last);
            low + (place - place.floor()) * (high - low)
        }
        QuantileRule::Normal => {
            let place = (count + 1.0) * p;
            let below = place.floor();
            if place.is_nan() {
                f64::NAN
            } else if below < 1.0 {
                first
            } else if below >= count {
                last
            } else {
                let (low, high) = (sorted[below as usize - 1], sorted[below as usize]);
                let at = |k: f64| normal_quantile(k / (count + 1.0));
                let share = (normal_quantile(p) - at(below)) / (at(below + 1.0) - at(below));
                // A whole place is the replicate itself, whatever the rounding of the scale.
                if place == below { low } else { low + share * (high - low) }
            }
        }
    }
}

/// Lower and upper end from sorted replicates; both NaN where the status says why.
pub fn bootstrap_interval(
    sorted: &[f64],
    estimate: f64,
    acceleration: f64,
    level: f64,
    method: BootstrapMethod,
    rule: QuantileRule,
) -> (f64, f64, IntervalStatus) {
    let none = |status| (f64::NAN, f64::NAN, status);
    if sorted.len() < 2 {
        return none(IntervalStatus::TooFewReplicates);
    }
    let tail = (1.0 - level) / 2.0;
    let at = |p| quantile(sorted, p, rule);
    let (lower, upper) = match method {
        BootstrapMethod::Percentile => (at(tail), at(1.0 - tail)),
        BootstrapMethod::Basic => (2.0 * estimate - at(1.0 - tail), 2.0 * estimate - at(tail)),
        BootstrapMethod::Normal => {
            let (mean, deviation) = mean_and_deviation(sorted);
            let centre = 2.0 * estimate - mean;
            let reach = normal_quantile(1.0 - tail) * deviation;
            (centre - reach, centre + reach)
        }
        BootstrapMethod::Bca => {
            if !acceleration.is_finite() {
                return none(IntervalStatus::NoStandardError);
            }
            let below = sorted.partition_point(|&t| t < estimate);
            let not_above = sorted.partition_point(|&t| t <= estimate);
            // Ties count half.
            let share = (below + not_above) as f64 / (2.0 * sorted.len() as f64);
            let bias = normal_quantile(share);
            if !bias.is_finite() {
                return none(IntervalStatus::OutsideReplicates);
            }
            let adjusted = |p: f64| {
                let z = bias + normal_quantile(p);
                let left = 1.0 - acceleration * z;
                // Beyond, levels would come back from the other side.
                if left > 0.0 { normal_cdf(bias + z / left) } else { f64::NAN }
            };
            (at(adjusted(tail)), at(adjusted(1.0 - tail)))
        }
    };
    if lower.is_finite() && upper.is_finite() {
        (lower, upper, IntervalStatus::Ok)
    } else {
        none(IntervalStatus::OutsideReplicates)
    }
}

/// Mean and standard deviation (divisor B - 1); NaN where there are too few values.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    if values.len() < 2 {
        return (f64::NAN, f64::NAN);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|t| (t - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}
