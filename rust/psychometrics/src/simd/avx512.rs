//! AVX-512 VNNI: one instruction multiplies and adds 64 bytes.

use std::arch::x86_64::*;

use super::philox::{MULTIPLIERS, RoundKeys};
use super::poisson::LIMITS;

/// Sixteen dot products of four feature columns with four weight columns, added to `out`.
///
/// # Safety
/// The machine has the enabled features; all columns are of one length, a multiple of 64.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub unsafe fn tile(features: [&[u8]; 4], weights: [&[u8]; 4], out: &mut [i32; 16]) {
    let mut sums = [_mm512_setzero_si512(); 16];
    let length = features[0].len();
    let mut at = 0;
    while at < length {
        // Not `map`: its closure would not be inlined across the feature boundary.
        let mut feature = [_mm512_setzero_si512(); 4];
        let mut weight = [_mm512_setzero_si512(); 4];
        for i in 0..4 {
            // SAFETY: at + 64 <= length.
            unsafe {
                feature[i] = _mm512_loadu_si512(features[i].as_ptr().add(at).cast());
                weight[i] = _mm512_loadu_si512(weights[i].as_ptr().add(at).cast());
            }
        }
        for i in 0..4 {
            for j in 0..4 {
                // Weights are at most 63, so they are the same number signed and unsigned.
                sums[4 * i + j] = _mm512_dpbusd_epi32(sums[4 * i + j], feature[j], weight[i]);
            }
        }
        at += 64;
    }
    let total = reduce(sums);
    // SAFETY: `out` is 64 bytes.
    unsafe {
        let pointer = out.as_mut_ptr().cast();
        _mm512_storeu_si512(pointer, _mm512_add_epi32(_mm512_loadu_si512(pointer), total));
    }
}

/// The sum of each vector, in order: four vectors are transposed and added at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn reduce(v: [__m512i; 16]) -> __m512i {
    // Within each 128-bit lane: element j is the lane's sum of vector j of the four.
    let quad = |a, b, c, d| {
        let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd))
    };
    let q0 = quad(v[0], v[1], v[2], v[3]);
    let q1 = quad(v[4], v[5], v[6], v[7]);
    let q2 = quad(v[8], v[9], v[10], v[11]);
    let q3 = quad(v[12], v[13], v[14], v[15]);
    // Then the four lanes of each are added: a 4 x 4 transpose of lanes.
    let low = _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(q0, q1),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(q0, q1),
    );
    let high = _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(q2, q3),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(q2, q3),
    );
    _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(low, high),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(low, high),
    )
}

/// See [`philox_chunk`](super::philox_chunk).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub fn philox(keys: &RoundKeys, counter: [u32; 4], words: &mut [u32; 64]) {
    let groups = philox_groups::<2>(keys, counter);
    for (word, sixteen) in words.chunks_exact_mut(16).enumerate() {
        let vector = even_words(groups[0][word], groups[1][word]);
        // SAFETY: sixteen words are there.
        unsafe { _mm512_storeu_si512(sixteen.as_mut_ptr().cast(), vector) };
    }
}

/// Exchanges the halves of each 64-bit lane.
const SWAP: i32 = 0b10_11_00_01;

/// The outputs of `N` times eight counters, in the low halves of 64-bit lanes; several groups hide each other's
/// latency.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
fn philox_groups<const N: usize>(keys: &RoundKeys, counter: [u32; 4]) -> [[__m512i; 4]; N] {
    let multiplier0 = _mm512_set1_epi64(MULTIPLIERS[0].into());
    let multiplier1 = _mm512_set1_epi64(MULTIPLIERS[1].into());
    let [c0, c1, c2, c3] = counter;
    let lanes = _mm512_set_epi32(0, 7, 0, 6, 0, 5, 0, 4, 0, 3, 0, 2, 0, 1, 0, 0);
    let mut first = _mm512_add_epi32(_mm512_set1_epi32(c0 as i32), lanes);
    let rest =
        [_mm512_set1_epi32(c1 as i32), _mm512_set1_epi32(c2 as i32), _mm512_set1_epi32(c3 as i32)];
    let mut groups = [[first, rest[0], rest[1], rest[2]]; N];
    for group in &mut groups {
        group[0] = first;
        first = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    }
    // Read from memory, keys are broadcast by the load ports, not by the one that shuffles.
    for [key0, key1] in &keys.0 {
        let key0 = _mm512_set1_epi64(*key0 as i64);
        let key1 = _mm512_set1_epi64(*key1 as i64);
        for x in &mut groups {
            // The multiplication does not see what is left in the upper halves.
            let product0 = _mm512_mul_epu32(x[0], multiplier0);
            let product1 = _mm512_mul_epu32(x[2], multiplier1);
            // One by a shuffle, one by a shift: they are done by different ports.
            let high0 = _mm512_shuffle_epi32::<SWAP>(product0);
            let high1 = _mm512_srli_epi64::<32>(product1);
            // 0x96: the exclusive or of three.
            x[0] = _mm512_ternarylogic_epi64::<0x96>(high1, x[1], key0);
            x[2] = _mm512_ternarylogic_epi64::<0x96>(high0, x[3], key1);
            x[1] = product1;
            x[3] = product0;
        }
    }
    groups
}

/// The even 32-bit words of two vectors, in order.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
fn even_words(low: __m512i, high: __m512i) -> __m512i {
    let even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    _mm512_permutex2var_epi32(low, even, high)
}

/// See [`poisson_counts`](super::poisson_counts).
///
/// # Safety
/// The machine has the enabled features; `counts` is 64 times as long as `open`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub unsafe fn poisson_counts(
    keys: &RoundKeys,
    counter: [u32; 4],
    limits: [u8; LIMITS],
    counts: &mut [u8],
    open: &mut [u64],
) {
    let [mut index, c1, c2, c3] = counter;
    let mut place = counts.as_mut_ptr();
    let mut chunks = open.chunks_exact_mut(8);
    for open in &mut chunks {
        let groups = philox_groups::<4>(keys, [index, c1, c2, c3]);
        index = index.wrapping_add(32);
        for (i, open) in open.iter_mut().enumerate() {
            let bytes = even_words(groups[i / 4 * 2][i % 4], groups[i / 4 * 2 + 1][i % 4]);
            // SAFETY: there are 64 counts for each word of `open`.
            unsafe { *open = count_above(bytes, limits, place) };
            place = place.wrapping_add(64);
        }
    }
    for open in chunks.into_remainder().chunks_mut(4) {
        let groups = philox_groups::<2>(keys, [index, c1, c2, c3]);
        index = index.wrapping_add(16);
        for (i, open) in open.iter_mut().enumerate() {
            let bytes = even_words(groups[0][i], groups[1][i]);
            // SAFETY: as above.
            unsafe { *open = count_above(bytes, limits, place) };
            place = place.wrapping_add(64);
        }
    }
}

/// Writes the number of limits below each byte; the mask of the bytes above the last limit, which is the highest.
///
/// # Safety
/// The machine has the enabled features, and 64 bytes at `place` may be written.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
unsafe fn count_above(bytes: __m512i, limits: [u8; LIMITS], place: *mut u8) -> u64 {
    let mut count = _mm512_setzero_si512();
    let mut above = 0;
    for (below, limit) in limits.into_iter().enumerate() {
        above = _mm512_cmpgt_epu8_mask(bytes, _mm512_set1_epi8(limit as i8));
        count = _mm512_mask_mov_epi8(count, above, _mm512_set1_epi8(below as i8 + 1));
    }
    // SAFETY: 64 bytes are there.
    unsafe { _mm512_storeu_si512(place.cast(), count) };
    above
}
