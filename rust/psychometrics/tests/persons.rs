//! Influence values of persons against the standard errors they make.

mod common;

use common::chance::assert_near;
use common::survey::Survey;
use psychometrics::analysis::{Interval, Question, analyse};
use psychometrics::factor::HierarchyModel;
use psychometrics::interval::Influences;
use psychometrics::moments::{Dispersion, GroupMoments, Panel, group_moments};
use psychometrics::monitor::Silent;
use psychometrics::persons::person_influences;
use psychometrics::reliability::Gradient;
use psychometrics::reliability::{Coefficient, Estimator};
use psychometrics::simd::Simd;

/// The same values, summed in another order.
const TOLERANCE: f64 = 1e-12;

#[test]
fn influences_make_the_standard_error_of_each_group() {
    let survey = Survey::one_factor(1, 5_000, 6, 4).grouped(&[0, 3_000, 5_000]);
    let responses = survey.responses();
    let simd = Simd::chosen().unwrap();
    for name in ["alpha", "omega_u", "alpha_std"] {
        let coefficient = Coefficient::named(name).unwrap();
        let (outcomes, values) =
            person_influences(simd, &responses, coefficient, false, &Estimator::default(), &Silent)
                .unwrap();
        let question = Question {
            coefficients: vec![coefficient],
            pairwise: false,
            interval: Interval::Influence,
            level: 0.95,
            subscales: Vec::new(),
            model: HierarchyModel::default(),
            without_flagged: false,
        };
        let answer = analyse(simd, &responses, &question, &Silent).unwrap();
        for (group, rows) in [0..3_000, 3_000..5_000].into_iter().enumerate() {
            let n = rows.len() as f64;
            let squares: f64 = values[rows].iter().map(|value| value * value).sum();
            let expected = answer.estimates[group];
            assert_eq!(outcomes[group].value.to_bits(), expected.outcome.value.to_bits());
            let error = (squares / (n * (n - 1.0))).sqrt();
            assert_near(error, expected.standard_error, TOLERANCE, name);
        }
    }
}

#[test]
fn a_group_without_a_value_has_no_influences() {
    let mut codes = vec![0; 40];
    codes[10..20].copy_from_slice(&[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    codes[30..40].copy_from_slice(&[0, 1, 1, 3, 4, 0, 2, 2, 3, 4]);
    let survey = Survey::of(codes, 20, 2).grouped(&[0, 10, 20]);
    let simd = Simd::chosen().unwrap();
    let responses = survey.responses();
    let (outcomes, values) = person_influences(
        simd,
        &responses,
        Coefficient::Alpha,
        false,
        &Estimator::default(),
        &Silent,
    )
    .unwrap();
    assert!(outcomes[0].value.is_nan() && outcomes[1].value.is_finite());
    assert!(values[..10].iter().all(|value| value.is_nan()));
    assert!(values[10..].iter().all(|value| value.is_finite()));
}

#[test]
fn few_products_are_the_whole_gradient() {
    let survey = Survey::one_factor(5, 400, 7, 5);
    let responses = survey.responses();
    let simd = Simd::chosen().unwrap();
    let mut dispersion = Dispersion::default();
    match group_moments(simd, &responses, Panel::Full, &Silent) {
        GroupMoments::Exact(all) => dispersion.fill(&all[0]),
        GroupMoments::Real(all) => dispersion.fill(&all[0]),
    }
    for coefficient in [
        Coefficient::Lambda4,
        Coefficient::SplitHalfMin,
        Coefficient::Lambda5,
        Coefficient::Lambda5Plus,
        Coefficient::OmegaU,
    ] {
        let mut estimator = Estimator::default();
        estimator.evaluate(coefficient, &dispersion, &Silent);
        let short = estimator.gradient(coefficient, &dispersion).unwrap();
        assert!(short.product.is_some(), "{}", coefficient.name());
        let whole = Gradient { product: None, ..short.clone() };
        let values = |gradient: &Gradient| {
            let rows = &responses.groups[0];
            Influences::new(simd, &responses, rows, &dispersion, gradient, false, &Silent).values()
        };
        // The same sums in another order.
        for (short, whole) in values(&short).iter().zip(values(&whole)) {
            assert!((short - whole).abs() < TOLERANCE, "{}", coefficient.name());
        }
    }
}
