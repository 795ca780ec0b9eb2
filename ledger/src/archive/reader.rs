//! Reading single entries and their proofs from a copy of a log.

use matricula_tlog::{
    BundlePath, LeafIndex, LogProof, LogProofParseError, SignedCheckpoint, SignedCheckpointError, TreeSize,
    merkle,
};

use super::authentic::{Authentic, Holder};
use super::reading::{Findings, SourceFinding};
use super::{LogSource, SourceError};
use crate::sequence::Head;

/// A copy of a log, of which every answer is checked against the root in its checkpoint. Who signed the checkpoint is for
/// the caller to check.
pub struct ArchivedLog {
    source: Box<dyn LogSource>,
    checkpoint: SignedCheckpoint,
}

/// Why a copy does not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveReadError {
    /// It cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It has no checkpoint.
    #[error("there is no checkpoint")]
    NoCheckpoint,
    /// Its checkpoint is malformed.
    #[error("the checkpoint is malformed: {0}")]
    Checkpoint(#[from] SignedCheckpointError),
    /// The log has no such entry.
    #[error("there are {size} entries, and none at {index}")]
    NoSuchEntry {
        /// What was asked for.
        index: LeafIndex,
        /// How many there are.
        size: TreeSize,
    },
    /// What it has is not what its checkpoint says.
    #[error("the copy is damaged: {}", told(findings))]
    Damaged {
        /// What is wrong.
        findings: Vec<SourceFinding>,
    },
    /// The proof is longer than its format allows.
    #[error(transparent)]
    TooLong(#[from] LogProofParseError),
}

impl ArchivedLog {
    /// Reads the checkpoint of a copy.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(source: Box<dyn LogSource>) -> Result<Self, ArchiveReadError> {
        let bytes = source.checkpoint()?.ok_or(ArchiveReadError::NoCheckpoint)?;
        Ok(Self { checkpoint: SignedCheckpoint::parse(&bytes)?, source })
    }

    /// What the copy says it is of.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Entries from an index on: at least one, at most `count`, and none beyond the bundle in which the first is.
    ///
    /// # Errors
    /// See [`ArchiveReadError`].
    pub fn entries(&self, first: LeafIndex, count: u64) -> Result<Vec<Vec<u8>>, ArchiveReadError> {
        let size = self.head().size;
        let path =
            BundlePath::holding(first, size).ok_or(ArchiveReadError::NoSuchEntry { index: first, size })?;
        let findings = Findings::default();
        let bundle = self.tree(&findings).bundle(path);
        let bundle = bundle.ok_or_else(|| ArchiveReadError::Damaged { findings: findings.into_inner() })?;
        let skip = (first.get() - path.first_entry().get()) as usize;
        let take = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
        Ok(bundle.entries.into_iter().skip(skip).take(take).collect())
    }

    /// The proof that an entry is under the copy's checkpoint.
    ///
    /// # Errors
    /// See [`ArchiveReadError`].
    pub fn proof(&self, index: LeafIndex) -> Result<LogProof, ArchiveReadError> {
        let size = self.head().size;
        if index.get() >= size.get() {
            return Err(ArchiveReadError::NoSuchEntry { index, size });
        }
        let findings = Findings::default();
        let path = merkle::prove_inclusion(index, size, &self.tree(&findings).nodes());
        let path = path.map_err(|_| ArchiveReadError::Damaged { findings: findings.into_inner() })?;
        Ok(LogProof::new(index, path, self.checkpoint.clone())?)
    }

    fn head(&self) -> Head {
        let says = self.checkpoint.unverified();
        Head { size: says.size(), root: says.root() }
    }

    fn tree<'a>(&'a self, findings: &'a Findings) -> Authentic<'a> {
        let head = self.head();
        Authentic::new(head, vec![Holder { source: self.source.as_ref(), size: head.size }], findings)
    }
}

fn told(findings: &[SourceFinding]) -> String {
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if told.is_empty() { "tiles are missing".to_owned() } else { told.join("; ") }
}
