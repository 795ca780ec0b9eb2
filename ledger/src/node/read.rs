//! What may be read from a node. Whatever comes from a disk is hashed again before it leaves.

use std::sync::Arc;

use matricula_state::StateError;
use matricula_tlog::{
    BundlePath, LeafIndex, LogProof, LogProofParseError, NodeId, ProveError, SignedCheckpoint, TILE_HEIGHT,
    Tile, TileNodes, TileNodesError, TilePath, TreeSize, append_entry, leaf_hash, merkle, verify_inclusion,
};

use super::publisher::first_covering;
use super::witnessing::first_witnessed;
use super::{Node, Shared};
use crate::sequence::{SequenceError, SequencedEntry};
use crate::tiles::TileError;

/// Why something could not be read. What is not there yet is no error but `None`.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The entries cannot be read.
    #[error("the entries cannot be read: {0}")]
    Sequence(#[from] SequenceError),
    /// The tiles cannot be read.
    #[error("the tiles cannot be read: {0}")]
    Tiles(#[from] TileError),
    /// A tile that must be there is missing or malformed.
    #[error("the tile {path} is missing or malformed")]
    MissingTile {
        /// Its path.
        path: TilePath,
    },
    /// A tile's hashes do not give the hash that stands for it one level up.
    #[error("the tile {path} does not hash to its parent")]
    WrongTile {
        /// Its path.
        path: TilePath,
    },
    /// An entry does not hash to its leaf.
    #[error("leaf {index} does not hash to what the tree has")]
    WrongEntry {
        /// Its index.
        index: LeafIndex,
    },
    /// The stored hashes do not lead to the published root.
    #[error("leaf {index} cannot be proven under the published checkpoint")]
    Unprovable {
        /// Its index.
        index: LeafIndex,
    },
    /// The proof is longer than its format allows.
    #[error(transparent)]
    TooLong(#[from] LogProofParseError),
    /// The state store failed.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// A thread of the node died.
    #[error("the node has stopped")]
    Stopped,
}

impl Node {
    /// The published checkpoint, with the node's own cosignature. `None` only while the first entry is on its way.
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.shared.published.borrow().clone()
    }

    /// An accepted entry, `None` when there is none at that index yet.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn entry(&self, index: LeafIndex) -> Result<Option<SequencedEntry>, ReadError> {
        Ok(self.shared.read_entries(index, 1)?.pop())
    }

    /// A tile of the published log, `None` when it does not have it, or not as wide.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn tile(&self, path: TilePath) -> Result<Option<Tile>, ReadError> {
        let published = self.shared.published_size();
        let there = TilePath::in_tree(path.level(), path.index(), published);
        if there.is_none_or(|there| there.width() < path.width()) {
            return Ok(None);
        }
        let tile = self.shared.tile(path)?.ok_or(ReadError::MissingTile { path })?;
        self.shared.check_tile(&tile, published)?;
        Ok(Some(tile))
    }

    /// A bundle of the published log, `None` when it does not have it, or not as wide.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn bundle(&self, path: BundlePath) -> Result<Option<Vec<u8>>, ReadError> {
        let there = BundlePath::in_tree(path.index(), self.shared.published_size());
        if there.is_none_or(|there| there.width() < path.width()) {
            return Ok(None);
        }
        let mut bundle = Vec::new();
        let (mut next, mut left) = (path.first_entry(), usize::from(path.width()));
        while left > 0 {
            let entries = self.shared.read_entries(next, left)?;
            if entries.is_empty() {
                return Err(ReadError::WrongEntry { index: next });
            }
            left -= entries.len();
            next = LeafIndex::new(next.get() + entries.len() as u64);
            for entry in entries {
                append_entry(&mut bundle, &entry.bytes)
                    .map_err(|_| ReadError::WrongEntry { index: entry.index })?;
            }
        }
        Ok(Some(bundle))
    }

    /// The proof that an entry is in the log, `None` while no checkpoint over it has the policy's quorum. It leads to
    /// the first checkpoint with the quorum that covered the entry, whose cosignatures have the earliest time; to the
    /// latest, when the history of checkpoints was lost.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn proof(&self, index: LeafIndex) -> Result<Option<LogProof>, ReadError> {
        let Some(latest) = self.witnessed().filter(|note| covers(note, index)) else { return Ok(None) };
        let (state, policy) = (self.shared.state.as_ref(), self.shared.witnessing.policy());
        let published = first_covering(state, index).filter(|note| policy.verify(note).is_ok());
        let first = [first_witnessed(state, index, policy), published]
            .into_iter()
            .flatten()
            .filter(|note| covers(note, index) && note.verify(self.log_key()).is_ok())
            .filter(|note| note.unverified().size() <= latest.unverified().size())
            .min_by_key(|note| note.unverified().size());
        if let Some(first) = first {
            // A history that does not fit the tree is set aside like one that is lost.
            if let Ok(proof) = self.shared.prove(index, first) {
                return Ok(Some(proof));
            }
        }
        self.shared.prove(index, (*latest).clone()).map(Some)
    }
}

fn covers(note: &SignedCheckpoint, index: LeafIndex) -> bool {
    index.get() < note.unverified().size().get()
}

impl Shared {
    /// Accepted entries from an index on, each compared with its leaf in the tree.
    pub(super) fn read_entries(
        &self,
        from: LeafIndex,
        limit: usize,
    ) -> Result<Vec<SequencedEntry>, ReadError> {
        let size = self.head().size;
        let entries = self.sequence.entries(from, limit)?;
        let mut level0: Option<Tile> = None;
        for entry in &entries {
            let index = entry.index;
            let node = NodeId::new(0, index.get()).map_err(|_| ReadError::WrongEntry { index })?;
            // One just committed is in the sequence a moment before it is in the tree.
            let Some(path) = TilePath::holding(node, size) else { break };
            if level0.as_ref().is_none_or(|tile| tile.path() != path) {
                level0 = Some(self.tile(path)?.ok_or(ReadError::MissingTile { path })?);
            }
            if level0.as_ref().and_then(|tile| tile.node(node)) != Some(leaf_hash(&entry.bytes)) {
                return Err(ReadError::WrongEntry { index });
            }
        }
        Ok(entries.into_iter().take_while(|entry| entry.index.get() < size.get()).collect())
    }

    /// Compares a full tile with the hash that stands for it one level up. The tiles of the edge are in memory, and
    /// what they are made of was checked when the log was opened.
    fn check_tile(&self, tile: &Tile, size: TreeSize) -> Result<(), ReadError> {
        let path = tile.path();
        let Ok(top) = NodeId::new((path.level() + 1) * TILE_HEIGHT, path.index()) else { return Ok(()) };
        let Some(above) = TilePath::holding(top, size).filter(|_| path.is_full()) else { return Ok(()) };
        let above = self.tile(above)?.ok_or(ReadError::MissingTile { path: above })?;
        if above.node(top) == tile.node(top) { Ok(()) } else { Err(ReadError::WrongTile { path }) }
    }

    fn prove(&self, index: LeafIndex, checkpoint: SignedCheckpoint) -> Result<LogProof, ReadError> {
        let (size, root) = (checkpoint.unverified().size(), checkpoint.unverified().root());
        let fetch = |path| self.tile(path)?.ok_or(ReadError::MissingTile { path });
        let path =
            merkle::prove_inclusion(index, size, &TileNodes::new(size, fetch)).map_err(
                |error| match error {
                    ProveError::Source(TileNodesError::Fetch(error)) => error,
                    _ => ReadError::Unprovable { index },
                },
            )?;
        let leaf = self.leaf_at(index)?.ok_or(ReadError::Unprovable { index })?;
        verify_inclusion(leaf, index, size, &path, root).map_err(|_| ReadError::Unprovable { index })?;
        Ok(LogProof::new(index, path, checkpoint)?)
    }
}
