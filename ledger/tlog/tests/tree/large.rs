//! Trees that nobody can store: entries repeat every 1,024, so every node of a tree of any size is known.

use std::cell::Cell;
use std::convert::Infallible;

use matricula_tlog::merkle::root;
use matricula_tlog::{
    Hash, LeafIndex, NodeId, NodeSource, TreeSize, node_hash, prove_consistency, prove_inclusion,
    verify_consistency, verify_inclusion,
};

use crate::oracle::leaves;

const PERIOD_LEVEL: usize = 10;

/// The nodes of one period by level and index, and above it one hash a level, the same for every index.
struct Periodic {
    levels: Vec<Vec<Hash>>,
    asked: Cell<usize>,
}

impl Periodic {
    fn new() -> Self {
        let mut levels = vec![leaves(1 << PERIOD_LEVEL)];
        for level in 0..63 {
            let below: &Vec<Hash> = &levels[level];
            let row = match below.as_slice() {
                [all_alike] => vec![node_hash(all_alike, all_alike)],
                pairs => pairs.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect(),
            };
            levels.push(row);
        }
        Self { levels, asked: Cell::new(0) }
    }

    fn leaf(&self, index: u64) -> Hash {
        self.levels[0][index as usize % (1 << PERIOD_LEVEL)]
    }
}

impl NodeSource for Periodic {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        self.asked.set(self.asked.get() + ids.len());
        let node = |id: &NodeId| {
            let row = &self.levels[usize::from(id.level())];
            row[(id.index() % row.len() as u64) as usize]
        };
        Ok(ids.iter().map(node).collect())
    }
}

#[test]
fn a_billion_entries_are_proven_from_a_few_dozen_nodes() {
    let source = Periodic::new();
    for size in [1_000_000_000, (1 << 30) - 1, 1 << 30, (1 << 30) + 1] {
        let size = TreeSize::new(size);
        let root = root(size, &source).expect("nodes of every tree");
        for index in [0, 1, 123_456_789, 536_870_911, 536_870_912, 999_999_998, 999_999_999] {
            let before = source.asked.get();
            let proof = prove_inclusion(LeafIndex::new(index), size, &source).expect("a leaf of the tree");
            assert!(proof.len() <= 31);
            assert!(source.asked.get() - before <= 60);
            let leaf = source.leaf(index);
            assert_eq!(verify_inclusion(leaf, LeafIndex::new(index), size, &proof, root), Ok(()));
            let wrong = source.leaf(index + 1);
            assert!(verify_inclusion(wrong, LeafIndex::new(index), size, &proof, root).is_err());
        }
    }
}

#[test]
fn growth_to_a_billion_entries_is_proven() {
    let source = Periodic::new();
    let size2 = TreeSize::new(1_000_000_000);
    let root2 = root(size2, &source).expect("nodes of every tree");
    for size1 in [1, 2, 3, 255, 256, 1_000_000, 536_870_912, 999_999_999] {
        let size1 = TreeSize::new(size1);
        let root1 = root(size1, &source).expect("nodes of every tree");
        let proof = prove_consistency(size1, size2, &source).expect("a smaller tree");
        assert!(proof.len() <= 31);
        assert_eq!(verify_consistency(size1, size2, &proof, root1, root2), Ok(()));
        assert!(verify_consistency(size1, size2, &proof, root2, root2).is_err());
    }
}

#[test]
fn the_largest_sizes_do_not_overflow() {
    let source = Periodic::new();
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1] {
        let (size, last) = (TreeSize::new(size), LeafIndex::new(size - 1));
        let root = root(size, &source).expect("nodes of every tree");
        for index in [LeafIndex::new(0), LeafIndex::new(1 << 62), last] {
            let proof = prove_inclusion(index, size, &source).expect("a leaf of the tree");
            assert_eq!(verify_inclusion(source.leaf(index.get()), index, size, &proof, root), Ok(()));
        }
        let half = TreeSize::new(size.get() / 2);
        let proof = prove_consistency(half, size, &source).expect("a smaller tree");
        let half_root = self::root(half, &source).expect("nodes of every tree");
        assert_eq!(verify_consistency(half, size, &proof, half_root, root), Ok(()));
    }
}
