//! Stores that fail at each step, restarts, and stores that were rolled back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use matricula_ledger::mirror::{Mirror, OpenMirrorError};
use matricula_ledger::witness::Recalled;
use matricula_ledger::{
    Commit, CommitError, FileSequence, FileTiles, Head, Lease, MemorySequence, MemoryTiles, ObjectPath,
    RealDisk, SequenceError, SequenceStore, SequencedEntry, TileError, TileStore,
};
use matricula_state::{
    Change, MemoryStore, Op, Row, SledStore, StateError, StateStore, Table, Version, Versioned,
};
use matricula_tlog::{LeafIndex, SignedCheckpoint, TreeSize, UnixSeconds};

use tempfile::TempDir;

use crate::log::{InMemory, Log, NOW, Recorder, config, origin};

/// Counts down the writes of all stores; the one at zero fails, done or undone, and nothing works from then on.
#[derive(Debug)]
struct Fuse {
    left: AtomicU32,
    done: bool,
}

enum Burn {
    Not,
    Now,
    Dead,
}

impl Fuse {
    fn burn(&self) -> Burn {
        match self.left.load(Ordering::SeqCst) {
            0 => Burn::Dead,
            1 => {
                self.left.store(0, Ordering::SeqCst);
                Burn::Now
            }
            left => {
                self.left.store(left - 1, Ordering::SeqCst);
                Burn::Not
            }
        }
    }
}

/// Any of the stores, on a fuse.
#[derive(Debug)]
struct Fused<S> {
    store: Arc<S>,
    fuse: Arc<Fuse>,
}

impl<S> Fused<S> {
    fn write<E>(&self, work: impl Fn(&S) -> Result<(), E>, dead: impl Fn() -> E) -> Result<(), E> {
        match self.fuse.burn() {
            Burn::Not => work(&self.store),
            Burn::Dead => Err(dead()),
            Burn::Now => {
                if self.fuse.done {
                    work(&self.store)?;
                }
                Err(dead())
            }
        }
    }
}

impl StateStore for Fused<MemoryStore> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        self.store.get(table, key)
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        self.write(|store| store.apply(ops).map(drop), || StateError::Stopped)?;
        Ok(Version::ZERO)
    }

    fn scan(
        &self,
        t: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        self.store.scan(t, prefix, after, limit)
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        self.store.changes_since(after, limit)
    }
}

impl SequenceStore for Fused<MemorySequence> {
    fn head(&self) -> Result<Head, SequenceError> {
        self.store.head()
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        self.store.acquire()
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        self.write(|store| store.commit(commit), || CommitError::Stopped)
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        self.store.entries(from, limit)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.store.trim(before)
    }
}

impl TileStore for Fused<MemoryTiles> {
    fn put(&self, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), TileError> {
        self.write(|store| store.put(objects), || TileError::Stopped)
    }

    fn get(&self, path: ObjectPath) -> Result<Option<Vec<u8>>, TileError> {
        self.store.get(path)
    }

    fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError> {
        self.write(|store| store.publish(checkpoint), || TileError::Stopped)
    }

    fn published(&self) -> Result<Option<SignedCheckpoint>, TileError> {
        self.store.published()
    }
}

/// A mirror that dies at its `n`th write, then is started anew over what its stores have, and fed to the end.
/// Gives back whether it died.
fn two_lives(log: &Log, dies_at: u32, done: bool) -> bool {
    let (state, sequence, tiles) = (Arc::default(), Arc::default(), Arc::default());
    let key = Recorder::new();
    let fuse = Arc::new(Fuse { left: AtomicU32::new(dies_at), done });
    let died = {
        let fused_state = Fused { store: Arc::clone(&state), fuse: fuse.clone() };
        let fused_sequence = Fused { store: Arc::clone(&sequence), fuse: fuse.clone() };
        let fused_tiles = Fused { store: Arc::clone(&tiles), fuse: fuse.clone() };
        let mirror = Mirror::new(Arc::new(fused_state), Box::new(key.clone()));
        let opened = mirror.add_log(config(), Arc::new(fused_sequence), Arc::new(fused_tiles));
        opened.is_err() || feed(&mirror, log).is_none()
    };
    // What was said before the crash is true of what survived it.
    let survived: &MemorySequence = &sequence;
    let durable = survived.head().unwrap();
    for (size, root, _) in key.said() {
        assert!(durable.size.get() >= size, "{size} entries were cosigned, {durable} are there");
        assert_eq!(root, log.root(size as usize));
    }
    let again = InMemory::over(config(), state, sequence, tiles);
    assert!(feed(&again.mirror, log).is_some(), "died at {dies_at}, done: {done}");
    assert_eq!(again.next(), log.size() as u64);
    let published = again.mirror.checkpoint(&origin()).unwrap().unwrap();
    assert_eq!(published.unverified().root(), log.root(log.size()));
    died
}

/// Follows a log as it grows, from wherever the mirror is; `None` when the mirror gives no answer.
fn feed(mirror: &Mirror, log: &Log) -> Option<()> {
    let now = UnixSeconds::new(NOW);
    for new in [100, 300, log.size()] {
        let mut old = 0;
        loop {
            let body = log.add_checkpoint(old, log.checkpoint_at(new, NOW));
            let outcome = mirror.add_checkpoint(&body, now).ok()?;
            if outcome.status() != 409 {
                break;
            }
            old = outcome.body().trim().parse().unwrap();
            if old > new {
                break;
            }
        }
        loop {
            let next = mirror.next_entry(&origin()).unwrap().unwrap().get() as usize;
            let outcome = mirror.add_entries(&log.add_entries(next.min(new), new, 1), now).ok()?;
            if matches!(outcome.status(), 200 | 409) {
                break;
            }
        }
    }
    Some(())
}

#[test]
fn no_crash_loses_an_entry_that_was_cosigned() {
    let log = Log::of(600);
    for done in [false, true] {
        let deaths = (1..60).take_while(|dies_at| two_lives(&log, *dies_at, done)).count();
        assert!((12..59).contains(&deaths), "every write fails once: {deaths}");
    }
}

fn reopen(
    state: Arc<MemoryStore>,
    sequence: Arc<MemorySequence>,
    tiles: Arc<MemoryTiles>,
) -> OpenMirrorError {
    let mirror = Mirror::new(state, Box::new(Recorder::new()));
    mirror.add_log(config(), sequence, tiles).unwrap_err()
}

#[test]
fn a_copy_that_lost_cosigned_entries_is_not_opened() {
    let (log, copy) = (Log::of(30), InMemory::new());
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let error = reopen(copy.state, Arc::default(), copy.tiles);
    assert!(matches!(error, OpenMirrorError::LostEntries { .. }), "{error}");
}

#[test]
fn a_copy_whose_state_store_was_made_anew_is_not_opened() {
    let (log, copy) = (Log::of(30), InMemory::new());
    copy.pend(&log, 0, 30, NOW);
    let fork_would_do = Arc::new(MemoryStore::new());
    let empty = InMemory::over(config(), fork_would_do.clone(), Arc::default(), Arc::default());
    drop(empty);
    assert_eq!(copy.upload(&log.add_entries(0, 30, 9), NOW).status(), 200);
    let error = reopen(fork_would_do, copy.sequence, copy.tiles);
    assert!(matches!(error, OpenMirrorError::LostMemory { .. }), "{error}");
}

#[test]
fn a_mirror_whose_disk_came_back_older_follows_its_own_word_and_no_other_branch() {
    let (log, mut fork) = (Log::of(30), Log::of(20));
    fork.push(log.entries[25].clone());
    (0..15).for_each(|_| fork.commitment(&crate::log::authority()));
    let before = InMemory::new();
    assert_eq!(before.follow(&log, 0, NOW).status(), 200);
    let said = before.mirror.checkpoint(&origin()).unwrap().unwrap();
    let rolled_back = || {
        let copy = InMemory::new();
        copy.pend(&log, 0, 10, NOW - 99);
        assert_eq!(copy.upload(&log.add_entries(0, 10, 9), NOW - 99).status(), 200);
        copy
    };
    let forgetful = rolled_back();
    assert_eq!(forgetful.follow(&fork, 10, NOW).status(), 200, "the twin: it would cosign the other branch");

    let copy = rolled_back();
    let (from, to) = (TreeSize::new(10), TreeSize::new(30));
    assert_eq!(copy.mirror.recall(&log.checkpoint(30)).unwrap(), Recalled::NotOurs);
    assert_eq!(copy.mirror.recall(&said).unwrap(), Recalled::Recovered { from, to });
    let body = fork.add_checkpoint(30, fork.checkpoint(36));
    assert_eq!(copy.mirror.add_checkpoint(&body, UnixSeconds::new(NOW)).unwrap().status(), 422);
    // The log goes on from where the mirror says that it is; the clock that came back older does not count.
    copy.pend(&log, 30, 30, NOW - 50);
    assert_eq!(copy.upload(&log.add_entries(10, 30, 9), NOW - 50).status(), 200);
    assert_eq!(copy.key.said().last(), Some(&(30, log.root(30), NOW)));
}

#[test]
fn a_copy_under_another_authority_is_not_opened() {
    let (log, copy) = (Log::of(30), InMemory::new());
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let mut other = config();
    other.root_keys = vec![(&ed25519_dalek::SigningKey::from_bytes(&[99; 32]).verifying_key()).into()];
    let mirror = Mirror::new(copy.state, Box::new(Recorder::new()));
    let error = mirror.add_log(other, copy.sequence, copy.tiles).unwrap_err();
    assert!(matches!(error, OpenMirrorError::Evidence { .. }), "{error}");
}

#[test]
fn a_copy_in_files_survives_a_restart_and_goes_on() {
    let log = Log::of(700);
    let folder = TempDir::new().unwrap();
    let open = || {
        let state = Arc::new(SledStore::open(&folder.path().join("state")).unwrap());
        let mirror = Mirror::new(state, Box::new(Recorder::new()));
        let sequence = RealDisk::new(&folder.path().join("entries")).unwrap();
        let tiles = RealDisk::new(&folder.path().join("tiles")).unwrap();
        let sequence = FileSequence::open(Arc::new(sequence), crate::log::ORIGIN).unwrap();
        let tiles = FileTiles::open(Arc::new(tiles)).unwrap();
        mirror.add_log(config(), Arc::new(sequence), Arc::new(tiles)).unwrap();
        mirror
    };
    let now = UnixSeconds::new(NOW);
    for (old, new) in [(0, 300), (300, 520), (520, 700)] {
        let mirror = open();
        let body = log.add_checkpoint(old, log.checkpoint_at(new, NOW));
        assert_eq!(mirror.add_checkpoint(&body, now).unwrap().status(), 200);
        drop(mirror);
        let mirror = open();
        assert_eq!(mirror.add_entries(&log.add_entries(old, new, 9), now).unwrap().status(), 200);
        let published = mirror.checkpoint(&origin()).unwrap().unwrap();
        assert_eq!(published.unverified().root(), log.root(new));
    }
}

/// A sequence that gives back other bytes once it is told to.
#[derive(Debug)]
pub struct Lying {
    store: Arc<MemorySequence>,
    lies: AtomicBool,
}

impl Lying {
    pub fn over(store: Arc<MemorySequence>) -> Self {
        Self { store, lies: AtomicBool::new(false) }
    }

    pub fn lie(&self) {
        self.lies.store(true, Ordering::SeqCst);
    }
}

impl SequenceStore for Lying {
    fn head(&self) -> Result<Head, SequenceError> {
        self.store.head()
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        self.store.acquire()
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        self.store.commit(commit)
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        let mut entries = self.store.entries(from, limit)?;
        if self.lies.load(Ordering::SeqCst)
            && let Some(byte) = entries.last_mut().and_then(|entry| entry.bytes.last_mut())
        {
            *byte ^= 1;
        }
        Ok(entries)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.store.trim(before)
    }
}
