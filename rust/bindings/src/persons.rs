//! Influence values of persons.

use numpy::{IntoPyArray, PyArray1};
use psychometrics::persons::person_influences_with;
use psychometrics::reliability::{Coefficient, Estimator};
use psychometrics::simd::Simd;
use pyo3::prelude::*;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::run::run;

/// Estimates and statuses by group, and influence values by row.
type InfluenceArrays<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<f64>>);

/// The coefficient of each group, and each row's influence on it.
#[pyfunction]
#[pyo3(signature = (answers, design, *, coefficient, pairwise, subscales=None, threads=None))]
pub fn influences<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    coefficient: &str,
    pairwise: bool,
    subscales: Option<Vec<usize>>,
    threads: Option<usize>,
) -> PyResult<InfluenceArrays<'py>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let coefficient = Coefficient::named(coefficient).map_err(to_python)?;
    let estimator = Estimator::with_subscales(subscales.unwrap_or_default());
    let (outcomes, values) = run(py, threads, None, 0, |monitor| {
        person_influences_with(simd, &responses, coefficient, pairwise, &estimator, monitor)
    })?;
    let estimates: Vec<f64> = outcomes.iter().map(|outcome| outcome.value).collect();
    let statuses: Vec<u8> = outcomes.iter().map(|outcome| outcome.status as u8).collect();
    Ok((estimates.into_pyarray(py), statuses.into_pyarray(py), values.into_pyarray(py)))
}
