//! The polychoric correlations of all pairs of items, by group.

use std::ops::Range;

use rayon::prelude::*;

use super::contingency::Table;
use super::polychoric::{Correlation, correlation, thresholds};
use crate::error::{Error, Result, invalid};
use crate::monitor::Monitor;
use crate::responses::{Answers, Responses};

/// What was found for the pairs of items: first with second, first with third, ...; group after group.
#[derive(Debug, Clone, PartialEq)]
pub struct Associations {
    /// The correlation of each pair.
    pub correlations: Vec<Correlation>,
    /// The persons who answered both items.
    pub persons: Vec<u64>,
    /// The cells nobody is in, of the categories that somebody used.
    pub empty_cells: Vec<usize>,
    /// For each group and item how many persons chose each category.
    pub counts: Vec<u64>,
    /// For each group and item the thresholds between categories, from all who answered the item.
    pub thresholds: Vec<f64>,
}

/// Polychoric correlations of answers coded from zero to below `categories`.
///
/// Each pair of items in a group is a task of its own, and counts are whole numbers: so the same bits for any threads.
pub fn associations(
    responses: &Responses,
    categories: usize,
    monitor: &dyn Monitor,
) -> Result<Associations> {
    let codes = categorised(responses, categories)?;
    let (rows, items) = (responses.rows, responses.items);
    let groups: Vec<Range<usize>> = responses.groups.iter().map(|group| group.rows()).collect();
    let column = |item: usize, group: usize| &codes[item * rows..][groups[group].clone()];
    let tasks: Vec<(usize, usize, usize)> = (0..groups.len())
        .flat_map(|group| (0..items).map(move |first| (group, first)))
        .flat_map(|(group, first)| (first + 1..items).map(move |second| (group, first, second)))
        .collect();
    let found: Vec<(Correlation, u64, usize)> = tasks
        .into_par_iter()
        .map(|(group, first, second)| {
            if monitor.cancelled() {
                return Err(Error::Cancelled);
            }
            let table = Table::count(column(first, group), column(second, group), categories);
            let pair = (correlation(&table), table.persons(), table.used().empty_cells());
            monitor.advance(1);
            Ok(pair)
        })
        .collect::<Result<_>>()?;
    let counts: Vec<Vec<u64>> = (0..groups.len() * items)
        .into_par_iter()
        .map(|place| category_counts(column(place % items, place / items), categories))
        .collect();
    Ok(Associations {
        correlations: found.iter().map(|pair| pair.0).collect(),
        persons: found.iter().map(|pair| pair.1).collect(),
        empty_cells: found.iter().map(|pair| pair.2).collect(),
        thresholds: counts.iter().flat_map(|counts| thresholds(counts)).collect(),
        counts: counts.concat(),
    })
}

/// The codes of answers, or an error where they are none below `categories`.
pub(crate) fn categorised<'a>(responses: &Responses<'a>, categories: usize) -> Result<&'a [u8]> {
    let Answers::Codes(codes) = responses.answers else {
        return invalid("polychoric correlations need categories, but the answers are reals");
    };
    if usize::from(responses.largest_code) >= categories || categories > 255 {
        let largest = responses.largest_code;
        return invalid(format!("code {largest} is not below {categories} categories"));
    }
    if responses.weights.is_some() {
        return invalid("polychoric correlations count each person once, but there are weights");
    }
    Ok(codes)
}

fn category_counts(answers: &[u8], categories: usize) -> Vec<u64> {
    let mut counts = vec![0; categories];
    for &answer in answers {
        if let Some(count) = counts.get_mut(usize::from(answer)) {
            *count += 1;
        }
    }
    counts
}
