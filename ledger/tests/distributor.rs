//! The order of calls, answers and failures in replication: a real log, and answers that a test makes up.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::{Call, Distributor, Endpoint, Event, Node, Outcome, Peer, Role};
use matricula_tlog::{
    Cosigner, KeyName, MirrorInfo, Policy, SignedCheckpoint, TreeSize, UnixSeconds, encode_size,
};
use support::{NOW, create, entry, keys};
use tempfile::TempDir;

const NOW_0: Duration = Duration::ZERO;

fn cosigner(name: &str) -> Cosigner {
    let seed = name.bytes().fold(7_u8, u8::wrapping_add);
    Cosigner::new(KeyName::new(name).unwrap(), &[seed; 32])
}

fn peer(name: &str, role: Role) -> Peer {
    Peer { name: name.to_owned(), key: cosigner(name).verifier().clone(), role, url: name.to_owned() }
}

/// A policy that needs all of these.
fn policy(names: &[&str]) -> Policy {
    let mut text = format!("log {}\n", keys().log.verifier().encode());
    for name in names {
        text.push_str(&format!("witness {name} {}\n", cosigner(name).verifier().encode()));
    }
    text.push_str(&format!("group all all {}\nquorum all\n", names.join(" ")));
    Policy::parse(text.as_bytes()).unwrap()
}

/// Grows the log to so many entries; the checkpoint then published.
fn grown(node: &Node, size: u64) -> Arc<SignedCheckpoint> {
    let missing = size - node.accepted().size.get();
    let from = node.accepted().size.get();
    node.submit((from..from + missing).map(entry).collect()).unwrap();
    node.wait_published(TreeSize::new(size)).unwrap();
    node.checkpoint().unwrap()
}

fn line(name: &str, checkpoint: &SignedCheckpoint, at: UnixSeconds) -> String {
    let verified = checkpoint.verify(keys().log.verifier()).unwrap();
    cosigner(name).cosign(&verified, at).unwrap().encode()
}

fn answered(status: u16, body: impl Into<Vec<u8>>) -> Outcome {
    Outcome::Answered { status, body: body.into() }
}

fn called(calls: &[Call]) -> Vec<(usize, Endpoint)> {
    calls.iter().map(|call| (call.peer, call.endpoint)).collect()
}

#[test]
fn witnesses_are_asked_when_a_mirror_has_cosigned_and_not_before() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let checkpoint = grown(&node, 3);
    let peers = vec![peer("w", Role::Witness), peer("m", Role::Mirror)];
    let mut distributor = Distributor::new(policy(&["w", "m"]), peers);
    distributor.published(checkpoint.clone());
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(1, Endpoint::AddCheckpoint)]);
    distributor.answered(1, answered(200, ""), NOW_0);
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(1, Endpoint::AddEntries)]);
    let events = distributor.answered(1, answered(200, line("m", &checkpoint, NOW)), NOW_0);
    assert!(matches!(&events[..], [Event::Cosigned { is_witnessed: false, is_mirrored: true, .. }]));
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(0, Endpoint::AddCheckpoint)]);
    let events = distributor.answered(0, answered(200, line("w", &checkpoint, NOW)), NOW_0);
    assert!(matches!(&events[..], [Event::Cosigned { is_witnessed: true, .. }]));
}

#[test]
fn nothing_is_polled_for_while_a_witness_waits_for_a_mirror_that_is_down() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let peers = vec![peer("w", Role::Witness), peer("m", Role::Mirror)];
    let mut distributor = Distributor::new(policy(&["w", "m"]), peers);
    assert!(distributor.wakes_at(NOW_0) > Duration::from_secs(1), "nothing is published");
    distributor.published(grown(&node, 3));
    assert_eq!(distributor.poll(NOW_0, &node).0.len(), 1);
    assert!(distributor.wakes_at(NOW_0) > Duration::from_secs(1), "the call is under way");
    let mut now = NOW_0;
    for _ in 0..5 {
        distributor.answered(1, Outcome::Unreachable { reason: "down".to_owned() }, now);
        let wakes = distributor.wakes_at(now);
        assert!(wakes >= now + Duration::from_millis(250), "{wakes:?} after {now:?}");
        assert!(distributor.poll(now, &node).0.is_empty());
        now = wakes;
        assert_eq!(distributor.poll(now, &node).0.len(), 1, "it is tried again then");
    }
}

#[test]
fn a_size_that_nobody_signed_is_no_proof_that_the_log_went_back() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let mut distributor = Distributor::new(policy(&["w"]), vec![peer("w", Role::Witness)]);
    distributor.published(grown(&node, 3));
    distributor.poll(NOW_0, &node);
    let events = distributor.answered(0, answered(409, encode_size(TreeSize::new(999_999))), NOW_0);
    let [Event::PeerContradicts { peer, size }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((peer.as_str(), *size), ("w", TreeSize::new(999_999)));
    assert!(distributor.poll(NOW_0, &node).0.is_empty(), "it is left alone for a while");
    assert_eq!(distributor.reports()[0].failures, 1);
}

#[test]
fn a_cosigner_takes_one_place_however_often_it_signs() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let checkpoint = grown(&node, 3);
    let peers = vec![peer("w", Role::Witness), peer("v", Role::Witness)];
    let mut distributor = Distributor::new(policy(&["w", "v"]), peers);
    distributor.published(checkpoint.clone());
    assert_eq!(distributor.poll(NOW_0, &node).0.len(), 2);
    let many: String =
        (0..60).map(|second| line("w", &checkpoint, UnixSeconds::new(NOW.get() + second))).collect();
    let events = distributor.answered(0, answered(200, many), NOW_0);
    let [Event::Cosigned { checkpoint: cosigned, .. }] = &events[..] else { panic!("{events:?}") };
    let before = checkpoint.note().signatures().len();
    assert_eq!(cosigned.note().signatures().len(), before + 1);
    let events = distributor.answered(1, answered(200, line("v", &checkpoint, NOW)), NOW_0);
    assert!(matches!(&events[..], [Event::Cosigned { is_witnessed: true, .. }]));
}

#[test]
fn a_slow_mirror_finishes_the_checkpoint_that_it_has_begun() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let first = grown(&node, 3);
    let peers = vec![peer("near", Role::Mirror), peer("far", Role::Mirror)];
    let mut distributor = Distributor::new(policy(&["near"]), peers);
    distributor.published(first.clone());
    assert_eq!(distributor.poll(NOW_0, &node).0.len(), 2);
    distributor.answered(0, answered(200, ""), NOW_0);
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(0, Endpoint::AddEntries)]);
    distributor.answered(0, answered(200, line("near", &first, NOW)), NOW_0);
    // The next round begins while the far mirror still thinks about the first.
    let second = grown(&node, 5);
    distributor.published(second.clone());
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(0, Endpoint::AddCheckpoint)]);
    distributor.answered(1, answered(200, ""), NOW_0);
    let calls = distributor.poll(NOW_0, &node).0;
    assert_eq!(called(&calls), [(1, Endpoint::AddEntries)]);
    let (header, _) = matricula_tlog::AddEntriesHeader::parse(&calls[0].body).unwrap().unwrap();
    assert_eq!(header.end(), TreeSize::new(3), "what it has pending");
    assert!(distributor.answered(1, answered(200, line("far", &first, NOW)), NOW_0).is_empty());
    assert_eq!(distributor.reports()[1].cosigned, Some(TreeSize::new(3)));
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(1, Endpoint::AddCheckpoint)], "then the new one");
}

#[test]
fn a_mirror_that_lost_what_was_pending_is_sent_the_checkpoint_again() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let mut distributor = Distributor::new(policy(&["m"]), vec![peer("m", Role::Mirror)]);
    distributor.published(grown(&node, 3));
    distributor.poll(NOW_0, &node);
    distributor.answered(0, answered(200, ""), NOW_0);
    distributor.poll(NOW_0, &node);
    let info =
        MirrorInfo { size: TreeSize::new(1), next: matricula_tlog::LeafIndex::new(1), ticket: Vec::new() };
    distributor.answered(0, answered(409, info.encode()), NOW_0);
    assert_eq!(called(&distributor.poll(NOW_0, &node).0), [(0, Endpoint::AddCheckpoint)]);
}

#[test]
fn a_witness_that_is_ahead_of_the_round_is_reached_by_the_next() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let mut distributor = Distributor::new(policy(&["w"]), vec![peer("w", Role::Witness)]);
    distributor.published(grown(&node, 3));
    distributor.poll(NOW_0, &node);
    let newest = grown(&node, 7);
    distributor.published(newest.clone());
    // Somebody else has shown it a checkpoint between the round's and the newest.
    assert!(distributor.answered(0, answered(409, encode_size(TreeSize::new(5))), NOW_0).is_empty());
    let calls = distributor.poll(NOW_0, &node).0;
    assert_eq!(called(&calls), [(0, Endpoint::AddCheckpoint)]);
    assert!(calls[0].body.starts_with(b"old 5\n"), "{:?}", String::from_utf8_lossy(&calls[0].body));
    let events = distributor.answered(0, answered(200, line("w", &newest, NOW)), NOW_0);
    assert!(matches!(&events[..], [Event::Cosigned { is_witnessed: true, .. }]));
}
