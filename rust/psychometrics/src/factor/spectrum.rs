//! Eigenvalues and eigenvectors of one symmetric matrix after the other, in memory that is kept.
//!
//! Householder's tridiagonal form and QL steps with implicit shifts (Golub & Van Loan 2013, 8.3): a tenth of the time
//! that Jacobi's rotations take for 25 items.

use crate::linalg::dot;

/// Steps for one eigenvalue, of which two or three are usual.
const MOST_STEPS: usize = 60;

/// The eigenvalues of the last matrix, largest first, and its eigenvectors in rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Spectrum {
    pub values: Vec<f64>,
    pub vectors: Vec<f64>,
    /// The matrix while it is reduced; below its diagonal the Householder vectors.
    reduced: Vec<f64>,
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    vector: Vec<f64>,
    image: Vec<f64>,
    basis: Vec<f64>,
    order: Vec<usize>,
}

impl Spectrum {
    /// Decomposes a matrix, size × size; false where that does not end.
    pub fn of(&mut self, matrix: &[f64], size: usize) -> bool {
        self.reduced.clear();
        self.reduced.extend_from_slice(matrix);
        for part in [&mut self.diagonal, &mut self.beside, &mut self.vector, &mut self.image] {
            part.clear();
            part.resize(size, 0.0);
        }
        self.tridiagonalise(size);
        if !self.diagonalise(size) {
            return false;
        }
        let Spectrum { values, vectors, diagonal, basis, order, .. } = self;
        order.clear();
        order.extend(0..size);
        order.sort_by(|&i, &j| diagonal[j].total_cmp(&diagonal[i]));
        values.clear();
        values.extend(order.iter().map(|&i| diagonal[i]));
        vectors.clear();
        order.iter().for_each(|&i| vectors.extend_from_slice(&basis[i * size..(i + 1) * size]));
        true
    }

    /// The eigenvector of the eigenvalue at this place.
    pub fn vector(&self, place: usize) -> &[f64] {
        let size = self.values.len();
        &self.vectors[place * size..(place + 1) * size]
    }

    fn tridiagonalise(&mut self, size: usize) {
        let Spectrum { reduced, diagonal, beside, vector, image, basis, .. } = self;
        for step in 0..size.saturating_sub(2) {
            let tail = step + 1..size;
            for row in tail.clone() {
                vector[row] = reduced[row * size + step];
            }
            let square: f64 = vector[step + 2..].iter().map(|x| x * x).sum();
            let first = vector[step + 1];
            let length = (square + first * first).sqrt();
            beside[step] = first;
            if square > 0.0 {
                beside[step] = if first > 0.0 { -length } else { length };
                vector[step + 1] = first - beside[step];
                let scale = (2.0 / (square + vector[step + 1] * vector[step + 1])).sqrt();
                vector[tail.clone()].iter_mut().for_each(|x| *x *= scale);
                let mut along = 0.0;
                for row in tail.clone() {
                    image[row] = dot(
                        &reduced[row * size + step + 1..(row + 1) * size],
                        &vector[tail.clone()],
                    );
                    along += image[row] * vector[row];
                }
                for row in tail.clone() {
                    image[row] -= 0.5 * along * vector[row];
                }
                for row in tail.clone() {
                    let (v, w) = (vector[row], image[row]);
                    let entries = &mut reduced[row * size + step + 1..(row + 1) * size];
                    let pairs = vector[tail.clone()].iter().zip(&image[tail.clone()]);
                    for (entry, (x, y)) in entries.iter_mut().zip(pairs) {
                        *entry -= v * y + w * x;
                    }
                }
            } else {
                vector[tail.clone()].fill(0.0);
            }
            for row in tail {
                reduced[row * size + step] = vector[row];
            }
        }
        for (place, value) in diagonal.iter_mut().enumerate() {
            *value = reduced[place * size + place];
        }
        if size > 1 {
            beside[size - 2] = reduced[(size - 1) * size + size - 2];
        }
        // The transposed product of the reflections, from the last to the first.
        basis.clear();
        basis.resize(size * size, 0.0);
        basis.iter_mut().step_by(size + 1).for_each(|x| *x = 1.0);
        for step in (0..size.saturating_sub(2)).rev() {
            for row in step + 1..size {
                vector[row] = reduced[row * size + step];
            }
            let reflection = &vector[step + 1..];
            for row in step + 1..size {
                let entries = &mut basis[row * size + step + 1..(row + 1) * size];
                let along = dot(entries, reflection);
                entries.iter_mut().zip(reflection).for_each(|(x, v)| *x -= along * v);
            }
        }
    }

    fn diagonalise(&mut self, size: usize) -> bool {
        let Spectrum { diagonal: d, beside: e, basis, .. } = self;
        for first in 0..size {
            let mut steps = 0;
            loop {
                let negligible =
                    |at: &usize| e[*at].abs() <= f64::EPSILON * (d[*at].abs() + d[*at + 1].abs());
                let last = (first..size - 1).find(negligible).unwrap_or(size - 1);
                if last == first {
                    break;
                }
                steps += 1;
                if steps > MOST_STEPS || !d[first].is_finite() {
                    return false;
                }
                let ratio = (d[first + 1] - d[first]) / (2.0 * e[first]);
                let root = (ratio * ratio + 1.0).sqrt();
                let mut g = d[last] - d[first] + e[first] / (ratio + root.copysign(ratio));
                let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
                let mut split = false;
                for i in (first..last).rev() {
                    let (f, b) = (s * e[i], c * e[i]);
                    let r = (f * f + g * g).sqrt();
                    e[i + 1] = r;
                    if r == 0.0 {
                        d[i + 1] -= p;
                        e[last] = 0.0;
                        split = true;
                        break;
                    }
                    (s, c) = (f / r, g / r);
                    g = d[i + 1] - p;
                    let r = (d[i] - g) * s + 2.0 * c * b;
                    p = s * r;
                    d[i + 1] = g + p;
                    g = c * r - b;
                    let (upper, lower) = basis[i * size..(i + 2) * size].split_at_mut(size);
                    for (x, y) in upper.iter_mut().zip(lower) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                }
                if !split {
                    d[first] -= p;
                    e[first] = g;
                    e[last] = 0.0;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::eigen;

    #[test]
    fn eigenvalues_are_those_of_rotations_and_vectors_reproduce_the_matrix() {
        for size in [1, 2, 3, 5, 8, 25] {
            let value = |i: usize, j: usize| ((i * j) as f64).cos() + ((i + j) as f64).sin();
            let matrix: Vec<f64> = (0..size * size).map(|at| value(at / size, at % size)).collect();
            let mut spectrum = Spectrum::default();
            assert!(spectrum.of(&matrix, size));
            let (values, _) = eigen(&matrix, size);
            for (ours, theirs) in spectrum.values.iter().zip(values) {
                // Rounding of sums of 25 products of numbers near two.
                assert!((ours - theirs).abs() < 1e-12, "{size}: {ours} {theirs}");
            }
            for i in 0..size {
                for j in 0..size {
                    let back: f64 = (0..size)
                        .map(|m| spectrum.values[m] * spectrum.vector(m)[i] * spectrum.vector(m)[j])
                        .sum();
                    assert!((back - matrix[i * size + j]).abs() < 1e-12, "{size} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn equal_eigenvalues_and_zero_matrices_are_decomposed() {
        for matrix in [vec![0.0; 16], (0..16).map(|at| f64::from(at % 5 == 0)).collect()] {
            let mut spectrum = Spectrum::default();
            assert!(spectrum.of(&matrix, 4));
            for m in 0..4 {
                let length: f64 = spectrum.vector(m).iter().map(|x| x * x).sum();
                assert!((length - 1.0).abs() < 1e-14);
            }
        }
        assert!(!Spectrum::default().of(&[f64::NAN; 9], 3));
    }
}
