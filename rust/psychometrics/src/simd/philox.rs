//! Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011), a counter-based random generator.

#[cfg(target_arch = "x86_64")]
use super::Level;
use super::Simd;

pub(super) const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// The keys of all ten rounds.
#[derive(Debug, Clone, Copy)]
pub struct RoundKeys(pub(super) [[u64; 2]; 10]);

impl RoundKeys {
    /// From the key of the generator.
    pub fn new(key: [u32; 2]) -> RoundKeys {
        let mut round_key = key;
        RoundKeys(std::array::from_fn(|_| {
            let keys = round_key.map(u64::from);
            for (word, step) in round_key.iter_mut().zip(WEYL) {
                *word = word.wrapping_add(step);
            }
            keys
        }))
    }
}

/// One output.
pub fn philox4x32(counter: [u32; 4], keys: &RoundKeys) -> [u32; 4] {
    let mut x = counter;
    for [key0, key1] in keys.0 {
        let product0 = u64::from(x[0]) * u64::from(MULTIPLIERS[0]);
        let product1 = u64::from(x[2]) * u64::from(MULTIPLIERS[1]);
        x = [
            (product1 >> 32) as u32 ^ x[1] ^ key0 as u32,
            product1 as u32,
            (product0 >> 32) as u32 ^ x[3] ^ key1 as u32,
            product0 as u32,
        ];
    }
    x
}

/// The outputs of sixteen counters that follow each other in their first word.
///
/// Word `q` of counter `i` is at `words[16 * q + i]`.
pub fn philox_chunk(simd: Simd, keys: &RoundKeys, counter: [u32; 4], words: &mut [u32; 64]) {
    match simd.0 {
        // SAFETY: a `Simd` of this level exists only where the machine was seen to have it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { super::avx512::philox(keys, counter, words) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { super::avx2::philox(keys, counter, words) },
        _ => {
            for i in 0..16 {
                let [c0, c1, c2, c3] = counter;
                let output = philox4x32([c0.wrapping_add(i as u32), c1, c2, c3], keys);
                for (q, word) in output.into_iter().enumerate() {
                    words[16 * q + i] = word;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_of_random123() {
        assert_eq!(
            philox4x32([0; 4], &RoundKeys::new([0; 2])),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], &RoundKeys::new([u32::MAX; 2])),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                &RoundKeys::new([0xa409_3822, 0x299f_31d0])
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn chunks_are_the_plain_outputs_at_every_level() {
        let keys = RoundKeys::new([0x89AB_CDEF, 0x0123_4567]);
        for simd in Simd::available() {
            for first in [0, 40, u32::MAX - 3] {
                let mut words = [0; 64];
                philox_chunk(simd, &keys, [first, 5, 11, 7], &mut words);
                for i in 0..16 {
                    let plain = philox4x32([first.wrapping_add(i as u32), 5, 11, 7], &keys);
                    assert_eq!([0, 1, 2, 3].map(|q| words[16 * q + i]), plain, "{simd:?}");
                }
            }
        }
    }
}
