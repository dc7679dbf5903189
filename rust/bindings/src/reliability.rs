//! Coefficients with intervals.

use numpy::{IntoPyArray, PyArrayMethods};
use psychometrics::analysis::{Interval, Question, analyse as run_analysis};
use psychometrics::interval::{AlphaInterval, BootstrapMethod, QuantileRule};
use psychometrics::missing::analyse_by_em;
use psychometrics::reliability::Coefficient;
use psychometrics::resampling::{Plan, Weights};
use psychometrics::simd::Simd;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::run::run;

/// What to do with replicates.
#[derive(FromPyObject)]
pub struct BootstrapOptions {
    #[pyo3(item)]
    replicates: usize,
    #[pyo3(item)]
    method: String,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    weights: String,
    #[pyo3(item)]
    quantile_rule: String,
}

/// A plan from the words of Python.
pub fn plan(seed: u64, replicates: usize, weights: &str) -> PyResult<Plan> {
    let weights = match weights {
        "multinomial" => Weights::Multinomial,
        "bayesian" => Weights::Exponential,
        other => return Err(unknown("weights", other)),
    };
    if replicates == 0 || replicates > u32::MAX as usize {
        return Err(PyValueError::new_err(format!("replicates = {replicates} is not 1 to 2**32")));
    }
    Ok(Plan { seed, replicates, weights })
}

fn unknown(what: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!("there is no {what} {value:?}"))
}

/// A method from the words of Python.
pub fn method(name: &str) -> PyResult<BootstrapMethod> {
    match name {
        "percentile" => Ok(BootstrapMethod::Percentile),
        "basic" => Ok(BootstrapMethod::Basic),
        "normal" => Ok(BootstrapMethod::Normal),
        "bca" => Ok(BootstrapMethod::Bca),
        other => Err(unknown("method", other)),
    }
}

/// A quantile rule from the words of Python.
pub fn quantile_rule(name: &str) -> PyResult<QuantileRule> {
    match name {
        "normal" => Ok(QuantileRule::Normal),
        "linear" => Ok(QuantileRule::Linear),
        other => Err(unknown("quantile rule", other)),
    }
}

fn interval(name: Option<&str>, bootstrap: Option<&BootstrapOptions>) -> PyResult<Interval> {
    if let Some(options) = bootstrap {
        let method = method(&options.method)?;
        let rule = quantile_rule(&options.quantile_rule)?;
        let plan = plan(options.seed, options.replicates, &options.weights)?;
        return Ok(Interval::Bootstrap(plan, method, rule));
    }
    match name {
        None => Ok(Interval::None),
        Some("adf") => Ok(Interval::Influence),
        Some("feldt") => Ok(Interval::Alpha(AlphaInterval::Feldt)),
        Some("bonett") => Ok(Interval::Alpha(AlphaInterval::Bonett)),
        Some("hakstian_whalen") => Ok(Interval::Alpha(AlphaInterval::HakstianWhalen)),
        Some("normal_theory") => Ok(Interval::Alpha(AlphaInterval::NormalTheory)),
        Some(other) => Err(unknown("interval", other)),
    }
}

/// Estimates by group and coefficient, and replicates by group, replicate and coefficient.
#[pyfunction]
#[pyo3(signature = (
    answers, design, *, coefficients, pairwise, interval_name, bootstrap, level, em=false,
    subscales=None, threads=None, progress=None
))]
#[allow(clippy::too_many_arguments)]
pub fn analyse<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    coefficients: Vec<String>,
    pairwise: bool,
    interval_name: Option<&str>,
    bootstrap: Option<BootstrapOptions>,
    level: f64,
    em: bool,
    subscales: Option<Vec<usize>>,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let named: psychometrics::Result<Vec<Coefficient>> =
        coefficients.iter().map(|name| Coefficient::named(name)).collect();
    let coefficients = named.map_err(to_python)?;
    let (width, groups) = (coefficients.len(), responses.groups.len());
    let interval = interval(interval_name, bootstrap.as_ref())?;
    let replicates = bootstrap.map_or(0, |b| b.replicates);
    let subscales = subscales.unwrap_or_default();
    let question = Question { coefficients, pairwise, interval, level, subscales };
    let total = (groups * replicates) as u64;
    let answer = run(py, threads, progress, total, |monitor| {
        let answer = if em { analyse_by_em } else { run_analysis };
        answer(simd, &responses, &question, monitor)
    })?;

    let out = PyDict::new(py);
    let column = |of: fn(&psychometrics::analysis::Estimate) -> f64| {
        let values: Vec<f64> = answer.estimates.iter().map(of).collect();
        values.into_pyarray(py).reshape([groups, width])
    };
    out.set_item("estimate", column(|e| e.outcome.value)?)?;
    out.set_item("standard_error", column(|e| e.standard_error)?)?;
    out.set_item("lower", column(|e| e.lower)?)?;
    out.set_item("upper", column(|e| e.upper)?)?;
    let codes = |of: fn(&psychometrics::analysis::Estimate) -> u8| {
        let values: Vec<u8> = answer.estimates.iter().map(of).collect();
        values.into_pyarray(py).reshape([groups, width])
    };
    out.set_item("status", codes(|e| e.outcome.status as u8)?)?;
    out.set_item("interval_status", codes(|e| e.interval as u8)?)?;
    let shape = [groups, replicates, width];
    let values: Vec<f64> = answer.replicates.iter().map(|r| r.value).collect();
    out.set_item("replicates", values.into_pyarray(py).reshape(shape)?)?;
    let statuses: Vec<u8> = answer.replicates.iter().map(|r| r.status as u8).collect();
    out.set_item("replicate_status", statuses.into_pyarray(py).reshape(shape)?)?;
    Ok(out)
}
