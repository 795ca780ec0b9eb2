//! Power is cut at every kind of moment, and writes fail, on a disk that drops, tears and reorders what is not synced.
//!
//! Every case follows from its seed alone. `MATRICULA_SEED=n` runs one again.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::{
    Clock, Commit, CommitError, Disk, FileSequence, FileTiles, Head, Node, NodeConfig, NodeStores, OpenError,
    SequenceError, SequenceStore, fsck_on,
};
use matricula_state::{MemoryStore, StateStore};
use matricula_tlog::{Frontier, LeafIndex, TreeSize, UnixSeconds, leaf_hash};
use support::simulated_disk::{Fault, SimulatedDisk};
use support::{ORIGIN, entry, genesis, keys};

/// Runs a case for each seed, or for the one that the environment names, and tells which one failed.
fn for_seeds(count: u64, case: impl Fn(u64)) {
    let only: Option<u64> = std::env::var("MATRICULA_SEED").ok().map(|seed| seed.parse().unwrap());
    let seeds = only.map_or(1..=count, |seed| seed..=seed);
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(seed))) {
            eprintln!("failed with MATRICULA_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 9) % bound
    }
}

/// A sequence store, and what was acknowledged.
struct Writer {
    disk: SimulatedDisk,
    segment_bytes: u64,
    tree: Frontier,
    entries: Vec<Vec<u8>>,
}

impl Writer {
    fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root() }
    }

    fn open(&self) -> Result<FileSequence, SequenceError> {
        FileSequence::open_with(Arc::new(self.disk.clone()), ORIGIN, self.segment_bytes)
    }

    /// Takes over what was not acknowledged and is there all the same: the whole group or nothing of it.
    fn compare(&mut self, store: &FileSequence, attempted: &[Vec<u8>]) {
        let head = store.head().unwrap();
        if head != self.head() {
            attempted.iter().for_each(|entry| self.tree.push(leaf_hash(entry)));
            self.entries.extend(attempted.iter().cloned());
            assert_eq!(head, self.head(), "neither the acknowledged head nor the one attempted");
        }
        let mut found = Vec::new();
        while found.len() < self.entries.len() {
            let more = store.entries(LeafIndex::new(found.len() as u64), 1000).unwrap();
            assert!(!more.is_empty());
            found.extend(more.into_iter().map(|entry| entry.bytes));
        }
        assert!(found == self.entries, "other entries than acknowledged");
    }
}

#[test]
fn a_sequence_survives_random_cuts() {
    for_seeds(1000, |seed| {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(seed);
        // With every other seed a segment has room for a few records only.
        let segment_bytes = if seed % 2 == 0 { 3000 } else { 1 << 26 };
        let mut writer = Writer { disk, segment_bytes, tree: Frontier::new(), entries: Vec::new() };
        let mut attempted = Vec::new();
        for _ in 0..5 {
            let cut = writer.disk.changes() + 1 + random.below(24);
            let fault = match random.below(4) {
                0 => Fault::FailsAndPersists(cut),
                1 => Fault::FailsAndDoesNot(cut),
                _ => Fault::PowerEnds(cut),
            };
            writer.disk.set_fault(Some(fault));
            attempted = write_until_failure(&mut writer, &mut random, &attempted);
            // After a failure the machine may go on, with what is cached, or lose its power.
            if random.below(2) == 0 || matches!(fault, Fault::PowerEnds(_)) {
                writer.disk.crash();
            } else {
                writer.disk.kill_process();
            }
            let store = writer.open().unwrap();
            writer.compare(&store, &attempted);
            attempted.clear();
            drop(store);
            // What was there when the store was opened stays, however power is lost now.
            writer.disk.crash();
            let store = writer.open().unwrap();
            writer.compare(&store, &[]);
        }
    });
}

/// Commits random groups until the disk fails. Returns the group whose outcome is unknown.
fn write_until_failure(writer: &mut Writer, random: &mut Random, attempted: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let Ok(store) = writer.open() else { return attempted.to_vec() };
    writer.compare(&store, attempted);
    let Ok(lease) = store.acquire() else { return Vec::new() };
    loop {
        let group: Vec<Vec<u8>> = (0..1 + random.below(6))
            .map(|_| {
                let kind = random.below(3);
                // Long runs of zeros look like sectors that were never written.
                let byte = if kind == 0 { 0 } else { random.below(256) as u8 };
                vec![byte; random.below(if kind == 2 { 3000 } else { 700 }) as usize]
            })
            .collect();
        let mut tree = writer.tree.clone();
        group.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        let next = Head { size: tree.size(), root: tree.root() };
        let entries: Vec<&[u8]> = group.iter().map(Vec::as_slice).collect();
        let accepted_at = UnixSeconds::new(7);
        let commit =
            Commit { epoch: lease.epoch, expected: writer.head(), next, accepted_at, entries: &entries };
        match store.commit(&commit) {
            Ok(()) => {
                writer.tree = tree;
                writer.entries.extend(group);
            }
            Err(CommitError::Indeterminate(_)) => {
                assert!(matches!(store.commit(&commit), Err(CommitError::Stopped)), "a failed store goes on");
                return group;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// A node on a simulated disk, and what its users were told.
struct Machine {
    disk: SimulatedDisk,
    state: Arc<dyn StateStore>,
    acknowledged: Vec<(u64, u64)>,
    roots: Vec<(TreeSize, matricula_tlog::Hash)>,
    next: u64,
}

impl Machine {
    fn new(seed: u64) -> Self {
        let state = Arc::new(MemoryStore::new());
        Self { disk: SimulatedDisk::new(seed), state, acknowledged: Vec::new(), roots: Vec::new(), next: 1 }
    }

    fn open(&self) -> Result<Node, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let sequence = Arc::new(FileSequence::open(disk.clone(), ORIGIN)?);
        let tiles = Arc::new(FileTiles::open(disk.clone())?);
        let stores = NodeStores { disk, sequence, tiles, state: self.state.clone() };
        let mut config = NodeConfig::new("");
        config.publish_every = Duration::ZERO;
        config.clock = Clock::new(|| support::NOW);
        Node::create_on(stores, config, keys(), &genesis())
    }

    /// Submits one group after another, each published before the next, until a number of groups or a failure.
    fn work(&mut self, groups: u64, random: &mut Random) {
        let Ok(node) = self.open() else { return };
        self.see(&node);
        for _ in 0..groups {
            let numbers: Vec<u64> = (self.next..self.next + 60 + random.below(20)).collect();
            self.next += numbers.len() as u64;
            let Ok(receipts) = node.submit(numbers.iter().copied().map(entry).collect()) else { break };
            let told = receipts.iter().zip(numbers).map(|(receipt, number)| (receipt.index.get(), number));
            self.acknowledged.extend(told);
            let published = node.wait_published(node.accepted().size);
            self.see(&node);
            if published.is_err() {
                break;
            }
        }
    }

    fn see(&mut self, node: &Node) {
        let Some(note) = node.checkpoint() else { return };
        let (size, root) = (note.unverified().size(), note.unverified().root());
        for (other_size, other_root) in &self.roots {
            assert!(*other_size != size || *other_root == root, "two roots for size {size}");
        }
        self.roots.push((size, root));
    }

    /// Opens the log as it is now and compares it with all that was told.
    fn check(&mut self) {
        self.disk.set_fault(None);
        let node = self.open().unwrap_or_else(|error| panic!("the log does not open: {error}"));
        node.wait_published(node.accepted().size).unwrap();
        self.see(&node);
        for (index, number) in &self.acknowledged {
            let found = node.entry(LeafIndex::new(*index)).unwrap().expect("an acknowledged entry is gone");
            assert_eq!(found.bytes, entry(*number), "another entry at {index}");
        }
    }

    fn check_bytes(&self) {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let report = fsck_on(&disk, self.state.clone()).unwrap();
        assert!(report.is_sound(), "{report}");
    }
}

#[test]
fn a_node_survives_random_cuts() {
    for_seeds(60, |seed| {
        let mut random = Random::new(seed);
        let mut machine = Machine::new(seed);
        for _ in 0..3 {
            machine.disk.set_fault(Some(Fault::PowerEnds(machine.disk.changes() + 1 + random.below(90))));
            machine.work(4, &mut random);
            machine.disk.crash();
            machine.check();
            machine.check_bytes();
        }
    });
}

/// Every change that the disk is asked for fails once although it happens; then the process ends, or the power.
#[test]
fn a_node_survives_any_write_that_fails_and_happens() {
    fail_each_change(Fault::FailsAndPersists);
}

/// Every change that the disk is asked for fails once and does not happen; then the process ends, or the power.
#[test]
fn a_node_survives_any_write_that_fails_and_does_not_happen() {
    fail_each_change(Fault::FailsAndDoesNot);
}

fn fail_each_change(fault: fn(u64) -> Fault) {
    let changes = {
        let mut machine = Machine::new(1);
        machine.work(5, &mut Random::new(1));
        machine.disk.changes()
    };
    assert!(changes > 60, "the scenario has only {changes} changes");
    for_seeds(changes, |number| {
        for power_ends in [false, true] {
            let mut machine = Machine::new(number);
            machine.disk.set_fault(Some(fault(number)));
            machine.work(5, &mut Random::new(1));
            if power_ends {
                machine.disk.crash();
            } else {
                machine.disk.kill_process();
            }
            machine.check();
            // What a restart showed is not taken back by a loss of power after it.
            machine.disk.crash();
            machine.check();
            machine.check_bytes();
        }
    });
}
