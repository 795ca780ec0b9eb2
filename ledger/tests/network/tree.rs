//! The writer's log in memory, with two branches for a writer that exists twice.

use std::convert::Infallible;

use matricula_ledger::{LogView, ReadError};
use matricula_tlog::{
    Checkpoint, Frontier, Hash, LeafIndex, NodeId, NodeSource, Origin, SignedCheckpoint, Subtree, TreeSize,
    UnixSeconds, leaf_hash, prove_consistency, prove_subtree, subtree_hash,
};

use crate::support::{ORIGIN, entry, genesis, keys};

pub fn origin() -> Origin {
    Origin::new(ORIGIN).unwrap()
}

/// Entries, and the hashes of their leaves.
#[derive(Clone, Debug)]
pub struct Tree {
    pub entries: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
    /// Where this tree's own entries start to be numbered.
    branch: u64,
}

impl Tree {
    /// A tree of the first entry alone.
    pub fn new() -> Self {
        let genesis = genesis();
        Self { leaves: vec![leaf_hash(&genesis)], entries: vec![genesis], branch: 0 }
    }

    /// The same tree, which grows otherwise from now on.
    pub fn branched(&self) -> Self {
        Self { branch: self.branch + 500, ..self.clone() }
    }

    pub fn grow(&mut self, count: u64) {
        for _ in 0..count {
            let entry = entry(self.branch + self.entries.len() as u64);
            self.leaves.push(leaf_hash(&entry));
            self.entries.push(entry);
        }
    }

    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn root(&self, size: u64) -> Hash {
        subtree_hash(self.leaves[..size as usize].iter().copied())
    }

    /// The checkpoint over all entries, signed by the log and, for the time, by its own witness.
    pub fn checkpoint(&self, now: UnixSeconds) -> SignedCheckpoint {
        let keys = keys();
        let checkpoint =
            Checkpoint::new(origin(), TreeSize::new(self.size()), self.root(self.size())).unwrap();
        let mut signed = checkpoint.sign(&keys.log).unwrap();
        let verified = signed.verify(keys.log.verifier()).unwrap();
        signed.add_signature(keys.witness.cosign(&verified, now).unwrap()).unwrap();
        signed
    }
}

impl NodeSource for Tree {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        let node = |id: &NodeId| {
            let width = 1 << id.level();
            let first = id.index() as usize * width;
            let mut tree = Frontier::new();
            self.leaves[first..first + width].iter().for_each(|leaf| tree.push(*leaf));
            tree.root()
        };
        Ok(ids.iter().map(node).collect())
    }
}

impl LogView for Tree {
    fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, ReadError> {
        Ok(prove_consistency(old, new, self).unwrap())
    }

    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Vec<Hash>, ReadError> {
        Ok(prove_subtree(subtree, size, self).unwrap())
    }

    fn entries(&self, from: LeafIndex, count: usize) -> Result<Vec<Vec<u8>>, ReadError> {
        let from = from.get() as usize;
        Ok(self.entries[from..from + count].to_vec())
    }
}
