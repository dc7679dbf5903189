//! The weights of replicates, and the machine's instruction sets.

use numpy::{IntoPyArray, PyArray1};
use psychometrics::resampling;
use psychometrics::simd::{self, RoundKeys, Simd};
use pyo3::prelude::*;

use crate::arrays::{AnswerArray, Design, responses};
use crate::errors::to_python;
use crate::reliability::plan;

/// The weights that one replicate gives to the units (rows, or clusters) of one group.
#[pyfunction]
#[pyo3(signature = (answers, design, *, group, replicate, seed, weights))]
pub fn unit_weights<'py>(
    py: Python<'py>,
    answers: AnswerArray<'py>,
    design: Design<'py>,
    group: usize,
    replicate: usize,
    seed: u64,
    weights: &str,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let simd = Simd::chosen().map_err(to_python)?;
    let responses = responses(&answers, &design)?;
    let plan = plan(seed, replicate + 1, weights)?;
    let weights = resampling::unit_weights(simd, &responses, plan, group, replicate);
    Ok(weights.map_err(to_python)?.into_pyarray(py))
}

/// One output of the random generator.
#[pyfunction]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    simd::philox4x32(counter, &RoundKeys::new(key))
}

/// The instruction sets of this machine that the core can use, slowest first.
#[pyfunction]
pub fn simd_levels() -> Vec<&'static str> {
    Simd::available().into_iter().map(Simd::name).collect()
}
