//! How many persons gave each pair of answers to two items.

use crate::error::{Result, invalid};

/// Tables that are counted side by side, so that equal answers in a row do not wait for each other.
const LANES: usize = 4;

/// Counts of pairs of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    rows: usize,
    columns: usize,
    counts: Vec<u64>,
}

impl Table {
    /// A table from its counts, row by row.
    pub fn new(rows: usize, columns: usize, counts: Vec<u64>) -> Result<Table> {
        if rows.checked_mul(columns) != Some(counts.len()) {
            return invalid(format!("{} counts are not {rows} × {columns}", counts.len()));
        }
        Ok(Table { rows, columns, counts })
    }

    /// The table of two items with codes below `categories`; persons who lack an answer to either are left out.
    pub fn count(first: &[u8], second: &[u8], categories: usize) -> Table {
        // What lies above the categories is no answer, and has a row and a column of its own.
        let width = categories + 1;
        let mut lanes = vec![0_u64; LANES * width * width];
        let place =
            |a: u8, b: u8| usize::from(a).min(categories) * width + usize::from(b).min(categories);
        for (a, b) in first.chunks(LANES).zip(second.chunks(LANES)) {
            for (lane, (&a, &b)) in a.iter().zip(b).enumerate() {
                if let Some(count) = lanes.get_mut(lane * width * width + place(a, b)) {
                    *count += 1;
                }
            }
        }
        let mut counts = vec![0; categories * categories];
        for lane in lanes.chunks_exact(width * width) {
            let answered = lane.chunks_exact(width).take(categories).map(|row| &row[..categories]);
            for (sum, count) in counts.iter_mut().zip(answered.flatten()) {
                *sum += count;
            }
        }
        Table { rows: categories, columns: categories, counts }
    }

    /// Number of categories of the first item.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of categories of the second item.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of persons.
    pub fn persons(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Number of cells nobody is in.
    pub fn empty_cells(&self) -> usize {
        self.counts.iter().filter(|&&count| count == 0).count()
    }

    /// Row, column and count of the cells that somebody is in.
    pub fn occupied(&self) -> impl Iterator<Item = (usize, usize, u64)> {
        let place = |(at, &count): (usize, &u64)| (at / self.columns, at % self.columns, count);
        self.counts.iter().enumerate().map(place).filter(|&(_, _, count)| count > 0)
    }

    /// Persons in each row, and in each column.
    pub fn margins(&self) -> (Vec<u64>, Vec<u64>) {
        let (mut rows, mut columns) = (vec![0; self.rows], vec![0; self.columns]);
        for (row, column, count) in self.occupied() {
            rows[row] += count;
            columns[column] += count;
        }
        (rows, columns)
    }

    /// The table of the categories that were used: thresholds around an empty one coincide, and nothing is lost.
    pub fn used(&self) -> Table {
        let (rows, columns) = self.margins();
        let counts = self.counts.chunks_exact(self.columns.max(1)).zip(&rows);
        let counts = counts.filter(|&(_, &total)| total > 0).flat_map(|(row, _)| {
            row.iter().zip(&columns).filter(|&(_, &total)| total > 0).map(|(&count, _)| count)
        });
        let used = |margin: &[u64]| margin.iter().filter(|&&total| total > 0).count();
        Table { rows: used(&rows), columns: used(&columns), counts: counts.collect() }
    }
}
