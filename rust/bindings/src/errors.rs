//! The crate's errors as Python exceptions.

use psychometrics::Error;
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyValueError};

/// Bad arguments become `ValueError`. A run is only cancelled for an exception, which is raised in its place.
pub fn to_python(error: Error) -> PyErr {
    match error {
        Error::Invalid(message) | Error::Unsupported(message) => PyValueError::new_err(message),
        Error::OutOfMemory(message) => PyMemoryError::new_err(message),
        Error::Cancelled => PyKeyboardInterrupt::new_err("cancelled"),
    }
}
