//! Verifying a log that does not run, from its bytes, and restoring what can be restored from the entries.
//!
//! Nothing is believed that can be computed: every entry is parsed, its signatures are verified, and it passes the door
//! again at the time it was accepted; every leaf is hashed, every tile, root, signature and index row is compared
//! with what the entries give.

use core::fmt;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use matricula_registry::DoorError;
use matricula_state::{StateError, StateStore};
use matricula_tlog::{LeafIndex, TreeSize};

use crate::careful::{CarefulStore, set_aside};
use crate::disk::{Disk, DiskError, RealDisk};
use crate::node::Witness;
use crate::sequence::{FileSequence, Head, SequenceError};

mod beside;
mod entries;
mod repair;

/// What was found about a log.
#[derive(Debug)]
pub struct Report {
    /// The head that the entries give.
    pub head: Head,
    /// How many entries the published checkpoint covers, if there is one.
    pub published: Option<TreeSize>,
    /// What is wrong now.
    pub findings: Vec<Finding>,
    /// What was wrong and has been restored. Only with `rebuild`.
    pub repaired: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong (any more).
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "entries    {}", self.head.size)?;
        writeln!(f, "root       {}", self.head.root)?;
        match self.published {
            Some(size) => writeln!(f, "published  {size}")?,
            None => writeln!(f, "published  nothing")?,
        }
        for repaired in &self.repaired {
            writeln!(f, "restored   {repaired}")?;
        }
        for finding in &self.findings {
            writeln!(f, "wrong      {finding}")?;
        }
        if self.is_sound() { writeln!(f, "The log is sound.") } else { writeln!(f, "The log is damaged.") }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// The entries cannot be read to their end. Restore the segments from a copy or a mirror.
    #[error("entries: {0}")]
    Entries(#[source] SequenceError),
    /// The last record was cut by power loss; nobody was told of it. Opening the log removes it.
    #[error("{path}: cut at byte {offset} by power loss, before anybody was told of the entries")]
    CutTail {
        /// The segment file.
        path: String,
        /// Where the record starts.
        offset: u64,
    },
    /// The first entry is of another log than the segments say.
    #[error("the first entry is for the log {origin}, the segments belong to another")]
    OtherLog {
        /// The log that the first entry names.
        origin: String,
    },
    /// An entry is missing in the middle.
    #[error("leaf {index} is missing")]
    MissingEntry {
        /// Its index.
        index: LeafIndex,
    },
    /// An entry is one that the door refuses at that place and time.
    #[error("leaf {index} may not be in this log: {error}")]
    Refused {
        /// Its index.
        index: LeafIndex,
        /// The rule that it breaks.
        error: Box<DoorError>,
    },
    /// The entries do not hash to the root that was committed with them.
    #[error("the entries hash to {computed}, committed was {stored}")]
    RootMismatch {
        /// What the entries give.
        computed: Head,
        /// What was committed.
        stored: Head,
    },
    /// A file that the entries give is missing.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file is not what it must be.
    #[error("{path} is damaged")]
    Damaged {
        /// The file.
        path: String,
    },
    /// A file is there that nothing accounts for.
    #[error("{path} does not belong there")]
    Unexpected {
        /// The file.
        path: String,
    },
    /// Somebody knows of more entries than there are: acknowledged entries were lost.
    #[error("the {witness} knows of {known} entries, there are {found}")]
    Lost {
        /// Who knows of more.
        witness: Witness,
        /// How many it knows of.
        known: TreeSize,
        /// How many there are.
        found: TreeSize,
    },
    /// Somebody remembers another root than the entries give.
    #[error("the {witness} has another root for size {size} than the entries give")]
    Forked {
        /// Who has another root.
        witness: Witness,
        /// The size.
        size: TreeSize,
    },
    /// A checkpoint is published that the signer has no record of.
    #[error("a checkpoint of size {published} is published, the signer's record ends at {signed}")]
    SignerBehind {
        /// The published size.
        published: TreeSize,
        /// The size on record.
        signed: TreeSize,
    },
    /// The index of entries does not have this one, or has it elsewhere.
    #[error("the index has leaf {index} at {found:?}")]
    WrongIndexRow {
        /// The entry.
        index: LeafIndex,
        /// Where the index has it.
        found: Option<LeafIndex>,
    },
    /// The index has more rows than there are entries.
    #[error("the index has {rows} rows for {entries} entries")]
    IndexRowCount {
        /// Rows.
        rows: u64,
        /// Entries indexed.
        entries: u64,
    },
    /// A checkpoint in the history of checkpoints is damaged or not of this log.
    #[error("the history of checkpoints is damaged at size {size}")]
    History {
        /// The size it is filed under.
        size: TreeSize,
    },
    /// The history of checkpoints lacks the published one, which enters it before it is published: the state store lost
    /// what it had, or was taken from a backup.
    #[error("the history of checkpoints lacks the published one, of size {published}")]
    HistoryBehind {
        /// The published size.
        published: TreeSize,
    },
    /// The state store cannot be read. It can be removed: opening the log makes it anew.
    #[error("the state store cannot be read: {0}")]
    State(#[source] StateError),
}

/// Why a log could not be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// There is no log in the folder.
    #[error("there is no log here")]
    NoLog,
    /// A node has the log open. Stop it first.
    #[error("a node has this log open")]
    Running,
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] DiskError),
    /// The state store failed while it was restored.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
}

/// Checks the log in a folder. With `rebuild`, restores tiles, indexes and records from the entries, and checks again.
///
/// # Errors
/// When there is no log, a node runs on it, or the disk fails. What is wrong with the log is in the report.
pub fn fsck(folder: &Path, rebuild: bool) -> Result<Report, FsckError> {
    if !folder.is_dir() {
        return Err(FsckError::NoLog);
    }
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(folder)?);
    if disk.list("segments")?.is_empty() {
        return Err(FsckError::NoLog);
    }
    let state_folder = folder.join("state");
    let mut report = {
        // The lock first: a store that a node has open is not damaged.
        let _lock = FileSequence::lock(disk.as_ref()).map_err(|_| FsckError::Running)?;
        let state = if state_folder.is_dir() { open_state(&state_folder).map(Some) } else { Ok(None) };
        drop(_lock);
        check(&disk, state.map_err(Finding::State))?
    };
    if !rebuild || report.is_sound() {
        return Ok(report);
    }
    if report.findings.iter().any(|finding| matches!(finding, Finding::State(_))) {
        set_aside(&state_folder)?;
    }
    let state = match restore(&disk, &state_folder, &report) {
        // Damage that reading did not meet, and writing did.
        Err(FsckError::State(error)) => {
            set_aside(&state_folder)?;
            report.findings.push(Finding::State(error));
            report.findings.extend(report.published.map(|published| Finding::HistoryBehind { published }));
            restore(&disk, &state_folder, &report)?
        }
        restored => restored?,
    };
    let again = check(&disk, Ok(Some(state)))?;
    let still_wrong: HashSet<String> = again.findings.iter().map(ToString::to_string).collect();
    report.repaired = report.findings;
    report.repaired.retain(|finding| !still_wrong.contains(&finding.to_string()));
    report.findings = again.findings;
    Ok(report)
}

fn restore(disk: &Arc<dyn Disk>, folder: &Path, report: &Report) -> Result<Arc<dyn StateStore>, FsckError> {
    let state = open_state(folder)?;
    repair::repair(disk, state.as_ref(), report)?;
    Ok(state)
}

/// [`fsck`] on stores of the caller's choice, without `rebuild`.
///
/// # Errors
/// As [`fsck`].
pub fn fsck_on(disk: &Arc<dyn Disk>, state: Arc<dyn StateStore>) -> Result<Report, FsckError> {
    check(disk, Ok(Some(state)))
}

fn open_state(folder: &Path) -> Result<Arc<dyn StateStore>, StateError> {
    Ok(Arc::new(CarefulStore::open(folder)?))
}

fn check(
    disk: &Arc<dyn Disk>,
    state: Result<Option<Arc<dyn StateStore>>, Finding>,
) -> Result<Report, FsckError> {
    let mut report =
        Report { head: Head::empty(), published: None, findings: Vec::new(), repaired: Vec::new() };
    let state = state.unwrap_or_else(|finding| {
        report.findings.push(finding);
        None
    });
    let inspected = match FileSequence::inspect(disk.clone()) {
        Ok(inspected) => inspected,
        Err(SequenceError::Locked) => return Err(FsckError::Running),
        Err(error) => {
            report.findings.push(Finding::Entries(error));
            return Ok(report);
        }
    };
    if let Some((path, offset)) = inspected.cut_at.clone() {
        report.findings.push(Finding::CutTail { path, offset });
    }
    let beside = beside::Beside::read(disk.as_ref(), state.as_deref(), &mut report.findings)?;
    report.published = beside.published_size();
    let survey = entries::Survey::run(&inspected, &beside, &mut report.findings);
    report.head = survey.head;
    beside.compare(&survey, &mut report.findings)?;
    Ok(report)
}
