//! The bivariate normal distribution at many corners of cells at once.
//!
//! Additions and multiplications of each corner are the same ones in the same order at every level, and none is fused:
//! so the bits are.

use std::f64::consts::{FRAC_1_SQRT_2, LOG2_E, PI};

use super::multiversion;

/// Corners that are taken at once: slices of corners are multiples of it.
pub const CORNERS: usize = 8;

/// A weight, a correlation, and one over what it leaves of the variance: a node of an integral over correlations.
pub type Node = [f64; 3];

/// Below, the exponential is next to the smallest number.
const LOWEST: f64 = -708.0;
/// Added to a number of moderate size, this leaves its nearest integer in the lowest bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
const MANTISSA_BITS: u32 = 52;
/// The logarithm of two: so few bits that its multiples are exact, and what they lack.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// (exp(r) - 1 - r) / r² by powers of r, up to half the logarithm of two: interpolation at Chebyshev points, whose
/// error is 1e-16.
const EXPONENTIAL: [f64; 10] = [
    0.5,
    0.166_666_666_666_666_69,
    0.041_666_666_666_624_164,
    0.008_333_333_333_330_065,
    0.001_388_888_891_719_671_9,
    0.000_198_412_698_630_405_45,
    2.480_152_132_236_869e-5,
    2.755_726_848_031_002_4e-6,
    2.762_007_587_998_336_7e-7,
    2.510_037_583_256_123_4e-8,
];

/// exp(x²) erfc(x) (1 + 2x) for x from zero on, by powers of t = (x - MIDDLE) / (x + MIDDLE), a variable that Shepherd
/// & Laframboise (1981) proposed: interpolation at Chebyshev points, whose error is 1e-17.
const COMPLEMENT: [f64; 27] = [
    1.237_512_630_837_827_5,
    -0.140_240_598_585_547_02,
    0.003_585_415_485_463_656,
    0.082_276_738_490_151_03,
    -0.108_803_930_141_705_56,
    0.092_304_321_160_198_04,
    -0.058_693_398_590_589_29,
    0.028_362_277_421_519_668,
    -0.009_746_579_547_145_438,
    0.001_755_625_832_389_553_4,
    0.000_293_713_591_593_492,
    -0.000_290_153_979_132_248_6,
    5.164_942_174_523_646_5e-5,
    2.238_391_153_191_697_6e-5,
    -1.144_508_983_794_941e-5,
    -9.728_484_952_656_482e-7,
    1.753_524_629_869_782_5e-6,
    -5.826_439_766_695_699e-8,
    -2.612_582_098_890_152_7e-7,
    2.429_131_177_189_471e-8,
    4.107_398_937_332_565e-8,
    -4.390_251_943_140_879e-9,
    -6.606_829_477_916_605e-9,
    5.460_657_473_630_792e-10,
    9.234_867_707_529_155e-10,
    -3.758_730_803_562_325_7e-11,
    -7.666_209_795_998_097e-11,
];
const MIDDLE: f64 = 3.75;

/// exp(x) of a number that is not positive.
#[inline(always)]
fn exponential(x: f64) -> f64 {
    let x = if x > LOWEST { x } else { LOWEST };
    let shifted = x * LOG2_E + SHIFT;
    let whole = shifted - SHIFT;
    let r = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let value = 1.0 + (r + r * r * polynomial(&EXPONENTIAL, r));
    f64::from_bits(value.to_bits().wrapping_add(shifted.to_bits() << MANTISSA_BITS))
}

#[inline(always)]
fn polynomial<const TERMS: usize>(coefficients: &[f64; TERMS], x: f64) -> f64 {
    let mut sum = coefficients[TERMS - 1];
    for power in (0..TERMS - 1).rev() {
        sum = sum * x + coefficients[power];
    }
    sum
}

/// The standard normal distribution function.
#[inline(always)]
fn cdf(z: f64) -> f64 {
    let x = z.abs() * FRAC_1_SQRT_2;
    let t = (x - MIDDLE) / (x + MIDDLE);
    let tail = 0.5 * exponential(-0.5 * z * z) * polynomial(&COMPLEMENT, t) / (1.0 + 2.0 * x);
    if z > 0.0 { 1.0 - tail } else { tail }
}

#[inline(always)]
fn lanes(corners: &[f64]) -> [f64; CORNERS] {
    corners.first_chunk().copied().unwrap_or([0.0; CORNERS])
}

multiversion! {
    /// Adds the integral of the bivariate density over correlations to each corner's sum.
    ///
    /// `products` has h k of each corner, `squares` (h² + k²) / 2.
    pub fn add_densities(products: &[f64], squares: &[f64], nodes: &[Node], sums: &mut [f64])
        = add_densities_body
}

#[inline(always)]
fn add_densities_body(products: &[f64], squares: &[f64], nodes: &[Node], sums: &mut [f64]) {
    let corners = products.chunks_exact(CORNERS).zip(squares.chunks_exact(CORNERS));
    for ((product, square), sums) in corners.zip(sums.chunks_exact_mut(CORNERS)) {
        let (product, square, mut total) = (lanes(product), lanes(square), lanes(sums));
        for [weight, rho, reciprocal] in nodes {
            for corner in 0..CORNERS {
                let exponent = (rho * product[corner] - square[corner]) * reciprocal;
                total[corner] += weight * exponential(exponent);
            }
        }
        sums.copy_from_slice(&total);
    }
}

multiversion! {
    /// The bivariate density of each corner, and its first and second derivative by the correlation.
    pub fn density_slopes(
        products: &[f64],
        squares: &[f64],
        rho: f64,
        density: &mut [f64],
        first: &mut [f64],
        second: &mut [f64],
    ) = density_slopes_body
}

#[inline(always)]
fn density_slopes_body(
    products: &[f64],
    squares: &[f64],
    rho: f64,
    density: &mut [f64],
    first: &mut [f64],
    second: &mut [f64],
) {
    let reciprocal = 1.0 / ((1.0 - rho) * (1.0 + rho));
    let scale = reciprocal.sqrt() / (2.0 * PI);
    let corners = products.chunks_exact(CORNERS).zip(squares.chunks_exact(CORNERS));
    let out = density.chunks_exact_mut(CORNERS).zip(first.chunks_exact_mut(CORNERS));
    let out = out.zip(second.chunks_exact_mut(CORNERS));
    for ((product, square), ((density, first), second)) in corners.zip(out) {
        let (product, square) = (lanes(product), lanes(square));
        let [mut values, mut slopes, mut bends] = [[0.0; CORNERS]; 3];
        for corner in 0..CORNERS {
            let exponent = (rho * product[corner] - square[corner]) * reciprocal;
            let distance = -2.0 * exponent;
            // The derivative of the logarithm, and the derivative of that.
            let slope = (rho + product[corner] - rho * distance) * reciprocal;
            let turn = 2.0 * rho * (distance * rho - product[corner]) * reciprocal;
            let bend = (1.0 - distance - turn + 2.0 * rho * slope) * reciprocal;
            let value = scale * exponential(exponent);
            values[corner] = value;
            slopes[corner] = value * slope;
            bends[corner] = value * (slope * slope + bend);
        }
        density.copy_from_slice(&values);
        first.copy_from_slice(&slopes);
        second.copy_from_slice(&bends);
    }
}

multiversion! {
    /// The probability of each corner that the other variable is at most `to`, given that one is at `from`.
    pub fn conditional_cdfs(from: &[f64], to: &[f64], rho: f64, below: &mut [f64])
        = conditional_cdfs_body
}

#[inline(always)]
fn conditional_cdfs_body(from: &[f64], to: &[f64], rho: f64, below: &mut [f64]) {
    let reciprocal = 1.0 / ((1.0 - rho) * (1.0 + rho)).sqrt();
    let corners = from.chunks_exact(CORNERS).zip(to.chunks_exact(CORNERS));
    for ((from, to), below) in corners.zip(below.chunks_exact_mut(CORNERS)) {
        let (from, to) = (lanes(from), lanes(to));
        let mut found = [0.0; CORNERS];
        for corner in 0..CORNERS {
            found[corner] = cdf((to[corner] - rho * from[corner]) * reciprocal);
        }
        below.copy_from_slice(&found);
    }
}
