//! Moments of rows as they are, each counted once.

use std::ops::Range;

use rayon::prelude::*;

use super::{Moments, Number, Panel, RealPanel};
use crate::monitor::Monitor;
use crate::responses::{Answers, Group, MISSING, Responses};
use crate::simd::{Simd, byte_dot};

/// Rows that are counted at once: their columns stay in the cache.
const CHUNK: usize = 1 << 13;

/// Exact moments of a range of rows.
///
/// With the full panel the rows must be complete.
pub fn range_moments(
    simd: Simd,
    codes: &[u8],
    rows: usize,
    items: usize,
    panel: Panel,
    range: Range<usize>,
) -> Moments<i64> {
    let mut moments = Moments::empty(panel, items);
    let columns: Vec<&[u8]> = (0..items).map(|j| &codes[j * rows..][range.clone()]).collect();
    match panel {
        Panel::Small => small(&columns, &mut moments.sums),
        Panel::Full => full(simd, &columns, &mut moments.sums),
        Panel::Pairwise => pairwise(simd, &columns, &mut moments.sums),
    }
    moments.persons = range.len() as i64;
    moments.weight = range.len() as i64;
    moments
}

fn small(columns: &[&[u8]], sums: &mut [i64]) {
    let rows = columns.first().map_or(0, |column| column.len());
    let (items, rest) = sums.split_at_mut(columns.len());
    let mut totals = vec![0_u32; rows];
    for (column, sum) in columns.iter().zip(items) {
        for (&x, total) in column.iter().zip(&mut totals) {
            *sum += i64::from(x);
            rest[0] += i64::from(x) * i64::from(x);
            *total += u32::from(x);
        }
    }
    rest[1] += totals.iter().map(|&t| i64::from(t) * i64::from(t)).sum::<i64>();
}

fn full(simd: Simd, columns: &[&[u8]], sums: &mut [i64]) {
    let (items, products) = sums.split_at_mut(columns.len());
    let mut next = products.iter_mut();
    for (i, (column, sum)) in columns.iter().zip(items).enumerate() {
        *sum += column.iter().map(|&x| i64::from(x)).sum::<i64>();
        for (other, product) in columns[i..].iter().zip(&mut next) {
            byte_dot(simd, column, other, product);
        }
    }
}

fn pairwise(simd: Simd, columns: &[&[u8]], sums: &mut [i64]) {
    let codes: Vec<Vec<u8>> = columns
        .iter()
        .map(|column| column.iter().map(|&x| if x == MISSING { 0 } else { x }).collect())
        .collect();
    let answered: Vec<Vec<u8>> = columns
        .iter()
        .map(|column| column.iter().map(|&x| u8::from(x != MISSING)).collect())
        .collect();
    let mut next = sums.iter_mut();
    for (i, left) in answered.iter().enumerate() {
        for (right, sum) in answered[i..].iter().zip(&mut next) {
            byte_dot(simd, left, right, sum);
        }
    }
    for left in &codes {
        for (right, sum) in answered.iter().zip(&mut next) {
            byte_dot(simd, left, right, sum);
        }
    }
    for left in &codes {
        for (right, sum) in answered.iter().zip(&mut next) {
            let masked: Vec<u8> = left.iter().zip(right).map(|(x, a)| x * a).collect();
            byte_dot(simd, left, &masked, sum);
        }
    }
    for (i, left) in codes.iter().enumerate() {
        for (right, sum) in codes[i..].iter().zip(&mut next) {
            byte_dot(simd, left, right, sum);
        }
    }
}

/// The moments of each group, as exact integers where answers are codes without weights.
pub enum GroupMoments {
    /// Of codes, each person counting once.
    Exact(Vec<Moments<i64>>),
    /// Of reals, or with survey weights.
    Real(Vec<Moments<f64>>),
}

/// The moments of each group. Stops early, with moments of fewer rows, where the monitor says so.
pub fn group_moments(
    simd: Simd,
    responses: &Responses,
    panel: Panel,
    monitor: &dyn Monitor,
) -> GroupMoments {
    let Responses { answers, weights, rows, items, ref groups, .. } = *responses;
    if let (Answers::Codes(codes), None) = (answers, weights) {
        let of = |range| range_moments(simd, codes, rows, items, panel, range);
        GroupMoments::Exact(sum_groups(groups, panel, items, monitor, of))
    } else {
        let of = |range| RealPanel::new(simd, responses, panel).moments(range);
        GroupMoments::Real(sum_groups(groups, panel, items, monitor, of))
    }
}

fn sum_groups<T: Number>(
    groups: &[Group],
    panel: Panel,
    items: usize,
    monitor: &dyn Monitor,
    of: impl Fn(Range<usize>) -> Moments<T> + Sync,
) -> Vec<Moments<T>> {
    let group = |group: &Group| {
        let rows = group.rows();
        let chunks: Vec<_> = rows.clone().step_by(CHUNK).collect();
        let parts: Vec<Moments<T>> = chunks
            .into_par_iter()
            .filter(|_| !monitor.cancelled())
            .map(|start| of(start..(start + CHUNK).min(rows.end)))
            .collect();
        // In the order of rows: sums of reals depend on it.
        parts.iter().fold(Moments::empty(panel, items), |mut sum, part| {
            sum.add(part);
            sum
        })
    };
    groups.par_iter().map(group).collect()
}
