//! Rotation to loadings that are expected, of which some may be left open (Browne 1972, 2001).

use crate::factor::matrix::Matrix;

/// Loadings that are expected; NaN where nothing is.
#[derive(Debug, Clone)]
pub struct Target {
    /// Items × factors.
    pub loadings: Matrix,
    /// Whether factors may correlate.
    pub oblique: bool,
}

impl Target {
    /// The squares of what loadings are off, with their slopes.
    pub(super) fn at(&self, loadings: &Matrix) -> (f64, Matrix) {
        let off = Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
            let expected = self.loadings.at(i, j);
            if expected.is_nan() { 0.0 } else { loadings.at(i, j) - expected }
        });
        (off.squares(), off.map(|x| 2.0 * x))
    }

    /// Whether a factor turned round is as near: nothing but zeros is expected of it.
    pub(super) fn is_without_sign(&self, factor: usize) -> bool {
        self.loadings.column(factor).all(|x| x.is_nan() || x == 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_differences() {
        let expected =
            Matrix::from_fn(4, 2, |i, j| if (i + j) % 3 == 0 { f64::NAN } else { 0.1 * i as f64 });
        let target = Target { loadings: expected, oblique: true };
        let loadings = Matrix::from_fn(4, 2, |i, j| ((2 * i + j) as f64).sin());
        let (_, slopes) = target.at(&loadings);
        for at in 0..8 {
            let moved = |step: f64| {
                let mut moved = loadings.clone();
                moved.values[at] += step;
                target.at(&moved).0
            };
            let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            // Of squares, central differences are exact but for rounding.
            assert!((slope - slopes.values[at]).abs() < 1e-11, "{at}");
        }
    }
}
