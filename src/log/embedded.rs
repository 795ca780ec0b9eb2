//! A log that runs in this process.

use std::sync::Arc;
use std::time::Duration;

use matricula_issuer::{LogPort, LogPortError, Logged};
use matricula_ledger::{Node, Promise, ReadError, SubmitError};
use matricula_tlog::{LeafIndex, TreeSize};

use super::warn_unwitnessed;

/// How long a command waits for the quorum. It can be run again at any time.
const QUORUM_TIME_MAX: Duration = Duration::from_secs(30);

/// A node in this process, as the issuer sees it.
pub struct EmbeddedLog {
    node: Arc<Node>,
}

impl EmbeddedLog {
    /// Wraps a running node.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }
}

impl LogPort for EmbeddedLog {
    fn submit(&self, entries: &[Vec<u8>]) -> Result<Vec<Logged>, LogPortError> {
        let receipts = self.node.submit(entries.to_vec()).map_err(refusal)?;
        let size = receipts.iter().map(|receipt| receipt.index.get() + 1).max().unwrap_or(0);
        let held = self.node.wait_for(Promise::Witnessed, TreeSize::new(size), QUORUM_TIME_MAX);
        if held.map_err(refusal)? != Promise::Witnessed {
            warn_unwitnessed();
        }
        Ok(receipts
            .iter()
            .map(|receipt| Logged { index: receipt.index, duplicate: receipt.duplicate })
            .collect())
    }

    fn proof(&self, index: LeafIndex) -> Result<String, LogPortError> {
        let size = self.size()?;
        if index.get() >= size.get() {
            return Err(LogPortError::NoSuchEntry { index, size });
        }
        let wanted = TreeSize::new(index.get() + 1);
        // When the quorum is not reached in time there is no proof yet, and that is said below.
        self.node.wait_for(Promise::Witnessed, wanted, QUORUM_TIME_MAX).map_err(refusal)?;
        let proof = self.node.proof(index).map_err(unreadable)?;
        proof.map(|proof| proof.encode()).ok_or(LogPortError::NotPublished { index })
    }

    fn entry(&self, index: LeafIndex) -> Result<Vec<u8>, LogPortError> {
        let size = self.size()?;
        let entry = self.node.entry(index).map_err(unreadable)?;
        entry.map(|entry| entry.bytes).ok_or(LogPortError::NoSuchEntry { index, size })
    }

    fn entries(&self, first: LeafIndex, count: u64) -> Result<Vec<Vec<u8>>, LogPortError> {
        let size = self.size()?;
        if first.get() >= size.get() {
            return Err(LogPortError::NoSuchEntry { index: first, size });
        }
        let end = size.get().min(first.get().saturating_add(count.max(1)));
        (first.get()..end).map(|index| self.entry(LeafIndex::new(index))).collect()
    }

    fn size(&self) -> Result<TreeSize, LogPortError> {
        Ok(self.node.accepted().size)
    }
}

fn refusal(error: SubmitError) -> LogPortError {
    match error {
        SubmitError::Refused(refusals) => match refusals.first() {
            Some(first) => LogPortError::Refused {
                position: first.position,
                code: first.error.code().to_owned(),
                message: first.error.to_string(),
            },
            None => LogPortError::BadAnswer { problem: "a refusal without a reason".to_owned() },
        },
        SubmitError::NotMirrored => LogPortError::NotAcknowledged,
        SubmitError::Busy => LogPortError::Busy,
        other => LogPortError::Stopped { problem: other.to_string() },
    }
}

fn unreadable(error: ReadError) -> LogPortError {
    LogPortError::BadAnswer { problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_door_refuses_is_refused() {
        for (error, code) in [
            (SubmitError::NotMirrored, "log_not_acknowledged"),
            (SubmitError::Busy, "log_busy"),
            (SubmitError::Stopped, "log_stopped"),
        ] {
            let told = refusal(error);
            assert_eq!(told.code(), code);
            assert!(!matches!(told, LogPortError::Refused { .. }));
        }
    }
}
