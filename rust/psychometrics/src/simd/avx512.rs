//! AVX-512 VNNI: one instruction multiplies and adds 64 bytes.

use std::arch::x86_64::*;

use super::philox::{MULTIPLIERS, next_key};

/// Sixteen dot products of four feature rows with four weight rows, added to `out`.
///
/// # Safety
/// The machine has the enabled features; `features` and `weights` hold four rows of `stride` bytes each, and `stride`
/// is a multiple of 64.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub unsafe fn tile(features: &[u8], weights: &[u8], stride: usize, out: &mut [i32; 16]) {
    let mut sums = [_mm512_setzero_si512(); 16];
    let (f, w) = (features.as_ptr(), weights.as_ptr());
    let mut at = 0;
    while at < stride {
        // Not `map`: its closure would not be inlined across the feature boundary.
        let mut feature = [_mm512_setzero_si512(); 4];
        let mut weight = [_mm512_setzero_si512(); 4];
        for i in 0..4 {
            // SAFETY: at + 64 <= stride, and four rows are there.
            unsafe {
                feature[i] = _mm512_loadu_si512(f.add(i * stride + at).cast());
                weight[i] = _mm512_loadu_si512(w.add(i * stride + at).cast());
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
pub fn philox(key: [u32; 2], counter: [u32; 4], words: &mut [u32; 64]) {
    let vectors = philox_vectors(&round_keys(key), counter);
    for (sixteen, vector) in words.chunks_exact_mut(16).zip(vectors) {
        // SAFETY: sixteen words are there.
        unsafe { _mm512_storeu_si512(sixteen.as_mut_ptr().cast(), vector) };
    }
}

/// The keys of all rounds. Kept in memory: as operands there they are broadcast by the load ports, not by the one
/// port that shuffles.
#[inline(never)]
fn round_keys(key: [u32; 2]) -> [[u64; 2]; 10] {
    let mut round_key = key;
    std::array::from_fn(|_| {
        let keys = round_key.map(u64::from);
        round_key = next_key(round_key);
        keys
    })
}

/// Exchanges the halves of each 64-bit lane.
const SWAP: i32 = 0b10_11_00_01;

/// The outputs of sixteen counters, a vector for each word.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn philox_vectors(keys: &[[u64; 2]; 10], counter: [u32; 4]) -> [__m512i; 4] {
    let multiplier0 = _mm512_set1_epi64(MULTIPLIERS[0].into());
    let multiplier1 = _mm512_set1_epi64(MULTIPLIERS[1].into());
    let lanes = _mm512_set_epi32(0, 7, 0, 6, 0, 5, 0, 4, 0, 3, 0, 2, 0, 1, 0, 0);
    let [c0, c1, c2, c3] = counter;
    let first = _mm512_add_epi32(_mm512_set1_epi32(c0 as i32), lanes);
    let second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    let c1 = _mm512_set1_epi32(c1 as i32);
    let c2 = _mm512_set1_epi32(c2 as i32);
    let c3 = _mm512_set1_epi32(c3 as i32);
    // Two groups of eight counters hide each other's latency. Words live in the low halves of 64-bit lanes; the
    // multiplication does not see what is left in the upper halves.
    let mut a = [first, c1, c2, c3];
    let mut b = [second, c1, c2, c3];
    for [key0, key1] in keys {
        let key0 = _mm512_set1_epi64(*key0 as i64);
        let key1 = _mm512_set1_epi64(*key1 as i64);
        for x in [&mut a, &mut b] {
            let product0 = _mm512_mul_epu32(x[0], multiplier0);
            let product1 = _mm512_mul_epu32(x[2], multiplier1);
            // A shuffle, not a shift: shifts compete with multiplications for one port.
            let high0 = _mm512_shuffle_epi32::<SWAP>(product0);
            let high1 = _mm512_shuffle_epi32::<SWAP>(product1);
            // 0x96: the exclusive or of three.
            x[0] = _mm512_ternarylogic_epi64::<0x96>(high1, x[1], key0);
            x[2] = _mm512_ternarylogic_epi64::<0x96>(high0, x[3], key1);
            x[1] = product1;
            x[3] = product0;
        }
    }
    // The even 32-bit words of both groups, in order.
    let even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    let mut words = a;
    for (word, second) in words.iter_mut().zip(b) {
        *word = _mm512_permutex2var_epi32(*word, even, second);
    }
    words
}

/// See [`poisson_counts`](super::poisson_counts).
///
/// # Safety
/// The machine has the enabled features; `counts` is 64 times as long as `open`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub unsafe fn poisson_counts(
    key: [u32; 2],
    counter: [u32; 4],
    limits: [u8; 6],
    counts: &mut [u8],
    open: &mut [u64],
) {
    let keys = round_keys(key);
    let one = _mm512_set1_epi8(1);
    let [mut index, c1, c2, c3] = counter;
    let mut place = counts.as_mut_ptr();
    for open in open.chunks_mut(4) {
        let bytes = philox_vectors(&keys, [index, c1, c2, c3]);
        index = index.wrapping_add(16);
        for (open, bytes) in open.iter_mut().zip(bytes) {
            let mut count = _mm512_setzero_si512();
            let mut above = 0;
            for limit in limits {
                above = _mm512_cmpgt_epu8_mask(bytes, _mm512_set1_epi8(limit as i8));
                count = _mm512_mask_add_epi8(count, above, count, one);
            }
            // The last limit is the highest: what is above it is above all.
            *open = above;
            // SAFETY: there are 64 counts for each word of `open`.
            unsafe {
                _mm512_storeu_si512(place.cast(), count);
                place = place.add(64);
            }
        }
    }
}
