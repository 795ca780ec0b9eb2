//! Copies of a log: writing one out, and rebuilding a destroyed log from what others have.
//!
//! ```text
//! a node's files ─┐                        ┌─▶ static files: `checkpoint`, `tile/…`, `tile/entries/…`
//! a running node ─┼─ LogSource ─▶ export ──┘
//! a mirror ───────┤
//! a folder ───────┘─ LogSource ─▶ restore ──▶ a new ledger folder
//! ```
//!
//! A source is never believed: what counts is the largest checkpoint that the log's key signed and a policy believes;
//! every entry is hashed up to its root, every statement passes the door again, and every other checkpoint that anybody
//! shows must be a prefix of it. What a source had wrong is reported as a [`SourceFinding`].
//!
//! SPEC: <https://c2sp.org/tlog-tiles>, for the layout.

mod authentic;
mod believed;
mod door;
mod export;
mod folder;
mod http;
mod node_files;
mod predecessor;
mod reader;
mod reading;
mod rebuild;
mod restore;
mod restore_error;
mod workshop;
mod writer;

use matricula_tlog::{BundlePath, TilePath};

use crate::disk::DiskError;

pub use believed::{BelieveError, SourceReport};
pub use export::{ExportError, Exported, export, export_on};
pub use folder::FolderSource;
pub use http::HttpSource;
pub use node_files::NodeFiles;
pub use predecessor::{PREDECESSOR_LABEL, predecessor_root};
pub use reader::{ArchiveReadError, ArchivedLog};
pub use reading::{SourceFinding, SourceFlaw};
pub use restore::{Copies, RestoreOrder, Restored, audit, restore_on};
pub use restore_error::RestoreError;
pub use workshop::restore;

/// Somebody's copy of a log. Nothing that it gives is believed before it is checked.
pub trait LogSource: Send + Sync {
    /// What to call it: a folder or an address.
    fn name(&self) -> String;

    /// Its checkpoint, `None` when it has none.
    ///
    /// # Errors
    /// When it cannot be reached or read.
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, SourceError>;

    /// The bytes of exactly this tile, `None` when it does not have it.
    ///
    /// # Errors
    /// When it cannot be reached or read.
    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, SourceError>;

    /// The bytes of exactly this entry bundle, `None` when it does not have it.
    ///
    /// # Errors
    /// When it cannot be reached or read.
    fn bundle(&self, path: BundlePath) -> Result<Option<Vec<u8>>, SourceError>;
}

/// Why a source did not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be reached.
    #[error("it cannot be reached: {problem}")]
    Unreachable {
        /// What the transport said.
        problem: String,
    },
    /// It answered with a status that is neither success nor "not there".
    #[error("it answers {path} with status {status}")]
    Status {
        /// What was asked for.
        path: String,
        /// The HTTP status.
        status: u16,
    },
    /// It gives more bytes than the object can have.
    #[error("its {path} has more than {max} bytes")]
    TooLarge {
        /// What was asked for.
        path: String,
        /// The limit in bytes.
        max: usize,
    },
    /// The disk failed.
    #[error("{0}")]
    Disk(#[from] DiskError),
    /// The entries, or what stands beside them, cannot be read.
    #[error("{problem}")]
    Unreadable {
        /// Why not.
        problem: String,
    },
}
