//! Complete subtrees: their coordinates, and where their hashes come from.

use core::fmt;

use crate::{Hash, TreeSize};

/// Highest level a node may have: a complete subtree of 2^63 leaves.
const LEVEL_MAX: u8 = 63;

/// A complete subtree: the 2^level leaves from `index · 2^level` on. Level 0 is the leaves.
///
/// Once all its leaves are in the log its hash never changes, so it may be stored for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    level: u8,
    index: u64,
}

/// Why two numbers are not the coordinates of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeIdError {
    /// A tree whose size fits in 64 bits has no complete subtree this high.
    #[error("node level {level} is above {LEVEL_MAX}")]
    LevelTooHigh {
        /// The level asked for.
        level: u8,
    },
    /// The leaves of this node would have positions beyond 64 bits.
    #[error("node index {index} is beyond the last of level {level}")]
    IndexTooLarge {
        /// The level asked for.
        level: u8,
        /// The index asked for.
        index: u64,
    },
}

impl NodeId {
    /// The node of `level` (0 to 63) that has `index` nodes of the same level to its left.
    pub const fn new(level: u8, index: u64) -> Result<Self, NodeIdError> {
        if level > LEVEL_MAX {
            return Err(NodeIdError::LevelTooHigh { level });
        }
        if index > u64::MAX >> level {
            return Err(NodeIdError::IndexTooLarge { level, index });
        }
        Ok(Self { level, index })
    }

    /// The same for coordinates that this crate derived from a tree size, and so are in range.
    pub(crate) const fn within(level: u8, index: u64) -> Self {
        debug_assert!(level <= LEVEL_MAX && index <= u64::MAX >> level);
        Self { level, index }
    }

    /// The level: the node covers 2^level leaves.
    pub const fn level(self) -> u8 {
        self.level
    }

    /// How many nodes of the same level stand to the left.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Whether a tree of `size` leaves has all leaves of this node.
    pub const fn is_complete_in(self, size: TreeSize) -> bool {
        self.index < size.get() >> self.level
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.level, self.index)
    }
}

/// Where the hashes of complete subtrees come from: tiles, memory, another log's server.
pub trait NodeSource {
    /// Why a hash could not be had.
    type Error;

    /// The hashes of `ids`, in the same order and as many.
    ///
    /// One call carries all that a proof needs, so that a source over a network or over tiles can fetch each tile once.
    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Self::Error>;
}

/// The complete subtrees that a tree of `size` leaves is made of, the largest and leftmost first: one for each bit set
/// in `size`.
pub fn complete_subtrees(size: TreeSize) -> impl Iterator<Item = NodeId> {
    subtrees_between(0, size.get())
}

/// The complete subtrees of the leaves from `start` to `size`, where `start` is a multiple of a power of two that is
/// larger than `size - start` (or zero).
pub(crate) fn subtrees_between(start: u64, size: u64) -> impl Iterator<Item = NodeId> {
    let width = size - start;
    (0..=LEVEL_MAX).rev().filter(move |level| width >> level & 1 == 1).map(move |level| {
        // All bits of the width above this one are leaves to the left of the subtree.
        let left = width & !(u64::MAX >> (63 - level));
        NodeId::within(level, (start + left) >> level)
    })
}
