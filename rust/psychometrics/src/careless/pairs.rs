//! Psychometric synonyms and antonyms: does a person answer alike what others answer alike?

use super::correlation::FEWEST_POINTS;
use super::tile::{LANES, Lanes};
use crate::responses::MISSING;

/// Pairs that 32 bits can add up whatever the answers.
const CHUNK: usize = 1 << 16;

/// Pairs of items, the earlier one first.
pub type Pairs = Vec<(usize, usize)>;

/// The pairs of items that correlate above `limit`, and those below `-limit`.
pub fn related(correlation: &[f64], items: usize, limit: f64) -> (Pairs, Pairs) {
    let pairs = || (0..items).flat_map(|i| (i + 1..items).map(move |j| (i, j)));
    let synonyms = pairs().filter(|&(i, j)| correlation[i * items + j] > limit).collect();
    let antonyms = pairs().filter(|&(i, j)| correlation[i * items + j] < -limit).collect();
    (synonyms, antonyms)
}

/// The correlation of the answers to the first item of each pair with those to the second.
///
/// NaN where fewer than three pairs are answered, or one side does not vary.
pub fn within_person(raw: &[Lanes<u8>], pairs: &[(usize, usize)]) -> Lanes<f64> {
    let mut totals = [[0_u64; LANES]; 6];
    for chunk in pairs.chunks(CHUNK) {
        let sums = sums(raw, chunk);
        for (totals, sums) in totals.iter_mut().zip(&sums) {
            for (total, &sum) in totals.iter_mut().zip(sums) {
                *total += u64::from(sum);
            }
        }
    }
    std::array::from_fn(|lane| {
        let [n, x, y, xx, yy, xy] = totals.map(|total| i128::from(total[lane]));
        let (spread_x, spread_y) = (n * xx - x * x, n * yy - y * y);
        if n < FEWEST_POINTS as i128 || spread_x == 0 || spread_y == 0 {
            return f64::NAN;
        }
        let scale = (spread_x as f64 * spread_y as f64).sqrt();
        ((n * xy - x * y) as f64 / scale).clamp(-1.0, 1.0)
    })
}

/// For each person the number of pairs answered, the sums of both sides, of their squares, of their products.
fn sums(raw: &[Lanes<u8>], pairs: &[(usize, usize)]) -> [Lanes<u32>; 6] {
    let [mut n, mut x, mut y, mut xx, mut yy, mut xy] = [[0_u32; LANES]; 6];
    for &(first, second) in pairs {
        let (left, right) = (&raw[first], &raw[second]);
        for lane in 0..LANES {
            let both = left[lane] != MISSING && right[lane] != MISSING;
            let mask = if both { u8::MAX } else { 0 };
            let (a, b) = (u16::from(left[lane] & mask), u16::from(right[lane] & mask));
            n[lane] += u32::from(mask & 1);
            x[lane] += u32::from(a);
            y[lane] += u32::from(b);
            xx[lane] += u32::from(a * a);
            yy[lane] += u32::from(b * b);
            xy[lane] += u32::from(a * b);
        }
    }
    [n, x, y, xx, yy, xy]
}
