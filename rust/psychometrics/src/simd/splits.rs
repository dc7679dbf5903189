//! Sums over the rows of a matrix, and the exchanges between halves that are chosen from them.

use std::ops::Range;

use super::multiversion;

/// Columns that are taken at once: rows are as long as a multiple of it.
pub const LANES: usize = 16;

multiversion! {
    /// The sum of rows (each as long as `sums`), each times its factor, in these columns at least.
    pub fn sum_of_rows(rows: &[f64], factors: &[f64], columns: Range<usize>, sums: &mut [f64])
        = sum_of_rows_body
}

#[inline(always)]
fn sum_of_rows_body(rows: &[f64], factors: &[f64], columns: Range<usize>, sums: &mut [f64]) {
    let width = sums.len();
    // Chunk by chunk, so that the sums of one stay in registers.
    let wanted = columns.start / LANES..columns.end.div_ceil(LANES);
    for chunk in wanted {
        let mut total = [0.0; LANES];
        for (row, factor) in rows.chunks_exact(width).zip(factors) {
            let row = &row[chunk * LANES..][..LANES];
            for lane in 0..LANES {
                total[lane] += factor * row[lane];
            }
        }
        sums[chunk * LANES..][..LANES].copy_from_slice(&total);
    }
}

/// Two items that change places, and what that adds to the covariance of the halves.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// What is added.
    pub gain: f64,
    /// The item that leaves the first half.
    pub first: usize,
    /// The one that leaves the second.
    pub second: usize,
}

multiversion! {
    /// The exchange that adds most, of equals that of the first items: `rows` are those of a symmetric matrix whose
    /// diagonal is zero, `sides` 1 for items of the first half, -1 for those of the second (which `others` lists) and
    /// 0 beyond, `pull` what each item would add by going over alone.
    pub fn best_exchange(
        rows: &[f64],
        sides: &[f64],
        others: &[usize],
        pull: &[f64],
        best: &mut Exchange,
    ) = best_exchange_body
}

#[inline(always)]
fn best_exchange_body(
    rows: &[f64],
    sides: &[f64],
    others: &[usize],
    pull: &[f64],
    best: &mut Exchange,
) {
    let width = pull.len();
    let (pulls, sides) = (pull.as_chunks::<LANES>().0, sides.as_chunks::<LANES>().0);
    let mut gains = Largest::none();
    for (chunk, (pulls, sides)) in pulls.iter().zip(sides).enumerate() {
        // All partners of many items at once: their largest needs no look across the lanes.
        let mut most = [f64::NEG_INFINITY; LANES];
        for &other in others {
            let own = 0.5 * pull[other];
            let row = &rows[other * width + chunk * LANES..][..LANES];
            for lane in 0..LANES {
                let sum = row[lane] + own;
                most[lane] = if sum > most[lane] { sum } else { most[lane] };
            }
        }
        for lane in 0..LANES {
            let gain = pulls[lane] + 2.0 * most[lane];
            most[lane] = if sides[lane] > 0.0 { gain } else { f64::NEG_INFINITY };
        }
        gains.see(chunk, &most);
    }
    let (gain, first) = gains.found();
    let mut partners = Largest::none();
    let row = rows[first * width..][..width].as_chunks::<LANES>().0;
    for (chunk, ((row, pulls), sides)) in row.iter().zip(pulls).zip(sides).enumerate() {
        let mut sums = [f64::NEG_INFINITY; LANES];
        for lane in 0..LANES {
            let sum = row[lane] + 0.5 * pulls[lane];
            sums[lane] = if sides[lane] < 0.0 { sum } else { f64::NEG_INFINITY };
        }
        partners.see(chunk, &sums);
    }
    let (_, second) = partners.found();
    *best = Exchange { gain, first, second };
}

/// The largest value so far in each lane, and the first place that has it.
struct Largest {
    values: [f64; LANES],
    places: [f64; LANES],
}

impl Largest {
    #[inline(always)]
    fn none() -> Largest {
        Largest { values: [f64::NEG_INFINITY; LANES], places: [0.0; LANES] }
    }

    #[inline(always)]
    fn see(&mut self, chunk: usize, values: &[f64; LANES]) {
        let start = (chunk * LANES) as f64;
        for (lane, &value) in values.iter().enumerate() {
            let more = value > self.values[lane];
            self.values[lane] = if more { value } else { self.values[lane] };
            self.places[lane] = if more { start + lane as f64 } else { self.places[lane] };
        }
    }

    /// The largest of all, and the first place where it is.
    #[inline(always)]
    fn found(mut self) -> (f64, usize) {
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let (value, other) = (self.values[lane], self.values[lane + half]);
                let (place, next) = (self.places[lane], self.places[lane + half]);
                let more = (other > value) | ((other == value) & (next < place));
                self.values[lane] = if more { other } else { value };
                self.places[lane] = if more { next } else { place };
            }
            half /= 2;
        }
        (self.values[0], self.places[0] as usize)
    }
}

multiversion! {
    /// What each item would add by going over once the items of these rows have changed places, whose own values and
    /// sides are already those of the other half.
    pub fn exchange_pulls(first: &[f64], second: &[f64], sides: &[f64], pull: &mut [f64])
        = exchange_pulls_body
}

#[inline(always)]
fn exchange_pulls_body(first: &[f64], second: &[f64], sides: &[f64], pull: &mut [f64]) {
    for (((pull, side), a), b) in pull.iter_mut().zip(sides).zip(first).zip(second) {
        *pull += 2.0 * side * (b - a);
    }
}
