//! A mirror: it holds copies of other nodes' logs, and cosigns a checkpoint when it has every entry under it on its disk
//! and has found each one allowed at its place.
//!
//! ```text
//! add-checkpoint ─ proof ─▶ pending ─┐
//! add-entries ─ packages ─ subtree proof ─ door ─ quota ─ one synced commit ─▶ next entry
//!                                    └──────── all entries there ─ tiles ─ record ─ cosign ─ publish
//! ```
//!
//! SPEC: <https://c2sp.org/tlog-mirror>. Bytes and the time come in, an outcome with its status goes out. Tickets are
//! empty: which checkpoints are pending is kept in the state store, so nothing is ever derived from what a client sends
//! back.
//!
//! # When was an entry logged?
//! A log's tiles do not say, and the door asks. So the door is asked about a *window*: not before the log's own witness
//! cosigned the last checkpoint without the entry, not after it cosigned the first one with it. Times that were not fresh
//! when they arrived count for nothing: else whoever relays an old checkpoint could make an honest log look late, and a log
//! could choose its past. Without any fresh time the window begins in 1970, and ends when the checkpoint arrived. Both
//! ends give way by [`CLOCK_SKEW_SECONDS`].

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use matricula_registry::PublicKey;
use matricula_state::{Expected, Op, StateError, StateStore, Table};
use matricula_tlog::{
    LeafIndex, MirrorInfo, NoteSignature, Origin, SignatureCheck, SignedCheckpoint, TreeSize, UnixSeconds,
    VerifierKey,
};

use crate::sequence::{CommitError, SequenceError, SequenceStore};
use crate::tiles::{TileError, TileStore};
use crate::witness::{
    AddCheckpointOutcome, Advance, Cosign, EvidenceStore, EvidenceStoreError, KnownLogs, Recalled, Track,
    Tracked, WitnessError, check_clock, decode, encode,
};
use copy::LogCopy;
use pending::{Pending, PendingLog};

pub use copy::OpenMirrorError;
pub use objection::{convicts_by_itself, forbidden_by_itself};
pub use outcome::{AddEntriesOutcome, AddEntriesRefusal};
pub use pending::{CLOCK_SKEW_SECONDS, FRESH_SECONDS, PENDING_KEPT_MAX};
pub use quota::{OverQuota, Quota, QuotaSubject};
pub use upload::{EXCESS_ENTRIES_MAX, Upload};

mod copy;
mod objection;
mod outcome;
mod pending;
mod quota;
mod reads;
mod upload;

/// The latest pending checkpoint of each log.
const PENDING: Table = Table::new("mirror-pending");

/// The latest checkpoint of each log that was cosigned.
const COSIGNED: Table = Table::new("mirror-cosigned");

/// Logs of which no more is taken: the entry and the code of the objection.
const STOPPED: Table = Table::new("mirror-stopped");

/// The entries of each log that count towards no quota.
const BACKLOG: Table = Table::new("mirror-backlog");

/// What a mirror has to know of a log from outside it.
#[derive(Clone, Debug)]
pub struct MirroredLog {
    /// The key of its checkpoints; its name is the origin.
    pub log_key: VerifierKey,
    /// The key of the node's own cosignature, type 04: its times bound when entries were logged. Without it only
    /// the mirror's own clock does, and only from above.
    pub time_key: Option<VerifierKey>,
    /// The keys of the authority, one of which signed the first entry.
    pub root_keys: Vec<PublicKey>,
    /// How much is taken a day.
    pub quota: Quota,
    /// What was there when the mirror was set up counts towards no quota: the entries under the first checkpoint that became
    /// pending, and at most so many.
    pub backlog: TreeSize,
}

/// Why a mirror gave no answer. Nothing was cosigned.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// What a witness could fail with too.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The state store failed.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// The copy's entries cannot be read.
    #[error("the copy's entries cannot be read: {0}")]
    Sequence(#[from] SequenceError),
    /// Entries may not have been stored. The copy takes no more until it is opened again.
    #[error("entries could not be stored: {0}")]
    Commit(#[from] CommitError),
    /// The copy's tiles failed.
    #[error("the copy's tiles failed: {0}")]
    Tiles(#[from] TileError),
    /// Evidence could not be kept.
    #[error(transparent)]
    Evidence(#[from] EvidenceStoreError),
    /// The copy does not hash to the checkpoint that its entries were proven under: it is damaged.
    #[error("the copy of {origin} does not hash to what its log signed for size {size}")]
    Diverged {
        /// The log.
        origin: Origin,
        /// The size.
        size: TreeSize,
    },
    /// An earlier failure stopped the copy of that log, or a thread died.
    #[error("the copy stopped after an earlier failure")]
    Stopped,
}

/// Copies of other nodes' logs. Shared between threads as it is; uploads for one log take turns package by package.
pub struct Mirror {
    state: Arc<dyn StateStore>,
    pending: Track,
    evidence: EvidenceStore,
    cosigner: Box<dyn Cosign>,
    logs: RwLock<Logs>,
}

#[derive(Clone, Default)]
struct Logs {
    known: KnownLogs,
    copies: BTreeMap<Origin, Arc<LogCopy>>,
}

impl Mirror {
    /// A mirror without logs that remembers in a store. Its key is another than any witness's.
    pub fn new(state: Arc<dyn StateStore>, cosigner: Box<dyn Cosign>) -> Self {
        Self {
            pending: Track::new(state.clone(), PENDING),
            evidence: EvidenceStore::new(state.clone()),
            state,
            cosigner,
            logs: RwLock::default(),
        }
    }

    /// Mirrors a log into these stores, which hold nothing else: reads and hashes what they have, and replays it into a
    /// registry.
    ///
    /// # Errors
    /// See [`OpenMirrorError`].
    pub fn add_log(
        &self,
        log: MirroredLog,
        sequence: Arc<dyn SequenceStore>,
        tiles: Arc<dyn TileStore>,
    ) -> Result<(), OpenMirrorError> {
        let origin = Origin::from(log.log_key.name());
        let log_key = log.log_key.clone();
        let pending = self.pending.latest(&origin, std::slice::from_ref(&log_key))?;
        let copy = LogCopy::open(log, self.backlog(&origin)?, sequence, tiles)?;
        let cosigned = self.cosigned(&origin)?;
        copy.check_remembered(pending.as_ref(), cosigned.as_ref())?;
        self.check_published(&copy, cosigned)?;
        let mut logs = self.logs.write().map_err(|_| MirrorError::Stopped)?;
        logs.known.add(log_key)?;
        logs.copies.insert(origin, Arc::new(copy));
        Ok(())
    }

    /// Mirrors a log no longer. What was stored and what is remembered of it stay.
    ///
    /// # Errors
    /// [`MirrorError::Stopped`].
    pub fn remove_log(&self, origin: &Origin) -> Result<(), MirrorError> {
        let mut logs = self.logs.write().map_err(|_| MirrorError::Stopped)?;
        logs.copies.remove(origin);
        logs.known.remove(origin);
        Ok(())
    }

    /// The key of the cosignatures.
    pub fn verifier(&self) -> &VerifierKey {
        self.cosigner.verifier()
    }

    /// What was found against the logs it mirrors.
    pub fn evidence(&self) -> &EvidenceStore {
        &self.evidence
    }

    /// Answers `POST /add-checkpoint` as [`crate::witness::LightWitness::add_checkpoint`] does, but makes the checkpoint
    /// pending instead of cosigning it.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn add_checkpoint(&self, body: &[u8], now: UnixSeconds) -> Result<AddCheckpointOutcome, MirrorError> {
        let logs = self.logs()?;
        let advance = self.pending.advance(&logs.known, &self.evidence, body, now, |offered| {
            let copy = logs.copies.get(offered.signed.unverified().origin());
            let time_key = copy.and_then(|copy| copy.log().time_key.as_ref());
            let next = copy.map_or(LeafIndex::new(0), |copy| copy.next());
            let mut ops =
                self.recent(offered.signed.unverified().origin()).remember(offered, time_key, next, now)?;
            ops.extend(copy.and_then(|copy| self.begin(copy, offered.signed).transpose()).transpose()?);
            Ok(ops)
        })?;
        Ok(match advance {
            Advance::Advanced { .. } => AddCheckpointOutcome::Pending,
            Advance::Refused(refusal) => AddCheckpointOutcome::Refused(refusal),
        })
    }

    /// Begins to answer `POST /add-entries`: feed the body as it arrives.
    pub fn upload(&self) -> Upload<'_> {
        Upload::new(self)
    }

    /// Answers `POST /add-entries` with a body that is there as a whole.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn add_entries(&self, body: &[u8], now: UnixSeconds) -> Result<AddEntriesOutcome, MirrorError> {
        let mut upload = self.upload();
        match upload.feed(body, now)? {
            Some(outcome) => Ok(outcome),
            None => upload.finish(now),
        }
    }

    /// The first entry of a log that the mirror has not; `None` for a log that it does not mirror.
    ///
    /// # Errors
    /// [`MirrorError::Stopped`].
    pub fn next_entry(&self, origin: &Origin) -> Result<Option<LeafIndex>, MirrorError> {
        Ok(self.logs()?.copies.get(origin).map(|copy| copy.next()))
    }

    /// Takes up again what this mirror said and may have forgotten, as [`crate::witness::LightWitness::recall`] does: what
    /// it cosigned becomes pending, so that no other branch of that log can, and its entries are asked for again.
    ///
    /// # Errors
    /// [`MirrorError`]; [`WitnessError::SaidTwo`] when the cosignature contradicts what is pending.
    pub fn recall(&self, checkpoint: &SignedCheckpoint) -> Result<Recalled, MirrorError> {
        let logs = self.logs()?;
        let Some(keys) = logs.known.keys(checkpoint.unverified().origin()) else {
            return Ok(Recalled::NotOurs);
        };
        Ok(self.pending.recall(self.verifier(), keys, checkpoint)?)
    }

    /// Takes up a log again that was stopped because of an entry: see [`resume`].
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn resume(&self, origin: &Origin) -> Result<(), MirrorError> {
        resume(self.state.as_ref(), origin)?;
        Ok(())
    }

    /// Writes down how much of a log is there when its first checkpoint becomes pending.
    fn begin(&self, copy: &LogCopy, first: &SignedCheckpoint) -> Result<Option<Op>, WitnessError> {
        let origin = copy.origin();
        let size = first.unverified().size().min(copy.log().backlog);
        let is_begun =
            copy.next().get() > 0 || self.state.get(BACKLOG, origin.as_str().as_bytes())?.is_some();
        let row = size.get().to_be_bytes().to_vec();
        Ok((!is_begun).then(|| Op::put(BACKLOG, origin.as_str(), row, Expected::Any)))
    }

    /// How many entries of a log count towards no quota.
    fn backlog(&self, origin: &Origin) -> Result<TreeSize, WitnessError> {
        let Some(row) = self.state.get(BACKLOG, origin.as_str().as_bytes())? else {
            return Ok(TreeSize::new(0));
        };
        let damaged = |_| WitnessError::DamagedRecord { origin: origin.clone() };
        Ok(TreeSize::new(u64::from_be_bytes(row.value.as_slice().try_into().map_err(damaged)?)))
    }

    fn logs(&self) -> Result<Logs, MirrorError> {
        Ok(self.logs.read().map_err(|_| MirrorError::Stopped)?.clone())
    }

    fn recent<'m>(&'m self, origin: &'m Origin) -> PendingLog<'m> {
        PendingLog::new(self.state.as_ref(), origin)
    }

    /// The checkpoint that was cosigned last, with the time of the cosignature.
    fn cosigned(&self, origin: &Origin) -> Result<Option<Tracked>, MirrorError> {
        let Some(row) = self.state.get(COSIGNED, origin.as_str().as_bytes())? else { return Ok(None) };
        let damaged = || WitnessError::DamagedRecord { origin: origin.clone() };
        Ok(Some(decode(&row.value).ok_or_else(damaged)?))
    }

    /// All entries under a pending checkpoint are there: writes the tiles, remembers, cosigns, publishes, in this order.
    /// `None` when a larger checkpoint was cosigned meanwhile.
    fn cosign(
        &self,
        copy: &LogCopy,
        target: &Pending,
        now: UnixSeconds,
    ) -> Result<Option<NoteSignature>, MirrorError> {
        check_clock(now)?;
        let checkpoint = target.checkpoint.unverified();
        let origin = checkpoint.origin();
        copy.write_tiles()?;
        if copy.root(checkpoint.size())? != Some(checkpoint.root()) {
            return Err(MirrorError::Diverged { origin: origin.clone(), size: checkpoint.size() });
        }
        // What this mirror said before it was rolled back is pending at the time at which it said so.
        let keys = std::slice::from_ref(&copy.log().log_key);
        let said_at = self.pending.latest(origin, keys)?.map_or(now, |pending| pending.at);
        let Some(at) = self.record(origin, &target.checkpoint, now.max(said_at))? else { return Ok(None) };
        let damaged = |_| WitnessError::DamagedRecord { origin: origin.clone() };
        let verified = target.checkpoint.verify(&copy.log().log_key).map_err(damaged)?;
        let signature = self.cosigner.cosign(&verified, at).map_err(WitnessError::from)?;
        let mut published = target.checkpoint.clone();
        published.add_signature(signature.clone()).map_err(WitnessError::from)?;
        match copy.publish(&published) {
            // A larger one was published meanwhile; this one is as good as it was.
            Ok(()) | Err(TileError::Backwards { .. }) => Ok(Some(signature)),
            Err(error) => Err(error.into()),
        }
    }

    /// Remembers that a checkpoint is cosigned, durably, and gives the time of the cosignature: never earlier than that of
    /// a smaller tree. `None` when a larger one is remembered.
    fn record(
        &self,
        origin: &Origin,
        checkpoint: &SignedCheckpoint,
        now: UnixSeconds,
    ) -> Result<Option<UnixSeconds>, MirrorError> {
        loop {
            let row = self.state.get(COSIGNED, origin.as_str().as_bytes())?;
            let latest = self.cosigned(origin)?;
            let size = latest.as_ref().map(|latest| latest.checkpoint.unverified().size());
            if size.is_some_and(|size| size > checkpoint.unverified().size()) {
                return Ok(None);
            }
            let at = latest.map_or(now, |latest| now.max(latest.at));
            let expected = row.map_or(Expected::Absent, |row| Expected::Exactly(row.version));
            let put = Op::put(COSIGNED, origin.as_str(), encode(checkpoint, at), expected);
            match self.state.apply(&[put]) {
                Ok(_) => return Ok(Some(at)),
                // Somebody was faster. Sizes only grow, so this ends.
                Err(StateError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Refuses a published checkpoint that is not the copy's. Where only this mirror's own line under it is bad, or of
    /// another key, it is made again from what is remembered.
    fn check_published(&self, copy: &LogCopy, cosigned: Option<Tracked>) -> Result<(), OpenMirrorError> {
        let Some(published) = copy.tiles.published()? else { return Ok(()) };
        let (size, root) = (published.unverified().size(), published.unverified().root());
        let damaged = || OpenMirrorError::DamagedCheckpoint { size };
        if copy.root(size)? != Some(root) {
            return Err(damaged());
        }
        let (note, key) = (published.note(), self.verifier());
        let is_ours = |line| matches!(key.check(note.text(), line), Ok(SignatureCheck::Cosigned { .. }));
        if note.signatures().iter().any(is_ours) {
            return Ok(());
        }
        let cosigned = cosigned.filter(|latest| latest.checkpoint.note().text() == note.text());
        let Tracked { mut checkpoint, at } = cosigned.ok_or_else(damaged)?;
        let verified = checkpoint.verify(&copy.log().log_key).map_err(|_| damaged())?;
        let signature = self.cosigner.cosign(&verified, at).map_err(WitnessError::from)?;
        checkpoint.add_signature(signature).map_err(WitnessError::from)?;
        Ok(copy.publish(&checkpoint)?)
    }

    /// How a client goes on.
    fn info(&self, copy: &LogCopy, size: TreeSize) -> MirrorInfo {
        MirrorInfo { size, next: copy.next(), ticket: Vec::new() }
    }
}

/// Takes up a log again that was stopped because of an entry, as when the objection turned out to be the mirror's own
/// mistake, and tells whether it was stopped. Its evidence stays.
///
/// # Errors
/// [`StateError`].
pub fn resume(state: &dyn StateStore, origin: &Origin) -> Result<bool, StateError> {
    let was_stopped = state.get(STOPPED, origin.as_str().as_bytes())?.is_some();
    state.apply(&[Op::delete(STOPPED, origin.as_str(), Expected::Any)])?;
    Ok(was_stopped)
}
