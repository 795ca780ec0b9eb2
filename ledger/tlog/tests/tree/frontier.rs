//! Growing trees.

use std::collections::BTreeMap;

use proptest::prelude::*;

use matricula_tlog::merkle::{FRONTIER_SIZE_MAX, complete_subtrees};
use matricula_tlog::{Frontier, FrontierError, FrontierLoadError, NodeId, NodeIdError, TreeSize};

use crate::oracle::{self, Leaves, leaves};

#[test]
fn every_root_on_the_way_is_the_root() {
    let all = leaves(200);
    let mut frontier = Frontier::new();
    for (n, leaf) in all.iter().enumerate() {
        assert_eq!(frontier.root(), oracle::root(&all[..n]));
        frontier.push(*leaf);
        assert_eq!(frontier.size(), TreeSize::new(n as u64 + 1));
    }
    assert_eq!(frontier.root(), oracle::root(&all));
}

#[test]
fn tells_of_every_complete_node_once() {
    let all = leaves(150);
    let mut told = BTreeMap::new();
    let mut frontier = Frontier::new();
    for leaf in &all {
        frontier.push_with(*leaf, |id, hash| assert_eq!(told.insert(id, hash), None, "{id} told twice"));
    }
    let mut complete = 0;
    for level in 0..8u8 {
        for index in 0..150u64 >> level {
            let id = NodeId::new(level, index).expect("a node of the tree");
            let first = (index << level) as usize;
            assert_eq!(told.get(&id), Some(&oracle::root(&all[first..first + (1 << level)])));
            complete += 1;
        }
    }
    assert_eq!(told.len(), complete);
}

#[test]
fn hashes_about_once_a_leaf() {
    let mut nodes = 0u64;
    let mut frontier = Frontier::new();
    for leaf in leaves(4096) {
        frontier.push_with(leaf, |id, _| nodes += u64::from(id.level() > 0));
    }
    assert_eq!(nodes, 4095);
}

#[test]
fn refuses_to_restore_from_the_wrong_number_of_hashes() {
    let hashes = leaves(3);
    let size = TreeSize::new(0b1011);
    assert!(Frontier::restore(size, &hashes).is_ok());
    for got in [0, 2] {
        assert_eq!(
            Frontier::restore(size, &hashes[..got]),
            Err(FrontierError::WrongHashCount { got, want: 3 })
        );
    }
}

#[test]
fn refuses_to_restore_beyond_the_largest_log() {
    let size = TreeSize::new(FRONTIER_SIZE_MAX + 1);
    assert_eq!(Frontier::restore(size, &leaves(2)), Err(FrontierError::TooLarge { size }));
    assert_eq!(
        Frontier::load(size, &Leaves(&[])),
        Err(FrontierLoadError::Frontier(FrontierError::TooLarge { size }))
    );
    assert!(Frontier::restore(TreeSize::new(FRONTIER_SIZE_MAX), &leaves(1)).is_ok());
}

#[test]
fn refuses_nodes_that_no_tree_has() {
    assert_eq!(NodeId::new(64, 0), Err(NodeIdError::LevelTooHigh { level: 64 }));
    assert_eq!(NodeId::new(63, 2), Err(NodeIdError::IndexTooLarge { level: 63, index: 2 }));
    assert!(NodeId::new(63, 1).is_ok());
    assert!(NodeId::new(0, u64::MAX).is_ok());
}

#[test]
fn a_size_of_all_ones_has_64_complete_subtrees() {
    let subtrees: Vec<NodeId> = complete_subtrees(TreeSize::new(u64::MAX)).collect();
    assert_eq!(subtrees.len(), 64);
    assert!(subtrees.iter().all(|node| node.is_complete_in(TreeSize::new(u64::MAX))));
    assert_eq!(complete_subtrees(TreeSize::new(0)).count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_restored_frontier_grows_like_the_one_it_came_from(cut in 0usize..600, more in 0usize..200) {
        let all = leaves(cut + more);
        let mut frontier = Frontier::new();
        all[..cut].iter().for_each(|leaf| frontier.push(*leaf));
        let mut restored = Frontier::restore(frontier.size(), frontier.hashes()).expect("its own hashes");
        let mut loaded = Frontier::load(frontier.size(), &Leaves(&all)).expect("its own nodes");
        prop_assert_eq!(&restored, &frontier);
        prop_assert_eq!(&loaded, &frontier);
        for leaf in &all[cut..] {
            restored.push(*leaf);
            loaded.push(*leaf);
        }
        prop_assert_eq!(restored.root(), oracle::root(&all));
        prop_assert_eq!(loaded.root(), oracle::root(&all));
    }
}
