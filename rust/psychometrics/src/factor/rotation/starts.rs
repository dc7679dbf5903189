//! Random rotations to start from.

use crate::factor::matrix::Matrix;
use crate::resampling::{Purpose, Stream, standard_normal};

/// An orthogonal matrix of which each is as likely as another (Stewart 1980): normal columns made orthogonal.
pub fn random_orthogonal(seed: u64, number: u32, size: usize) -> Matrix {
    let stream = Stream::new(seed, 0, number);
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(size);
    let mut attempt = 0;
    while columns.len() < size {
        let mut column: Vec<f64> = (0..size)
            .map(|i| normal(&stream, attempt, (columns.len() * size + i) as u32))
            .collect();
        // Twice, so that rounding leaves nothing of the others.
        for _ in 0..2 {
            for other in &columns {
                let along: f64 = column.iter().zip(other).map(|(a, b)| a * b).sum();
                column.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let length = column.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 1e-8 {
            columns.push(column.iter().map(|x| x / length).collect());
        } else {
            attempt += 1;
        }
    }
    Matrix::from_fn(size, size, |i, j| columns[j][i])
}

fn normal(stream: &Stream, attempt: u32, index: u32) -> f64 {
    standard_normal(stream.words(Purpose::Rotation, attempt, 0, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_orthonormal_and_starts_differ() {
        let first = random_orthogonal(1, 1, 6);
        let gap = first.crossed(&first).plus(-1.0, &Matrix::identity(6)).squares();
        // Rounding of 36 products of numbers below one.
        assert!(gap < 1e-29, "{gap}");
        assert_eq!(first, random_orthogonal(1, 1, 6));
        assert!(first.plus(-1.0, &random_orthogonal(1, 2, 6)).squares() > 0.1);
        assert!(first.plus(-1.0, &random_orthogonal(2, 1, 6)).squares() > 0.1);
    }
}
