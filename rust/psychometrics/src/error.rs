//! The one error type of the crate.

use std::fmt;

/// Why a computation was refused or stopped.
///
/// Failures of single fits or replicates are not errors: they are [`Status`](crate::reliability::Status)es,
/// counted in the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// An argument does not fit the others (lengths, ranges, boundaries).
    Invalid(String),
    /// The instruction set asked for is not one this machine has.
    Unsupported(String),
    /// The results would not fit the memory.
    OutOfMemory(String),
    /// The caller asked to stop.
    Cancelled,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid(message) | Error::Unsupported(message) | Error::OutOfMemory(message) => {
                f.write_str(message)
            }
            Error::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Error {}

/// The result type of the crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An [`Error::Invalid`] from anything printable.
pub fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::Invalid(message.into()))
}
