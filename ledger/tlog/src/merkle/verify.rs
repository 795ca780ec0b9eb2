//! Checking inclusion and consistency proofs. Nothing here allocates.

use super::{empty_root, node_hash};
use crate::{Hash, LeafIndex, TreeSize};

/// Why a leaf is not proven to be in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The tree is too small to have such a leaf.
    #[error("leaf {index} is not in a tree of {size}")]
    IndexOutOfRange {
        /// The leaf asked about.
        index: LeafIndex,
        /// Leaves in the tree.
        size: TreeSize,
    },
    /// A proof for this leaf in a tree of this size has exactly `want` hashes.
    #[error("the inclusion proof has {got} hashes instead of {want}")]
    WrongLength {
        /// Hashes in the proof.
        got: usize,
        /// Hashes it must have.
        want: usize,
    },
    /// The proof leads to another root.
    #[error("the inclusion proof leads to the root {computed}, not to {expected}")]
    RootMismatch {
        /// The root that leaf and proof hash to.
        computed: Hash,
        /// The root of the tree.
        expected: Hash,
    },
}

/// Why a tree is not proven to be a prefix of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// The second tree is the smaller one.
    #[error("a tree of {size1} cannot be a prefix of a tree of {size2}")]
    SizeShrinks {
        /// Leaves in the first tree.
        size1: TreeSize,
        /// Leaves in the second tree.
        size2: TreeSize,
    },
    /// The first tree is empty and the second is not: every tree extends it, so a proof has nothing to say.
    #[error("there is no consistency proof from the empty tree")]
    FromEmptyTree,
    /// A proof between trees of these sizes has exactly `want` hashes.
    #[error("the consistency proof has {got} hashes instead of {want}")]
    WrongLength {
        /// Hashes in the proof.
        got: usize,
        /// Hashes it must have.
        want: usize,
    },
    /// The proof leads to another root of the first tree.
    #[error("the consistency proof leads to the first root {computed}, not to {expected}")]
    FirstRootMismatch {
        /// The root that the proof hashes to.
        computed: Hash,
        /// The root of the first tree.
        expected: Hash,
    },
    /// The proof leads to another root of the second tree.
    #[error("the consistency proof leads to the second root {computed}, not to {expected}")]
    SecondRootMismatch {
        /// The root that the proof hashes to.
        computed: Hash,
        /// The root of the second tree.
        expected: Hash,
    },
}

/// Checks that the leaf at `index` of the tree with `size` leaves and root hash `root` has the leaf hash `leaf`.
///
/// `proof` goes from the leaf's sibling up to a child of the root.
///
/// SPEC: RFC 6962 §2.1.1.
pub fn verify_inclusion(
    leaf: Hash,
    index: LeafIndex,
    size: TreeSize,
    proof: &[Hash],
    root: Hash,
) -> Result<(), InclusionError> {
    if index.get() >= size.get() {
        return Err(InclusionError::IndexOutOfRange { index, size });
    }
    let shape = PathShape::new(index.get(), size.get() - 1);
    if proof.len() != shape.len() {
        return Err(InclusionError::WrongLength { got: proof.len(), want: shape.len() });
    }
    let (inner, border) = proof.split_at(shape.inner);
    let computed = climb_left_edge(climb(leaf, index.get(), inner), border);
    if computed == root { Ok(()) } else { Err(InclusionError::RootMismatch { computed, expected: root }) }
}

/// Checks that the tree with `size1` leaves and root `root1` is a prefix of the tree with `size2` and `root2`.
///
/// Between equal sizes the proof is empty and the roots are the same. From the empty tree to another there is no proof,
/// and an answer that looks like one must not be believed, so that is an error.
///
/// SPEC: RFC 6962 §2.1.2.
pub fn verify_consistency(
    size1: TreeSize,
    size2: TreeSize,
    proof: &[Hash],
    root1: Hash,
    root2: Hash,
) -> Result<(), ConsistencyError> {
    let (old, new) = (size1.get(), size2.get());
    if old > new {
        return Err(ConsistencyError::SizeShrinks { size1, size2 });
    }
    if old == new {
        return verify_same_tree(size1, proof, root1, root2);
    }
    if old == 0 {
        return Err(ConsistencyError::FromEmptyTree);
    }
    // The last complete subtree of the old tree is where both trees' hashes are built from.
    let level = old.trailing_zeros();
    let last = (old >> level) - 1;
    let shape = PathShape::new(last, (new - 1) >> level);
    // When the old tree is that subtree its root is known, and the proof leaves it out.
    let (seed, path) = match proof.split_first() {
        _ if last == 0 => (root1, proof),
        Some((seed, path)) => (*seed, path),
        None => (root1, proof),
    };
    let seed_hashes = usize::from(last != 0);
    if proof.len() != shape.len() + seed_hashes {
        return Err(ConsistencyError::WrongLength { got: proof.len(), want: shape.len() + seed_hashes });
    }
    let (inner, border) = path.split_at(shape.inner);
    check_first(climb_left_edge(climb_left_siblings(seed, last, inner), border), root1)?;
    check_second(climb_left_edge(climb(seed, last, inner), border), root2)
}

/// Equal sizes: nothing to prove, so nothing may be given, and the roots agree.
fn verify_same_tree(
    size: TreeSize,
    proof: &[Hash],
    root1: Hash,
    root2: Hash,
) -> Result<(), ConsistencyError> {
    if !proof.is_empty() {
        return Err(ConsistencyError::WrongLength { got: proof.len(), want: 0 });
    }
    if size.get() == 0 {
        check_first(empty_root(), root1)?;
    }
    check_second(root1, root2)
}

fn check_first(computed: Hash, expected: Hash) -> Result<(), ConsistencyError> {
    if computed == expected {
        Ok(())
    } else {
        Err(ConsistencyError::FirstRootMismatch { computed, expected })
    }
}

fn check_second(computed: Hash, expected: Hash) -> Result<(), ConsistencyError> {
    if computed == expected {
        Ok(())
    } else {
        Err(ConsistencyError::SecondRootMismatch { computed, expected })
    }
}

/// How many hashes a path has below and above the point where it joins the right edge of the tree.
pub(super) struct PathShape {
    /// Up to and including the level where the node's subtree and the last leaf's meet: siblings on either side.
    pub(super) inner: usize,
    /// Above it the path runs along the right edge, where only left siblings exist.
    border: usize,
}

impl PathShape {
    /// For the node `index` in a row whose last (perhaps incomplete) node is `last`.
    pub(super) fn new(index: u64, last: u64) -> Self {
        let inner = 64 - (index ^ last).leading_zeros();
        let above = index.checked_shr(inner).unwrap_or(0);
        Self { inner: inner as usize, border: above.count_ones() as usize }
    }

    pub(super) fn len(&self) -> usize {
        self.inner + self.border
    }
}

/// Hashes upwards with siblings on the side that the bits of `index` tell.
pub(super) fn climb(seed: Hash, index: u64, siblings: &[Hash]) -> Hash {
    siblings.iter().enumerate().fold(seed, |node, (level, sibling)| {
        if index >> level & 1 == 0 { node_hash(&node, sibling) } else { node_hash(sibling, &node) }
    })
}

/// The same, leaving out the siblings on the right: they are not in the older tree.
fn climb_left_siblings(seed: Hash, index: u64, siblings: &[Hash]) -> Hash {
    siblings
        .iter()
        .enumerate()
        .filter(|(level, _)| index >> level & 1 == 1)
        .fold(seed, |node, (_, sibling)| node_hash(sibling, &node))
}

pub(super) fn climb_left_edge(seed: Hash, siblings: &[Hash]) -> Hash {
    siblings.iter().fold(seed, |node, sibling| node_hash(sibling, &node))
}
