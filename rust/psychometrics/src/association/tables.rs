//! The tables of all pairs of items, and how often each category was chosen, under weights of persons.

use std::ops::Range;

/// Rows that are counted at once: their columns stay in the cache.
const CHUNK: usize = 1 << 12;

/// Counts that go side by side, so that equal answers in a row do not wait for each other.
const LANES: usize = 2;

/// Counts of pairs of answers for every pair of items: first with second, first with third, ...
#[derive(Debug, Clone)]
pub struct Tables {
    /// Number of items.
    pub items: usize,
    /// Number of categories of each.
    pub categories: usize,
    /// What one person counts.
    pub unit: f64,
    /// Pair after pair, row by row.
    pairs: Vec<u64>,
    /// Item after item, from all who answered the item.
    answers: Vec<u64>,
    lanes: Vec<u64>,
    columns: Vec<u16>,
}

impl Tables {
    /// Empty tables of answers coded from zero to below `categories`.
    pub fn new(items: usize, categories: usize, unit: f64) -> Tables {
        let width = categories + 1;
        Tables {
            items,
            categories,
            unit,
            pairs: vec![0; items * items.saturating_sub(1) / 2 * categories * categories],
            answers: vec![0; items * categories],
            lanes: vec![0; LANES * width * width],
            columns: Vec::new(),
        }
    }

    /// Counts rows anew: `codes` has a column of `stride` codes for each item, `weights` are those of the rows.
    pub fn count(
        &mut self,
        codes: &[u8],
        stride: usize,
        rows: Range<usize>,
        weights: Option<&[u32]>,
    ) {
        self.pairs.fill(0);
        self.answers.fill(0);
        for start in rows.clone().step_by(CHUNK) {
            let chunk = start..(start + CHUNK).min(rows.end);
            let own =
                |weights: &[u32]| weights[start - rows.start..chunk.end - rows.start].to_vec();
            let weights = weights.map_or_else(|| vec![1; chunk.len()], own);
            self.add(codes, stride, chunk, &weights);
        }
    }

    fn add(&mut self, codes: &[u8], stride: usize, rows: Range<usize>, weights: &[u32]) {
        let (width, most) = (self.categories + 1, self.categories as u16);
        // Who was not drawn need not be looked at for every pair.
        let drawn: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] > 0).collect();
        let weights: Vec<u64> = drawn.iter().map(|&row| u64::from(weights[row])).collect();
        self.columns.clear();
        for item in 0..self.items {
            let column = &codes[item * stride..][rows.clone()];
            // What lies above the categories is no answer, and has a row and a column of its own.
            self.columns.extend(drawn.iter().map(|&row| u16::from(column[row]).min(most)));
        }
        let columns: Vec<&[u16]> = self.columns.chunks_exact(drawn.len().max(1)).collect();
        for (column, counts) in columns.iter().zip(self.answers.chunks_exact_mut(self.categories)) {
            for (&code, weight) in column.iter().zip(&weights) {
                if let Some(count) = counts.get_mut(usize::from(code)) {
                    *count += weight;
                }
            }
        }
        let cells = self.categories * self.categories;
        let mut tables = self.pairs.chunks_exact_mut(cells);
        for (at, first) in columns.iter().enumerate() {
            let first: Vec<usize> = first.iter().map(|&code| usize::from(code) * width).collect();
            for (second, table) in columns[at + 1..].iter().zip(&mut tables) {
                self.lanes.fill(0);
                let (even, odd) = self.lanes.split_at_mut(width * width);
                let rows = first.chunks(LANES).zip(second.chunks(LANES)).zip(weights.chunks(LANES));
                for ((a, b), w) in rows {
                    if let ([a, c], [b, d], [w, v]) = (a, b, w) {
                        even[a + usize::from(*b)] += w;
                        odd[c + usize::from(*d)] += v;
                    } else if let ([a], [b], [w]) = (a, b, w) {
                        even[a + usize::from(*b)] += w;
                    }
                }
                for (row, counts) in table.chunks_exact_mut(self.categories).enumerate() {
                    let lanes = even[row * width..].iter().zip(&odd[row * width..]);
                    for (count, (even, odd)) in counts.iter_mut().zip(lanes) {
                        *count += even + odd;
                    }
                }
            }
        }
    }

    /// Row, column and persons of the cells that somebody is in, of the `pair`-th pair.
    pub fn cells(&self, pair: usize) -> Vec<(usize, usize, f64)> {
        let cells = self.categories * self.categories;
        let counts = self.pairs.iter().skip(pair * cells).take(cells).enumerate();
        counts
            .filter(|&(_, &count)| count > 0)
            .map(|(at, &count)| {
                (at / self.categories, at % self.categories, count as f64 / self.unit)
            })
            .collect()
    }

    /// How many persons are in each cell of the `pair`-th pair, row by row.
    pub fn counts(&self, pair: usize) -> impl Iterator<Item = f64> + Clone {
        let cells = self.categories * self.categories;
        let counts = self.pairs.iter().skip(pair * cells).take(cells);
        counts.map(|&count| count as f64 / self.unit)
    }

    /// How many persons chose each category of an item.
    pub fn answers(&self, item: usize) -> Vec<f64> {
        let counts = self.answers.iter().skip(item * self.categories).take(self.categories);
        counts.map(|&count| count as f64 / self.unit).collect()
    }

    /// Whether nobody chose a category here that somebody chose in others.
    pub fn lacks_category_of(&self, others: &Tables) -> bool {
        self.answers.iter().zip(&others.answers).any(|(&own, &other)| own == 0 && other > 0)
    }
}
