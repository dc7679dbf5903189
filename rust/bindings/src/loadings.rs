//! Rotated loadings under resampling.

use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use numpy::{PyArray2, PyUntypedArrayMethods};
use psychometrics::factor::Matrix;
use psychometrics::interval::{bootstrap_interval, mean_and_deviation};
use psychometrics::loadings::{LoadingReplicates, loading_replicates as replicates_of};
use psychometrics::loadings::{Solution, loading_influences as influences_of};
use psychometrics::simd::Simd;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::factors::{extraction_named, rotation_named};
use crate::reliability::{method_named, plan, quantile_rule_named};
use crate::run::run;

/// A solution as it comes from Python.
#[derive(FromPyObject)]
pub struct SolutionArrays<'py> {
    #[pyo3(item)]
    extraction: String,
    #[pyo3(item)]
    rotation: Option<String>,
    /// Of oblimin.
    #[pyo3(item)]
    gamma: f64,
    #[pyo3(item)]
    kaiser: bool,
    /// Items × factors.
    #[pyo3(item)]
    loadings: PyReadonlyArray2<'py, f64>,
    #[pyo3(item)]
    uniquenesses: PyReadonlyArray1<'py, f64>,
}

impl SolutionArrays<'_> {
    fn solution(&self) -> PyResult<Solution> {
        let &[rows, columns] = self.loadings.shape() else {
            return Err(PyValueError::new_err("loadings must be items × factors"));
        };
        let array = self.loadings.as_array();
        let values: Vec<f64> = array.rows().into_iter().flatten().copied().collect();
        Ok(Solution {
            extraction: extraction_named(&self.extraction)?,
            rotation: self
                .rotation
                .as_deref()
                .map(|name| rotation_named(name, self.gamma))
                .transpose()?,
            kaiser: self.kaiser,
            loadings: Matrix { rows, columns, values },
            uniquenesses: self.uniquenesses.as_array().iter().copied().collect(),
        })
    }
}

type Replicates<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<u8>>);

/// Values of each replicate (loadings item by item, then correlations of pairs of factors), and its flags.
#[pyfunction]
#[pyo3(signature = (
    answers, design, *, pairwise, solution, replicates, seed, weights, threads=None, progress=None
))]
#[allow(clippy::too_many_arguments)] // one keyword each in Python
pub fn loading_replicates<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    pairwise: bool,
    solution: SolutionArrays<'py>,
    replicates: usize,
    seed: u64,
    weights: &str,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Replicates<'py>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let solution = solution.solution()?;
    let plan = plan(seed, replicates, weights)?;
    let found = run(py, threads, progress, replicates as u64, |monitor| {
        replicates_of(simd, &responses, pairwise, &solution, plan, monitor)
    })?;
    let LoadingReplicates { values, flags } = found;
    let values = values.into_pyarray(py).reshape([replicates, solution.width()])?;
    Ok((values, flags.into_pyarray(py)))
}

type Influences<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Standard errors and accelerations by influence values, in the order of the values of a replicate.
#[pyfunction]
#[pyo3(signature = (answers, design, *, pairwise, solution, threads=None))]
pub fn loading_influences<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    pairwise: bool,
    solution: SolutionArrays<'py>,
    threads: Option<usize>,
) -> PyResult<Influences<'py>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let solution = solution.solution()?;
    let found = run(py, threads, None, 0, |monitor| {
        influences_of(simd, &responses, pairwise, &solution, monitor)
    })?;
    let errors: Vec<f64> = found.iter().map(|i| i.standard_error).collect();
    let accelerations: Vec<f64> = found.iter().map(|i| i.acceleration).collect();
    Ok((errors.into_pyarray(py), accelerations.into_pyarray(py)))
}

/// Standard errors and intervals of estimates from the columns of replicates × estimates.
#[pyfunction]
#[pyo3(signature = (replicates, estimates, accelerations, *, method, quantile_rule, level))]
pub fn bootstrap_limits<'py>(
    py: Python<'py>,
    replicates: PyReadonlyArray2<'py, f64>,
    estimates: PyReadonlyArray1<'py, f64>,
    accelerations: PyReadonlyArray1<'py, f64>,
    method: &str,
    quantile_rule: &str,
    level: f64,
) -> PyResult<Bound<'py, PyDict>> {
    let (method, rule) = (method_named(method)?, quantile_rule_named(quantile_rule)?);
    let (estimates, accelerations) = (estimates.as_array(), accelerations.as_array());
    let replicates = replicates.as_array();
    if replicates.ncols() != estimates.len() || accelerations.len() != estimates.len() {
        return Err(PyValueError::new_err("each estimate needs a column and an acceleration"));
    }
    let (mut errors, mut lower, mut upper, mut statuses) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((column, &estimate), &acceleration) in
        replicates.columns().into_iter().zip(&estimates).zip(&accelerations)
    {
        let mut values: Vec<f64> = column.iter().copied().filter(|x| x.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (low, high, status) =
            bootstrap_interval(&values, estimate, acceleration, level, method, rule);
        errors.push(mean_and_deviation(&values).1);
        lower.push(low);
        upper.push(high);
        statuses.push(status as u8);
    }
    let out = PyDict::new(py);
    out.set_item("standard_error", errors.into_pyarray(py))?;
    out.set_item("lower", lower.into_pyarray(py))?;
    out.set_item("upper", upper.into_pyarray(py))?;
    out.set_item("status", statuses.into_pyarray(py))?;
    Ok(out)
}
