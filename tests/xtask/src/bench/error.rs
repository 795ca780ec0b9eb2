//! Why a measurement could not be made.

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
    /// The report could not be written.
    #[error("{}: {cause}", path.display())]
    ReportNotWritten {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}
