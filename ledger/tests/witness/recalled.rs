//! A witness whose disk came back older: healed by its own cosignatures, wherever they were kept.

use std::sync::Arc;

use matricula_ledger::witness::{KnownLogs, LightWitness, Recalled, WitnessError};
use matricula_state::MemoryStore;
use matricula_tlog::{Cosigner, KeyName, SignedCheckpoint, TreeSize, UnixSeconds};

use crate::logs::{Branch, Broken, NOW, Recorder, known, log_key, one_history, witness_key};

/// A witness that remembers five entries, and what it said of twelve before its disk was restored.
fn rolled_back() -> (LightWitness, Recorder, SignedCheckpoint) {
    let key = Recorder::new();
    let before = LightWitness::new(Arc::new(MemoryStore::new()), Box::new(key.clone()), known());
    let branch = Branch::new(0);
    assert_eq!(before.add_checkpoint(&branch.request(0, 12), NOW).unwrap().status(), 200);
    let said = before.latest(&crate::logs::origin()).unwrap().unwrap();
    let after = LightWitness::new(Arc::new(MemoryStore::new()), Box::new(key.clone()), known());
    let earlier = UnixSeconds::new(NOW.get() - 9);
    assert_eq!(after.add_checkpoint(&branch.request(0, 5), earlier).unwrap().status(), 200);
    (after, key, said)
}

#[test]
fn without_its_own_word_it_would_cosign_the_other_branch() {
    let (witness, key, _) = rolled_back();
    assert_eq!(witness.add_checkpoint(&Branch::new(1).request(5, 20), NOW).unwrap().status(), 200);
    assert_eq!(one_history(&key.said()), Err(Broken::Forked));
}

#[test]
fn its_own_word_brings_it_back_to_its_branch() {
    let (witness, key, said) = rolled_back();
    let (from, to) = (TreeSize::new(5), TreeSize::new(12));
    assert_eq!(witness.recall(&said).unwrap(), Recalled::Recovered { from, to });
    assert_eq!(witness.recall(&said).unwrap(), Recalled::Known);
    assert_eq!(witness.latest(&crate::logs::origin()).unwrap(), Some(said));
    for old in [5, 12] {
        let status = witness.add_checkpoint(&Branch::new(1).request(old, 20), NOW).unwrap().status();
        assert_eq!(status, if old == 5 { 409 } else { 422 });
    }
    assert_eq!(witness.add_checkpoint(&Branch::new(0).request(12, 20), NOW).unwrap().status(), 200);
    // The first five entries were cosigned at an earlier time than the twelve.
    assert_eq!(one_history(&key.said()[1..]), Ok(()));
}

#[test]
fn a_later_time_of_the_same_tree_is_remembered_too() {
    let (witness, key, mut said) = rolled_back();
    let verified = said.verify(log_key().verifier()).unwrap();
    let later = UnixSeconds::new(NOW.get() + 70);
    said.add_signature(witness_key().cosign(&verified, later).unwrap()).unwrap();
    assert!(matches!(witness.recall(&said).unwrap(), Recalled::Recovered { .. }));
    assert_eq!(witness.add_checkpoint(&Branch::new(0).request(12, 20), NOW).unwrap().status(), 200);
    assert_eq!(key.said().last().map(|said| said.2), Some(later.get()));
}

#[test]
fn the_word_of_others_is_nothing() {
    let (witness, _, said) = rolled_back();
    let branch = Branch::new(0);
    assert_eq!(witness.recall(&branch.checkpoint(12)).unwrap(), Recalled::NotOurs, "no cosignature");
    let other = Cosigner::new(KeyName::new("witness.example/w1").unwrap(), &[9; 32]);
    let mut forged = branch.checkpoint(12);
    let verified = forged.verify(log_key().verifier()).unwrap();
    forged.add_signature(other.cosign(&verified, NOW).unwrap()).unwrap();
    assert_eq!(witness.recall(&forged).unwrap(), Recalled::NotOurs, "another key of that name");
    let mut moved = branch.checkpoint(20);
    moved.add_signature(said.note().signatures()[1].clone()).unwrap();
    assert_eq!(witness.recall(&moved).unwrap(), Recalled::NotOurs, "the cosignature of another tree");
    witness.follow(KnownLogs::new()).unwrap();
    assert_eq!(witness.recall(&said).unwrap(), Recalled::NotOurs, "a log that is not followed");
}

#[test]
fn a_word_that_contradicts_its_memory_is_told() {
    let (witness, _, said) = rolled_back();
    let fork = Branch::new(1);
    assert_eq!(witness.add_checkpoint(&fork.request(5, 12), NOW).unwrap().status(), 200);
    let size = TreeSize::new(12);
    assert!(matches!(witness.recall(&said), Err(WitnessError::SaidTwo { size: s, .. }) if s == size));
}
