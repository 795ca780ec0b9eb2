//! Which entries are in the log already, by their leaf hash.
//!
//! Three layers, so that the common question, about an entry never seen, costs no access to the store and memory stays
//! bounded: a filter that says "certainly not" or "perhaps"; the entries of the last moments, in memory; the index
//! in the state store, written behind by its own thread. The log is the truth: what the index lacks after a crash is
//! read from the log again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use matricula_state::{Expected, Op, SCAN_ROWS_MAX, StateError, StateStore, Table};
use matricula_tlog::{Hash, LeafIndex, TreeSize};

mod filter;

use filter::Filter;

const INDEX: Table = Table::without_feed("ledger-index");
const MARK: Table = Table::without_feed("ledger-mark");
const INDEXED: &[u8] = b"indexed";

/// Entries not yet in the store, at most: 131,072 × about 120 bytes are 16 MB. Beyond, writers wait for the index.
const RECENT_MAX: usize = 131_072;
/// Entries that go to the store in one change at most.
const CHANGE_ENTRIES: usize = 2048;
/// How long entries gather for one change, and how many are enough. Each change is a sync, on the disk that acknowledgements
/// wait for, and two milliseconds of a processor for so many rows; what a crash in this time keeps from the index is read
/// from the log again.
const GATHERING_TIME: Duration = Duration::from_secs(1);
const GATHERED_ENTRIES: usize = 256;

/// Finds entries by leaf hash.
#[derive(Debug)]
pub(crate) struct Dedup {
    store: Arc<dyn StateStore>,
    filter: Filter,
    recent: Mutex<Recent>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Recent {
    by_leaf: HashMap<Hash, LeafIndex>,
    to_index: VecDeque<(Hash, LeafIndex)>,
    stopped: bool,
}

/// Where an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Among those just committed.
    Recent(LeafIndex),
    /// In the store, whose word is to be checked against the log.
    Indexed(LeafIndex),
}

impl Dedup {
    pub(crate) fn new(store: Arc<dyn StateStore>) -> Self {
        Self { store, filter: Filter::new(), recent: Mutex::default(), changed: Condvar::new() }
    }

    /// How many entries from the start of the log the store has indexed.
    pub(crate) fn indexed(&self) -> Result<TreeSize, StateError> {
        indexed(self.store.as_ref())
    }

    pub(crate) fn find(&self, leaf: &Hash) -> Result<Option<Found>, StateError> {
        if !self.filter.may_have(leaf) {
            return Ok(None);
        }
        if let Some(index) = self.recent.lock().map_err(|_| StateError::Stopped)?.by_leaf.get(leaf) {
            return Ok(Some(Found::Recent(*index)));
        }
        Ok(lookup(self.store.as_ref(), leaf)?.map(Found::Indexed))
    }

    /// Takes note of an entry that the store has indexed already.
    pub(crate) fn recall(&self, leaf: &Hash) {
        self.filter.insert(leaf);
    }

    /// Takes committed entries in, in the order of the log. Waits when the store is far behind.
    pub(crate) fn add(&self, entries: impl IntoIterator<Item = (Hash, LeafIndex)>) -> Result<(), StateError> {
        let recent = self.recent.lock().map_err(|_| StateError::Stopped)?;
        let full = |recent: &mut Recent| recent.to_index.len() >= RECENT_MAX && !recent.stopped;
        let mut recent = self.changed.wait_while(recent, full).map_err(|_| StateError::Stopped)?;
        let before = recent.to_index.len();
        for (leaf, index) in entries {
            self.filter.insert(&leaf);
            recent.by_leaf.insert(leaf, index);
            recent.to_index.push_back((leaf, index));
        }
        let after = recent.to_index.len();
        drop(recent);
        // Nothing in between matters to who writes behind, and waking it takes time from the acknowledgement.
        if before == 0 || before < GATHERED_ENTRIES && after >= GATHERED_ENTRIES {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Writes what was added to the store, some time after it was added, until `stop` is called and nothing is left.
    pub(crate) fn write_behind(&self) -> Result<(), StateError> {
        loop {
            let recent = self.recent.lock().map_err(|_| StateError::Stopped)?;
            let idle = |recent: &mut Recent| recent.to_index.is_empty() && !recent.stopped;
            let recent = self.changed.wait_while(recent, idle).map_err(|_| StateError::Stopped)?;
            let few = |recent: &mut Recent| recent.to_index.len() < GATHERED_ENTRIES && !recent.stopped;
            let gathered = self.changed.wait_timeout_while(recent, GATHERING_TIME, few);
            let (recent, _) = gathered.map_err(|_| StateError::Stopped)?;
            let change: Vec<_> = recent.to_index.iter().take(CHANGE_ENTRIES).copied().collect();
            drop(recent);
            let Some((_, last)) = change.last() else { return Ok(()) };
            self.store.apply(&ops(&change, TreeSize::new(last.get() + 1)))?;
            let mut recent = self.recent.lock().map_err(|_| StateError::Stopped)?;
            recent.to_index.drain(..change.len());
            for (leaf, _) in &change {
                recent.by_leaf.remove(leaf);
            }
            drop(recent);
            self.changed.notify_all();
        }
    }

    /// Lets `write_behind` end when it is done.
    pub(crate) fn stop(&self) {
        if let Ok(mut recent) = self.recent.lock() {
            recent.stopped = true;
        }
        self.changed.notify_all();
    }
}

/// How many entries from the start of the log the store has indexed.
pub(crate) fn indexed(store: &dyn StateStore) -> Result<TreeSize, StateError> {
    let mark = store.get(MARK, INDEXED)?.and_then(|row| row.value.try_into().ok());
    Ok(TreeSize::new(mark.map_or(0, u64::from_be_bytes)))
}

/// What the store says about an entry.
pub(crate) fn lookup(store: &dyn StateStore, leaf: &Hash) -> Result<Option<LeafIndex>, StateError> {
    let index = store.get(INDEX, leaf.as_bytes())?.and_then(|row| row.value.try_into().ok());
    Ok(index.map(|bytes| LeafIndex::new(u64::from_be_bytes(bytes))))
}

/// How many entries have a row.
pub(crate) fn rows(store: &dyn StateStore) -> Result<u64, StateError> {
    let (mut rows, mut after) = (0, None::<Vec<u8>>);
    loop {
        let page = store.scan(INDEX, b"", after.as_deref(), SCAN_ROWS_MAX)?;
        let Some(last) = page.last() else { return Ok(rows) };
        rows += page.len() as u64;
        after = Some(last.key.clone());
    }
}

/// Removes all rows and the mark, for a repair that writes them again.
pub(crate) fn clear(store: &dyn StateStore) -> Result<(), StateError> {
    store.apply(&[Op::delete(MARK, INDEXED, Expected::Any)])?;
    loop {
        let page = store.scan(INDEX, b"", None, SCAN_ROWS_MAX)?;
        if page.is_empty() {
            return Ok(());
        }
        let gone: Vec<Op> = page.into_iter().map(|row| Op::delete(INDEX, row.key, Expected::Any)).collect();
        store.apply(&gone)?;
    }
}

/// Writes index rows for a repair.
pub(crate) fn write(
    store: &dyn StateStore,
    entries: &[(Hash, LeafIndex)],
    indexed: TreeSize,
) -> Result<(), StateError> {
    for change in entries.chunks(CHANGE_ENTRIES) {
        store.apply(&ops(change, indexed))?;
    }
    Ok(())
}

fn ops(entries: &[(Hash, LeafIndex)], indexed: TreeSize) -> Vec<Op> {
    let row = |(leaf, index): &(Hash, LeafIndex)| {
        Op::put(INDEX, *leaf.as_bytes(), index.get().to_be_bytes(), Expected::Any)
    };
    let mark = Op::put(MARK, INDEXED, indexed.get().to_be_bytes(), Expected::Any);
    entries.iter().map(row).chain([mark]).collect()
}
