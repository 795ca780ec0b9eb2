//! Checks of concurrent writers.

use std::sync::Barrier;
use std::thread;

use super::{Subject, ensure, told};
use crate::operation::{Expected, Op};
use crate::store::{StateError, StateStore};
use crate::table::Table;

const T: Table = Table::new("races");
const WRITERS: usize = 8;
const ROUNDS: u64 = 20;

/// Each round all writers create the same key at once: exactly one may.
pub(super) fn has_one_winner(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    for round in 0..ROUNDS {
        let barrier = Barrier::new(WRITERS);
        let create = |writer: usize| {
            barrier.wait();
            store.apply(&[Op::put(T, round.to_be_bytes(), [writer as u8], Expected::Absent)])
        };
        let results = in_parallel(&create);
        let winners = results.iter().filter(|result| result.is_ok()).count();
        ensure(winners == 1, || format!("{winners} writers created one key"))?;
        let losers = |result: &&Result<_, _>| !matches!(result, Ok(_) | Err(StateError::Conflict { .. }));
        ensure(results.iter().find(losers).is_none(), || "a loser saw another error".into())?;
    }
    Ok(())
}

/// All writers count one number up under a condition, trying again when they lost.
pub(super) fn loses_no_increment(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    store.apply(&[Op::put(T, "count", 0u64.to_be_bytes(), Expected::Absent)]).map_err(told)?;
    let count_up = |_| (0..ROUNDS).try_for_each(|_| increment(store));
    for result in in_parallel(&count_up) {
        result?;
    }
    let row = store.get(T, b"count").map_err(told)?.ok_or("the count is missing")?;
    let want = (WRITERS as u64 * ROUNDS).to_be_bytes();
    ensure(row.value == want, || format!("counted to {:?}, not {want:?}", row.value))
}

fn increment(store: &dyn StateStore) -> Result<(), String> {
    loop {
        let row = store.get(T, b"count").map_err(told)?.ok_or("the count is missing")?;
        let count = u64::from_be_bytes(row.value.try_into().map_err(|_| "not a number")?);
        let op = Op::put(T, "count", (count + 1).to_be_bytes(), Expected::Exactly(row.version));
        match store.apply(&[op]) {
            Ok(_) => return Ok(()),
            Err(StateError::Conflict { .. }) => {}
            Err(error) => return Err(told(error)),
        }
    }
}

fn in_parallel<R: Send>(work: &(dyn Fn(usize) -> R + Sync)) -> Vec<R> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || work(writer))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}
