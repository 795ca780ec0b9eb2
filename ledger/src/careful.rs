//! A state store that may be damaged: its engine panics on some damage instead of saying so.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::Duration;

use matricula_state::{Change, Op, Row, SledStore, StateError, StateStore, Table, Version, Versioned};

use crate::disk::DiskError;

/// A store whose panics are errors. After one it is to be thrown away.
#[derive(Debug)]
pub(crate) struct CarefulStore(SledStore);

impl CarefulStore {
    pub(crate) fn open(folder: &Path) -> Result<Self, StateError> {
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

/// Tries before a store is taken for damaged. A process that is just being started has all open files of
/// the one that starts it, locks too, for a moment.
const OPEN_TRIES: u32 = 5;

const OPEN_PAUSE: Duration = Duration::from_millis(50);

/// Opens the state store of a log. Everything in it can be restored from the entries, so one that cannot be
/// opened, as after a kill while it was being made, is set aside and made anew. The caller holds the log's lock.
///
/// # Errors
/// When no new one can be made either.
pub(crate) fn open_or_begin_anew(folder: &Path) -> Result<SledStore, StateError> {
    for _ in 1..OPEN_TRIES {
        match careful(|| SledStore::open(folder)) {
            Ok(store) => return Ok(store),
            Err(_) => thread::sleep(OPEN_PAUSE),
        }
    }
    let error = match careful(|| SledStore::open(folder)) {
        Ok(store) => return Ok(store),
        Err(error) => error,
    };
    tracing::warn!(%error, folder = %folder.display(), "the state store cannot be opened and is made anew");
    set_aside(folder).map_err(|_| error)?;
    careful(|| SledStore::open(folder))
}

/// Moves a state store that cannot be read out of the way; it is kept for who wants to look into it.
pub(crate) fn set_aside(folder: &Path) -> Result<(), DiskError> {
    let aside = (1..)
        .map(|number: u32| folder.with_extension(format!("damaged-{number}")))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| folder.with_extension("damaged"));
    let path = folder.display().to_string();
    fs::rename(folder, aside).map_err(|source| DiskError { operation: "set aside", path, source })
}

fn careful<T>(work: impl FnOnce() -> Result<T, StateError>) -> Result<T, StateError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(StateError::Stopped))
}

#[cfg(test)]
mod tests {
    use matricula_state::Expected;
    use tempfile::TempDir;

    use super::*;

    const TABLE: Table = Table::new("careful");

    #[test]
    fn a_store_that_cannot_be_opened_is_set_aside_and_a_good_one_is_kept() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("state");
        let store = open_or_begin_anew(&path).unwrap();
        store.apply(&[Op::put(TABLE, b"key".to_vec(), b"value".to_vec(), Expected::Any)]).unwrap();
        drop(store);
        let kept = open_or_begin_anew(&path).unwrap();
        assert!(kept.get(TABLE, b"key").unwrap().is_some());
        drop(kept);

        // Damage in the file that the engine reads first.
        fs::write(path.join("conf"), b"not what the engine writes").unwrap();
        let anew = open_or_begin_anew(&path).unwrap();
        assert!(anew.get(TABLE, b"key").unwrap().is_none());
        assert!(folder.path().join("state.damaged-1").join("db").exists());
    }
}
