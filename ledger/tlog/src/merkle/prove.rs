//! Making proofs from the hashes of complete subtrees.

use super::node::subtrees_between;
use super::{NodeId, NodeSource, complete_subtrees, empty_root, fold_from_right};
use crate::{Hash, LeafIndex, TreeSize};

/// Why no proof could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The tree is too small to have such a leaf.
    #[error("leaf {index} is not in a tree of {size}")]
    IndexOutOfRange {
        /// The leaf asked about.
        index: LeafIndex,
        /// Leaves in the tree.
        size: TreeSize,
    },
    /// The second tree is the smaller one.
    #[error("a tree of {size1} cannot be a prefix of a tree of {size2}")]
    SizeShrinks {
        /// Leaves in the first tree.
        size1: TreeSize,
        /// Leaves in the second tree.
        size2: TreeSize,
    },
    /// The first tree is empty and the second is not: every tree extends it, so there is no proof.
    #[error("there is no consistency proof from the empty tree")]
    FromEmptyTree,
    /// The source broke its contract: it gave another number of hashes than it was asked for.
    #[error("the source of nodes gave {got} hashes instead of {want}")]
    WrongNodeCount {
        /// Hashes it gave.
        got: usize,
        /// Nodes it was asked for.
        want: usize,
    },
    /// The source could not give the hashes.
    #[error("the source of nodes failed")]
    Source(#[source] E),
}

/// The root hash of the tree of the first `size` leaves.
pub fn root<S: NodeSource>(size: TreeSize, source: &S) -> Result<Hash, ProveError<S::Error>> {
    let ids: Vec<NodeId> = complete_subtrees(size).collect();
    let subtrees = ask(source, &ids)?;
    Ok(fold_from_right(&subtrees).unwrap_or_else(empty_root))
}

/// The proof that the leaf at `index` is in the tree of `size` leaves: from its sibling up to a child of the root.
///
/// Asks the source once, for about log2(size) nodes. SPEC: RFC 6962 §2.1.1.
pub fn prove_inclusion<S: NodeSource>(
    index: LeafIndex,
    size: TreeSize,
    source: &S,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    if index.get() >= size.get() {
        return Err(ProveError::IndexOutOfRange { index, size });
    }
    let mut plan = ProofPlan::default();
    plan.add_path(NodeId::within(0, index.get()), size.get());
    plan.carry_out(source)
}

/// The proof that the tree of the first `size1` leaves is a prefix of that of the first `size2`; empty when the sizes are
/// equal.
///
/// Asks the source once, for about log2(size2) nodes. SPEC: RFC 6962 §2.1.2.
pub fn prove_consistency<S: NodeSource>(
    size1: TreeSize,
    size2: TreeSize,
    source: &S,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    let old = size1.get();
    if old > size2.get() {
        return Err(ProveError::SizeShrinks { size1, size2 });
    }
    if size1 == size2 {
        return Ok(Vec::new());
    }
    if old == 0 {
        return Err(ProveError::FromEmptyTree);
    }
    let level = old.trailing_zeros() as u8;
    let last = NodeId::within(level, (old >> level) - 1);
    let mut plan = ProofPlan::default();
    // A verifier who has the old root knows this node already when it is the whole old tree.
    if last.index() != 0 {
        plan.ids.push(last);
    }
    plan.add_path(last, size2.get());
    plan.carry_out(source)
}

/// The nodes a proof is made of, from the bottom up. At most one of its hashes is of an incomplete subtree, that at the
/// right end of the tree, and is folded from several nodes.
#[derive(Default)]
pub(super) struct ProofPlan {
    pub(super) ids: Vec<NodeId>,
    /// Where in `ids` the nodes of the incomplete subtree are.
    folded: core::ops::Range<usize>,
}

impl ProofPlan {
    /// Adds the siblings on the way from `node` to the root of a tree of `size` leaves.
    pub(super) fn add_path(&mut self, node: NodeId, size: u64) {
        let mut level = node.level();
        let mut index = node.index();
        let mut last = (size - 1) >> level;
        while last > 0 {
            if index & 1 == 1 {
                self.ids.push(NodeId::within(level, index - 1));
            } else if index < last {
                self.add_right_sibling(NodeId::within(level, index + 1), size);
            }
            level += 1;
            index >>= 1;
            last >>= 1;
        }
    }

    fn add_right_sibling(&mut self, sibling: NodeId, size: u64) {
        if sibling.is_complete_in(TreeSize::new(size)) {
            self.ids.push(sibling);
            return;
        }
        let first = self.ids.len();
        self.ids.extend(subtrees_between(sibling.index() << sibling.level(), size));
        self.folded = first..self.ids.len();
    }

    pub(super) fn carry_out<S: NodeSource>(self, source: &S) -> Result<Vec<Hash>, ProveError<S::Error>> {
        let mut hashes = ask(source, &self.ids)?;
        if let Some(folded) = fold_from_right(&hashes[self.folded.clone()]) {
            hashes.splice(self.folded, [folded]);
        }
        Ok(hashes)
    }
}

fn ask<S: NodeSource>(source: &S, ids: &[NodeId]) -> Result<Vec<Hash>, ProveError<S::Error>> {
    let hashes = source.nodes(ids).map_err(ProveError::Source)?;
    if hashes.len() == ids.len() {
        Ok(hashes)
    } else {
        Err(ProveError::WrongNodeCount { got: hashes.len(), want: ids.len() })
    }
}
