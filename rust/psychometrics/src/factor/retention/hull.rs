//! How well each number of factors fits, and what that takes: what the Hull method weighs (Lorenzo-Seva, Timmerman &
//! Kiers 2011).

use crate::error::{Error, Result};
use crate::factor::{Extraction, FitStatus, extract, goodness};
use crate::linalg::inverse;
use crate::monitor::Monitor;

/// One number of factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Degrees of freedom of the model.
    pub freedom: usize,
    /// The common part accounted for; NaN where residuals have no inverse.
    pub common_part: f64,
    /// The comparative fit index; NaN where there is no chi-square.
    pub cfi: f64,
    /// How extraction ended.
    pub status: FitStatus,
}

/// From no factor to `most` of them.
pub fn balance(
    correlation: &[f64],
    items: usize,
    most: usize,
    extraction: Extraction,
    persons: Option<f64>,
    monitor: &dyn Monitor,
) -> Result<Vec<Balance>> {
    let mut found = vec![Balance {
        freedom: items * items.saturating_sub(1) / 2,
        common_part: common_part(correlation, items),
        cfi: if persons.is_some() { 0.0 } else { f64::NAN },
        status: FitStatus::Converged,
    }];
    for factors in 1..=most {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        let extracted = extract(correlation, items, factors, extraction, monitor)?;
        let fit = goodness(correlation, &extracted.loadings, &extracted.uniquenesses, persons);
        let common = extracted.loadings.times(&extracted.loadings.transposed());
        let mut residual: Vec<f64> =
            correlation.iter().zip(&common.values).map(|(r, c)| r - c).collect();
        residual.iter_mut().step_by(items + 1).for_each(|own| *own = 1.0);
        found.push(Balance {
            freedom: fit.freedom,
            common_part: common_part(&residual, items),
            cfi: fit.cfi,
            status: extracted.status,
        });
    }
    Ok(found)
}

/// One minus Kaiser's (1970) measure of sampling adequacy: nothing common is left where it is one.
fn common_part(correlation: &[f64], items: usize) -> f64 {
    let Some(inverse) = inverse(correlation, items) else { return f64::NAN };
    let (mut plain, mut partial) = (0.0, 0.0);
    for i in 0..items {
        for j in 0..i {
            let own = inverse[i * (items + 1)] * inverse[j * (items + 1)];
            plain += correlation[i * items + j].powi(2);
            partial += inverse[i * items + j].powi(2) / own;
        }
    }
    1.0 - plain / (plain + partial)
}
