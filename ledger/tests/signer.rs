//! The signer's record: two slots, written in turns and in place, each believed in every byte or not at all.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use matricula_ledger::{Finding, Node, OpenError, SignerError, fsck};
use support::{config, create, entry, keys, open};
use tempfile::TempDir;

const SLOT_BYTES: usize = 4096;
const HEAD_BYTES: usize = 56;

fn record(folder: &Path) -> PathBuf {
    folder.join("signer")
}

/// A log that has signed a few heads, so that both slots have been written.
fn sample() -> TempDir {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    for number in 1..4 {
        node.submit(vec![entry(number)]).unwrap();
        node.wait_published(node.accepted().size).unwrap();
    }
    node.close();
    folder
}

/// The sizes that the two slots name.
fn sizes(bytes: &[u8]) -> [u64; 2] {
    [0, SLOT_BYTES].map(|slot| u64::from_be_bytes(*bytes[slot + 8..].first_chunk().unwrap()))
}

#[track_caller]
fn assert_damaged(folder: &Path) {
    let found = fsck(folder, false).unwrap().findings;
    assert!(matches!(&found[..], [Finding::Damaged { path }] if path == "signer"), "{found:?}");
    let opened = Node::open(config(folder), keys());
    assert!(matches!(opened, Err(OpenError::Signer(SignerError::DamagedRecord))));
}

#[test]
fn each_signature_writes_the_slot_of_the_smaller_head_and_leaves_the_other() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let mut before = fs::read(record(folder.path())).unwrap();
    assert_eq!(before.len(), 2 * SLOT_BYTES);
    for number in 1..6 {
        node.submit(vec![entry(number)]).unwrap();
        node.wait_published(node.accepted().size).unwrap();
        let after = fs::read(record(folder.path())).unwrap();
        let older = usize::from(sizes(&before)[1] < sizes(&before)[0]);
        let newer = 1 - older;
        let slot = |bytes: &[u8], slot: usize| bytes[slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES].to_vec();
        assert_eq!(slot(&after, newer), slot(&before, newer));
        assert_eq!(sizes(&after)[older], number + 1);
        before = after;
    }
}

#[test]
fn a_slot_of_which_not_every_byte_is_what_was_written_is_damage_and_can_be_restored() {
    let original = fs::read(record(sample().path())).unwrap();
    let folder = sample();
    for slot in [0, SLOT_BYTES] {
        let other = SLOT_BYTES - slot;
        let mut blank = original.clone();
        blank[slot..slot + HEAD_BYTES].fill(0);
        let mut torn = original.clone();
        // The first half of the head is that of the other slot, as if a write had ended in it.
        torn.copy_within(other..other + HEAD_BYTES / 2, slot);
        let mut dirty = original.clone();
        dirty[slot + SLOT_BYTES - 1] = 1;
        let mut other_root = original.clone();
        other_root.copy_within(other..other + HEAD_BYTES, slot);
        other_root[slot + 20] ^= 1;
        for damaged in [blank, torn, dirty, other_root] {
            fs::write(record(folder.path()), damaged).unwrap();
            assert_damaged(folder.path());
        }
    }
    fs::write(record(folder.path()), &original[..original.len() - 1]).unwrap();
    assert_damaged(folder.path());
    assert!(fsck(folder.path(), true).unwrap().is_sound());
    assert_eq!(sizes(&fs::read(record(folder.path())).unwrap()), [4, 4]);
    let node = open(folder.path());
    node.submit(vec![entry(9)]).unwrap();
    node.wait_published(node.accepted().size).unwrap();
}

#[test]
fn the_larger_head_counts_in_whichever_slot_it_is() {
    let folder = sample();
    let original = fs::read(record(folder.path())).unwrap();
    let mut swapped = original[SLOT_BYTES..].to_vec();
    swapped.extend_from_slice(&original[..SLOT_BYTES]);
    for bytes in [original, swapped] {
        fs::write(record(folder.path()), &bytes).unwrap();
        assert!(fsck(folder.path(), false).unwrap().is_sound());
        let node = open(folder.path());
        assert_eq!(node.checkpoint().unwrap().unverified().size().get(), 4);
    }
}
