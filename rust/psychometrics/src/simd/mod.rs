//! Inner loops with run-time choice of the instruction set. The only unsafe code of the crate.
//!
//! Every loop works on integers, or on reals in a fixed order, so each level gives the same bits.

mod aligned;
mod dot;
mod forms;
mod lanes;
mod normal;
mod philox;
mod poisson;
mod splits;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

pub use aligned::AlignedBytes;
pub use dot::{LARGEST_WEIGHT, ROW_STEP, TILE, column_stride, dot_tiles};
pub use forms::{
    add_column_multiple, add_mixed_power_sums, add_power_sums, centred_products, product_forms,
};
pub use lanes::{
    add_column, add_multiple, add_multiple_reals, byte_dot, byte_products, quadratic_forms,
    real_dots, scale_halves, small_byte_products, sum_small_bytes,
};
pub use normal::{CORNERS, Node, add_densities, conditional_cdfs, density_slopes};
pub use philox::{RoundKeys, philox_chunk, philox4x32};
pub use poisson::{COUNTS, LIMITS, poisson_counts};
pub use splits::{Exchange, LANES, best_exchange, exchange_pulls, sum_of_rows};

use crate::error::{Error, Result};

/// The variable that forces a level: `scalar`, `neon`, `avx2` or `avx512`.
pub const VARIABLE: &str = "COMPASSION_PSY_SIMD";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Scalar,
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// An instruction set that this machine was seen to have; the plain one unless another is asked for.
///
/// It can only be made by asking the machine, which is what makes the calls in this module sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd(Level);

impl Default for Simd {
    fn default() -> Simd {
        Simd::scalar()
    }
}

impl Simd {
    /// The levels of this machine, slowest first.
    pub fn available() -> Vec<Simd> {
        #[allow(unused_mut)]
        let mut levels = vec![Simd(Level::Scalar)];
        #[cfg(target_arch = "aarch64")]
        levels.push(Simd(Level::Neon));
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                levels.push(Simd(Level::Avx2));
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni")
            {
                levels.push(Simd(Level::Avx512));
            }
        }
        levels
    }

    /// The level's name, as [`VARIABLE`] takes it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "aarch64")]
            Level::Neon => "neon",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    /// The plain level, which every machine has.
    pub fn scalar() -> Simd {
        Simd(Level::Scalar)
    }

    /// The level of that name, if this machine has it.
    pub fn named(name: &str) -> Result<Simd> {
        let available = Simd::available();
        available.iter().copied().find(|simd| simd.name() == name).ok_or_else(|| {
            let names: Vec<_> = available.iter().map(|simd| simd.name()).collect();
            Error::Unsupported(format!(
                "the instruction set {name:?} is not available here; this machine has: {} \
                 (set {VARIABLE} to one of these, or unset it)",
                names.join(", ")
            ))
        })
    }

    /// The level that [`VARIABLE`] names, else the best of this machine.
    pub fn chosen() -> Result<Simd> {
        match std::env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => Simd::named(&name),
            _ => Ok(Simd::available().last().copied().unwrap_or(Simd::scalar())),
        }
    }
}

/// Compiles one plain function for each instruction set of the machine's family and calls the right one.
macro_rules! multiversion {
    ($(#[$meta:meta])* pub fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:path) => {
        $(#[$meta])*
        pub fn $name(simd: $crate::simd::Simd, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($arg: $type),*) {
                $body($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
            fn avx512($($arg: $type),*) {
                $body($($arg),*)
            }
            match simd.0 {
                $crate::simd::Level::Scalar => $body($($arg),*),
                #[cfg(target_arch = "aarch64")]
                $crate::simd::Level::Neon => $body($($arg),*),
                // SAFETY: a `Simd` of this level exists only where the machine was seen to have it.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}
use multiversion;
