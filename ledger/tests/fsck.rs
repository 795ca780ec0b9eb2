//! Damage of every stored file is found, and what the entries give is restored.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use matricula_ledger::{Finding, FsckError, Node, OpenError, Report, fsck};
use matricula_tlog::{LeafIndex, TreeSize};
use support::{config, create, entry, genesis, keys, open};
use tempfile::TempDir;

const ENTRIES: u64 = 300;

fn sample() -> TempDir {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    node.submit((1..100).map(entry).collect()).unwrap();
    node.wait_published(TreeSize::new(100)).unwrap();
    node.submit((100..ENTRIES).map(entry).collect()).unwrap();
    node.wait_published(TreeSize::new(ENTRIES)).unwrap();
    node.close();
    folder
}

fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for path in files(from) {
        let target = to.path().join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
    to
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn flip(path: &Path, bit: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn assert_sound(report: &Report) {
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.head.size, TreeSize::new(ENTRIES));
}

#[test]
fn a_sound_log_is_sound() {
    let folder = sample();
    let report = fsck(folder.path(), false).unwrap();
    assert_sound(&report);
    assert_eq!(report.published, Some(TreeSize::new(ENTRIES)));
    assert!(report.to_string().ends_with("The log is sound.\n"), "{report}");
}

#[test]
fn a_folder_without_log_and_a_running_log_are_refused() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(fsck(folder.path(), false), Err(FsckError::NoLog)));
    assert!(matches!(fsck(&folder.path().join("nowhere"), true), Err(FsckError::NoLog)));
    let _node = create(folder.path());
    assert!(matches!(fsck(folder.path(), false), Err(FsckError::Running)));
}

#[test]
fn a_flipped_bit_in_any_file_is_found() {
    let original = sample();
    let work = copy(original.path());
    let mut flips = 0;
    for path in files(original.path()) {
        let name = path.strip_prefix(original.path()).unwrap().to_owned();
        if name.starts_with("state") || fs::metadata(&path).unwrap().len() == 0 {
            continue;
        }
        let bits = fs::metadata(&path).unwrap().len() as usize * 8;
        let target = work.path().join(&name);
        // Every part of a small file, a sample of a large one.
        for bit in (0..bits).step_by((bits / 20) | 1) {
            flip(&target, bit);
            let report = fsck(work.path(), false).unwrap();
            assert!(!report.is_sound(), "bit {bit} of {} went unnoticed", name.display());
            flip(&target, bit);
            flips += 1;
        }
    }
    assert!(flips > 90, "{flips}");
    assert_sound(&fsck(work.path(), false).unwrap());
}

/// The engine of the state store leaves room in its file that nothing reads. So: whatever bit is flipped, either it is
/// found, or the index still answers rightly; and the node restores it.
#[test]
fn a_flipped_bit_in_the_state_store_is_found_or_harmless() {
    let original = sample();
    let database = original.path().join("state/db");
    let bytes = fs::read(&database).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let mut found = 0;
    for at in used.iter().step_by((used.len() / 25) | 1) {
        let bit = at * 8 + at % 8;
        let work = copy(original.path());
        flip(&work.path().join("state/db"), bit);
        let report = fsck(work.path(), true).unwrap();
        found += usize::from(!report.repaired.is_empty());
        assert_sound(&report);
        assert_sound(&fsck(work.path(), false).unwrap());
        let node = open(work.path());
        let receipts = node.submit(vec![entry(7), entry(299)]).unwrap();
        assert!(receipts.iter().all(|receipt| receipt.duplicate), "bit {bit}");
    }
    assert!(found > 0);
}

#[test]
fn what_is_lost_beside_the_entries_is_restored() {
    let folder = sample();
    fs::remove_dir_all(folder.path().join("tile")).unwrap();
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    fs::remove_file(folder.path().join("signer")).unwrap();
    let report = fsck(folder.path(), true).unwrap();
    assert!(
        report
            .repaired
            .iter()
            .any(|finding| matches!(finding, Finding::Missing { path } if path == "signer"))
    );
    assert!(
        report
            .repaired
            .iter()
            .any(|finding| matches!(finding, Finding::Missing { path } if path == "tile/0/000"))
    );
    assert_sound(&report);
    let node = open(folder.path());
    assert!(node.submit(vec![entry(7)]).unwrap()[0].duplicate);
    assert!(node.proof(LeafIndex::new(299)).unwrap().is_some());
}

#[test]
fn damage_beside_the_entries_is_restored() {
    let folder = sample();
    flip(&folder.path().join("tile/0/000"), 5000);
    flip(&folder.path().join("signer"), 100);
    fs::write(folder.path().join("tile/0/x001"), b"").unwrap();
    flip(&folder.path().join("checkpoint"), 1500);
    let before = fsck(folder.path(), false).unwrap();
    assert_eq!(before.findings.len(), 4, "{before}");
    let report = fsck(folder.path(), true).unwrap();
    // The checkpoint takes the log's key: the node publishes it again when it is opened.
    assert!(matches!(&report.findings[..], [Finding::Missing { path }] if path == "checkpoint"), "{report}");
    let node = open(folder.path());
    node.wait_published(TreeSize::new(ENTRIES)).unwrap();
    drop(node);
    assert_sound(&fsck(folder.path(), false).unwrap());
}

#[test]
fn damaged_entries_are_not_restored_and_do_not_open() {
    let folder = sample();
    let segment = folder.path().join("segments/00000000000000000000");
    flip(&segment, 8 * 20_000);
    let report = fsck(folder.path(), true).unwrap();
    assert!(matches!(&report.findings[..], [Finding::Entries(_)]), "{report}");
    assert!(matches!(Node::open(config(folder.path()), keys()), Err(OpenError::Sequence(_))));
}

#[test]
fn a_log_that_lost_its_tail_is_found_and_does_not_open() {
    let folder = sample();
    let segment = folder.path().join("segments/00000000000000000000");
    let bytes = fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    fs::write(&segment, &bytes[..end - 10]).unwrap();
    let report = fsck(folder.path(), false).unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Lost { .. })), "{report}");
    let opened = Node::open(config(folder.path()), keys());
    assert!(matches!(opened, Err(OpenError::Lost { .. })));
}

#[test]
fn other_keys_do_not_open_the_log() {
    let folder = sample();
    let mut other = keys();
    other.witness = matricula_tlog::Cosigner::new(matricula_tlog::KeyName::new("other").unwrap(), &[5; 32]);
    assert!(matches!(Node::open(config(folder.path()), other), Err(OpenError::Signer(_))));
    assert!(create(folder.path()).submit(vec![genesis()]).unwrap()[0].duplicate);
}
