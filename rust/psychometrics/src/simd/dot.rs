//! Dot products of byte columns with byte weights: the work of a bootstrap.

use super::{Level, Simd};

/// Features and replicates are taken four by four.
pub const TILE: usize = 4;
/// The largest weight: twice 255 times this fits the 16 bits in which AVX2 adds pairs of products. That a bootstrap
/// draws a row more often has a probability below 10⁻⁸⁰.
pub const LARGEST_WEIGHT: u8 = 63;
/// Rows are padded to a multiple of this.
pub const ROW_STEP: usize = 64;

/// Bytes from one column to the next for this number of rows.
///
/// An odd number of cache lines: with a power of two, the same rows of all columns would compete for the same few places
/// in the cache.
pub fn column_stride(rows: usize) -> usize {
    (rows.div_ceil(ROW_STEP) | 1) * ROW_STEP
}

/// Adds, for each tile of four weight columns and four features, the sixteen dot products to `sums`.
///
/// `features` and `weights` hold columns [`column_stride`] bytes apart, zero beyond the `rows`; their numbers of columns
/// are multiples of [`TILE`]. No weight is above [`LARGEST_WEIGHT`]. `sums` has a tile of sixteen after the other: for each four weight
/// columns, for each four features, `[4 * weight + feature]`.
pub fn dot_tiles(simd: Simd, features: &[u8], weights: &[u8], rows: usize, sums: &mut [i32]) {
    let stride = column_stride(rows);
    let tile_bytes = TILE * stride;
    assert!(
        rows > 0
            && features.len().is_multiple_of(tile_bytes)
            && weights.len().is_multiple_of(tile_bytes)
            && sums.len() == (features.len() / stride) * (weights.len() / stride),
        "dot_tiles: lengths do not fit"
    );
    let feature_tiles = features.len() / tile_bytes;
    let padded = rows.next_multiple_of(ROW_STEP);
    #[cfg(target_arch = "x86_64")]
    let largest = if simd.0 == Level::Avx2 { largest_weight(simd, weights) } else { 0 };
    for (f, feature_tile) in features.chunks_exact(tile_bytes).enumerate() {
        for (w, weight_tile) in weights.chunks_exact(tile_bytes).enumerate() {
            let at = (w * feature_tiles + f) * TILE * TILE;
            let Some(out) = sums[at..].first_chunk_mut::<16>() else { return };
            let features = columns_of_tile(feature_tile, stride, padded);
            let weights = columns_of_tile(weight_tile, stride, padded);
            match simd.0 {
                Level::Scalar => scalar(features, weights, out),
                // SAFETY: a `Simd` of this level exists only where the machine was seen to have it; all eight
                // columns are of one length, a multiple of 64.
                #[cfg(target_arch = "aarch64")]
                Level::Neon => unsafe { super::neon::tile(features, weights, out) },
                // SAFETY: as above, and no weight is above `largest`.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { super::avx2::tile(features, weights, largest, out) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { super::avx512::tile(features, weights, out) },
            }
        }
    }
}

/// The bound that AVX2 needs to know how long its narrow sums can go on.
#[cfg(target_arch = "x86_64")]
fn largest_weight(simd: Simd, weights: &[u8]) -> u8 {
    let mut largest = 0;
    super::lanes::largest_byte(simd, weights, &mut largest);
    assert!(largest <= LARGEST_WEIGHT, "dot_tiles: a weight is above {LARGEST_WEIGHT}");
    largest
}

/// Each column of a tile.
fn columns_of_tile(tile: &[u8], stride: usize, length: usize) -> [&[u8]; TILE] {
    std::array::from_fn(|column| &tile[column * stride..][..length])
}

fn scalar(features: [&[u8]; TILE], weights: [&[u8]; TILE], out: &mut [i32; 16]) {
    for (w, weight) in weights.into_iter().enumerate() {
        for (f, feature) in features.into_iter().enumerate() {
            let sum: i32 =
                weight.iter().zip(feature).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
            out[w * TILE + f] += sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::AlignedBytes;

    /// Columns of that many rows, zero beyond them.
    fn columns(count: usize, rows: usize, value: impl Fn(usize) -> u8) -> AlignedBytes {
        let mut bytes = AlignedBytes::default();
        bytes.reset(count * column_stride(rows));
        for (c, column) in bytes.chunks_exact_mut(column_stride(rows)).enumerate() {
            for (row, byte) in column[..rows].iter_mut().enumerate() {
                *byte = value(c * rows + row);
            }
        }
        bytes
    }

    #[test]
    fn every_level_gives_the_plain_sums() {
        let byte = |i: usize, modulus: usize| (i * 7919 % 104_729 % modulus) as u8;
        for rows in [1, 64, 100, 4100] {
            for largest in [1_usize, 8, 63] {
                let features = columns(8, rows, |i| byte(i, 256));
                let weights = columns(12, rows, |i| byte(i, largest + 1));
                let stride = column_stride(rows);
                let plain = |w: usize, f: usize| -> i32 {
                    let weight = &weights[w * stride..][..rows];
                    let feature = &features[f * stride..][..rows];
                    weight.iter().zip(feature).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
                };
                for simd in Simd::available() {
                    let mut sums = vec![1; 96];
                    dot_tiles(simd, &features, &weights, rows, &mut sums);
                    for (w, f) in (0..12).flat_map(|w| (0..8).map(move |f| (w, f))) {
                        let place = (w / 4 * 2 + f / 4) * 16 + w % 4 * 4 + f % 4;
                        assert_eq!(sums[place], plain(w, f) + 1, "{simd:?} {rows} {largest}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_largest_products_do_not_saturate() {
        let (features, weights) = (columns(4, 2048, |_| 255), columns(4, 2048, |_| 63));
        for simd in Simd::available() {
            let mut sums = vec![0; 16];
            dot_tiles(simd, &features, &weights, 2048, &mut sums);
            assert_eq!(sums, vec![255 * 63 * 2048; 16], "{simd:?}");
        }
    }
}
