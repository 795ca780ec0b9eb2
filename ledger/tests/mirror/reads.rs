//! What a mirror serves: a whole copy that a stranger can check, and nothing that was damaged.

use matricula_ledger::mirror::MirrorError;
use matricula_ledger::{ObjectPath, TileStore};
use matricula_tlog::{
    BundlePath, LeafIndex, NodeId, Origin, TileNodes, TilePath, TreeSize, leaf_hash, merkle, origin_hash,
    parse_bundle, verify_inclusion,
};

use crate::log::{InMemory, Log, NOW, origin};

#[test]
fn a_stranger_rebuilds_the_log_from_the_copy() {
    let (log, copy) = (Log::of(1000), InMemory::new());
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let origin = copy.mirror.origin_by_hash(&origin_hash(&origin())).unwrap().unwrap();
    let checkpoint = copy.mirror.checkpoint(&origin).unwrap().unwrap();
    let size = checkpoint.unverified().size();
    let tile = |path| copy.mirror.tile(&origin, path).map(|tile| tile.unwrap());
    let nodes = TileNodes::new(size, tile);
    assert_eq!(merkle::root(size, &nodes).unwrap(), checkpoint.unverified().root());
    let mut entries = Vec::new();
    for path in BundlePath::changed(TreeSize::new(0), size) {
        let bundle = copy.mirror.bundle(&origin, path).unwrap().unwrap();
        entries.extend(parse_bundle(path, &bundle).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    assert_eq!(entries, log.entries);
    let index = LeafIndex::new(333);
    let path = merkle::prove_inclusion(index, size, &nodes).unwrap();
    let root = checkpoint.unverified().root();
    assert_eq!(verify_inclusion(leaf_hash(&log.entries[333]), index, size, &path, root), Ok(()));
}

#[test]
fn nothing_beyond_what_is_published_is_served() {
    let (log, copy) = (Log::of(600), InMemory::new());
    copy.pend(&log, 0, 300, NOW);
    copy.pend(&log, 300, 600, NOW);
    assert_eq!(copy.upload(&log.add_entries(0, 600, 1), NOW).status(), 202);
    assert_eq!(copy.mirror.tile(&origin(), TilePath::new(0, 0, 256).unwrap()).unwrap(), None);
    assert_eq!(copy.upload(&log.add_entries(256, 300, 9), NOW).status(), 200);
    assert!(copy.mirror.tile(&origin(), TilePath::new(0, 0, 256).unwrap()).unwrap().is_some());
    assert_eq!(copy.upload(&log.add_entries(300, 600, 1), NOW).status(), 202);
    // 512 entries are there, 300 are published.
    let narrow = TilePath::new(0, 1, 44).unwrap();
    assert!(copy.mirror.tile(&origin(), narrow).unwrap().is_some());
    assert_eq!(copy.mirror.tile(&origin(), TilePath::new(0, 1, 45).unwrap()).unwrap(), None);
    assert_eq!(copy.mirror.bundle(&origin(), BundlePath::new(1, 45).unwrap()).unwrap(), None);
    assert!(copy.mirror.bundle(&origin(), BundlePath::new(1, 44).unwrap()).unwrap().is_some());
}

#[test]
fn another_log_is_not_served() {
    let copy = InMemory::new();
    let other = Origin::new("ledger.example/other").unwrap();
    assert_eq!(copy.mirror.origin_by_hash(&origin_hash(&other)).unwrap(), None);
    assert_eq!(copy.mirror.checkpoint(&other).unwrap(), None);
    assert_eq!(copy.mirror.tile(&other, TilePath::new(0, 0, 1).unwrap()).unwrap(), None);
    assert_eq!(copy.mirror.bundle(&other, BundlePath::new(0, 1).unwrap()).unwrap(), None);
}

#[test]
fn a_flipped_bit_in_a_tile_is_never_served() {
    let (log, copy) = (Log::of(1000), InMemory::new());
    // The store refuses other bytes under a name, so the damage is there before the honest tile.
    let path = TilePath::new(0, 1, 256).unwrap();
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let honest = copy.tiles.get(ObjectPath::Tile(path)).unwrap().unwrap();
    let damaged = std::sync::Arc::new(matricula_ledger::MemoryTiles::new());
    for index in [0, 1, 2] {
        let path = TilePath::new(0, index, 256).unwrap();
        let mut bytes = copy.tiles.get(ObjectPath::Tile(path)).unwrap().unwrap();
        if bytes == honest {
            bytes[5] ^= 1;
        }
        damaged.put(&[(ObjectPath::Tile(path), bytes)]).unwrap();
    }
    // Such a copy does not even open.
    let mirror = matricula_ledger::mirror::Mirror::new(copy.state.clone(), Box::new(copy.key.clone()));
    let opened = mirror.add_log(crate::log::config(), copy.sequence.clone(), damaged);
    assert!(matches!(opened, Err(matricula_ledger::mirror::OpenMirrorError::Tiles(_))), "{opened:?}");
}

#[test]
fn a_node_of_the_tree_is_the_same_in_every_width() {
    let (log, copy) = (Log::of(300), InMemory::new());
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    for width in [1, 44, 255, 256] {
        let tile = copy.mirror.tile(&origin(), TilePath::new(0, 0, width).unwrap()).unwrap().unwrap();
        assert_eq!(tile.node(NodeId::new(0, 0).unwrap()), Some(leaf_hash(&log.entries[0])));
        assert_eq!(tile.hashes().len(), usize::from(width));
    }
}

#[test]
fn an_entry_that_differs_from_its_leaf_is_never_served() {
    let (log, copy) = (Log::of(20), InMemory::new());
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let path = BundlePath::new(0, 20).unwrap();
    assert!(copy.mirror.bundle(&origin(), path).unwrap().is_some());
    let lying = std::sync::Arc::new(crate::crashes::Lying::over(copy.sequence.clone()));
    let mirror = matricula_ledger::mirror::Mirror::new(copy.state.clone(), Box::new(copy.key.clone()));
    mirror.add_log(crate::log::config(), lying.clone(), copy.tiles.clone()).unwrap();
    assert!(mirror.bundle(&origin(), path).unwrap().is_some());
    lying.lie();
    assert!(matches!(mirror.bundle(&origin(), path), Err(MirrorError::Diverged { .. })));
}
