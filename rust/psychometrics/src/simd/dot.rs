//! Dot products of byte columns with byte weights: the work of a bootstrap.

use super::{Level, Simd};

/// Features and replicates are taken four by four.
pub const TILE: usize = 4;
/// The largest weight: twice 255 times this fits the 16 bits in which AVX2 adds pairs of products.
pub const LARGEST_WEIGHT: u8 = 63;
/// Rows are padded to a multiple of this.
pub const ROW_STEP: usize = 64;

/// Adds, for each tile of four weight rows and four features, the sixteen dot products to `sums`.
///
/// `features` and `weights` hold rows of `stride` bytes (a multiple of [`ROW_STEP`]); their numbers of rows are
/// multiples of [`TILE`]. No weight is above `largest_weight`, which is at most 63. `sums` has a tile of sixteen after the other: for each four weight
/// rows, for each four features, `[4 * weight + feature]`.
pub fn dot_tiles(
    simd: Simd,
    features: &[u8],
    weights: &[u8],
    largest_weight: u8,
    stride: usize,
    sums: &mut [i32],
) {
    let tile_bytes = TILE * stride;
    assert!(
        stride.is_multiple_of(ROW_STEP)
            && stride > 0
            && largest_weight <= LARGEST_WEIGHT
            && features.len().is_multiple_of(tile_bytes)
            && weights.len().is_multiple_of(tile_bytes)
            && sums.len() == (features.len() / stride) * (weights.len() / stride),
        "dot_tiles: lengths do not fit"
    );
    let feature_tiles = features.len() / tile_bytes;
    // A feature tile stays in the first-level cache while all weight rows pass over it.
    for (f, feature_tile) in features.chunks_exact(tile_bytes).enumerate() {
        for (w, weight_tile) in weights.chunks_exact(tile_bytes).enumerate() {
            let at = (w * feature_tiles + f) * TILE * TILE;
            let Some(out) = sums[at..].first_chunk_mut::<16>() else { return };
            match simd.0 {
                Level::Scalar => scalar(feature_tile, weight_tile, stride, out),
                // SAFETY: a `Simd` of this level exists only where the machine was seen to have it; both tiles are
                // four rows of `stride` bytes, a multiple of 64.
                #[cfg(target_arch = "aarch64")]
                Level::Neon => unsafe { super::neon::tile(feature_tile, weight_tile, stride, out) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe {
                    super::avx2::tile(feature_tile, weight_tile, largest_weight, stride, out)
                },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe {
                    super::avx512::tile(feature_tile, weight_tile, stride, out)
                },
            }
        }
    }
}

fn scalar(features: &[u8], weights: &[u8], stride: usize, out: &mut [i32; 16]) {
    for (w, weight) in weights.chunks_exact(stride).enumerate() {
        for (f, feature) in features.chunks_exact(stride).enumerate() {
            let sum: i32 =
                weight.iter().zip(feature).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
            out[w * TILE + f] += sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_gives_the_plain_sums() {
        let stride = 192;
        let byte = |i: usize, modulus: usize| (i * 7919 % 104_729 % modulus) as u8;
        for largest_weight in [1, 8, 63] {
            let features: Vec<u8> = (0..8 * stride).map(|i| byte(i, 256)).collect();
            let weights: Vec<u8> = (0..12 * stride).map(|i| byte(i, largest_weight + 1)).collect();
            let mut expected = vec![1; 96];
            dot_tiles(
                Simd::scalar(),
                &features,
                &weights,
                largest_weight as u8,
                stride,
                &mut expected,
            );
            let first: i32 =
                (0..stride).map(|i| i32::from(features[i]) * i32::from(weights[i])).sum();
            assert_eq!(expected[0], first + 1);
            for simd in Simd::available() {
                let mut sums = vec![1; 96];
                dot_tiles(simd, &features, &weights, largest_weight as u8, stride, &mut sums);
                assert_eq!(sums, expected, "{simd:?}");
            }
        }
    }

    #[test]
    fn the_largest_products_do_not_saturate() {
        let (features, weights) = (vec![255_u8; 4 * 2048], vec![63_u8; 4 * 2048]);
        for simd in Simd::available() {
            let mut sums = vec![0; 16];
            dot_tiles(simd, &features, &weights, 63, 2048, &mut sums);
            assert_eq!(sums, vec![255 * 63 * 2048; 16], "{simd:?}");
        }
    }
}
