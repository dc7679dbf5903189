//! The only door to the algebra of small matrices, row by row in slices: no allocation in the inner loops.

mod eigenvalues;

pub use eigenvalues::eigenvalues;

/// A relative pivot below this means that a matrix is not positive definite.
pub const LEAST_PIVOT: f64 = 1e-12;

/// The lower Cholesky factor of a symmetric matrix in place of its lower triangle.
///
/// False where a pivot is not above [`LEAST_PIVOT`] times its diagonal element: the matrix is not positive definite.
pub fn cholesky(matrix: &mut [f64], size: usize) -> bool {
    cholesky_above(matrix, size, LEAST_PIVOT)
}

/// The same with another least share that a pivot has of its diagonal element.
pub fn cholesky_above(matrix: &mut [f64], size: usize, least: f64) -> bool {
    for j in 0..size {
        let diagonal = matrix[j * size + j];
        for i in j..size {
            let (upper, lower) = matrix.split_at_mut(i * size);
            let own = &lower[..j];
            lower[j] -= dot(own, if i == j { own } else { &upper[j * size..j * size + j] });
            if i == j {
                if lower[j].is_nan() || lower[j] <= least * diagonal.abs() {
                    return false;
                }
                lower[j] = lower[j].sqrt();
            } else {
                lower[j] /= upper[j * size + j];
            }
        }
    }
    true
}

/// Solves `L L' x = b` in place.
pub fn cholesky_solve(factor: &[f64], size: usize, x: &mut [f64]) {
    for i in 0..size {
        let row = &factor[i * size..i * size + i];
        x[i] = (x[i] - dot(row, &x[..i])) / factor[i * size + i];
    }
    for i in (0..size).rev() {
        let (earlier, own) = x.split_at_mut(i);
        own[0] /= factor[i * size + i];
        let row = &factor[i * size..i * size + i];
        earlier.iter_mut().zip(row).for_each(|(x, entry)| *x -= entry * own[0]);
    }
}

/// Four sums side by side: one would wait for each addition.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (fours_a, fours_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = fours_a.remainder().iter().zip(fours_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in fours_a.zip(fours_b) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// The inverse of a positive definite matrix, or nothing where it is not.
pub fn inverse(matrix: &[f64], size: usize) -> Option<Vec<f64>> {
    let mut factor = matrix.to_vec();
    if !cholesky(&mut factor, size) {
        return None;
    }
    let mut inverse = vec![0.0; size * size];
    for (i, row) in inverse.chunks_exact_mut(size).enumerate() {
        row[i] = 1.0;
        cholesky_solve(&factor, size, row);
    }
    Some(inverse)
}

/// Factors a matrix in place with row exchanges; the sign of its determinant, 0 where it is singular.
pub fn lu(matrix: &mut [f64], size: usize, exchanges: &mut [usize]) -> f64 {
    let mut sign = 1.0;
    for column in 0..size {
        let mut pivot = column;
        for row in column + 1..size {
            if matrix[row * size + column].abs() > matrix[pivot * size + column].abs() {
                pivot = row;
            }
        }
        exchanges[column] = pivot;
        let value = matrix[pivot * size + column];
        if value == 0.0 || value.is_nan() {
            return 0.0;
        }
        if pivot != column {
            let (upper, lower) = matrix.split_at_mut(pivot * size);
            upper[column * size..(column + 1) * size].swap_with_slice(&mut lower[..size]);
            sign = -sign;
        }
        if value < 0.0 {
            sign = -sign;
        }
        let (upper, lower) = matrix.split_at_mut((column + 1) * size);
        let pivot_row = &upper[column * size..];
        for row in lower.chunks_exact_mut(size) {
            let factor = row[column] / value;
            row[column] = factor;
            for (entry, above) in row[column + 1..].iter_mut().zip(&pivot_row[column + 1..]) {
                *entry -= factor * above;
            }
        }
    }
    sign
}

/// Solves `A x = b` in place, from the factors of [`lu`].
pub fn lu_solve(factors: &[f64], size: usize, exchanges: &[usize], x: &mut [f64]) {
    for (i, &exchange) in exchanges.iter().enumerate().take(size) {
        x.swap(i, exchange);
    }
    for i in 0..size {
        let row = &factors[i * size..i * size + i];
        x[i] -= row.iter().zip(&x[..i]).map(|(a, b)| a * b).sum::<f64>();
    }
    for i in (0..size).rev() {
        let row = &factors[i * size + i + 1..(i + 1) * size];
        let dot: f64 = row.iter().zip(&x[i + 1..]).map(|(a, b)| a * b).sum();
        x[i] = (x[i] - dot) / factors[i * size + i];
    }
}

/// Solves `A' x = b` in place, from the factors of [`lu`].
pub fn lu_solve_transposed(factors: &[f64], size: usize, exchanges: &[usize], x: &mut [f64]) {
    for i in 0..size {
        let dot: f64 = (0..i).map(|j| factors[j * size + i] * x[j]).sum();
        x[i] = (x[i] - dot) / factors[i * size + i];
    }
    for i in (0..size).rev() {
        let dot: f64 = (i + 1..size).map(|j| factors[j * size + i] * x[j]).sum();
        x[i] -= dot;
    }
    for (i, &exchange) in exchanges.iter().enumerate().take(size).rev() {
        x.swap(i, exchange);
    }
}

/// Eigenvalues, largest first, and eigenvectors in rows, of a symmetric matrix (cyclic Jacobi).
pub fn eigen(matrix: &[f64], size: usize) -> (Vec<f64>, Vec<f64>) {
    let mut a = matrix.to_vec();
    let mut vectors = vec![0.0; size * size];
    for i in 0..size {
        vectors[i * size + i] = 1.0;
    }
    let scale: f64 = a.iter().map(|x| x * x).sum();
    for _sweep in 0..60 {
        let mut off = 0.0;
        for i in 0..size {
            off += (i + 1..size).map(|j| a[i * size + j].powi(2)).sum::<f64>();
        }
        if off <= 1e-32 * scale {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut a, &mut vectors, size, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&i, &j| a[j * size + j].total_cmp(&a[i * size + i]));
    let values = order.iter().map(|&i| a[i * size + i]).collect();
    let sorted = order.iter().flat_map(|&i| vectors[i * size..(i + 1) * size].to_vec()).collect();
    (values, sorted)
}

/// One Jacobi rotation that makes element (p, q) zero; `vectors` holds eigenvectors in rows.
fn rotate(a: &mut [f64], vectors: &mut [f64], size: usize, p: usize, q: usize) {
    let apq = a[p * size + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * size + q] - a[p * size + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    let (own_p, own_q) = (a[p * size + p], a[q * size + q]);
    rotate_rows(a, size, p, q, c, s);
    // The matrix stays symmetric, so the columns are the rows; where they cross, both are rotated.
    for i in 0..size {
        a[i * size + p] = a[p * size + i];
        a[i * size + q] = a[q * size + i];
    }
    let (column_p, column_q) = (c * own_p - s * apq, s * own_p + c * apq);
    let (cross_p, cross_q) = (c * apq - s * own_q, s * apq + c * own_q);
    a[p * size + p] = c * column_p - s * cross_p;
    a[p * size + q] = c * column_q - s * cross_q;
    a[q * size + p] = s * column_p + c * cross_p;
    a[q * size + q] = s * column_q + c * cross_q;
    rotate_rows(vectors, size, p, q, c, s);
}

/// Turns the rows `p < q` into each other.
fn rotate_rows(matrix: &mut [f64], size: usize, p: usize, q: usize, c: f64, s: f64) {
    let (upper, lower) = matrix.split_at_mut(q * size);
    for (x, y) in upper[p * size..][..size].iter_mut().zip(&mut lower[..size]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(size: usize) -> Vec<f64> {
        let value = |i: usize, j: usize| 1.0 / (1.0 + (i as f64 - j as f64).abs());
        (0..size * size).map(|at| value(at / size, at % size)).collect()
    }

    fn times(a: &[f64], x: &[f64]) -> Vec<f64> {
        a.chunks_exact(x.len()).map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum()).collect()
    }

    fn close(a: &[f64], b: &[f64]) {
        for (a, b) in a.iter().zip(b) {
            // A few rounding errors of numbers near one.
            assert!((a - b).abs() < 1e-13, "{a} {b}");
        }
    }

    #[test]
    fn solutions_solve() {
        let size = 7;
        let mut a = matrix(size);
        let b: Vec<f64> = (0..size).map(|i| (i as f64).cos()).collect();
        let mut x = b.clone();
        let mut factor = a.clone();
        assert!(cholesky(&mut factor, size));
        cholesky_solve(&factor, size, &mut x);
        close(&times(&a, &x), &b);
        let inverse = inverse(&a, size).unwrap();
        close(&times(&inverse, &b), &x);
        // Not symmetric, and in need of exchanges.
        a[0] = 0.0;
        a[3] = -2.0;
        let mut exchanges = vec![0; size];
        let mut factors = a.clone();
        assert!(lu(&mut factors, size, &mut exchanges) != 0.0);
        let mut x = b.clone();
        lu_solve(&factors, size, &exchanges, &mut x);
        close(&times(&a, &x), &b);
        let transposed: Vec<f64> =
            (0..size * size).map(|at| a[at % size * size + at / size]).collect();
        let mut x = b.clone();
        lu_solve_transposed(&factors, size, &exchanges, &mut x);
        close(&times(&transposed, &x), &b);
    }

    #[test]
    fn indefinite_and_singular_matrices_are_refused() {
        assert!(!cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2));
        assert!(!cholesky(&mut [1.0, 1.0, 1.0, 1.0], 2));
        assert!(!cholesky(&mut [f64::NAN], 1));
        assert_eq!(lu(&mut [1.0, 2.0, 2.0, 4.0], 2, &mut [0; 2]), 0.0);
        assert_eq!(lu(&mut [0.0, 1.0, 1.0, 0.0], 2, &mut [0; 2]), -1.0);
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_reproduce_the_matrix() {
        let size = 8;
        let a = matrix(size);
        let (values, vectors) = eigen(&a, size);
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
        for (value, vector) in values.iter().zip(vectors.chunks_exact(size)) {
            let scaled: Vec<f64> = vector.iter().map(|x| x * value).collect();
            close(&times(&a, vector), &scaled);
            close(&[vector.iter().map(|x| x * x).sum()], &[1.0]);
        }
    }
}
