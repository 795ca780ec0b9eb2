//! RFC 6962 trees: hashing, proving, verifying, growing.
//!
//! SPEC: RFC 6962 §2.1. The functions here never see entries, only leaf hashes and complete subtrees, so that a tree of
//! any size is worked with through the few hashes that matter.

use sha2::{Digest, Sha256};

use crate::Hash;

mod frontier;
mod node;
mod prove;
mod subtree;
mod verify;

pub use frontier::{FRONTIER_SIZE_MAX, Frontier, FrontierError, FrontierLoadError};
pub use node::{NodeId, NodeIdError, NodeSource, complete_subtrees};
pub use prove::{ProveError, prove_consistency, prove_inclusion, root};
pub use subtree::{
    Subtree, SubtreeConsistencyError, SubtreeError, prove_subtree, subtree_hash, verify_subtree,
};
pub use verify::{ConsistencyError, InclusionError, verify_consistency, verify_inclusion};

/// Most hashes a proof may have: the path of a leaf in a tree of 2^63 entries.
pub const PROOF_HASHES_MAX: usize = 63;

const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

/// The leaf hash of an entry: SHA-256(00 ‖ entry).
///
/// SPEC: RFC 6962 §2.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let digest = Sha256::new().chain_update([LEAF_PREFIX]).chain_update(entry).finalize();
    Hash::from_bytes(digest.into())
}

/// The hash of an interior node: SHA-256(01 ‖ left ‖ right).
///
/// SPEC: RFC 6962 §2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut preimage = [NODE_PREFIX; 65];
    preimage[1..33].copy_from_slice(left.as_bytes());
    preimage[33..].copy_from_slice(right.as_bytes());
    Hash::from_bytes(Sha256::digest(preimage).into())
}

/// The root of the tree without leaves: SHA-256 of nothing.
///
/// SPEC: RFC 6962 §2.1.
pub fn empty_root() -> Hash {
    Hash::from_bytes(Sha256::digest([]).into())
}

/// Folds the roots of adjacent subtrees, given from left to right, the way an RFC 6962 tree nests them: the last two
/// first. `None` when there are none.
fn fold_from_right(subtrees: &[Hash]) -> Option<Hash> {
    let (last, others) = subtrees.split_last()?;
    Some(others.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}
