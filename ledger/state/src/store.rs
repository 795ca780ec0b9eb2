//! The seam itself.

use core::fmt;
use std::path::PathBuf;

use crate::operation::{Expected, Op};
use crate::table::Table;

/// Durable tables with conditional, atomic writes.
///
/// What every adapter promises, and the conformance suite tests:
/// - `apply` is atomic and linearizable: all operations or none, and no other `apply` between check and write;
/// - when `apply` returns `Ok`, the change survives `kill -9` and power loss; what `get` and `scan` return does too;
/// - after `Err(StateError::Lost)` the outcome is unknown and the store is stopped: every later call says so
///   until it is opened again;
/// - versions only grow, over restarts too, and none is used twice.
pub trait StateStore: Send + Sync + fmt::Debug {
    /// The value of a key, with the version that wrote it.
    ///
    /// # Errors
    /// [`StateError::KeyLength`], or a lost or stopped store.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError>;

    /// Does all operations, or none, and returns the version that they carry when they are on the disk.
    /// An empty list changes nothing and returns the latest version.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when a condition does not hold; the limits; a lost or stopped store.
    fn apply(&self, ops: &[Op]) -> Result<Version, StateError>;

    /// Rows of a table whose keys start with `prefix`, in byte order of keys, those after `after` only, at most
    /// `limit` (and never more than [`crate::SCAN_ROWS_MAX`]).
    ///
    /// # Errors
    /// A lost or stopped store.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError>;

    /// What changed after a version, oldest first, in whole versions: it stops after the version that reaches
    /// `limit` changes, and holds one version at least when there is one. A key that was written again appears at
    /// its latest version only. Tables without feed do not appear.
    ///
    /// # Errors
    /// A lost or stopped store.
    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError>;
}

/// The number of the `apply` that wrote something. Grows with each; zero is before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// Before the first change.
    pub const ZERO: Self = Self(0);

    /// Wraps the number.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value and the version that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes.
    pub value: Vec<u8>,
    /// Which `apply` wrote them.
    pub version: Version,
}

/// One row of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The whole key, prefix included.
    pub key: Vec<u8>,
    /// The bytes.
    pub value: Vec<u8>,
    /// Which `apply` wrote them.
    pub version: Version,
}

/// One entry of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which `apply` did it.
    pub version: Version,
    /// The table's name.
    pub table: String,
    /// The key.
    pub key: Vec<u8>,
    /// What happened.
    pub changed: Changed,
}

/// What a change did to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It has a new value; read it with `get`.
    Put,
    /// It is gone.
    Deleted,
}

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A condition did not hold; nothing was written.
    #[error("{table}: expected {expected:?}, found version {found:?}")]
    Conflict {
        /// The table.
        table: Table,
        /// The key.
        key: Vec<u8>,
        /// The condition.
        expected: Expected,
        /// The version found.
        found: Option<Version>,
    },
    /// Caller's misuse: one key twice in an `apply`.
    #[error("{table}: the same key twice in one change")]
    DuplicateKey {
        /// The table.
        table: Table,
        /// The key.
        key: Vec<u8>,
    },
    /// Caller's misuse: an empty or overlong key.
    #[error("a key has 1 to {max} bytes, not {got}")]
    KeyLength {
        /// Its length in bytes.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Caller's misuse: an overlong value.
    #[error("a value has at most {max} bytes, not {got}")]
    ValueTooLong {
        /// Its length in bytes.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Caller's misuse: too many operations in an `apply`.
    #[error("a change has at most {max} operations, not {got}")]
    TooManyOps {
        /// How many.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Caller's misuse: too many bytes in an `apply`.
    #[error("a change has at most {max} bytes, not {got}")]
    TooManyBytes {
        /// How many.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Storage lost: the outcome of this call is unknown, and the store takes no more.
    #[error("the state store failed and must be opened again")]
    Lost(#[from] LostState),
    /// An earlier call lost the storage.
    #[error("the state store stopped after an earlier failure and must be opened again")]
    Stopped,
}

/// How the storage was lost.
#[derive(Debug, thiserror::Error)]
pub enum LostState {
    /// The engine failed.
    #[error("engine: {0}")]
    Engine(#[from] sled::Error),
    /// A file could not be opened or flushed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record under this engine key does not have the form that this program writes.
    #[error("malformed record under key {key:02x?}")]
    Malformed {
        /// The engine's key.
        key: Vec<u8>,
    },
}
