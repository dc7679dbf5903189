//! Poisson counts from single random bytes.
//!
//! A byte has 256 cells. Count `c` owns `floor(256 p_c)` of them; the few cells that are left over stand for what the
//! floors cut off, and a byte that falls there is decided by 64 further bits. The law is that of Poisson counts to
//! 2⁻⁵³, and one comparison per count and byte does nearly all of the work.

use std::sync::LazyLock;

use crate::simd::LIMITS;

/// Rates above this are not tabled: up to here no more than [`LIMITS`] counts have a cell of their own.
const RATE_LIMIT: f64 = 1.05;
const RATES_PER_UNIT: f64 = 256.0;
/// Candidate rates within one step of the table; the one that leaves the fewest cells over is taken.
const CANDIDATES: usize = 16;
/// Counts that are told apart: at the highest rate the next one has a probability of 10⁻³³.
const COUNTS: usize = 32;

/// How bytes become counts at one rate.
#[derive(Debug)]
pub struct Table {
    #[cfg(test)]
    rate: f64,
    /// Count `c` or more: the byte is above `limits[c - 1]`. Bytes above all limits are the ones left over.
    pub limits: [u8; LIMITS],
    /// For bytes left over: Walker's alias table. Slot `c` gives `c` with this chance (of 2⁶⁴), else its alias.
    chance: [u64; COUNTS],
    alias: [u8; COUNTS],
}

impl Table {
    fn new(rate: f64) -> Table {
        let mut residual = [0.0; COUNTS];
        let mut limits = [255; LIMITS];
        let mut probability = libm::exp(-rate);
        let mut filled = 0.0;
        for (count, rest) in residual.iter_mut().enumerate() {
            let cells = (256.0 * probability).floor();
            filled += cells;
            if let Some(limit) = limits.get_mut(count) {
                *limit = filled as u8 - 1;
            }
            *rest = 256.0 * probability - cells;
            probability *= rate / (count + 1) as f64;
        }
        let (chance, alias) = alias_table(residual);
        Table {
            #[cfg(test)]
            rate,
            limits,
            chance,
            alias,
        }
    }

    /// The count of a byte that was left over, from 64 further bits.
    pub fn refined(&self, bits: u64) -> u8 {
        let slot = (bits >> 59) as usize;
        if bits << 5 < self.chance[slot] { slot as u8 } else { self.alias[slot] }
    }

    fn cells_left(&self) -> u8 {
        255 - self.limits[LIMITS - 1]
    }

    /// The table whose rate is the nearest one not above `rate` (the highest for rates beyond the tabled).
    pub fn at_most(rate: f64) -> &'static Table {
        static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
            (1..=(RATE_LIMIT * RATES_PER_UNIT) as usize)
                .map(|step| {
                    let candidates = (0..CANDIDATES).map(|c| {
                        let back = c as f64 / CANDIDATES as f64;
                        Table::new((step as f64 - back) / RATES_PER_UNIT)
                    });
                    // `min_by_key` keeps the first of equals: the highest rate.
                    candidates.min_by_key(Table::cells_left).unwrap_or_else(|| Table::new(0.0))
                })
                .collect()
        });
        let step = (rate * RATES_PER_UNIT).floor().clamp(1.0, TABLES.len() as f64);
        &TABLES[step as usize - 1]
    }
}

/// Divides masses over slots of one size, each holding at most two counts.
fn alias_table(mut mass: [f64; COUNTS]) -> ([u64; COUNTS], [u8; COUNTS]) {
    let scale = COUNTS as f64 / mass.iter().sum::<f64>();
    mass = mass.map(|part| part * scale);
    let mut chance = [u64::MAX; COUNTS];
    let mut alias = std::array::from_fn(|slot| slot as u8);
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..COUNTS).partition(|&slot| mass[slot] < 1.0);
    while let (Some(low), Some(&high)) = (small.pop(), large.last()) {
        chance[low] = (mass[low] * 2.0_f64.powi(64)) as u64;
        alias[low] = high as u8;
        mass[high] -= 1.0 - mass[low];
        if mass[high] < 1.0 {
            large.pop();
            small.push(high);
        }
    }
    (chance, alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_residuals_add_up_to_poisson_probabilities() {
        for rate in [0.01, 0.3, 0.9, 0.97, 1.0, 1.04] {
            let table = Table::at_most(rate);
            assert!(table.rate <= rate && table.rate > rate - 2.0 / RATES_PER_UNIT);
            let left = f64::from(table.cells_left()) / 256.0;
            let chance = |slot: usize| table.chance[slot] as f64 / 2.0_f64.powi(64);
            let mut probability = libm::exp(-table.rate);
            let mut previous_limit = -1.0;
            for count in 0..8 {
                let mut cells = 0.0;
                if count < LIMITS {
                    let limit = f64::from(table.limits[count]);
                    cells = (limit - previous_limit) / 256.0;
                    previous_limit = limit;
                }
                let by_alias = (0..COUNTS).filter(|&slot| usize::from(table.alias[slot]) == count);
                let residual = (chance(count)
                    + by_alias.map(|slot| 1.0 - chance(slot)).sum::<f64>())
                    / COUNTS as f64;
                // The table holds doubles: a few units of 2^-53.
                assert!((cells + left * residual - probability).abs() < 1e-15, "{rate} {count}");
                probability *= table.rate / (count + 1) as f64;
            }
        }
    }
}
