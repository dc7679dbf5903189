//! Moments under resampled weights, for every group and replicate.

use std::ops::Range;

use rayon::prelude::*;

use super::block_weights::BlockWeights;
use super::exponential::{PART_BITS, PARTS, UNIT_BITS};
use super::{BLOCK, clusters};
use crate::error::{Error, Result, invalid};
use crate::moments::{BytePanel, Dispersion, Moments, Panel, RealPanel, RealSums};
use crate::monitor::{Monitor, Silent};
use crate::responses::{Answers, Group, Responses};
use crate::simd::{AlignedBytes, LARGEST_WEIGHT, ROW_STEP, Simd, TILE, dot_tiles};

/// The law of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// How often each unit is drawn: the ordinary bootstrap.
    Multinomial,
    /// Exponential weights: the Bayesian bootstrap.
    Exponential,
}

impl Weights {
    /// What a weight of one is.
    pub fn unit(self) -> f64 {
        match self {
            Weights::Multinomial => 1.0,
            Weights::Exponential => f64::from(1_u32 << UNIT_BITS),
        }
    }
}

/// What is resampled how often.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed of all streams.
    pub seed: u64,
    /// Number of replicates.
    pub replicates: usize,
    /// The law of the weights.
    pub weights: Weights,
}

/// Weight rows that are made and used together: those of a block fit the second-level cache with its features.
const WEIGHT_ROWS: usize = 32;
/// Bytes of the sums that a task keeps: they stay in the second-level cache.
const TASK_BYTES: usize = 1 << 19;
/// Exponential weights of so many units sum to less than twice their number, but for a chance below 10⁻¹⁰⁰.
const MANY_UNITS: usize = 1 << 10;
/// Blocks after which 32-bit sums could overflow.
const BLOCKS_TO_FLUSH: usize =
    i32::MAX as usize / (255 * LARGEST_WEIGHT as usize * BLOCK.next_multiple_of(ROW_STEP));

/// What is resampled, how, and who watches.
#[derive(Clone, Copy)]
pub struct Resampling<'a> {
    /// The instruction set.
    pub simd: Simd,
    /// The answers.
    pub responses: &'a Responses<'a>,
    /// Which sums a replicate is made of.
    pub panel: Panel,
    /// How often, with which seed and weights.
    pub plan: Plan,
    /// Told of progress, asked whether to go on.
    pub monitor: &'a dyn Monitor,
}

/// Evaluates every replicate of every group; `width` values each, by group, then replicate.
///
/// `evaluate` gets a workspace, the number of the group, and what the replicate's moments say.
/// Tasks are run on the current thread pool; results do not depend on how they are divided.
pub fn replicate_moments<W, T>(
    run: Resampling,
    width: usize,
    workspace: impl Fn() -> W + Sync,
    evaluate: impl Fn(&mut W, usize, &Dispersion, &mut [T]) + Sync,
) -> Result<Vec<T>>
where
    T: Copy + Default + Send,
{
    let Resampling { responses, panel, plan, monitor, .. } = run;
    check_weights(run)?;
    if plan.replicates == 0 || width == 0 {
        return invalid("no replicates or nothing to evaluate");
    }
    let mut results = room(responses.groups.len(), plan.replicates, width)?;
    let sums = panel.sums(responses.items);
    let tile = tile_replicates(plan, sums);
    let tasks: Vec<(usize, Range<usize>)> = (0..responses.groups.len())
        .flat_map(|group| {
            (0..plan.replicates)
                .step_by(tile)
                .map(move |first| (group, first..(first + tile).min(plan.replicates)))
        })
        .collect();
    let clusters = responses.clustered.then(|| clusters::ClusterMoments::new(run));
    let mut parts = Vec::with_capacity(tasks.len());
    let mut rest = results.as_mut_slice();
    for (group, replicates) in tasks {
        let (part, after) = rest.split_at_mut(replicates.len() * width);
        parts.push((group, replicates, part));
        rest = after;
    }
    parts.into_par_iter().try_for_each(|(group, replicates, part)| {
        let mut workspace = workspace();
        let mut dispersion = Dispersion::default();
        let mut out = part.chunks_exact_mut(width);
        let mut visit = |fill: &mut dyn FnMut(&mut Dispersion)| {
            fill(&mut dispersion);
            if let Some(out) = out.next() {
                evaluate(&mut workspace, group, &dispersion, out);
            }
        };
        let rows = &responses.groups[group];
        let exact = responses.exact() && sums_fit(run, rows);
        if let Some(clusters) = &clusters {
            clusters.replicates(run, group, replicates.clone(), &mut visit)?;
        } else if let (Answers::Codes(codes), true) = (responses.answers, exact) {
            exact_replicates(run, codes, rows, replicates.clone(), &mut visit)?;
        } else {
            real_replicates(run, rows, replicates.clone(), &mut visit)?;
        }
        monitor.advance(replicates.len() as u64);
        Ok(())
    })?;
    Ok(results)
}

/// An error where weights do not fit the design.
pub fn check_weights(run: Resampling) -> Result<()> {
    let stratified = run.responses.groups.iter().any(|group| group.strata.len() > 1);
    if stratified && run.plan.weights == Weights::Exponential {
        return invalid("exponential weights do not keep the shares of strata");
    }
    Ok(())
}

/// Room for all values, or an error where there is none.
pub(crate) fn room<T: Copy + Default>(
    groups: usize,
    replicates: usize,
    width: usize,
) -> Result<Vec<T>> {
    let mut results = Vec::new();
    let values = groups.checked_mul(replicates).and_then(|all| all.checked_mul(width));
    match values.map(|values| (values, results.try_reserve_exact(values))) {
        Some((values, Ok(()))) => {
            results.resize(values, T::default());
            Ok(results)
        }
        _ => Err(Error::OutOfMemory(format!(
            "{replicates} replicates of {width} coefficients for {groups} groups do not fit the memory"
        ))),
    }
}

/// Whether the integer sums of a group's replicates are below 2⁶³, whatever the answers.
pub(super) fn sums_fit(run: Resampling, group: &Group) -> bool {
    let unit: u128 = match run.plan.weights {
        Weights::Multinomial => 1,
        Weights::Exponential => 2 << UNIT_BITS,
    };
    let rows: usize = group
        .strata
        .iter()
        .map(|stratum| {
            let largest = stratum.clusters.iter().map(Range::len).max().unwrap_or(1);
            stratum.units().max(MANY_UNITS).saturating_mul(largest)
        })
        .sum();
    let total = run.responses.items as u128 * u128::from(run.responses.largest_code);
    rows as u128 * unit * total * total < 1 << 63
}

/// Called for each replicate of a task in order, with what fills in its dispersion.
pub(super) type Visit<'a> = dyn FnMut(&mut dyn FnMut(&mut Dispersion)) + 'a;

/// How many replicates a task takes: their sums fit the cache, and tasks are of one size.
fn tile_replicates(plan: Plan, sums: usize) -> usize {
    let parts = if plan.weights == Weights::Exponential { PARTS } else { 1 };
    let most = (TASK_BYTES / (4 * sums * parts)).clamp(WEIGHT_ROWS, 512);
    let tasks = plan.replicates.div_ceil(most).next_multiple_of(2);
    plan.replicates.div_ceil(tasks).next_multiple_of(WEIGHT_ROWS)
}

/// Replicates of codes: byte dot products, exact.
fn exact_replicates(
    run: Resampling,
    codes: &[u8],
    group: &Group,
    replicates: Range<usize>,
    visit: &mut Visit,
) -> Result<()> {
    let Responses { rows, items, .. } = *run.responses;
    let largest = run.responses.largest_code;
    let mut panel = BytePanel::new(run.simd, codes, rows, items, run.panel, largest);
    let parts = if run.plan.weights == Weights::Exponential { PARTS } else { 1 };
    let mut sums = TileSums::new(replicates.len() * parts, panel.padded_columns());
    let mut weight = vec![0_i64; replicates.len()];
    let mut bytes = AlignedBytes::default();
    for stratum in &group.strata {
        let mut weights = BlockWeights::new(run, stratum, replicates.clone());
        for (block, rows) in blocks(stratum.rows.clone()).enumerate() {
            if run.monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            panel.load(rows.clone());
            let stride = panel.stride();
            for (chunk, part) in sums.chunks_mut(WEIGHT_ROWS).enumerate() {
                let count = part.len() / panel.padded_columns();
                // Columns that fill the last tile keep what they held: their sums are never read.
                bytes.set_length(count * stride);
                let first = chunk * WEIGHT_ROWS / parts;
                let last = ((chunk * WEIGHT_ROWS + count) / parts).min(replicates.len());
                for (index, out) in (first..last).zip(bytes.chunks_exact_mut(parts * stride)) {
                    weight[index] += weights.bytes(block, rows.len(), index, stride, out)?;
                }
                dot_tiles(run.simd, panel.bytes(), &bytes, rows.len(), part);
            }
            sums.block_done();
        }
    }
    sums.flush();
    let mut moments = Moments::<i64>::empty(run.panel, items);
    moments.persons = group.rows().len() as i64;
    for (index, &weight) in weight.iter().enumerate() {
        // Fits may take longer than sums.
        if run.monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        moments.weight = weight;
        moments.sums.fill(0);
        let column = |c: usize| -> i64 {
            (0..parts).map(|part| sums.get(index * parts + part, c) << (PART_BITS * part)).sum()
        };
        panel.gather((0..panel.padded_columns()).map(column), &mut moments.sums);
        visit(&mut |dispersion| dispersion.fill(&moments));
    }
    Ok(())
}

/// The rows of each block.
pub(super) fn blocks(rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(BLOCK).map(move |start| start..(start + BLOCK).min(end))
}

/// The sums of a task: a tile of sixteen for each four weight rows and four columns.
struct TileSums {
    columns: usize,
    narrow: Vec<i32>,
    wide: Vec<i64>,
    blocks: usize,
}

impl TileSums {
    fn new(weight_rows: usize, columns: usize) -> TileSums {
        let length = weight_rows.next_multiple_of(TILE) * columns;
        TileSums { columns, narrow: vec![0; length], wide: vec![0; length], blocks: 0 }
    }

    fn chunks_mut(&mut self, weight_rows: usize) -> impl Iterator<Item = &mut [i32]> {
        self.narrow.chunks_mut(weight_rows * self.columns)
    }

    fn block_done(&mut self) {
        self.blocks += 1;
        if self.blocks == BLOCKS_TO_FLUSH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.blocks = 0;
        for (wide, narrow) in self.wide.iter_mut().zip(&mut self.narrow) {
            *wide += i64::from(std::mem::take(narrow));
        }
    }

    fn get(&self, weight_row: usize, column: usize) -> i64 {
        let tile = weight_row / TILE * (self.columns / TILE) + column / TILE;
        self.wide[tile * TILE * TILE + weight_row % TILE * TILE + column % TILE]
    }
}

/// Replicates of reals or under survey weights.
fn real_replicates(
    run: Resampling,
    group: &Group,
    replicates: Range<usize>,
    visit: &mut Visit,
) -> Result<()> {
    let mut panel = RealPanel::new(run.simd, run.responses, run.panel);
    let mut sums: Vec<RealSums> = replicates.clone().map(|_| panel.empty_sums()).collect();
    let mut counts = Vec::new();
    for stratum in &group.strata {
        let mut weights = BlockWeights::new(run, stratum, replicates.clone());
        for (block, rows) in blocks(stratum.rows.clone()).enumerate() {
            counts.clear();
            for index in 0..replicates.len() {
                weights.reals(block, rows.len(), index, &mut counts)?;
            }
            for start in rows.clone().step_by(RealPanel::ROWS) {
                if run.monitor.cancelled() {
                    return Err(Error::Cancelled);
                }
                let end = (start + RealPanel::ROWS).min(rows.end);
                panel.load(start..end);
                for (counts, sums) in counts.chunks_exact(rows.len()).zip(&mut sums) {
                    panel.add(&counts[start - rows.start..end - rows.start], sums);
                }
            }
        }
    }
    let persons = group.rows().len() as i64;
    for sums in &sums {
        if run.monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        let moments = sums.moments(run.panel, run.responses.items, persons);
        visit(&mut |dispersion| dispersion.fill(&moments));
    }
    Ok(())
}

/// The weights of a group's strata, one after the other.
pub(super) fn group_weights(run: Resampling, group: &Group, replicate: usize) -> Result<Vec<f64>> {
    let mut out = Vec::new();
    for stratum in &group.strata {
        let mut weights = BlockWeights::new(run, stratum, replicate..replicate + 1);
        for (block, units) in blocks(0..stratum.units()).enumerate() {
            weights.reals(block, units.len(), 0, &mut out)?;
        }
    }
    Ok(out)
}

/// The weights that one replicate gives to a group's rows: a row has that of its cluster.
pub fn row_weights(run: Resampling, group: &Group, replicate: usize) -> Result<Vec<u32>> {
    let units = group_weights(run, group, replicate)?.into_iter().map(|weight| weight as u32);
    if !run.responses.clustered {
        return Ok(units.collect());
    }
    let clusters = group.strata.iter().flat_map(|stratum| &stratum.clusters);
    Ok(clusters.zip(units).flat_map(|(rows, weight)| vec![weight; rows.len()]).collect())
}

/// The weights that one replicate gives to a group's units (rows, or clusters), in their order.
///
/// Exponential weights are in units of 2⁻¹⁹.
pub fn unit_weights(
    simd: Simd,
    responses: &Responses,
    plan: Plan,
    group: usize,
    replicate: usize,
) -> Result<Vec<f64>> {
    let run = Resampling { simd, responses, panel: Panel::Full, plan, monitor: &Silent };
    match responses.groups.get(group) {
        Some(group) => group_weights(run, group, replicate),
        None => invalid(format!("there is no group {group}")),
    }
}
