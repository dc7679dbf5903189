//! Even-odd consistency: do the halves of a person's subscales agree?

use super::correlation::correlation;
use super::tile::{LANES, Lanes, Tile};
use crate::responses::MISSING;

/// The items of a subscale in order, each with whether the subscale turns it.
pub type Subscale = Vec<(usize, bool)>;

/// The correlation of odd-half with even-half means over subscales, stepped up by Spearman and Brown.
///
/// High is consistent. At least -1: below -1/3 the formula leaves the range of a correlation.
pub fn even_odd(tile: &Tile, subscales: &[Subscale], highest: u8) -> Lanes<f64> {
    let means: Vec<[Lanes<f64>; 2]> =
        subscales.iter().map(|subscale| half_means(tile, subscale, highest)).collect();
    let (mut odd, mut even) = (Vec::new(), Vec::new());
    std::array::from_fn(|lane| {
        odd.clear();
        even.clear();
        for [left, right] in &means {
            if !(left[lane].is_nan() || right[lane].is_nan()) {
                odd.push(left[lane]);
                even.push(right[lane]);
            }
        }
        let r = correlation(&odd, &even);
        if r.is_nan() { r } else { (2.0 * r / (1.0 + r)).max(-1.0) }
    })
}

/// Means of the first, third, ... and of the second, fourth, ... items; NaN where none is answered.
fn half_means(tile: &Tile, subscale: &Subscale, highest: u8) -> [Lanes<f64>; 2] {
    let mut sums = [[0_u32; LANES]; 2];
    let mut counts = [[0_u32; LANES]; 2];
    for (place, &(item, reversed)) in subscale.iter().enumerate() {
        let (sums, counts) = (&mut sums[place % 2], &mut counts[place % 2]);
        for (lane, &answer) in tile.raw[item].iter().enumerate() {
            if answer != MISSING {
                sums[lane] += u32::from(if reversed { highest - answer } else { answer });
                counts[lane] += 1;
            }
        }
    }
    std::array::from_fn(|half| {
        std::array::from_fn(|lane| f64::from(sums[half][lane]) / f64::from(counts[half][lane]))
    })
}
