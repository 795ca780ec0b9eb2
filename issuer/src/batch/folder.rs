//! The folder of a batch. Which files are there is the batch's state; no other note of it exists
//! that could disagree.
//!
//! ```text
//! prepared.jsonl   credentials, their hashes, signatures, salts and commitments   ┐ prepared: the
//! statement.cose   the batch statement, signed by the one who prepared            │ folder appears
//! summary.json     true counts and the seed, for the authority alone              │ by one rename
//! manifest.json    digests of these, signed by the one who prepared               ┘
//! approval.json    the statement countersigned by another key                     → approved
//! claims.json      a claim code for each record
//! logged.json      the place in the log, the proofs                               → logged
//! records/         one portable record a learner
//! issued.json      the list of them                                               → issued
//! ```

use std::path::{Path, PathBuf};
use std::{fs, io};

use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::manifest::BatchId;
use crate::storage::{self, StorageError};

/// Files of a batch other than the prepared records: lists with a line or two a learner. The largest
/// batch is bounded by the log's million leaves.
pub(super) const LIST_FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Manifests, approvals and statements have some kilobytes.
pub(super) const SMALL_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BatchState {
    /// Nobody has approved it.
    Prepared,
    /// Approved by a second key; nothing is logged or signed.
    Approved,
    /// In the log; not all records are written.
    Logged,
    /// All records are written.
    Issued,
}

impl BatchState {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Approved => "approved",
            Self::Logged => "logged",
            Self::Issued => "issued",
        }
    }
}

/// The paths of one batch.
#[derive(Clone, Debug)]
pub(crate) struct BatchFolder {
    root: PathBuf,
}

impl BatchFolder {
    pub(crate) fn of(batches: &Path, id: &BatchId) -> Self {
        Self { root: batches.join(id.as_str()) }
    }

    /// A folder in the making, whose name no command lists.
    pub(super) fn in_the_making(batches: &Path, id: &BatchId) -> Self {
        Self { root: batches.join(format!(".{id}.tmp")) }
    }

    /// The folder of an approved batch that was thrown away, whose name no command lists.
    pub(super) fn set_aside(batches: &Path, id: &BatchId) -> PathBuf {
        batches.join(format!(".discarded-{id}"))
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn prepared(&self) -> PathBuf {
        self.root.join("prepared.jsonl")
    }

    pub(super) fn statement(&self) -> PathBuf {
        self.root.join("statement.cose")
    }

    pub(super) fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    pub(super) fn approval(&self) -> PathBuf {
        self.root.join("approval.json")
    }

    pub(super) fn claims(&self) -> PathBuf {
        self.root.join("claims.json")
    }

    pub(super) fn logged(&self) -> PathBuf {
        self.root.join("logged.json")
    }

    pub(super) fn records(&self) -> PathBuf {
        self.root.join("records")
    }

    pub(super) fn issued(&self) -> PathBuf {
        self.root.join("issued.json")
    }

    pub(super) fn state(&self) -> BatchState {
        if self.issued().exists() {
            BatchState::Issued
        } else if self.logged().exists() {
            BatchState::Logged
        } else if self.approval().exists() {
            BatchState::Approved
        } else {
            BatchState::Prepared
        }
    }

    pub(super) fn read_issued(&self) -> Result<IssuedFile, StorageError> {
        storage::read_json(&self.issued(), LIST_FILE_BYTES_MAX)
    }
}

/// Deletes the folders of batches that a command which was killed left half made or half deleted: there
/// are signatures in them.
pub(super) fn clear_leftovers(batches: &Path) -> Result<(), StorageError> {
    let entries = match fs::read_dir(batches) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StorageError::Unreadable { path: batches.to_owned(), source }),
    };
    for entry in entries {
        let path =
            entry.map_err(|source| StorageError::Unreadable { path: batches.to_owned(), source })?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let id = name.and_then(|name| name.strip_prefix('.')?.strip_suffix(".tmp"));
        if id.and_then(BatchId::parse).is_some() && path.is_dir() {
            fs::remove_dir_all(&path).map_err(|source| StorageError::Unwritable { path, source })?;
        }
    }
    Ok(())
}

/// The batches of a school, by name.
pub(super) fn batch_ids(batches: &Path) -> Result<Vec<BatchId>, StorageError> {
    Ok(storage::names_in(batches)?.iter().filter_map(|name| BatchId::parse(name)).collect())
}

/// `logged.json`: what goes into every record beside its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LoggedFile {
    pub(super) index: u64,
    pub(super) log_proof: String,
    pub(super) accreditation: Vec<ProvenStatement>,
    #[serde(with = "crate::moment")]
    pub(super) submitted: UnixSeconds,
}

/// A statement with the proof that it is in the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProvenStatement {
    /// The entry, base64.
    pub(super) statement: String,
    pub(super) log_proof: String,
}

/// One claim code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Claim {
    pub(super) credential_id: String,
    pub(super) code: String,
}

/// `issued.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IssuedFile {
    #[serde(with = "crate::moment")]
    pub(super) issued: UnixSeconds,
    pub(super) index: u64,
    pub(super) records: Vec<IssuedEntry>,
}

/// One issued record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IssuedEntry {
    pub(super) learner_no: String,
    pub(super) credential_id: String,
    /// The file's name under `records`.
    pub(super) file: String,
    /// Hex SHA-256 of the file.
    pub(super) sha256: String,
}
