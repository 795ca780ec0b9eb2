//! A state store on a simulated disk: a journal of changes, each synced before it is acknowledged. The engine that nodes
//! use does its own input and output; this one keeps the same contract where power can be cut under it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use matricula_ledger::{Disk, DiskError, DiskFile};
use matricula_state::conformance::{Subject, run};
use matricula_state::{
    Change, Expected, MemoryStore, Op, Row, StateError, StateStore, Table, Version, Versioned,
};

use crate::support::simulated_disk::SimulatedDisk;

const FOLDER: &str = "state";
const PATH: &str = "state/journal";
const TEMPORARY: &str = "state/journal.unfinished";
const HEADER_BYTES: usize = 8;

/// A [`StateStore`] that is what its journal says.
#[derive(Debug)]
pub struct JournalStore {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    memory: MemoryStore,
    file: Box<dyn DiskFile>,
    length: u64,
    /// After a failed write nobody knows what is on the disk, until the journal is opened again.
    stopped: bool,
}

impl JournalStore {
    /// Reads the journal up to the first record that is not whole: one that was never acknowledged. What was read is
    /// written again before anybody hears of it, since a failed sync may have left it in the cache alone.
    pub fn open(disk: &Arc<dyn Disk>) -> Result<Self, DiskError> {
        disk.create_folder(FOLDER)?;
        disk.sync_folder("")?;
        let found = match disk.open(PATH)? {
            Some(file) => {
                let mut bytes = vec![0; file.length()? as usize];
                file.read_at(0, &mut bytes)?;
                bytes
            }
            None => Vec::new(),
        };
        let memory = MemoryStore::new();
        let mut whole = 0;
        while let Some((ops, length)) = read_record(&found[whole..]) {
            memory.apply(&ops).expect("what was applied once applies again");
            whole += length;
        }
        disk.remove(TEMPORARY)?;
        let file = disk.create(TEMPORARY)?;
        file.write_at(0, &found[..whole])?;
        file.sync()?;
        disk.rename(TEMPORARY, PATH)?;
        disk.sync_folder(FOLDER)?;
        let inner = Inner { memory, file, length: whole as u64, stopped: false };
        Ok(Self { inner: Mutex::new(inner) })
    }

    fn alive(&self) -> Result<MutexGuard<'_, Inner>, StateError> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.stopped { Err(StateError::Stopped) } else { Ok(inner) }
    }
}

impl StateStore for JournalStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        self.alive()?.memory.get(table, key)
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        let mut inner = self.alive()?;
        // Memory first, for the conditions: nobody reads it before the lock is given back.
        let version = inner.memory.apply(ops)?;
        if ops.is_empty() {
            return Ok(version);
        }
        let record = write_record(ops);
        let written = inner.file.write_at(inner.length, &record).and_then(|()| inner.file.sync());
        if written.is_err() {
            inner.stopped = true;
            return Err(StateError::Stopped);
        }
        inner.length += record.len() as u64;
        Ok(version)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        self.alive()?.memory.scan(table, prefix, after, limit)
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        self.alive()?.memory.changes_since(after, limit)
    }
}

/// Length and checksum, then each operation: kind, whether its table is fed, and three lengths with their bytes.
fn write_record(ops: &[Op]) -> Vec<u8> {
    let mut body = Vec::new();
    for op in ops {
        let value: &[u8] = if let Op::Put { value, .. } = op { value } else { b"" };
        body.push(u8::from(matches!(op, Op::Put { .. })));
        body.push(u8::from(op.table().is_fed()));
        for part in [op.table().name().as_bytes(), op.key(), value] {
            body.extend((part.len() as u32).to_be_bytes());
            body.extend(part);
        }
    }
    let mut record = (body.len() as u32).to_be_bytes().to_vec();
    record.extend(crc32c::crc32c(&body).to_be_bytes());
    record.extend(body);
    record
}

/// The first record with its length, `None` when there is none that is whole.
fn read_record(bytes: &[u8]) -> Option<(Vec<Op>, usize)> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let checksum = u32::from_be_bytes(bytes.get(4..HEADER_BYTES)?.try_into().ok()?);
    let mut rest = bytes.get(HEADER_BYTES..HEADER_BYTES + length)?;
    if length == 0 || crc32c::crc32c(rest) != checksum {
        return None;
    }
    let mut ops = Vec::new();
    while let [put, fed, after @ ..] = rest {
        rest = after;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<4>().expect("the checksum is good");
            let (part, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            rest = after;
            part.to_vec()
        };
        let (name, key, value) = (part(), part(), part());
        let name = interned(String::from_utf8(name).expect("names of tables are ASCII"));
        let table = if *fed == 1 { Table::new(name) } else { Table::without_feed(name) };
        ops.push(match put {
            1 => Op::put(table, key, value, Expected::Any),
            _ => Op::delete(table, key, Expected::Any),
        });
    }
    Some((ops, HEADER_BYTES + length))
}

/// Names of tables are constants of the programs that use them, and few.
fn interned(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap();
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

/// A journal, and the disk under it.
struct OnDisk {
    disk: SimulatedDisk,
    store: JournalStore,
}

impl OnDisk {
    fn fresh(seed: u64) -> Self {
        let disk = SimulatedDisk::new(seed);
        let store = JournalStore::open(&(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
        Self { disk, store }
    }
}

impl Subject for OnDisk {
    fn store(&self) -> &dyn StateStore {
        &self.store
    }

    fn crash(&mut self) {
        self.disk.crash();
        self.store = JournalStore::open(&(Arc::new(self.disk.clone()) as Arc<dyn Disk>)).unwrap();
    }
}

#[test]
fn the_journal_keeps_the_contract_of_state_stores() {
    let mut seed = 0;
    let found = run(&mut || {
        seed += 1;
        Box::new(OnDisk::fresh(seed))
    });
    found.unwrap_or_else(|failure| panic!("{failure}"));
}
