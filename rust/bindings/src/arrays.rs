//! NumPy arrays in: answers are items × rows, C-contiguous, so that each item's answers follow each other.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use psychometrics::responses::{Answers, Boundaries, Responses};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::to_python;

/// Answers as they come from Python.
#[derive(FromPyObject)]
pub enum AnswerArray<'py> {
    /// Codes from zero, 255 where there is none.
    Codes(PyReadonlyArray2<'py, u8>),
    /// Reals, NaN where there is none.
    Reals(PyReadonlyArray2<'py, f64>),
}

/// The first row of each group, stratum and cluster, with the number of rows at the end.
#[derive(FromPyObject)]
pub struct Design<'py> {
    #[pyo3(item)]
    groups: PyReadonlyArray1<'py, i64>,
    #[pyo3(item)]
    strata: Option<PyReadonlyArray1<'py, i64>>,
    #[pyo3(item)]
    clusters: Option<PyReadonlyArray1<'py, i64>>,
    #[pyo3(item)]
    weights: Option<PyReadonlyArray1<'py, f64>>,
    /// A key for each group's random streams.
    #[pyo3(item)]
    keys: PyReadonlyArray1<'py, u64>,
}

impl AnswerArray<'_> {
    /// The answers and their numbers of items and rows.
    pub fn answers(&self) -> PyResult<(Answers<'_>, usize, usize)> {
        let (answers, shape, contiguous) = match self {
            AnswerArray::Codes(array) => {
                (Answers::Codes(array.as_slice()?), array.shape(), array.is_c_contiguous())
            }
            AnswerArray::Reals(array) => {
                (Answers::Reals(array.as_slice()?), array.shape(), array.is_c_contiguous())
            }
        };
        match (shape, contiguous) {
            (&[items, rows], true) => Ok((answers, items, rows)),
            _ => Err(PyValueError::new_err("answers must be items × rows and C-contiguous")),
        }
    }
}

/// The responses that arrays describe.
pub fn responses<'a>(answers: &'a AnswerArray, design: &'a Design) -> PyResult<Responses<'a>> {
    let (answers, items, rows) = answers.answers()?;
    let groups = starts(&design.groups)?;
    let strata = design.strata.as_ref().map(starts).transpose()?;
    let clusters = design.clusters.as_ref().map(starts).transpose()?;
    let weights = design.weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
    let boundaries =
        Boundaries { groups: &groups, strata: strata.as_deref(), clusters: clusters.as_deref() };
    let keys = design.keys.as_slice()?;
    Responses::new(answers, rows, items, weights, boundaries)
        .and_then(|responses| responses.with_keys(keys))
        .map_err(to_python)
}

fn starts(array: &PyReadonlyArray1<'_, i64>) -> PyResult<Vec<usize>> {
    let convert = |&start: &i64| usize::try_from(start);
    let starts: Result<Vec<usize>, _> = array.as_slice()?.iter().map(convert).collect();
    starts.map_err(|_| PyValueError::new_err("boundaries must not be negative"))
}
