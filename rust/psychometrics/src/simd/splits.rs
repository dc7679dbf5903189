//! Sums over the rows of a symmetric matrix, from which exchanges between halves are chosen.

use super::multiversion;

/// Columns that are taken at once: rows are as long as a multiple of it.
pub const LANES: usize = 8;

multiversion! {
    /// The sum of all rows (each as long as `sums`), each times its sign.
    pub fn signed_sums(rows: &[f64], signs: &[f64], sums: &mut [f64]) = signed_sums_body
}

#[inline(always)]
fn signed_sums_body(rows: &[f64], signs: &[f64], sums: &mut [f64]) {
    sums.fill(0.0);
    for (row, sign) in rows.chunks_exact(sums.len().max(1)).zip(signs) {
        let parts = sums.as_chunks_mut::<LANES>().0.iter_mut().zip(row.as_chunks::<LANES>().0);
        for (sums, row) in parts {
            let mut total = *sums;
            for lane in 0..LANES {
                total[lane] += sign * row[lane];
            }
            *sums = total;
        }
    }
}

multiversion! {
    /// The largest sum of each row and `others`, for rows whose own place in `others` has none.
    pub fn best_sums(rows: &[f64], others: &[f64], best: &mut [f64]) = best_sums_body
}

#[inline(always)]
fn best_sums_body(rows: &[f64], others: &[f64], best: &mut [f64]) {
    let rows = rows.chunks_exact(others.len().max(1));
    for ((row, own), best) in rows.zip(others).zip(best) {
        if *own > f64::NEG_INFINITY {
            continue;
        }
        let mut most = [f64::NEG_INFINITY; LANES];
        let parts = row.as_chunks::<LANES>().0.iter().zip(others.as_chunks::<LANES>().0);
        for (row, others) in parts {
            for lane in 0..LANES {
                let sum = row[lane] + others[lane];
                most[lane] = if sum > most[lane] { sum } else { most[lane] };
            }
        }
        *best = most.iter().fold(most[0], |most, &x| if x > most { x } else { most });
    }
}
