//! Why a log was not rebuilt.

use matricula_registry::{DoorError, StatementError};
use matricula_state::StateError;
use matricula_tlog::{BundlePath, CheckpointVerifyError, CosignError, LeafIndex, NoteError};

use super::believed::BelieveError;
use super::reading::SourceFinding;
use crate::disk::DiskError;
use crate::node::OpenError;
use crate::sequence::{CommitError, Head, SequenceError};
use crate::signer::SignerError;
use crate::tiles::TileError;

/// Why a log was not rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is a log in the folder, or something else.
    #[error("the folder is not empty")]
    NotEmpty,
    /// What the sources show is not to be believed, contradicts itself, or is not all that there was.
    #[error(transparent)]
    Believe(#[from] BelieveError),
    /// No source has these entries as the log signed them.
    #[error("no source has {path} as the log signed it")]
    Bundle {
        /// The bundle.
        path: BundlePath,
        /// What is wrong with each.
        findings: Vec<SourceFinding>,
    },
    /// The log took an entry that its door refuses.
    #[error("leaf {index} may not be in this log: {error}")]
    Refused {
        /// Its index.
        index: LeafIndex,
        /// The rule that it breaks.
        error: Box<DoorError>,
    },
    /// The entries do not hash to the signed root. What was written is thrown away.
    #[error("the entries hash to {computed}, signed was {signed}")]
    RootMismatch {
        /// What the entries give.
        computed: Head,
        /// What the log signed.
        signed: Head,
        /// What is wrong with the sources, as far as it could be told.
        findings: Vec<SourceFinding>,
    },
    /// An entry that an earlier attempt wrote is missing.
    #[error("leaf {index} is missing in what an earlier attempt wrote")]
    MissingEntry {
        /// Its index.
        index: LeafIndex,
    },
    /// The new folder cannot be opened.
    #[error("the new log cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// The log's name is no origin of statements.
    #[error("the log's name is no origin: {0}")]
    Origin(#[source] StatementError),
    /// The entries cannot be read back.
    #[error("the entries cannot be read back: {0}")]
    Sequence(#[from] SequenceError),
    /// The entries cannot be written.
    #[error("the entries cannot be written: {0}")]
    Commit(#[from] CommitError),
    /// The tiles cannot be written.
    #[error("the tiles cannot be written: {0}")]
    Tiles(#[from] TileError),
    /// The state store failed.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// The signer's record cannot be used.
    #[error("the signer's record cannot be used: {0}")]
    Signer(#[from] SignerError),
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] DiskError),
    /// The checkpoint cannot be cosigned by the log's own witness.
    #[error("the checkpoint cannot be cosigned: {0}")]
    Cosign(#[from] CosignError),
    /// The checkpoint is not by the log's key.
    #[error("the checkpoint is not by this log's key: {0}")]
    Checkpoint(#[from] CheckpointVerifyError),
    /// The cosignature does not fit on the note.
    #[error("the checkpoint cannot be cosigned: {0}")]
    Note(#[from] NoteError),
}
