//! Eigenvalues without eigenvectors: several times faster than with them.

/// Steps that one eigenvalue may take; two or three are usual.
const MOST_STEPS: usize = 60;

/// The eigenvalues of a symmetric matrix, largest first, in `values`; the matrix is used up.
///
/// Householder's reduction to three diagonals (1958), then implicit QL steps (Martin & Wilkinson 1968), whose errors
/// are rounding of the largest eigenvalue. False where a value is not a number, or steps find no end.
pub fn eigenvalues(matrix: &mut [f64], size: usize, values: &mut [f64]) -> bool {
    if matrix.len() != size * size || values.len() != size {
        return false;
    }
    let mut beside = vec![0.0; size];
    tridiagonal(matrix, size, values, &mut beside);
    if values.iter().chain(&beside).any(|x| !x.is_finite()) || !implicit_ql(values, &mut beside) {
        return false;
    }
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    true
}

/// The diagonal of a similar matrix with three diagonals, and in `beside[i]` what stands between `i` and `i + 1`.
fn tridiagonal(matrix: &mut [f64], size: usize, diagonal: &mut [f64], beside: &mut [f64]) {
    let mut direction = vec![0.0; size];
    let mut image = vec![0.0; size];
    for k in 0..size {
        diagonal[k] = matrix[k * size + k];
        let below = k + 1;
        if below >= size {
            continue;
        }
        // The row beside the diagonal is turned onto its first place.
        let v = &mut direction[below..];
        v.copy_from_slice(&matrix[k * size + below..below * size]);
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length == 0.0 || below + 1 == size {
            beside[k] = v[0];
            continue;
        }
        beside[k] = if v[0] > 0.0 { -length } else { length };
        v[0] -= beside[k];
        // H = 1 - v v' / half, and half = v'v / 2.
        let half = -beside[k] * v[0];
        let p = &mut image[below..];
        p.fill(0.0);
        for (x, row) in v.iter().zip(matrix[below * size..].chunks_exact(size)) {
            for (sum, a) in p.iter_mut().zip(&row[below..]) {
                *sum += x * a;
            }
        }
        let along = p.iter().zip(v.iter()).map(|(p, v)| p * v).sum::<f64>() / (2.0 * half * half);
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p = *p / half - along * v;
        }
        for (i, row) in matrix[below * size..].chunks_exact_mut(size).enumerate() {
            let (x, y) = (v[i], p[i]);
            for ((a, v), p) in row[below..].iter_mut().zip(v.iter()).zip(p.iter()) {
                *a -= x * p + y * v;
            }
        }
    }
}

/// The eigenvalues of a matrix with three diagonals in the place of its diagonal, in no order.
fn implicit_ql(diagonal: &mut [f64], beside: &mut [f64]) -> bool {
    let size = diagonal.len();
    for first in 0..size {
        let mut steps = 0;
        loop {
            let negligible = |i: &usize| {
                let scale = diagonal[*i].abs() + diagonal[i + 1].abs();
                beside[*i].abs() <= f64::EPSILON * scale
            };
            let last = (first..size - 1).find(negligible).unwrap_or(size - 1);
            if last == first {
                break;
            }
            if steps == MOST_STEPS {
                return false;
            }
            steps += 1;
            chase(diagonal, beside, first, last);
        }
    }
    true
}

/// One QL step with Wilkinson's shift between `first` and `last`.
fn chase(diagonal: &mut [f64], beside: &mut [f64], first: usize, last: usize) {
    let ratio = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let root = ratio.hypot(1.0).copysign(ratio);
    let mut g = diagonal[last] - diagonal[first] + beside[first] / (ratio + root);
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for i in (first..last).rev() {
        let (f, b) = (sine * beside[i], cosine * beside[i]);
        let length = (f * f + g * g).sqrt();
        beside[i + 1] = length;
        if length == 0.0 {
            diagonal[i + 1] -= shift;
            beside[last] = 0.0;
            return;
        }
        (sine, cosine) = (f / length, g / length);
        g = diagonal[i + 1] - shift;
        let turned = (diagonal[i] - g) * sine + 2.0 * cosine * b;
        shift = sine * turned;
        diagonal[i + 1] = g + shift;
        g = cosine * turned - b;
    }
    diagonal[first] -= shift;
    beside[first] = g;
    beside[last] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::super::eigen;
    use super::*;

    fn close(matrix: &[f64], size: usize) {
        let (expected, _) = eigen(matrix, size);
        let mut values = vec![0.0; size];
        assert!(eigenvalues(&mut matrix.to_vec(), size, &mut values));
        let scale = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
        for (value, expected) in values.iter().zip(&expected) {
            // Rounding of the largest, a few times.
            assert!((value - expected).abs() < 1e-14 * size as f64 * scale, "{value} {expected}");
        }
    }

    #[test]
    fn values_are_those_of_jacobi() {
        for size in [1, 2, 3, 4, 9, 25, 60] {
            let value = |i: usize, j: usize| ((i * j + i + j) as f64).sin() + f64::from(i == j);
            let matrix: Vec<f64> = (0..size * size).map(|at| value(at / size, at % size)).collect();
            close(&matrix, size);
        }
    }

    #[test]
    fn equal_values_and_zeros_are_no_obstacle() {
        let size = 12;
        close(&vec![0.0; size * size], size);
        close(&vec![1.0; size * size], size);
        let identity: Vec<f64> =
            (0..size * size).map(|at| f64::from(at % (size + 1) == 0)).collect();
        close(&identity, size);
        let blocks = |at: usize| f64::from(at / size % 4 == at % size % 4);
        close(&(0..size * size).map(blocks).collect::<Vec<f64>>(), size);
    }

    #[test]
    fn what_is_not_a_number_has_no_eigenvalues() {
        assert!(!eigenvalues(&mut [1.0, f64::NAN, f64::NAN, 1.0], 2, &mut [0.0; 2]));
        assert!(!eigenvalues(&mut [1.0; 3], 2, &mut [0.0; 2]));
    }
}
