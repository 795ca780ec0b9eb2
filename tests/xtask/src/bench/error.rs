//! Why a measurement could not be made.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a measurement could not be made.
#[derive(Debug, Error)]
pub enum BenchError {
    /// No group has this name.
    #[error("there is no group {name:?}; --list names them")]
    UnknownGroup {
        /// What was asked for.
        name: String,
    },
    /// The time for a measurement is negative, not a number or too long.
    #[error("{seconds} seconds is no time to measure")]
    TimeOutOfRange {
        /// What was asked for.
        seconds: f64,
    },
    /// The disk did not do what was measured.
    #[error("the disk failed while it was measured: {0}")]
    Disk(#[from] io::Error),
    /// A part of the product refused what was measured.
    #[error("{step} failed: {cause}")]
    Product {
        /// What was being done.
        step: &'static str,
        /// What the part said.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The report could not be written.
    #[error("{}: {cause}", path.display())]
    ReportNotWritten {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// Names the step in which a part of the product failed.
pub trait During<T> {
    /// The value, or the error with the name of the step.
    fn during(self, step: &'static str) -> Result<T, BenchError>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> During<T> for Result<T, E> {
    fn during(self, step: &'static str) -> Result<T, BenchError> {
        self.map_err(|cause| BenchError::Product { step, cause: cause.into() })
    }
}
