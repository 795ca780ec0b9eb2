//! One log's copy: its entries, their tree, and the registry that replaying them builds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};

use matricula_registry::{
    Applied, DoorError, EvidenceError, InstitutionId, LogOrigin, Registry, Statement, StatementError,
    VerifiedStatement,
};
use matricula_tlog::{Hash, LeafIndex, Origin, SignedCheckpoint, Tile, TreeSize, UnixSeconds, leaf_hash};

use super::pending::{Pending, window};
use super::quota::Usage;
use super::{MirrorError, MirroredLog, OverQuota};
use crate::edge::Edge;
use crate::sequence::{
    Commit, Epoch, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX, Head, SequenceError, SequenceStore,
};
use crate::tiles::{ObjectPath, TileError, TileStore};
use crate::witness::{KnownLogError, Tracked, WitnessError};

/// Entries read at a time when a copy is opened.
const CHUNK_ENTRIES: usize = 4096;

/// A log's copy on this node.
pub(super) struct LogCopy {
    log: MirroredLog,
    pub(super) sequence: Arc<dyn SequenceStore>,
    pub(super) tiles: Arc<dyn TileStore>,
    next: AtomicU64,
    /// `None` after a failed commit: what is stored is then unknown until the copy is opened again.
    working: Mutex<Option<Working>>,
}

/// What grows with every entry.
pub(super) struct Working {
    epoch: Epoch,
    pub(super) edge: Edge,
    registry: Registry,
    usage: Usage,
    /// Full tiles that are not in the store yet.
    pub(super) unwritten: Vec<Tile>,
}

/// Entries that were proven to be the log's, with what came of reading them.
pub(super) struct Batch<'e> {
    pub(super) first: LeafIndex,
    pub(super) entries: Vec<(&'e [u8], Result<VerifiedStatement, DoorError>)>,
}

/// What became of a batch. Unless it was stored, nothing of it was.
#[derive(Debug)]
pub(super) enum TakenIn {
    Stored,
    Forbidden { index: LeafIndex, error: DoorError },
    OverQuota(OverQuota),
}

/// Why a log is not mirrored.
#[derive(Debug, thiserror::Error)]
pub enum OpenMirrorError {
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] KnownLogError),
    /// Its key's name is no origin of a log of statements.
    #[error("the key's name is no log origin: {0}")]
    Origin(#[from] StatementError),
    /// The mirror failed.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// What is remembered of the log cannot be read.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The copy's entries cannot be read.
    #[error("the copy's entries cannot be read: {0}")]
    Sequence(#[from] SequenceError),
    /// The copy's tiles cannot be read, or differ from its entries.
    #[error("the copy's tiles do not agree with its entries: {0}")]
    Tiles(#[from] TileError),
    /// An entry is missing in the middle of the copy.
    #[error("entry {index} of the copy is missing")]
    MissingEntry {
        /// Its index.
        index: LeafIndex,
    },
    /// An entry of the copy is no statement.
    #[error("entry {index} of the copy is not a statement: {source}")]
    Entry {
        /// Its index.
        index: LeafIndex,
        /// What is wrong with it.
        source: StatementError,
    },
    /// An entry of the copy does not fit the registry, as when the root keys are those of another authority.
    #[error("entry {index} of the copy does not fit the registry: {source}")]
    Evidence {
        /// Its index.
        index: LeafIndex,
        /// Why not.
        source: Box<EvidenceError>,
    },
    /// The entries do not hash to the root that was committed with them.
    #[error("the copy hashes to {computed}, the store says {stored}")]
    RootMismatch {
        /// What the entries give.
        computed: Head,
        /// What was committed.
        stored: Head,
    },
    /// More was cosigned than the copy has: entries were lost.
    #[error("{cosigned} entries were cosigned, but the copy has {found}")]
    LostEntries {
        /// The size that was cosigned.
        cosigned: TreeSize,
        /// Entries in the copy.
        found: TreeSize,
    },
    /// The published checkpoint is not what the log signed, or not the root of the copy: it was damaged where it lies.
    /// Without it the copy opens, and publishes again when the next checkpoint is cosigned.
    #[error("the published checkpoint of the copy, of size {size}, is damaged")]
    DamagedCheckpoint {
        /// The size that it names.
        size: TreeSize,
    },
    /// The copy has more than the state store remembers: the store was rolled back or made anew, and might let another
    /// branch of the log become pending.
    #[error("the copy has {found} entries, but only {remembered} are remembered as pending or cosigned")]
    LostMemory {
        /// The size that is remembered.
        remembered: TreeSize,
        /// The size that the copy has, or has published.
        found: TreeSize,
    },
}

impl LogCopy {
    /// Reads what the stores have. They belong to this copy from now on.
    pub(super) fn open(
        log: MirroredLog,
        backlog: TreeSize,
        sequence: Arc<dyn SequenceStore>,
        tiles: Arc<dyn TileStore>,
    ) -> Result<Self, OpenMirrorError> {
        let origin = LogOrigin::parse(log.log_key.name().as_str())?;
        let lease = sequence.acquire()?;
        let mut working = Working {
            epoch: lease.epoch,
            edge: Edge::new(),
            registry: Registry::new(origin, log.root_keys.iter().copied()),
            usage: Usage::new(log.quota),
            unwritten: Vec::new(),
        };
        while working.edge.size() < lease.head.size {
            working.read_chunk(backlog, sequence.as_ref())?;
            put_tiles(tiles.as_ref(), &working.unwritten)?;
            working.unwritten.clear();
        }
        let computed = working.edge.head();
        if computed != lease.head {
            return Err(OpenMirrorError::RootMismatch { computed, stored: lease.head });
        }
        let next = AtomicU64::new(computed.size.get());
        Ok(Self { log, sequence, tiles, next, working: Mutex::new(Some(working)) })
    }

    /// Refuses a published checkpoint that the log did not sign, and a copy and a memory of which one was rolled back.
    pub(super) fn check_remembered(
        &self,
        pending: Option<&Tracked>,
        cosigned: Option<&Tracked>,
    ) -> Result<(), OpenMirrorError> {
        let published = self.tiles.published()?;
        if let Some(published) = published.as_ref().filter(|note| note.verify(&self.log.log_key).is_err()) {
            return Err(OpenMirrorError::DamagedCheckpoint { size: published.unverified().size() });
        }
        let size = |tracked: &Tracked| tracked.checkpoint.unverified().size();
        let (pending, cosigned) = (pending.map(size), cosigned.map(size));
        let found = TreeSize::new(self.next().get());
        if let Some(cosigned) = cosigned.filter(|cosigned| *cosigned > found) {
            return Err(OpenMirrorError::LostEntries { cosigned, found });
        }
        let none = TreeSize::new(0);
        let published = published.map(|published| published.unverified().size());
        let forgotten = [(pending, Some(found)), (cosigned, published)]
            .into_iter()
            .map(|(remembered, found)| (remembered.unwrap_or(none), found.unwrap_or(none)))
            .find(|(remembered, found)| remembered < found);
        match forgotten {
            Some((remembered, found)) => Err(OpenMirrorError::LostMemory { remembered, found }),
            None => Ok(()),
        }
    }

    pub(super) fn log(&self) -> &MirroredLog {
        &self.log
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::from(self.log.log_key.name())
    }

    /// The first entry that is not there.
    pub(super) fn next(&self) -> LeafIndex {
        LeafIndex::new(self.next.load(Ordering::Acquire))
    }

    /// Whether nothing more is taken in until the copy is opened again. One that is being worked with has not failed.
    pub(super) fn has_failed(&self) -> bool {
        match self.working.try_lock() {
            Ok(working) => working.is_none(),
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Poisoned(_)) => true,
        }
    }

    /// Works with what grows.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Working) -> Result<T, MirrorError>,
    ) -> Result<T, MirrorError> {
        let mut guard = self.working.lock().map_err(|_| MirrorError::Stopped)?;
        work(guard.as_mut().ok_or(MirrorError::Stopped)?)
    }

    /// The leaf hashes of entries that are there.
    pub(super) fn leaves(&self, first: LeafIndex, count: usize) -> Result<Vec<Hash>, MirrorError> {
        let mut leaves = Vec::with_capacity(count);
        while leaves.len() < count {
            let from = LeafIndex::new(first.get() + leaves.len() as u64);
            let entries = self.sequence.entries(from, count - leaves.len())?;
            if entries.is_empty() {
                return Err(MirrorError::Stopped);
            }
            leaves.extend(entries.iter().map(|entry| leaf_hash(&entry.bytes)));
        }
        Ok(leaves)
    }

    /// Takes a batch through the door and commits it, whole or not at all. Entries that are there already are skipped.
    pub(super) fn take_in(
        &self,
        batch: Batch<'_>,
        pending: &[Pending],
        backlog: TreeSize,
        now: UnixSeconds,
    ) -> Result<TakenIn, MirrorError> {
        let mut guard = self.working.lock().map_err(|_| MirrorError::Stopped)?;
        let working = guard.as_mut().ok_or(MirrorError::Stopped)?;
        let next = working.edge.size().get();
        let there = next.checked_sub(batch.first.get()).ok_or(MirrorError::Stopped)?;
        let there = usize::try_from(there).unwrap_or(usize::MAX).min(batch.entries.len());
        let new: Vec<_> = batch.entries.into_iter().skip(there).collect();
        let entries: Vec<&[u8]> = new.iter().map(|(entry, _)| *entry).collect();
        match working.admit_all(backlog, LeafIndex::new(next), new, pending, now) {
            Ok(None) => {}
            Ok(Some(refused)) => return Ok(refused),
            Err(error) => {
                // The registry and the tree are not of one size: nothing it says is worth anything.
                *guard = None;
                return Err(error);
            }
        }
        match working.commit(self.sequence.as_ref(), &entries, now) {
            Ok(()) => {
                self.next.store(working.edge.size().get(), Ordering::Release);
                Ok(TakenIn::Stored)
            }
            Err(error) => {
                *guard = None;
                Err(error)
            }
        }
    }

    /// Puts the full tiles into the store.
    pub(super) fn write_tiles(&self) -> Result<(), MirrorError> {
        let full = self.with(|working| Ok(working.unwritten.clone()))?;
        put_tiles(self.tiles.as_ref(), &full)?;
        // Another thread may have written and removed the same ones.
        self.with(|working| {
            working.unwritten.retain(|tile| full.iter().all(|written| written.path() != tile.path()));
            Ok(())
        })
    }

    pub(super) fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError> {
        self.tiles.publish(checkpoint)
    }
}

impl Working {
    fn read_chunk(&mut self, backlog: TreeSize, sequence: &dyn SequenceStore) -> Result<(), OpenMirrorError> {
        let first = LeafIndex::new(self.edge.size().get());
        let entries = sequence.entries(first, CHUNK_ENTRIES)?;
        if entries.is_empty() {
            return Err(OpenMirrorError::MissingEntry { index: first });
        }
        for entry in entries {
            let index = entry.index;
            if index.get() != self.edge.size().get() {
                return Err(OpenMirrorError::MissingEntry { index: LeafIndex::new(self.edge.size().get()) });
            }
            let statement =
                Statement::parse(&entry.bytes).map_err(|source| OpenMirrorError::Entry { index, source })?;
            self.registry
                .apply_evidence(index, None, &statement)
                .map_err(|source| OpenMirrorError::Evidence { index, source: Box::new(source) })?;
            if index.get() >= backlog.get() {
                let institution = self.registry.key(&statement.header().signer).map(|key| key.institution());
                // What was taken in then fitted then; it counts for what comes now.
                drop(self.usage.charge(institution, entry.bytes.len(), entry.accepted_at));
            }
            self.edge.push(leaf_hash(&entry.bytes), &mut self.unwritten);
        }
        Ok(())
    }

    /// Takes statements through the door and counts them; all are taken out again when one is refused, and the refusal is
    /// told.
    fn admit_all(
        &mut self,
        backlog: TreeSize,
        first: LeafIndex,
        new: Vec<(&[u8], Result<VerifiedStatement, DoorError>)>,
        pending: &[Pending],
        now: UnixSeconds,
    ) -> Result<Option<TakenIn>, MirrorError> {
        let usage = self.usage.clone();
        let mut applied = Vec::with_capacity(new.len());
        for (index, (entry, verified)) in (first.get()..).map(LeafIndex::new).zip(new) {
            let refused = match self.admit(index, pending, verified) {
                Ok((done, institution)) => {
                    applied.push(done);
                    let counts = index.get() >= backlog.get();
                    let charged = counts.then(|| self.usage.charge(institution.as_ref(), entry.len(), now));
                    charged.and_then(Result::err).map(TakenIn::OverQuota)
                }
                Err(DoorError::NotNextLeaf { .. }) => return Err(MirrorError::Stopped),
                Err(error) => Some(TakenIn::Forbidden { index, error }),
            };
            if refused.is_some() {
                self.undo(applied, usage)?;
                return Ok(refused);
            }
        }
        Ok(None)
    }

    /// Takes one statement through the door, and tells whose key signed it if it is an institution's.
    fn admit(
        &mut self,
        index: LeafIndex,
        pending: &[Pending],
        verified: Result<VerifiedStatement, DoorError>,
    ) -> Result<(Applied, Option<InstitutionId>), DoorError> {
        let verified = verified?;
        let signer = verified.statement().header().signer;
        let admitted = self.registry.admit_verified(index, window(pending, index), verified)?;
        let done = self.registry.apply(admitted);
        let done = done.map_err(|error| DoorError::NotNextLeaf { index: error.index, next: error.next })?;
        Ok((done, self.registry.key(&signer).map(|key| key.institution().clone())))
    }

    /// Takes the statements of a batch out again.
    fn undo(&mut self, applied: Vec<Applied>, usage: Usage) -> Result<(), MirrorError> {
        self.usage = usage;
        for done in applied.into_iter().rev() {
            self.registry.undo(done).map_err(|_| MirrorError::Stopped)?;
        }
        Ok(())
    }

    /// Commits entries in groups that the store takes.
    fn commit(
        &mut self,
        sequence: &dyn SequenceStore,
        entries: &[&[u8]],
        now: UnixSeconds,
    ) -> Result<(), MirrorError> {
        let mut rest = entries;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |entry: &&&[u8]| {
                bytes += entry.len() + 2;
                bytes <= GROUP_BYTES_MAX
            };
            let (group, after) =
                rest.split_at(rest.iter().take(GROUP_ENTRIES_MAX).take_while(fits).count().max(1));
            let expected = self.edge.head();
            group.iter().for_each(|entry| self.edge.push(leaf_hash(entry), &mut self.unwritten));
            let next = self.edge.head();
            let commit = Commit { epoch: self.epoch, expected, next, accepted_at: now, entries: group };
            sequence.commit(&commit)?;
            rest = after;
        }
        Ok(())
    }
}

fn put_tiles(tiles: &dyn TileStore, full: &[Tile]) -> Result<(), TileError> {
    let objects: Vec<_> = full.iter().map(|tile| (ObjectPath::Tile(tile.path()), tile.encode())).collect();
    tiles.put(&objects)
}
