//! What items still share when components are taken out (Velicer 1976).

use crate::linalg::eigen;

/// Means over pairs of different items of powers of their partial correlations, by number of components taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct Partials {
    /// Of squares (Velicer 1976).
    pub squares: Vec<f64>,
    /// Of fourth powers (Velicer, Eaton & Fava 2000).
    pub fourth_powers: Vec<f64>,
}

/// An item of which components leave less than this has no partial correlations.
const LEAST_LEFT: f64 = 1e-10;

/// From no component to one less than the items; NaN from where an item is used up.
pub fn partials(correlation: &[f64], items: usize) -> Partials {
    let (values, vectors) = eigen(correlation, items);
    let mut left = correlation.to_vec();
    let mut found = Partials { squares: Vec::new(), fourth_powers: Vec::new() };
    for (value, vector) in values.iter().zip(vectors.chunks_exact(items.max(1))) {
        let (square, fourth) = mean_powers(&left, items);
        found.squares.push(square);
        found.fourth_powers.push(fourth);
        for (row, x) in left.chunks_exact_mut(items).zip(vector) {
            for (entry, y) in row.iter_mut().zip(vector) {
                *entry -= value * x * y;
            }
        }
    }
    found
}

fn mean_powers(left: &[f64], items: usize) -> (f64, f64) {
    let own = |j: usize| left[j * (items + 1)];
    if (0..items).any(|j| own(j).is_nan() || own(j) < LEAST_LEFT) {
        return (f64::NAN, f64::NAN);
    }
    let (mut squares, mut fourth_powers) = (0.0, 0.0);
    for i in 0..items {
        for j in 0..i {
            let square = left[i * items + j].powi(2) / (own(i) * own(j));
            squares += square;
            fourth_powers += square * square;
        }
    }
    let pairs = (items * (items - 1) / 2) as f64;
    (squares / pairs, fourth_powers / pairs)
}
