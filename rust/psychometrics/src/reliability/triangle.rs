//! Cholesky factors of one positive definite matrix after the other, by sums of whole rows in memory that is kept.

use crate::linalg::dot;
use crate::simd::{LANES, Simd, sum_of_rows};

/// The last matrix, or the upper triangle of which it is the square, `R'R`; rows are padded with zeros.
#[derive(Debug, Clone, Default)]
pub(super) struct Triangle {
    size: usize,
    rows: Vec<f64>,
    /// The inverse of the triangle's transpose, row by row.
    inverse: Vec<f64>,
    factors: Vec<f64>,
    sums: Vec<f64>,
}

impl Triangle {
    /// How long the rows of matrices of this size are.
    pub fn width(size: usize) -> usize {
        size.next_multiple_of(LANES)
    }

    /// Replaces the matrix by another, size × size.
    pub fn fill(&mut self, matrix: &[f64], size: usize) {
        self.resize(size);
        let rows = self.rows.chunks_exact_mut(Triangle::width(size));
        for (row, values) in rows.zip(matrix.chunks_exact(size)) {
            row[..size].copy_from_slice(values);
        }
    }

    /// Replaces the matrix by the squares of an inverse, as [`Triangle::inverse`] makes it.
    pub fn fill_squares(&mut self, inverse: &[f64], size: usize) {
        self.resize(size);
        self.rows.iter_mut().zip(inverse).for_each(|(entry, x)| *entry = x * x);
    }

    fn resize(&mut self, size: usize) {
        if self.size != size {
            let width = Triangle::width(size);
            self.size = size;
            self.sums = vec![0.0; width];
            self.rows = vec![0.0; size * width];
            self.inverse = vec![0.0; size * width];
        }
    }

    pub fn diagonal(&mut self) -> impl Iterator<Item = &mut f64> {
        self.rows.iter_mut().step_by(Triangle::width(self.size) + 1)
    }

    /// Replaces the matrix by its triangle; false where a pivot is not above this share of its diagonal element.
    pub fn decompose(&mut self, simd: Simd, least: f64) -> bool {
        let width = Triangle::width(self.size);
        for at in 0..self.size {
            let (above, below) = self.rows.split_at_mut(at * width);
            let row = &mut below[..width];
            let diagonal = row[at];
            self.factors.clear();
            self.factors.extend(above.chunks_exact(width).map(|row| row[at]));
            sum_of_rows(simd, above, &self.factors, at..width, &mut self.sums);
            let sums = self.sums.iter().skip(at);
            row[at..].iter_mut().zip(sums).for_each(|(entry, sum)| *entry -= sum);
            if row[at].is_nan() || row[at] <= least * diagonal.abs() {
                return false;
            }
            let scale = 1.0 / row[at].sqrt();
            row[at..].iter_mut().for_each(|entry| *entry *= scale);
        }
        true
    }

    /// The upper triangle of the inverse of the matrix, in padded rows; what is below means nothing.
    pub fn inverse(&mut self, simd: Simd, matrix: &mut Vec<f64>) {
        let Triangle { size, rows, inverse, factors, sums } = self;
        let width = Triangle::width(*size);
        for at in 0..*size {
            let (known, row) = inverse.split_at_mut(at * width);
            factors.clear();
            factors.extend(rows.chunks_exact(width).take(at).map(|row| row[at]));
            sum_of_rows(simd, known, factors, 0..at, sums);
            let scale = 1.0 / rows[at * width + at];
            row[..at].iter_mut().zip(&*sums).for_each(|(entry, sum)| *entry = -sum * scale);
            row[at] = scale;
        }
        matrix.resize(*size * width, 0.0);
        for (at, row) in matrix.chunks_exact_mut(width).enumerate() {
            let below = &inverse[at * width..];
            factors.clear();
            factors.extend(below.chunks_exact(width).map(|row| row[at]));
            sum_of_rows(simd, below, factors, at..width, row);
        }
    }

    /// Solves for the matrix that was decomposed, in place.
    pub fn solve(&self, x: &mut [f64]) {
        let width = Triangle::width(self.size);
        let rows = || self.rows.chunks_exact(width).enumerate();
        for (at, row) in rows() {
            let (own, later) = x[at..].split_at_mut(1);
            own[0] /= row[at];
            later.iter_mut().zip(&row[at + 1..]).for_each(|(x, entry)| *x -= own[0] * entry);
        }
        for (at, row) in rows().rev() {
            let (own, later) = x[at..].split_at_mut(1);
            own[0] = (own[0] - dot(later, &row[at + 1..self.size])) / row[at];
        }
    }
}
