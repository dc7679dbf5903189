//! What rotations make small, with its slopes (Jennrich 2001, 2002; Bernaards & Jennrich 2005).

use crate::factor::matrix::Matrix;

/// What geomin adds to squared loadings, so that a product of them has slopes at zero.
pub const GEOMIN_EPSILON: f64 = 0.01;

/// How far loadings are from simple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// The variance of squared loadings within each factor, taken as large (Kaiser 1958).
    Varimax,
    /// The sum of fourth powers, taken as large (Neuhaus & Wrigley 1954).
    Quartimax,
    /// The products of squared loadings on different factors (Carroll 1953): direct oblimin with gamma 0.
    Quartimin,
    /// The geometric mean of each item's squared loadings (Yates 1987; Browne 2001).
    Geomin,
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
            Criterion::Geomin => geomin(loadings),
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
        for criterion in
            [Criterion::Varimax, Criterion::Quartimax, Criterion::Quartimin, Criterion::Geomin]
        {
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
