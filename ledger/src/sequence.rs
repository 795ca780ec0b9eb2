//! The `SequenceStore` seam: the log's entries in their order, and its head.

use core::fmt;

use matricula_tlog::{ENTRY_BYTES_MAX, Hash, LeafIndex, TreeSize, UnixSeconds, empty_root};

use crate::disk::DiskError;

mod files;
mod index;
mod memory;
mod record;
mod scan;
mod segment;

pub use files::FileSequence;
pub(crate) use files::Inspected;
pub use memory::MemorySequence;
pub use scan::SegmentDefect;
pub(crate) use segment::origin_hash;

/// Entries in one commit at most: four times what a busy node groups while the disk syncs.
pub const GROUP_ENTRIES_MAX: usize = 4096;

/// Bytes of the entries of one commit at most, with two bytes of length each.
pub const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes that one `entries` call returns at most, unless its first entry alone is longer: a full bundle of the longest entries.
pub const ENTRIES_BYTES_MAX: usize = 256 * (ENTRY_BYTES_MAX + 2);

/// The entries of one log in their order, under one head.
///
/// What every adapter promises, and the conformance suite tests:
/// - all calls are linearizable; of two commits that expect the same head one at most succeeds;
/// - a commit is all or nothing: its entries and the new head, durable together before `Ok`;
/// - an epoch is given out once, over restarts too, and a commit under an older one than the latest is refused;
/// - after [`CommitError::Indeterminate`] the caller learns the outcome from `head`, or stops.
pub trait SequenceStore: Send + Sync + fmt::Debug {
    /// The durable head.
    ///
    /// # Errors
    /// When storage is lost.
    fn head(&self) -> Result<Head, SequenceError>;

    /// Makes the caller the only writer: a new epoch, larger than any before, and the head it starts from.
    ///
    /// # Errors
    /// When storage is lost.
    fn acquire(&self) -> Result<Lease, SequenceError>;

    /// Appends entries and moves the head, durably, or does nothing.
    ///
    /// # Errors
    /// See [`CommitError`].
    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError>;

    /// Entries from an index on, in order: at most `limit`, at most [`ENTRIES_BYTES_MAX`], at least one if there is one.
    ///
    /// # Errors
    /// [`SequenceError::Trimmed`], or when storage is lost.
    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError>;

    /// Forgets entries before an index, as far as the store can, and returns the first that it still has. Only for
    /// entries that are safe elsewhere.
    ///
    /// # Errors
    /// When storage is lost.
    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError>;
}

/// How many entries a log has, and the root hash over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Entries.
    pub size: TreeSize,
    /// RFC 6962 root over them.
    pub root: Hash,
}

impl Head {
    /// The head of a log without entries.
    pub fn empty() -> Self {
        Self { size: TreeSize::new(0), root: empty_root() }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.size, self.root)
    }
}

/// The number of a term of writing. Grows with each `acquire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// Wraps the number.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Under which epoch.
    pub epoch: Epoch,
    /// From which head.
    pub head: Head,
}

/// What one commit asks for.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The writer's epoch.
    pub epoch: Epoch,
    /// The head that must be there.
    pub expected: Head,
    /// The head to be, larger by as many as there are entries.
    pub next: Head,
    /// When the entries were accepted.
    pub accepted_at: UnixSeconds,
    /// Their bytes, in order: 1 to [`GROUP_ENTRIES_MAX`].
    pub entries: &'a [&'a [u8]],
}

/// An entry that has its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencedEntry {
    /// Its place.
    pub index: LeafIndex,
    /// When the node accepted it.
    pub accepted_at: UnixSeconds,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a commit did not happen, or may not have happened.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another writer has taken over. Nothing was written.
    #[error("epoch {epoch} is over, the latest is {latest}")]
    Fenced {
        /// The caller's.
        epoch: Epoch,
        /// The latest given out.
        latest: Epoch,
    },
    /// The head is another one. Nothing was written.
    #[error("expected the head {expected}, found {found}")]
    HeadMoved {
        /// What the caller expected.
        expected: Head,
        /// What is there.
        found: Head,
    },
    /// Caller's misuse: the new size is not the old one and the entries. Nothing was written.
    #[error("{entries} entries do not lead from {from} to {to}")]
    Miscounted {
        /// Entries given.
        entries: usize,
        /// The size expected.
        from: TreeSize,
        /// The size to be.
        to: TreeSize,
    },
    /// Caller's misuse: too many entries, too many bytes, or an entry too long. Nothing was written.
    #[error("{entries} entries of {bytes} bytes, the longest of {longest_bytes}, are beyond the limits")]
    TooLarge {
        /// Entries given.
        entries: usize,
        /// Bytes with lengths.
        bytes: usize,
        /// Longest entry in bytes.
        longest_bytes: usize,
    },
    /// Whether it happened is unknown: ask `head`, on an adapter that still answers.
    #[error("it is unknown whether the commit is durable")]
    Indeterminate(#[source] DiskError),
    /// An earlier failure stopped the store; it must be opened again.
    #[error("the store stopped after an earlier failure")]
    Stopped,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[from] DiskError),
    /// What is stored is not what was written. Nothing of it is used.
    #[error("{path} is damaged at byte {offset}: {defect}")]
    Damaged {
        /// The segment file.
        path: String,
        /// Where the damaged record starts.
        offset: u64,
        /// What is wrong.
        defect: SegmentDefect,
    },
    /// Another process has the log open.
    #[error("another process has this log open")]
    Locked,
    /// The entries asked for have been trimmed away.
    #[error("entries before {first} have been trimmed")]
    Trimmed {
        /// The first that is still there.
        first: LeafIndex,
    },
    /// An earlier failure stopped the store; it must be opened again.
    #[error("the store stopped after an earlier failure")]
    Stopped,
}

/// Refuses what no adapter may write.
fn check_commit(commit: &Commit<'_>) -> Result<(), CommitError> {
    let entries = commit.entries.len();
    let longest_bytes = commit.entries.iter().map(|entry| entry.len()).max().unwrap_or(0);
    let bytes = commit.entries.iter().map(|entry| entry.len() + 2).sum();
    if entries > GROUP_ENTRIES_MAX || bytes > GROUP_BYTES_MAX || longest_bytes > ENTRY_BYTES_MAX {
        return Err(CommitError::TooLarge { entries, bytes, longest_bytes });
    }
    let (from, to) = (commit.expected.size, commit.next.size);
    if entries == 0 || to.get().checked_sub(from.get()) != Some(entries as u64) {
        return Err(CommitError::Miscounted { entries, from, to });
    }
    Ok(())
}
