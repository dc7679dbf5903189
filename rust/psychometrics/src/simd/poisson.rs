//! Counts from random bytes, 64 at a time.

#[cfg(target_arch = "x86_64")]
use super::Level;
use super::Simd;
use super::philox::{RoundKeys, philox_chunk};

/// Limits that a byte is compared with.
pub const LIMITS: usize = 5;
/// Bytes that are decided at once.
pub const COUNTS: usize = 64;

/// Fills `counts`, a multiple of [`COUNTS`] long, with the number of `limits` below each random byte.
///
/// Bytes are the outputs of counters that follow `counter`, in the order of [`philox_chunk`], four bytes of a word
/// lowest first. In `open`, a word for each 64 counts, the bits of the bytes above all limits are set.
pub fn poisson_counts(
    simd: Simd,
    keys: &RoundKeys,
    counter: [u32; 4],
    limits: [u8; LIMITS],
    counts: &mut [u8],
    open: &mut [u64],
) {
    assert!(counts.len() == COUNTS * open.len(), "poisson_counts: lengths do not fit");
    // SAFETY: a `Simd` of this level exists only where the machine was seen to have it; there is a word of marks for
    // each 64 counts.
    #[cfg(target_arch = "x86_64")]
    if simd.0 == Level::Avx512 {
        unsafe { super::avx512::poisson_counts(keys, counter, limits, counts, open) };
        return;
    }
    let [mut index, c1, c2, c3] = counter;
    let mut words = [0; 64];
    for (counts, open) in counts.chunks_mut(4 * COUNTS).zip(open.chunks_mut(4)) {
        philox_chunk(simd, keys, [index, c1, c2, c3], &mut words);
        index = index.wrapping_add(16);
        match simd.0 {
            // SAFETY: as above, and there are at most 256 counts.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { super::avx2::poisson_counts(&words, limits, counts, open) },
            _ => plain_counts(&words, limits, counts, open),
        }
    }
}

fn plain_counts(words: &[u32; 64], limits: [u8; LIMITS], counts: &mut [u8], open: &mut [u64]) {
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    open.fill(0);
    for (i, (byte, count)) in bytes.zip(counts).enumerate() {
        *count = limits.iter().map(|&limit| u8::from(byte > limit)).sum();
        open[i / COUNTS] |= u64::from(*count == LIMITS as u8) << (i % COUNTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_gives_the_plain_counts() {
        let keys = &RoundKeys::new([1, 2]);
        let (counter, limits) = ([3, 4, 5, 6], [90, 180, 230, 245, 251]);
        for chunks in [1, 3, 4, 5, 32] {
            let mut expected = vec![0; COUNTS * chunks];
            let mut expected_open = vec![0; chunks];
            let plain = Simd::scalar();
            poisson_counts(plain, keys, counter, limits, &mut expected, &mut expected_open);
            assert!(expected_open.iter().any(|&mask| mask != 0) || chunks < 32);
            for simd in Simd::available() {
                let mut counts = vec![9; COUNTS * chunks];
                let mut open = vec![9; chunks];
                poisson_counts(simd, keys, counter, limits, &mut counts, &mut open);
                assert_eq!((&counts, &open), (&expected, &expected_open), "{simd:?}");
            }
        }
    }
}
