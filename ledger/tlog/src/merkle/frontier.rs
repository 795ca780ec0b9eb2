//! The right edge of a growing tree, in constant memory.

use core::fmt;

use super::{NodeId, NodeSource, complete_subtrees, empty_root, fold_from_right, node_hash};
use crate::{Hash, TreeSize};

/// Largest size a frontier can be restored at. From here no process lives long enough to append until the size
/// overflows 64 bits, so that `push` needs no error.
pub const FRONTIER_SIZE_MAX: u64 = 1 << 63;

/// Complete subtrees that a tree whose size fits in 64 bits is made of, at most.
const SUBTREES_MAX: usize = 64;

/// A tree that can grow: its size and the hashes of the complete subtrees it is made of, one for each bit set in the
/// size. About 2 KB whatever the size; never allocates.
///
/// Appending costs one node hash a leaf on average, beside the leaf hash itself.
#[derive(Clone)]
pub struct Frontier {
    size: u64,
    /// The largest first; only the first `size.count_ones()` count.
    subtrees: [Hash; SUBTREES_MAX],
}

/// Why a frontier could not be restored from hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// A tree of this size is made of exactly `want` complete subtrees.
    #[error("a frontier of this size has {want} hashes, not {got}")]
    WrongHashCount {
        /// Hashes given.
        got: usize,
        /// Bits set in the size.
        want: usize,
    },
    /// No log grows this large.
    #[error("a tree of {size} is beyond the limit of {FRONTIER_SIZE_MAX}")]
    TooLarge {
        /// The size asked for.
        size: TreeSize,
    },
}

/// Why a frontier could not be loaded from stored nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierLoadError<E> {
    /// The size is too large, or the source gave another number of hashes than it was asked for.
    #[error(transparent)]
    Frontier(FrontierError),
    /// The source could not give the hashes.
    #[error("the source of nodes failed")]
    Source(#[source] E),
}

impl Frontier {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, subtrees: [Hash::from_bytes([0; 32]); SUBTREES_MAX] }
    }

    /// The frontier of a tree of `size` leaves from the hashes that [`Frontier::hashes`] gave at that size.
    ///
    /// Any hashes make a frontier: compare its root with one that is trusted.
    pub fn restore(size: TreeSize, hashes: &[Hash]) -> Result<Self, FrontierError> {
        check_size(size)?;
        let want = size.get().count_ones() as usize;
        if hashes.len() != want {
            return Err(FrontierError::WrongHashCount { got: hashes.len(), want });
        }
        let mut frontier = Self::new();
        frontier.size = size.get();
        frontier.subtrees[..want].copy_from_slice(hashes);
        Ok(frontier)
    }

    /// The frontier of a tree of `size` leaves from stored nodes, such as tiles.
    ///
    /// Any hashes make a frontier: compare its root with one that is trusted.
    pub fn load<S: NodeSource>(size: TreeSize, source: &S) -> Result<Self, FrontierLoadError<S::Error>> {
        check_size(size).map_err(FrontierLoadError::Frontier)?;
        let ids: Vec<NodeId> = complete_subtrees(size).collect();
        let hashes = source.nodes(&ids).map_err(FrontierLoadError::Source)?;
        Self::restore(size, &hashes).map_err(FrontierLoadError::Frontier)
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| ());
    }

    /// Appends a leaf and tells `completed` of each subtree that it completes, from the leaf itself upwards.
    ///
    /// Whoever stores what it hears stores every node of the tree exactly once.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(NodeId, Hash)) {
        let mut occupied = self.size.count_ones() as usize;
        let mut node = leaf;
        completed(NodeId::within(0, self.size), node);
        // Every trailing one bit of the size is a subtree as large as the one just completed, to its left.
        for level in 0..self.size.trailing_ones() as u8 {
            occupied -= 1;
            node = node_hash(&self.subtrees[occupied], &node);
            completed(NodeId::within(level + 1, self.size >> (level + 1)), node);
        }
        self.subtrees[occupied] = node;
        self.size += 1;
    }

    /// The root hash of the tree so far: at most 63 node hashes.
    pub fn root(&self) -> Hash {
        fold_from_right(self.hashes()).unwrap_or_else(empty_root)
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> TreeSize {
        TreeSize::new(self.size)
    }

    /// The hashes of [`complete_subtrees`]`(size)`, in its order: with the size, all that [`Frontier::restore`] needs.
    pub fn hashes(&self) -> &[Hash] {
        &self.subtrees[..self.size.count_ones() as usize]
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Frontier {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.hashes() == other.hashes()
    }
}

impl Eq for Frontier {}

impl fmt::Debug for Frontier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frontier").field("size", &self.size).field("hashes", &self.hashes()).finish()
    }
}

fn check_size(size: TreeSize) -> Result<(), FrontierError> {
    if size.get() > FRONTIER_SIZE_MAX {
        return Err(FrontierError::TooLarge { size });
    }
    Ok(())
}
