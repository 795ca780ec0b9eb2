//! Subtrees: intervals of leaves that hash like a tree of their own and are efficiently shown to be part of a larger one.
//!
//! SPEC: draft-ietf-plants-merkle-tree-certs §4.1 and §4.4
//! <https://datatracker.ietf.org/doc/html/draft-ietf-plants-merkle-tree-certs>. The draft also has empty subtrees, whose
//! proof holds in every tree and so says nothing: they are no value of [`Subtree`].

use core::fmt;

use super::prove::ProofPlan;
use super::verify::{PathShape, climb, climb_left_edge};
use super::{Frontier, NodeId, NodeSource, ProveError, node_hash, prove_consistency, verify_consistency};
use crate::{ConsistencyError, Hash, LeafIndex, TreeSize};

/// The leaves from `start` to before `end`, where `start` is a multiple of the smallest power of two that is not less
/// than their number. Never empty.
///
/// SPEC: draft-ietf-plants-merkle-tree-certs §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    start: u64,
    end: u64,
}

/// Why two numbers are not the ends of a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubtreeError {
    /// No leaf is in it.
    #[error("a subtree from {start} to {end} has no leaf")]
    Empty {
        /// The first leaf.
        start: u64,
        /// One more than the last leaf.
        end: u64,
    },
    /// A tree has no node from which all these leaves and no others to the left hang.
    #[error("leaf {start} is no start of a subtree that ends before {end}")]
    Misaligned {
        /// The first leaf.
        start: u64,
        /// One more than the last leaf.
        end: u64,
    },
}

/// Why a subtree is not proven to be part of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubtreeConsistencyError {
    /// The tree ends before the subtree does.
    #[error("the subtree {subtree} is not in a tree of {size}")]
    BeyondTree {
        /// The subtree.
        subtree: Subtree,
        /// Leaves in the tree.
        size: TreeSize,
    },
    /// A proof for this subtree in a tree of this size has exactly `want` hashes.
    #[error("the subtree consistency proof has {got} hashes instead of {want}")]
    WrongLength {
        /// Hashes in the proof.
        got: usize,
        /// Hashes it must have.
        want: usize,
    },
    /// The proof leads to another hash of the subtree.
    #[error("the proof leads to the subtree hash {computed}, not to {expected}")]
    SubtreeMismatch {
        /// The hash that the proof leads to.
        computed: Hash,
        /// The hash of the subtree.
        expected: Hash,
    },
    /// The proof leads to another root of the tree.
    #[error("the proof leads to the root {computed}, not to {expected}")]
    RootMismatch {
        /// The root that the proof leads to.
        computed: Hash,
        /// The root of the tree.
        expected: Hash,
    },
}

impl Subtree {
    /// The subtree of the leaves from `start` to before `end`.
    pub const fn new(start: LeafIndex, end: TreeSize) -> Result<Self, SubtreeError> {
        let (start, end) = (start.get(), end.get());
        if start >= end {
            return Err(SubtreeError::Empty { start, end });
        }
        // From 0 every interval is one; from elsewhere its smallest power of two must divide the start.
        match (end - start).checked_next_power_of_two() {
            _ if start == 0 => Ok(Self { start, end }),
            Some(width) if start.is_multiple_of(width) => Ok(Self { start, end }),
            _ => Err(SubtreeError::Misaligned { start, end }),
        }
    }

    /// The first leaf.
    pub const fn start(self) -> LeafIndex {
        LeafIndex::new(self.start)
    }

    /// One more than the last leaf.
    pub const fn end(self) -> TreeSize {
        TreeSize::new(self.end)
    }

    /// How many leaves it has: at least one.
    pub const fn leaves(self) -> u64 {
        self.end - self.start
    }

    /// How many levels above the leaves its root is: it has more than half of 2^height leaves. At most 63 unless it
    /// starts at 0.
    const fn height(self) -> u32 {
        64 - (self.start ^ (self.end - 1)).leading_zeros()
    }
}

impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

/// The hash of a subtree with these leaf hashes: the root of the tree that has them alone.
///
/// SPEC: draft-ietf-plants-merkle-tree-certs §4.1.
pub fn subtree_hash(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut tree = Frontier::new();
    leaves.into_iter().for_each(|leaf| tree.push(leaf));
    tree.root()
}

/// The proof that a subtree is part of the tree of the first `size` leaves.
///
/// From leaf 0 on it is a consistency proof; of a single leaf it is an inclusion proof. Asks the source once, for about
/// log2(size) nodes. SPEC: draft-ietf-plants-merkle-tree-certs §4.4.1.
pub fn prove_subtree<S: NodeSource>(
    subtree: Subtree,
    size: TreeSize,
    source: &S,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    if subtree.end > size.get() {
        return Err(ProveError::SizeShrinks { size1: subtree.end(), size2: size });
    }
    if subtree.start == 0 {
        return prove_consistency(subtree.end(), size, source);
    }
    let climb = SubtreeClimb::new(subtree, size);
    let last = NodeId::within(climb.level, climb.last);
    let mut plan = ProofPlan::default();
    if !climb.is_known {
        plan.ids.push(last);
    }
    plan.add_path(last, size.get());
    plan.carry_out(source)
}

/// Checks that a subtree with the hash `hash` is part of the tree with `size` leaves and the root `root`.
///
/// SPEC: draft-ietf-plants-merkle-tree-certs §4.4.3.
pub fn verify_subtree(
    subtree: Subtree,
    size: TreeSize,
    proof: &[Hash],
    hash: Hash,
    root: Hash,
) -> Result<(), SubtreeConsistencyError> {
    if subtree.end > size.get() {
        return Err(SubtreeConsistencyError::BeyondTree { subtree, size });
    }
    if subtree.start == 0 {
        return verify_consistency(subtree.end(), size, proof, hash, root)
            .map_err(|error| of_prefix(error, subtree, size));
    }
    let climb = SubtreeClimb::new(subtree, size);
    let want = climb.shape.len() + usize::from(!climb.is_known);
    if proof.len() != want {
        return Err(SubtreeConsistencyError::WrongLength { got: proof.len(), want });
    }
    let (seed, path) = match proof.split_first() {
        Some((seed, path)) if !climb.is_known => (*seed, path),
        _ => (hash, proof),
    };
    let (computed_hash, computed_root) = climb.hash_upwards(seed, path);
    if computed_hash != hash {
        return Err(SubtreeConsistencyError::SubtreeMismatch { computed: computed_hash, expected: hash });
    }
    if computed_root != root {
        return Err(SubtreeConsistencyError::RootMismatch { computed: computed_root, expected: root });
    }
    Ok(())
}

/// The way from the last node that subtree and tree have in common, up to both their roots. For subtrees that do not
/// start at leaf 0.
struct SubtreeClimb {
    /// Level of that node.
    level: u8,
    /// Its index there.
    last: u64,
    /// Levels from there to the root of the subtree: below, left siblings are in the subtree too.
    levels_within: u32,
    /// Whether that node is the root of the subtree, so that a verifier knows its hash.
    is_known: bool,
    shape: PathShape,
}

impl SubtreeClimb {
    fn new(subtree: Subtree, size: TreeSize) -> Self {
        let height = subtree.height();
        // The right edge of a subtree that ends where the tree ends is the tree's own.
        let level = if subtree.end == size.get() { height } else { subtree.end.trailing_zeros().min(height) };
        let last = (subtree.end - 1) >> level;
        Self {
            level: level as u8,
            last,
            levels_within: height - level,
            is_known: level == height,
            shape: PathShape::new(last, (size.get() - 1) >> level),
        }
    }

    /// The hashes of the subtree and of the tree, from that of the common node and the siblings above it.
    fn hash_upwards(&self, seed: Hash, path: &[Hash]) -> (Hash, Hash) {
        let (inner, border) = path.split_at(self.shape.inner);
        let root = climb_left_edge(climb(seed, self.last, inner), border);
        // What stands at each level above the node, as far as it is a left sibling.
        let in_inner = (0u32..).zip(inner).filter(|(level, _)| self.last >> level & 1 == 1);
        let above = (self.shape.inner as u32..64).filter(|level| self.last >> level & 1 == 1).zip(border);
        let within = in_inner.chain(above).take_while(|(level, _)| *level < self.levels_within);
        let hash = within.fold(seed, |node, (_, sibling)| node_hash(sibling, &node));
        (hash, root)
    }
}

/// A subtree that starts at leaf 0 is an older tree.
fn of_prefix(error: ConsistencyError, subtree: Subtree, size: TreeSize) -> SubtreeConsistencyError {
    match error {
        ConsistencyError::SizeShrinks { .. } | ConsistencyError::FromEmptyTree => {
            SubtreeConsistencyError::BeyondTree { subtree, size }
        }
        ConsistencyError::WrongLength { got, want } => SubtreeConsistencyError::WrongLength { got, want },
        ConsistencyError::FirstRootMismatch { computed, expected } => {
            SubtreeConsistencyError::SubtreeMismatch { computed, expected }
        }
        ConsistencyError::SecondRootMismatch { computed, expected } => {
            SubtreeConsistencyError::RootMismatch { computed, expected }
        }
    }
}
