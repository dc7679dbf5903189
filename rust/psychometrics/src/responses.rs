//! The answers of persons to items, with the boundaries of groups, strata and clusters.

use std::ops::Range;

use crate::error::{Result, invalid};

/// The code of a missing answer.
pub const MISSING: u8 = 255;

/// Item answers, one column after the other.
#[derive(Debug, Clone, Copy)]
pub enum Answers<'a> {
    /// Codes counted from the lowest answer; [`MISSING`] where there is none.
    Codes(&'a [u8]),
    /// Real numbers; NaN where there is none. Centred near zero for precision.
    Reals(&'a [f64]),
}

/// Rows are contiguous by group, within it by stratum, within it by cluster.
#[derive(Debug, Clone)]
pub struct Responses<'a> {
    /// The answers, column-major: `rows` values for each item.
    pub answers: Answers<'a>,
    /// Number of persons.
    pub rows: usize,
    /// Number of items.
    pub items: usize,
    /// A survey weight for each person.
    pub weights: Option<&'a [f64]>,
    /// The groups that are analysed one by one.
    pub groups: Vec<Group>,
    /// Whether rows are in clusters, which are then the units of resampling.
    pub clustered: bool,
    /// The largest code.
    pub largest_code: u8,
    /// Whether an answer is missing.
    pub incomplete: bool,
}

/// Rows that are analysed together.
#[derive(Debug, Clone)]
pub struct Group {
    /// The strata; sampling takes place within each.
    pub strata: Vec<Stratum>,
}

/// Rows that are resampled among themselves.
#[derive(Debug, Clone)]
pub struct Stratum {
    /// The number of the stratum over all groups, or in its group where groups have keys: part of its random stream.
    pub number: u32,
    /// The key of its group, or zero: combined with the seed of its random stream.
    pub key: u64,
    /// Its rows.
    pub rows: Range<usize>,
    /// The rows of each cluster; empty where rows are not in clusters.
    pub clusters: Vec<Range<usize>>,
}

/// The first row of each group, stratum and cluster, and the number of rows as last entry.
#[derive(Debug, Clone, Copy)]
pub struct Boundaries<'a> {
    /// Of groups.
    pub groups: &'a [usize],
    /// Of strata; those of the groups where there are none.
    pub strata: Option<&'a [usize]>,
    /// Of clusters.
    pub clusters: Option<&'a [usize]>,
}

impl Group {
    /// All rows of the group.
    pub fn rows(&self) -> Range<usize> {
        match (self.strata.first(), self.strata.last()) {
            (Some(first), Some(last)) => first.rows.start..last.rows.end,
            _ => 0..0,
        }
    }
}

impl Stratum {
    /// Number of units that are resampled: clusters, or rows.
    pub fn units(&self) -> usize {
        if self.clusters.is_empty() { self.rows.len() } else { self.clusters.len() }
    }
}

impl<'a> Responses<'a> {
    /// Checks that lengths and boundaries fit.
    pub fn new(
        answers: Answers<'a>,
        rows: usize,
        items: usize,
        weights: Option<&'a [f64]>,
        boundaries: Boundaries,
    ) -> Result<Responses<'a>> {
        let values = match answers {
            Answers::Codes(codes) => codes.len(),
            Answers::Reals(reals) => reals.len(),
        };
        if Some(values) != rows.checked_mul(items) || items == 0 {
            return invalid(format!("{values} answers are not {rows} rows of {items} items"));
        }
        if let Some(weights) = weights {
            if weights.len() != rows {
                return invalid(format!("{} weights for {rows} rows", weights.len()));
            }
            if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
                return invalid(format!("weight {} of row {row} is not positive", weights[row]));
            }
        }
        let group_rows = ranges(boundaries.groups, rows, "group")?;
        let stratum_rows = match boundaries.strata {
            Some(strata) => ranges(strata, rows, "stratum")?,
            None => group_rows.clone(),
        };
        let cluster_rows = match boundaries.clusters {
            Some(clusters) => ranges(clusters, rows, "cluster")?,
            None => Vec::new(),
        };
        let mut clusters = cluster_rows.into_iter().peekable();
        let mut strata = stratum_rows
            .into_iter()
            .enumerate()
            .map(|(number, rows)| {
                let inside = |cluster: &Range<usize>| cluster.end <= rows.end;
                let clusters = std::iter::from_fn(|| clusters.next_if(inside)).collect();
                Stratum { number: number as u32, key: 0, rows, clusters }
            })
            .peekable();
        let bounds = group_rows.clone();
        let groups: Vec<Group> = group_rows
            .into_iter()
            .map(|rows| Group {
                strata: std::iter::from_fn(|| strata.next_if(|s| s.rows.end <= rows.end)).collect(),
            })
            .collect();
        let clustered = boundaries.clusters.is_some();
        let fits = |s: &Stratum| {
            !clustered || s.clusters.iter().map(Range::len).sum::<usize>() == s.rows.len()
        };
        let whole = groups.iter().map(Group::rows).eq(bounds);
        let nested = whole
            && strata.peek().is_none()
            && groups.iter().flat_map(|g| &g.strata).all(fits)
            && groups.iter().map(|g| g.rows().len()).sum::<usize>() == rows;
        drop(strata);
        if !nested || clusters.peek().is_some() {
            return invalid("clusters must lie within strata, and strata within groups");
        }
        let (largest_code, incomplete) = match answers {
            // Missing answers become zeros by wrapping around.
            Answers::Codes(codes) => (
                codes.iter().fold(0_u8, |most, code| most.max(code.wrapping_add(1))).max(1) - 1,
                codes.iter().fold(0, |most, &code| most.max(code)) == MISSING,
            ),
            Answers::Reals(reals) => (0, reals.iter().any(|x| x.is_nan())),
        };
        Ok(Responses { answers, rows, items, weights, groups, clustered, largest_code, incomplete })
    }

    /// Gives each group random streams of its own key, whatever other groups there are.
    pub fn with_keys(mut self, keys: &[u64]) -> Result<Responses<'a>> {
        if keys.len() != self.groups.len() {
            return invalid(format!("{} keys for {} groups", keys.len(), self.groups.len()));
        }
        for (group, &key) in self.groups.iter_mut().zip(keys) {
            for (number, stratum) in group.strata.iter_mut().enumerate() {
                (stratum.number, stratum.key) = (number as u32, key);
            }
        }
        Ok(self)
    }

    /// Whether sums are exact integers.
    pub fn exact(&self) -> bool {
        matches!(self.answers, Answers::Codes(_)) && self.weights.is_none()
    }
}

/// Boundaries as ranges of rows, none of them empty.
fn ranges(starts: &[usize], rows: usize, what: &str) -> Result<Vec<Range<usize>>> {
    if starts.first() != Some(&0) || starts.last() != Some(&rows) {
        return invalid(format!("{what} boundaries must run from 0 to {rows}"));
    }
    let ranges: Vec<_> = starts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    if let Some(at) = ranges.iter().position(Range::is_empty) {
        return invalid(format!("{what} {at} has no rows"));
    }
    if ranges.len() >= u32::MAX as usize {
        return invalid(format!("more than {} of {what}", u32::MAX));
    }
    Ok(ranges)
}
