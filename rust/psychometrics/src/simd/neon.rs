//! NEON: bytes are multiplied into 16-bit products, which are added in pairs to 32-bit sums.

use std::arch::aarch64::*;

/// Sixteen dot products of four feature rows with four weight rows, added to `out`.
///
/// # Safety
/// `features` and `weights` hold four rows of `stride` bytes each, and `stride` is a multiple of 16.
#[target_feature(enable = "neon")]
pub unsafe fn tile(features: &[u8], weights: &[u8], stride: usize, out: &mut [i32; 16]) {
    let (f, w) = (features.as_ptr(), weights.as_ptr());
    let mut sums = [vdupq_n_u32(0); 16];
    let mut at = 0;
    while at < stride {
        let mut feature = [vdupq_n_u8(0); 4];
        let mut weight = [vdupq_n_u8(0); 4];
        for i in 0..4 {
            // SAFETY: at + 16 <= stride, and four rows are there.
            unsafe {
                feature[i] = vld1q_u8(f.add(i * stride + at));
                weight[i] = vld1q_u8(w.add(i * stride + at));
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
