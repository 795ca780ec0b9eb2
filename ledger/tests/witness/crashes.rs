//! A store that dies at each step, a restart, and the other fork at the door.

use std::sync::Arc;

use matricula_state::MemoryStore;

use crate::controls::{Start, real, signs_first};
use crate::logs::{Branch, Broken, NOW, Recorder, one_history};
use crate::stores::{Fault, Mortal};

/// Pushes a branch until the store dies at its `dies_at`th write, starts the witness again, and offers the other branch
/// and this one from every size. Gives back whether what was cosigned in both lives is one history.
fn two_lives(start: Start, dies_at: u32, fault: Fault) -> Result<(), Broken> {
    let memory = Arc::new(MemoryStore::new());
    let key = Recorder::new();
    let witness = start(Arc::new(Mortal::new(memory.clone(), dies_at, fault)), key.clone());
    let (mine, other) = (Branch::new(0), Branch::new(1));
    let sizes = [0, 3, 8, 8, 12, 17, 32];
    for step in sizes.windows(2) {
        if witness.add_checkpoint(&mine.request(step[0], step[1]), NOW).is_none() {
            break;
        }
    }
    drop(witness);
    let witness = start(memory, key.clone());
    for branch in [&other, &mine] {
        for old in sizes {
            for new in sizes.into_iter().filter(|new| *new >= old) {
                let answer = witness.add_checkpoint(&branch.request(old, new), NOW);
                assert!(answer.is_some(), "a store that works gives an answer");
            }
        }
    }
    one_history(&key.said())
}

#[test]
fn no_crash_makes_it_cosign_both_forks() {
    for fault in [Fault::FailsUndone, Fault::FailsDone] {
        for dies_at in 1..=8 {
            assert_eq!(two_lives(real, dies_at, fault), Ok(()), "{fault:?} at {dies_at}");
        }
    }
}

#[test]
fn nothing_is_cosigned_when_the_store_does_not_confirm() {
    for fault in [Fault::FailsUndone, Fault::FailsDone] {
        let key = Recorder::new();
        let store = Mortal::new(Arc::default(), 1, fault);
        let witness = real(Arc::new(store), key.clone());
        assert!(witness.add_checkpoint(&Branch::new(0).request(0, 5), NOW).is_none());
        assert_eq!(key.said(), []);
    }
}

#[test]
fn a_checkpoint_that_was_written_as_the_store_died_is_cosigned_after_the_restart() {
    let memory = Arc::new(MemoryStore::new());
    let key = Recorder::new();
    let branch = Branch::new(0);
    let dying = Mortal::new(memory.clone(), 1, Fault::FailsDone);
    assert!(real(Arc::new(dying), key.clone()).add_checkpoint(&branch.request(0, 5), NOW).is_none());
    let witness = real(memory, key.clone());
    let (status, body) = witness.add_checkpoint(&branch.request(0, 5), NOW).unwrap();
    assert_eq!((status, body.as_str()), (409, "5\n"));
    let (status, _) = witness.add_checkpoint(&branch.request(5, 5), NOW).unwrap();
    assert_eq!(status, 200);
    assert_eq!(key.said().len(), 1);
}

#[test]
fn a_witness_that_signs_before_it_persists_is_caught() {
    let caught = |dies_at| two_lives(signs_first, dies_at, Fault::FailsUndone) == Err(Broken::Forked);
    assert!((1..=8).any(caught));
}
