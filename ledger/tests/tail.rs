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
const SEGMENT_HEADER_BYTES: usize = 76;
const RECORD_HEADER_BYTES: usize = 80;

/// A log of groups of entries: its bytes, room behind the records and all, and where each record ends.
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
        // The segment's header, and the record of the epoch.
        let (mut tree, mut ends) = (Frontier::new(), vec![SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES]);
        for group in groups {
            let expected = Head { size: tree.size(), root: tree.root() };
            group.iter().for_each(|entry| tree.push(leaf_hash(entry)));
            let next = Head { size: tree.size(), root: tree.root() };
            let entries: Vec<&[u8]> = group.iter().map(Vec::as_slice).collect();
            let accepted_at = UnixSeconds::new(1);
            store.commit(&Commit { epoch, expected, next, accepted_at, entries: &entries }).unwrap();
            let payload: usize = group.iter().map(|entry| entry.len() + 2).sum();
            ends.push(ends[ends.len() - 1] + RECORD_HEADER_BYTES + payload);
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

    /// Where the records end and the room begins.
    fn end(&self) -> usize {
        self.ends[self.ends.len() - 1]
    }

    fn length_now(&self) -> usize {
        self.disk.bytes(SEGMENT).unwrap().len()
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
    for length in sample.last_start() + 1..sample.end() {
        let size = sample.open_with(sample.bytes[..length].to_vec()).unwrap();
        assert_eq!(size, TreeSize::new(2), "cut at {length}");
        assert_eq!(sample.length_now(), sample.last_start());
    }
    assert_eq!(sample.open_with(sample.bytes.clone()).unwrap(), TreeSize::new(7));
}

/// The sectors of the last record arrive in any combination, the file's length with them or not.
#[test]
fn a_tail_with_sectors_that_never_arrived_is_removed() {
    let sample = sample();
    let (start, end) = (sample.last_start(), sample.end());
    let sectors: Vec<usize> = (start / SECTOR..end.div_ceil(SECTOR)).collect();
    assert!(sectors.len() > 4 && sample.bytes.len() > end + SECTOR);
    for lost in 1..1u32 << sectors.len() {
        let mut bytes = sample.bytes.clone();
        for (position, sector) in sectors.iter().enumerate() {
            let (from, to) = ((sector * SECTOR).max(start), ((sector + 1) * SECTOR).min(end));
            if lost & (1 << position) != 0 {
                bytes[from..to].fill(0);
            }
        }
        // A sector of zeros that never arrived is one that did.
        let size = TreeSize::new(if bytes == sample.bytes { 7 } else { 2 });
        assert_eq!(sample.open_with(bytes.clone()).unwrap(), size, "lost {lost:b}");
        bytes.truncate(end);
        assert_eq!(sample.open_with(bytes).unwrap(), size, "lost {lost:b}, without room");
    }
}

#[test]
fn room_behind_the_records_is_no_record_however_much_of_it_there_is() {
    let sample = sample();
    for length in (sample.end()..sample.end() + 200).chain([sample.bytes.len() - 1, sample.bytes.len()]) {
        assert_eq!(sample.open_with(sample.bytes[..length].to_vec()).unwrap(), TreeSize::new(7));
        assert_eq!(sample.length_now(), length, "room is kept");
    }
}

/// Room that is not blank was not left by power loss, or by a record of which too little arrived to have been acknowledged:
/// either nothing is served, or all of the room is removed. Acknowledged entries stay.
#[test]
fn a_flipped_bit_in_the_room_is_noticed_and_costs_no_entry() {
    let sample = sample();
    let (mut refused, mut removed) = (0, 0);
    for bit in (sample.end() * 8..sample.bytes.len() * 8).step_by(2003).chain([sample.bytes.len() * 8 - 1]) {
        let mut bytes = sample.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        match sample.open_with(bytes) {
            Err(SequenceError::Damaged { defect: SegmentDefect::RecordHeader, .. }) => refused += 1,
            opened => {
                assert_eq!(opened.unwrap(), TreeSize::new(7), "bit {bit}");
                assert_eq!(sample.length_now(), sample.end(), "bit {bit}");
                removed += 1;
            }
        }
    }
    assert!(refused > 0 && removed > refused);
}

/// An acknowledgement waits for its own bytes only: neither the file's length changes nor where its blocks are.
#[test]
fn records_fill_the_room_before_the_file_grows() {
    let disk = SimulatedDisk::new(1);
    let mut lengths = Vec::new();
    // Over restarts, too.
    for _ in 0..2 {
        let store = open(&disk).unwrap();
        let epoch = store.acquire().unwrap().epoch;
        for _ in 0..300 {
            commit_one(&store, epoch, &[7; 300]);
            lengths.push(disk.bytes(SEGMENT).unwrap().len());
        }
    }
    let grown = lengths.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!((1..8).contains(&grown), "the file grew {grown} times in 600 commits");
    assert_eq!(open(&disk).unwrap().head().unwrap().size, TreeSize::new(600));
}

#[test]
fn large_records_get_no_room_and_segments_end_where_they_must() {
    let disk = SimulatedDisk::new(1);
    let store = FileSequence::open_with(Arc::new(disk.clone()), ORIGIN, 100_000).unwrap();
    let epoch = store.acquire().unwrap().epoch;
    let mut segments = Vec::new();
    for _ in 0..8 {
        commit_one(&store, epoch, &[7; 30_000]);
        segments = disk.paths().into_iter().filter(|path| path.starts_with("segments/")).collect();
    }
    assert_eq!(segments.len(), 2, "{segments:?}");
    drop(store);
    // The room of the epoch's small record takes the first; the fourth is the last to begin before the limit.
    let full = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + 4 * (RECORD_HEADER_BYTES + 30_002);
    assert_eq!(disk.bytes(&segments[0]).unwrap().len(), full);
    assert_eq!(open(&disk).map(|store| store.head().unwrap().size).unwrap(), TreeSize::new(8));
}

/// A record that was cut is removed with everything behind it: what is written there next has blank room behind it again.
#[test]
fn nothing_of_a_cut_record_is_left_below_the_next_one() {
    let sample = sample();
    let mut bytes = sample.bytes.clone();
    bytes[sample.last_start()..(sample.last_start() / SECTOR + 1) * SECTOR].fill(0);
    assert_eq!(sample.open_with(bytes).unwrap(), TreeSize::new(2));
    let store = open(&sample.disk).unwrap();
    let epoch = store.acquire().unwrap().epoch;
    commit_one(&store, epoch, &[9; 20]);
    let bytes = sample.disk.bytes(SEGMENT).unwrap();
    let end = sample.last_start() + 2 * RECORD_HEADER_BYTES + 22;
    assert!(bytes.len() > end && bytes[end..].iter().all(|byte| *byte == 0));
    drop(store);
    assert_eq!(open(&sample.disk).unwrap().head().unwrap().size, TreeSize::new(3));
}

/// Commits one entry on the head that is there. Only who reads the entries would see that it is not the root of anything.
fn commit_one(store: &FileSequence, epoch: matricula_ledger::Epoch, entry: &[u8]) {
    let expected = store.head().unwrap();
    let next = Head { size: TreeSize::new(expected.size.get() + 1), root: leaf_hash(entry) };
    let accepted_at = UnixSeconds::new(1);
    store.commit(&Commit { epoch, expected, next, accepted_at, entries: &[entry] }).unwrap();
}

#[test]
fn a_flipped_bit_in_the_last_record_is_damage() {
    let sample = sample();
    for bit in (sample.last_start() * 8..sample.end() * 8).step_by(5) {
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
