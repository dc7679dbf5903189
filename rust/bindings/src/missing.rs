//! Means and covariances by EM.

use numpy::{IntoPyArray, PyArrayMethods};
use psychometrics::missing::estimate_by_em;
use psychometrics::moments::pair;
use psychometrics::simd::Simd;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::run::run;

/// Estimates by group, NaN where there is none, and the patterns of missing answers of all groups.
#[pyfunction]
#[pyo3(signature = (answers, design, *, threads=None))]
pub fn em_covariance<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let found = run(py, threads, None, 0, |monitor| estimate_by_em(simd, &responses, monitor))?;
    let (groups, items) = (found.len(), responses.items);
    let out = PyDict::new(py);
    let vectors = |of: &dyn Fn(usize, usize) -> Option<f64>| {
        let values: Vec<f64> =
            (0..groups * items).map(|at| of(at / items, at % items).unwrap_or(f64::NAN)).collect();
        values.into_pyarray(py).reshape([groups, items])
    };
    let squares = |of: &dyn Fn(usize, usize, usize) -> Option<f64>| {
        let values: Vec<f64> = (0..groups * items * items)
            .map(|at| of(at / (items * items), at / items % items, at % items))
            .map(|value| value.unwrap_or(f64::NAN))
            .collect();
        values.into_pyarray(py).reshape([groups, items, items])
    };
    let place = |i: usize, j: usize| items + pair(items, i.min(j), i.max(j));
    out.set_item("means", vectors(&|g, j| found[g].means.get(j).copied())?)?;
    out.set_item(
        "covariance",
        squares(&|g, i, j| found[g].covariance.get(i * items + j).copied())?,
    )?;
    out.set_item("mean_variances", vectors(&|g, j| found[g].variances.get(j).copied())?)?;
    out.set_item(
        "covariance_variances",
        squares(&|g, i, j| found[g].variances.get(place(i, j)).copied())?,
    )?;
    out.set_item(
        "complete_mean_variances",
        vectors(&|g, j| found[g].complete_variances.get(j).copied())?,
    )?;
    out.set_item(
        "complete_covariance_variances",
        squares(&|g, i, j| found[g].complete_variances.get(place(i, j)).copied())?,
    )?;
    let log_likelihood: Vec<f64> = found.iter().map(|f| f.log_likelihood).collect();
    out.set_item("log_likelihood", log_likelihood.into_pyarray(py))?;
    let steps: Vec<i64> = found.iter().map(|f| f.steps as i64).collect();
    out.set_item("steps", steps.into_pyarray(py))?;
    let statuses: Vec<u8> = found.iter().map(|f| f.status as u8).collect();
    out.set_item("status", statuses.into_pyarray(py))?;

    let (mut group, mut persons, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for (number, found) in found.iter().enumerate() {
        for pattern in &found.patterns {
            group.push(number as i64);
            persons.push(pattern.rows.len() as i64);
            let start = answered.len();
            answered.resize(start + items, false);
            pattern.observed.iter().for_each(|&j| answered[start + j] = true);
        }
    }
    let count = persons.len();
    out.set_item("pattern_group", group.into_pyarray(py))?;
    out.set_item("pattern_persons", persons.into_pyarray(py))?;
    out.set_item("pattern_answered", answered.into_pyarray(py).reshape([count, items])?)?;
    Ok(out)
}
