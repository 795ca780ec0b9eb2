//! The embedded adapter, on `sled`.
//!
//! One tree holds four kinds of engine keys, told apart by their first byte, so that one `apply_batch` is atomic
//! over all of them:
//!
//! | engine key | value |
//! |---|---|
//! | `00` | latest version, u64 |
//! | `01` table `00` key | version u64, ordinal u32, value length u32, first chunk |
//! | `02` version u64, ordinal u32 | change kind u8, table, `00`, key |
//! | `03` version u64, ordinal u32, chunk u32 | further chunk of the value written there |

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

use sled::{Batch, Db, IVec};

use crate::operation::{Op, check_key, check_limits};
use crate::store::{Change, Changed, LostState, Row, StateError, StateStore, Version, Versioned};
use crate::table::{SCAN_ROWS_MAX, Table};

const LATEST: &[u8] = &[0];
const ROW: u8 = 1;
const FEED: u8 = 2;
const CHUNK: u8 = 3;

/// The engine writes a page that outgrows a quarter of its segment into a file that it never flushes. A page has up
/// to 17 values: 17 × 48 KiB stays below a quarter of 4 MiB, so this does not happen.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;
const CHUNK_BYTES: usize = 48 * 1024;

const RECORD_HEADER_BYTES: usize = 16;

/// How to open a [`SledStore`].
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Memory for the page cache in bytes.
    pub cache_bytes: u64,
}

impl Default for SledOptions {
    /// 32 MiB: the dedup index of a million entries and a school's tables.
    fn default() -> Self {
        Self { cache_bytes: 32 * 1024 * 1024 }
    }
}

/// A [`StateStore`] in one folder of this machine. One process at a time opens it.
#[derive(Debug)]
pub struct SledStore {
    db: Db,
    data: File,
    data_path: PathBuf,
    /// Held for writing from the first check to the end of the flush: nobody reads what is not on the disk.
    latest: RwLock<Version>,
    stopped: AtomicBool,
}

/// One stored row: where its change stands in the feed, and how long its value is.
struct Record {
    version: Version,
    ordinal: u32,
    value_bytes: usize,
}

impl SledStore {
    /// Opens or creates the store in a folder.
    ///
    /// # Errors
    /// When another process holds it, or the engine cannot read what is there.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        Self::open_with(folder, SledOptions::default())
    }

    /// [`SledStore::open`] with options.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    pub fn open_with(folder: &Path, options: SledOptions) -> Result<Self, StateError> {
        let db = sled::Config::new()
            .path(folder)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(None)
            .open()
            .map_err(LostState::from)?;
        let data_path = folder.join("db");
        let data = open_file(&data_path)?;
        sync(&data, &data_path)?;
        for folder in [Some(folder), folder.parent()].into_iter().flatten() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            sync(&open_file(folder)?, folder)?;
        }
        let latest = match db.get(LATEST).map_err(LostState::from)? {
            Some(bytes) => Version::new(u64_at(&bytes, 0).ok_or_else(|| malformed(LATEST))?),
            None => Version::ZERO,
        };
        Ok(Self { db, data, data_path, latest: RwLock::new(latest), stopped: AtomicBool::new(false) })
    }

    fn refuse_if_stopped(&self) -> Result<(), StateError> {
        if self.stopped.load(Ordering::Acquire) { Err(StateError::Stopped) } else { Ok(()) }
    }

    /// A failure while writing leaves the outcome unknown, and what is cached may not be what is on the disk.
    fn stop_if_lost<T>(&self, result: Result<T, StateError>) -> Result<T, StateError> {
        if let Err(StateError::Lost(_)) = &result {
            self.stopped.store(true, Ordering::Release);
        }
        result
    }

    fn record(&self, table: Table, key: &[u8]) -> Result<Option<Record>, StateError> {
        let row_key = row_key(table, key);
        let Some(bytes) = self.db.get(&row_key).map_err(LostState::from)? else { return Ok(None) };
        Ok(Some(Record::parse(&bytes).ok_or_else(|| malformed(&row_key))?))
    }

    fn batch(&self, version: Version, ops: &[Op]) -> Result<Batch, StateError> {
        let mut batch = Batch::default();
        for (ordinal, op) in (0u32..).zip(ops) {
            let found = self.record(op.table(), op.key())?;
            op.check(found.as_ref().map(|record| record.version))?;
            let nothing_happens = found.is_none() && matches!(op, Op::Delete { .. });
            if let Some(record) = &found {
                remove_traces(&mut batch, op.table(), record);
            }
            match op {
                Op::Put { value, .. } => insert_row(&mut batch, op, value, version, ordinal),
                Op::Delete { .. } => batch.remove(row_key(op.table(), op.key())),
            }
            if op.table().is_fed() && !nothing_happens {
                batch.insert(place_key(FEED, version, ordinal), feed_value(op));
            }
        }
        batch.insert(LATEST, &version.get().to_be_bytes());
        Ok(batch)
    }

    fn write(&self, batch: Batch) -> Result<(), StateError> {
        self.db.apply_batch(batch).map_err(LostState::from)?;
        self.db.flush().map_err(LostState::from)?;
        // The engine's own flush is `sync_file_range`, which neither makes a grown file's length durable nor
        // empties the disk's cache.
        sync(&self.data, &self.data_path)
    }

    fn value(&self, row_key: &[u8], bytes: &[u8]) -> Result<Versioned, StateError> {
        let record = Record::parse(bytes).ok_or_else(|| malformed(row_key))?;
        let mut value = bytes[RECORD_HEADER_BYTES..].to_vec();
        for chunk in 1..record.chunks() {
            let key = chunk_key(&record, chunk);
            let bytes = self.db.get(&key).map_err(LostState::from)?.ok_or_else(|| malformed(&key))?;
            value.extend_from_slice(&bytes);
        }
        if value.len() != record.value_bytes {
            return Err(malformed(row_key).into());
        }
        Ok(Versioned { value, version: record.version })
    }
}

impl StateStore for SledStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        check_key(key)?;
        self.refuse_if_stopped()?;
        let _latest = self.latest.read().map_err(|_| StateError::Stopped)?;
        let row_key = row_key(table, key);
        let Some(bytes) = self.db.get(&row_key).map_err(LostState::from)? else { return Ok(None) };
        self.value(&row_key, &bytes).map(Some)
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        check_limits(ops)?;
        let mut latest = self.latest.write().map_err(|_| StateError::Stopped)?;
        self.refuse_if_stopped()?;
        if ops.is_empty() {
            return Ok(*latest);
        }
        let version = latest.next();
        let batch = self.batch(version, ops)?;
        self.stop_if_lost(self.write(batch))?;
        *latest = version;
        Ok(version)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        self.refuse_if_stopped()?;
        let _latest = self.latest.read().map_err(|_| StateError::Stopped)?;
        let start = row_key(table, after.map_or(prefix, |after| after.max(prefix)));
        let name_bytes = 2 + table.name().len();
        let wanted = row_key(table, prefix);
        let mut rows = Vec::new();
        for item in self.db.range(start..) {
            let (row_key, bytes) = item.map_err(LostState::from)?;
            if rows.len() >= limit.min(SCAN_ROWS_MAX) || !row_key.starts_with(&wanted) {
                break;
            }
            let key = &row_key[name_bytes..];
            if after.is_some_and(|after| key <= after) {
                continue;
            }
            let Versioned { value, version } = self.value(&row_key, &bytes)?;
            rows.push(Row { key: key.to_vec(), value, version });
        }
        Ok(rows)
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        self.refuse_if_stopped()?;
        let _latest = self.latest.read().map_err(|_| StateError::Stopped)?;
        let mut changes: Vec<Change> = Vec::new();
        for item in self.db.range(place_key(FEED, after.next(), 0)..[FEED + 1].to_vec()) {
            let (place, bytes) = item.map_err(LostState::from)?;
            let change = parse_change(&place, &bytes).ok_or_else(|| malformed(&place))?;
            let full = changes.len() >= limit.clamp(1, SCAN_ROWS_MAX);
            if full && changes.last().is_some_and(|last| last.version != change.version) {
                break;
            }
            changes.push(change);
        }
        Ok(changes)
    }
}

impl Record {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let value_bytes = u32_at(bytes, 12)? as usize;
        Some(Self { version: Version::new(u64_at(bytes, 0)?), ordinal: u32_at(bytes, 8)?, value_bytes })
    }

    fn chunks(&self) -> u32 {
        self.value_bytes.div_ceil(CHUNK_BYTES) as u32
    }
}

/// Removes what stands elsewhere on account of a row: its place in the feed, and further chunks.
fn remove_traces(batch: &mut Batch, table: Table, record: &Record) {
    if table.is_fed() {
        batch.remove(place_key(FEED, record.version, record.ordinal));
    }
    for chunk in 1..record.chunks() {
        batch.remove(chunk_key(record, chunk));
    }
}

fn insert_row(batch: &mut Batch, op: &Op, value: &[u8], version: Version, ordinal: u32) {
    let record = Record { version, ordinal, value_bytes: value.len() };
    let first = &value[..value.len().min(CHUNK_BYTES)];
    let mut bytes = Vec::with_capacity(RECORD_HEADER_BYTES + first.len());
    bytes.extend_from_slice(&version.get().to_be_bytes());
    bytes.extend_from_slice(&ordinal.to_be_bytes());
    bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
    bytes.extend_from_slice(first);
    batch.insert(row_key(op.table(), op.key()), bytes);
    for (number, chunk) in (1u32..).zip(value.chunks(CHUNK_BYTES).skip(1)) {
        batch.insert(chunk_key(&record, number), chunk);
    }
}

fn row_key(table: Table, key: &[u8]) -> Vec<u8> {
    [&[ROW], table.name().as_bytes(), &[0], key].concat()
}

fn place_key(kind: u8, version: Version, ordinal: u32) -> Vec<u8> {
    [&[kind], version.get().to_be_bytes().as_slice(), &ordinal.to_be_bytes()].concat()
}

fn chunk_key(record: &Record, chunk: u32) -> Vec<u8> {
    let mut key = place_key(CHUNK, record.version, record.ordinal);
    key.extend_from_slice(&chunk.to_be_bytes());
    key
}

fn feed_value(op: &Op) -> Vec<u8> {
    let kind = u8::from(matches!(op, Op::Delete { .. }));
    [&[kind], op.table().name().as_bytes(), &[0], op.key()].concat()
}

fn parse_change(place: &IVec, bytes: &IVec) -> Option<Change> {
    let (kind, rest) = bytes.split_first()?;
    let changed = match kind {
        0 => Changed::Put,
        1 => Changed::Deleted,
        _ => return None,
    };
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some(Change {
        version: Version::new(u64_at(place, 1)?),
        table: core::str::from_utf8(&rest[..end]).ok()?.to_owned(),
        key: rest[end + 1..].to_vec(),
        changed,
    })
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn malformed(key: &[u8]) -> LostState {
    LostState::Malformed { key: key.to_vec() }
}

fn open_file(path: &Path) -> Result<File, StateError> {
    File::open(path).map_err(|source| LostState::File { path: path.to_owned(), source }.into())
}

fn sync(file: &File, path: &Path) -> Result<(), StateError> {
    file.sync_data().map_err(|source| LostState::File { path: path.to_owned(), source }.into())
}
