//! A log that is elsewhere: a folder on a stick, with a copy of the log and a place for entries on their way to it.
//!
//! ```text
//! DIR/checkpoint, DIR/tile/…    the log, as `matricula ledger export` wrote it
//! DIR/outgoing/<id>.entries     entries that wait, each submission in a file of its own
//! DIR/answers/<id>.json         what the log said to them: places and proofs, or why not
//! ```
//!
//! A school that is offline gives the folder as `--log`. What it submits is written down durably and the command ends,
//! waiting. Where the log is, `matricula ledger sync` hands everything in. Back at the school the same command finds the
//! answer, and goes on as if it had just been given.

mod mail;

#[cfg(test)]
mod tests;

use std::path::Path;

use matricula_issuer::{LogPort, LogPortError, Logged};
use matricula_ledger::{ArchiveReadError, ArchivedLog, FolderSource};
use matricula_tlog::{LeafIndex, LogProof, TreeSize, leaf_hash, verify_inclusion};

use crate::failure::Failure;
use mail::{Answer, AnsweredEntry, Mail, Returned};

pub use mail::sync;

/// A copy of a log, and mail to it.
pub struct StickLog {
    copy: ArchivedLog,
    mail: Mail,
}

impl StickLog {
    /// Whether a folder is a copy of a log.
    pub fn is_at(folder: &Path) -> bool {
        folder.join("checkpoint").is_file() && !folder.join("segments").is_dir()
    }

    /// Opens a copy.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let copy = ArchivedLog::open(Box::new(FolderSource::new(folder))).map_err(|error| {
            Failure::new("log_copy_unusable", format_args!("the log in {}: {error}", folder.display()))
                .remedy(
                    "write the log onto it again with `matricula ledger export` or `matricula ledger sync`",
                )
        })?;
        Ok(Self { copy, mail: Mail::new(folder) })
    }

    /// The answer to an earlier submission that gave an entry this place.
    fn answered(&self, index: LeafIndex) -> Result<Option<AnsweredEntry>, LogPortError> {
        for answer in self.mail.answers()? {
            if let Answer::Logged(entries) = answer
                && let Some(entry) = entries.into_iter().find(|entry| entry.index == index.get())
            {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

impl LogPort for StickLog {
    fn submit(&self, entries: &[Vec<u8>]) -> Result<Vec<Logged>, LogPortError> {
        match self.mail.answer(entries)? {
            Some(Answer::Logged(answered)) => {
                check_answer(entries, &answered)?;
                let logged =
                    |entry: &AnsweredEntry| Logged { index: LeafIndex::new(entry.index), duplicate: false };
                Ok(answered.iter().map(logged).collect())
            }
            Some(Answer::Refused(Returned { position, code, message })) => {
                // Told once. Whoever tries again wants the log to be asked again.
                self.mail.forget_answer(entries)?;
                Err(LogPortError::Refused { position, code, message })
            }
            None => Err(LogPortError::Waiting { place: self.mail.put(entries)?.display().to_string() }),
        }
    }

    fn proof(&self, index: LeafIndex) -> Result<String, LogPortError> {
        // The proof that came with the answer is under the first checkpoint, and says the earliest time.
        if let Some(answered) = self.answered(index)? {
            return Ok(answered.proof);
        }
        Ok(self.copy.proof(index).map_err(unreadable)?.encode())
    }

    fn entry(&self, index: LeafIndex) -> Result<Vec<u8>, LogPortError> {
        let entry = self.copy.entries(index, 1).map_err(unreadable)?.into_iter().next();
        entry.ok_or(LogPortError::NoSuchEntry { index, size: self.size()? })
    }

    fn entries(&self, first: LeafIndex, count: u64) -> Result<Vec<Vec<u8>>, LogPortError> {
        self.copy.entries(first, count).map_err(unreadable)
    }

    fn size(&self) -> Result<TreeSize, LogPortError> {
        Ok(self.copy.checkpoint().unverified().size())
    }
}

/// Sticks are lost, swapped and damaged: an answer counts if its proofs are of these entries.
fn check_answer(entries: &[Vec<u8>], answered: &[AnsweredEntry]) -> Result<(), LogPortError> {
    let bad = |problem: String| LogPortError::BadAnswer { problem };
    if entries.len() != answered.len() {
        return Err(bad(format!("{} places for {} entries", answered.len(), entries.len())));
    }
    for (entry, answered) in entries.iter().zip(answered) {
        let proof = LogProof::parse(answered.proof.as_bytes()).map_err(|error| bad(error.to_string()))?;
        let tree = proof.checkpoint().unverified();
        let index = LeafIndex::new(answered.index);
        if proof.index() != index {
            return Err(bad(format!("a proof for entry {} as that of {index}", proof.index())));
        }
        verify_inclusion(leaf_hash(entry), index, tree.size(), proof.path(), tree.root())
            .map_err(|error| bad(error.to_string()))?;
    }
    Ok(())
}

fn unreadable(error: ArchiveReadError) -> LogPortError {
    match error {
        ArchiveReadError::NoSuchEntry { index, size } => LogPortError::NoSuchEntry { index, size },
        other => LogPortError::BadAnswer { problem: other.to_string() },
    }
}
