//! What peers are sent of a node's log.

use std::sync::Arc;

use matricula_tlog::{
    Hash, LeafIndex, NodeSource, ProveError, Subtree, TileNodes, TileNodesError, TilePath, TreeSize, merkle,
    prove_subtree,
};

use super::{Node, ReadError, Shared};
use crate::distributor::LogView;

impl LogView for Node {
    fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, ReadError> {
        self.shared.consistency(old, new)
    }

    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Vec<Hash>, ReadError> {
        self.shared.subtree(subtree, size)
    }

    fn entries(&self, from: LeafIndex, count: usize) -> Result<Vec<Vec<u8>>, ReadError> {
        self.shared.entries(from, count)
    }
}

/// The log of a node whose threads hold only what they share.
#[derive(Clone)]
pub(super) struct SharedView(pub(super) Arc<Shared>);

impl LogView for SharedView {
    fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, ReadError> {
        self.0.consistency(old, new)
    }

    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Vec<Hash>, ReadError> {
        self.0.subtree(subtree, size)
    }

    fn entries(&self, from: LeafIndex, count: usize) -> Result<Vec<Vec<u8>>, ReadError> {
        self.0.entries(from, count)
    }
}

impl Shared {
    fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, ReadError> {
        if old.get() == 0 || old == new {
            return Ok(Vec::new());
        }
        let fetch = |path| self.tile_there(path);
        merkle::prove_consistency(old, new, &TileNodes::new(new, fetch)).map_err(|error| unproven(error, old))
    }

    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Vec<Hash>, ReadError> {
        let fetch = |path| self.tile_there(path);
        prove_subtree(subtree, size, &TileNodes::new(size, fetch))
            .map_err(|error| unproven(error, subtree.end()))
    }

    fn entries(&self, from: LeafIndex, count: usize) -> Result<Vec<Vec<u8>>, ReadError> {
        let mut found = Vec::with_capacity(count);
        while found.len() < count {
            let next = LeafIndex::new(from.get() + found.len() as u64);
            let entries = self.read_entries(next, count - found.len())?;
            if entries.is_empty() {
                return Err(ReadError::WrongEntry { index: next });
            }
            found.extend(entries.into_iter().map(|entry| entry.bytes));
        }
        Ok(found)
    }

    /// The nodes of the published tree of `size` entries, from its tiles.
    pub(super) fn nodes(&self, size: TreeSize) -> impl NodeSource + '_ {
        TileNodes::new(size, |path| self.tile_there(path))
    }

    fn tile_there(&self, path: TilePath) -> Result<matricula_tlog::Tile, ReadError> {
        self.tile(path)?.ok_or(ReadError::MissingTile { path })
    }
}

fn unproven(error: ProveError<TileNodesError<ReadError>>, size: TreeSize) -> ReadError {
    match error {
        ProveError::Source(TileNodesError::Fetch(error)) => error,
        _ => ReadError::Unprovable { index: LeafIndex::new(size.get()) },
    }
}
