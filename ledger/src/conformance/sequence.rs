//! Checks of sequence stores while they run.

use std::sync::Barrier;
use std::thread;

use matricula_tlog::{ENTRY_BYTES_MAX, Frontier, LeafIndex, TreeSize, UnixSeconds, leaf_hash};

use super::{SequenceSubject, ensure, told};
use crate::sequence::{
    Commit, CommitError, Epoch, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX, Head, SequenceError, SequenceStore,
};

pub(super) type Check = fn(&mut dyn SequenceSubject) -> Result<(), String>;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("starts empty", starts_empty),
    ("returns what was committed", returns_what_was_committed),
    ("refuses another head", refuses_another_head),
    ("refuses an older epoch", refuses_an_older_epoch),
    ("refuses misuse", refuses_misuse),
    ("reads any range", reads_any_range),
    ("bounds what it returns", bounds_what_it_returns),
    ("trims only what it may", trims_only_what_it_may),
    ("has one winner of a race", has_one_winner),
];

const WRITERS: usize = 8;

/// A writer that keeps its own tree, as a node does.
pub(super) struct Author {
    pub(super) epoch: Epoch,
    pub(super) tree: Frontier,
    pub(super) written: Vec<Vec<u8>>,
}

impl Author {
    pub(super) fn new(store: &dyn SequenceStore) -> Result<Self, String> {
        let lease = store.acquire().map_err(told)?;
        ensure(lease.head == Head::empty(), || format!("a fresh store has the head {}", lease.head))?;
        Ok(Self { epoch: lease.epoch, tree: Frontier::new(), written: Vec::new() })
    }

    pub(super) fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root() }
    }

    /// What a commit of these entries asks for.
    pub(super) fn plan(&self, entries: &[Vec<u8>]) -> (Head, Head, Frontier) {
        let mut tree = self.tree.clone();
        entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        (self.head(), Head { size: tree.size(), root: tree.root() }, tree)
    }

    pub(super) fn commit(
        &mut self,
        store: &dyn SequenceStore,
        entries: Vec<Vec<u8>>,
    ) -> Result<(), CommitError> {
        let (expected, next, tree) = self.plan(&entries);
        let bytes: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        store.commit(&Commit {
            epoch: self.epoch,
            expected,
            next,
            accepted_at: time(expected),
            entries: &bytes,
        })?;
        self.tree = tree;
        self.written.extend(entries);
        Ok(())
    }

    /// Compares all that the store has with all that was committed.
    pub(super) fn check_all(&self, store: &dyn SequenceStore) -> Result<(), String> {
        let head = store.head().map_err(told)?;
        ensure(head == self.head(), || format!("the head is {head}, committed was {}", self.head()))?;
        let mut next = 0;
        while (next as usize) < self.written.len() {
            let entries = store.entries(LeafIndex::new(next), 100).map_err(told)?;
            ensure(!entries.is_empty(), || format!("no entry at {next}"))?;
            for entry in entries {
                ensure(entry.index.get() == next, || format!("{} came for {next}", entry.index))?;
                let same = self.written.get(next as usize) == Some(&entry.bytes);
                ensure(same, || format!("other bytes at {next}"))?;
                next += 1;
            }
        }
        let behind = store.entries(LeafIndex::new(next), 1).map_err(told)?;
        ensure(behind.is_empty(), || "an entry behind the head".into())
    }
}

pub(super) fn entry(number: u64, bytes: usize) -> Vec<u8> {
    let mut entry = vec![(number % 251) as u8; bytes.max(8)];
    entry[..8].copy_from_slice(&number.to_be_bytes());
    entry
}

/// A time that tells commits apart.
fn time(expected: Head) -> UnixSeconds {
    UnixSeconds::new(1000 + expected.size.get())
}

fn starts_empty(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    ensure(store.head().map_err(told)? == Head::empty(), || "a fresh store has a head".into())?;
    ensure(store.entries(LeafIndex::new(0), 10).map_err(told)?.is_empty(), || {
        "a fresh store has entries".into()
    })
}

fn returns_what_was_committed(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    for (round, count) in [1, 2, 300, 1, 1000].into_iter().enumerate() {
        let start = author.written.len() as u64;
        let lengths = [0usize, 1, 511, 512, 513, 70, 300];
        let entries = (0..count).map(|i| entry(start + i, lengths[(i as usize + round) % 7])).collect();
        author.commit(store, entries).map_err(told)?;
        author.check_all(store)?;
        let at = store.entries(LeafIndex::new(start), 1).map_err(told)?;
        ensure(at[0].accepted_at == UnixSeconds::new(1000 + start), || "another time of acceptance".into())?;
    }
    author.commit(store, vec![Vec::new(), vec![0; ENTRY_BYTES_MAX]]).map_err(told)?;
    author.check_all(store)
}

fn refuses_another_head(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    author.commit(store, vec![entry(0, 20)]).map_err(told)?;
    let right = author.head();
    for wrong in [Head::empty(), Head { size: right.size, root: Head::empty().root }] {
        let next = Head { size: TreeSize::new(wrong.size.get() + 1), root: right.root };
        let bytes: [&[u8]; 1] = [b"entry"];
        let refused = store.commit(&Commit {
            epoch: author.epoch,
            expected: wrong,
            next,
            accepted_at: time(wrong),
            entries: &bytes,
        });
        match refused {
            Err(CommitError::HeadMoved { found, .. }) if found == right => {}
            other => return Err(format!("a commit on another head gave {other:?}")),
        }
        author.check_all(store)?;
    }
    author.commit(store, vec![entry(1, 20)]).map_err(told)
}

fn refuses_an_older_epoch(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    author.commit(store, vec![entry(0, 20)]).map_err(told)?;
    let old = author.epoch;
    let lease = store.acquire().map_err(told)?;
    ensure(lease.epoch > old, || format!("epoch {} after {old}", lease.epoch))?;
    ensure(lease.head == author.head(), || "a new epoch moved the head".into())?;
    match author.commit(store, vec![entry(1, 20)]) {
        Err(CommitError::Fenced { epoch, latest }) if epoch == old && latest == lease.epoch => {}
        other => return Err(format!("a commit under an old epoch gave {other:?}")),
    }
    author.check_all(store)?;
    author.epoch = lease.epoch;
    author.commit(store, vec![entry(1, 20)]).map_err(told)?;
    author.check_all(store)
}

fn refuses_misuse(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    let long = author.commit(store, vec![vec![0; ENTRY_BYTES_MAX + 1]]);
    ensure(matches!(long, Err(CommitError::TooLarge { .. })), || format!("an overlong entry gave {long:?}"))?;
    let many = author.commit(store, vec![Vec::new(); GROUP_ENTRIES_MAX + 1]);
    ensure(matches!(many, Err(CommitError::TooLarge { .. })), || format!("too many entries gave {many:?}"))?;
    let large = author.commit(store, vec![vec![0; ENTRY_BYTES_MAX]; GROUP_BYTES_MAX / ENTRY_BYTES_MAX + 1]);
    ensure(matches!(large, Err(CommitError::TooLarge { .. })), || format!("too many bytes gave {large:?}"))?;
    let none = author.commit(store, Vec::new());
    ensure(matches!(none, Err(CommitError::Miscounted { .. })), || format!("no entry gave {none:?}"))?;
    let (expected, mut next, _) = author.plan(&[entry(0, 9), entry(1, 9)]);
    next.size = TreeSize::new(3);
    let bytes: [&[u8]; 2] = [b"one", b"two"];
    let commit = Commit { epoch: author.epoch, expected, next, accepted_at: time(expected), entries: &bytes };
    let miscounted = store.commit(&commit);
    ensure(matches!(miscounted, Err(CommitError::Miscounted { .. })), || {
        format!("miscounted: {miscounted:?}")
    })?;
    author.check_all(store)
}

fn reads_any_range(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    for group in 0..60u64 {
        let start = author.written.len() as u64;
        author.commit(store, (0..1 + group % 23).map(|i| entry(start + i, 40)).collect()).map_err(told)?;
    }
    let size = author.written.len() as u64;
    for from in 0..size {
        for limit in [1usize, 7, 300] {
            let entries = store.entries(LeafIndex::new(from), limit).map_err(told)?;
            let want = limit.min((size - from) as usize);
            ensure(entries.len() == want, || format!("{} entries from {from}, not {want}", entries.len()))?;
            let right = entries.iter().zip(from..).all(|(got, at)| got.bytes == author.written[at as usize]);
            ensure(right, || format!("wrong entries from {from}"))?;
        }
    }
    ensure(store.entries(LeafIndex::new(u64::MAX), 1).map_err(told)?.is_empty(), || {
        "an entry at the end".into()
    })?;
    ensure(store.entries(LeafIndex::new(0), 0).map_err(told)?.is_empty(), || "entries under no limit".into())
}

fn bounds_what_it_returns(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    for group in 0..6 {
        author.commit(store, (0..50).map(|i| entry(group * 50 + i, 60_000)).collect()).map_err(told)?;
    }
    let entries = store.entries(LeafIndex::new(0), 300).map_err(told)?;
    let bytes: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
    ensure(bytes <= crate::sequence::ENTRIES_BYTES_MAX, || format!("{bytes} bytes in one answer"))?;
    author.check_all(store)
}

fn trims_only_what_it_may(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    author.commit(store, (0..20).map(|i| entry(i, 30)).collect()).map_err(told)?;
    let first = store.trim(LeafIndex::new(12)).map_err(told)?;
    ensure(first <= LeafIndex::new(12), || format!("trimmed up to {first}"))?;
    let kept = store.entries(LeafIndex::new(12), 100).map_err(told)?;
    ensure(kept.len() == 8, || format!("{} entries kept", kept.len()))?;
    if first > LeafIndex::new(0) {
        match store.entries(LeafIndex::new(0), 1) {
            Err(SequenceError::Trimmed { first: told }) if told == first => {}
            other => return Err(format!("a trimmed entry gave {other:?}")),
        }
    }
    author.commit(store, vec![entry(20, 30)]).map_err(told)?;
    ensure(store.head().map_err(told)? == author.head(), || "another head after a trim".into())
}

/// Each round all writers commit on the same head at once: exactly one may.
fn has_one_winner(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let store = subject.store();
    let mut author = Author::new(store)?;
    for round in 0..20u64 {
        let barrier = Barrier::new(WRITERS);
        let attempt = |writer: u64| {
            let entries = vec![entry(round * 100 + writer, 50)];
            let (expected, next, tree) = author.plan(&entries);
            let bytes: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
            barrier.wait();
            let commit =
                Commit { epoch: author.epoch, expected, next, accepted_at: time(expected), entries: &bytes };
            store.commit(&commit).map(|()| (tree, entries))
        };
        let results: Vec<_> = thread::scope(|scope| {
            let attempt = &attempt;
            let threads: Vec<_> =
                (0..WRITERS as u64).map(|writer| scope.spawn(move || attempt(writer))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let mut winners: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
        ensure(winners.len() == 1, || format!("{} writers won round {round}", winners.len()))?;
        if let Some((tree, entries)) = winners.pop() {
            author.tree = tree;
            author.written.extend(entries);
        }
        author.check_all(store)?;
    }
    Ok(())
}
