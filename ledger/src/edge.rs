//! The right edge of the log's tree: what is not in full tiles yet.

use matricula_tlog::{
    Frontier, Hash, NodeId, TILE_HEIGHT, TILE_LEVEL_MAX, TILE_WIDTH, Tile, TilePath, TreeSize,
};

use crate::sequence::Head;

/// A tree that grows: its frontier, and on each level of tiles the hashes of the tile that is not full yet. At most 64 KiB.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    frontier: Frontier,
    rows: Vec<Vec<Hash>>,
}

impl Edge {
    pub(crate) fn new() -> Self {
        Self { frontier: Frontier::new(), rows: vec![Vec::new(); usize::from(TILE_LEVEL_MAX) + 1] }
    }

    /// Appends a leaf, and hands over the tiles that it fills.
    pub(crate) fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        let rows = &mut self.rows;
        self.frontier.push_with(leaf, |node, hash| {
            if let Some(tile) = take_node(rows, node, hash) {
                full.push(tile);
            }
        });
    }

    pub(crate) fn head(&self) -> Head {
        Head { size: self.frontier.size(), root: self.frontier.root() }
    }

    pub(crate) fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    /// The hashes of a tile that is not full yet, as many as the path asks for.
    pub(crate) fn partial(&self, path: TilePath) -> Option<Tile> {
        let here = TilePath::in_tree(path.level(), path.index(), self.size())?;
        let row = self.rows.get(usize::from(path.level()))?;
        if here.is_full() || path.width() > here.width() {
            return None;
        }
        Tile::new(path, row.get(..usize::from(path.width()))?.to_vec()).ok()
    }
}

fn take_node(rows: &mut [Vec<Hash>], node: NodeId, hash: Hash) -> Option<Tile> {
    if !node.level().is_multiple_of(TILE_HEIGHT) {
        return None;
    }
    let level = node.level() / TILE_HEIGHT;
    let row = rows.get_mut(usize::from(level))?;
    row.push(hash);
    if row.len() < usize::from(TILE_WIDTH) {
        return None;
    }
    let path = TilePath::new(level, node.index() / u64::from(TILE_WIDTH), TILE_WIDTH).ok()?;
    Tile::new(path, core::mem::take(row)).ok()
}

#[cfg(test)]
mod tests {
    use matricula_tlog::{leaf_hash, merkle};

    use super::*;

    #[test]
    fn full_tiles_and_the_edge_hold_every_tile_of_every_size() {
        let (mut edge, mut full) = (Edge::new(), Vec::new());
        for i in 0..66_000u32 {
            edge.push(leaf_hash(&i.to_be_bytes()), &mut full);
        }
        assert_eq!(full.iter().filter(|tile| tile.path().level() == 0).count(), 257);
        assert_eq!(full.iter().filter(|tile| tile.path().level() == 1).count(), 1);
        let size = edge.size();
        let fetch = |path: TilePath| {
            let there = full.iter().find(|tile| tile.path() == path).cloned();
            there.or_else(|| edge.partial(path)).ok_or(path)
        };
        let source = matricula_tlog::TileNodes::new(size, fetch);
        assert_eq!(merkle::root(size, &source).unwrap(), edge.head().root);
        let path = merkle::prove_inclusion(matricula_tlog::LeafIndex::new(65_999), size, &source).unwrap();
        let leaf = leaf_hash(&65_999u32.to_be_bytes());
        let index = matricula_tlog::LeafIndex::new(65_999);
        matricula_tlog::verify_inclusion(leaf, index, size, &path, edge.head().root).unwrap();
    }

    #[test]
    fn the_edge_gives_no_full_tile_and_none_wider_than_it_is() {
        let (mut edge, mut full) = (Edge::new(), Vec::new());
        for i in 0..300u32 {
            edge.push(leaf_hash(&i.to_be_bytes()), &mut full);
        }
        assert!(edge.partial(TilePath::new(0, 0, 256).unwrap()).is_none());
        assert!(edge.partial(TilePath::new(0, 0, 10).unwrap()).is_none());
        assert!(edge.partial(TilePath::new(0, 1, 45).unwrap()).is_none());
        assert!(edge.partial(TilePath::new(0, 1, 44).unwrap()).is_some());
        assert!(edge.partial(TilePath::new(0, 1, 7).unwrap()).is_some());
    }
}
