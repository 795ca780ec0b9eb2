//! A light witness: it follows other logs by their checkpoints, and cosigns those that extend what it saw before.
//!
//! SPEC: <https://c2sp.org/tlog-witness>. Bytes and the time come in, an outcome with its status goes out; sockets are
//! elsewhere. A light witness reads no entries: its word means "append-only", no more. What a mirror's word means is in
//! [`crate::mirror`].

use std::sync::{Arc, RwLock};

use matricula_state::{StateError, StateStore, Table};
use matricula_tlog::{
    COSIGNATURE_TIME_MAX, CosignError, Cosigner, NoteError, NoteSignature, Origin, SignedCheckpoint,
    TreeSize, UnixSeconds, VerifiedCheckpoint, VerifierKey,
};

pub use evidence::{
    EVIDENCE_FILES_MAX, EVIDENCE_PER_KEY_MAX, EvidenceStore, EvidenceStoreError, Kept, Unexplained,
    evidence_name,
};
pub use logs::{KnownLogError, KnownLogs, LOG_KEYS_MAX};
pub use outcome::{AddCheckpointOutcome, AddCheckpointRefusal};
pub use track::Recalled;
pub(crate) use track::{Advance, Offered, Track, Tracked, decode, encode};

mod evidence;
mod logs;
mod outcome;
mod track;

/// Where a light witness keeps the latest checkpoint of each log.
const LATEST: Table = Table::new("witness-latest");

/// Makes cosignatures: a key in memory, or one that lies elsewhere.
pub trait Cosign: Send + Sync {
    /// The public half.
    fn verifier(&self) -> &VerifierKey;

    /// Cosigns. Whoever calls has checked and persisted what the cosignature says.
    ///
    /// # Errors
    /// [`CosignError`] for a time that no cosignature can carry.
    fn cosign(&self, checkpoint: &VerifiedCheckpoint, at: UnixSeconds) -> Result<NoteSignature, CosignError>;
}

impl Cosign for Cosigner {
    fn verifier(&self) -> &VerifierKey {
        Self::verifier(self)
    }

    fn cosign(&self, checkpoint: &VerifiedCheckpoint, at: UnixSeconds) -> Result<NoteSignature, CosignError> {
        Self::cosign(self, checkpoint, at)
    }
}

/// Why a witness or a mirror gave no answer: nothing was cosigned, and what it remembers is what it was or a checkpoint
/// that may be cosigned.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The state store failed.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// What is remembered of a log cannot be read, or is not what the log signed. Nothing is cosigned for that log until
    /// somebody has looked into it.
    #[error("what is remembered of the log {origin} is damaged")]
    DamagedRecord {
        /// The log.
        origin: Origin,
    },
    /// This witness once cosigned another root of that size: its memory was lost, or two witnesses use its key.
    #[error("another root of the log {origin} was cosigned with this key for size {size}")]
    SaidTwo {
        /// The log.
        origin: Origin,
        /// The size.
        size: TreeSize,
    },
    /// The clock says zero, or more than a cosignature can carry.
    #[error("the clock says {now}")]
    ClockUnusable {
        /// What it says.
        now: UnixSeconds,
    },
    /// The cosigner failed.
    #[error(transparent)]
    Cosign(#[from] CosignError),
    /// The signatures do not fit on one note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Evidence could not be kept.
    #[error(transparent)]
    Evidence(#[from] EvidenceStoreError),
    /// A thread died while it changed the list of logs.
    #[error("the list of logs was left half changed")]
    Stopped,
}

/// A witness of other nodes' logs. Shared between threads as it is: all it does is decided by the state store.
pub struct LightWitness {
    track: Track,
    evidence: EvidenceStore,
    cosigner: Box<dyn Cosign>,
    logs: RwLock<Arc<KnownLogs>>,
}

impl LightWitness {
    /// A witness that remembers in a store. The key is used for nothing else, and by no second witness with another
    /// store: two memories under one key can say two things.
    pub fn new(store: Arc<dyn StateStore>, cosigner: Box<dyn Cosign>, logs: KnownLogs) -> Self {
        Self {
            track: Track::new(store.clone(), LATEST),
            evidence: EvidenceStore::new(store),
            cosigner,
            logs: RwLock::new(Arc::new(logs)),
        }
    }

    /// The key of the cosignatures.
    pub fn verifier(&self) -> &VerifierKey {
        self.cosigner.verifier()
    }

    /// Follows these logs from now on, and no others. What is remembered of the others stays.
    ///
    /// # Errors
    /// [`WitnessError::Stopped`].
    pub fn follow(&self, logs: KnownLogs) -> Result<(), WitnessError> {
        *self.logs.write().map_err(|_| WitnessError::Stopped)? = Arc::new(logs);
        Ok(())
    }

    /// The logs it follows.
    ///
    /// # Errors
    /// [`WitnessError::Stopped`].
    pub fn logs(&self) -> Result<Arc<KnownLogs>, WitnessError> {
        Ok(self.logs.read().map_err(|_| WitnessError::Stopped)?.clone())
    }

    /// Answers `POST /add-checkpoint`:
    ///
    /// 1. The request is read: 400, or 422 when all that is wrong is the root of an empty tree.
    /// 2. The log is known: 404. One of its keys signed, and none of them badly: 403.
    /// 3. The old size is not beyond the new one: 400.
    /// 4. The old size is the one remembered: 409, with that size.
    /// 5. The checkpoint extends what is remembered, by proof: 422. If both show that the log forked, evidence is kept.
    /// 6. It is remembered instead, with the time, on condition that nothing else was meanwhile, and is on the disk: 409.
    /// 7. Only now it is cosigned: 200.
    ///
    /// # Errors
    /// [`WitnessError`]: no answer could be found. Nothing was cosigned.
    pub fn add_checkpoint(
        &self,
        body: &[u8],
        now: UnixSeconds,
    ) -> Result<AddCheckpointOutcome, WitnessError> {
        let logs = self.logs()?;
        match self.track.advance(&logs, &self.evidence, body, now, |_| Ok(Vec::new()))? {
            Advance::Refused(refusal) => Ok(AddCheckpointOutcome::Refused(refusal)),
            Advance::Advanced { checkpoint, at } => {
                Ok(AddCheckpointOutcome::Cosigned(self.cosigner.cosign(&checkpoint, at)?))
            }
        }
    }

    /// The latest checkpoint of a log with the log's signature and the witness's, for `GET /<origin hash>/checkpoint`;
    /// `None` when nothing was cosigned, or the log is not followed any more.
    ///
    /// The cosignature is made again from what is remembered, byte for byte the one that was given out.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn latest(&self, origin: &Origin) -> Result<Option<SignedCheckpoint>, WitnessError> {
        let logs = self.logs()?;
        let Some(keys) = logs.keys(origin) else { return Ok(None) };
        let Some(tracked) = self.track.latest(origin, keys)? else { return Ok(None) };
        let Some(verified) = keys.iter().find_map(|key| tracked.checkpoint.verify(key).ok()) else {
            return Ok(None);
        };
        let mut checkpoint = tracked.checkpoint;
        checkpoint.add_signature(self.cosigner.cosign(&verified, tracked.at)?)?;
        Ok(Some(checkpoint))
    }

    /// Takes up again what this witness said and may have forgotten, as after an old image of its disk was restored: a
    /// checkpoint that a log, a mirror or a peer shows, with this witness's own cosignature. Nobody else can make one, so
    /// no proof is needed. To be fed with what all of them show before anything is cosigned after a start.
    ///
    /// # Errors
    /// [`WitnessError::SaidTwo`] when the cosignature contradicts what is remembered; [`WitnessError`].
    pub fn recall(&self, checkpoint: &SignedCheckpoint) -> Result<Recalled, WitnessError> {
        let logs = self.logs()?;
        let Some(keys) = logs.keys(checkpoint.unverified().origin()) else { return Ok(Recalled::NotOurs) };
        self.track.recall(self.verifier(), keys, checkpoint)
    }

    /// What was found against the logs it follows.
    pub fn evidence(&self) -> &EvidenceStore {
        &self.evidence
    }
}

/// Refuses a time that no cosignature may carry.
pub(crate) fn check_clock(now: UnixSeconds) -> Result<(), WitnessError> {
    if (1..=COSIGNATURE_TIME_MAX).contains(&now.get()) {
        return Ok(());
    }
    Err(WitnessError::ClockUnusable { now })
}
