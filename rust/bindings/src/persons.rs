//! Influence values of persons.

use numpy::{IntoPyArray, PyArray1};
use psychometrics::persons::person_influences;
use psychometrics::reliability::{Coefficient, Estimator};
use psychometrics::simd::Simd;
use pyo3::prelude::*;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::reliability::model;
use crate::run::run;

/// Estimates and statuses by group, and influence values by row.
type InfluenceArrays<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<f64>>);

/// The coefficient of each group, and each row's influence on it.
#[pyfunction]
#[pyo3(signature = (
    answers, design, *, coefficient, pairwise, subscales=None, factors=1, two_factors="equal",
    threads=None
))]
#[allow(clippy::too_many_arguments)] // one keyword each in Python
pub fn influences<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    coefficient: &str,
    pairwise: bool,
    subscales: Option<Vec<usize>>,
    factors: usize,
    two_factors: &str,
    threads: Option<usize>,
) -> PyResult<InfluenceArrays<'py>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let coefficient = Coefficient::named(coefficient).map_err(to_python)?;
    let model = model(factors, two_factors)?;
    let estimator = Estimator::new(model, subscales.unwrap_or_default());
    let (outcomes, values) = run(py, threads, None, 0, |monitor| {
        person_influences(simd, &responses, coefficient, pairwise, &estimator, monitor)
    })?;
    let estimates: Vec<f64> = outcomes.iter().map(|outcome| outcome.value).collect();
    let statuses: Vec<u8> = outcomes.iter().map(|outcome| outcome.status as u8).collect();
    Ok((estimates.into_pyarray(py), statuses.into_pyarray(py), values.into_pyarray(py)))
}
