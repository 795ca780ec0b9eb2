//! A state store that may be damaged: its engine panics on some damage instead of saying so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use matricula_state::{Change, Op, Row, SledStore, StateError, StateStore, Table, Version, Versioned};

/// A store whose panics are errors. After one it is to be thrown away.
#[derive(Debug)]
pub(super) struct CarefulStore(SledStore);

impl CarefulStore {
    pub(super) fn open(folder: &Path) -> Result<Self, StateError> {
        careful(|| SledStore::open(folder)).map(Self)
    }
}

impl StateStore for CarefulStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        careful(|| self.0.get(table, key))
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        careful(|| self.0.apply(ops))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        careful(|| self.0.scan(table, prefix, after, limit))
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        careful(|| self.0.changes_since(after, limit))
    }
}

fn careful<T>(work: impl FnOnce() -> Result<T, StateError>) -> Result<T, StateError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(StateError::Stopped))
}
