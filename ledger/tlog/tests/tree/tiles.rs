//! Tiles: which there are, what they hold, and proofs out of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use matricula_tlog::{
    BundlePath, Frontier, Hash, LeafIndex, NodeId, NodeSource, Tile, TileError, TileNodes, TileNodesError,
    TilePath, TilePathError, TileSlot, TreeSize, prove_consistency, prove_inclusion,
};

use crate::oracle::{self, leaves};

/// Rows of hashes by tile level, as a node that hears of completed nodes would store them.
fn rows(leaves: &[Hash]) -> Vec<Vec<Hash>> {
    let mut rows: Vec<Vec<Hash>> = vec![Vec::new(); 8];
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push_with(*leaf, |node, hash| {
            if let Some(slot) = TileSlot::of(node) {
                let row = &mut rows[usize::from(slot.level)];
                assert_eq!(row.len() as u64, slot.index * 256 + u64::from(slot.offset));
                row.push(hash);
            }
        });
    }
    rows
}

fn tile(rows: &[Vec<Hash>], path: TilePath) -> Tile {
    let first = path.index() as usize * 256;
    let hashes = rows[usize::from(path.level())][first..first + usize::from(path.width())].to_vec();
    Tile::new(path, hashes).expect("as many hashes as the path is wide")
}

fn all_tiles(size: u64) -> BTreeSet<TilePath> {
    TilePath::changed(TreeSize::new(0), TreeSize::new(size)).collect()
}

#[test]
fn a_tree_of_70000_has_the_tiles_of_the_specification() {
    let mut count: BTreeMap<(u8, u16), usize> = BTreeMap::new();
    for path in all_tiles(70_000) {
        *count.entry((path.level(), path.width())).or_default() += 1;
    }
    let want = [((0, 112), 1), ((0, 256), 273), ((1, 17), 1), ((1, 256), 1), ((2, 1), 1)];
    assert_eq!(count, want.into());
    assert!(all_tiles(70_000).contains(&TilePath::parse("tile/0/273.p/112").expect("a path")));
    assert_eq!(BundlePath::changed(TreeSize::new(0), TreeSize::new(70_000)).count(), 274);
}

#[test]
fn a_tree_that_does_not_grow_changes_no_tile() {
    for (from, to) in [(0, 0), (5, 5), (256, 256), (300, 7)] {
        assert_eq!(TilePath::changed(TreeSize::new(from), TreeSize::new(to)).count(), 0);
        assert_eq!(BundlePath::changed(TreeSize::new(from), TreeSize::new(to)).count(), 0);
    }
}

#[test]
fn the_256th_leaf_fills_a_tile_and_opens_the_next_level() {
    let changed: Vec<String> =
        TilePath::changed(TreeSize::new(255), TreeSize::new(256)).map(|path| path.encode()).collect();
    assert_eq!(changed, ["tile/0/000", "tile/1/000.p/1"]);
}

#[test]
fn a_full_tile_is_checked_by_its_top() {
    let all = leaves(512);
    let rows = rows(&all);
    let path = TilePath::new(0, 1, 256).expect("a path");
    let top = NodeId::new(8, 1).expect("a node");
    let full = tile(&rows, path);
    assert_eq!(full.node(top), Some(oracle::root(&all[256..])));
    assert_eq!(full.node(top), Some(rows[1][1]));
    let mut bytes = full.encode();
    bytes[100] ^= 1;
    let forged = Tile::parse(path, &bytes).expect("the right length");
    assert_ne!(forged.node(top), full.node(top));
}

#[test]
fn a_tile_knows_no_node_of_another() {
    let rows = rows(&leaves(600));
    let partial = tile(&rows, TilePath::parse("tile/0/002.p/88").expect("a path"));
    let node = |level, index| NodeId::new(level, index).expect("a node");
    assert!(partial.node(node(0, 512)).is_some());
    assert!(partial.node(node(0, 599)).is_some());
    assert_eq!(partial.node(node(0, 600)), None);
    assert_eq!(partial.node(node(0, 511)), None);
    assert_eq!(partial.node(node(8, 2)), None, "not full");
    assert_eq!(partial.node(node(9, 1)), None, "too high");
    let upper = tile(&rows, TilePath::parse("tile/1/000.p/2").expect("a path"));
    assert_eq!(upper.node(node(7, 0)), None, "too low");
    assert!(upper.node(node(9, 0)).is_some());
}

#[test]
fn rejects_bytes_that_are_not_as_long_as_the_width() {
    let path = TilePath::parse("tile/0/000.p/2").expect("a path");
    assert!(Tile::parse(path, &[0; 64]).is_ok());
    for got in [0, 63, 65, 8192] {
        assert_eq!(Tile::parse(path, &vec![0; got]), Err(TileError::WrongLength { got, want: 64 }));
    }
    assert_eq!(Tile::new(path, leaves(3)), Err(TileError::WrongLength { got: 96, want: 64 }));
}

#[test]
fn rejects_coordinates_of_tiles_that_no_tree_has() {
    assert_eq!(TilePath::new(8, 0, 256), Err(TilePathError::LevelTooHigh));
    assert_eq!(TilePath::new(0, 1 << 56, 256), Err(TilePathError::IndexTooLarge));
    assert_eq!(TilePath::new(0, 0, 0), Err(TilePathError::BadWidth));
    assert_eq!(TilePath::new(0, 0, 257), Err(TilePathError::BadWidth));
    assert_eq!(BundlePath::new(1 << 56, 256), Err(TilePathError::IndexTooLarge));
    assert_eq!(BundlePath::new(0, 257), Err(TilePathError::BadWidth));
    assert_eq!(TilePath::in_tree(8, 0, TreeSize::new(u64::MAX)), None);
    assert_eq!(TilePath::in_tree(0, 1, TreeSize::new(256)), None);
    assert_eq!(BundlePath::in_tree(0, TreeSize::new(0)), None);
    assert_eq!(BundlePath::holding(LeafIndex::new(256), TreeSize::new(256)), None);
    let last = TilePath::new(0, (1 << 56) - 1, 256).expect("the last tile");
    assert_eq!(last.nodes().last(), NodeId::new(0, u64::MAX).ok());
}

#[test]
fn nodes_that_are_not_complete_are_not_asked_of_tiles() {
    let size = TreeSize::new(300);
    let source = TileNodes::new(size, Err);
    let node = NodeId::new(8, 1).expect("a node");
    assert_eq!(source.nodes(&[node]), Err(TileNodesError::NotInTree { node, size }));
    let node = NodeId::new(0, 299).expect("a node");
    let path = TilePath::parse("tile/0/001.p/44").expect("a path");
    assert_eq!(source.nodes(&[node]), Err(TileNodesError::Fetch(path)));
}

#[test]
fn a_tile_of_another_place_is_refused() {
    let rows = rows(&leaves(600));
    let other = TilePath::new(0, 1, 256).expect("a path");
    let source = TileNodes::new(TreeSize::new(600), |_| Ok::<_, ()>(tile(&rows, other)));
    let asked = TilePath::new(0, 0, 256).expect("a path");
    let node = NodeId::new(0, 0).expect("a node");
    assert_eq!(source.nodes(&[node]), Err(TileNodesError::WrongTile { asked, got: other }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn proofs_out_of_tiles_are_the_proofs(n in 1usize..1500, pick in any::<prop::sample::Index>()) {
        let all = leaves(n);
        let rows = rows(&all);
        let fetched = RefCell::new(Vec::new());
        let size = TreeSize::new(n as u64);
        let source = TileNodes::new(size, |path| {
            fetched.borrow_mut().push(path);
            Ok::<_, ()>(tile(&rows, path))
        });
        let leaf = pick.index(n);
        let proof = prove_inclusion(LeafIndex::new(leaf as u64), size, &source).expect("a leaf of the tree");
        prop_assert_eq!(proof, oracle::inclusion(leaf, &all));
        let unique: BTreeSet<TilePath> = fetched.borrow().iter().copied().collect();
        prop_assert_eq!(unique.len(), fetched.borrow().len(), "each tile once");
        prop_assert!(unique.is_subset(&all_tiles(n as u64)));
        let old = TreeSize::new(leaf as u64 + 1);
        let proof = prove_consistency(old, size, &source).expect("a smaller tree");
        prop_assert_eq!(proof, oracle::consistency(leaf + 1, &all));
    }

    #[test]
    fn changed_tiles_are_those_that_the_larger_tree_has_and_the_smaller_has_not(from in 0u64..200_000, more in 0u64..200_000) {
        let changed: BTreeSet<TilePath> =
            TilePath::changed(TreeSize::new(from), TreeSize::new(from + more)).collect();
        let want: BTreeSet<TilePath> = all_tiles(from + more).difference(&all_tiles(from)).copied().collect();
        prop_assert_eq!(changed, want);
    }

    #[test]
    fn every_path_is_read_back(level in 0u8..8, index in any::<u64>(), width in 1u16..=256) {
        let index = (index >> (8 * level)) / 256;
        let path = TilePath::new(level, index, width).expect("a place in a tree");
        prop_assert_eq!(TilePath::parse(&path.encode()), Ok(path));
        let path = BundlePath::new(index, width).expect("a place in a log");
        prop_assert_eq!(BundlePath::parse(&path.encode()), Ok(path));
    }

    #[test]
    fn a_tile_is_read_back(width in 1u16..=256) {
        let path = TilePath::new(0, 7, width).expect("a path");
        let tile = Tile::new(path, leaves(usize::from(width))).expect("as many as wide");
        prop_assert_eq!(Tile::parse(path, &tile.encode()), Ok(tile));
    }
}
