//! The byte panel: for a block of rows, the features whose weighted sums are the moments, as columns of bytes.
//!
//! A feature that does not fit a byte takes several columns, its lower bytes first.

use std::ops::Range;

use super::Panel;
use crate::responses::MISSING;
use crate::simd::{
    AlignedBytes, Simd, TILE, add_column, byte_products, column_stride, small_byte_products,
};

/// The features of one block of rows.
#[derive(Debug)]
pub struct BytePanel<'a> {
    simd: Simd,
    codes: &'a [u8],
    rows: usize,
    items: usize,
    panel: Panel,
    /// The feature and the power of 256 of each column.
    columns: Vec<(usize, u32)>,
    /// Whether products of two codes fit a byte.
    small_products: bool,
    bytes: AlignedBytes,
    stride: usize,
    masked: Vec<u8>,
    answered: Vec<u8>,
    squares: Vec<u8>,
}

impl<'a> BytePanel<'a> {
    /// Lays out the columns for codes up to `largest`.
    pub fn new(
        simd: Simd,
        codes: &'a [u8],
        rows: usize,
        items: usize,
        panel: Panel,
        largest: u8,
    ) -> BytePanel<'a> {
        let code = u64::from(largest);
        let k = items as u64;
        let bounds: Vec<(usize, u64)> = match panel {
            Panel::Small => vec![(items, code), (1, k * code * code), (1, (k * code).pow(2))],
            Panel::Full => vec![(items, code), (items * (items + 1) / 2, code * code)],
            Panel::Pairwise => vec![
                (items * (items + 1) / 2, 1),
                (items * items, code),
                (items * items + items * (items + 1) / 2, code * code),
            ],
        };
        let features = bounds.iter().flat_map(|&(count, bound)| std::iter::repeat_n(bound, count));
        let columns = features.enumerate().flat_map(|(feature, bound)| {
            let bytes = (64 - bound.leading_zeros()).div_ceil(8).max(1);
            (0..bytes).map(move |power| (feature, power))
        });
        BytePanel {
            simd,
            codes,
            rows,
            items,
            panel,
            columns: columns.collect(),
            small_products: code * code <= 255,
            bytes: AlignedBytes::default(),
            stride: 0,
            masked: Vec::new(),
            answered: Vec::new(),
            squares: Vec::new(),
        }
    }

    /// Number of columns, with those that fill the last tile.
    pub fn padded_columns(&self) -> usize {
        self.columns.len().next_multiple_of(TILE)
    }

    /// The columns, each [`stride`](BytePanel::stride) bytes long.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of a column.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Adds the sums of the columns to the sums of the features.
    pub fn gather(&self, columns: impl Iterator<Item = i64>, sums: &mut [i64]) {
        for (&(feature, power), sum) in self.columns.iter().zip(columns) {
            sums[feature] += sum << (8 * power);
        }
    }

    /// Takes the features of other rows.
    pub fn load(&mut self, rows: Range<usize>) {
        self.stride = column_stride(rows.len());
        self.bytes.reset(self.padded_columns() * self.stride);
        match self.panel {
            Panel::Small => self.load_small(rows),
            Panel::Full => self.load_full(rows),
            Panel::Pairwise => self.load_pairwise(rows),
        }
    }

    fn load_small(&mut self, rows: Range<usize>) {
        let mut totals = vec![0_u32; rows.len()];
        let mut squares = vec![0_u32; rows.len()];
        for item in 0..self.items {
            let column = &self.codes[item * self.rows..][rows.clone()];
            self.bytes[item * self.stride..][..rows.len()].copy_from_slice(column);
            add_column(self.simd, column, &mut totals, &mut squares);
        }
        let totals: Vec<u64> = totals.iter().map(|&t| u64::from(t) * u64::from(t)).collect();
        let squares: Vec<u64> = squares.iter().map(|&s| u64::from(s)).collect();
        for (at, &(feature, power)) in self.columns.iter().enumerate().skip(self.items) {
            let values = if feature == self.items { &squares } else { &totals };
            let column = &mut self.bytes[at * self.stride..][..rows.len()];
            for (byte, value) in column.iter_mut().zip(values) {
                *byte = (value >> (8 * power)) as u8;
            }
        }
    }

    fn load_full(&mut self, rows: Range<usize>) {
        let column = |item: usize| &self.codes[item * self.rows..][rows.clone()];
        let mut out = self.bytes.chunks_exact_mut(self.stride);
        for item in 0..self.items {
            if let Some(bytes) = out.next() {
                bytes[..rows.len()].copy_from_slice(column(item));
            }
        }
        for i in 0..self.items {
            for j in i..self.items {
                products(self.simd, self.small_products, column(i), column(j), &mut out);
            }
        }
    }

    fn load_pairwise(&mut self, rows: Range<usize>) {
        let count = rows.len();
        self.masked.clear();
        self.answered.clear();
        self.squares.clear();
        for item in 0..self.items {
            let column = &self.codes[item * self.rows..][rows.clone()];
            self.masked.extend(column.iter().map(|&x| if x == MISSING { 0 } else { x }));
            self.answered.extend(column.iter().map(|&x| u8::from(x != MISSING)));
        }
        let codes = |item: usize| &self.masked[item * count..][..count];
        let answered = |item: usize| &self.answered[item * count..][..count];
        let (simd, small, items) = (self.simd, self.small_products, self.items);
        let mut out = self.bytes.chunks_exact_mut(self.stride);
        for i in 0..items {
            for j in i..items {
                products(simd, true, answered(i), answered(j), &mut out);
            }
        }
        for i in 0..items {
            for j in 0..items {
                products(simd, true, codes(i), answered(j), &mut out);
            }
        }
        for i in 0..items {
            for j in 0..items {
                // A square where the other item is missing is the product with a masked copy.
                self.squares.clear();
                self.squares.extend(codes(i).iter().zip(answered(j)).map(|(x, a)| x * a));
                products(simd, small, codes(i), &self.squares, &mut out);
            }
        }
        for i in 0..items {
            for j in i..items {
                products(simd, small, codes(i), codes(j), &mut out);
            }
        }
    }
}

/// The product of two columns into the next one, or the next two where it does not fit a byte.
fn products<'b>(
    simd: Simd,
    small: bool,
    left: &[u8],
    right: &[u8],
    out: &mut impl Iterator<Item = &'b mut [u8]>,
) {
    if small {
        if let Some(low) = out.next() {
            small_byte_products(simd, left, right, low);
        }
    } else if let (Some(low), Some(high)) = (out.next(), out.next()) {
        byte_products(simd, left, right, low, high);
    }
}
