//! Influence values of many statistics: forms of a person's deviations, and sums of what comes out.

use super::multiversion;

/// Rows that are taken at once, whose sums stay in registers: fixed, so that every level adds in the same order.
const LANES: usize = 16;

multiversion! {
    /// `2 (left' x) (right' x) + own' x²` for each row: `columns` holds one column of `forms.len()` values for each
    /// item, the other slices one value.
    pub fn product_forms(
        columns: &[f64],
        left: &[f64],
        right: &[f64],
        own: &[f64],
        forms: &mut [f64],
    ) = product_forms_body
}

#[inline(always)]
fn product_forms_body(
    columns: &[f64],
    left: &[f64],
    right: &[f64],
    own: &[f64],
    forms: &mut [f64],
) {
    let rows = forms.len();
    for (chunk, out) in forms.chunks_mut(LANES).enumerate() {
        let (mut on_left, mut on_right, mut squares) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (((column, l), r), o) in columns.chunks_exact(rows).zip(left).zip(right).zip(own) {
            let values = padded(&column[chunk * LANES..][..out.len()]);
            for row in 0..LANES {
                let x = values[row];
                on_left[row] += l * x;
                on_right[row] += r * x;
                squares[row] += o * x * x;
            }
        }
        for (row, form) in out.iter_mut().enumerate() {
            *form = 2.0 * on_left[row] * on_right[row] + squares[row];
        }
    }
}

/// The values, zeros behind them: all but the last rows of a group are already that many.
#[inline(always)]
fn padded(values: &[f64]) -> [f64; LANES] {
    values.first_chunk().copied().unwrap_or_else(|| {
        let mut all = [0.0; LANES];
        all[..values.len()].copy_from_slice(values);
        all
    })
}

multiversion! {
    /// Adds `factor` times one column to another.
    pub fn add_column_multiple(column: &[f64], factor: f64, sums: &mut [f64])
        = add_column_multiple_body
}

#[inline(always)]
fn add_column_multiple_body(column: &[f64], factor: f64, sums: &mut [f64]) {
    for (sum, x) in sums.iter_mut().zip(column) {
        *sum += factor * x;
    }
}

multiversion! {
    /// The products of two columns, less their mean.
    pub fn centred_products(left: &[f64], right: &[f64], mean: f64, products: &mut [f64])
        = centred_products_body
}

#[inline(always)]
fn centred_products_body(left: &[f64], right: &[f64], mean: f64, products: &mut [f64]) {
    for ((product, x), y) in products.iter_mut().zip(left).zip(right) {
        *product = x * y - mean;
    }
}

multiversion! {
    /// Adds up values and their squares, less `centre` each.
    pub fn add_power_sums(values: &[f64], centre: f64, sums: &mut [f64; 2]) = add_power_sums_body
}

#[inline(always)]
fn add_power_sums_body(values: &[f64], centre: f64, sums: &mut [f64; 2]) {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            let value = chunk[lane] - centre;
            first[lane] += value;
            second[lane] += value * value;
        }
    }
    for (lane, value) in chunks.remainder().iter().enumerate() {
        let value = value - centre;
        first[lane] += value;
        second[lane] += value * value;
    }
    sums[0] += first.iter().sum::<f64>();
    sums[1] += second.iter().sum::<f64>();
}

multiversion! {
    /// Adds up the values `factors · [all, trace, row, own]` and their squares.
    pub fn add_mixed_power_sums(
        all: &[f64],
        trace: &[f64],
        row: &[f64],
        own: &[f64],
        factors: [f64; 4],
        sums: &mut [f64; 2],
    ) = add_mixed_power_sums_body
}

#[inline(always)]
fn add_mixed_power_sums_body(
    all: &[f64],
    trace: &[f64],
    row: &[f64],
    own: &[f64],
    factors: [f64; 4],
    sums: &mut [f64; 2],
) {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    let mut add =
        |all: &[f64; LANES], trace: &[f64; LANES], row: &[f64; LANES], own: &[f64; LANES]| {
            for lane in 0..LANES {
                let value = factors[0] * all[lane]
                    + factors[1] * trace[lane]
                    + factors[2] * row[lane]
                    + factors[3] * own[lane];
                first[lane] += value;
                second[lane] += value * value;
            }
        };
    let ((all, all_rest), (trace, trace_rest)) = (all.as_chunks(), trace.as_chunks());
    let ((row, row_rest), (own, own_rest)) = (row.as_chunks(), own.as_chunks());
    for ((all, trace), (row, own)) in all.iter().zip(trace).zip(row.iter().zip(own)) {
        add(all, trace, row, own);
    }
    // Zeros add nothing to the sums.
    add(&padded(all_rest), &padded(trace_rest), &padded(row_rest), &padded(own_rest));
    sums[0] += first.iter().sum::<f64>();
    sums[1] += second.iter().sum::<f64>();
}
