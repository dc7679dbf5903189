//! Repeated rows: persons whose answers to all items are the same.

use rayon::prelude::*;

use super::columns;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::responses::MISSING;
use crate::{Error, error::invalid};

/// For each person how many have exactly these answers, the person included; zero for who answered nothing.
pub fn repeated_rows(
    codes: &[u8],
    rows: usize,
    items: usize,
    monitor: &dyn Monitor,
) -> Result<Vec<u32>> {
    if rows >= u32::MAX as usize {
        return invalid(format!("{rows} rows are too many to compare"));
    }
    let columns = columns(codes, rows, items)?;
    let row = |row: u32| columns.iter().map(move |column| column[row as usize]);
    // The hash only brings equal rows together: what is equal is decided by the answers.
    let mut hashed: Vec<(u64, u32)> =
        (0..rows as u32).into_par_iter().map(|at| (row(at).fold(0, mix), at)).collect();
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    hashed.par_sort_unstable();
    let mut repeats = vec![1; rows];
    for together in hashed.chunk_by(|left, right| left.0 == right.0).filter(|rows| rows.len() > 1) {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        let mut places: Vec<u32> = together.iter().map(|&(_, at)| at).collect();
        if !places.iter().all(|&at| row(at).eq(row(places[0]))) {
            places.sort_by(|&left, &right| row(left).cmp(row(right)));
        }
        for same in places.chunk_by(|&left, &right| row(left).eq(row(right))) {
            for &at in same {
                repeats[at as usize] = same.len() as u32;
            }
        }
    }
    for (at, repeats) in repeats.iter_mut().enumerate() {
        if row(at as u32).all(|answer| answer == MISSING) {
            *repeats = 0;
        }
    }
    Ok(repeats)
}

/// One more answer in the hash: a multiplication and a shift (Steele, Lea & Flood 2014).
fn mix(hash: u64, answer: u8) -> u64 {
    let mixed = (hash ^ u64::from(answer)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 31)
}
