//! Factors with known truth: exact structures come back, whatever the extraction and rotation.

// Helpers may stop a test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Generator;
use psychometrics::factor::rotation::{
    Criterion, Rotated, Rotation, Search, Target, rotate, rotate_to,
};
use psychometrics::factor::{Extraction, FitStatus, Matrix, extract, goodness};
use psychometrics::monitor::{Monitor, Silent};

const SEARCH: Search = Search { kaiser: false, random_starts: 30, seed: 1 };

/// Where Newton's method and the tight search stop: rounding, times the inverse of the least curvature.
const EXACT: f64 = 1e-8;

/// Nine items on three factors, each item on one of them: every criterion but varimax's is at its end there.
fn simple() -> (Matrix, Matrix) {
    let values = [0.8, 0.7, 0.9, 0.6, 0.75, 0.65, 0.5, 0.55, 0.7];
    let loadings = Matrix::from_fn(9, 3, |i, j| if i / 3 == j { values[i] } else { 0.0 });
    let phi = [[1.0, 0.5, 0.3], [0.5, 1.0, 0.4], [0.3, 0.4, 1.0]];
    (loadings, Matrix::from_fn(3, 3, |i, j| phi[i][j]))
}

fn implied(loadings: &Matrix, phi: &Matrix) -> Vec<f64> {
    let mut r = loadings.times(phi).times(&loadings.transposed());
    for j in 0..loadings.rows {
        r.values[j * (loadings.rows + 1)] = 1.0;
    }
    r.values
}

fn uniquenesses(loadings: &Matrix, phi: &Matrix) -> Vec<f64> {
    let common = loadings.times(phi).times(&loadings.transposed());
    (0..loadings.rows).map(|j| 1.0 - common.at(j, j)).collect()
}

fn largest_gap(a: &Matrix, b: &Matrix) -> f64 {
    let pairs = a.values.iter().zip(&b.values);
    pairs.fold(0.0, |most, (a, b)| f64::max(most, (a - b).abs()))
}

fn noisy(seed: u64, items: usize) -> Vec<f64> {
    let mut generator = Generator(seed);
    let rows: Vec<Vec<f64>> = (0..150)
        .map(|_| {
            let f = [generator.normal(), generator.normal(), generator.normal()];
            (0..items).map(|j| f[j % 3] + 0.3 * f[(j + 1) % 3] + generator.normal()).collect()
        })
        .collect();
    let mean = |j: usize| rows.iter().map(|row| row[j]).sum::<f64>() / 150.0;
    let cross = |i: usize, j: usize| {
        rows.iter().map(|row| (row[i] - mean(i)) * (row[j] - mean(j))).sum::<f64>()
    };
    let c = Matrix::from_fn(items, items, cross);
    Matrix::from_fn(items, items, |i, j| {
        if i == j { 1.0 } else { c.at(i, j) / (c.at(i, i) * c.at(j, j)).sqrt() }
    })
    .values
}

#[test]
fn exact_structures_come_back() {
    let (loadings, phi) = simple();
    let r = implied(&loadings, &phi);
    for extraction in
        [Extraction::MinimumResiduals, Extraction::MaximumLikelihood, Extraction::PrincipalAxis]
    {
        let found = extract(&r, 9, 3, extraction, &Silent).unwrap();
        assert_eq!(found.status, FitStatus::Converged, "{extraction:?}");
        for (ours, truth) in found.uniquenesses.iter().zip(uniquenesses(&loadings, &phi)) {
            assert!((ours - truth).abs() < EXACT, "{extraction:?} {ours} {truth}");
        }
        assert!(found.criterion < EXACT * EXACT, "{extraction:?} {}", found.criterion);
        let criterion = Criterion::Quartimin;
        let rotated = rotate(&found.loadings, Rotation::Oblique(criterion), SEARCH, &Silent);
        let Rotated { loadings: ours, phi: correlations, converged, .. } = rotated.unwrap();
        assert!(converged);
        // The truth's factors are in the order of the variance they explain already.
        assert!(largest_gap(&ours, &loadings) < EXACT, "{extraction:?} {ours:?}");
        assert!(largest_gap(&correlations, &phi) < EXACT, "{extraction:?} {correlations:?}");
        let fit = goodness(&r, &found.loadings, &found.uniquenesses, Some(500.0));
        assert_eq!((fit.freedom, fit.null_freedom), (12, 36));
        assert!(fit.chi_square < EXACT && fit.srmr < EXACT && fit.rmsea == 0.0);
    }
}

#[test]
fn uncorrelated_simple_structure_is_found_by_every_rotation() {
    let (loadings, _) = simple();
    let r = implied(&loadings, &Matrix::identity(3));
    let found = extract(&r, 9, 3, Extraction::MinimumResiduals, &Silent).unwrap();
    for rotation in [
        Rotation::Orthogonal(Criterion::Varimax),
        Rotation::Orthogonal(Criterion::Quartimax),
        Rotation::Oblique(Criterion::Quartimin),
        Rotation::Promax { power: 4 },
    ] {
        for kaiser in [false, true] {
            let search = Search { kaiser, ..SEARCH };
            let rotated = rotate(&found.loadings, rotation, search, &Silent).unwrap();
            // The truth by variance explained.
            let sums = loadings.column_squares();
            assert!(sums[0] > sums[1] && sums[1] > sums[2]);
            assert!(largest_gap(&rotated.loadings, &loadings) < EXACT, "{rotation:?} {kaiser}");
            assert!(rotated.converged && rotated.found > 0 && rotated.starts == 31);
            for (ours, sum) in rotated.variances.iter().zip(sums) {
                assert!((ours - sum).abs() < EXACT, "{rotation:?}");
            }
        }
    }
}

#[test]
fn rotations_keep_what_is_in_common() {
    let r = noisy(3, 12);
    let found = extract(&r, 12, 3, Extraction::MaximumLikelihood, &Silent).unwrap();
    let common = found.loadings.times(&found.loadings.transposed());
    for rotation in [
        Rotation::Orthogonal(Criterion::Varimax),
        Rotation::Orthogonal(Criterion::Quartimax),
        Rotation::Oblique(Criterion::Quartimin),
        Rotation::Oblique(Criterion::Geomin),
        Rotation::Promax { power: 4 },
    ] {
        let rotated = rotate(&found.loadings, rotation, SEARCH, &Silent).unwrap();
        let Rotated { loadings, phi, variances, converged, .. } = rotated;
        let again = loadings.times(&phi).times(&loadings.transposed());
        // Products of a dozen numbers below one.
        assert!(largest_gap(&common, &again) < 1e-13, "{rotation:?}");
        assert!(converged, "{rotation:?}");
        assert!(variances.windows(2).all(|pair| pair[0] >= pair[1]), "{rotation:?}");
        assert!((0..3).all(|j| loadings.column(j).sum::<f64>() > 0.0), "{rotation:?}");
    }
}

#[test]
fn the_turned_solution_is_no_other() {
    // Loadings that are turned before give the same rotation after: random starts lead to one place.
    let r = noisy(5, 10);
    let found = extract(&r, 10, 3, Extraction::MinimumResiduals, &Silent).unwrap();
    let turn = psychometrics::factor::rotation::random_orthogonal(9, 1, 3);
    for rotation in
        [Rotation::Orthogonal(Criterion::Varimax), Rotation::Oblique(Criterion::Quartimin)]
    {
        let one = rotate(&found.loadings, rotation, SEARCH, &Silent).unwrap();
        let other = rotate(&found.loadings.times(&turn), rotation, SEARCH, &Silent).unwrap();
        assert!(largest_gap(&one.loadings, &other.loadings) < EXACT, "{rotation:?}");
        assert!((one.criterion - other.criterion).abs() < 1e-14, "{rotation:?}");
    }
}

#[test]
fn minima_are_no_higher_than_any_start_nearby() {
    for seed in 0..20 {
        let r = noisy(seed, 9);
        let least = extract(&r, 9, 3, Extraction::MinimumResiduals, &Silent).unwrap();
        let axes = extract(&r, 9, 3, Extraction::PrincipalAxis, &Silent).unwrap();
        assert_ne!(least.status, FitStatus::NotConverged, "{seed}");
        // Both make the same residuals small; axes without a bound, so only where none is reached.
        if axes.status == FitStatus::Converged {
            assert!((least.criterion - axes.criterion).abs() < 1e-12, "{seed}");
            assert!(largest_gap(&least.loadings, &axes.loadings) < EXACT, "{seed}");
        }
        let most = extract(&r, 9, 3, Extraction::MaximumLikelihood, &Silent).unwrap();
        assert_ne!(most.status, FitStatus::NotConverged, "{seed}");
        let ml = goodness(&r, &most.loadings, &most.uniquenesses, None).objective;
        let ls = goodness(&r, &least.loadings, &least.uniquenesses, None).objective;
        assert!((ml - most.criterion).abs() < 1e-12, "{seed} {ml} {}", most.criterion);
        assert!(ml < ls, "{seed}");
    }
}

#[test]
fn a_heywood_case_is_on_its_bound_and_says_so() {
    let mut r =
        implied(&Matrix::from_fn(4, 1, |i, _| [0.9, 0.8, 0.5, 0.4][i]), &Matrix::identity(1));
    for (at, value) in [(1, 0.95), (4, 0.95), (2, 0.6), (8, 0.6)] {
        r[at] = value;
    }
    for extraction in [Extraction::MinimumResiduals, Extraction::MaximumLikelihood] {
        let found = extract(&r, 4, 1, extraction, &Silent).unwrap();
        assert_eq!(found.status, FitStatus::Heywood, "{extraction:?}");
        assert_eq!(found.uniquenesses.iter().filter(|&&u| u == 0.005).count(), 1);
    }
    let axes = extract(&r, 4, 1, Extraction::PrincipalAxis, &Silent).unwrap();
    assert_ne!(axes.status, FitStatus::Converged);
}

#[test]
fn components_are_eigenvectors() {
    let r = noisy(2, 6);
    let found = extract(&r, 6, 6, Extraction::Components, &Silent).unwrap();
    let again = found.loadings.times(&found.loadings.transposed());
    let r = Matrix { rows: 6, columns: 6, values: r };
    assert!(largest_gap(&again, &r) < 1e-13);
    let squares = found.loadings.crossed(&found.loadings);
    assert!((squares.values.iter().sum::<f64>() - 6.0).abs() < 1e-12);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let r = noisy(7, 12);
    let found = extract(&r, 12, 3, Extraction::MinimumResiduals, &Silent).unwrap();
    let once = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let rotation = Rotation::Oblique(Criterion::Geomin);
        pool.install(|| rotate(&found.loadings, rotation, SEARCH, &Silent).unwrap())
    };
    let (one, three) = (once(1), once(3));
    assert_eq!((one.loadings, one.phi, one.found), (three.loadings, three.phi, three.found));
}

#[test]
fn what_does_not_fit_is_refused() {
    let r = noisy(1, 5);
    for (items, factors) in [(5, 0), (5, 6), (4, 2)] {
        assert!(extract(&r, items, factors, Extraction::MinimumResiduals, &Silent).is_err());
    }
    let singular = vec![1.0; 9];
    assert!(extract(&singular, 3, 1, Extraction::MaximumLikelihood, &Silent).is_err());
    assert!(extract(&[f64::NAN; 9], 3, 1, Extraction::MinimumResiduals, &Silent).is_err());
}

struct Impatient;

impl Monitor for Impatient {
    fn cancelled(&self) -> bool {
        true
    }
    fn advance(&self, _: u64) {}
}

#[test]
fn a_search_can_be_stopped() {
    let r = noisy(1, 6);
    assert!(extract(&r, 6, 2, Extraction::MinimumResiduals, &Impatient).is_err());
    let found = extract(&r, 6, 2, Extraction::MinimumResiduals, &Silent).unwrap();
    let rotation = Rotation::Oblique(Criterion::Quartimin);
    assert!(rotate(&found.loadings, rotation, SEARCH, &Impatient).is_err());
}

/// A general factor that explains less than each of two groups.
fn bifactor() -> Matrix {
    let general = [0.3, 0.25, 0.2, 0.35, 0.25, 0.3];
    let groups = [0.6, 0.7, 0.5, 0.5, 0.6, 0.5];
    Matrix::from_fn(6, 3, |i, j| match j {
        0 => general[i],
        _ if i / 3 == j - 1 => groups[i],
        _ => 0.0,
    })
}

#[test]
fn a_general_factor_stays_in_front() {
    let pattern = bifactor();
    let turn = psychometrics::factor::rotation::random_orthogonal(2, 1, 3);
    let rotation = Rotation::Orthogonal(Criterion::Bifactor);
    let rotated = rotate(&pattern.times(&turn), rotation, SEARCH, &Silent).unwrap();
    assert!(largest_gap(&rotated.loadings, &pattern) < EXACT, "{rotated:?}");
    assert!(rotated.variances[0] < rotated.variances[1]);
    assert!(rotated.converged && rotated.criterion < EXACT);
}

#[test]
fn targets_decide_order_and_sign() {
    let (pattern, phi) = simple();
    let order = [2, 0, 1];
    let expected = Matrix::from_fn(9, 3, |i, j| -pattern.at(i, order[j]));
    let correlations = Matrix::from_fn(3, 3, |i, j| phi.at(order[i], order[j]));
    let r = implied(&pattern, &phi);
    let found = extract(&r, 9, 3, Extraction::MinimumResiduals, &Silent).unwrap();
    let target = Target { loadings: expected.clone(), oblique: true };
    let rotated = rotate_to(&found.loadings, &target, SEARCH, &Silent).unwrap();
    assert!(largest_gap(&rotated.loadings, &expected) < EXACT, "{rotated:?}");
    assert!(largest_gap(&rotated.phi, &correlations) < EXACT, "{rotated:?}");
    let small = Target { loadings: Matrix::identity(3), oblique: true };
    assert!(rotate_to(&found.loadings, &small, SEARCH, &Silent).is_err());
    let kaiser = Search { kaiser: true, ..SEARCH };
    assert!(rotate_to(&found.loadings, &target, kaiser, &Silent).is_err());
}
