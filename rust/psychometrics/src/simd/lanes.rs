//! Plain loops that the compiler turns into vector instructions of each level.

use super::multiversion;

multiversion! {
    /// Adds up bytes that are at most 63.
    pub fn sum_small_bytes(bytes: &[u8], sum: &mut u32) = sum_small_bytes_body
}

#[inline(always)]
fn sum_small_bytes_body(bytes: &[u8], sum: &mut u32) {
    let mut wide = [0_u16; 64];
    let mut fours = bytes.chunks_exact(256);
    for four in &mut fours {
        // Four bytes of at most 63 fit a byte, so only every fourth addition needs to be a wide one.
        let mut narrow = [0_u8; 64];
        for chunk in four.chunks_exact(64) {
            for (total, byte) in narrow.iter_mut().zip(chunk) {
                *total += byte;
            }
        }
        for (total, part) in wide.iter_mut().zip(narrow) {
            *total += u16::from(part);
        }
    }
    let rest: u32 = fours.remainder().iter().map(|&byte| u32::from(byte)).sum();
    *sum = rest + wide.iter().map(|&part| u32::from(part)).sum::<u32>();
}

multiversion! {
    /// The products of `factor` with the halves of each word, lower half first: upper and lower 16 bits apart.
    pub fn scale_halves(
        words: &[u32; 64],
        factor: u32,
        upper: &mut [u16; 128],
        lower: &mut [u16; 128],
    ) = scale_halves_body
}

#[inline(always)]
fn scale_halves_body(
    words: &[u32; 64],
    factor: u32,
    upper: &mut [u16; 128],
    lower: &mut [u16; 128],
) {
    for (i, word) in words.iter().enumerate() {
        let products = [(word & 0xFFFF) * factor, (word >> 16) * factor];
        upper[2 * i] = (products[0] >> 16) as u16;
        upper[2 * i + 1] = (products[1] >> 16) as u16;
        lower[2 * i] = products[0] as u16;
        lower[2 * i + 1] = products[1] as u16;
    }
}

multiversion! {
    /// The largest of some bytes.
    #[cfg(target_arch = "x86_64")]
    pub fn largest_byte(bytes: &[u8], largest: &mut u8) = largest_byte_body
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn largest_byte_body(bytes: &[u8], largest: &mut u8) {
    *largest = bytes.iter().fold(0, |most, &byte| most.max(byte));
}

multiversion! {
    /// The products of two byte columns, low bytes and high bytes apart.
    pub fn byte_products(left: &[u8], right: &[u8], low: &mut [u8], high: &mut [u8])
        = byte_products_body
}

#[inline(always)]
fn byte_products_body(left: &[u8], right: &[u8], low: &mut [u8], high: &mut [u8]) {
    for (((a, b), low), high) in left.iter().zip(right).zip(low).zip(high) {
        let product = u16::from(*a) * u16::from(*b);
        *low = product as u8;
        *high = (product >> 8) as u8;
    }
}

multiversion! {
    /// The products of two byte columns, where they are known to fit a byte.
    pub fn small_byte_products(left: &[u8], right: &[u8], products: &mut [u8])
        = small_byte_products_body
}

#[inline(always)]
fn small_byte_products_body(left: &[u8], right: &[u8], products: &mut [u8]) {
    for ((a, b), product) in left.iter().zip(right).zip(products) {
        *product = a.wrapping_mul(*b);
    }
}

multiversion! {
    /// Adds a byte column to the totals and its squares to the sums of squares.
    pub fn add_column(column: &[u8], totals: &mut [u32], squares: &mut [u32]) = add_column_body
}

#[inline(always)]
fn add_column_body(column: &[u8], totals: &mut [u32], squares: &mut [u32]) {
    for ((x, total), square) in column.iter().zip(totals).zip(squares) {
        let x = u32::from(*x);
        *total += x;
        *square += x * x;
    }
}

multiversion! {
    /// The dot product of two byte columns.
    pub fn byte_dot(left: &[u8], right: &[u8], sum: &mut i64) = byte_dot_body
}

#[inline(always)]
fn byte_dot_body(left: &[u8], right: &[u8], sum: &mut i64) {
    // 2^15 products of at most 2^16 fit 32 bits.
    for (a, b) in left.chunks(1 << 15).zip(right.chunks(1 << 15)) {
        let part: u32 = a.iter().zip(b).map(|(&a, &b)| u32::from(a) * u32::from(b)).sum();
        *sum += i64::from(part);
    }
}

multiversion! {
    /// Adds `count` times `unit` to `total`.
    pub fn add_multiple(total: &mut [i64], unit: &[i64], count: i64) = add_multiple_body
}

#[inline(always)]
fn add_multiple_body(total: &mut [i64], unit: &[i64], count: i64) {
    for (sum, value) in total.iter_mut().zip(unit) {
        *sum += count * value;
    }
}

multiversion! {
    /// Adds `count` times `unit` to `total`; what rounding loses is kept in `lost` (Knuth's two-sum).
    pub fn add_multiple_reals(total: &mut [f64], lost: &mut [f64], unit: &[f64], count: f64)
        = add_multiple_reals_body
}

#[inline(always)]
fn add_multiple_reals_body(total: &mut [f64], lost: &mut [f64], unit: &[f64], count: f64) {
    for ((sum, lost), value) in total.iter_mut().zip(lost).zip(unit) {
        let term = count * value;
        let next = *sum + term;
        let added = next - *sum;
        *lost += (*sum - (next - added)) + (term - added);
        *sum = next;
    }
}

/// Lanes of a sum of reals: fixed, so that every level adds in the same order.
const REAL_LANES: usize = 8;

multiversion! {
    /// The dot product of each row of `features` (rows as long as `weights`) with `weights`.
    pub fn real_dots(features: &[f64], weights: &[f64], sums: &mut [f64]) = real_dots_body
}

#[inline(always)]
fn real_dots_body(features: &[f64], weights: &[f64], sums: &mut [f64]) {
    for (row, sum) in features.chunks_exact(weights.len().max(1)).zip(sums) {
        let mut lanes = [0.0; REAL_LANES];
        let mut features = row.chunks_exact(REAL_LANES);
        let mut multipliers = weights.chunks_exact(REAL_LANES);
        for (feature, weight) in (&mut features).zip(&mut multipliers) {
            for lane in 0..REAL_LANES {
                lanes[lane] += feature[lane] * weight[lane];
            }
        }
        let rest = features.remainder().iter().zip(multipliers.remainder());
        *sum = lanes.iter().sum::<f64>() + rest.map(|(a, b)| a * b).sum::<f64>();
    }
}

/// Rows that [`quadratic_forms`] takes at once.
const FORM_ROWS: usize = 32;

multiversion! {
    /// `x' G x` for each row: `columns` holds one column of `forms.len()` values for each item, `gradient` is the
    /// symmetric items × items matrix.
    pub fn quadratic_forms(columns: &[f64], gradient: &[f64], forms: &mut [f64])
        = quadratic_forms_body
}

#[inline(always)]
fn quadratic_forms_body(columns: &[f64], gradient: &[f64], forms: &mut [f64]) {
    let rows = forms.len();
    let items = columns.len() / rows.max(1);
    for (chunk, out) in forms.chunks_mut(FORM_ROWS).enumerate() {
        let first = chunk * FORM_ROWS;
        let mut total = [0.0; FORM_ROWS];
        for i in 0..items {
            // Half of the row's product: the diagonal once, what lies above it twice.
            let mut product = [0.0; FORM_ROWS];
            for j in i..items {
                let factor = gradient[i * items + j] * if i == j { 1.0 } else { 2.0 };
                let column = &columns[j * rows + first..][..out.len()];
                for (sum, x) in product.iter_mut().zip(column) {
                    *sum += factor * x;
                }
            }
            let column = &columns[i * rows + first..][..out.len()];
            for ((sum, p), x) in total.iter_mut().zip(product).zip(column) {
                *sum += p * x;
            }
        }
        out.copy_from_slice(&total[..out.len()]);
    }
}
