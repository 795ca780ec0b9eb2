//! What the issuer needs of a log, and nothing more.
//!
//! The program implements it over a node in the same process, or over HTTP.

use matricula_tlog::{LeafIndex, TreeSize};
use thiserror::Error;

/// The most entries asked for at once, so that an answer over HTTP stays small (an entry has at
/// most 64 KiB, a usual one 300 bytes).
pub const ENTRIES_PER_PAGE_MAX: u64 = 256;

/// Where an entry stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its place.
    pub index: LeafIndex,
    /// Whether the very same bytes were there before.
    pub duplicate: bool,
}

/// A log that entries can be handed to and read from.
///
/// Contract: `submit` takes all entries or none, in the order given, and returns when they are
/// acknowledged; the same bytes handed in twice give the same index. `proof` waits until the entry is
/// under a signed checkpoint, as long as the implementation finds reasonable.
pub trait LogPort: Send + Sync {
    /// Hands in entries: all of them get a place, or none.
    fn submit(&self, entries: &[Vec<u8>]) -> Result<Vec<Logged>, LogPortError>;

    /// The log proof (the text of a `.tlog-proof` file) of the entry at `index`.
    fn proof(&self, index: LeafIndex) -> Result<String, LogPortError>;

    /// The entry at `index`, as it was submitted.
    fn entry(&self, index: LeafIndex) -> Result<Vec<u8>, LogPortError>;

    /// The entries from `first` on: at least one where there is one, at most `count`.
    fn entries(&self, first: LeafIndex, count: u64) -> Result<Vec<Vec<u8>>, LogPortError>;

    /// How many entries can be read.
    fn size(&self) -> Result<TreeSize, LogPortError>;
}

/// Why the log did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogPortError {
    /// The log's door refused an entry; none of them was taken, now or before. This is final.
    #[error("the log refused: {message}")]
    Refused {
        /// Which of the entries handed in, from 0.
        position: usize,
        /// The door's stable code.
        code: String,
        /// The door's sentence.
        message: String,
    },
    /// The log could not be reached, or did not answer in time. Whether entries were taken is not
    /// known: hand the same bytes in again.
    #[error("the log at {address} cannot be reached: {problem}")]
    Unreachable {
        /// Where the log was sought.
        address: String,
        /// What the transport said.
        problem: String,
    },
    /// The log is elsewhere and cannot be asked now. The entries are kept safe until somebody takes them
    /// there; hand the same bytes in again after that.
    #[error("the entries wait in {place} to be taken to the log")]
    Waiting {
        /// Where they wait.
        place: String,
    },
    /// The entries are in the log, which acknowledges them only when mirrors hold them, too. Hand the same bytes in
    /// again.
    #[error("it is in the log, and not acknowledged: too few mirrors hold it yet")]
    NotAcknowledged,
    /// The log has too much to do; none of the entries was taken. Hand the same bytes in again.
    #[error("the log has much to do, and took nothing; try again in a moment")]
    Busy,
    /// The entry may be in the log, but no checkpoint covers it yet that enough have cosigned.
    #[error("there is no proof of entry {index} yet: too few of those who cosign the log have answered")]
    NotPublished {
        /// The entry.
        index: LeafIndex,
    },
    /// The log has no such entry.
    #[error("the log has no entry {index}; its size is {size}")]
    NoSuchEntry {
        /// The entry asked for.
        index: LeafIndex,
        /// How many there are.
        size: TreeSize,
    },
    /// The log answered with something that is not an answer.
    #[error("the log's answer cannot be used: {problem}")]
    BadAnswer {
        /// What is wrong with it.
        problem: String,
    },
    /// The log has stopped taking entries, for example after a failed flush to disk.
    #[error("the log has stopped: {problem}")]
    Stopped {
        /// What it said.
        problem: String,
    },
}

impl LogPortError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Unreachable { .. } => "log_unreachable",
            Self::Waiting { .. } => "log_waiting",
            Self::NotAcknowledged => "log_not_acknowledged",
            Self::Busy => "log_busy",
            Self::NotPublished { .. } => "log_not_published",
            Self::NoSuchEntry { .. } => "log_no_such_entry",
            Self::BadAnswer { .. } => "log_bad_answer",
            Self::Stopped { .. } => "log_stopped",
        }
    }
}
