//! Polychoric correlations.

use numpy::{IntoPyArray, PyArray3, PyArrayMethods};
use psychometrics::association::{Slopes, associations, parameter_covariances};
use psychometrics::correlation_intervals::{CorrelationInterval, correlation_intervals};
use psychometrics::moments::Panel;
use psychometrics::resampling::Resampling;
use psychometrics::simd::Simd;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::reliability::{BootstrapOptions, replicates_of};
use crate::run::run;

/// Arrays by group and pair of items, and by group, item and category or threshold.
#[pyfunction]
#[pyo3(signature = (answers, design, *, categories, threads=None))]
pub fn polychoric<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    categories: usize,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let responses = responses(&answers, &design)?;
    let (groups, items) = (responses.groups.len(), responses.items);
    let pairs = items * (items - 1) / 2;
    let total = (groups * pairs) as u64;
    let found =
        run(py, threads, None, total, |monitor| associations(&responses, categories, monitor))?;

    let out = PyDict::new(py);
    let correlations = &found.correlations;
    let rho: Vec<f64> = correlations.iter().map(|c| c.rho).collect();
    out.set_item("rho", rho.into_pyarray(py).reshape([groups, pairs])?)?;
    let errors: Vec<f64> = correlations.iter().map(|c| c.standard_error).collect();
    out.set_item("standard_error", errors.into_pyarray(py).reshape([groups, pairs])?)?;
    let statuses: Vec<u8> = correlations.iter().map(|c| c.status as u8).collect();
    out.set_item("status", statuses.into_pyarray(py).reshape([groups, pairs])?)?;
    let persons: Vec<i64> = found.persons.iter().map(|&n| n as i64).collect();
    out.set_item("persons", persons.into_pyarray(py).reshape([groups, pairs])?)?;
    let empty: Vec<i64> = found.empty_cells.iter().map(|&n| n as i64).collect();
    out.set_item("empty_cells", empty.into_pyarray(py).reshape([groups, pairs])?)?;
    let counts: Vec<i64> = found.counts.iter().map(|&n| n as i64).collect();
    out.set_item("counts", counts.into_pyarray(py).reshape([groups, items, categories])?)?;
    let steps = [groups, items, categories.saturating_sub(1)];
    out.set_item("thresholds", found.thresholds.into_pyarray(py).reshape(steps)?)?;
    Ok(out)
}

/// Covariances of the errors of thresholds and correlations, by group: item by item, then pair by pair.
#[pyfunction]
#[pyo3(signature = (answers, design, *, categories, products, threads=None))]
pub fn polychoric_covariances<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    categories: usize,
    products: bool,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray3<f64>>> {
    let responses = responses(&answers, &design)?;
    let (groups, items) = (responses.groups.len(), responses.items);
    let size = items * categories.saturating_sub(1) + items * (items - 1) / 2;
    let slopes = if products { Slopes::Products } else { Slopes::Derivatives };
    let found = run(py, threads, None, 0, |monitor| {
        parameter_covariances(&responses, categories, slopes, monitor)
    })?;
    found.concat().into_pyarray(py).reshape([groups, size, size])
}

/// Bootstrap intervals by group and pair of items.
#[pyfunction]
#[pyo3(signature = (
    answers, design, *, categories, bootstrap, level, threads=None, progress=None
))]
#[allow(clippy::too_many_arguments)]
pub fn polychoric_intervals<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    categories: usize,
    bootstrap: BootstrapOptions,
    level: f64,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let (groups, items) = (responses.groups.len(), responses.items);
    let (plan, method, rule) = replicates_of(&bootstrap)?;
    let total = (groups * plan.replicates) as u64;
    let found = run(py, threads, progress, total, |monitor| {
        let run = Resampling { simd, responses: &responses, panel: Panel::Small, plan, monitor };
        correlation_intervals(run, categories, method, rule, level)
    })?;
    let out = PyDict::new(py);
    let shape = [groups, items * (items - 1) / 2];
    let reals = |of: fn(&CorrelationInterval) -> f64| {
        let values: Vec<f64> = found.iter().map(of).collect();
        values.into_pyarray(py).reshape(shape)
    };
    let counts = |of: fn(&CorrelationInterval) -> usize| {
        let values: Vec<i64> = found.iter().map(|each| of(each) as i64).collect();
        values.into_pyarray(py).reshape(shape)
    };
    out.set_item("lower", reals(|each| each.lower)?)?;
    out.set_item("upper", reals(|each| each.upper)?)?;
    out.set_item("failed", counts(|each| each.failed)?)?;
    out.set_item("at_boundary", counts(|each| each.at_boundary)?)?;
    Ok(out)
}
