//! What a witness keeps against a log that forks, and that it keeps nothing against an honest one.

use std::sync::Arc;

use matricula_ledger::witness::{
    EVIDENCE_PER_KEY_MAX, EvidenceStore, EvidenceStoreError, Kept, LightWitness, evidence_name,
};
use matricula_state::MemoryStore;
use matricula_tlog::{
    Charge, Checkpoint, Evidence, Finding, Hash, LeafIndex, ReasonCode, SignedCheckpoint, TreeSize, leaf_hash,
};

use crate::logs::{Branch, NOW, body, known, log_key, origin, witness_key};

/// A witness that has cosigned so many entries of the first branch.
fn having_seen(size: usize) -> LightWitness {
    let witness = LightWitness::new(Arc::new(MemoryStore::new()), Box::new(witness_key()), known());
    let outcome = witness.add_checkpoint(&Branch::new(0).request(0, size), NOW).unwrap();
    assert_eq!(outcome.status(), 200);
    witness
}

fn findings(witness: &LightWitness) -> Vec<Finding> {
    let about = witness.evidence().about(&origin()).unwrap();
    assert_eq!(about, witness.evidence().all(99).unwrap());
    about.iter().map(|evidence| evidence.verify().unwrap()).collect()
}

#[test]
fn two_roots_of_one_size_are_kept_whatever_the_old_size_says() {
    for old in [12, 0, 11] {
        let witness = having_seen(12);
        let fork = Branch::new(1);
        let outcome =
            witness.add_checkpoint(&body(old, fork.proof(old, 12), fork.checkpoint(12)), NOW).unwrap();
        assert_eq!(outcome.status(), if old == 12 { 422 } else { 409 });
        let found = findings(&witness);
        assert!(matches!(found.as_slice(), [Finding::SplitView { .. }]), "{old}: {found:?}");
    }
}

#[test]
fn a_fork_that_brings_its_own_proof_convicts_itself() {
    let witness = having_seen(12);
    let outcome = witness.add_checkpoint(&Branch::new(1).request(12, 20), NOW).unwrap();
    assert_eq!(outcome.status(), 422);
    let found = findings(&witness);
    assert!(matches!(found.as_slice(), [Finding::RewrittenHistory { .. }]), "{found:?}");
    assert_eq!(witness.evidence().unexplained(&origin()).unwrap(), None);
}

#[test]
fn a_fork_from_a_power_of_two_is_explained_by_its_tiles() {
    let (witness, fork) = (having_seen(16), Branch::new(1));
    assert_eq!(witness.add_checkpoint(&fork.request(16, 20), NOW).unwrap().status(), 422);
    assert_eq!(findings(&witness), []);
    let pair = witness.evidence().unexplained(&origin()).unwrap().unwrap();
    assert_eq!((&pair.older, &pair.newer), (&Branch::new(0).checkpoint(16), &fork.checkpoint(20)));
    let key = log_key().verifier().clone();
    // Tiles of another tree than the one that was signed explain nothing.
    assert_eq!(witness.evidence().explain(&pair, &key, &Branch::new(0)).unwrap(), None);
    assert_eq!(findings(&witness), []);
    assert!(witness.evidence().explain(&pair, &key, &fork).unwrap().is_some());
    assert!(matches!(findings(&witness).as_slice(), [Finding::RewrittenHistory { .. }]));
}

#[test]
fn an_honest_log_with_a_wrong_proof_is_not_accused() {
    let (witness, branch) = (having_seen(12), Branch::new(0));
    let mut proof = branch.proof(12, 20);
    proof.swap(0, 1);
    assert_eq!(witness.add_checkpoint(&body(12, proof, branch.checkpoint(20)), NOW).unwrap().status(), 422);
    assert_eq!(findings(&witness), []);
    let pair = witness.evidence().unexplained(&origin()).unwrap().unwrap();
    let key = log_key().verifier().clone();
    assert_eq!(witness.evidence().explain(&pair, &key, &branch).unwrap(), None);
    assert_eq!(findings(&witness), []);
}

#[test]
fn an_older_checkpoint_of_an_honest_log_is_no_evidence() {
    let (witness, branch) = (having_seen(12), Branch::new(0));
    for old in [0, 5, 8] {
        assert_eq!(witness.add_checkpoint(&branch.request(old, 8), NOW).unwrap().status(), 409);
    }
    assert_eq!(findings(&witness), []);
    assert_eq!(witness.evidence().unexplained(&origin()).unwrap(), None);
}

#[test]
fn a_log_that_forks_at_will_fills_no_disk() {
    let witness = having_seen(12);
    let forged = |number: u8| -> SignedCheckpoint {
        let root = Hash::from_bytes([number; 32]);
        Checkpoint::new(origin(), TreeSize::new(12), root).unwrap().sign(&log_key()).unwrap()
    };
    for number in 0..40 {
        let outcome = witness.add_checkpoint(&body(12, Vec::new(), forged(number)), NOW).unwrap();
        assert_eq!(outcome.status(), 422);
    }
    assert_eq!(findings(&witness).len(), usize::from(EVIDENCE_PER_KEY_MAX));
}

#[test]
fn keeps_a_file_once_and_none_that_proves_nothing() {
    let store = EvidenceStore::new(Arc::new(MemoryStore::new()));
    let key = log_key().verifier().clone();
    let (one, other) = (Branch::new(0).checkpoint(12), Branch::new(1).checkpoint(12));
    let evidence = Evidence::between(&key, &one, &other, &[]).unwrap();
    assert_eq!(store.keep(&evidence).unwrap(), Kept::New);
    assert_eq!(store.keep(&evidence).unwrap(), Kept::Known);
    let nothing = Evidence::new(key, Charge::SplitView { one: one.clone(), other: one });
    assert!(matches!(store.keep(&nothing), Err(EvidenceStoreError::NoEvidence(_))));
    assert_eq!(store.about(&origin()).unwrap(), [evidence]);
}

/// Somebody objects to an entry of the log.
fn objection(number: u8) -> Evidence {
    let entry = vec![number];
    let checkpoint = Checkpoint::new(origin(), TreeSize::new(1), leaf_hash(&entry)).unwrap();
    let charge = Charge::LoggedEntry {
        checkpoint: checkpoint.sign(&log_key()).unwrap(),
        index: LeafIndex::new(0),
        entry,
        path: Vec::new(),
        reason: ReasonCode::new("bad_signature").unwrap(),
    };
    Evidence::new(log_key().verifier().clone(), charge)
}

#[test]
fn a_fork_takes_the_place_of_an_objection_and_not_of_another_fork() {
    let store = EvidenceStore::new(Arc::new(MemoryStore::new()));
    for number in 0..EVIDENCE_PER_KEY_MAX {
        assert_eq!(store.keep(&objection(number)).unwrap(), Kept::New);
    }
    assert_eq!(store.keep(&objection(99)).unwrap(), Kept::Enough);
    let forged = |number: u8| -> SignedCheckpoint {
        let root = Hash::from_bytes([number; 32]);
        Checkpoint::new(origin(), TreeSize::new(12), root).unwrap().sign(&log_key()).unwrap()
    };
    let fork =
        |number: u8| Evidence::between(log_key().verifier(), &forged(0), &forged(number), &[]).unwrap();
    for number in 1..=EVIDENCE_PER_KEY_MAX {
        assert_eq!(store.keep(&fork(number)).unwrap(), Kept::New);
        assert_eq!(store.file(&evidence_name(&fork(number))).unwrap(), Some(fork(number)));
    }
    assert_eq!(store.keep(&fork(99)).unwrap(), Kept::Enough);
    assert_eq!(store.names().unwrap().len(), usize::from(EVIDENCE_PER_KEY_MAX));
    let held = store.about(&origin()).unwrap();
    assert!(held.iter().all(|held| matches!(held.charge(), Charge::SplitView { .. })));
}
