//! AVX2: bytes are multiplied into 16-bit pairs, which are widened only when they could overflow.

use std::arch::x86_64::*;

use super::philox::{MULTIPLIERS, RoundKeys};
use super::poisson::LIMITS;

/// Sixteen dot products of four feature columns with four weight columns, added to `out`.
///
/// # Safety
/// The machine has AVX2; all columns are of one length, a multiple of 64. No weight is above `largest_weight`, and that
/// is at most 63, so that a pair of products fits 16 bits.
#[target_feature(enable = "avx2")]
pub unsafe fn tile(
    features: [&[u8]; 4],
    weights: [&[u8]; 4],
    largest_weight: u8,
    out: &mut [i32; 16],
) {
    // Each step adds at most 2 * 255 * largest_weight to a 16-bit sum.
    let steps = i16::MAX as usize / (2 * 255 * usize::from(largest_weight.max(1)));
    let ones = _mm256_set1_epi16(1);
    let length = features[0].len();
    // Two weight columns at a time: eight sums, four features and two weights fit the sixteen registers.
    for (half, weights) in weights.chunks_exact(2).enumerate() {
        let mut wide = [_mm256_setzero_si256(); 8];
        let mut at = 0;
        while at < length {
            let end = (at + 32 * steps).min(length);
            let mut pairs = [_mm256_setzero_si256(); 8];
            while at < end {
                // SAFETY: at + 32 <= length.
                let (first, second) = unsafe {
                    (
                        _mm256_loadu_si256(weights[0].as_ptr().add(at).cast()),
                        _mm256_loadu_si256(weights[1].as_ptr().add(at).cast()),
                    )
                };
                for j in 0..4 {
                    // SAFETY: as above.
                    let feature =
                        unsafe { _mm256_loadu_si256(features[j].as_ptr().add(at).cast()) };
                    let product = _mm256_maddubs_epi16(feature, first);
                    pairs[j] = _mm256_add_epi16(pairs[j], product);
                    let product = _mm256_maddubs_epi16(feature, second);
                    pairs[4 + j] = _mm256_add_epi16(pairs[4 + j], product);
                }
                at += 32;
            }
            for (sum, pair) in wide.iter_mut().zip(pairs) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pair, ones));
            }
        }
        for (sum, vector) in out[8 * half..].iter_mut().zip(wide) {
            *sum += horizontal_sum(vector);
        }
    }
}

#[target_feature(enable = "avx2")]
fn horizontal_sum(v: __m256i) -> i32 {
    let quad = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v));
    let pair = _mm_add_epi32(quad, _mm_shuffle_epi32::<0b01_00_11_10>(quad));
    _mm_cvtsi128_si32(_mm_add_epi32(pair, _mm_shuffle_epi32::<0b10_11_00_01>(pair)))
}

/// See [`philox_chunk`](super::philox_chunk).
#[target_feature(enable = "avx2")]
pub fn philox(keys: &RoundKeys, counter: [u32; 4], words: &mut [u32; 64]) {
    let multiplier0 = _mm256_set1_epi64x(MULTIPLIERS[0].into());
    let multiplier1 = _mm256_set1_epi64x(MULTIPLIERS[1].into());
    let lanes = _mm256_set_epi32(0, 3, 0, 2, 0, 1, 0, 0);
    let [c0, c1, c2, c3] = counter.map(|word| _mm256_set1_epi32(word as i32));
    // Two groups of four counters at a time, as in the wider version.
    for half in [0, 8] {
        let first = _mm256_add_epi32(_mm256_add_epi32(c0, lanes), _mm256_set1_epi32(half));
        let mut a = [first, c1, c2, c3];
        let mut b = [_mm256_add_epi32(first, _mm256_set1_epi32(4)), c1, c2, c3];
        for [key0, key1] in &keys.0 {
            let key0 = _mm256_set1_epi64x(*key0 as i64);
            let key1 = _mm256_set1_epi64x(*key1 as i64);
            for x in [&mut a, &mut b] {
                let product0 = _mm256_mul_epu32(x[0], multiplier0);
                let product1 = _mm256_mul_epu32(x[2], multiplier1);
                let high0 = _mm256_shuffle_epi32::<0b10_11_00_01>(product0);
                let high1 = _mm256_shuffle_epi32::<0b10_11_00_01>(product1);
                x[0] = _mm256_xor_si256(_mm256_xor_si256(high1, x[1]), key0);
                x[2] = _mm256_xor_si256(_mm256_xor_si256(high0, x[3]), key1);
                x[1] = product1;
                x[3] = product0;
            }
        }
        // The even 32-bit words of both vectors, in order.
        let even = _mm256_set_epi32(7, 5, 3, 1, 6, 4, 2, 0);
        for word in 0..4 {
            let low = _mm256_permutevar8x32_epi32(a[word], even);
            let high = _mm256_permutevar8x32_epi32(b[word], even);
            let both = _mm256_permute2x128_si256::<0x20>(low, high);
            // SAFETY: eight words from 16 * word + half, of 64.
            unsafe {
                let place = words.as_mut_ptr().add(16 * word + half as usize);
                _mm256_storeu_si256(place.cast(), both);
            }
        }
    }
}

/// See [`poisson_counts`](super::poisson_counts); at most 256 counts, of random words.
///
/// # Safety
/// The machine has AVX2; `counts` is 64 times as long as `open`.
#[target_feature(enable = "avx2")]
pub unsafe fn poisson_counts(
    words: &[u32; 64],
    limits: [u8; LIMITS],
    counts: &mut [u8],
    open: &mut [u64],
) {
    // Unsigned comparisons, by turning both sides' highest bit.
    let turn = _mm256_set1_epi8(i8::MIN);
    for (i, open) in open.iter_mut().enumerate().take(4) {
        *open = 0;
        for half in 0..2 {
            let place = 64 * i + 32 * half;
            // SAFETY: 32 of 256 bytes.
            let bytes =
                unsafe { _mm256_loadu_si256(words.as_ptr().cast::<u8>().add(place).cast()) };
            let bytes = _mm256_xor_si256(bytes, turn);
            let mut count = _mm256_setzero_si256();
            let mut above = count;
            for limit in limits {
                above = _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8((limit ^ 0x80) as i8));
                count = _mm256_sub_epi8(count, above);
            }
            *open |= u64::from(_mm256_movemask_epi8(above) as u32) << (32 * half);
            // SAFETY: 64 counts for each word of `open`.
            unsafe { _mm256_storeu_si256(counts.as_mut_ptr().add(place).cast(), count) };
        }
    }
}
