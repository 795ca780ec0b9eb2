//! The bodies of calls, from what the log has.

use matricula_tlog::{
    ADD_ENTRIES_PACKAGES_MAX, AddCheckpointError, AddCheckpointRequest, AddEntriesError, AddEntriesHeader,
    Hash, LeafIndex, SignedCheckpoint, Subtree, TreeSize, append_package,
};

use super::Endpoint;
use super::peer::{PeerState, Stage};
use crate::node::ReadError;

/// Bytes after which a request takes no further package. A package has up to 16 MiB, and goes whole.
const ADD_ENTRIES_BYTES: usize = 4 << 20;

/// What a distributor reads from its log. Everything is of entries that are published.
pub trait LogView {
    /// The proof that the tree of `new` entries extends that of `old`; empty when `old` is 0 or the same.
    ///
    /// # Errors
    /// [`ReadError`].
    fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, ReadError>;

    /// The proof that a subtree is part of the tree of `size` entries.
    ///
    /// # Errors
    /// [`ReadError`].
    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Vec<Hash>, ReadError>;

    /// Exactly so many entries from an index on.
    ///
    /// # Errors
    /// [`ReadError`].
    fn entries(&self, from: LeafIndex, count: usize) -> Result<Vec<Vec<u8>>, ReadError>;
}

/// Why a request could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint or its proof does not fit a request.
    #[error(transparent)]
    AddCheckpoint(#[from] AddCheckpointError),
    /// The entries or a proof do not fit a request.
    #[error(transparent)]
    AddEntries(#[from] AddEntriesError),
}

/// What a peer is to be sent next.
pub(super) fn of(
    state: &PeerState,
    checkpoint: &SignedCheckpoint,
    log: &dyn LogView,
) -> Result<(Endpoint, Vec<u8>), RequestError> {
    match state.stage {
        Stage::Entries => Ok((Endpoint::AddEntries, add_entries(state, checkpoint, log)?)),
        Stage::Checkpoint | Stage::Done => {
            Ok((Endpoint::AddCheckpoint, add_checkpoint(state.size, checkpoint, log)?))
        }
    }
}

fn add_checkpoint(
    old: TreeSize,
    checkpoint: &SignedCheckpoint,
    log: &dyn LogView,
) -> Result<Vec<u8>, RequestError> {
    let size = checkpoint.unverified().size();
    // What a peer had in an earlier round is never more than what this one is about.
    let old = old.min(size);
    let proof = if old.get() == 0 || old == size { Vec::new() } else { log.consistency(old, size)? };
    Ok(AddCheckpointRequest::new(old, proof, checkpoint.clone())?.encode().into_bytes())
}

fn add_entries(
    state: &PeerState,
    checkpoint: &SignedCheckpoint,
    log: &dyn LogView,
) -> Result<Vec<u8>, RequestError> {
    let (origin, size) = (checkpoint.unverified().origin().clone(), checkpoint.unverified().size());
    let start = LeafIndex::new(state.next.get().min(size.get()));
    let header = AddEntriesHeader::new(origin, start, size, state.ticket.clone())?;
    let mut body = header.encode();
    for place in header.packages().take(ADD_ENTRIES_PACKAGES_MAX) {
        let entries = log.entries(place.start, place.entries())?;
        append_package(&mut body, place, &entries, &log.subtree(place.subtree, size)?)?;
        if body.len() >= ADD_ENTRIES_BYTES {
            break;
        }
    }
    Ok(body)
}
