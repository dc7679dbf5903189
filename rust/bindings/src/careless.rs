//! Indices of careless answering, and repeated rows.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use psychometrics::careless::{
    Basis, NAMES, Question, Subscale, indices, repeated_rows as repeats,
};
use psychometrics::simd::Simd;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::to_python;
use crate::run::run;

/// The codes, and their numbers of items and rows.
fn unpack<'a>(codes: &'a PyReadonlyArray2<'_, u8>) -> PyResult<(&'a [u8], usize, usize)> {
    match (codes.shape(), codes.is_c_contiguous()) {
        (&[items, rows], true) => Ok((codes.as_slice()?, items, rows)),
        _ => Err(PyValueError::new_err("codes must be items × rows and C-contiguous")),
    }
}

/// One array a name, NaN where a person has no value; the related pairs; and what distances are based on.
#[pyfunction]
#[pyo3(signature = (
    codes, *, highest, reversed, subscales, pair_correlation, threads=None
))]
pub fn careless<'py>(
    py: Python<'py>,
    codes: PyReadonlyArray2<'py, u8>,
    highest: u8,
    reversed: Vec<bool>,
    subscales: Vec<Subscale>,
    pair_correlation: f64,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let (codes, items, rows) = unpack(&codes)?;
    let (reversed, subscales) = (reversed.as_slice(), subscales.as_slice());
    let question = Question { codes, rows, items, highest, reversed, subscales, pair_correlation };
    let found = run(py, threads, None, rows as u64, |m| indices(simd, question, m))?;
    let out = PyDict::new(py);
    let values = PyDict::new(py);
    for (name, column) in NAMES.into_iter().zip(found.values) {
        values.set_item(name, column.into_pyarray(py))?;
    }
    out.set_item("indices", values)?;
    out.set_item("synonym_pairs", found.synonyms)?;
    out.set_item("antonym_pairs", found.antonyms)?;
    let basis = match found.basis {
        Basis::Pairwise => "pairwise",
        Basis::Complete => "complete",
        Basis::Neither => "neither",
    };
    out.set_item("basis", basis)?;
    Ok(out)
}

/// For each row how many rows hold the same codes, itself included; zero for rows without any.
#[pyfunction]
#[pyo3(signature = (codes, *, threads=None))]
pub fn repeated_rows<'py>(
    py: Python<'py>,
    codes: PyReadonlyArray2<'py, u8>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<u32>>> {
    let (codes, items, rows) = unpack(&codes)?;
    let found = run(py, threads, None, rows as u64, |m| repeats(codes, rows, items, m))?;
    Ok(found.into_pyarray(py))
}
