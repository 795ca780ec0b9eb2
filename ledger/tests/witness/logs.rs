//! A log that forks, and a record of everything that was cosigned of it.

use std::sync::{Arc, Mutex};

use matricula_ledger::witness::{Cosign, KnownLogs};
use matricula_tlog::{
    AddCheckpointRequest, Checkpoint, CosignError, Cosigner, Frontier, Hash, KeyName, NodeId, NodeSource,
    NoteSignature, NoteSigner, Origin, SignedCheckpoint, TreeSize, UnixSeconds, VerifiedCheckpoint,
    VerifierKey, leaf_hash, prove_consistency,
};

pub const ORIGIN: &str = "ledger.example/forked";
pub const NOW: UnixSeconds = UnixSeconds::new(1_767_225_600);

/// Both branches agree on the leaves before this one.
pub const FORK: usize = 9;

/// How far both branches go.
pub const LEAVES: usize = 64;

pub fn log_key() -> NoteSigner {
    NoteSigner::new(KeyName::new(ORIGIN).unwrap(), &[1; 32])
}

pub fn witness_key() -> Cosigner {
    Cosigner::new(KeyName::new("witness.example/w1").unwrap(), &[2; 32])
}

pub fn origin() -> Origin {
    Origin::new(ORIGIN).unwrap()
}

pub fn known() -> KnownLogs {
    let mut logs = KnownLogs::new();
    logs.add(log_key().verifier().clone()).unwrap();
    logs
}

/// One of the two logs that the key signs for.
#[derive(Clone, Debug)]
pub struct Branch {
    leaves: Vec<Hash>,
    roots: Vec<Hash>,
}

impl Branch {
    /// Branch 0 or 1.
    pub fn new(number: u8) -> Self {
        let leaf = |index: usize| leaf_hash(&[if index < FORK { 0 } else { number }, index as u8]);
        let leaves: Vec<Hash> = (0..LEAVES).map(leaf).collect();
        let mut tree = Frontier::new();
        let mut roots = vec![tree.root()];
        for leaf in &leaves {
            tree.push(*leaf);
            roots.push(tree.root());
        }
        Self { leaves, roots }
    }

    pub fn root(&self, size: usize) -> Hash {
        self.roots[size]
    }

    pub fn checkpoint(&self, size: usize) -> SignedCheckpoint {
        self.checkpoint_by(size, &log_key())
    }

    pub fn checkpoint_by(&self, size: usize, signer: &NoteSigner) -> SignedCheckpoint {
        let origin = Origin::from(signer.verifier().name());
        Checkpoint::new(origin, TreeSize::new(size as u64), self.root(size)).unwrap().sign(signer).unwrap()
    }

    pub fn proof(&self, old: usize, new: usize) -> Vec<Hash> {
        if old == 0 || old > new {
            return Vec::new();
        }
        prove_consistency(TreeSize::new(old as u64), TreeSize::new(new as u64), self).unwrap()
    }

    /// The body of an honest request of this branch.
    pub fn request(&self, old: usize, new: usize) -> Vec<u8> {
        body(old, self.proof(old, new), self.checkpoint(new))
    }
}

impl NodeSource for Branch {
    type Error = std::convert::Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Self::Error> {
        let node = |id: &NodeId| {
            let width = 1 << id.level();
            let first = id.index() as usize * width;
            matricula_tlog::subtree_hash(self.leaves[first..first + width].iter().copied())
        };
        Ok(ids.iter().map(node).collect())
    }
}

pub fn body(old: usize, proof: Vec<Hash>, checkpoint: SignedCheckpoint) -> Vec<u8> {
    let old = TreeSize::new(old as u64);
    AddCheckpointRequest::new(old, proof, checkpoint).unwrap().encode().into_bytes()
}

/// What was cosigned: size, root, time.
pub type Said = (u64, Hash, u64);

/// A key that records all it ever signed: a signature that was made may be anywhere, whoever crashed meanwhile.
#[derive(Clone)]
pub struct Recorder {
    key: Arc<Cosigner>,
    said: Arc<Mutex<Vec<Said>>>,
}

impl Recorder {
    pub fn new() -> Self {
        Self { key: Arc::new(witness_key()), said: Arc::default() }
    }

    pub fn said(&self) -> Vec<Said> {
        self.said.lock().unwrap().clone()
    }
}

impl Cosign for Recorder {
    fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    fn cosign(&self, checkpoint: &VerifiedCheckpoint, at: UnixSeconds) -> Result<NoteSignature, CosignError> {
        self.said.lock().unwrap().push((checkpoint.size().get(), checkpoint.root(), at.get()));
        self.key.cosign(checkpoint, at)
    }
}

/// Why what was said is not one history.
#[derive(Debug, PartialEq, Eq)]
pub enum Broken {
    /// Both branches were cosigned.
    Forked,
    /// A smaller tree was called the largest after a larger one.
    RolledBack,
    /// A tree of neither branch was cosigned.
    Invented,
}

/// Whether all that was cosigned is of one branch, and never goes back in time.
pub fn one_history(said: &[Said]) -> Result<(), Broken> {
    let branches = [Branch::new(0), Branch::new(1)];
    let is_on = |branch: &Branch| said.iter().all(|(size, root, _)| branch.root(*size as usize) == *root);
    if !branches.iter().any(is_on) {
        let is_known = |said: &Said| branches.iter().any(|b| b.root(said.0 as usize) == said.1);
        return Err(if said.iter().all(is_known) { Broken::Forked } else { Broken::Invented });
    }
    for (size, _, at) in said {
        if said.iter().any(|(other, _, later)| later > at && other < size) {
            return Err(Broken::RolledBack);
        }
    }
    Ok(())
}
