//! Checks of what a sequence store has after a crash.

use matricula_tlog::LeafIndex;

use super::sequence::{Author, Check, entry};
use super::{SequenceSubject, ensure, told};
use crate::sequence::{CommitError, Epoch};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("keeps what it acknowledged", keeps_what_it_acknowledged),
    ("keeps every acknowledged state in a row", keeps_every_state_in_a_row),
    ("never gives an epoch twice", never_gives_an_epoch_twice),
    ("fences over a crash", fences_over_a_crash),
    ("stays trimmed over a crash", stays_trimmed),
];

/// One acknowledged commit, a crash, and it must be there: each round anew.
fn keeps_what_it_acknowledged(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let mut author = Author::new(subject.store())?;
    for round in 0..25u64 {
        let start = author.written.len() as u64;
        let entries = (0..1 + round % 4).map(|i| entry(start + i, 100 + 37 * round as usize)).collect();
        author.commit(subject.store(), entries).map_err(told)?;
        subject.crash();
        author.check_all(subject.store()).map_err(|found| format!("round {round}: {found}"))?;
        author.epoch = subject.store().acquire().map_err(told)?.epoch;
    }
    Ok(())
}

/// Every acknowledged commit is read back at once, and all of them after one crash.
fn keeps_every_state_in_a_row(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let mut author = Author::new(subject.store())?;
    for round in 0..80 {
        author.commit(subject.store(), vec![entry(round, 200)]).map_err(told)?;
        author.check_all(subject.store())?;
    }
    subject.crash();
    author.check_all(subject.store())
}

fn never_gives_an_epoch_twice(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let mut last = Epoch::new(0);
    for round in 0..12 {
        let lease = subject.store().acquire().map_err(told)?;
        ensure(lease.epoch > last, || format!("round {round}: epoch {} after {last}", lease.epoch))?;
        last = lease.epoch;
        if round % 2 == 1 {
            subject.crash();
        }
    }
    Ok(())
}

fn fences_over_a_crash(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let mut author = Author::new(subject.store())?;
    author.commit(subject.store(), vec![entry(0, 10)]).map_err(told)?;
    subject.store().acquire().map_err(told)?;
    subject.crash();
    match author.commit(subject.store(), vec![entry(1, 10)]) {
        Err(CommitError::Fenced { .. }) => author.check_all(subject.store()),
        other => Err(format!("a commit under an old epoch gave {other:?} after a crash")),
    }
}

fn stays_trimmed(subject: &mut dyn SequenceSubject) -> Result<(), String> {
    let mut author = Author::new(subject.store())?;
    author.commit(subject.store(), (0..50).map(|i| entry(i, 30)).collect()).map_err(told)?;
    let first = subject.store().trim(LeafIndex::new(40)).map_err(told)?;
    subject.crash();
    let again = subject.store().trim(LeafIndex::new(0)).map_err(told)?;
    ensure(again == first, || format!("first entry {first} became {again}"))?;
    let head = subject.store().head().map_err(told)?;
    ensure(head == author.head(), || format!("the head became {head}"))
}
