//! The model: a store in memory that does by plain maps what the adapters do on disks.

use std::collections::BTreeMap;
use std::sync::RwLock;

use crate::operation::{Op, check_key, check_limits};
use crate::store::{Change, Changed, Row, StateError, StateStore, Version, Versioned};
use crate::table::{SCAN_ROWS_MAX, Table};

/// A [`StateStore`] in memory: durable as long as the value lives.
#[derive(Debug, Default)]
pub struct MemoryStore {
    maps: RwLock<Maps>,
}

#[derive(Clone, Debug, Default)]
struct Maps {
    latest: u64,
    rows: BTreeMap<(&'static str, Vec<u8>), (Versioned, usize)>,
    feed: BTreeMap<(Version, usize), Change>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl StateStore for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        check_key(key)?;
        let maps = self.maps.read().map_err(|_| StateError::Stopped)?;
        Ok(maps.rows.get(&(table.name(), key.to_vec())).map(|(row, _)| row.clone()))
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        check_limits(ops)?;
        let mut maps = self.maps.write().map_err(|_| StateError::Stopped)?;
        for op in ops {
            op.check(maps.rows.get(&(op.table().name(), op.key().to_vec())).map(|(row, _)| row.version))?;
        }
        if ops.is_empty() {
            return Ok(Version::new(maps.latest));
        }
        maps.latest += 1;
        let version = Version::new(maps.latest);
        for (ordinal, op) in ops.iter().enumerate() {
            maps.write(version, ordinal, op);
        }
        Ok(version)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        let maps = self.maps.read().map_err(|_| StateError::Stopped)?;
        let rows = maps
            .rows
            .range((table.name(), prefix.to_vec())..)
            .take_while(|((name, key), _)| *name == table.name() && key.starts_with(prefix))
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_slice() > after))
            .take(limit.min(SCAN_ROWS_MAX))
            .map(|((_, key), (row, _))| Row {
                key: key.clone(),
                value: row.value.clone(),
                version: row.version,
            });
        Ok(rows.collect())
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        let maps = self.maps.read().map_err(|_| StateError::Stopped)?;
        let mut changes: Vec<Change> = Vec::new();
        for change in maps.feed.range((after.next(), 0)..).map(|(_, change)| change) {
            let full = changes.len() >= limit.clamp(1, SCAN_ROWS_MAX);
            if full && changes.last().is_some_and(|last| last.version != change.version) {
                break;
            }
            changes.push(change.clone());
        }
        Ok(changes)
    }
}

impl Maps {
    fn write(&mut self, version: Version, ordinal: usize, op: &Op) {
        let at = (op.table().name(), op.key().to_vec());
        let before = match op {
            Op::Put { value, .. } => {
                self.rows.insert(at, (Versioned { value: value.clone(), version }, ordinal))
            }
            Op::Delete { .. } => self.rows.remove(&at),
        };
        let nothing_happened = before.is_none() && matches!(op, Op::Delete { .. });
        if !op.table().is_fed() || nothing_happened {
            return;
        }
        if let Some((row, ordinal)) = before {
            self.feed.remove(&(row.version, ordinal));
        }
        let changed = if matches!(op, Op::Put { .. }) { Changed::Put } else { Changed::Deleted };
        let change = Change { version, table: op.table().name().to_owned(), key: op.key().to_vec(), changed };
        self.feed.insert((version, ordinal), change);
    }
}
