//! A record cut by power loss is removed; any other damage of a segment is an error.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::Arc;

use matricula_ledger::{Commit, FileSequence, Head, SegmentDefect, SequenceError, SequenceStore};
use matricula_tlog::{Frontier, TreeSize, UnixSeconds, leaf_hash};
use support::ORIGIN;
use support::simulated_disk::SimulatedDisk;

const SEGMENT: &str = "segments/00000000000000000000";
const SECTOR: usize = 512;

/// A log of groups of entries: its bytes, and where each record ends.
struct Sample {
    disk: SimulatedDisk,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Sample {
    fn new(groups: &[Vec<Vec<u8>>]) -> Self {
        let disk = SimulatedDisk::new(1);
        let store = open(&disk).unwrap();
        let epoch = store.acquire().unwrap().epoch;
        let length = || disk.bytes(SEGMENT).unwrap().len();
        let (mut tree, mut ends) = (Frontier::new(), vec![length()]);
        for group in groups {
            let expected = Head { size: tree.size(), root: tree.root() };
            group.iter().for_each(|entry| tree.push(leaf_hash(entry)));
            let next = Head { size: tree.size(), root: tree.root() };
            let entries: Vec<&[u8]> = group.iter().map(Vec::as_slice).collect();
            let accepted_at = UnixSeconds::new(1);
            store.commit(&Commit { epoch, expected, next, accepted_at, entries: &entries }).unwrap();
            ends.push(length());
        }
        drop(store);
        let bytes = disk.bytes(SEGMENT).unwrap();
        Self { disk, bytes, ends }
    }

    /// Opens the log with other bytes in its segment.
    fn open_with(&self, bytes: Vec<u8>) -> Result<TreeSize, SequenceError> {
        self.disk.overwrite(SEGMENT, bytes);
        Ok(open(&self.disk)?.head()?.size)
    }

    fn last_start(&self) -> usize {
        self.ends[self.ends.len() - 2]
    }
}

fn open(disk: &SimulatedDisk) -> Result<FileSequence, SequenceError> {
    FileSequence::open(Arc::new(disk.clone()), ORIGIN)
}

/// Two acknowledged entries, then a last group over several sectors, with a long run of zeros in it.
fn sample() -> Sample {
    let last = vec![vec![3; 400], vec![0; 1400], vec![4; 200], Vec::new(), vec![0; 30]];
    Sample::new(&[vec![vec![1; 100]], vec![vec![2; 333]], last])
}

#[test]
fn a_tail_shorter_than_its_record_is_removed() {
    let sample = sample();
    for length in sample.last_start() + 1..sample.bytes.len() {
        let size = sample.open_with(sample.bytes[..length].to_vec()).unwrap();
        assert_eq!(size, TreeSize::new(2), "cut at {length}");
        assert_eq!(sample.disk.bytes(SEGMENT).unwrap().len(), sample.last_start());
    }
    assert_eq!(sample.open_with(sample.bytes.clone()).unwrap(), TreeSize::new(7));
}

#[test]
fn a_tail_with_a_sector_that_never_arrived_is_removed() {
    let sample = sample();
    let start = sample.last_start();
    let mut removed = 0;
    for sector in start / SECTOR..=sample.bytes.len() / SECTOR {
        let (from, to) = ((sector * SECTOR).max(start), ((sector + 1) * SECTOR).min(sample.bytes.len()));
        let mut bytes = sample.bytes.clone();
        if bytes[from..to].iter().all(|byte| *byte == 0) {
            continue;
        }
        bytes[from..to].fill(0);
        assert_eq!(sample.open_with(bytes).unwrap(), TreeSize::new(2), "sector {sector}");
        removed += 1;
    }
    assert!(removed > 2);
}

#[test]
fn a_flipped_bit_in_the_last_record_is_damage() {
    let sample = sample();
    for bit in (sample.last_start() * 8..sample.bytes.len() * 8).step_by(5) {
        let mut bytes = sample.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = sample.open_with(bytes);
        assert!(matches!(opened, Err(SequenceError::Damaged { .. })), "bit {bit}: {opened:?}");
    }
}

#[test]
fn damage_before_another_record_is_never_taken_for_a_tail() {
    let sample = sample();
    for from in 0..sample.last_start() {
        let mut bytes = sample.bytes.clone();
        // A blank stretch up to the end of the sector, as if it had never arrived.
        let to = ((from / SECTOR + 1) * SECTOR).min(sample.last_start());
        if bytes[from..to].iter().all(|byte| *byte == 0) {
            continue;
        }
        bytes[from..to].fill(0);
        let opened = sample.open_with(bytes);
        assert!(matches!(opened, Err(SequenceError::Damaged { .. })), "blank from {from}: {opened:?}");
    }
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let sample = sample();
    let other = FileSequence::open(Arc::new(sample.disk.clone()), "ledger.example/other");
    assert!(matches!(other, Err(SequenceError::Damaged { defect: SegmentDefect::OtherLog, .. })));
}

#[test]
fn a_missing_segment_is_refused() {
    let disk = SimulatedDisk::new(1);
    let store = FileSequence::open_with(Arc::new(disk.clone()), ORIGIN, 200).unwrap();
    let epoch = store.acquire().unwrap().epoch;
    let mut tree = Frontier::new();
    for i in 0..6u8 {
        let expected = Head { size: tree.size(), root: tree.root() };
        tree.push(leaf_hash(&[i; 300]));
        let next = Head { size: tree.size(), root: tree.root() };
        let commit =
            Commit { epoch, expected, next, accepted_at: UnixSeconds::new(1), entries: &[&[i; 300]] };
        store.commit(&commit).unwrap();
    }
    drop(store);
    let segments: Vec<_> = disk.paths().into_iter().filter(|path| path.starts_with("segments/")).collect();
    assert!(segments.len() > 4, "{segments:?}");
    assert_eq!(open(&disk).unwrap().head().unwrap().size, TreeSize::new(6));
    matricula_ledger::Disk::remove(&disk, &segments[2]).unwrap();
    assert!(matches!(open(&disk), Err(SequenceError::Damaged { defect: SegmentDefect::Gap, .. })));
}
