//! Polychoric correlations.

use numpy::{IntoPyArray, PyArrayMethods};
use psychometrics::association::associations;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
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
