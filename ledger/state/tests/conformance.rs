//! The conformance suite over both adapters, and the negative controls that it must catch.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use matricula_state::conformance::{Failure, Subject, run};
use matricula_state::{
    Change, Expected, MemoryStore, Op, Row, SledStore, StateError, StateStore, Table, Version, Versioned,
};
use tempfile::TempDir;

/// The model lives through a crash: all it took is durable.
struct InMemory<S>(S);

impl<S: StateStore> Subject for InMemory<S> {
    fn store(&self) -> &dyn StateStore {
        &self.0
    }

    fn crash(&mut self) {}
}

/// A crash is a copy of the files as the kernel has them, taken under the open store: what `kill -9` leaves.
struct InFolder {
    folder: TempDir,
    store: SledStore,
}

impl InFolder {
    fn fresh() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SledStore::open(&folder.path().join("state")).unwrap();
        Self { folder, store }
    }
}

impl Subject for InFolder {
    fn store(&self) -> &dyn StateStore {
        &self.store
    }

    fn crash(&mut self) {
        let folder = TempDir::new().unwrap();
        copy_folder(&self.folder.path().join("state"), &folder.path().join("state"));
        self.store = SledStore::open(&folder.path().join("state")).unwrap();
        self.folder = folder;
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn caught<S: Subject + 'static>(mut fresh: impl FnMut() -> S) -> Failure {
    run(&mut || Box::new(fresh())).expect_err("the suite let a negative control pass")
}

#[test]
fn the_model_passes() {
    if let Err(failure) = run(&mut || Box::new(InMemory(MemoryStore::new()))) {
        panic!("{failure}");
    }
}

#[test]
fn sled_passes() {
    if let Err(failure) = run(&mut || Box::new(InFolder::fresh())) {
        panic!("{failure}");
    }
}

#[test]
fn a_second_process_cannot_open_the_folder() {
    let first = InFolder::fresh();
    let second = SledStore::open(&first.folder.path().join("state"));
    assert!(matches!(second, Err(StateError::Lost(_))), "{second:?}");
}

#[test]
fn a_store_that_ignores_conditions_is_caught() {
    let failure = caught(|| InMemory(Control::new(Fault::IgnoresConditions)));
    assert_eq!(failure.check, "refuses under an unmet condition");
}

#[test]
fn a_store_that_checks_then_writes_is_caught() {
    let failure = caught(|| InMemory(Control::new(Fault::ChecksThenWrites)));
    assert_eq!(failure.check, "has one winner of a race");
}

#[test]
fn a_store_that_acknowledges_before_sync_is_caught() {
    let failure = caught(|| Forgetful(Control::new(Fault::AcknowledgesBeforeSync)));
    assert_eq!(failure.check, "keeps what it acknowledged");
}

#[test]
fn a_store_that_rolls_back_once_is_caught() {
    let failure = caught(|| InMemory(Control::new(Fault::RollsBackOnce)));
    assert_eq!(failure.check, "keeps every acknowledged state in a row");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    IgnoresConditions,
    ChecksThenWrites,
    AcknowledgesBeforeSync,
    RollsBackOnce,
}

/// The model with one fault.
#[derive(Debug)]
struct Control {
    fault: Fault,
    inner: MemoryStore,
    /// What a crash undoes: the values before the last change.
    undo: Mutex<Vec<Op>>,
    applied: Mutex<u32>,
}

impl Control {
    fn new(fault: Fault) -> Self {
        Self { fault, inner: MemoryStore::new(), undo: Mutex::default(), applied: Mutex::default() }
    }

    fn unconditional(&self, ops: &[Op]) -> Result<Version, StateError> {
        let ops: Vec<Op> = ops.iter().map(|op| with(op, Expected::Any)).collect();
        self.inner.apply(&ops)
    }

    fn inverse(&self, ops: &[Op]) -> Vec<Op> {
        let before = |op: &Op| match self.inner.get(op.table(), op.key()) {
            Ok(Some(row)) => Op::put(op.table(), op.key(), row.value, Expected::Any),
            _ => Op::delete(op.table(), op.key(), Expected::Any),
        };
        ops.iter().map(before).collect()
    }
}

fn with(op: &Op, expected: Expected) -> Op {
    match op.clone() {
        Op::Put { table, key, value, .. } => Op::Put { table, key, value, expected },
        Op::Delete { table, key, .. } => Op::Delete { table, key, expected },
    }
}

impl StateStore for Control {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        self.inner.get(table, key)
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        match self.fault {
            Fault::IgnoresConditions => self.unconditional(ops),
            Fault::ChecksThenWrites => {
                for op in ops {
                    let found = self.inner.get(op.table(), op.key())?.map(|row| row.version);
                    if !op.expected().holds(found) {
                        return self.inner.apply(std::slice::from_ref(op));
                    }
                }
                thread::sleep(Duration::from_millis(1));
                self.unconditional(ops)
            }
            Fault::AcknowledgesBeforeSync => {
                let inverse = self.inverse(ops);
                let version = self.inner.apply(ops)?;
                *self.undo.lock().unwrap() = inverse;
                Ok(version)
            }
            Fault::RollsBackOnce => {
                let inverse = self.inverse(ops);
                let version = self.inner.apply(ops)?;
                let mut applied = self.applied.lock().unwrap();
                *applied += 1;
                if *applied == 60 {
                    self.inner.apply(&inverse)?;
                }
                Ok(version)
            }
        }
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        self.inner.scan(table, prefix, after, limit)
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        self.inner.changes_since(after, limit)
    }
}

/// Loses its last change in a crash.
struct Forgetful(Control);

impl Subject for Forgetful {
    fn store(&self) -> &dyn StateStore {
        &self.0
    }

    fn crash(&mut self) {
        let undo = std::mem::take(&mut *self.0.undo.lock().unwrap());
        self.0.inner.apply(&undo).unwrap();
    }
}
