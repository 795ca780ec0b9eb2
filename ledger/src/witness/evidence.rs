//! Evidence that was found, kept for pages, for peers and for a judge.

use std::sync::Arc;

use matricula_state::{Expected, Op, StateError, StateStore, Table};
use matricula_tlog::{
    Evidence, EvidenceError, EvidenceParseError, NodeSource, Origin, SignedCheckpoint, SignedCheckpointError,
    VerifierKey, origin_hash,
};

/// Files of evidence by the hash of the accused's origin and a number.
const EVIDENCE: Table = Table::new("evidence");

/// Pairs of checkpoints that do not fit together, while nobody has shown why: the latest pair of each log.
const UNEXPLAINED: Table = Table::new("evidence-unexplained");

/// Files kept about one log. One is enough to convict; a log that forks at will must not fill the disk.
pub const EVIDENCE_PER_LOG_MAX: u8 = 16;

/// Evidence, durable.
#[derive(Clone, Debug)]
pub struct EvidenceStore {
    store: Arc<dyn StateStore>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is new, and kept.
    New,
    /// The same file is there already.
    Known,
    /// There are [`EVIDENCE_PER_LOG_MAX`] others about that log.
    Enough,
}

/// Two checkpoints that one log signed, and that no proof brings together yet. No evidence: perhaps the one who sent
/// them sent a wrong proof. The tiles of the newer tree decide: [`EvidenceStore::explain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// What is remembered.
    pub older: SignedCheckpoint,
    /// What was refused.
    pub newer: SignedCheckpoint,
}

/// Why evidence could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceStoreError {
    /// It proves nothing.
    #[error("this is no evidence: {0}")]
    NoEvidence(#[from] EvidenceError),
    /// The state store failed.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// A file that was kept cannot be read.
    #[error("kept evidence is damaged: {0}")]
    Damaged(#[from] EvidenceParseError),
    /// A pair of checkpoints that was kept cannot be read.
    #[error("a kept checkpoint is damaged: {0}")]
    DamagedCheckpoint(#[from] SignedCheckpointError),
}

impl EvidenceStore {
    /// Evidence in this store.
    pub fn new(store: Arc<dyn StateStore>) -> Self {
        Self { store }
    }

    /// Keeps a file, if it proves something.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn keep(&self, evidence: &Evidence) -> Result<Kept, EvidenceStoreError> {
        let prefix = origin_hash(evidence.verify()?.origin());
        let file = evidence.encode().into_bytes();
        loop {
            let rows = self.store.scan(EVIDENCE, prefix.as_bytes(), None, EVIDENCE_PER_LOG_MAX.into())?;
            if rows.iter().any(|row| row.value == file) {
                return Ok(Kept::Known);
            }
            let slot_key = |slot: u8| [prefix.as_bytes(), &[slot]].concat();
            let free = (0..EVIDENCE_PER_LOG_MAX).map(slot_key).find(|key| rows.iter().all(|r| r.key != *key));
            let Some(key) = free else { return Ok(Kept::Enough) };
            match self.store.apply(&[Op::put(EVIDENCE, key, file.clone(), Expected::Absent)]) {
                Ok(_) => return Ok(Kept::New),
                // Somebody else took the place: look again. Places run out, so this ends.
                Err(StateError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The files about one log.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn about(&self, origin: &Origin) -> Result<Vec<Evidence>, EvidenceStoreError> {
        self.read(origin_hash(origin).as_bytes(), EVIDENCE_PER_LOG_MAX.into())
    }

    /// Files about all logs, at most `limit`.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn all(&self, limit: usize) -> Result<Vec<Evidence>, EvidenceStoreError> {
        self.read(b"", limit)
    }

    fn read(&self, prefix: &[u8], limit: usize) -> Result<Vec<Evidence>, EvidenceStoreError> {
        let rows = self.store.scan(EVIDENCE, prefix, None, limit)?;
        rows.iter().map(|row| Ok(Evidence::parse(&row.value)?)).collect()
    }

    /// Keeps a pair that does not fit together, in place of an earlier one of that log.
    pub(crate) fn keep_unexplained(
        &self,
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
    ) -> Result<(), EvidenceStoreError> {
        let hash = origin_hash(older.unverified().origin());
        let put = |side: &str, note: &SignedCheckpoint| {
            Op::put(UNEXPLAINED, format!("{hash}/{side}"), note.encode(), Expected::Any)
        };
        self.store.apply(&[put("newer", newer), put("older", older)])?;
        Ok(())
    }

    /// The pair of that log that waits for an explanation.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn unexplained(&self, origin: &Origin) -> Result<Option<Unexplained>, EvidenceStoreError> {
        let prefix = format!("{}/", origin_hash(origin));
        let rows = self.store.scan(UNEXPLAINED, prefix.as_bytes(), None, 2)?;
        let [newer, older] = rows.as_slice() else { return Ok(None) };
        Ok(Some(Unexplained {
            older: SignedCheckpoint::parse(&older.value)?,
            newer: SignedCheckpoint::parse(&newer.value)?,
        }))
    }

    /// Explains a pair by the nodes of the newer tree, as its tiles give them, and keeps the evidence if they prove any.
    /// The pair stays until another takes its place.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn explain<S: NodeSource>(
        &self,
        pair: &Unexplained,
        signer: &VerifierKey,
        nodes: &S,
    ) -> Result<Option<Evidence>, EvidenceStoreError> {
        let found = Evidence::from_tree(signer, &pair.older, &pair.newer, nodes);
        if let Some(evidence) = &found {
            self.keep(evidence)?;
        }
        Ok(found)
    }
}
