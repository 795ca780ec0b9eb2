//! What a node knows of those who cosign its log: how far the quorum, and the mirrors, have come.

use std::sync::{Arc, Mutex};

use matricula_state::{Expected, Op, StateError, StateStore, Table};
use matricula_tlog::{Evidence, LeafIndex, Policy, SignedCheckpoint, TreeSize, merkle};
use tokio::sync::watch;

use super::shared::{NodeFailure, Shared, Signal};
use crate::distributor::{Event, PeerReport, Replicated};

/// Every checkpoint that reached the quorum, by its size, with its cosignatures: a proof leads to the first one that
/// covers the entry.
pub(crate) const WITNESSED: Table = Table::new("ledger-witnessed");

/// The size of the largest of them, under one key.
const LATEST: Table = Table::new("ledger-witnessed-latest");
const LATEST_KEY: &[u8] = b"size";

/// What the node's cosigners have said, for everybody who waits for it.
#[derive(Debug)]
pub(crate) struct Witnessing {
    policy: Policy,
    /// The largest checkpoint that reached the quorum.
    witnessed: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    /// The largest size that enough mirrors hold.
    mirrored: watch::Sender<TreeSize>,
    reports: Mutex<Vec<PeerReport>>,
    /// For those who wait without a runtime.
    changed: Signal,
}

impl Witnessing {
    /// Takes up where an earlier run ended.
    pub(super) fn resume(policy: Policy, state: &dyn StateStore) -> Result<Self, StateError> {
        let latest = state.get(LATEST, LATEST_KEY)?;
        let row = latest.map(|latest| state.get(WITNESSED, &latest.value)).transpose()?.flatten();
        // What is damaged, or was enough for another policy only, is as good as not there.
        let witnessed = row
            .and_then(|row| SignedCheckpoint::parse(&row.value).ok())
            .filter(|note| policy.verify(note).is_ok())
            .map(Arc::new);
        Ok(Self {
            policy,
            witnessed: watch::Sender::new(witnessed),
            mirrored: watch::Sender::new(TreeSize::new(0)),
            reports: Mutex::default(),
            changed: Signal::default(),
        })
    }

    /// By what the node's proofs are to be believed.
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The largest checkpoint that reached the quorum.
    pub(super) fn latest(&self) -> Option<Arc<SignedCheckpoint>> {
        self.witnessed.borrow().clone()
    }

    pub(super) fn witnessed_size(&self) -> TreeSize {
        self.witnessed.borrow().as_ref().map_or(TreeSize::new(0), |note| note.unverified().size())
    }

    pub(super) fn mirrored_size(&self) -> TreeSize {
        *self.mirrored.borrow()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Arc<SignedCheckpoint>>> {
        self.witnessed.subscribe()
    }

    pub(super) fn subscribe_mirrored(&self) -> watch::Receiver<TreeSize> {
        self.mirrored.subscribe()
    }

    pub(super) fn changed(&self) -> &Signal {
        &self.changed
    }

    pub(super) fn reports(&self) -> Vec<PeerReport> {
        self.reports.lock().map(|reports| reports.clone()).unwrap_or_default()
    }

    /// Lets everybody who waits look again, as when the node stops.
    pub(super) fn wake(&self) {
        self.witnessed.send_modify(|_| ());
        self.mirrored.send_modify(|_| ());
        self.changed.raise();
    }

    /// Takes a checkpoint whose own signatures are quorum enough. It is in the history of all checkpoints already.
    pub(super) fn published(&self, checkpoint: &Arc<SignedCheckpoint>) {
        if self.policy.verify(checkpoint).is_ok() {
            self.advance(checkpoint.clone());
        }
    }

    /// Makes a quorum durable, then lets everybody know. The first cosignatures that were enough stay: a proof that
    /// was given out is given out the same again.
    fn record(&self, state: &dyn StateStore, checkpoint: SignedCheckpoint) -> Result<(), StateError> {
        let key = checkpoint.unverified().size().get().to_be_bytes();
        if state.get(WITNESSED, &key)?.is_none() {
            let note = Op::put(WITNESSED, key, checkpoint.encode(), Expected::Any);
            let latest = Op::put(LATEST, LATEST_KEY, key, Expected::Any);
            state.apply(&[note, latest])?;
        }
        self.advance(Arc::new(checkpoint));
        Ok(())
    }

    fn advance(&self, checkpoint: Arc<SignedCheckpoint>) {
        let size = checkpoint.unverified().size();
        self.witnessed.send_if_modified(|latest| {
            let is_larger = latest.as_ref().is_none_or(|latest| latest.unverified().size() <= size);
            if is_larger {
                *latest = Some(checkpoint);
            }
            is_larger
        });
        self.changed.raise();
    }

    fn mirrored(&self, size: TreeSize) {
        self.mirrored.send_if_modified(|largest| {
            let is_larger = *largest < size;
            *largest = size.max(*largest);
            is_larger
        });
        self.changed.raise();
    }
}

/// The first checkpoint with a quorum that covers an entry.
pub(super) fn first_witnessed(
    state: &dyn StateStore,
    index: LeafIndex,
    policy: &Policy,
) -> Option<SignedCheckpoint> {
    /// Checkpoints that another policy was content with are passed over; a policy changes a few times in a log's life,
    /// so that a page of them without a good one means that there is none near.
    const ROWS_MAX: usize = 64;
    let rows = state.scan(WITNESSED, b"", Some(&index.get().to_be_bytes()), ROWS_MAX).ok()?;
    let notes = rows.iter().filter_map(|row| SignedCheckpoint::parse(&row.value).ok());
    notes.into_iter().find(|note| policy.verify(note).is_ok())
}

/// The node's end of its replicator.
pub(super) struct NodeEnd(pub(super) Arc<Shared>);

impl Replicated for NodeEnd {
    fn event(&self, event: Event) {
        let Self(shared) = self;
        match event {
            Event::Cosigned { checkpoint, is_witnessed, is_mirrored } => {
                let size = checkpoint.unverified().size();
                if is_mirrored {
                    shared.witnessing.mirrored(size);
                }
                if is_witnessed
                    && let Err(error) = shared.witnessing.record(shared.state.as_ref(), checkpoint)
                {
                    shared.fail(error.into());
                }
            }
            // Its word alone stops nobody: it is asked for the checkpoint that it has.
            Event::PeerContradicts { peer, size } => {
                tracing::warn!(peer, %size, "a peer says that it has seen this log otherwise");
            }
        }
    }

    fn shown(&self, peer: &str, checkpoint: &SignedCheckpoint) {
        let Self(shared) = self;
        let key = shared.signer.log_key();
        // Without this log's own signature it says nothing about the log.
        let Ok(seen) = checkpoint.verify(key) else { return };
        let (peer, size, head) = (peer.to_owned(), seen.size(), shared.head());
        if size > head.size {
            return shared.fail(NodeFailure::PeerAhead { peer, size });
        }
        let nodes = shared.nodes(head.size);
        match merkle::root(size, &nodes) {
            Ok(root) if root == seen.root() => {}
            Ok(_) => {
                self.keep_evidence(checkpoint);
                shared.fail(NodeFailure::Forked { peer, size });
            }
            Err(_) => {
                tracing::error!(peer, %size, "what a peer shows could not be compared: the tiles cannot be read")
            }
        }
    }

    fn died(&self) {
        self.0.fail(NodeFailure::ThreadDied);
    }

    fn reports(&self, reports: Vec<PeerReport>) {
        if let Ok(mut latest) = self.0.witnessing.reports.lock() {
            *latest = reports;
        }
    }
}

impl NodeEnd {
    /// The log has said two things. That is for everybody to know.
    fn keep_evidence(&self, seen: &SignedCheckpoint) {
        let Self(shared) = self;
        let Some(published) = shared.published.borrow().clone() else { return };
        let nodes = shared.nodes(published.unverified().size());
        // What was seen is no larger than what was accepted, and may be larger than what is published.
        if seen.unverified().size() > published.unverified().size() {
            return;
        }
        if let Some(evidence) = Evidence::from_tree(shared.signer.log_key(), seen, &published, &nodes)
            && let Err(error) = shared.evidence.keep(&evidence)
        {
            tracing::error!(%error, "evidence against this log could not be kept");
        }
    }
}
