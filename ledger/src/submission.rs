//! Entries on their way in: limits, and the checks that need no registry, on all cores.

use matricula_registry::{DoorError, Statement, VerifiedStatement};
use matricula_state::StateError;
use matricula_tlog::{ENTRY_BYTES_MAX, Hash, LeafIndex, leaf_hash};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::sequence::{GROUP_BYTES_MAX, GROUP_ENTRIES_MAX};

/// Entries in one submission at most. All of them go into one commit, all or none.
pub const SUBMISSION_ENTRIES_MAX: usize = GROUP_ENTRIES_MAX;

/// Bytes of one submission at most, with two bytes of length an entry: half a commit.
pub const SUBMISSION_BYTES_MAX: usize = GROUP_BYTES_MAX / 2;

/// Refusals that one answer lists at most.
pub const REFUSALS_MAX: usize = 100;

/// Fewer entries than this are checked where they are; waking other cores would cost more.
const PARALLEL_MIN: usize = 8;

/// Where a submitted entry stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its index.
    pub index: LeafIndex,
    /// Whether the same bytes were in the log before, or earlier in the same submission.
    pub duplicate: bool,
}

/// Why one entry of a submission may not enter the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its zero-based position in the submission.
    pub position: usize,
    /// The rule that it breaks.
    pub error: DoorError,
}

/// Why a submission was not accepted. Nothing of it was logged, except where `Stopped` says that it is unknown.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// There is no entry in it.
    #[error("the submission has no entries")]
    Empty,
    /// It has too many entries.
    #[error("the submission has {got} entries, at most {max} are taken")]
    TooManyEntries {
        /// Entries given.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// It has too many bytes.
    #[error("the submission has {got} bytes, at most {max} are taken")]
    TooManyBytes {
        /// Bytes given.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Some of its entries may not enter the log. At most [`REFUSALS_MAX`] are listed, at least one.
    #[error("{} of the entries may not be logged", .0.len())]
    Refused(Vec<Refusal>),
    /// Too much is waiting already; try again.
    #[error("too much is waiting to be logged")]
    Busy,
    /// The node has stopped after a failure. Whether the submission is in the log is unknown until it runs again; the
    /// same bytes submitted again become one entry.
    #[error("the node has stopped")]
    Stopped,
    /// The node acknowledges only what mirrors hold, and they do not hold it yet. It is in the log here; the same bytes
    /// submitted again become one entry.
    #[error("no mirror holds it yet; send it again")]
    NotMirrored,
    /// The index of entries could not be read.
    #[error("the index of entries failed")]
    Index(#[from] StateError),
}

impl SubmitError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "no_entries",
            Self::TooManyEntries { .. } => "too_many_entries",
            Self::TooManyBytes { .. } => "body_too_large",
            Self::Refused(_) => "entry_refused",
            Self::NotMirrored => "not_mirrored",
            Self::Busy => "busy",
            Self::Stopped | Self::Index(_) => "node_stopped",
        }
    }
}

/// An entry that passed what can be checked without the registry.
#[derive(Debug)]
pub(crate) enum Checked {
    /// In the log already.
    Known(LeafIndex),
    /// A statement with good signatures.
    New { leaf: Hash, statement: Box<VerifiedStatement> },
}

/// Refuses what is too much to be looked at.
pub(crate) fn check_limits(entries: &[Vec<u8>]) -> Result<(), SubmitError> {
    if entries.is_empty() {
        return Err(SubmitError::Empty);
    }
    if entries.len() > SUBMISSION_ENTRIES_MAX {
        return Err(SubmitError::TooManyEntries { got: entries.len(), max: SUBMISSION_ENTRIES_MAX });
    }
    let bytes = entries.iter().map(|entry| entry.len() + 2).sum();
    if bytes > SUBMISSION_BYTES_MAX {
        return Err(SubmitError::TooManyBytes { got: bytes, max: SUBMISSION_BYTES_MAX });
    }
    Ok(())
}

/// Parses all entries and verifies all signatures, except of those that `known` finds in the log.
pub(crate) fn check(
    entries: Vec<Vec<u8>>,
    known: impl Fn(&Hash) -> Result<Option<LeafIndex>, SubmitError> + Sync,
) -> Result<Vec<Checked>, SubmitError> {
    let check = |entry: Vec<u8>| check_entry(&entry, &known);
    let results: Vec<_> = if entries.len() < PARALLEL_MIN {
        entries.into_iter().map(check).collect()
    } else {
        entries.into_par_iter().with_min_len(PARALLEL_MIN).map(check).collect()
    };
    let mut checked = Vec::with_capacity(results.len());
    let mut refusals = Vec::new();
    for (position, result) in results.into_iter().enumerate() {
        match result? {
            Outcome::Passed(entry) => checked.push(entry),
            Outcome::Refused(error) => refusals.push(Refusal { position, error }),
        }
    }
    refusals.truncate(REFUSALS_MAX);
    if refusals.is_empty() { Ok(checked) } else { Err(SubmitError::Refused(refusals)) }
}

/// What was found out about an entry; that nothing could be found out is an error beside it.
enum Outcome {
    Passed(Checked),
    Refused(DoorError),
}

fn check_entry(
    entry: &[u8],
    known: impl Fn(&Hash) -> Result<Option<LeafIndex>, SubmitError>,
) -> Result<Outcome, SubmitError> {
    // A longer entry is never in the log, and hashing it is not worth while.
    if entry.len() <= ENTRY_BYTES_MAX
        && let Some(index) = known(&leaf_hash(entry))?
    {
        return Ok(Outcome::Passed(Checked::Known(index)));
    }
    Ok(verify(entry).map_or_else(Outcome::Refused, Outcome::Passed))
}

fn verify(entry: &[u8]) -> Result<Checked, DoorError> {
    let statement = Statement::parse(entry)?;
    let leaf = statement.id().get();
    Ok(Checked::New { leaf, statement: Box::new(statement.verify_signatures()?) })
}
