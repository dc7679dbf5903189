//! Promax: correlated factors whose loadings come near a power of orthogonal ones.

use crate::factor::matrix::Matrix;

/// Rotated loadings and factor correlations, or nothing where loadings on two factors coincide.
///
/// Hendrickson & White (1964): least squares to `λ |λ|^(power - 1)`, factors scaled to variance one.
pub(super) fn promax(loadings: &Matrix, power: i32) -> Option<(Matrix, Matrix)> {
    let target = loadings.map(|x| x * x.abs().powi(power - 1));
    let regression = loadings.crossed(loadings).inverse()?.times(&loadings.crossed(&target));
    let inner = regression.crossed(&regression).inverse()?;
    let scales: Vec<f64> = (0..inner.rows).map(|j| inner.at(j, j).sqrt()).collect();
    let transform = regression.scale_columns(&scales);
    let phi = transform.crossed(&transform).inverse()?;
    Some((loadings.times(&transform), phi))
}
