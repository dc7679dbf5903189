//! The law of resampled weights: counts are multinomial, exponential weights exponential.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::chance::{
    assert_binomial, assert_cells, assert_chi_square, assert_distribution, assert_mean,
};
use common::survey::Survey;
use psychometrics::resampling::{
    BLOCK, Multinomial, Plan, Scratch, Stream, Weights, exponential_weights, unit_weights,
};
use psychometrics::simd::Simd;

/// The counts of all units in one replicate of the first stratum, block by block.
fn counts(units: usize, replicate: u32) -> Vec<u8> {
    let simd = Simd::chosen().unwrap();
    let multinomial = Multinomial { simd, stream: Stream::new(7, 0, replicate) };
    let mut shares = Vec::new();
    multinomial.block_shares(units, &mut shares);
    assert_eq!(shares.len(), units.div_ceil(BLOCK));
    assert_eq!(shares.iter().sum::<u32>() as usize, units);
    let mut all = Vec::new();
    for (block, &share) in shares.iter().enumerate() {
        all.extend(block_counts(replicate, block, share, BLOCK.min(units - block * BLOCK)));
    }
    all
}

/// The counts of one block, after a look at what is promised of them.
fn block_counts(replicate: u32, block: usize, share: u32, units: usize) -> Vec<u8> {
    let simd = Simd::chosen().unwrap();
    let multinomial = Multinomial { simd, stream: Stream::new(7, 0, replicate) };
    let mut counts = vec![255; units.next_multiple_of(64)];
    multinomial
        .block_counts(block as u32, share, units, &mut counts, &mut Scratch::default())
        .unwrap();
    assert!(counts[units..].iter().all(|&count| count == 0));
    counts.truncate(units);
    assert_eq!(counts.iter().map(|&count| u32::from(count)).sum::<u32>(), share);
    counts
}

/// All ways to draw as often as there are units, with their probabilities.
fn all_counts(units: usize) -> Vec<(Vec<u8>, f64)> {
    let mut ways = vec![Vec::new()];
    for _ in 0..units {
        ways = (0..units)
            .flat_map(|drawn| ways.iter().map(move |way| [&way[..], &[drawn]].concat()))
            .collect();
    }
    let share = 1.0 / ways.len() as f64;
    let mut cells: Vec<(Vec<u8>, f64)> = Vec::new();
    for way in ways {
        let mut counts = vec![0; units];
        way.iter().for_each(|&unit| counts[unit] += 1);
        match cells.iter_mut().find(|(known, _)| *known == counts) {
            Some((_, p)) => *p += share,
            None => cells.push((counts, share)),
        }
    }
    cells
}

fn cell(cells: &[(Vec<u8>, f64)], counts: &[u8]) -> usize {
    cells.iter().position(|(known, _)| known == counts).unwrap()
}

#[test]
fn every_way_to_draw_four_comes_as_often_as_it_should() {
    let cells = all_counts(4);
    assert_eq!(cells.len(), 35);
    let mut observed = vec![0.0; cells.len()];
    for replicate in 0..150_000 {
        observed[cell(&cells, &counts(4, replicate))] += 1.0;
    }
    let probabilities: Vec<f64> = cells.iter().map(|(_, p)| *p).collect();
    assert_cells(&observed, &probabilities, 1, "counts of four");
}

/// The joint law of two draws of three is the product of the law of one.
fn assert_independent_pairs(pairs: impl Iterator<Item = (Vec<u8>, Vec<u8>)>, what: &str) {
    let cells = all_counts(3);
    let mut observed = vec![0.0; cells.len() * cells.len()];
    for (left, right) in pairs {
        observed[cell(&cells, &left) * cells.len() + cell(&cells, &right)] += 1.0;
    }
    let product = |(_, p): &(Vec<u8>, f64)| cells.iter().map(|(_, q)| p * q).collect::<Vec<f64>>();
    let probabilities: Vec<f64> = cells.iter().flat_map(product).collect();
    assert_cells(&observed, &probabilities, 1, what);
}

#[test]
fn groups_strata_replicates_and_seeds_are_independent() {
    let survey = Survey::of(vec![0; 9], 9, 1).grouped(&[0, 3, 9]).stratified(&[0, 3, 6, 9]);
    let responses = survey.responses();
    let drawn = |seed, group, replicate| -> Vec<u8> {
        let plan = Plan { seed, replicates: 1, weights: Weights::Multinomial };
        let weights = unit_weights(Simd::scalar(), &responses, plan, group, replicate).unwrap();
        weights.iter().map(|&weight| weight as u8).collect()
    };
    let all = 0..40_000;
    assert_independent_pairs(
        all.clone().map(|b| (drawn(1, 0, b), drawn(1, 1, b)[..3].to_vec())),
        "groups",
    );
    assert_independent_pairs(
        all.clone().map(|b| drawn(1, 1, b)).map(|both| (both[..3].to_vec(), both[3..].to_vec())),
        "strata",
    );
    assert_independent_pairs(
        all.clone().map(|b| (drawn(1, 0, b), drawn(1, 0, b + 1))),
        "replicates",
    );
    // Seeds that share their lower half, and seeds that follow each other.
    for other in [2, 1 + (1 << 32)] {
        assert_independent_pairs(
            all.clone().map(|b| (drawn(1, 0, b), drawn(other, 0, b))),
            "seeds",
        );
    }
}

#[test]
fn counts_over_several_blocks_have_the_moments_of_the_multinomial() {
    several_blocks(600);
}

#[test]
#[ignore = "slow: 60,000 replicates of more than two blocks"]
fn counts_over_several_blocks_have_the_moments_of_the_multinomial_at_length() {
    several_blocks(60_000);
}

fn several_blocks(replicates: u32) {
    const UNITS: usize = 2 * BLOCK + 904;
    let n = UNITS as f64;
    let lags = [1, 2, 4, 16, 31, 64, 256, BLOCK / 2, BLOCK, 2 * BLOCK];
    let sizes = [BLOCK, BLOCK, UNITS - 2 * BLOCK];
    let positions = [0, 1, 63, 64, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, UNITS - 1];
    let mut seen = vec![Vec::new(); positions.len()];
    let mut block_sums = vec![Vec::new(); 3];
    let (mut squares, mut variances) = (Vec::new(), Vec::new());
    let mut at_lag = vec![Vec::new(); lags.len()];
    let mut within = vec![Vec::new(); 3];
    let mut across = vec![Vec::new(); 3];
    let mut occupied = vec![0.0; UNITS + 1];
    for replicate in 0..replicates {
        let counts = counts(UNITS, replicate);
        let centred: Vec<f64> = counts.iter().map(|&count| f64::from(count) - 1.0).collect();
        for (seen, &position) in seen.iter_mut().zip(&positions) {
            seen.push(u64::from(counts[position]));
        }
        let sum: f64 = centred.iter().map(|x| x * x).sum();
        squares.push(sum);
        variances.push((sum - (n - 1.0)).powi(2));
        for (products, &lag) in at_lag.iter_mut().zip(&lags) {
            products.push(centred.iter().zip(&centred[lag..]).map(|(x, y)| x * y).sum());
        }
        let blocks: Vec<&[f64]> = centred.chunks(BLOCK).collect();
        let sums: Vec<f64> = blocks.iter().map(|block| block.iter().sum()).collect();
        for b in 0..3 {
            block_sums[b].push((sums[b] + sizes[b] as f64) as u64);
            let own: f64 = blocks[b].iter().map(|x| x * x).sum();
            within[b].push((sums[b] * sums[b] - own) / 2.0);
            across[b].push(sums[b] * sums[(b + 1) % 3]);
        }
        counts.iter().for_each(|&count| occupied[usize::from(count)] += 1.0);
    }
    // Of one unit n p (1 - p); what that sum of squares varies by is Pearson's statistic's variance.
    assert_mean(&squares, n - 1.0, "variances");
    assert_mean(&variances, 2.0 * (n - 1.0) * (1.0 - 1.0 / n), "the spread of variances");
    // Of two units -n p², at whatever distance.
    for (products, lag) in at_lag.iter().zip(lags) {
        assert_mean(products, -((UNITS - lag) as f64) / n, &format!("covariances at lag {lag}"));
    }
    for b in 0..3 {
        let size = sizes[b] as f64;
        let share = size / n;
        let drawn = block_sums[b].iter().copied();
        assert_binomial(drawn, UNITS as u64, share, &format!("draws of block {b}"));
        let pairs = size * (size - 1.0) / 2.0;
        assert_mean(&within[b], -pairs / n, &format!("covariances within block {b}"));
        let other = sizes[(b + 1) % 3] as f64;
        assert_mean(&across[b], -size * other / n, &format!("covariances of block {b} and next"));
    }
    for (seen, position) in seen.iter().zip(positions) {
        let seen = seen.iter().copied();
        assert_binomial(seen, UNITS as u64, 1.0 / n, &format!("counts of unit {position}"));
    }
    // All units together: that their counts sum to n is one condition more.
    let trials = statrs::distribution::Binomial::new(1.0 / n, UNITS as u64).unwrap();
    let probabilities: Vec<f64> =
        (0..=UNITS as u64).map(|x| statrs::distribution::Discrete::pmf(&trials, x)).collect();
    assert_cells(&occupied, &probabilities, 2, "counts of all units");
}

#[test]
fn a_last_block_of_one_unit_is_drawn_like_any_other() {
    let last = (0..20_000).map(|replicate| u64::from(counts(BLOCK + 1, replicate)[BLOCK]));
    assert_binomial(last, BLOCK as u64 + 1, 1.0 / (BLOCK as f64 + 1.0), "the last unit");
}

#[test]
fn shares_far_from_the_number_of_units_are_multinomial_too() {
    for (units, share, replicates) in [(10, 100, 20_000), (1000, 1300, 500), (1000, 20, 2000)] {
        let mut first = Vec::new();
        let mut totals = vec![0.0; units];
        let mut repeated = Vec::new();
        for replicate in 0..replicates {
            let counts = block_counts(replicate, 3, share, units);
            first.push(u64::from(counts[0]));
            for (total, &count) in totals.iter_mut().zip(&counts) {
                *total += f64::from(count);
            }
            repeated.push(counts.iter().map(|&c| f64::from(c) * (f64::from(c) - 1.0)).sum());
        }
        let what = format!("{share} of {units}");
        let draws = f64::from(share);
        assert_binomial(first.iter().copied(), share.into(), 1.0 / units as f64, &what);
        // All draws of all replicates fall on the units evenly.
        let expected = draws * f64::from(replicates) / units as f64;
        let statistic = totals.iter().map(|t| (t - expected).powi(2) / expected).sum();
        assert_chi_square(statistic, units - 1, &what);
        // Ordered pairs of draws that meet.
        assert_mean(&repeated, draws * (draws - 1.0) / units as f64, &what);
    }
}

/// Exponential weights of mean one.
fn exponential(units: usize, block: u32, replicate: u32) -> Vec<f64> {
    let stream = Stream::new(3, 5, replicate);
    let mut weights = vec![0; units];
    exponential_weights(Simd::chosen().unwrap(), &stream, block, &mut weights);
    weights.iter().map(|&weight| f64::from(weight) / f64::from(1 << 19)).collect()
}

#[test]
fn exponential_weights_are_exponential() {
    let mut all = Vec::new();
    for replicate in 0..40 {
        for block in 0..2 {
            all.extend(exponential(BLOCK, block, replicate));
        }
    }
    assert!(all.iter().all(|&weight| (0.0..32.0).contains(&weight)));
    assert_mean(&all, 1.0, "mean");
    let squares: Vec<f64> = all.iter().map(|w| (w - 1.0).powi(2)).collect();
    assert_mean(&squares, 1.0, "variance");
    for lag in [1, 32, BLOCK, 2 * BLOCK] {
        // Every other product: those are independent.
        let products: Vec<f64> = all
            .chunks_exact(2 * lag)
            .flat_map(|pair| (0..lag).map(|i| (pair[i] - 1.0) * (pair[lag + i] - 1.0)))
            .collect();
        assert_mean(&products, 0.0, &format!("covariance at lag {lag}"));
    }
    assert_distribution(&mut all, |x| 1.0 - (-x).exp(), "distribution");
}

#[test]
fn exponential_weights_over_their_sum_are_dirichlet() {
    const CELLS: usize = 8;
    let mut observed = vec![0.0; CELLS * CELLS];
    let mut first = Vec::new();
    for replicate in 0..20_000 {
        let weights = exponential(3, 0, replicate);
        let sum: f64 = weights.iter().sum();
        let share = weights[0] / sum;
        first.push(share);
        // Uniform on the triangle: each share given those before it is Beta.
        let u = (1.0 - share).powi(2);
        let v = weights[1] / (weights[1] + weights[2]);
        let place = |x: f64| ((x * CELLS as f64) as usize).min(CELLS - 1);
        observed[place(u) * CELLS + place(v)] += 1.0;
    }
    assert_cells(&observed, &[1.0 / (CELLS * CELLS) as f64; CELLS * CELLS], 1, "three shares");
    assert_distribution(&mut first, |x| 1.0 - (1.0 - x).powi(2), "the first share");
}
