//! Random data without factors: their laws, and the same bits everywhere. Loadings of replicates near a solution.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::survey::Survey;
use psychometrics::error::Error;
use psychometrics::factor::retention::{
    RandomData, balance, eigenvalues_of, normal_correlation, partials, random_eigenvalues, shuffled,
};
use psychometrics::factor::rotation::{Criterion, Rotation, Search, rotate};
use psychometrics::factor::{Extraction, FitMemory, extract, extract_near};
use psychometrics::loadings::{Solution, flags, loading_influences, loading_replicates};
use psychometrics::moments::{Dispersion, GroupMoments, Panel, group_moments};
use psychometrics::monitor::{Monitor, Silent};
use psychometrics::resampling::{Plan, Weights};
use psychometrics::responses::{Answers, MISSING};
use psychometrics::simd::Simd;
use rayon::ThreadPoolBuilder;

/// Standard errors that a mean of random numbers may be away.
const SIGMAS: f64 = 5.0;

struct Cancelled;

impl Monitor for Cancelled {
    fn cancelled(&self) -> bool {
        true
    }
    fn advance(&self, _replicates: u64) {}
}

fn correlation(survey: &Survey) -> Vec<f64> {
    let mut dispersion = Dispersion::default();
    match group_moments(Simd::scalar(), &survey.responses(), Panel::Full, &Silent) {
        GroupMoments::Exact(all) => dispersion.fill(&all[0]),
        GroupMoments::Real(all) => dispersion.fill(&all[0]),
    }
    dispersion.correlation
}

fn solution(survey: &Survey, extraction: Extraction, factors: usize) -> Solution {
    let r = correlation(survey);
    let rotation = Rotation::Oblique(Criterion::Quartimin);
    let search = Search { kaiser: false, random_starts: 10, seed: 1 };
    let extracted = extract(&r, survey.items, factors, extraction, &Silent).unwrap();
    let rotated = rotate(&extracted.loadings, rotation, search, &Silent).unwrap();
    Solution {
        extraction,
        rotation: Some(rotation),
        kaiser: false,
        loadings: rotated.loadings,
        uniquenesses: extracted.uniquenesses,
    }
}

#[test]
fn correlations_of_normal_numbers_have_their_variance() {
    for (persons, items) in [(12, 3), (200, 5), (3, 4), (2, 3)] {
        let draws = 4000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for draw in 0..draws {
            let r = normal_correlation(7, draw, persons, items)[items * items - 2];
            assert!(r.abs() <= 1.0 + 1e-12);
            sum += r;
            squares += r * r;
        }
        let count = f64::from(draws);
        // r² is beta distributed with 1/2 and (n - 2)/2: mean 1/(n - 1), variance 2 (n - 2) / ((n - 1)² (n + 1)).
        let n = persons as f64;
        let error = (2.0 * (n - 2.0) / ((n - 1.0).powi(2) * (n + 1.0)) / count).sqrt();
        assert!((squares / count - 1.0 / (n - 1.0)).abs() <= SIGMAS * error + 1e-12);
        assert!((sum / count).abs() < SIGMAS * (1.0 / ((n - 1.0) * count)).sqrt());
    }
}

#[test]
fn every_order_is_as_likely_as_another() {
    let survey = Survey::of(vec![0, 1, 2, 3, 0, MISSING, 1, 2], 4, 2);
    let responses = survey.responses();
    let draws = 24_000;
    let mut seen = std::collections::HashMap::new();
    let mut pairs = std::collections::HashMap::new();
    for draw in 0..draws {
        let found = shuffled(Simd::scalar(), &responses, 3, draw);
        let Answers::Codes(codes) = found.answers() else { panic!("codes stay codes") };
        *seen.entry(codes[..4].to_vec()).or_insert(0_u32) += 1;
        assert_eq!(codes[5], MISSING);
        *pairs.entry(vec![codes[0], codes[4]]).or_insert(0_u32) += 1;
    }
    for (counts, cells) in [(seen.values(), 24), (pairs.values(), 12)] {
        assert_eq!(counts.len(), cells);
        let expected = f64::from(draws) / cells as f64;
        let chi: f64 = counts.map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
        let freedom = cells as f64 - 1.0;
        assert!(chi < freedom + SIGMAS * (2.0 * freedom).sqrt(), "{chi}");
    }
}

#[test]
fn random_eigenvalues_are_the_same_bits_for_any_threads_and_instructions() {
    let survey = Survey::one_factor(1, 500, 6, 4);
    let incomplete = survey.clone().missing(2, 0.05);
    let reals = survey.clone().with_reals(3);
    let categories = Some(5);
    for (survey, pairwise, categories) in [
        (&survey, false, None),
        (&incomplete, true, None),
        (&reals, false, None),
        (&incomplete, true, categories),
    ] {
        let responses = survey.responses();
        let data = RandomData::Shuffled { responses: &responses, pairwise, categories };
        let of = |simd: Simd, threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| random_eigenvalues(simd, data, 9, 7, &Silent).unwrap());
            found.components.iter().chain(&found.factors).map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let first = of(Simd::scalar(), 1);
        for simd in Simd::available() {
            assert_eq!(of(simd, 3), first, "{simd:?}");
        }
    }
}

#[test]
fn what_is_no_number_has_no_eigenvalues() {
    let found = eigenvalues_of(&[1.0, f64::NAN, f64::NAN, 1.0], 2, &mut FitMemory::default());
    assert!(found.components.iter().chain(&found.factors).all(|x| x.is_nan()));
    assert!(partials(&[1.0, 1.0, 1.0, 1.0], 2).squares[1].is_nan());
}

#[test]
fn everything_stops_when_it_is_told_to() {
    let survey = Survey::one_factor(1, 100, 6, 4);
    let responses = survey.responses();
    let data = RandomData::Normal { persons: 100, items: 6 };
    let stopped = random_eigenvalues(Simd::scalar(), data, 1, 5, &Cancelled);
    assert_eq!(stopped.unwrap_err(), Error::Cancelled);
    let r = correlation(&survey);
    let stopped = balance(&r, 6, 2, Extraction::MinimumResiduals, None, &Cancelled);
    assert_eq!(stopped.unwrap_err(), Error::Cancelled);
    let solution = solution(&survey, Extraction::MinimumResiduals, 2);
    let plan = Plan { seed: 1, replicates: 5, weights: Weights::Multinomial };
    let simd = Simd::scalar();
    let stopped = loading_replicates(simd, &responses, false, &solution, plan, &Cancelled);
    assert_eq!(stopped.unwrap_err(), Error::Cancelled);
    let stopped = loading_influences(simd, &responses, false, &solution, &Cancelled);
    assert_eq!(stopped.unwrap_err(), Error::Cancelled);
}

#[test]
fn a_near_start_leads_to_the_same_factors() {
    let survey = Survey::one_factor(4, 300, 8, 4);
    let r = correlation(&survey);
    for extraction in [
        Extraction::MinimumResiduals,
        Extraction::MaximumLikelihood,
        Extraction::PrincipalAxis,
        Extraction::Components,
    ] {
        let cold = extract(&r, 8, 1, extraction, &Silent).unwrap();
        let start: Vec<f64> = cold.uniquenesses.iter().map(|u| 0.8 * u + 0.1).collect();
        let warm = extract_near(&r, 8, 1, extraction, &start, &Silent);
        assert_eq!(warm.status, cold.status);
        for (a, b) in warm.loadings.values.iter().zip(&cold.loadings.values) {
            // Where the searches stop: 1e-11 of steady changes by principal axes, rounding by the others.
            assert!((a - b).abs() < 1e-9, "{extraction:?}");
        }
    }
}

#[test]
fn replicates_are_the_same_bits_for_any_threads_and_instructions() {
    let survey = Survey::one_factor(5, 400, 8, 4);
    let responses = survey.responses();
    let solution = solution(&survey, Extraction::MaximumLikelihood, 2);
    let plan = Plan { seed: 3, replicates: 40, weights: Weights::Multinomial };
    let of = |simd: Simd, threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            loading_replicates(simd, &responses, false, &solution, plan, &Silent).unwrap()
        })
    };
    let first = of(Simd::scalar(), 1);
    assert_eq!(first.flags.len(), 40);
    assert_eq!(first.values.len(), 40 * 17);
    for (row, found) in first.values.chunks_exact(17).zip(&first.flags) {
        let failed = flags::NOT_CONVERGED | flags::NOT_POSITIVE_DEFINITE | flags::CONSTANT_ITEM;
        assert_eq!(row.iter().any(|x| x.is_nan()), found & failed != 0);
    }
    for simd in Simd::available() {
        let other = of(simd, 3);
        assert_eq!(other.flags, first.flags);
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&other.values), bits(&first.values), "{simd:?}");
    }
}
