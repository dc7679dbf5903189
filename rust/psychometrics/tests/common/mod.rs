//! What the tests share: numbers that look random, surveys made of them, and bounds of what chance allows.

// Each test program uses some of it, and may stop here as it may in a test.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub mod chance;
pub mod matrices;
pub mod reference;
pub mod replicates;
pub mod survey;

/// SplitMix64 (Steele, Lea & Flood 2014): not the generator under test.
#[derive(Debug, Clone)]
pub struct Generator(pub u64);

impl Generator {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    /// In (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Standard normal (Box & Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
