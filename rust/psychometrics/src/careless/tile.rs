//! Answers of some persons, item by item: every index works on a tile, persons side by side.

use crate::responses::MISSING;

/// Persons in a tile.
pub const LANES: usize = 64;

/// One value for each person of a tile.
pub type Lanes<T> = [T; LANES];

/// The answers of [`LANES`] persons; where there are fewer, the rest answered nothing.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Answers as given, by item.
    pub raw: Vec<Lanes<u8>>,
    /// Answers with the reversed items turned, by item.
    pub keyed: Vec<Lanes<u8>>,
    /// Number of items answered.
    pub answered: Lanes<u32>,
}

impl Tile {
    /// A tile of nobody.
    pub fn new(items: usize) -> Tile {
        let nobody = vec![[MISSING; LANES]; items];
        Tile { raw: nobody.clone(), keyed: nobody, answered: [0; LANES] }
    }

    /// Takes the persons from `start` on, at most [`LANES`] of them.
    pub fn load(&mut self, columns: &[&[u8]], start: usize, highest: u8, reversed: &[bool]) {
        self.answered = [0; LANES];
        let items = self.raw.iter_mut().zip(&mut self.keyed).zip(columns).zip(reversed);
        for (((raw, keyed), column), &reversed) in items {
            let column = &column[start..column.len().min(start + LANES)];
            raw[..column.len()].copy_from_slice(column);
            raw[column.len()..].fill(MISSING);
            for lane in 0..LANES {
                let x = raw[lane];
                let given = x != MISSING;
                keyed[lane] = if reversed && given { highest - x } else { x };
                self.answered[lane] += u32::from(given);
            }
        }
    }
}
