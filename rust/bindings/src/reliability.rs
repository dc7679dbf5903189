//! Coefficients with intervals.

use numpy::{IntoPyArray, PyArrayMethods};
use psychometrics::analysis::{Interval, Question, analyse as run_analysis};
use psychometrics::factor::{HierarchyModel, TwoFactors};
use psychometrics::interval::{AlphaInterval, BootstrapMethod, QuantileRule};
use psychometrics::missing::analyse_by_em;
use psychometrics::reliability::{Coefficient, Groups};
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
    #[pyo3(item)]
    replicates_used: String,
}

/// The factors of coefficients of several, from the words of Python.
pub fn model(factors: usize, two_factors: &str) -> PyResult<HierarchyModel> {
    let two_factors =
        TwoFactors::named(two_factors).ok_or_else(|| unknown("two_factors", two_factors))?;
    Ok(HierarchyModel { factors, two_factors })
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

/// The bootstrap method of that name.
pub fn method_named(name: &str) -> PyResult<BootstrapMethod> {
    match name {
        "percentile" => Ok(BootstrapMethod::Percentile),
        "basic" => Ok(BootstrapMethod::Basic),
        "normal" => Ok(BootstrapMethod::Normal),
        "bca" => Ok(BootstrapMethod::Bca),
        other => Err(unknown("method", other)),
    }
}

/// The quantile rule of that name.
pub fn quantile_rule_named(name: &str) -> PyResult<QuantileRule> {
    match name {
        "normal" => Ok(QuantileRule::Normal),
        "linear" => Ok(QuantileRule::Linear),
        other => Err(unknown("quantile rule", other)),
    }
}

/// What replicates are made of, and how limits are read off them.
pub fn replicates_of(
    options: &BootstrapOptions,
) -> PyResult<(Plan, BootstrapMethod, QuantileRule)> {
    let method = method_named(&options.method)?;
    let rule = quantile_rule_named(&options.quantile_rule)?;
    let plan = plan(options.seed, options.replicates, &options.weights)?;
    Ok((plan, method, rule))
}

fn interval(name: Option<&str>, bootstrap: Option<&BootstrapOptions>) -> PyResult<Interval> {
    if let Some(options) = bootstrap {
        let (plan, method, rule) = replicates_of(options)?;
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
    subscales=None, factors=1, two_factors="equal", threads=None, progress=None
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
    factors: usize,
    two_factors: &str,
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
    let without_flagged = match bootstrap.as_ref().map(|b| b.replicates_used.as_str()) {
        None | Some("all") => false,
        Some("ok") => true,
        Some(other) => return Err(unknown("choice of replicates", other)),
    };
    let replicates = bootstrap.map_or(0, |b| b.replicates);
    let subscales = subscales.unwrap_or_default();
    let model = model(factors, two_factors)?;
    let question =
        Question { coefficients, pairwise, interval, level, subscales, model, without_flagged };
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
    let (general, of_item) = groups_of_items(&answer.groups, responses.items);
    out.set_item("general", general.into_pyarray(py).reshape([groups, responses.items])?)?;
    out.set_item("group_of_item", of_item.into_pyarray(py).reshape([groups, responses.items])?)?;
    let bound_factors: Vec<u8> = answer
        .bound_factors
        .iter()
        .map(|f| f.and_then(|f| u8::try_from(f).ok()).unwrap_or(0))
        .collect();
    out.set_item("bound_factors", bound_factors.into_pyarray(py))?;
    let shape = [groups, replicates, width];
    let values: Vec<f64> = answer.replicates.iter().map(|r| r.value).collect();
    out.set_item("replicates", values.into_pyarray(py).reshape(shape)?)?;
    let statuses: Vec<u8> = answer.replicates.iter().map(|r| r.status as u8).collect();
    out.set_item("replicate_status", statuses.into_pyarray(py).reshape(shape)?)?;
    Ok(out)
}

/// Loadings on the general factor and numbers of groups, by group of persons, then item; NaN and 255 where none.
fn groups_of_items(found: &[Option<Groups>], items: usize) -> (Vec<f64>, Vec<u8>) {
    let (mut general, mut of_item) = (Vec::new(), Vec::new());
    for groups in found {
        match groups {
            Some(groups) => {
                general.extend_from_slice(&groups.general);
                of_item.extend(groups.of_item.iter().map(|&g| u8::try_from(g).unwrap_or(u8::MAX)));
            }
            None => {
                general.resize(general.len() + items, f64::NAN);
                of_item.resize(of_item.len() + items, u8::MAX);
            }
        }
    }
    (general, of_item)
}
