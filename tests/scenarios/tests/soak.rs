//! A node under constant load: what it takes of memory, descriptors and disk. Five seconds, or a minute with
//! `cargo xtask test --full`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "../../../ledger/tests/support/mod.rs"]
mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use matricula_ledger::{Node, NodeConfig};
use matricula_tlog::TreeSize;
use tempfile::TempDir;

/// Entries of one submission, as a roster of many schools brings them.
const GROUP: u64 = 256;

/// Entries by which the bytes on disk are judged.
const JUDGED_ENTRIES: u64 = 100_000;

/// Bytes on disk for each entry, beside its own.
const OVERHEAD_BYTES_MAX: f64 = 35.0;

/// What the registry keeps of a commitment, and the index of duplicates of an entry, with the allocator's share.
const KEPT_BYTES_PER_ENTRY: u64 = 400;

/// What grows to its bound at some time or other: caches, pools, the filter of duplicates (16 MiB).
const SETTLING_BYTES: u64 = 48 << 20;

#[derive(Clone, Copy, Debug)]
struct Sample {
    entries: u64,
    resident_bytes: u64,
    descriptors: usize,
}

impl Sample {
    fn take(entries: u64) -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
        Self { entries, resident_bytes: kibibytes << 10, descriptors }
    }
}

#[test]
fn a_node_under_load_stays_small() {
    let is_full = env::var_os("MATRICULA_FULL").is_some_and(|value| value == "1");
    let (time, entries_min) =
        if is_full { (Duration::from_secs(60), JUDGED_ENTRIES) } else { (Duration::from_secs(5), 0) };
    let folder = TempDir::new().unwrap();
    let node = Node::create(NodeConfig::new(folder.path()), support::keys(), &support::genesis()).unwrap();
    let mut payload = support::genesis().len() as u64;
    let (started, mut entries, mut warm) = (Instant::now(), 1, None);
    while started.elapsed() < time || entries < entries_min {
        let group: Vec<Vec<u8>> = (entries..entries + GROUP).map(support::entry).collect();
        payload += group.iter().map(|entry| entry.len() as u64).sum::<u64>();
        let receipts = node.submit(group).unwrap();
        assert!(receipts.iter().all(|receipt| !receipt.duplicate));
        entries += GROUP;
        // Readers are a part of the load.
        assert!(node.checkpoint().is_some());
        if warm.is_none() && started.elapsed() > time / 3 {
            warm = Some(Sample::take(entries));
        }
    }
    node.wait_published(TreeSize::new(entries)).unwrap();
    let (warm, end) = (warm.unwrap(), Sample::take(entries));
    println!("{warm:?}, then {end:?}");
    assert!(end.entries > warm.entries, "nothing was logged");
    let allowed = SETTLING_BYTES + KEPT_BYTES_PER_ENTRY * (end.entries - warm.entries);
    let grown = end.resident_bytes.saturating_sub(warm.resident_bytes);
    assert!(grown <= allowed, "grown by {grown} bytes: {warm:?}, then {end:?}");
    // Files of a segment or a tile are open while they are written.
    assert!(end.descriptors <= warm.descriptors + 3, "{warm:?}, then {end:?}");
    drop(node);

    let stored = ["segments", "tile"].map(|part| stored_bytes(&folder.path().join(part)));
    let overhead = (stored.iter().sum::<u64>() - payload) as f64 / entries as f64;
    println!("{entries} entries, {overhead:.2} bytes each beside their own");
    assert!(overhead <= OVERHEAD_BYTES_MAX, "{overhead:.2} bytes an entry: {stored:?}, payload {payload}");
}

/// The bytes of all files below a folder, without the blank room behind the last record of a segment.
fn stored_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let size = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
    };
    entries
        .map(|entry| if entry.path().is_dir() { stored_bytes(&entry.path()) } else { size(&entry.path()) })
        .sum()
}
