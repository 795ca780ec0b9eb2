//! What a node's page and its metrics read of it.

use std::error::Error;

use matricula_tlog::{
    Evidence, Finding, LeafIndex, SignatureCheck, SignedCheckpoint, TreeSize, UnixSeconds, VerifierKey,
};

use super::publisher::first_covering;
use super::{Node, NodeFailure};
use crate::disk::DiskError;
use crate::metrics::Submissions;

/// A log's size at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Growth {
    pub(crate) at: UnixSeconds,
    pub(crate) size: TreeSize,
}

impl Node {
    /// What time it is for the node.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.shared.clock.now()
    }

    /// Those whose cosignatures count for this log, by name: the node itself first, then the policy's witnesses.
    pub(crate) fn cosigners(&self) -> Vec<(String, VerifierKey)> {
        let own = (format!("{} (this node)", self.witness_key().name().as_str()), self.witness_key().clone());
        let named = self.shared.witnessing.policy().witnesses().iter();
        let others = named.filter(|witness| witness.key() != self.witness_key());
        let others = others.map(|witness| (witness.name().to_owned(), witness.key().clone()));
        core::iter::once(own).chain(others).collect()
    }

    /// When the node itself cosigned a checkpoint.
    pub(crate) fn cosigned_at(&self, checkpoint: &SignedCheckpoint) -> Option<UnixSeconds> {
        cosigned_at(checkpoint, self.witness_key())
    }

    /// How the published log grew, by checkpoints of its history at even steps of its size: at most so many, each one a
    /// look-up. The first and the latest are among them.
    pub(crate) fn growth(&self, points: u64) -> Vec<Growth> {
        let Some(published) = self.checkpoint() else { return Vec::new() };
        let size = published.unverified().size().get();
        let steps = points.saturating_sub(1).min(size).max(1);
        let sampled = (0..steps).filter_map(|step| {
            // u128: the product of two sizes.
            let index = u128::from(size) * u128::from(step) / u128::from(steps);
            first_covering(self.shared.state.as_ref(), LeafIndex::new(u64::try_from(index).ok()?))
        });
        let notes = sampled.chain([(*published).clone()]);
        let mut growth: Vec<Growth> = notes
            .filter_map(|note| Some(Growth { at: self.cosigned_at(&note)?, size: note.unverified().size() }))
            .collect();
        growth.dedup();
        growth
    }

    /// Bytes of entries that wait to be sequenced.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// What became of submissions.
    pub(crate) const fn submissions(&self) -> &Submissions {
        &self.submissions
    }

    /// Why the node stopped, if it did.
    pub(crate) fn failure(&self) -> Option<&NodeFailure> {
        self.shared.failure.get()
    }

    /// Stops when somebody proves that this log's own key signed two histories: whatever it signed after that would be
    /// believed by those who saw one of them. Tells whether it does.
    pub fn heed(&self, evidence: &Evidence) -> bool {
        let size = match evidence.verify() {
            Ok(Finding::SplitView { size, .. }) => size,
            Ok(Finding::RewrittenHistory { newer, .. }) => newer.size,
            _ => return false,
        };
        if evidence.signer() != self.log_key() {
            return false;
        }
        if self.failure().is_none() {
            self.shared.fail(NodeFailure::Forked { peer: "a file of evidence".to_owned(), size });
        }
        true
    }
}

impl NodeFailure {
    /// Whether bytes could not be made durable: the one failure after which a disk is not to be believed.
    pub(crate) fn is_failed_sync(&self) -> bool {
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if error.downcast_ref::<DiskError>().is_some_and(|error| error.operation.starts_with("sync")) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// When the holder of a key cosigned a checkpoint, as far as it did.
pub(crate) fn cosigned_at(checkpoint: &SignedCheckpoint, key: &VerifierKey) -> Option<UnixSeconds> {
    let note = checkpoint.note();
    note.signatures().iter().find_map(|line| match key.check(note.text(), line) {
        Ok(SignatureCheck::Cosigned { at }) => Some(at),
        _ => None,
    })
}
