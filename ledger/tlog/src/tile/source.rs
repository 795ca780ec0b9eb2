//! Nodes out of tiles.

use super::{Tile, TilePath};
use crate::{Hash, NodeId, NodeSource, TreeSize};

/// A [`NodeSource`] over the tiles of a tree: fetches each tile that a proof needs once.
///
/// `fetch` gives the tile at a path, from disk, memory or the network. Remember that it may have only the full tile where
/// a partial one is asked for; it must then cut it to the width of the path.
pub struct TileNodes<F> {
    size: TreeSize,
    fetch: F,
}

/// Why nodes could not be had from tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileNodesError<E> {
    /// The tree does not have all leaves of this node.
    #[error("node {node} is not complete in a tree of {size}")]
    NotInTree {
        /// The node asked for.
        node: NodeId,
        /// Leaves in the tree.
        size: TreeSize,
    },
    /// Another tile came than was asked for.
    #[error("asked for {asked}, got {got}")]
    WrongTile {
        /// The tile asked for.
        asked: TilePath,
        /// The tile that came.
        got: TilePath,
    },
    /// The tile could not be had.
    #[error("a tile could not be fetched")]
    Fetch(#[source] E),
}

impl<F> TileNodes<F> {
    /// The nodes of the tree of `size` leaves.
    pub fn new<E>(size: TreeSize, fetch: F) -> Self
    where
        F: Fn(TilePath) -> Result<Tile, E>,
    {
        Self { size, fetch }
    }
}

impl<E, F: Fn(TilePath) -> Result<Tile, E>> NodeSource for TileNodes<F> {
    type Error = TileNodesError<E>;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Self::Error> {
        let mut tiles: Vec<Tile> = Vec::new();
        let mut hashes = Vec::with_capacity(ids.len());
        for &node in ids {
            let not_in_tree = || TileNodesError::NotInTree { node, size: self.size };
            let path = TilePath::holding(node, self.size).ok_or_else(not_in_tree)?;
            let position = match tiles.iter().position(|tile| tile.path() == path) {
                Some(position) => position,
                None => {
                    tiles.push(self.fetch(path)?);
                    tiles.len() - 1
                }
            };
            hashes.push(tiles[position].node(node).ok_or_else(not_in_tree)?);
        }
        Ok(hashes)
    }
}

impl<F> TileNodes<F> {
    fn fetch<E>(&self, asked: TilePath) -> Result<Tile, TileNodesError<E>>
    where
        F: Fn(TilePath) -> Result<Tile, E>,
    {
        let tile = (self.fetch)(asked).map_err(TileNodesError::Fetch)?;
        if tile.path() != asked {
            return Err(TileNodesError::WrongTile { asked, got: tile.path() });
        }
        Ok(tile)
    }
}
