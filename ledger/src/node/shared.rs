//! What the threads of a node share.

use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::time::Duration;

use matricula_registry::Registry;
use matricula_state::{StateError, StateStore};
use matricula_tlog::{Hash, LeafIndex, SignedCheckpoint, Tile, TilePath, TileSlot, TreeSize};
use tokio::sync::watch;

use super::witnessing::Witnessing;
use crate::clock::Clock;
use crate::dedup::{Dedup, Found};
use crate::edge::Edge;
use crate::sequence::{CommitError, Head, SequenceError, SequenceStore};
use crate::signer::{Signer, SignerError};
use crate::submission::SubmitError;
use crate::tiles::{ObjectPath, TileError, TileStore};
use crate::witness::EvidenceStore;

/// Why a node stopped. It must be opened again, which reads and checks what is durable.
#[derive(Debug, thiserror::Error)]
pub enum NodeFailure {
    /// A commit failed, or its outcome is unknown.
    #[error("commit: {0}")]
    Commit(#[from] CommitError),
    /// The sequence could not be read.
    #[error("sequence: {0}")]
    Sequence(#[from] SequenceError),
    /// The signer refused or failed.
    #[error("signer: {0}")]
    Signer(#[from] SignerError),
    /// The tile store refused or failed.
    #[error("tiles: {0}")]
    Tiles(#[from] TileError),
    /// The state store failed.
    #[error("state: {0}")]
    State(#[from] StateError),
    /// The index names another entry for a leaf hash than the log has there.
    #[error("the index names leaf {index} for an entry that is not there")]
    WrongIndex {
        /// The index it names.
        index: LeafIndex,
    },
    /// The registry was changed by somebody else than the sequencer.
    #[error("the registry is out of step with the log")]
    RegistryOutOfStep,
    /// A peer has seen more of this log than there is: entries were lost, and signing anew would fork the log.
    #[error("{peer} has seen {size} entries of this log, which are more than there are")]
    PeerAhead {
        /// Who.
        peer: String,
        /// How many it has seen.
        size: TreeSize,
    },
    /// A peer has another root, signed by this log, than the entries give.
    #[error("{peer} has another root for size {size}, signed by this log, than the entries give")]
    Forked {
        /// Who.
        peer: String,
        /// The size.
        size: TreeSize,
    },
    /// A thread of the node died.
    #[error("a thread of the node died")]
    ThreadDied,
}

pub(crate) struct Shared {
    pub(crate) sequence: Arc<dyn SequenceStore>,
    pub(crate) tiles: Arc<dyn TileStore>,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) signer: Signer,
    pub(crate) clock: Clock,
    pub(crate) dedup: Dedup,
    pub(crate) registry: RwLock<Registry>,
    pub(crate) tree: RwLock<Tree>,
    /// Told whenever there is something for the publisher to do, or to stop.
    pub(crate) accepted: Signal,
    pub(crate) published: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    pub(crate) publication: Signal,
    pub(crate) witnessing: Witnessing,
    pub(crate) evidence: EvidenceStore,
    pub(crate) failure: OnceLock<NodeFailure>,
}

/// The tree over all accepted entries.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) edge: Edge,
    /// Full tiles that the tile store does not have yet.
    pub(crate) unwritten: Vec<Tile>,
}

/// A flag that threads wait for.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    raised: Mutex<u64>,
    changed: Condvar,
}

impl Signal {
    pub(crate) fn raise(&self) {
        if let Ok(mut raised) = self.raised.lock() {
            *raised += 1;
        }
        self.changed.notify_all();
    }

    /// Waits until something is the case that is looked at anew whenever the signal is raised.
    pub(crate) fn wait_until(&self, mut is_so: impl FnMut() -> bool) {
        let Ok(raised) = self.raised.lock() else { return };
        // A poisoned lock means that a thread died in `raise`, which cannot panic.
        drop(self.changed.wait_while(raised, |_| !is_so()));
    }

    /// [`Signal::wait_until`], for a time at most.
    pub(crate) fn wait_until_for(&self, at_most: Duration, mut is_so: impl FnMut() -> bool) {
        let Ok(raised) = self.raised.lock() else { return };
        drop(self.changed.wait_timeout_while(raised, at_most, |_| !is_so()));
    }
}

impl Shared {
    /// Stops the node for a reason; the first reason stays.
    pub(crate) fn fail(&self, failure: NodeFailure) {
        tracing::error!(%failure, "the node stops");
        drop(self.failure.set(failure));
        self.dedup.stop();
        self.accepted.raise();
        self.publication.raise();
        self.published.send_modify(|_| ());
        self.witnessing.wake();
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.get().is_some()
    }

    pub(crate) fn head(&self) -> Head {
        self.tree.read().map_or_else(|poisoned| poisoned.into_inner().edge.head(), |tree| tree.edge.head())
    }

    pub(crate) fn published_size(&self) -> TreeSize {
        let published = self.published.borrow();
        published.as_ref().map_or(TreeSize::new(0), |note| note.unverified().size())
    }

    /// Where an entry is in the log already. What the store's index says is checked against the tree.
    pub(crate) fn find(&self, leaf: &Hash) -> Result<Option<LeafIndex>, SubmitError> {
        match self.dedup.find(leaf)? {
            None => Ok(None),
            Some(Found::Recent(index)) => Ok(Some(index)),
            Some(Found::Indexed(index)) if self.leaf_at(index).ok().flatten() == Some(*leaf) => {
                Ok(Some(index))
            }
            Some(Found::Indexed(index)) => {
                self.fail(NodeFailure::WrongIndex { index });
                Err(SubmitError::Stopped)
            }
        }
    }

    /// The leaf hash at an index of the accepted tree.
    pub(crate) fn leaf_at(&self, index: LeafIndex) -> Result<Option<Hash>, TileError> {
        let Ok(node) = matricula_tlog::NodeId::new(0, index.get()) else { return Ok(None) };
        let (Some(path), Some(slot)) = (TilePath::holding(node, self.head().size), TileSlot::of(node)) else {
            return Ok(None);
        };
        Ok(self.tile(path)?.and_then(|tile| tile.hashes().get(usize::from(slot.offset)).copied()))
    }

    /// A tile of the accepted tree, as wide as the path asks for: from the edge, from what is not written yet, or from
    /// the store. Whoever uses it checks it against a root.
    pub(crate) fn tile(&self, path: TilePath) -> Result<Option<Tile>, TileError> {
        let full = path.full();
        {
            let tree = self.tree.read().map_err(|_| TileError::Stopped)?;
            if let Some(tile) = tree.edge.partial(path) {
                return Ok(Some(tile));
            }
            if let Some(tile) = tree.unwritten.iter().find(|tile| tile.path() == full) {
                return Ok(cut(tile, path));
            }
        }
        let Some(bytes) = self.tiles.get(ObjectPath::Tile(full))? else { return Ok(None) };
        Ok(Tile::parse(full, &bytes).ok().and_then(|tile| cut(&tile, path)))
    }
}

/// The first hashes of a full tile, as many as the path asks for.
fn cut(full: &Tile, path: TilePath) -> Option<Tile> {
    Tile::new(path, full.hashes().get(..usize::from(path.width()))?.to_vec()).ok()
}
