//! RFC 6962 §2.1 word for word, slow and obvious; and the same by `rs_merkle`.

use std::convert::Infallible;

use rs_merkle::{Hasher, MerkleTree};

use matricula_tlog::{Hash, NodeId, NodeSource, empty_root, leaf_hash, node_hash};

/// Leaf hashes of entries that are all different.
pub fn leaves(size: usize) -> Vec<Hash> {
    (0..size).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

/// MTH of §2.1.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = split(leaves);
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH of §2.1.1.
pub fn inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = split(leaves);
    let (mut path, sibling) = if index < left.len() {
        (inclusion(index, left), root(right))
    } else {
        (inclusion(index - left.len(), right), root(left))
    };
    path.push(sibling);
    path
}

/// PROOF of §2.1.2.
pub fn consistency(size: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(size, leaves, true)
}

fn subproof(size: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if size == leaves.len() {
        return if is_known { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = split(leaves);
    let (mut proof, sibling) = if size <= left.len() {
        (subproof(size, left, is_known), root(right))
    } else {
        (subproof(size - left.len(), right, false), root(left))
    };
    proof.push(sibling);
    proof
}

fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

/// All nodes, computed on demand from the leaves.
pub struct Leaves<'l>(pub &'l [Hash]);

impl NodeSource for Leaves<'_> {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        let node = |id: &NodeId| {
            let width = 1usize << id.level();
            let first = id.index() as usize * width;
            root(&self.0[first..first + width])
        };
        Ok(ids.iter().map(node).collect())
    }
}

/// The hasher that makes `rs_merkle` an RFC 6962 tree: nodes have a prefix of their own.
#[derive(Clone)]
pub struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        *leaf_hash(data).as_bytes()
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        match right {
            Some(right) => *node_hash(&Hash::from_bytes(*left), &Hash::from_bytes(*right)).as_bytes(),
            None => *left,
        }
    }
}

/// The same tree in `rs_merkle`.
pub fn rs_merkle_tree(leaves: &[Hash]) -> MerkleTree<Rfc6962> {
    let leaves: Vec<[u8; 32]> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
    MerkleTree::from_leaves(&leaves)
}

/// The hash with one bit flipped.
pub fn flip(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}
