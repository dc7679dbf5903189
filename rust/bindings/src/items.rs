//! What each item does to its scale.

use numpy::{IntoPyArray, PyArrayMethods};
use psychometrics::analysis::Estimate;
use psychometrics::items::{GroupItems, ItemQuestion, item_statistics as of_groups};
use psychometrics::reliability::Coefficient;
use psychometrics::simd::Simd;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::run::run;

/// Covariances and errors of correlations by group, and coefficients of all items and without each.
#[pyfunction]
#[pyo3(signature = (answers, design, *, coefficients, pairwise, level, threads=None))]
pub fn item_statistics<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    coefficients: Vec<String>,
    pairwise: bool,
    level: f64,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let named: psychometrics::Result<Vec<Coefficient>> =
        coefficients.iter().map(|name| Coefficient::named(name)).collect();
    let question = ItemQuestion { coefficients: named.map_err(to_python)?, pairwise, level };
    let (groups, k, width) = (responses.groups.len(), responses.items, coefficients.len());
    let found = run(py, threads, None, groups as u64, |monitor| {
        of_groups(simd, &responses, &question, monitor)
    })?;

    let out = PyDict::new(py);
    let reals = |of: fn(&GroupItems) -> &[f64]| -> Vec<f64> {
        found.iter().flat_map(|group| of(group).iter().copied()).collect()
    };
    let square = [groups, k, k];
    out.set_item("covariance", reals(|g| &g.covariance).into_pyarray(py).reshape(square)?)?;
    out.set_item("correlation", reals(|g| &g.correlation).into_pyarray(py).reshape(square)?)?;
    out.set_item("total_se", reals(|g| &g.total_errors).into_pyarray(py).reshape([groups, k])?)?;
    out.set_item("rest_se", reals(|g| &g.rest_errors).into_pyarray(py).reshape([groups, k])?)?;
    let left = if k > 2 { k } else { 0 };
    out.set_item("of_all", estimates(py, &found, |g| &g.whole, [groups, 1, width])?)?;
    out.set_item("without", estimates(py, &found, |g| &g.without, [groups, left, width])?)?;
    Ok(out)
}

/// Estimate, standard error and limits, and the numbers of statuses.
fn estimates<'py>(
    py: Python<'py>,
    found: &[GroupItems],
    of: fn(&GroupItems) -> &[Estimate],
    [groups, items, width]: [usize; 3],
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let all = || found.iter().flat_map(|group| of(group).iter());
    let mut numbers: Vec<f64> = Vec::with_capacity(4 * groups * items * width);
    numbers.extend(all().map(|each| each.outcome.value));
    numbers.extend(all().map(|each| each.standard_error));
    numbers.extend(all().map(|each| each.lower));
    numbers.extend(all().map(|each| each.upper));
    let statuses: Vec<u8> = all().map(|each| each.outcome.status as u8).collect();
    let numbers = numbers.into_pyarray(py).reshape([4, groups, items, width])?;
    let statuses = statuses.into_pyarray(py).reshape([groups, items, width])?;
    Ok((numbers.into_any(), statuses.into_any()))
}
