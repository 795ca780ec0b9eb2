//! Checks of scans, the feed, and long random histories.

use super::{Subject, ensure, told};
use crate::memory::MemoryStore;
use crate::operation::{Expected, Op};
use crate::store::{Changed, StateStore, Version};
use crate::table::Table;

const T: Table = Table::new("reads");
/// Names of which one is the start of the other, and one that sorts between.
const NEIGHBOURS: [Table; 3] = [Table::new("reads"), Table::new("reads-more"), Table::new("read")];

pub(super) fn scans_in_key_order(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    let keys: [&[u8]; 7] = [b"a", b"a\0", b"a\0b", b"ab", b"b", b"b\xff", b"\xff\xff"];
    for key in keys.iter().rev() {
        store.apply(&[Op::put(T, *key, *key, Expected::Any)]).map_err(told)?;
    }
    let scan = |prefix: &[u8], after: Option<&[u8]>, limit| -> Result<Vec<Vec<u8>>, String> {
        Ok(store.scan(T, prefix, after, limit).map_err(told)?.into_iter().map(|row| row.key).collect())
    };
    ensure(scan(b"", None, 100)? == keys, || "not in byte order".into())?;
    ensure(scan(b"a", None, 100)? == keys[..4], || "wrong rows under a prefix".into())?;
    ensure(scan(b"a", Some(b"a\0"), 1)? == keys[2..3], || "wrong row after a key".into())?;
    ensure(scan(b"a", Some(b"a\0"), 100)? == keys[2..4], || "wrong rows after a key".into())?;
    ensure(scan(b"b", Some(b"a"), 100)? == keys[4..6], || "a key before the prefix hid rows".into())?;
    ensure(scan(b"a", Some(b"zz"), 100)?.is_empty(), || "rows after the last".into())?;
    ensure(scan(b"", None, 0)?.is_empty(), || "rows under a limit of none".into())?;
    ensure(scan(b"\xff", None, 100)? == keys[6..], || "wrong rows under the last prefix".into())
}

pub(super) fn keeps_tables_apart(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    for table in NEIGHBOURS {
        store.apply(&[Op::put(table, "k", table.name(), Expected::Absent)]).map_err(told)?;
    }
    for table in NEIGHBOURS {
        let rows = store.scan(table, b"", None, 10).map_err(told)?;
        ensure(rows.len() == 1 && rows[0].value == table.name().as_bytes(), || format!("{table}: {rows:?}"))?;
    }
    Ok(())
}

pub(super) fn feeds_changes_in_order(subject: &mut dyn Subject) -> Result<(), String> {
    let store = subject.store();
    let hidden = Table::without_feed("reads-index");
    let v1 = store
        .apply(&[Op::put(T, "a", "1", Expected::Any), Op::put(T, "b", "1", Expected::Any)])
        .map_err(told)?;
    let v2 = store
        .apply(&[Op::put(hidden, "h", "1", Expected::Any), Op::put(T, "c", "1", Expected::Any)])
        .map_err(told)?;
    let v3 = store
        .apply(&[Op::put(T, "a", "2", Expected::Any), Op::delete(T, "b", Expected::Any)])
        .map_err(told)?;
    store.apply(&[Op::delete(T, "never", Expected::Any)]).map_err(told)?;
    let feed = |after, limit| -> Result<Vec<(Version, Vec<u8>, Changed)>, String> {
        let changes = store.changes_since(after, limit).map_err(told)?;
        Ok(changes.into_iter().map(|change| (change.version, change.key, change.changed)).collect())
    };
    let c = (v2, b"c".to_vec(), Changed::Put);
    let a = (v3, b"a".to_vec(), Changed::Put);
    let b = (v3, b"b".to_vec(), Changed::Deleted);
    let all = feed(Version::ZERO, 100)?;
    ensure(all == [c.clone(), a.clone(), b.clone()], || format!("{all:?}"))?;
    ensure(feed(v1, 1)? == [c], || "a limit of one".into())?;
    ensure(feed(v2, 1)? == [a, b], || "a version was cut in two".into())?;
    ensure(feed(v3, 100)?.is_empty(), || "changes after the last".into())?;
    ensure(feed(Version::new(u64::MAX), 100)?.is_empty(), || "changes after the last number".into())
}

/// 400 random changes done to the subject and to the model, crashing in between, must agree in answers and rows.
pub(super) fn agrees_with_the_model(subject: &mut dyn Subject) -> Result<(), String> {
    let model = MemoryStore::new();
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    for step in 0..400u32 {
        let ops = random_ops(&mut random, step);
        let (ours, theirs) = (subject.store().apply(&with_versions(subject.store(), &ops)?), {
            model.apply(&with_versions(&model, &ops)?)
        });
        ensure(ours.is_ok() == theirs.is_ok(), || format!("step {step}: {ours:?}, model {theirs:?}"))?;
        if step % 50 == 49 {
            subject.crash();
            same_rows(subject.store(), &model).map_err(|found| format!("step {step}: {found}"))?;
        }
    }
    Ok(())
}

fn same_rows(store: &dyn StateStore, model: &MemoryStore) -> Result<(), String> {
    for table in NEIGHBOURS {
        let ours = store.scan(table, b"", None, 10_000).map_err(told)?;
        let theirs = model.scan(table, b"", None, 10_000).map_err(told)?;
        let same =
            ours.iter().map(|r| (&r.key, &r.value)).eq(theirs.iter().map(|row| (&row.key, &row.value)));
        ensure(same, || format!("{table}: {} rows, model {}", ours.len(), theirs.len()))?;
    }
    Ok(())
}

/// One to four operations on a small set of keys. `Exactly(1)` stands for the version there, `Exactly(2)` for another.
fn random_ops(random: &mut Xorshift, step: u32) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    for _ in 0..=random.below(4) {
        let table = NEIGHBOURS[random.below(3)];
        let key = vec![b'a' + random.below(12) as u8];
        let expected = match random.below(8) {
            0 => Expected::Absent,
            1..=2 => Expected::Exactly(Version::new(1)),
            3 => Expected::Exactly(Version::new(2)),
            _ => Expected::Any,
        };
        if ops.iter().any(|op| op.table() == table && op.key() == key) {
            continue;
        }
        ops.push(if random.below(4) == 0 {
            Op::delete(table, key, expected)
        } else {
            Op::put(table, key, step.to_be_bytes(), expected)
        });
    }
    ops
}

fn with_versions(store: &dyn StateStore, ops: &[Op]) -> Result<Vec<Op>, String> {
    let mut placed = Vec::with_capacity(ops.len());
    for op in ops {
        let there = store.get(op.table(), op.key()).map_err(told)?.map_or(Version::ZERO, |row| row.version);
        let at = match op.expected() {
            Expected::Exactly(Version::ZERO) | Expected::Any | Expected::Absent => op.expected(),
            Expected::Exactly(which) if which.get() == 1 => Expected::Exactly(there),
            Expected::Exactly(_) => Expected::Exactly(Version::new(there.get() + 1)),
        };
        placed.push(match op.clone() {
            Op::Put { table, key, value, .. } => Op::Put { table, key, value, expected: at },
            Op::Delete { table, key, .. } => Op::Delete { table, key, expected: at },
        });
    }
    Ok(placed)
}

/// A small generator, so that a run is the same everywhere.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
