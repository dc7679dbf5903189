//! Factors of a correlation matrix.

use numpy::{IntoPyArray, PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use psychometrics::factor::rotation::{Criterion, Rotation, Search, rotate, unrotated};
use psychometrics::factor::{Extraction, FitStatus, Goodness, Matrix, extract, goodness};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::run::run;

/// The power to which promax raises loadings.
const PROMAX_POWER: i32 = 4;

/// The word for how a fit ended.
pub fn status_name(status: FitStatus) -> &'static str {
    match status {
        FitStatus::Converged => "ok",
        FitStatus::Heywood => "heywood",
        FitStatus::NotConverged | FitStatus::NotPositiveDefinite => "not_converged",
    }
}

/// The extraction of that name.
pub fn extraction_named(name: &str) -> PyResult<Extraction> {
    match name {
        "minres" => Ok(Extraction::MinimumResiduals),
        "ml" => Ok(Extraction::MaximumLikelihood),
        "principal_axis" => Ok(Extraction::PrincipalAxis),
        "components" => Ok(Extraction::Components),
        _ => Err(PyValueError::new_err(format!("unknown extraction {name:?}"))),
    }
}

/// The rotation of that name.
pub fn rotation_named(name: &str) -> PyResult<Rotation> {
    match name {
        "varimax" => Ok(Rotation::Orthogonal(Criterion::Varimax)),
        "quartimax" => Ok(Rotation::Orthogonal(Criterion::Quartimax)),
        "promax" => Ok(Rotation::Promax { power: PROMAX_POWER }),
        "oblimin" => Ok(Rotation::Oblique(Criterion::Quartimin)),
        "geomin" => Ok(Rotation::Oblique(Criterion::Geomin)),
        _ => Err(PyValueError::new_err(format!("unknown rotation {name:?}"))),
    }
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
    correlation, *, factors, extraction, rotation, kaiser, random_starts, seed, persons, threads=None
))]
#[allow(clippy::too_many_arguments)] // one keyword each in Python
pub fn explore_factors<'py>(
    py: Python<'py>,
    correlation: PyReadonlyArray2<'py, f64>,
    factors: usize,
    extraction: &str,
    rotation: Option<&str>,
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
    let rotation = rotation.map(rotation_named).transpose()?;
    let search = Search { kaiser, random_starts, seed };
    let (extracted, rotated, fit) = run(py, threads, None, 0, |monitor| {
        let extracted = extract(values, items, factors, extraction, monitor)?;
        let rotated = match rotation {
            Some(rotation) => rotate(&extracted.loadings, rotation, search, monitor)?,
            None => unrotated(&extracted.loadings),
        };
        let fit = goodness(values, &extracted.loadings, &extracted.uniquenesses, persons);
        Ok((extracted, rotated, fit))
    })?;
    let out = PyDict::new(py);
    out.set_item("unrotated", array(py, &extracted.loadings)?)?;
    out.set_item("loadings", array(py, &rotated.loadings)?)?;
    out.set_item("phi", array(py, &rotated.phi)?)?;
    out.set_item("variances", rotated.variances.into_pyarray(py))?;
    out.set_item("uniquenesses", extracted.uniquenesses.into_pyarray(py))?;
    out.set_item("status", status_name(extracted.status))?;
    out.set_item("criterion", extracted.criterion)?;
    out.set_item("rotation_criterion", rotated.criterion)?;
    out.set_item("rotation_converged", rotated.converged)?;
    out.set_item("starts", rotated.starts)?;
    out.set_item("starts_found", rotated.found)?;
    out.set_item("fit", fit_values(py, &fit)?)?;
    Ok(out)
}
