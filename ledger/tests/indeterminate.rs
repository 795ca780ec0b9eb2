//! What the node does when a store cannot say whether a commit happened.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::{Arc, Mutex};

use matricula_ledger::{
    Commit, CommitError, DiskError, Head, Health, Lease, MemorySequence, MemoryTiles, Node, NodeStores,
    SequenceError, SequenceStore, SequencedEntry, SubmitError,
};
use matricula_state::MemoryStore;
use matricula_tlog::{LeafIndex, TreeSize};
use support::simulated_disk::SimulatedDisk;
use support::{config, entry, genesis, keys};

/// What becomes of the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Plain,
    HappensUnknown,
    FailsUnknown,
    AnotherWriter,
}

#[derive(Debug)]
struct Unsure {
    inner: MemorySequence,
    next: Mutex<Next>,
}

impl SequenceStore for Unsure {
    fn head(&self) -> Result<Head, SequenceError> {
        self.inner.head()
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        self.inner.acquire()
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let next = std::mem::replace(&mut *self.next.lock().unwrap(), Next::Plain);
        let other = [b"another writer's entry".as_slice()];
        match next {
            Next::Plain => return self.inner.commit(commit),
            Next::HappensUnknown => self.inner.commit(commit)?,
            Next::FailsUnknown => {}
            Next::AnotherWriter => {
                let size = TreeSize::new(commit.expected.size.get() + 1);
                let theirs = Head { size, root: genesis_root() };
                self.inner.commit(&Commit { next: theirs, entries: &other, ..*commit })?;
            }
        }
        let source = std::io::ErrorKind::TimedOut.into();
        Err(CommitError::Indeterminate(DiskError { operation: "commit", path: "database".into(), source }))
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        self.inner.entries(from, limit)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.inner.trim(before)
    }
}

fn genesis_root() -> matricula_tlog::Hash {
    matricula_tlog::leaf_hash(&genesis())
}

fn node() -> (Arc<Unsure>, Node) {
    let sequence = Arc::new(Unsure { inner: MemorySequence::new(), next: Mutex::new(Next::Plain) });
    let stores = NodeStores {
        disk: Arc::new(SimulatedDisk::new(1)),
        sequence: sequence.clone(),
        tiles: Arc::new(MemoryTiles::new()),
        state: Arc::new(MemoryStore::new()),
    };
    let node = Node::create_on(stores, config("unused".as_ref()), keys(), &genesis()).unwrap();
    (sequence, node)
}

#[test]
fn a_commit_that_happened_is_adopted() {
    let (sequence, node) = node();
    *sequence.next.lock().unwrap() = Next::HappensUnknown;
    assert_eq!(node.submit(vec![entry(1)]).unwrap()[0].index, LeafIndex::new(1));
    assert_eq!(node.submit(vec![entry(2)]).unwrap()[0].index, LeafIndex::new(2));
    assert_eq!(sequence.head().unwrap(), node.accepted());
}

#[test]
fn a_commit_that_did_not_happen_is_repeated() {
    let (sequence, node) = node();
    *sequence.next.lock().unwrap() = Next::FailsUnknown;
    assert_eq!(node.submit(vec![entry(1)]).unwrap()[0].index, LeafIndex::new(1));
    assert_eq!(sequence.head().unwrap(), node.accepted());
    assert_eq!(node.health(), Health::Running);
}

#[test]
fn a_head_that_is_neither_stops_the_node() {
    let (sequence, node) = node();
    *sequence.next.lock().unwrap() = Next::AnotherWriter;
    let before = node.read_registry(|registry| registry.next_index()).unwrap();
    assert!(matches!(node.submit(vec![entry(1)]), Err(SubmitError::Stopped)));
    assert!(matches!(node.health(), Health::Stopped { .. }));
    assert!(matches!(node.submit(vec![entry(2)]), Err(SubmitError::Stopped)));
    assert!(matches!(node.wait_published(TreeSize::new(9)), Err(SubmitError::Stopped)));
    assert_eq!(node.read_registry(|registry| registry.next_index()).unwrap(), before);
    assert!(node.proof(LeafIndex::new(0)).unwrap().is_some());
}

#[test]
fn a_writer_that_was_fenced_stops() {
    let (sequence, node) = node();
    sequence.acquire().unwrap();
    assert!(matches!(node.submit(vec![entry(1)]), Err(SubmitError::Stopped)));
    let Health::Stopped { reason } = node.health() else { panic!("a fenced writer goes on") };
    assert!(reason.contains("epoch"), "{reason}");
}
