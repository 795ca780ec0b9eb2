//! Checks of what is left after a crash.

use super::{Subject, ensure, told};
use crate::operation::{Expected, Op};
use crate::store::Version;
use crate::table::Table;

const T: Table = Table::new("crashes");
const ROUNDS: u32 = 15;

/// One acknowledged change, a crash, and it must be there: each round anew.
pub(super) fn keeps_what_it_acknowledged(subject: &mut dyn Subject) -> Result<(), String> {
    for round in 0..ROUNDS {
        let ops = [
            Op::put(T, "latest", round.to_be_bytes(), Expected::Any),
            Op::put(T, round.to_be_bytes(), "kept", Expected::Absent),
        ];
        let version = subject.store().apply(&ops).map_err(told)?;
        subject.crash();
        let row = subject.store().get(T, b"latest").map_err(told)?.ok_or("the row is gone")?;
        ensure(row.value == round.to_be_bytes(), || format!("round {round}: {:?} after a crash", row.value))?;
        ensure(row.version == version, || {
            format!("round {round}: version {} became {}", version, row.version)
        })?;
        let rows = subject.store().scan(T, &[0], None, 100).map_err(told)?;
        ensure(rows.len() == round as usize + 1, || format!("round {round}: {} rows", rows.len()))?;
    }
    Ok(())
}

/// Every acknowledged state is read back at once, and again after the next change: nothing is undone in between.
pub(super) fn keeps_every_state_in_a_row(subject: &mut dyn Subject) -> Result<(), String> {
    let mut last = Version::ZERO;
    for round in 0..100u32 {
        let store = subject.store();
        last = store.apply(&[Op::put(T, round.to_be_bytes(), "x", Expected::Absent)]).map_err(told)?;
        let rows = store.scan(T, &[0], None, 200).map_err(told)?;
        ensure(rows.len() == round as usize + 1, || {
            format!("{} rows after {} writes", rows.len(), round + 1)
        })?;
    }
    subject.crash();
    let rows = subject.store().scan(T, &[0], None, 200).map_err(told)?;
    ensure(rows.len() == 100, || format!("{} of 100 rows after a crash", rows.len()))?;
    ensure(rows.last().is_some_and(|row| row.version == last), || "another version after a crash".into())
}

pub(super) fn keeps_long_values(subject: &mut dyn Subject) -> Result<(), String> {
    let lengths = [50_000usize, 200_000, 1_500_000];
    for (round, length) in (0u8..).zip(lengths) {
        let ops = [
            Op::put(T, "same", vec![round; length], Expected::Any),
            Op::put(T, [round], vec![round; length / 2], Expected::Any),
        ];
        subject.store().apply(&ops).map_err(told)?;
        subject.crash();
        let row = subject.store().get(T, b"same").map_err(told)?.ok_or("the row is gone")?;
        ensure(row.value == vec![round; length], || format!("{length} bytes became {}", row.value.len()))?;
    }
    subject.store().apply(&[Op::delete(T, "same", Expected::Any)]).map_err(told)?;
    subject.crash();
    ensure(subject.store().get(T, b"same").map_err(told)?.is_none(), || "a deleted value is back".into())
}

pub(super) fn keeps_the_feed(subject: &mut dyn Subject) -> Result<(), String> {
    for round in 0..ROUNDS {
        let ops = [
            Op::put(T, "same", round.to_be_bytes(), Expected::Any),
            Op::put(T, round.to_be_bytes(), "new", Expected::Absent),
        ];
        subject.store().apply(&ops).map_err(told)?;
    }
    let before = subject.store().changes_since(Version::ZERO, 1000).map_err(told)?;
    subject.crash();
    let after = subject.store().changes_since(Version::ZERO, 1000).map_err(told)?;
    ensure(before.len() == ROUNDS as usize + 1, || format!("{} changes", before.len()))?;
    ensure(before == after, || "another feed after a crash".into())
}
