//! How far an entry has come, and waiting until it has come further.

use std::sync::Arc;
use std::time::Duration;

use matricula_tlog::{SignedCheckpoint, TreeSize};
use tokio::time::timeout;

use super::{Node, Shared};
use crate::distributor::PeerReport;
use crate::submission::SubmitError;
use crate::witness::EvidenceStore;

/// What a node says of an entry. Each is said only when it holds; a weaker one is never given for a stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Durable, with an index: it survives `kill -9` and loss of power.
    Accepted,
    /// Under a signed checkpoint.
    Published,
    /// Under a checkpoint that as many mirrors have cosigned as the policy asks for, so that it is kept elsewhere.
    Mirrored,
    /// Under a checkpoint that the policy's quorum has cosigned.
    Witnessed,
}

impl Promise {
    /// The word for it, as it stands in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Published => "published",
            Self::Mirrored => "mirrored",
            Self::Witnessed => "witnessed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Accepted, Self::Published, Self::Mirrored, Self::Witnessed];
        all.into_iter().find(|promise| promise.as_str() == word)
    }
}

impl Node {
    /// Waits until a promise holds for the first `size` entries, at most as long as given, and tells what holds then:
    /// the promise waited for, or a weaker one. Blocks the calling thread.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`] when the node stops before.
    pub fn wait_for(
        &self,
        promise: Promise,
        size: TreeSize,
        at_most: Duration,
    ) -> Result<Promise, SubmitError> {
        let shared = &self.shared;
        let done = || shared.holds(promise, size) || shared.has_failed();
        match promise {
            Promise::Accepted => {}
            Promise::Published => shared.publication.wait_until_for(at_most, done),
            Promise::Mirrored | Promise::Witnessed => {
                shared.witnessing.changed().wait_until_for(at_most, done);
            }
        }
        shared.reached(promise, size)
    }

    /// [`Node::wait_for`] for asynchronous code.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`] when the node stops before.
    pub async fn wait_for_async(
        &self,
        promise: Promise,
        size: TreeSize,
        at_most: Duration,
    ) -> Result<Promise, SubmitError> {
        let shared = &self.shared;
        // The conditions look at what they are given: they run while the value is borrowed, and asking for it again could
        // wait for ever. A sender that is gone, or time that is up, leave what holds to be told.
        let covers = |note: &Option<Arc<SignedCheckpoint>>| {
            note.as_ref().is_some_and(|note| note.unverified().size() >= size) || shared.has_failed()
        };
        match promise {
            Promise::Accepted => {}
            Promise::Published => {
                let mut news = shared.published.subscribe();
                drop(timeout(at_most, news.wait_for(covers)).await);
            }
            Promise::Mirrored => {
                let mut news = shared.witnessing.subscribe_mirrored();
                let holds = |mirrored: &TreeSize| *mirrored >= size || shared.has_failed();
                drop(timeout(at_most, news.wait_for(holds)).await);
            }
            Promise::Witnessed => {
                let mut news = shared.witnessing.subscribe();
                drop(timeout(at_most, news.wait_for(covers)).await);
            }
        }
        shared.reached(promise, size)
    }

    /// The largest checkpoint with the policy's quorum. `None` until there is one.
    pub fn witnessed(&self) -> Option<Arc<SignedCheckpoint>> {
        self.shared.witnessing.latest()
    }

    /// How many entries enough mirrors for the policy are known to hold, in this run of the node.
    pub fn mirrored(&self) -> TreeSize {
        self.shared.witnessing.mirrored_size()
    }

    /// What peers have shown against this very log.
    pub fn evidence(&self) -> &EvidenceStore {
        &self.shared.evidence
    }

    /// How those who cosign this log stand.
    pub fn peers(&self) -> Vec<PeerReport> {
        self.shared.witnessing.reports()
    }
}

impl Shared {
    fn holds(&self, promise: Promise, size: TreeSize) -> bool {
        size <= match promise {
            Promise::Accepted => self.head().size,
            Promise::Published => self.published_size(),
            Promise::Mirrored => self.witnessing.mirrored_size(),
            Promise::Witnessed => self.witnessing.witnessed_size(),
        }
    }

    /// The promise, if it holds, else the strongest weaker one that does.
    fn reached(&self, promise: Promise, size: TreeSize) -> Result<Promise, SubmitError> {
        if self.holds(promise, size) {
            return Ok(promise);
        }
        if self.has_failed() {
            return Err(SubmitError::Stopped);
        }
        let weaker = match promise {
            Promise::Accepted => [None, None],
            Promise::Published => [Some(Promise::Accepted), None],
            // Being kept elsewhere says nothing of the quorum's time, nor the quorum of being kept.
            Promise::Mirrored | Promise::Witnessed => [Some(Promise::Published), Some(Promise::Accepted)],
        };
        let held = weaker.into_iter().flatten().find(|promise| self.holds(*promise, size));
        held.ok_or(SubmitError::Stopped)
    }
}
