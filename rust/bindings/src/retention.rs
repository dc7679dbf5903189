//! How many factors items have.

use numpy::{IntoPyArray, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use psychometrics::factor::FitMemory;
use psychometrics::factor::retention::{
    RandomData, RandomEigenvalues, balance, eigenvalues_of, partials, random_eigenvalues,
};
use psychometrics::simd::Simd;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::factors::{extraction_named, status_name};
use crate::run::run;

fn square<'a>(matrix: &'a PyReadonlyArray2<'_, f64>) -> PyResult<(&'a [f64], usize)> {
    match (matrix.shape(), matrix.is_c_contiguous()) {
        (&[rows, columns], true) if rows == columns => Ok((matrix.as_slice()?, rows)),
        _ => Err(PyValueError::new_err("correlation must be square and C-contiguous")),
    }
}

/// Eigenvalues of components and factors of a matrix, and mean partial correlations without its components.
#[pyfunction]
pub fn eigenvalues_and_partials<'py>(
    py: Python<'py>,
    correlation: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyDict>> {
    let (values, items) = square(&correlation)?;
    let found = eigenvalues_of(values, items, &mut FitMemory::default());
    let partials = partials(values, items);
    let out = PyDict::new(py);
    out.set_item("components", found.components.into_pyarray(py))?;
    out.set_item("factors", found.factors.into_pyarray(py))?;
    out.set_item("squares", partials.squares.into_pyarray(py))?;
    out.set_item("fourth_powers", partials.fourth_powers.into_pyarray(py))?;
    Ok(out)
}

/// Fit and degrees of freedom from no factor to `most` of them.
#[pyfunction]
#[pyo3(signature = (correlation, *, most, extraction, persons, threads=None))]
pub fn factor_balance<'py>(
    py: Python<'py>,
    correlation: PyReadonlyArray2<'py, f64>,
    most: usize,
    extraction: &str,
    persons: Option<f64>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let (values, items) = square(&correlation)?;
    let extraction = extraction_named(extraction)?;
    let found = run(py, threads, None, 0, |monitor| {
        balance(values, items, most, extraction, persons, monitor)
    })?;
    let out = PyDict::new(py);
    let freedom: Vec<i64> = found.iter().map(|b| b.freedom as i64).collect();
    out.set_item("df", freedom.into_pyarray(py))?;
    let parts: Vec<f64> = found.iter().map(|b| b.common_part).collect();
    out.set_item("common_part", parts.into_pyarray(py))?;
    let cfi: Vec<f64> = found.iter().map(|b| b.cfi).collect();
    out.set_item("cfi", cfi.into_pyarray(py))?;
    let statuses: Vec<&str> = found.iter().map(|b| status_name(b.status)).collect();
    out.set_item("status", statuses)?;
    Ok(out)
}

fn pack<'py>(
    py: Python<'py>,
    found: RandomEigenvalues,
    draws: usize,
    items: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("components", found.components.into_pyarray(py).reshape([draws, items])?)?;
    out.set_item("factors", found.factors.into_pyarray(py).reshape([draws, items])?)?;
    Ok(out)
}

/// Eigenvalues of correlations of normal numbers, draws × items.
#[pyfunction]
#[pyo3(signature = (*, persons, items, draws, seed, threads=None, progress=None))]
pub fn normal_eigenvalues<'py>(
    py: Python<'py>,
    persons: usize,
    items: usize,
    draws: usize,
    seed: u64,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    if persons < 2 || items == 0 {
        return Err(PyValueError::new_err("correlations need two persons and an item"));
    }
    let simd = Simd::chosen().map_err(to_python)?;
    let data = RandomData::Normal { persons, items };
    let found = run(py, threads, progress, draws as u64, |monitor| {
        random_eigenvalues(simd, data, seed, draws, monitor)
    })?;
    pack(py, found, draws, items)
}

/// Eigenvalues of correlations of shuffled answers of one group, draws × items.
#[pyfunction]
#[pyo3(signature = (
    answers, design, *, pairwise, categories, draws, seed, threads=None, progress=None
))]
#[allow(clippy::too_many_arguments)] // one keyword each in Python
pub fn shuffled_eigenvalues<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    pairwise: bool,
    categories: Option<usize>,
    draws: usize,
    seed: u64,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    if responses.groups.len() != 1 || responses.weights.is_some() {
        return Err(PyValueError::new_err("answers must be of one group, without weights"));
    }
    let data = RandomData::Shuffled { responses: &responses, pairwise, categories };
    let found = run(py, threads, progress, draws as u64, |monitor| {
        random_eigenvalues(simd, data, seed, draws, monitor)
    })?;
    pack(py, found, draws, responses.items)
}
