//! Subtrees: proofs as the draft makes them, believed when right, refused when anything is changed.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use matricula_tlog::{
    Frontier, Hash, LeafIndex, NodeId, NodeSource, ProveError, Subtree, SubtreeConsistencyError,
    SubtreeError, TreeSize, leaf_hash, prove_consistency, prove_inclusion, prove_subtree, subtree_hash,
    verify_subtree,
};

use crate::oracle::{self, Leaves, flip, leaves};

/// The draft's own accumulated vectors go up to here.
const EXHAUSTIVE: usize = 130;

fn size(leaves: usize) -> TreeSize {
    TreeSize::new(leaves as u64)
}

fn subtree(start: usize, end: usize) -> Result<Subtree, SubtreeError> {
    Subtree::new(LeafIndex::new(start as u64), size(end))
}

/// The draft's definition, word for word.
fn is_subtree(start: usize, end: usize) -> bool {
    start <= end && start.is_multiple_of((end - start).next_power_of_two())
}

/// SUBTREE_PROOF of the draft's §4.4.1.
fn oracle_proof(start: usize, end: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if (start, end) == (0, leaves.len()) {
        return if is_known { Vec::new() } else { vec![oracle::root(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if end <= k {
        (oracle_proof(start, end, left, is_known), oracle::root(right))
    } else if k <= start {
        (oracle_proof(start - k, end - k, right, is_known), oracle::root(left))
    } else {
        (oracle_proof(0, end - k, right, false), oracle::root(left))
    };
    proof.push(sibling);
    proof
}

/// All complete nodes of a tree, each hashed once.
struct Nodes(BTreeMap<NodeId, Hash>);

impl NodeSource for Nodes {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        Ok(ids.iter().map(|id| self.0[id]).collect())
    }
}

fn every_node(leaves: &[Hash]) -> Nodes {
    let (mut tree, mut nodes) = (Frontier::new(), BTreeMap::new());
    for leaf in leaves {
        tree.push_with(*leaf, |id, hash| assert_eq!(nodes.insert(id, hash), None));
    }
    Nodes(nodes)
}

fn every_subtree(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..=n).flat_map(|end| (0..=end).map(move |start| (start, end))).filter(|(s, e)| is_subtree(*s, *e))
}

#[test]
fn proofs_and_hashes_are_those_of_the_draft_s_accumulated_vectors() {
    let tree: Vec<Hash> = (0..EXHAUSTIVE).map(|value| leaf_hash(&[value as u8])).collect();
    let hex = |hash: &Hash| HEXLOWER.encode(hash.as_bytes());
    let mut hashes = String::new();
    for (start, end) in every_subtree(EXHAUSTIVE) {
        let hash = subtree_hash(tree[start..end].iter().copied());
        writeln!(hashes, "[{start}, {end}) {}", hex(&hash)).expect("a string takes it");
    }
    let accumulated = HEXLOWER.encode(&Sha256::digest(&hashes));
    assert_eq!(accumulated, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
    let nodes = every_node(&tree);
    let mut proofs = String::new();
    for n in 0..=EXHAUSTIVE {
        for (start, end) in every_subtree(n) {
            let proof = match subtree(start, end) {
                Ok(subtree) => prove_subtree(subtree, size(n), &nodes).expect("a subtree of it"),
                Err(error) => {
                    assert_eq!(error, SubtreeError::Empty { start: start as u64, end: end as u64 });
                    Vec::new()
                }
            };
            write!(proofs, "[{start}, {end}) {n}").expect("a string takes it");
            proof.iter().for_each(|hash| write!(proofs, " {}", hex(hash)).expect("a string takes it"));
            proofs.push('\n');
        }
    }
    let accumulated = HEXLOWER.encode(&Sha256::digest(&proofs));
    assert_eq!(accumulated, "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74");
}

#[test]
fn every_subtree_of_small_trees_is_proven_as_by_the_oracle_and_verifies() {
    let all = leaves(82);
    for n in 1..=all.len() {
        let tree = &all[..n];
        let root = oracle::root(tree);
        for (start, end) in every_subtree(n).filter(|(start, end)| start < end) {
            let range = subtree(start, end).expect("a subtree");
            let hash = subtree_hash(tree[start..end].iter().copied());
            assert_eq!(hash, oracle::root(&tree[start..end]));
            let proof = prove_subtree(range, size(n), &Leaves(tree)).expect("a subtree of the tree");
            assert_eq!(proof, oracle_proof(start, end, tree, true), "{range} of {n}");
            assert_eq!(verify_subtree(range, size(n), &proof, hash, root), Ok(()), "{range} of {n}");
            refuses_twins(range, n, &proof, hash, root);
        }
    }
}

/// Another hash, another root, a hash more or less, and no hash at all are refused, each with its error.
fn refuses_twins(range: Subtree, n: usize, proof: &[Hash], hash: Hash, root: Hash) {
    let verify = |proof: &[Hash], hash, root| verify_subtree(range, size(n), proof, hash, root);
    let is_mismatch = |result| {
        matches!(
            result,
            Err(SubtreeConsistencyError::SubtreeMismatch { .. }
                | SubtreeConsistencyError::RootMismatch { .. })
        )
    };
    assert!(is_mismatch(verify(proof, flip(&hash, 77), root)), "{range} of {n}");
    assert!(is_mismatch(verify(proof, hash, flip(&root, 3))), "{range} of {n}");
    for position in 0..proof.len() {
        let mut forged = proof.to_vec();
        forged[position] = flip(&forged[position], position);
        assert!(is_mismatch(verify(&forged, hash, root)), "hash {position}, {range} of {n}");
    }
    let longer = [proof, &[hash]].concat();
    let (got, want) = (longer.len(), proof.len());
    assert_eq!(verify(&longer, hash, root), Err(SubtreeConsistencyError::WrongLength { got, want }));
    if let Some((_, shorter)) = proof.split_last() {
        let got = shorter.len();
        assert_eq!(verify(shorter, hash, root), Err(SubtreeConsistencyError::WrongLength { got, want }));
    }
}

#[test]
fn only_what_the_draft_calls_a_subtree_is_one() {
    for end in 0..=140 {
        for start in 0..=140 {
            let got = subtree(start, end);
            let (start_leaf, end_leaf) = (start as u64, end as u64);
            if start >= end {
                assert_eq!(got, Err(SubtreeError::Empty { start: start_leaf, end: end_leaf }));
            } else if is_subtree(start, end) {
                assert!(got.is_ok(), "[{start}, {end})");
            } else {
                assert_eq!(got, Err(SubtreeError::Misaligned { start: start_leaf, end: end_leaf }));
            }
        }
    }
}

#[test]
fn subtrees_at_the_end_of_64_bits_do_not_overflow() {
    let at = |start, end| Subtree::new(LeafIndex::new(start), TreeSize::new(end));
    assert!(at(0, u64::MAX).is_ok());
    assert!(at(1 << 63, u64::MAX).is_ok());
    assert!(at(u64::MAX - 1, u64::MAX).is_ok());
    assert_eq!(at(1, u64::MAX), Err(SubtreeError::Misaligned { start: 1, end: u64::MAX }));
    let half = at(1 << 63, u64::MAX).expect("a subtree");
    let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
    let root = matricula_tlog::node_hash(&left, &right);
    assert_eq!(verify_subtree(half, TreeSize::new(u64::MAX), &[left], right, root), Ok(()));
    let swapped = matricula_tlog::node_hash(&right, &left);
    assert_eq!(
        verify_subtree(half, TreeSize::new(u64::MAX), &[left], right, swapped),
        Err(SubtreeConsistencyError::RootMismatch { computed: root, expected: swapped })
    );
}

#[test]
fn a_subtree_beyond_the_tree_is_refused() {
    let tree = leaves(20);
    let range = subtree(16, 24).expect("a subtree");
    assert_eq!(
        verify_subtree(range, size(20), &[], tree[0], tree[1]),
        Err(SubtreeConsistencyError::BeyondTree { subtree: range, size: size(20) })
    );
    assert_eq!(
        prove_subtree(range, size(20), &Leaves(&tree)),
        Err(ProveError::SizeShrinks { size1: size(24), size2: size(20) })
    );
}

#[test]
fn a_proof_of_one_subtree_is_no_proof_of_another() {
    let tree = leaves(45);
    let root = oracle::root(&tree);
    let subtrees: Vec<_> = every_subtree(45).filter(|(start, end)| start < end).collect();
    for (start, end) in &subtrees {
        let proof = oracle_proof(*start, *end, &tree, true);
        let hash = oracle::root(&tree[*start..*end]);
        for (other_start, other_end) in subtrees.iter().filter(|other| **other != (*start, *end)) {
            let other = subtree(*other_start, *other_end).expect("a subtree");
            assert!(verify_subtree(other, size(45), &proof, hash, root).is_err(), "{start} {end} {other}");
        }
    }
}

proptest! {
    /// Beyond what fits in an exhaustive test: packages of 256 in trees of thousands of leaves.
    #[test]
    fn packages_of_large_trees_verify_and_forged_ones_do_not(
        n in 1usize..3000, package in any::<prop::sample::Index>(), cut in 0usize..256, bit in 0usize..256,
        position in any::<prop::sample::Index>(),
    ) {
        let tree = leaves(n);
        let start = package.index(n.div_ceil(256)) * 256;
        let end = n.min(start + 256 - cut);
        let range = subtree(start, end).expect("a start at a multiple of 256");
        let root = oracle::root(&tree);
        let hash = oracle::root(&tree[start..end]);
        let proof = prove_subtree(range, size(n), &Leaves(&tree)).expect("a subtree of it");
        prop_assert_eq!(&proof, &oracle_proof(start, end, &tree, true));
        prop_assert_eq!(verify_subtree(range, size(n), &proof, hash, root), Ok(()));
        let mut forged = tree[start..end].to_vec();
        let leaf = position.index(forged.len());
        forged[leaf] = flip(&forged[leaf], bit);
        let forged = subtree_hash(forged);
        prop_assert!(verify_subtree(range, size(n), &proof, forged, root).is_err());
    }

    #[test]
    fn a_prefix_is_a_consistency_proof_and_a_leaf_an_inclusion_proof(n in 1usize..400, at in any::<prop::sample::Index>()) {
        let tree = leaves(n);
        let leaf = at.index(n);
        let prefix = subtree(0, leaf + 1).expect("a prefix");
        prop_assert_eq!(
            prove_subtree(prefix, size(n), &Leaves(&tree)),
            prove_consistency(size(leaf + 1), size(n), &Leaves(&tree))
        );
        let single = subtree(leaf, leaf + 1).expect("a leaf");
        let inclusion = prove_inclusion(LeafIndex::new(leaf as u64), size(n), &Leaves(&tree));
        prop_assert_eq!(prove_subtree(single, size(n), &Leaves(&tree)), inclusion);
    }
}
