//! Correlations of normal numbers that have nothing to do with each other, without the numbers.

use crate::resampling::{Purpose, Stream, standard_normal, uniform};

/// Attempts that a chi-square number may take: one in twenty fails at worst, so the last is never reached.
const ATTEMPTS: u32 = 255;

/// The correlations of `items` columns of `persons` independent normal numbers.
///
/// Their sums of products about the mean are a Wishart matrix with `persons - 1` degrees of freedom, which is `T T'`
/// with a lower triangular `T` of independent numbers (Bartlett 1933): normal ones, and on the diagonal roots of
/// chi-square ones with one degree of freedom less in each row. This is the exact law, at a cost that does not depend
/// on the number of persons. With fewer persons than items `T` has fewer columns.
pub fn normal_correlation(seed: u64, draw: u32, persons: usize, items: usize) -> Vec<f64> {
    let stream = Stream::new(seed, 0, draw);
    let freedom = persons.saturating_sub(1);
    let columns = freedom.min(items);
    let mut triangle = vec![0.0; items * columns];
    for (i, row) in triangle.chunks_exact_mut(columns.max(1)).enumerate() {
        for (j, value) in row.iter_mut().enumerate().take(i) {
            *value = standard_normal(stream.words(Purpose::Normal, 0, i as u32, j as u32));
        }
        if let Some(value) = row.get_mut(i) {
            *value = chi_square(&stream, i as u32, freedom - i).sqrt();
        }
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        row.iter_mut().for_each(|x| *x /= length);
    }
    let row = |i: usize| &triangle[i * columns..(i + 1) * columns];
    let mut correlation = vec![1.0; items * items];
    for i in 0..items {
        for j in 0..i {
            let r: f64 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
            correlation[i * items + j] = r;
            correlation[j * items + i] = r;
        }
    }
    correlation
}

/// A chi-square number: twice a gamma number (Marsaglia & Tsang 2000), or the square of a normal one.
fn chi_square(stream: &Stream, item: u32, freedom: usize) -> f64 {
    let numbers = |attempt: u32| {
        let [a, b, ..] = stream.words(Purpose::Normal, attempt, item, item + 1);
        (standard_normal(stream.words(Purpose::Normal, attempt, item, item)), uniform(a, b))
    };
    if freedom < 2 {
        return numbers(1).0.powi(2);
    }
    let d = freedom as f64 / 2.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let accepted = (1..=ATTEMPTS).find_map(|attempt| {
        let (x, u) = numbers(attempt);
        let v = (1.0 + c * x).powi(3);
        let accepts = v > 0.0 && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v);
        accepts.then_some(2.0 * d * v)
    });
    accepted.unwrap_or(freedom as f64)
}
