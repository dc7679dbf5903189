//! Indices of careless answering, one value for each person and index.
//!
//! All persons are measured with one yardstick, taken from all of them: means, covariances, related pairs of items and
//! the popularity of item steps. Sums are exact, and a person's value depends on nothing but them and the answers, so
//! it has the same bits for any number of threads.

mod correlation;
mod distance;
mod halves;
mod pairs;
mod repeats;
mod runs;
mod steps;
mod tail;
mod tile;
mod total;
mod variability;

use rayon::prelude::*;

pub use distance::Distance;
pub use halves::Subscale;
pub use pairs::Pairs;
pub use repeats::repeated_rows;
pub use tail::chi_square_tail;

use crate::error::{Error, Result, invalid};
use crate::moments::{Dispersion, GroupMoments, Panel, group_moments};
use crate::monitor::Monitor;
use crate::responses::{Answers, Boundaries, MISSING, Responses};
use crate::simd::Simd;
use steps::Steps;
use tile::{LANES, Tile};
use total::Totals;

/// The names of the indices, in the order of [`Indices::values`].
pub const NAMES: [&str; 11] = [
    "answered",
    "longstring",
    "irv",
    "even_odd",
    "synonyms",
    "antonyms",
    "mahalanobis",
    "mahalanobis_p",
    "guttman",
    "guttman_normed",
    "person_total",
];

/// Persons that one task takes.
const BLOCK: usize = 64 * LANES;

/// So many steps of all items that 32 bits count a person's Guttman errors.
const MOST_STEPS: usize = 1 << 17;

/// What was answered, and how it is to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Answers as given, column after column; [`MISSING`] where there is none.
    pub codes: &'a [u8],
    /// Number of persons.
    pub rows: usize,
    /// Number of items.
    pub items: usize,
    /// The largest code that is possible.
    pub highest: u8,
    /// Which items are turned in the total.
    pub reversed: &'a [bool],
    /// The subscales whose halves are compared.
    pub subscales: &'a [Subscale],
    /// The correlation above which two items are synonyms, and below minus which antonyms.
    pub pair_correlation: f64,
}

/// Which persons gave the covariances that distances are taken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// For each pair of items all who answered both.
    Pairwise,
    /// Those who answered every item: the pairwise covariances are not positive definite.
    Complete,
    /// None: neither are positive definite, and there are no distances.
    Neither,
}

/// Indices of all persons.
#[derive(Debug, Clone)]
pub struct Indices {
    /// For each of [`NAMES`] one value a person; NaN where there is none.
    pub values: Vec<Vec<f64>>,
    /// The pairs that were taken as synonyms.
    pub synonyms: Pairs,
    /// The pairs that were taken as antonyms.
    pub antonyms: Pairs,
    /// How distances were taken.
    pub basis: Basis,
}

/// What all persons are measured with.
struct Yardstick<'a> {
    question: Question<'a>,
    columns: Vec<&'a [u8]>,
    synonyms: Pairs,
    antonyms: Pairs,
    distance: Option<Distance>,
    steps: Steps,
    totals: Totals,
}

/// The indices of every person.
pub fn indices(simd: Simd, question: Question, monitor: &dyn Monitor) -> Result<Indices> {
    let (yardstick, basis) = Yardstick::new(simd, question, monitor)?;
    let mut values = vec![vec![f64::NAN; question.rows]; NAMES.len()];
    let mut blocks: Vec<Vec<&mut [f64]>> =
        (0..question.rows.div_ceil(BLOCK)).map(|_| Vec::with_capacity(NAMES.len())).collect();
    for column in &mut values {
        for (block, part) in blocks.iter_mut().zip(column.chunks_mut(BLOCK)) {
            block.push(part);
        }
    }
    blocks.into_par_iter().enumerate().for_each(|(number, mut block)| {
        if !monitor.cancelled() {
            yardstick.measure(number * BLOCK, &mut block);
            monitor.advance(block[0].len() as u64);
        }
    });
    if monitor.cancelled() {
        return Err(Error::Cancelled);
    }
    let Yardstick { synonyms, antonyms, .. } = yardstick;
    Ok(Indices { values, synonyms, antonyms, basis })
}

impl<'a> Yardstick<'a> {
    fn new(simd: Simd, question: Question<'a>, monitor: &dyn Monitor) -> Result<(Self, Basis)> {
        let Question { codes, rows, items, highest, reversed, subscales, .. } = question;
        let columns = columns(codes, rows, items)?;
        if reversed.len() != items || highest == 0 || highest == MISSING {
            return invalid(format!(
                "{} keys and {highest} do not fit {items} items",
                reversed.len()
            ));
        }
        if items * usize::from(highest) > MOST_STEPS {
            return invalid(format!("{items} items of {highest} steps are too many"));
        }
        if subscales.iter().flatten().any(|&(item, _)| item >= items) {
            return invalid("a subscale holds an item that is not there");
        }
        let counts: Vec<Vec<u64>> = columns.par_iter().map(|column| counts(column)).collect();
        if counts.iter().any(|counts| counts[usize::from(highest) + 1..].iter().any(|&n| n > 0)) {
            return invalid(format!("there are answers above {highest}"));
        }
        let dispersion = dispersion(simd, codes, rows, items, monitor)?;
        let (distance, basis) = distance(simd, &columns, &dispersion, monitor)?;
        let (synonyms, antonyms) =
            pairs::related(&dispersion.correlation, items, question.pair_correlation);
        let sum = |counts: &Vec<u64>| (0..).zip(counts).map(|(code, &n)| code * n as i64).sum();
        let totals = Totals {
            counts: counts.iter().map(|counts| counts.iter().sum::<u64>() as i64).collect(),
            sums: counts.iter().map(sum).collect(),
        };
        let keyed: Vec<Vec<u64>> = counts
            .into_iter()
            .zip(reversed)
            .map(|(mut counts, &reversed)| {
                counts.truncate(usize::from(highest) + 1);
                if reversed {
                    counts.reverse();
                }
                counts
            })
            .collect();
        let steps = Steps::new(&keyed, highest);
        Ok((Self { question, columns, synonyms, antonyms, distance, steps, totals }, basis))
    }

    /// Fills the indices of the persons from `start` on.
    fn measure(&self, start: usize, block: &mut [&mut [f64]]) {
        let mut tile = Tile::new(self.question.items);
        let persons = block[0].len();
        for first in (0..persons).step_by(LANES) {
            tile.load(&self.columns, start + first, self.question.highest, self.question.reversed);
            let values = self.measured(&tile);
            for (column, values) in block.iter_mut().zip(&values) {
                let place = &mut column[first..persons.min(first + LANES)];
                place.copy_from_slice(&values[..place.len()]);
            }
        }
    }

    /// The indices of a tile, in the order of [`NAMES`].
    fn measured(&self, tile: &Tile) -> [[f64; LANES]; NAMES.len()] {
        let none = [f64::NAN; LANES];
        let (squared, freedom) =
            self.distance.as_ref().map_or((none, [0; LANES]), |d| d.squared(&tile.raw));
        let probability = std::array::from_fn(|lane| chi_square_tail(squared[lane], freedom[lane]));
        let (errors, normed) = self.steps.errors(tile);
        [
            tile.answered.map(f64::from),
            runs::longest_run(&tile.raw).map(f64::from),
            variability::standard_deviation(&tile.raw),
            halves::even_odd(tile, self.question.subscales, self.question.highest),
            pairs::within_person(&tile.raw, &self.synonyms),
            pairs::within_person(&tile.raw, &self.antonyms),
            squared,
            probability,
            errors,
            normed,
            self.totals.correlation(&tile.raw),
        ]
    }
}

/// One slice for each item.
fn columns(codes: &[u8], rows: usize, items: usize) -> Result<Vec<&[u8]>> {
    if rows == 0 || items == 0 || Some(codes.len()) != rows.checked_mul(items) {
        return invalid(format!("{} answers are not {rows} rows of {items} items", codes.len()));
    }
    Ok(codes.chunks_exact(rows).collect())
}

/// How many gave each answer; 255 is none.
fn counts(column: &[u8]) -> Vec<u64> {
    let mut counts = vec![0; usize::from(MISSING)];
    for &answer in column {
        if let Some(count) = counts.get_mut(usize::from(answer)) {
            *count += 1;
        }
    }
    counts
}

/// Means, covariances and correlations of all persons, pairwise where answers are missing.
fn dispersion(
    simd: Simd,
    codes: &[u8],
    rows: usize,
    items: usize,
    monitor: &dyn Monitor,
) -> Result<Dispersion> {
    let all = Boundaries { groups: &[0, rows], strata: None, clusters: None };
    let responses = Responses::new(Answers::Codes(codes), rows, items, None, all)?;
    let complete = !codes.par_iter().any(|&code| code == MISSING);
    let panel = if complete { Panel::Full } else { Panel::Pairwise };
    let mut dispersion = Dispersion::default();
    if let GroupMoments::Exact(moments) = group_moments(simd, &responses, panel, monitor) {
        moments.first().into_iter().for_each(|moments| dispersion.fill(moments));
    }
    if monitor.cancelled() { Err(Error::Cancelled) } else { Ok(dispersion) }
}

/// Distances by the pairwise covariances, or else by those of complete rows.
fn distance(
    simd: Simd,
    columns: &[&[u8]],
    pairwise: &Dispersion,
    monitor: &dyn Monitor,
) -> Result<(Option<Distance>, Basis)> {
    if let Some(distance) = Distance::new(&pairwise.means, &pairwise.covariance) {
        return Ok((Some(distance), Basis::Pairwise));
    }
    let rows = columns[0].len();
    let whole: Vec<usize> =
        (0..rows).filter(|&row| columns.iter().all(|column| column[row] != MISSING)).collect();
    if whole.len() == rows || whole.is_empty() {
        return Ok((None, Basis::Neither));
    }
    let codes: Vec<u8> =
        columns.iter().flat_map(|column| whole.iter().map(|&row| column[row])).collect();
    let complete = dispersion(simd, &codes, whole.len(), columns.len(), monitor)?;
    let distance = Distance::new(&complete.means, &complete.covariance);
    let basis = if distance.is_some() { Basis::Complete } else { Basis::Neither };
    Ok((distance, basis))
}
