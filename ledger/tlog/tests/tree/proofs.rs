//! Proofs: made as the RFC says, believed when right, refused when anything is changed.

use std::convert::Infallible;

use proptest::prelude::*;

use matricula_tlog::merkle::root;
use matricula_tlog::{
    ConsistencyError, Frontier, FrontierLoadError, Hash, InclusionError, LeafIndex, NodeId, NodeSource,
    ProveError, TreeSize, empty_root, prove_consistency, prove_inclusion, verify_consistency,
    verify_inclusion,
};

use crate::oracle::{self, Leaves, flip, leaves, rs_merkle_tree};

/// Every shape of a tree up to six levels occurs below this size.
const EXHAUSTIVE: usize = 66;

fn size(leaves: usize) -> TreeSize {
    TreeSize::new(leaves as u64)
}

fn index(leaf: usize) -> LeafIndex {
    LeafIndex::new(leaf as u64)
}

#[test]
fn inclusion_proofs_are_those_of_the_rfc_and_of_rs_merkle() {
    let all = leaves(EXHAUSTIVE);
    for n in 1..=EXHAUSTIVE {
        let tree = &all[..n];
        let theirs = rs_merkle_tree(tree);
        let root = oracle::root(tree);
        assert_eq!(theirs.root(), Some(*root.as_bytes()));
        for leaf in 0..n {
            let proof = prove_inclusion(index(leaf), size(n), &Leaves(tree)).expect("a leaf of the tree");
            assert_eq!(proof, oracle::inclusion(leaf, tree), "leaf {leaf} of {n}");
            let their_proof: Vec<Hash> =
                theirs.proof(&[leaf]).proof_hashes().iter().map(|hash| Hash::from_bytes(*hash)).collect();
            assert_eq!(proof, their_proof, "leaf {leaf} of {n}");
            assert_eq!(verify_inclusion(tree[leaf], index(leaf), size(n), &proof, root), Ok(()));
        }
    }
}

#[test]
fn consistency_proofs_are_those_of_the_rfc() {
    let all = leaves(EXHAUSTIVE);
    for n in 1..=EXHAUSTIVE {
        let root2 = oracle::root(&all[..n]);
        for m in 1..=n {
            let root1 = oracle::root(&all[..m]);
            let proof = prove_consistency(size(m), size(n), &Leaves(&all[..n])).expect("a smaller tree");
            assert_eq!(proof, oracle::consistency(m, &all[..n]), "from {m} to {n}");
            assert_eq!(verify_consistency(size(m), size(n), &proof, root1, root2), Ok(()));
        }
    }
}

#[test]
fn a_root_from_nodes_is_the_root() {
    let all = leaves(EXHAUSTIVE);
    for n in 0..=EXHAUSTIVE {
        assert_eq!(root(size(n), &Leaves(&all[..n])), Ok(oracle::root(&all[..n])));
    }
}

#[test]
fn a_proof_of_one_leaf_is_no_proof_of_another() {
    let tree = leaves(37);
    let root = oracle::root(&tree);
    for leaf in 0..37 {
        let proof = oracle::inclusion(leaf, &tree);
        for other in (0..37).filter(|other| *other != leaf) {
            assert!(verify_inclusion(tree[other], index(leaf), size(37), &proof, root).is_err());
            assert!(verify_inclusion(tree[leaf], index(other), size(37), &proof, root).is_err());
        }
    }
}

#[test]
fn refuses_a_leaf_outside_the_tree() {
    let (index, size) = (LeafIndex::new(8), TreeSize::new(8));
    let want = InclusionError::IndexOutOfRange { index, size };
    assert_eq!(verify_inclusion(empty_root(), index, size, &[], empty_root()), Err(want));
    let want = ProveError::IndexOutOfRange { index, size };
    assert_eq!(prove_inclusion(index, size, &Leaves(&leaves(8))), Err(want));
}

#[test]
fn refuses_a_shrinking_tree() {
    let (size1, size2) = (TreeSize::new(8), TreeSize::new(7));
    let want = ConsistencyError::SizeShrinks { size1, size2 };
    assert_eq!(verify_consistency(size1, size2, &[], empty_root(), empty_root()), Err(want));
    let want = ProveError::SizeShrinks { size1, size2 };
    assert_eq!(prove_consistency(size1, size2, &Leaves(&leaves(8))), Err(want));
}

#[test]
fn refuses_to_speak_of_consistency_with_the_empty_tree() {
    let tree = leaves(3);
    let root = oracle::root(&tree);
    assert_eq!(
        verify_consistency(size(0), size(3), &[], empty_root(), root),
        Err(ConsistencyError::FromEmptyTree)
    );
    assert_eq!(prove_consistency(size(0), size(3), &Leaves(&tree)), Err(ProveError::FromEmptyTree));
}

#[test]
fn the_empty_tree_is_consistent_with_itself_only_under_its_own_root() {
    assert_eq!(verify_consistency(size(0), size(0), &[], empty_root(), empty_root()), Ok(()));
    let other = leaves(1)[0];
    assert_eq!(
        verify_consistency(size(0), size(0), &[], other, other),
        Err(ConsistencyError::FirstRootMismatch { computed: empty_root(), expected: other })
    );
}

#[test]
fn refuses_proofs_of_any_other_length() {
    let tree = leaves(23);
    let root = oracle::root(&tree);
    let mut proof = oracle::inclusion(20, &tree);
    let want = proof.len();
    proof.push(tree[0]);
    assert_eq!(
        verify_inclusion(tree[20], index(20), size(23), &proof, root),
        Err(InclusionError::WrongLength { got: want + 1, want })
    );
    assert_eq!(
        verify_inclusion(tree[20], index(20), size(23), &proof[..want - 1], root),
        Err(InclusionError::WrongLength { got: want - 1, want })
    );
    let (root1, proof) = (oracle::root(&tree[..13]), oracle::consistency(13, &tree));
    let want = proof.len();
    for got in 0..want {
        assert_eq!(
            verify_consistency(size(13), size(23), &proof[..got], root1, root),
            Err(ConsistencyError::WrongLength { got, want })
        );
    }
}

#[test]
fn a_source_that_gives_too_few_nodes_is_told_off() {
    struct Silent;
    impl NodeSource for Silent {
        type Error = Infallible;
        fn nodes(&self, _: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
            Ok(Vec::new())
        }
    }
    assert_eq!(root(size(3), &Silent), Err(ProveError::WrongNodeCount { got: 0, want: 2 }));
}

#[test]
fn tells_which_root_a_proof_does_not_lead_to() {
    let tree = leaves(23);
    let (root1, root2, other) = (oracle::root(&tree[..13]), oracle::root(&tree), tree[0]);
    let proof = oracle::consistency(13, &tree);
    assert_eq!(
        verify_consistency(size(13), size(23), &proof, other, root2),
        Err(ConsistencyError::FirstRootMismatch { computed: root1, expected: other })
    );
    assert_eq!(
        verify_consistency(size(13), size(23), &proof, root1, other),
        Err(ConsistencyError::SecondRootMismatch { computed: root2, expected: other })
    );
    assert_eq!(
        verify_consistency(size(13), size(13), &[], root1, other),
        Err(ConsistencyError::SecondRootMismatch { computed: root1, expected: other })
    );
    let path = oracle::inclusion(9, &tree);
    assert_eq!(
        verify_inclusion(tree[9], index(9), size(23), &path, other),
        Err(InclusionError::RootMismatch { computed: root2, expected: other })
    );
}

#[test]
fn what_ails_the_source_is_passed_on() {
    struct Lost;
    impl NodeSource for Lost {
        type Error = &'static str;
        fn nodes(&self, _: &[NodeId]) -> Result<Vec<Hash>, &'static str> {
            Err("lost")
        }
    }
    assert_eq!(prove_inclusion(index(1), size(9), &Lost), Err(ProveError::Source("lost")));
    assert_eq!(prove_consistency(size(3), size(9), &Lost), Err(ProveError::Source("lost")));
    assert_eq!(Frontier::load(size(9), &Lost), Err(FrontierLoadError::Source("lost")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_flipped_bit_of_an_inclusion_proof_is_refused(n in 2usize..300, pick in any::<prop::sample::Index>()) {
        let tree = leaves(n);
        let leaf = pick.index(n);
        let root = oracle::root(&tree);
        let proof = prove_inclusion(index(leaf), size(n), &Leaves(&tree)).expect("a leaf of the tree");
        for bit in 0..256 {
            for position in 0..proof.len() {
                let mut forged = proof.clone();
                forged[position] = flip(&forged[position], bit);
                prop_assert!(verify_inclusion(tree[leaf], index(leaf), size(n), &forged, root).is_err());
            }
            prop_assert!(verify_inclusion(flip(&tree[leaf], bit), index(leaf), size(n), &proof, root).is_err());
            prop_assert!(verify_inclusion(tree[leaf], index(leaf), size(n), &proof, flip(&root, bit)).is_err());
        }
    }

    #[test]
    fn every_flipped_bit_of_a_consistency_proof_is_refused(n in 2usize..300, pick in any::<prop::sample::Index>()) {
        let tree = leaves(n);
        let m = 1 + pick.index(n - 1);
        let (root1, root2) = (oracle::root(&tree[..m]), oracle::root(&tree));
        let proof = prove_consistency(size(m), size(n), &Leaves(&tree)).expect("a smaller tree");
        for bit in 0..256 {
            for position in 0..proof.len() {
                let mut forged = proof.clone();
                forged[position] = flip(&forged[position], bit);
                prop_assert!(verify_consistency(size(m), size(n), &forged, root1, root2).is_err());
            }
            prop_assert!(verify_consistency(size(m), size(n), &proof, flip(&root1, bit), root2).is_err());
            prop_assert!(verify_consistency(size(m), size(n), &proof, root1, flip(&root2, bit)).is_err());
        }
    }

    #[test]
    fn larger_trees_agree_with_rs_merkle(n in 1usize..3000, pick in any::<prop::sample::Index>()) {
        let tree = leaves(n);
        let leaf = pick.index(n);
        let theirs = rs_merkle_tree(&tree);
        let root = Hash::from_bytes(theirs.root().expect("a tree with leaves"));
        let proof = prove_inclusion(index(leaf), size(n), &Leaves(&tree)).expect("a leaf of the tree");
        prop_assert_eq!(oracle::root(&tree), root);
        prop_assert_eq!(verify_inclusion(tree[leaf], index(leaf), size(n), &proof, root), Ok(()));
        let bytes: Vec<[u8; 32]> = proof.iter().map(|hash| *hash.as_bytes()).collect();
        prop_assert!(theirs.proof(&[leaf]).proof_hashes() == bytes.as_slice());
    }
}
