//! Checks of single writes.

use super::{Subject, ensure, told};
use crate::operation::{Expected, Op};
use crate::store::{StateError, Version};
use crate::table::{KEY_BYTES_MAX, Table, VALUE_BYTES_MAX};

const T: Table = Table::new("writes");

pub(super) fn returns_what_was_written(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    ensure(store.get(T, b"k").map_err(told)?.is_none(), || "a fresh store has a row".into())?;
    let version = store.apply(&[Op::put(T, "k", "one", Expected::Any)]).map_err(told)?;
    let row = store.get(T, b"k").map_err(told)?.ok_or("the row is missing")?;
    ensure(row.value == b"one" && row.version == version, || format!("found {row:?}, wrote {version}"))?;
    store.apply(&[Op::put(T, "k", "two", Expected::Any)]).map_err(told)?;
    let row = store.get(T, b"k").map_err(told)?.ok_or("the row is missing")?;
    ensure(row.value == b"two", || format!("found {row:?}"))?;
    store.apply(&[Op::delete(T, "k", Expected::Any)]).map_err(told)?;
    ensure(store.get(T, b"k").map_err(told)?.is_none(), || "a deleted row is there".into())?;
    store.apply(&[Op::delete(T, "k", Expected::Any)]).map_err(told)?;
    Ok(())
}

pub(super) fn refuses_under_an_unmet_condition(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    let missing = [Op::put(T, "k", "x", Expected::Exactly(Version::new(1)))];
    expect_conflict(store.apply(&missing), None)?;
    expect_conflict(store.apply(&[Op::delete(T, "k", Expected::Exactly(Version::new(1)))]), None)?;
    let first = store.apply(&[Op::put(T, "k", "one", Expected::Absent)]).map_err(told)?;
    expect_conflict(store.apply(&[Op::put(T, "k", "x", Expected::Absent)]), Some(first))?;
    let second = store.apply(&[Op::put(T, "k", "two", Expected::Exactly(first))]).map_err(told)?;
    expect_conflict(store.apply(&[Op::put(T, "k", "x", Expected::Exactly(first))]), Some(second))?;
    expect_conflict(store.apply(&[Op::delete(T, "k", Expected::Exactly(first))]), Some(second))?;
    let row = store.get(T, b"k").map_err(told)?.ok_or("the row is missing")?;
    ensure(row.value == b"two", || "a refused write is there".into())?;
    store.apply(&[Op::delete(T, "k", Expected::Exactly(second))]).map_err(told)?;
    store.apply(&[Op::delete(T, "k", Expected::Absent)]).map_err(told)?;
    Ok(())
}

pub(super) fn writes_all_or_nothing(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    let other = Table::new("writes-other");
    store.apply(&[Op::put(T, "taken", "1", Expected::Any)]).map_err(told)?;
    let before = store.changes_since(Version::ZERO, 100).map_err(told)?;
    let refused = store.apply(&[
        Op::put(T, "a", "1", Expected::Any),
        Op::put(other, "b", "1", Expected::Absent),
        Op::delete(T, "taken", Expected::Any),
        Op::put(other, "c", "1", Expected::Exactly(Version::new(1))),
    ]);
    expect_conflict(refused, None)?;
    let rows = store.scan(T, b"", None, 100).map_err(told)?;
    ensure(rows.len() == 1 && rows[0].key == b"taken", || format!("half of a change is there: {rows:?}"))?;
    ensure(store.scan(other, b"", None, 100).map_err(told)?.is_empty(), || "half of a change".into())?;
    ensure(store.changes_since(Version::ZERO, 100).map_err(told)? == before, || "fed a refusal".into())?;
    let ops = [Op::put(T, "a", "1", Expected::Any), Op::delete(T, "taken", Expected::Any)];
    let version = store.apply(&ops).map_err(told)?;
    let rows = store.scan(T, b"", None, 100).map_err(told)?;
    ensure(rows.len() == 1 && rows[0].key == b"a" && rows[0].version == version, || format!("{rows:?}"))
}

pub(super) fn never_uses_a_version_twice(subject: &mut dyn Subject) -> Result<(), String> {
    let mut last = Version::ZERO;
    for round in 0..12u8 {
        let store = subject.store();
        let put = store.apply(&[Op::put(T, "k", [round], Expected::Absent)]).map_err(told)?;
        let again = store.apply(&[Op::put(T, "other", [round], Expected::Any)]).map_err(told)?;
        let gone = store.apply(&[Op::delete(T, "k", Expected::Exactly(put))]).map_err(told)?;
        ensure(last < put && put < again && again < gone, || format!("{last} {put} {again} {gone}"))?;
        let empty = store.apply(&[]).map_err(told)?;
        ensure(empty == gone, || format!("nothing at all took version {empty} after {gone}"))?;
        last = gone;
        if round % 4 == 3 {
            subject.crash();
        }
    }
    Ok(())
}

pub(super) fn keeps_values_of_every_length(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    for length in [0, 1, 4096, 49_151, 49_152, 49_153, 98_304, 300_000, 1] {
        let value: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        store.apply(&[Op::put(T, "long", value.clone(), Expected::Any)]).map_err(told)?;
        let row = store.get(T, b"long").map_err(told)?.ok_or("the row is missing")?;
        ensure(row.value == value, || format!("{length} bytes came back as {}", row.value.len()))?;
        let rows = store.scan(T, b"long", None, 10).map_err(told)?;
        ensure(rows.len() == 1 && rows[0].value == value, || format!("scanned {} rows", rows.len()))?;
    }
    Ok(())
}

pub(super) fn refuses_misuse(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    let empty = store.apply(&[Op::put(T, "", "x", Expected::Any)]);
    ensure(matches!(empty, Err(StateError::KeyLength { got: 0, .. })), || "took an empty key".into())?;
    let long = store.apply(&[Op::put(T, vec![1; KEY_BYTES_MAX + 1], "x", Expected::Any)]);
    ensure(matches!(long, Err(StateError::KeyLength { .. })), || "took an overlong key".into())?;
    let large = store.apply(&[Op::put(T, "k", vec![1; VALUE_BYTES_MAX + 1], Expected::Any)]);
    ensure(matches!(large, Err(StateError::ValueTooLong { .. })), || "took an overlong value".into())?;
    let twice = store.apply(&[Op::put(T, "k", "1", Expected::Any), Op::put(T, "k", "2", Expected::Any)]);
    ensure(matches!(twice, Err(StateError::DuplicateKey { .. })), || "took one key twice".into())?;
    ensure(store.get(T, b"k").map_err(told)?.is_none(), || "a misuse was written".into())
}

fn expect_conflict(result: Result<Version, StateError>, want: Option<Version>) -> Result<(), String> {
    match result {
        Err(StateError::Conflict { found, .. }) if found == want => Ok(()),
        Err(StateError::Conflict { found, .. }) => Err(format!("conflict with {found:?}, not {want:?}")),
        Err(error) => Err(told(error)),
        Ok(version) => Err(format!("a write under an unmet condition took version {version}")),
    }
}
