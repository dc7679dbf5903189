//! Path models: moments of replicates, estimates from covariances, limits of intervals.

use numpy::{IntoPyArray, PyArrayMethods, PyReadonlyArray3, PyUntypedArrayMethods};
use psychometrics::paths::{Equation, PathModel, fit_all, moment_sets};
use psychometrics::simd::Simd;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::reliability::plan;
use crate::run::run;

/// Means (replicates × variables) and covariances (replicates × variables × variables, divisor n) of the replicates.
#[pyfunction]
#[pyo3(signature = (answers, design, *, replicates, seed, weights, threads=None, progress=None))]
#[allow(clippy::too_many_arguments)]
pub fn path_moments<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    replicates: usize,
    seed: u64,
    weights: &str,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let plan = plan(seed, replicates, weights)?;
    let variables = responses.items;
    let sets = run(py, threads, progress, replicates as u64, |monitor| {
        moment_sets(simd, &responses, plan, monitor)
    })?;
    let out = PyDict::new(py);
    out.set_item("means", sets.means.into_pyarray(py).reshape([replicates, variables])?)?;
    let shape = [replicates, variables, variables];
    out.set_item("covariances", sets.covariances.into_pyarray(py).reshape(shape)?)?;
    Ok(out)
}

/// Parameters (matrices × parameters) and statuses of a model fitted to covariance matrices.
#[pyfunction]
#[pyo3(signature = (matrices, *, equations, covariances, threads=None))]
pub fn fit_paths<'py>(
    py: Python<'py>,
    matrices: PyReadonlyArray3<'py, f64>,
    equations: Vec<(usize, Vec<usize>)>,
    covariances: Vec<(usize, usize)>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let &[count, variables, columns] = matrices.shape() else {
        return Err(PyValueError::new_err("covariances must be matrices"));
    };
    if variables != columns || !matrices.is_c_contiguous() {
        return Err(PyValueError::new_err("covariances must be square and C-contiguous"));
    }
    let equations = equations
        .into_iter()
        .map(|(outcome, predictors)| Equation { outcome, predictors })
        .collect();
    let model = PathModel::new(variables, equations, covariances).map_err(to_python)?;
    let values = matrices.as_slice()?;
    let (parameters, statuses) =
        run(py, threads, None, 0, |monitor| fit_all(&model, values, monitor))?;
    let out = PyDict::new(py);
    let shape = [count, model.parameters()];
    out.set_item("parameters", parameters.into_pyarray(py).reshape(shape)?)?;
    let statuses: Vec<u8> = statuses.into_iter().map(|status| status as u8).collect();
    out.set_item("status", statuses.into_pyarray(py))?;
    Ok(out)
}
