//! Moments of groups, and what they say.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use psychometrics::moments::{Dispersion, GroupMoments, Moments, Number, Panel, group_moments};
use psychometrics::simd::Simd;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::run::run;

/// Persons, weights and sums by group.
type MomentArrays<'py, T> =
    (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<T>>, Bound<'py, PyArray2<T>>);
/// Means, covariances and correlations.
type DispersionArrays<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);

fn panel(pairwise: bool) -> Panel {
    if pairwise { Panel::Pairwise } else { Panel::Full }
}

fn compute(
    py: Python<'_>,
    answers: &AnswerArray,
    design: &Design,
    pairwise: bool,
    threads: Option<usize>,
) -> PyResult<GroupMoments> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(answers, design)?;
    run(py, threads, None, 0, |monitor| {
        Ok(group_moments(simd, &responses, panel(pairwise), monitor))
    })
}

fn pack<T: Number + numpy::Element>(
    py: Python<'_>,
    all: Vec<Moments<T>>,
) -> PyResult<MomentArrays<'_, T>> {
    let persons: Vec<i64> = all.iter().map(|m| m.persons).collect();
    let weights: Vec<T> = all.iter().map(|m| m.weight).collect();
    let sums: Vec<Vec<T>> = all.into_iter().map(|m| m.sums).collect();
    Ok((persons.into_pyarray(py), weights.into_pyarray(py), PyArray2::from_vec2(py, &sums)?))
}

/// Exact moments of codes by group.
#[pyfunction]
#[pyo3(signature = (answers, design, *, pairwise, threads=None))]
pub fn codes_moments<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    pairwise: bool,
    threads: Option<usize>,
) -> PyResult<MomentArrays<'py, i64>> {
    match compute(py, &answers, &design, pairwise, threads)? {
        GroupMoments::Exact(all) => pack(py, all),
        GroupMoments::Real(_) => Err(PyValueError::new_err("not codes without weights")),
    }
}

/// Moments of reals, or under weights, by group.
#[pyfunction]
#[pyo3(signature = (answers, design, *, pairwise, threads=None))]
pub fn reals_moments<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    pairwise: bool,
    threads: Option<usize>,
) -> PyResult<MomentArrays<'py, f64>> {
    match compute(py, &answers, &design, pairwise, threads)? {
        GroupMoments::Real(all) => pack(py, all),
        GroupMoments::Exact(_) => Err(PyValueError::new_err("neither reals nor weights")),
    }
}

/// Sums as they come from Python.
#[derive(FromPyObject)]
pub enum Sums<'py> {
    /// Exact.
    Whole(i64, PyReadonlyArray1<'py, i64>),
    /// Weighted.
    Real(f64, PyReadonlyArray1<'py, f64>),
}

/// Means, covariances and correlations from the moments of one group.
#[pyfunction]
#[pyo3(signature = (items, persons, sums, *, pairwise))]
pub fn dispersion<'py>(
    py: Python<'py>,
    items: usize,
    persons: i64,
    sums: Sums<'py>,
    pairwise: bool,
) -> PyResult<DispersionArrays<'py>> {
    let panel = panel(pairwise);
    let mut dispersion = Dispersion::default();
    match &sums {
        Sums::Whole(weight, sums) => {
            let sums = checked(sums.as_slice()?, panel, items)?;
            dispersion.fill(&Moments { panel, items, persons, weight: *weight, sums });
        }
        Sums::Real(weight, sums) => {
            let sums = checked(sums.as_slice()?, panel, items)?;
            dispersion.fill(&Moments { panel, items, persons, weight: *weight, sums });
        }
    }
    let square = |values: &[f64]| {
        let rows: Vec<Vec<f64>> = values.chunks_exact(items).map(<[f64]>::to_vec).collect();
        PyArray2::from_vec2(py, &rows)
    };
    let covariance = square(&dispersion.covariance)?;
    let correlation = square(&dispersion.correlation)?;
    Ok((dispersion.means.into_pyarray(py), covariance, correlation))
}

fn checked<T: Copy>(sums: &[T], panel: Panel, items: usize) -> PyResult<Vec<T>> {
    if items == 0 || sums.len() != panel.sums(items) {
        let message = format!("{} sums are not those of {items} items", sums.len());
        return Err(PyValueError::new_err(message));
    }
    Ok(sums.to_vec())
}
