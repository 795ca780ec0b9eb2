//! Every status of the specification, each beside a request that differs in one thing and is cosigned.

use std::sync::Arc;

use matricula_ledger::witness::{
    AddCheckpointOutcome, AddCheckpointRefusal, KnownLogs, LightWitness, WitnessError,
};
use matricula_state::{Expected, MemoryStore, Op, StateStore, Table};
use matricula_tlog::{
    CheckpointVerifyError, ConsistencyError, KeyName, NoteSigner, SignatureCheck, SignatureError,
    SignedCheckpoint, TreeSize, UnixSeconds,
};

use crate::logs::{Branch, NOW, body, known, log_key, origin, witness_key};

fn witness() -> LightWitness {
    LightWitness::new(Arc::new(MemoryStore::new()), Box::new(witness_key()), known())
}

/// A witness that has seen five entries.
fn at_five() -> (LightWitness, Branch) {
    let (witness, branch) = (witness(), Branch::new(0));
    assert_eq!(status(&witness, &branch.request(0, 5)), 200);
    (witness, branch)
}

fn outcome(witness: &LightWitness, body: &[u8]) -> AddCheckpointOutcome {
    witness.add_checkpoint(body, NOW).unwrap()
}

fn status(witness: &LightWitness, body: &[u8]) -> u16 {
    outcome(witness, body).status()
}

fn refusal(witness: &LightWitness, body: &[u8]) -> AddCheckpointRefusal {
    match outcome(witness, body) {
        AddCheckpointOutcome::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn cosigns_a_first_checkpoint_growth_and_the_same_again() {
    let (witness, branch) = at_five();
    for (old, new) in [(5, 6), (6, 6), (6, 40), (40, 64)] {
        let AddCheckpointOutcome::Cosigned(line) = outcome(&witness, &branch.request(old, new)) else {
            panic!("from {old} to {new} was refused");
        };
        let checkpoint = branch.checkpoint(new);
        let check = witness.verifier().check(checkpoint.note().text(), &line);
        assert_eq!(check, Ok(SignatureCheck::Cosigned { at: NOW }));
    }
}

#[test]
fn the_answer_is_a_signature_line() {
    let (witness, branch) = at_five();
    let outcome = outcome(&witness, &branch.request(5, 5));
    assert_eq!((outcome.status(), outcome.media_type()), (200, "text/plain; charset=utf-8"));
    let lines = matricula_tlog::parse_signature_lines(outcome.body().as_bytes()).unwrap();
    assert_eq!(lines.len(), 1);
}

#[test]
fn a_malformed_request_is_400() {
    let (witness, branch) = at_five();
    let good = branch.request(5, 6);
    let refused = refusal(&witness, &good[1..]);
    assert!(matches!(refused, AddCheckpointRefusal::Malformed(_)), "{refused:?}");
    assert_eq!(refused.status(), 400);
    assert_eq!(status(&witness, &good), 200);
}

#[test]
fn an_old_size_beyond_the_new_one_is_400() {
    let (witness, branch) = at_five();
    let refused = refusal(&witness, &body(7, Vec::new(), branch.checkpoint(6)));
    let (old, new) = (TreeSize::new(7), TreeSize::new(6));
    assert_eq!(refused, AddCheckpointRefusal::OldBeyondNew { old, new });
    assert_eq!(refused.status(), 400);
    assert_eq!(status(&witness, &branch.request(5, 6)), 200);
}

#[test]
fn a_checkpoint_that_no_known_key_signed_is_403() {
    let (witness, branch) = at_five();
    let impostor = NoteSigner::new(KeyName::new(crate::logs::ORIGIN).unwrap(), &[9; 32]);
    let refused = refusal(&witness, &body(5, branch.proof(5, 6), branch.checkpoint_by(6, &impostor)));
    let unsigned = CheckpointVerifyError::Signature(SignatureError::NoKnownSignature);
    assert_eq!(refused, AddCheckpointRefusal::NotSigned(unsigned));
    assert_eq!(refused.status(), 403);
    assert_eq!(status(&witness, &branch.request(5, 6)), 200);
}

#[test]
fn a_bad_line_by_a_known_key_is_403_even_beside_a_good_one() {
    let (witness, branch) = at_five();
    let mut twice = branch.checkpoint(6);
    twice.add_signature(branch.checkpoint(7).note().signatures()[0].clone()).unwrap();
    let refused = refusal(&witness, &body(5, branch.proof(5, 6), twice));
    let AddCheckpointRefusal::NotSigned(CheckpointVerifyError::Signature(error)) = &refused else {
        panic!("{refused:?}");
    };
    assert!(matches!(error, SignatureError::BadSignature { .. }));
    assert_eq!(refused.status(), 403);
}

#[test]
fn lines_by_unknown_keys_are_ignored_and_not_remembered() {
    let (witness, branch) = at_five();
    let mut cosigned = branch.checkpoint(6);
    let by_another = NoteSigner::new(KeyName::new("somebody.example").unwrap(), &[9; 32]);
    cosigned.add_signature(by_another.sign(cosigned.note().text())).unwrap();
    assert_eq!(status(&witness, &body(5, branch.proof(5, 6), cosigned)), 200);
    let served = witness.latest(&origin()).unwrap().unwrap();
    let names: Vec<_> = served.note().signatures().iter().map(|line| line.name().as_str()).collect();
    assert_eq!(names, [crate::logs::ORIGIN, "witness.example/w1"]);
}

#[test]
fn an_unknown_log_is_404() {
    let (witness, branch) = at_five();
    let other = NoteSigner::new(KeyName::new("ledger.example/other").unwrap(), &[3; 32]);
    let request = body(0, Vec::new(), branch.checkpoint_by(6, &other));
    let refused = refusal(&witness, &request);
    assert!(matches!(refused, AddCheckpointRefusal::UnknownLog { .. }));
    assert_eq!(refused.status(), 404);
    let mut logs = known();
    logs.add(other.verifier().clone()).unwrap();
    witness.follow(logs).unwrap();
    assert_eq!(status(&witness, &request), 200);
}

#[test]
fn another_old_size_than_the_one_remembered_is_409_with_that_size() {
    let (witness, branch) = at_five();
    for old in [0, 3, 6] {
        let refused = outcome(&witness, &branch.request(old, 7));
        let stored = TreeSize::new(5);
        let conflict = AddCheckpointOutcome::Refused(AddCheckpointRefusal::Conflict { stored });
        assert_eq!(refused, conflict, "old {old}");
        assert_eq!((refused.status(), refused.media_type()), (409, "text/x.tlog.size"));
        assert_eq!(refused.body(), "5\n");
    }
    assert_eq!(status(&witness, &branch.request(5, 7)), 200);
}

#[test]
fn a_first_old_size_that_is_not_zero_is_409() {
    let (witness, branch) = (witness(), Branch::new(0));
    let refused = outcome(&witness, &branch.request(5, 7));
    assert_eq!((refused.status(), refused.body().as_str()), (409, "0\n"));
    assert_eq!(status(&witness, &branch.request(0, 7)), 200);
}

#[test]
fn a_proof_that_does_not_hold_is_422() {
    let (witness, branch) = at_five();
    let mut proof = branch.proof(5, 7);
    proof.swap(0, 1);
    let refused = refusal(&witness, &body(5, proof, branch.checkpoint(7)));
    assert!(matches!(refused, AddCheckpointRefusal::Inconsistent(_)));
    assert_eq!(refused.status(), 422);
    let mut proof = branch.proof(5, 7);
    proof.pop();
    let refused = refusal(&witness, &body(5, proof, branch.checkpoint(7)));
    let too_short = matches!(
        refused,
        AddCheckpointRefusal::Inconsistent(ConsistencyError::WrongLength { got: 3, want: 4 })
    );
    assert!(too_short, "{refused:?}");
    assert_eq!(status(&witness, &branch.request(5, 7)), 200);
}

#[test]
fn a_proof_from_nothing_is_422() {
    let (witness, branch) = (witness(), Branch::new(0));
    let refused = refusal(&witness, &body(0, branch.proof(4, 5), branch.checkpoint(5)));
    assert!(matches!(refused, AddCheckpointRefusal::ProofFromNothing { got: 1 }), "{refused:?}");
    assert_eq!(refused.status(), 422);
    assert_eq!(status(&witness, &branch.request(0, 5)), 200);
}

#[test]
fn another_root_of_the_same_size_is_422_and_so_is_a_proof_of_it() {
    let (witness, branch) = (witness(), Branch::new(0));
    assert_eq!(status(&witness, &branch.request(0, 12)), 200);
    let fork = Branch::new(1);
    assert_eq!(status(&witness, &body(12, Vec::new(), fork.checkpoint(12))), 422);
    assert_eq!(status(&witness, &body(12, branch.proof(11, 12), branch.checkpoint(12))), 422);
    assert_eq!(status(&witness, &branch.request(12, 12)), 200);
}

#[test]
fn an_empty_log_is_cosigned_and_grows_without_proof() {
    let (witness, branch) = (witness(), Branch::new(0));
    assert_eq!(status(&witness, &branch.request(0, 0)), 200);
    assert_eq!(status(&witness, &body(0, branch.proof(4, 5), branch.checkpoint(5))), 422);
    assert_eq!(status(&witness, &branch.request(0, 5)), 200);
}

#[test]
fn another_root_of_the_empty_tree_is_422() {
    let witness = witness();
    let text = format!("{}\n0\n{}\n", crate::logs::ORIGIN, Branch::new(0).root(1));
    let note = format!("old 0\n\n{text}\n{}", log_key().sign(&text).encode());
    let refused = refusal(&witness, note.as_bytes());
    assert_eq!((refused.status(), refused), (422, AddCheckpointRefusal::NotTheEmptyRoot));
}

#[test]
fn serves_byte_for_byte_what_it_gave_out() {
    let (witness, branch) = (witness(), Branch::new(0));
    assert_eq!(witness.latest(&origin()).unwrap(), None);
    let AddCheckpointOutcome::Cosigned(line) = outcome(&witness, &branch.request(0, 5)) else {
        panic!("it was refused");
    };
    let mut expected = branch.checkpoint(5);
    expected.add_signature(line).unwrap();
    assert_eq!(witness.latest(&origin()).unwrap(), Some(expected));
    // What is not followed any more is not served.
    witness.follow(KnownLogs::new()).unwrap();
    assert_eq!(witness.latest(&origin()).unwrap(), None);
}

#[test]
fn the_time_never_goes_back() {
    let (witness, branch) = at_five();
    let earlier = UnixSeconds::new(NOW.get() - 100);
    let AddCheckpointOutcome::Cosigned(line) =
        witness.add_checkpoint(&branch.request(5, 6), earlier).unwrap()
    else {
        panic!("it was refused");
    };
    let check = witness.verifier().check(branch.checkpoint(6).note().text(), &line);
    assert_eq!(check, Ok(SignatureCheck::Cosigned { at: NOW }));
}

#[test]
fn a_clock_that_cannot_be_right_stops_it() {
    let (witness, branch) = at_five();
    for now in [0, u64::MAX] {
        let refused = witness.add_checkpoint(&branch.request(5, 6), UnixSeconds::new(now));
        assert!(matches!(refused, Err(WitnessError::ClockUnusable { .. })));
    }
    assert_eq!(status(&witness, &branch.request(5, 6)), 200);
}

#[test]
fn a_flipped_bit_in_what_is_remembered_stops_it_for_that_log() {
    let store = Arc::new(MemoryStore::new());
    let branch = Branch::new(0);
    let witness = || LightWitness::new(store.clone(), Box::new(witness_key()), known());
    assert_eq!(status(&witness(), &branch.request(0, 5)), 200);
    let table = Table::new("witness-latest");
    let row = store.get(table, crate::logs::ORIGIN.as_bytes()).unwrap().unwrap().value;
    let text = String::from_utf8(row.clone()).unwrap();
    let damaged =
        [text.replace("\n5\n", "\n4\n"), text.replace("at ", "at x"), text.replace("forked\n5", "for\n5")];
    for damaged in damaged {
        assert_ne!(damaged, text);
        store.apply(&[Op::put(table, crate::logs::ORIGIN, damaged, Expected::Any)]).unwrap();
        for old in [0, 4, 5] {
            let refused = witness().add_checkpoint(&branch.request(old, 6), NOW);
            assert!(matches!(refused, Err(WitnessError::DamagedRecord { .. })), "{refused:?}");
        }
    }
    store.apply(&[Op::put(table, crate::logs::ORIGIN, row, Expected::Any)]).unwrap();
    assert_eq!(status(&witness(), &branch.request(5, 6)), 200);
}

#[test]
fn the_checkpoint_that_is_served_parses() {
    let (witness, _) = at_five();
    let served = witness.latest(&origin()).unwrap().unwrap().encode();
    let parsed = SignedCheckpoint::parse(served.as_bytes()).unwrap();
    assert!(parsed.verify(log_key().verifier()).is_ok());
}
