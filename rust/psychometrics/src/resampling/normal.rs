//! Numbers from random words, by functions that give the same bits everywhere.

/// A number in (0, 1) from 52 bits of two words.
pub fn uniform(high: u32, low: u32) -> f64 {
    let bits = (u64::from(high) << 20) | u64::from(low >> 12);
    (bits as f64 + 0.5) / (1_u64 << 52) as f64
}

/// A standard normal number (Box & Muller 1958).
pub fn standard_normal([a, b, c, d]: [u32; 4]) -> f64 {
    let radius = (-2.0 * libm::log(uniform(a, b))).sqrt();
    radius * libm::cos(std::f64::consts::TAU * uniform(c, d))
}
