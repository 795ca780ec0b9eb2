//! The conformance suites over all adapters, and the negative controls that they must catch.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use matricula_ledger::conformance::{Failure, SequenceSubject, TileSubject, run_sequence, run_tiles};
use matricula_ledger::{
    Commit, CommitError, Disk, DiskError, DiskFile, DiskLock, Epoch, FileSequence, FileTiles, Head, Lease,
    MemorySequence, MemoryTiles, ObjectPath, RealDisk, SequenceError, SequenceStore, SequencedEntry,
    TileError, TileStore,
};
use matricula_tlog::{LeafIndex, SignedCheckpoint, TreeSize};
use support::simulated_disk::SimulatedDisk;
use tempfile::TempDir;

const ORIGIN: &str = "suite.example/log";

/// The model lives through a crash: all it took is durable.
struct InMemory<S>(S);

impl<S: SequenceStore> SequenceSubject for InMemory<S> {
    fn store(&self) -> &dyn SequenceStore {
        &self.0
    }

    fn crash(&mut self) {}
}

impl<S: TileStore> TileSubject for InMemory<S> {
    fn store(&self) -> &dyn TileStore {
        &self.0
    }

    fn crash(&mut self) {}
}

/// Files on a disk that loses what is not synced. `lies` drops syncs on their way.
struct OnDisk<S> {
    disk: SimulatedDisk,
    lies: Option<Lie>,
    open: fn(Arc<dyn Disk>) -> S,
    store: Option<S>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    Files,
    Folders,
}

impl<S> OnDisk<S> {
    fn new(seed: u64, lies: Option<Lie>, open: fn(Arc<dyn Disk>) -> S) -> Self {
        let disk = SimulatedDisk::new(seed);
        let store = Some(open(view(&disk, lies)));
        Self { disk, lies, open, store }
    }

    fn lose_power(&mut self) {
        self.disk.crash();
        self.store = None;
        self.store = Some((self.open)(view(&self.disk, self.lies)));
    }
}

fn view(disk: &SimulatedDisk, lies: Option<Lie>) -> Arc<dyn Disk> {
    match lies {
        None => Arc::new(disk.clone()),
        Some(lie) => Arc::new(LyingDisk { disk: disk.clone(), lie }),
    }
}

fn open_sequence(disk: Arc<dyn Disk>) -> FileSequence {
    FileSequence::open(disk, ORIGIN).unwrap()
}

/// Segments so small that each check has many of them.
fn open_short_segments(disk: Arc<dyn Disk>) -> FileSequence {
    FileSequence::open_with(disk, ORIGIN, 1500).unwrap()
}

fn open_tiles(disk: Arc<dyn Disk>) -> FileTiles {
    FileTiles::open(disk).unwrap()
}

impl SequenceSubject for OnDisk<FileSequence> {
    fn store(&self) -> &dyn SequenceStore {
        self.store.as_ref().unwrap()
    }

    fn crash(&mut self) {
        self.lose_power();
    }
}

impl TileSubject for OnDisk<FileTiles> {
    fn store(&self) -> &dyn TileStore {
        self.store.as_ref().unwrap()
    }

    fn crash(&mut self) {
        self.lose_power();
    }
}

/// Files in a folder of this machine; a crash is only a reopening.
struct InFolder<S> {
    folder: TempDir,
    store: Option<S>,
}

impl<S> InFolder<S> {
    fn reopen(&mut self, open: fn(Arc<dyn Disk>) -> S) {
        self.store = None;
        self.store = Some(open(Arc::new(RealDisk::new(self.folder.path()).unwrap())));
    }
}

impl SequenceSubject for InFolder<FileSequence> {
    fn store(&self) -> &dyn SequenceStore {
        self.store.as_ref().unwrap()
    }

    fn crash(&mut self) {
        self.reopen(open_sequence);
    }
}

impl TileSubject for InFolder<FileTiles> {
    fn store(&self) -> &dyn TileStore {
        self.store.as_ref().unwrap()
    }

    fn crash(&mut self) {
        self.reopen(open_tiles);
    }
}

fn sequence_caught<S: SequenceSubject + 'static>(mut fresh: impl FnMut() -> S) -> Failure {
    run_sequence(&mut || Box::new(fresh())).expect_err("the suite let a negative control pass")
}

fn tiles_caught<S: TileSubject + 'static>(mut fresh: impl FnMut() -> S) -> Failure {
    run_tiles(&mut || Box::new(fresh())).expect_err("the suite let a negative control pass")
}

fn holds(result: Result<(), Failure>) {
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn the_models_pass() {
    holds(run_sequence(&mut || Box::new(InMemory(MemorySequence::new()))));
    holds(run_tiles(&mut || Box::new(InMemory(MemoryTiles::new()))));
}

#[test]
fn files_on_a_disk_that_loses_power_pass() {
    for seed in 1..4 {
        holds(run_sequence(&mut || Box::new(OnDisk::new(seed, None, open_sequence))));
        holds(run_sequence(&mut || Box::new(OnDisk::new(seed, None, open_short_segments))));
        holds(run_tiles(&mut || Box::new(OnDisk::new(seed, None, open_tiles))));
    }
}

#[test]
fn files_in_a_folder_pass() {
    holds(run_sequence(&mut || {
        let mut subject = InFolder { folder: TempDir::new().unwrap(), store: None };
        subject.reopen(open_sequence);
        Box::new(subject)
    }));
    holds(run_tiles(&mut || {
        let mut subject = InFolder { folder: TempDir::new().unwrap(), store: None };
        subject.reopen(open_tiles);
        Box::new(subject)
    }));
}

#[test]
fn sequences_that_break_a_promise_are_caught() {
    let caught = |fault| sequence_caught(move || InMemory(Control::new(fault))).check;
    assert_eq!(caught(Fault::IgnoresConditions), "refuses another head");
    assert_eq!(caught(Fault::ChecksThenWrites), "has one winner of a race");
    assert_eq!(caught(Fault::RollsBackOnce), "keeps every acknowledged state in a row");
    assert_eq!(caught(Fault::ReusesEpochs), "refuses an older epoch");
}

#[test]
fn tiles_that_break_a_promise_are_caught() {
    let caught = |fault| tiles_caught(move || InMemory(LooseTiles::new(fault))).check;
    assert_eq!(caught(Fault::IgnoresConditions), "never changes an object");
    assert_eq!(caught(Fault::ChecksThenWrites), "has one winner of a race");
    assert_eq!(caught(Fault::RollsBackOnce), "keeps every acknowledged state in a row");
}

#[test]
fn acknowledging_before_the_sync_is_caught() {
    for lie in [Lie::Files, Lie::Folders] {
        let caught =
            std::panic::catch_unwind(|| sequence_caught(|| OnDisk::new(3, Some(lie), open_sequence)).check);
        // A store may also find that what it reads is damaged, and refuse to open: that is caught, too.
        assert!(
            caught.is_err() || caught.is_ok_and(|check| check == "keeps what it acknowledged"),
            "{lie:?}"
        );
        let caught =
            std::panic::catch_unwind(|| tiles_caught(|| OnDisk::new(3, Some(lie), open_tiles)).check);
        assert!(
            caught.is_err() || caught.is_ok_and(|check| check == "keeps what it acknowledged"),
            "{lie:?}"
        );
    }
}

/// A disk that says that it synced, and did not.
#[derive(Debug)]
struct LyingDisk {
    disk: SimulatedDisk,
    lie: Lie,
}

#[derive(Debug)]
struct LyingFile(Box<dyn DiskFile>);

impl LyingDisk {
    fn file(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        if self.lie == Lie::Files { Box::new(LyingFile(file)) } else { file }
    }
}

impl Disk for LyingDisk {
    fn create_folder(&self, folder: &str) -> Result<(), DiskError> {
        self.disk.create_folder(folder)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError> {
        self.disk.list(folder)
    }

    fn create(&self, path: &str) -> Result<Box<dyn DiskFile>, DiskError> {
        Ok(self.file(self.disk.create(path)?))
    }

    fn open(&self, path: &str) -> Result<Option<Box<dyn DiskFile>>, DiskError> {
        Ok(self.disk.open(path)?.map(|file| self.file(file)))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &str) -> Result<(), DiskError> {
        if self.lie == Lie::Folders { Ok(()) } else { self.disk.sync_folder(folder) }
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        self.disk.lock(path)
    }
}

impl DiskFile for LyingFile {
    fn length(&self) -> Result<u64, DiskError> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.write_at(offset, bytes)
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        self.0.truncate(length)
    }

    fn sync(&self) -> Result<(), DiskError> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    IgnoresConditions,
    ChecksThenWrites,
    RollsBackOnce,
    ReusesEpochs,
}

/// The model of a sequence with one fault.
#[derive(Debug)]
struct Control {
    fault: Fault,
    inner: Mutex<MemorySequence>,
    commits: Mutex<u32>,
}

impl Control {
    fn new(fault: Fault) -> Self {
        Self { fault, inner: Mutex::default(), commits: Mutex::default() }
    }

    /// Commits on whatever is there.
    fn force(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let inner = self.inner.lock().unwrap();
        let Lease { epoch, head } = inner.acquire().unwrap();
        let size = TreeSize::new(head.size.get() + commit.entries.len() as u64);
        inner.commit(&Commit { epoch, expected: head, next: Head { size, ..commit.next }, ..*commit })
    }

    /// Puts the state of before the last commit in place.
    fn roll_back(&self, commit: &Commit<'_>) {
        let mut inner = self.inner.lock().unwrap();
        let entries = inner.entries(LeafIndex::new(0), commit.expected.size.get() as usize).unwrap();
        let entries: Vec<&[u8]> = entries.iter().map(|entry| entry.bytes.as_slice()).collect();
        let before = MemorySequence::new();
        let epoch = before.acquire().unwrap().epoch;
        let (expected, next) = (Head::empty(), commit.expected);
        before.commit(&Commit { epoch, expected, next, entries: &entries, ..*commit }).unwrap();
        *inner = before;
    }
}

impl SequenceStore for Control {
    fn head(&self) -> Result<Head, SequenceError> {
        self.inner.lock().unwrap().head()
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        let lease = self.inner.lock().unwrap().acquire()?;
        Ok(if self.fault == Fault::ReusesEpochs { Lease { epoch: Epoch::new(1), ..lease } } else { lease })
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        match self.fault {
            Fault::IgnoresConditions => self.force(commit),
            Fault::ReusesEpochs => self.inner.lock().unwrap().commit(commit),
            Fault::ChecksThenWrites => {
                // The check is the model's own, on a copy that is thrown away.
                let found = self.head().unwrap();
                let epoch = commit.epoch;
                if commit.expected != found
                    || commit.next.size.get() != found.size.get() + commit.entries.len() as u64
                {
                    return self.inner.lock().unwrap().commit(commit);
                }
                thread::sleep(Duration::from_millis(2));
                let inner = self.inner.lock().unwrap();
                let head = inner.head().unwrap();
                let size = TreeSize::new(head.size.get() + commit.entries.len() as u64);
                inner.commit(&Commit { epoch, expected: head, next: Head { size, ..commit.next }, ..*commit })
            }
            Fault::RollsBackOnce => {
                self.inner.lock().unwrap().commit(commit)?;
                let mut commits = self.commits.lock().unwrap();
                *commits += 1;
                if *commits == 61 && commit.expected.size.get() == 60 {
                    self.roll_back(commit);
                }
                Ok(())
            }
        }
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        self.inner.lock().unwrap().entries(from, limit)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.inner.lock().unwrap().trim(before)
    }
}

/// Tiles in memory with one fault.
#[derive(Debug)]
struct LooseTiles {
    fault: Fault,
    objects: Mutex<BTreeMap<ObjectPath, Vec<u8>>>,
    checkpoints: MemoryTiles,
    puts: Mutex<u32>,
}

impl LooseTiles {
    fn new(fault: Fault) -> Self {
        let checkpoints = MemoryTiles::new();
        Self { fault, objects: Mutex::default(), checkpoints, puts: Mutex::default() }
    }
}

impl TileStore for LooseTiles {
    fn put(&self, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), TileError> {
        let mut stored = self.objects.lock().unwrap();
        if self.fault != Fault::IgnoresConditions {
            let mut seen: BTreeMap<ObjectPath, &Vec<u8>> = BTreeMap::new();
            for (path, bytes) in objects {
                let earlier = seen.insert(*path, bytes);
                if stored.get(path).or(earlier).is_some_and(|there| there != bytes) {
                    return Err(TileError::Differs { path: *path });
                }
            }
        }
        if self.fault == Fault::ChecksThenWrites {
            drop(stored);
            thread::sleep(Duration::from_millis(2));
            stored = self.objects.lock().unwrap();
        }
        stored.extend(objects.iter().cloned());
        let mut puts = self.puts.lock().unwrap();
        *puts += 1;
        if self.fault == Fault::RollsBackOnce && *puts == 61 {
            stored.remove(&objects[0].0);
        }
        Ok(())
    }

    fn get(&self, path: ObjectPath) -> Result<Option<Vec<u8>>, TileError> {
        Ok(self.objects.lock().unwrap().get(&path).cloned())
    }

    fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError> {
        self.checkpoints.publish(checkpoint)
    }

    fn published(&self) -> Result<Option<SignedCheckpoint>, TileError> {
        self.checkpoints.published()
    }
}
