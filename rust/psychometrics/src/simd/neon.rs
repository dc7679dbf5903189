//! NEON: bytes are multiplied into 16-bit products, which are added in pairs to 32-bit sums.

use std::arch::aarch64::*;

/// Sixteen dot products of four feature columns with four weight columns, added to `out`.
///
/// # Safety
/// All columns are of one length, a multiple of 16.
#[target_feature(enable = "neon")]
pub unsafe fn tile(features: [&[u8]; 4], weights: [&[u8]; 4], out: &mut [i32; 16]) {
    let length = features[0].len();
    let mut sums = [vdupq_n_u32(0); 16];
    let mut at = 0;
    while at < length {
        let mut feature = [vdupq_n_u8(0); 4];
        let mut weight = [vdupq_n_u8(0); 4];
        for i in 0..4 {
            // SAFETY: at + 16 <= length.
            unsafe {
                feature[i] = vld1q_u8(features[i].as_ptr().add(at));
                weight[i] = vld1q_u8(weights[i].as_ptr().add(at));
            }
        }
        for i in 0..4 {
            for j in 0..4 {
                let low = vmull_u8(vget_low_u8(feature[j]), vget_low_u8(weight[i]));
                let high = vmull_high_u8(feature[j], weight[i]);
                let sum = vpadalq_u16(sums[4 * i + j], low);
                sums[4 * i + j] = vpadalq_u16(sum, high);
            }
        }
        at += 16;
    }
    for (total, sum) in out.iter_mut().zip(sums) {
        *total += vaddvq_u32(sum) as i32;
    }
}
