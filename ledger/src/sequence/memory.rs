//! The model: a sequence in memory.

use std::sync::Mutex;

use matricula_tlog::{LeafIndex, UnixSeconds};

use super::{
    Commit, CommitError, ENTRIES_BYTES_MAX, Epoch, Head, Lease, SequenceError, SequenceStore, SequencedEntry,
    check_commit,
};

/// A [`SequenceStore`] in memory: durable as long as the value lives.
#[derive(Debug)]
pub struct MemorySequence {
    log: Mutex<Log>,
}

#[derive(Debug)]
struct Log {
    epoch: Epoch,
    head: Head,
    first: u64,
    entries: Vec<(UnixSeconds, Vec<u8>)>,
}

impl MemorySequence {
    /// A log without entries.
    pub fn new() -> Self {
        let log = Log { epoch: Epoch::new(0), head: Head::empty(), first: 0, entries: Vec::new() };
        Self { log: Mutex::new(log) }
    }
}

impl Default for MemorySequence {
    fn default() -> Self {
        Self::new()
    }
}

impl SequenceStore for MemorySequence {
    fn head(&self) -> Result<Head, SequenceError> {
        Ok(self.log.lock().map_err(|_| SequenceError::Stopped)?.head)
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        let mut log = self.log.lock().map_err(|_| SequenceError::Stopped)?;
        log.epoch = Epoch::new(log.epoch.get() + 1);
        Ok(Lease { epoch: log.epoch, head: log.head })
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        check_commit(commit)?;
        let mut log = self.log.lock().map_err(|_| CommitError::Stopped)?;
        if commit.epoch != log.epoch {
            return Err(CommitError::Fenced { epoch: commit.epoch, latest: log.epoch });
        }
        if commit.expected != log.head {
            return Err(CommitError::HeadMoved { expected: commit.expected, found: log.head });
        }
        log.entries.extend(commit.entries.iter().map(|entry| (commit.accepted_at, entry.to_vec())));
        log.head = commit.next;
        Ok(())
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        let log = self.log.lock().map_err(|_| SequenceError::Stopped)?;
        let Some(skip) = from.get().checked_sub(log.first) else {
            return Err(SequenceError::Trimmed { first: LeafIndex::new(log.first) });
        };
        let mut entries = Vec::new();
        let mut bytes_left = ENTRIES_BYTES_MAX;
        for (position, (accepted_at, bytes)) in log.entries.iter().enumerate().skip(skip as usize).take(limit)
        {
            if !entries.is_empty() && bytes.len() > bytes_left {
                break;
            }
            bytes_left = bytes_left.saturating_sub(bytes.len());
            let index = LeafIndex::new(log.first + position as u64);
            entries.push(SequencedEntry { index, accepted_at: *accepted_at, bytes: bytes.clone() });
        }
        Ok(entries)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        let mut log = self.log.lock().map_err(|_| SequenceError::Stopped)?;
        let gone = before.get().saturating_sub(log.first).min(log.entries.len() as u64);
        log.entries.drain(..gone as usize);
        log.first += gone;
        Ok(LeafIndex::new(log.first))
    }
}
