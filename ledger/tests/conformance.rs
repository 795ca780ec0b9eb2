//! The conformance suites over all adapters, and the negative controls that they must catch.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::Arc;

use matricula_ledger::conformance::{Failure, SequenceSubject, TileSubject, run_sequence, run_tiles};
use matricula_ledger::{
    Disk, FileSequence, FileTiles, MemorySequence, MemoryTiles, RealDisk, SequenceStore, TileStore,
};
use support::controls::{Control, Fault, Lie, LooseTiles, LyingDisk};
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
