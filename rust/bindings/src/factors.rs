//! Factors of a correlation matrix.

use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use psychometrics::error::Result;
use psychometrics::factor::rotation::{
    Criterion, Rotated, Rotation, Search, Target, rotate, rotate_to, unrotated,
};
use psychometrics::factor::{Extraction, FitStatus, Goodness, Matrix, extract, goodness};
use psychometrics::monitor::Monitor;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::run::run;

/// The power to which promax raises loadings.
const PROMAX_POWER: i32 = 4;

fn extraction_named(name: &str) -> PyResult<Extraction> {
    match name {
        "minres" => Ok(Extraction::MinimumResiduals),
        "ml" => Ok(Extraction::MaximumLikelihood),
        "principal_axis" => Ok(Extraction::PrincipalAxis),
        "components" => Ok(Extraction::Components),
        _ => Err(PyValueError::new_err(format!("unknown extraction {name:?}"))),
    }
}

/// A rotation by a criterion; `gamma` is that of oblimin.
fn rotation_named(name: &str, gamma: f64) -> PyResult<Rotation> {
    match name {
        "varimax" => Ok(Rotation::Orthogonal(Criterion::Varimax)),
        "quartimax" => Ok(Rotation::Orthogonal(Criterion::Quartimax)),
        "equamax" => Ok(Rotation::Orthogonal(Criterion::Equamax)),
        "geomin_orthogonal" => Ok(Rotation::Orthogonal(Criterion::Geomin)),
        "bifactor" => Ok(Rotation::Orthogonal(Criterion::Bifactor)),
        "promax" => Ok(Rotation::Promax { power: PROMAX_POWER }),
        "oblimin" if gamma == 0.0 => Ok(Rotation::Oblique(Criterion::Quartimin)),
        "oblimin" => Ok(Rotation::Oblique(Criterion::Oblimin { gamma })),
        "geomin" => Ok(Rotation::Oblique(Criterion::Geomin)),
        "bifactor_oblique" => Ok(Rotation::Oblique(Criterion::Bifactor)),
        _ => Err(PyValueError::new_err(format!("unknown rotation {name:?}"))),
    }
}

/// How loadings are to be turned.
enum Turn {
    No,
    By(Rotation),
    To(Target),
}

impl Turn {
    fn named(name: Option<&str>, gamma: f64, target: Option<Matrix>) -> PyResult<Turn> {
        match (name, target) {
            (None, _) => Ok(Turn::No),
            (Some("target"), Some(loadings)) => Ok(Turn::To(Target { loadings, oblique: true })),
            (Some("target_orthogonal"), Some(loadings)) => {
                Ok(Turn::To(Target { loadings, oblique: false }))
            }
            (Some(name), _) => Ok(Turn::By(rotation_named(name, gamma)?)),
        }
    }

    fn of(&self, loadings: &Matrix, search: Search, monitor: &dyn Monitor) -> Result<Rotated> {
        match self {
            Turn::No => Ok(unrotated(loadings)),
            Turn::By(rotation) => rotate(loadings, *rotation, search, monitor),
            Turn::To(target) => rotate_to(loadings, target, search, monitor),
        }
    }
}

fn matrix(array: &PyReadonlyArray2<'_, f64>) -> Matrix {
    let view = array.as_array();
    Matrix::from_fn(view.nrows(), view.ncols(), |i, j| view[[i, j]])
}

fn array<'py>(py: Python<'py>, matrix: &Matrix) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let rows: Vec<Vec<f64>> = (0..matrix.rows).map(|i| matrix.row(i).to_vec()).collect();
    Ok(PyArray2::from_vec2(py, &rows)?)
}

fn fit_values<'py>(py: Python<'py>, fit: &Goodness) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for (name, value) in [
        ("objective", fit.objective),
        ("chi_square", fit.chi_square),
        ("p_value", fit.p_value),
        ("null_chi_square", fit.null_chi_square),
        ("rmsea", fit.rmsea),
        ("rmsea_lower", fit.rmsea_lower),
        ("rmsea_upper", fit.rmsea_upper),
        ("cfi", fit.cfi),
        ("tli", fit.tli),
        ("srmr", fit.srmr),
        ("bic", fit.bic),
    ] {
        out.set_item(name, value)?;
    }
    out.set_item("df", fit.freedom)?;
    out.set_item("null_df", fit.null_freedom)?;
    Ok(out)
}

/// Extracted and rotated factors, with their fit.
#[pyfunction]
#[pyo3(signature = (
    correlation, *, factors, extraction, rotation, gamma, target, kaiser, random_starts, seed,
    persons, threads=None
))]
#[allow(clippy::too_many_arguments)] // one keyword each in Python
pub fn explore_factors<'py>(
    py: Python<'py>,
    correlation: PyReadonlyArray2<'py, f64>,
    factors: usize,
    extraction: &str,
    rotation: Option<&str>,
    gamma: f64,
    target: Option<PyReadonlyArray2<'py, f64>>,
    kaiser: bool,
    random_starts: u32,
    seed: u64,
    persons: Option<f64>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let (values, items) = match (correlation.shape(), correlation.is_c_contiguous()) {
        (&[rows, columns], true) if rows == columns => (correlation.as_slice()?, rows),
        _ => return Err(PyValueError::new_err("correlation must be square and C-contiguous")),
    };
    let extraction = extraction_named(extraction)?;
    let turn = Turn::named(rotation, gamma, target.as_ref().map(matrix))?;
    let search = Search { kaiser, random_starts, seed };
    let (extracted, rotated, fit) = run(py, threads, None, 0, |monitor| {
        let extracted = extract(values, items, factors, extraction, monitor)?;
        let rotated = turn.of(&extracted.loadings, search, monitor)?;
        let fit = goodness(values, &extracted.loadings, &extracted.uniquenesses, persons);
        Ok((extracted, rotated, fit))
    })?;
    let out = PyDict::new(py);
    out.set_item("unrotated", array(py, &extracted.loadings)?)?;
    out.set_item("loadings", array(py, &rotated.loadings)?)?;
    out.set_item("phi", array(py, &rotated.phi)?)?;
    out.set_item("variances", rotated.variances.into_pyarray(py))?;
    out.set_item("uniquenesses", extracted.uniquenesses.into_pyarray(py))?;
    let status = match extracted.status {
        FitStatus::Converged => "ok",
        FitStatus::Heywood => "heywood",
        FitStatus::NotConverged | FitStatus::NotPositiveDefinite => "not_converged",
    };
    out.set_item("status", status)?;
    out.set_item("criterion", extracted.criterion)?;
    out.set_item("rotation_criterion", rotated.criterion)?;
    out.set_item("rotation_converged", rotated.converged)?;
    out.set_item("starts", rotated.starts)?;
    out.set_item("starts_found", rotated.found)?;
    out.set_item("fit", fit_values(py, &fit)?)?;
    Ok(out)
}

/// How well loadings (of uncorrelated factors) and uniquenesses reproduce correlations.
#[pyfunction]
#[pyo3(signature = (correlation, loadings, uniquenesses, *, persons))]
pub fn factor_fit<'py>(
    py: Python<'py>,
    correlation: PyReadonlyArray2<'py, f64>,
    loadings: PyReadonlyArray2<'py, f64>,
    uniquenesses: PyReadonlyArray1<'py, f64>,
    persons: Option<f64>,
) -> PyResult<Bound<'py, PyDict>> {
    let (correlation, loadings) = (matrix(&correlation), matrix(&loadings));
    let uniquenesses = uniquenesses.as_slice()?;
    let items = loadings.rows;
    if (correlation.rows, correlation.columns, uniquenesses.len()) != (items, items, items) {
        return Err(PyValueError::new_err("correlations, loadings and uniquenesses must fit"));
    }
    fit_values(py, &goodness(&correlation.values, &loadings, uniquenesses, persons))
}
