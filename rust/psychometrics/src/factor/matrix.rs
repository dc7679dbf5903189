//! Products of small matrices with their shapes: loadings are items × factors.

use crate::linalg::{lu, lu_solve};

/// A matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// The values, row by row.
    pub values: Vec<f64>,
}

impl Matrix {
    /// The matrix of these values.
    pub fn from_fn(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f64) -> Matrix {
        let mut values = Vec::with_capacity(rows * columns);
        for i in 0..rows {
            values.extend((0..columns).map(|j| value(i, j)));
        }
        Matrix { rows, columns, values }
    }

    /// Ones on the diagonal.
    pub fn identity(size: usize) -> Matrix {
        Matrix::from_fn(size, size, |i, j| if i == j { 1.0 } else { 0.0 })
    }

    /// The value in a row and column.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    /// A row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// A column.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> {
        self.values.iter().skip(column).step_by(self.columns.max(1)).copied()
    }

    /// `A B`.
    pub fn times(&self, other: &Matrix) -> Matrix {
        let mut values = vec![0.0; self.rows * other.columns];
        for (i, sums) in values.chunks_exact_mut(other.columns.max(1)).enumerate() {
            for (a, row) in self.row(i).iter().zip(other.values.chunks_exact(other.columns)) {
                for (sum, b) in sums.iter_mut().zip(row) {
                    *sum += a * b;
                }
            }
        }
        Matrix { rows: self.rows, columns: other.columns, values }
    }

    /// `A'`.
    pub fn transposed(&self) -> Matrix {
        Matrix::from_fn(self.columns, self.rows, |i, j| self.at(j, i))
    }

    /// `A' B`.
    pub fn crossed(&self, other: &Matrix) -> Matrix {
        // Row by row of both, so that nothing is turned: each sum is in the order of the rows.
        let mut values = vec![0.0; self.columns * other.columns];
        let rows = self.values.chunks_exact(self.columns.max(1));
        for (row, others) in rows.zip(other.values.chunks_exact(other.columns.max(1))) {
            for (sums, a) in values.chunks_exact_mut(other.columns.max(1)).zip(row) {
                for (sum, b) in sums.iter_mut().zip(others) {
                    *sum += a * b;
                }
            }
        }
        Matrix { rows: self.columns, columns: other.columns, values }
    }

    /// Each value changed on its own.
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Matrix {
        Matrix { values: self.values.iter().map(|&x| change(x)).collect(), ..*self }
    }

    /// Each row times its own number.
    pub fn scale_rows(&self, scales: &[f64]) -> Matrix {
        Matrix::from_fn(self.rows, self.columns, |i, j| self.at(i, j) * scales[i])
    }

    /// Each column times its own number.
    pub fn scale_columns(&self, scales: &[f64]) -> Matrix {
        Matrix::from_fn(self.rows, self.columns, |i, j| self.at(i, j) * scales[j])
    }

    /// `A + factor B`.
    pub fn plus(&self, factor: f64, other: &Matrix) -> Matrix {
        let pairs = self.values.iter().zip(&other.values);
        Matrix { values: pairs.map(|(a, b)| a + factor * b).collect(), ..*self }
    }

    /// The sum of squares of each column.
    pub fn column_squares(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        for row in self.values.chunks_exact(self.columns.max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * x);
        }
        sums
    }

    /// The sum of squares of all values.
    pub fn squares(&self) -> f64 {
        self.values.iter().map(|x| x * x).sum()
    }

    /// The inverse of a square matrix, or nothing where it is singular.
    pub fn inverse(&self) -> Option<Matrix> {
        let size = self.rows;
        let mut factors = self.values.clone();
        let mut exchanges = vec![0; size];
        if lu(&mut factors, size, &mut exchanges) == 0.0 {
            return None;
        }
        let columns: Vec<f64> = (0..size)
            .flat_map(|j| {
                let mut unit: Vec<f64> = (0..size).map(|i| f64::from(i == j)).collect();
                lu_solve(&factors, size, &exchanges, &mut unit);
                unit
            })
            .collect();
        Some(Matrix { rows: size, columns: size, values: columns }.transposed())
    }
}
