//! What rotations make small, with its slopes (Jennrich 2001, 2002; Bernaards & Jennrich 2005).

use crate::factor::matrix::Matrix;

/// What geomin adds to squared loadings, so that a product of them has slopes at zero.
pub const GEOMIN_EPSILON: f64 = 0.01;

/// How far loadings are from simple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// The variance of squared loadings within each factor, taken as large (Kaiser 1958).
    Varimax,
    /// The sum of fourth powers, taken as large (Neuhaus & Wrigley 1954).
    Quartimax,
    /// The products of squared loadings on different factors (Carroll 1953): direct oblimin with gamma 0.
    Quartimin,
    /// The same less a share of what it is where squared loadings do not go together (Jennrich & Sampson 1966).
    Oblimin {
        /// The share, 0 for quartimin; the smaller, the less factors correlate.
        gamma: f64,
    },
    /// Products of an item's squared loadings, and of a factor's, these with a weight of factors over twice the
    /// items (Crawford & Ferguson 1970; Saunders 1962).
    Equamax,
    /// The geometric mean of each item's squared loadings (Yates 1987; Browne 2001).
    Geomin,
    /// Quartimin of all factors but the first, which is general (Jennrich & Bentler 2011, 2012).
    Bifactor,
}

impl Criterion {
    /// The value and its slopes in the loadings.
    pub fn at(self, loadings: &Matrix) -> (f64, Matrix) {
        match self {
            Criterion::Varimax => varimax(loadings),
            Criterion::Quartimax => {
                let value = -0.25 * loadings.values.iter().map(|x| x.powi(4)).sum::<f64>();
                (value, loadings.map(|x| -x.powi(3)))
            }
            Criterion::Quartimin => quartimin(loadings),
            Criterion::Oblimin { gamma } => oblimin(loadings, gamma),
            Criterion::Equamax => equamax(loadings),
            Criterion::Geomin => geomin(loadings),
            Criterion::Bifactor => bifactor(loadings),
        }
    }
}

/// `-¼ Σ_j Σ_i (λ_ij² - mean_i λ_ij²)²`.
fn varimax(loadings: &Matrix) -> (f64, Matrix) {
    let rows = loadings.rows as f64;
    let means: Vec<f64> = loadings.column_squares().iter().map(|sum| sum / rows).collect();
    let centred = Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
        loadings.at(i, j).powi(2) - means[j]
    });
    let slopes = Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
        -loadings.at(i, j) * centred.at(i, j)
    });
    (-0.25 * centred.squares(), slopes)
}

/// `¼ Σ_i Σ_{j≠l} λ_ij² λ_il²`.
fn quartimin(loadings: &Matrix) -> (f64, Matrix) {
    let sums: Vec<f64> =
        (0..loadings.rows).map(|i| loadings.row(i).iter().map(|x| x * x).sum()).collect();
    let others = |i: usize, j: usize| sums[i] - loadings.at(i, j).powi(2);
    let slopes =
        Matrix::from_fn(loadings.rows, loadings.columns, |i, j| loadings.at(i, j) * others(i, j));
    let value = slopes.values.iter().zip(&loadings.values).map(|(s, x)| s * x).sum::<f64>();
    (0.25 * value, slopes)
}

/// `¼ Σ_{j≠l} (Σ_i λ_ij² λ_il² - γ/p Σ_i λ_ij² Σ_i λ_il²)`.
fn oblimin(loadings: &Matrix, gamma: f64) -> (f64, Matrix) {
    let columns = loadings.column_squares();
    let all = columns.iter().sum::<f64>();
    let share = gamma / loadings.rows as f64;
    let (value, slopes) = quartimin(loadings);
    let products = all * all - columns.iter().map(|x| x * x).sum::<f64>();
    let slopes = Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
        slopes.at(i, j) - share * loadings.at(i, j) * (all - columns[j])
    });
    (value - 0.25 * share * products, slopes)
}

/// `¼ ((1 - κ) Σ_i Σ_{j≠l} λ_ij² λ_il² + κ Σ_j Σ_{i≠k} λ_ij² λ_kj²)` with `κ = m / 2p`.
fn equamax(loadings: &Matrix) -> (f64, Matrix) {
    let weight = 0.5 * loadings.columns as f64 / loadings.rows as f64;
    let columns = loadings.column_squares();
    let (value, slopes) = quartimin(loadings);
    let fourth = loadings.values.iter().map(|x| x.powi(4)).sum::<f64>();
    let within = columns.iter().map(|x| x * x).sum::<f64>() - fourth;
    let slopes = Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
        let x = loadings.at(i, j);
        (1.0 - weight) * slopes.at(i, j) + weight * x * (columns[j] - x * x)
    });
    ((1.0 - weight) * value + 0.25 * weight * within, slopes)
}

/// Quartimin of the columns after the first, which is free.
fn bifactor(loadings: &Matrix) -> (f64, Matrix) {
    let (rows, columns) = (loadings.rows, loadings.columns);
    let groups = Matrix::from_fn(rows, columns - 1, |i, j| loadings.at(i, j + 1));
    let (value, slopes) = quartimin(&groups);
    (value, Matrix::from_fn(rows, columns, |i, j| if j == 0 { 0.0 } else { slopes.at(i, j - 1) }))
}

/// `Σ_i (Π_j (λ_ij² + ε))^(1/m)`.
fn geomin(loadings: &Matrix) -> (f64, Matrix) {
    let share = 1.0 / loadings.columns as f64;
    let means: Vec<f64> = (0..loadings.rows)
        .map(|i| {
            let logs = loadings.row(i).iter().map(|x| (x * x + GEOMIN_EPSILON).ln());
            (share * logs.sum::<f64>()).exp()
        })
        .collect();
    let slopes = Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
        let x = loadings.at(i, j);
        2.0 * share * x / (x * x + GEOMIN_EPSILON) * means[i]
    });
    (means.iter().sum(), slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_differences() {
        let loadings = Matrix::from_fn(5, 3, |i, j| ((3 * i + j) as f64).sin());
        for criterion in [
            Criterion::Varimax,
            Criterion::Quartimax,
            Criterion::Quartimin,
            Criterion::Oblimin { gamma: 0.5 },
            Criterion::Oblimin { gamma: -2.0 },
            Criterion::Equamax,
            Criterion::Geomin,
            Criterion::Bifactor,
        ] {
            let (_, slopes) = criterion.at(&loadings);
            for at in 0..15 {
                let moved = |step: f64| {
                    let mut moved = loadings.clone();
                    moved.values[at] += step;
                    criterion.at(&moved).0
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                // Central differences: the error is the square of the step times a third derivative.
                assert!((slope - slopes.values[at]).abs() < 1e-7, "{criterion:?} {at}");
            }
        }
    }
}
