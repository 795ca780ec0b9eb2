//! Evidence: one file that convinces anybody, offline, that a signer broke its word.
//!
//! What counts is what the accused signed itself. So there is no evidence "the proof that the log sent does not verify":
//! anybody can make up such a proof. A proof that *does* verify is another matter: when it shows the first leaves of a
//! signed tree to hash to a root that the same key signed otherwise, no honest log can have signed both.
//!
//! | Kind | The accused signed | The file adds |
//! |---|---|---|
//! | split view | two checkpoints of one size with different roots | nothing |
//! | rewritten history | an older and a newer checkpoint | the root that the older tree's leaves have in the newer tree, and the proof of that |
//! | rollback | as a cosigner, a larger tree, and a smaller one at a later time | nothing |
//! | logged entry | as a log, a checkpoint | an entry and its inclusion proof |
//!
//! The last kind proves that the log took that entry at that place. Whether it may have is for those to say who know the
//! rules of entries.
//!
//! The file names the key. Anybody can make a key of any name, so a finding accuses whoever a trust file or a policy says
//! has that key, and nobody else: see [`Finding::signer`].

use crate::checkpoint::{CheckpointVerifyError, SignedCheckpoint};
use crate::key::{KeyName, PublicKey, VerifierKey};
use crate::merkle::{
    self, ConsistencyError, InclusionError, NodeSource, leaf_hash, prove_consistency, verify_consistency,
    verify_inclusion,
};
use crate::note::{SignatureCheck, SignatureError};
use crate::{Hash, LeafIndex, Origin, TreeSize, UnixSeconds};

mod file;
mod finding;

pub use file::{EVIDENCE_BYTES_MAX, EvidenceParseError, REASON_BYTES_MAX, ReasonCode};
pub use finding::{Finding, SignedRoot};

/// What somebody is said to have done, with what it signed: nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    signer: VerifierKey,
    charge: Charge,
}

/// What the signer is said to have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It signed two trees of one size.
    SplitView {
        /// One checkpoint.
        one: SignedCheckpoint,
        /// The other.
        other: SignedCheckpoint,
    },
    /// It signed an older tree, and a newer one that begins otherwise.
    RewrittenHistory {
        /// The smaller checkpoint.
        older: SignedCheckpoint,
        /// The larger checkpoint.
        newer: SignedCheckpoint,
        /// The root over as many first leaves of the newer tree as the older one has.
        prefix_root: Hash,
        /// The consistency proof from `prefix_root` to the newer checkpoint.
        proof: Vec<Hash>,
    },
    /// As a cosigner, it named a smaller tree as the largest seen, after it had seen a larger one.
    Rollback {
        /// The larger checkpoint, cosigned first.
        larger: SignedCheckpoint,
        /// The smaller checkpoint, cosigned later.
        smaller: SignedCheckpoint,
    },
    /// As a log, it took an entry that somebody objects to.
    LoggedEntry {
        /// The checkpoint that covers the entry.
        checkpoint: SignedCheckpoint,
        /// The entry's place.
        index: LeafIndex,
        /// The entry.
        entry: Vec<u8>,
        /// The inclusion proof, from the leaf's sibling up to a child of the root.
        path: Vec<Hash>,
        /// The code of the objection. The word of whoever made the file.
        reason: ReasonCode,
    },
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The key is of a type whose signatures cannot be checked here.
    #[error("signatures of type {signature_type:#04x}, as of {name}, cannot be checked here")]
    UnsupportedKey {
        /// Name of the key.
        name: KeyName,
        /// The type's byte.
        signature_type: u8,
    },
    /// A log's key cannot be accused of this: its signatures carry no time.
    #[error("a rollback is proven by the times of cosignatures, and this is a log's key")]
    NotACosigner,
    /// A cosigner's key cannot be accused of this: it answers for the tree, not for entries.
    #[error("a log answers for its entries, and this is a cosigner's key")]
    NotALog,
    /// The accused did not sign a checkpoint, or a line that claims to be by it is bad.
    #[error("{0}")]
    Signature(#[from] CheckpointVerifyError),
    /// The checkpoints are of two logs.
    #[error("the checkpoints are of two logs, {one} and {other}")]
    TwoLogs {
        /// The log of the first.
        one: Origin,
        /// The log of the second.
        other: Origin,
    },
    /// The checkpoints are of other sizes than this kind needs.
    #[error("checkpoints of sizes {one} and {other} do not show this")]
    Sizes {
        /// Size of the first.
        one: TreeSize,
        /// Size of the second.
        other: TreeSize,
    },
    /// The roots are the same: nothing was changed.
    #[error("both have the root {root} at size {size}")]
    SameRoot {
        /// The size.
        size: TreeSize,
        /// The root.
        root: Hash,
    },
    /// The proof does not show what the newer tree begins with. It may be anybody's invention.
    #[error("the proof shows nothing: {0}")]
    Consistency(#[from] ConsistencyError),
    /// The smaller tree was cosigned first, or at the same time.
    #[error("the smaller tree was cosigned at {smaller}, the larger at {larger}: no later")]
    NoRollback {
        /// The latest time over the smaller tree.
        smaller: UnixSeconds,
        /// The earliest time over the larger tree.
        larger: UnixSeconds,
    },
    /// The entry is not proven to be in the tree.
    #[error("the entry is not proven to be in the log: {0}")]
    Inclusion(#[from] InclusionError),
}

impl Evidence {
    /// Evidence against the holder of a key. [`Evidence::verify`] tells whether it is any.
    pub fn new(signer: VerifierKey, charge: Charge) -> Self {
        Self { signer, charge }
    }

    /// The evidence in two checkpoints that the same key signed and the proof that was offered between them, if there is
    /// any: a split view, or a proof that fits the newer checkpoint and not the older.
    ///
    /// A proof from a size that is a power of two never shows more than "does not fit": take
    /// [`Evidence::from_tree`] then.
    pub fn between(
        signer: &VerifierKey,
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
        proof: &[Hash],
    ) -> Option<Self> {
        let (old, new) = (older.unverified(), newer.unverified());
        if old.size() == new.size() {
            // The same two checkpoints make the same file, whichever came first.
            let in_order = older.note().text() <= newer.note().text();
            let (one, other) = if in_order { (older, newer) } else { (newer, older) };
            return Self::split_view(signer, one, other);
        }
        let shown = verify_consistency(old.size(), new.size(), proof, old.root(), new.root());
        let Err(ConsistencyError::FirstRootMismatch { computed: prefix_root, .. }) = shown else {
            return None;
        };
        Self::rewritten(signer, older, newer, prefix_root, proof.to_vec())
    }

    /// The evidence in two checkpoints that the same key signed, with the help of the nodes of the newer tree: what a
    /// mirror, or a reader of tiles, can say when no proof was offered or the one offered shows nothing.
    pub fn from_tree<S: NodeSource>(
        signer: &VerifierKey,
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
        nodes: &S,
    ) -> Option<Self> {
        let (old, new) = (older.unverified().size(), newer.unverified().size());
        if old == new {
            return Self::between(signer, older, newer, &[]);
        }
        let prefix_root = merkle::root(old, nodes).ok()?;
        let proof = prove_consistency(old, new, nodes).ok()?;
        Self::rewritten(signer, older, newer, prefix_root, proof)
    }

    fn split_view(signer: &VerifierKey, one: &SignedCheckpoint, other: &SignedCheckpoint) -> Option<Self> {
        let charge = Charge::SplitView { one: one.clone(), other: other.clone() };
        Self::new(signer.clone(), charge).if_it_is_any()
    }

    fn rewritten(
        signer: &VerifierKey,
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
        prefix_root: Hash,
        proof: Vec<Hash>,
    ) -> Option<Self> {
        let (older, newer) = (older.clone(), newer.clone());
        let charge = Charge::RewrittenHistory { older, newer, prefix_root, proof };
        Self::new(signer.clone(), charge).if_it_is_any()
    }

    fn if_it_is_any(self) -> Option<Self> {
        self.verify().is_ok().then_some(self)
    }

    /// The key that is accused. Whose it is, the file cannot say.
    pub fn signer(&self) -> &VerifierKey {
        &self.signer
    }

    /// What it is said to have done.
    pub fn charge(&self) -> &Charge {
        &self.charge
    }

    /// Checks everything that can be checked without knowing anything else.
    ///
    /// # Errors
    /// [`EvidenceError`] with the first reason why this proves nothing.
    pub fn verify(&self) -> Result<Finding, EvidenceError> {
        let signer = &self.signer;
        match &self.charge {
            Charge::SplitView { one, other } => {
                check_same_log(one, other)?;
                times(signer, one)?;
                times(signer, other)?;
                find_split_view(signer, one, other)
            }
            Charge::RewrittenHistory { older, newer, prefix_root, proof } => {
                check_same_log(older, newer)?;
                times(signer, older)?;
                times(signer, newer)?;
                find_rewritten(signer, older, newer, *prefix_root, proof)
            }
            Charge::Rollback { larger, smaller } => {
                check_same_log(larger, smaller)?;
                find_rollback(signer, larger, smaller)
            }
            Charge::LoggedEntry { checkpoint, index, entry, path, reason } => {
                if !matches!(signer.key(), PublicKey::Ed25519Note(_)) {
                    return Err(EvidenceError::NotALog);
                }
                times(signer, checkpoint)?;
                let tree = checkpoint.unverified();
                verify_inclusion(leaf_hash(entry), *index, tree.size(), path, tree.root())?;
                Ok(Finding::LoggedEntry {
                    signer: signer.clone(),
                    origin: tree.origin().clone(),
                    tree: SignedRoot::of(checkpoint),
                    index: *index,
                    entry: entry.clone(),
                    reason: reason.clone(),
                })
            }
        }
    }
}

fn find_split_view(
    signer: &VerifierKey,
    one: &SignedCheckpoint,
    other: &SignedCheckpoint,
) -> Result<Finding, EvidenceError> {
    let (first, second) = (SignedRoot::of(one), SignedRoot::of(other));
    if first.size != second.size {
        return Err(EvidenceError::Sizes { one: first.size, other: second.size });
    }
    if first.root == second.root {
        return Err(EvidenceError::SameRoot { size: first.size, root: first.root });
    }
    Ok(Finding::SplitView {
        signer: signer.clone(),
        origin: one.unverified().origin().clone(),
        size: first.size,
        roots: [first.root, second.root],
    })
}

fn find_rewritten(
    signer: &VerifierKey,
    older: &SignedCheckpoint,
    newer: &SignedCheckpoint,
    prefix_root: Hash,
    proof: &[Hash],
) -> Result<Finding, EvidenceError> {
    let (old, new) = (SignedRoot::of(older), SignedRoot::of(newer));
    if old.size >= new.size {
        return Err(EvidenceError::Sizes { one: old.size, other: new.size });
    }
    if old.root == prefix_root {
        return Err(EvidenceError::SameRoot { size: old.size, root: old.root });
    }
    verify_consistency(old.size, new.size, proof, prefix_root, new.root)?;
    let origin = older.unverified().origin().clone();
    Ok(Finding::RewrittenHistory { signer: signer.clone(), origin, older: old, newer: new, prefix_root })
}

fn find_rollback(
    signer: &VerifierKey,
    larger: &SignedCheckpoint,
    smaller: &SignedCheckpoint,
) -> Result<Finding, EvidenceError> {
    let (Some((larger_at, _)), Some((_, smaller_at))) = (times(signer, larger)?, times(signer, smaller)?)
    else {
        return Err(EvidenceError::NotACosigner);
    };
    let (large, small) = (SignedRoot::of(larger), SignedRoot::of(smaller));
    if large.size <= small.size {
        return Err(EvidenceError::Sizes { one: large.size, other: small.size });
    }
    if smaller_at <= larger_at {
        return Err(EvidenceError::NoRollback { smaller: smaller_at, larger: larger_at });
    }
    Ok(Finding::Rollback {
        signer: signer.clone(),
        origin: larger.unverified().origin().clone(),
        larger: large,
        larger_at,
        smaller: small,
        smaller_at,
    })
}

fn check_same_log(one: &SignedCheckpoint, other: &SignedCheckpoint) -> Result<(), EvidenceError> {
    let (one, other) = (one.unverified().origin(), other.unverified().origin());
    if one == other {
        return Ok(());
    }
    Err(EvidenceError::TwoLogs { one: one.clone(), other: other.clone() })
}

/// Checks that the accused signed, and gives the earliest and the latest time of its cosignatures; `None` for a log,
/// whose signatures carry none.
fn times(
    signer: &VerifierKey,
    checkpoint: &SignedCheckpoint,
) -> Result<Option<(UnixSeconds, UnixSeconds)>, EvidenceError> {
    match signer.key() {
        PublicKey::Ed25519Note(_) => {
            checkpoint.verify(signer)?;
            return Ok(None);
        }
        PublicKey::Ed25519Cosignature(_) => {}
        PublicKey::MlDsa44Cosignature(_) | PublicKey::Unknown { .. } => {
            let (name, signature_type) = (signer.name().clone(), signer.key().signature_type());
            return Err(EvidenceError::UnsupportedKey { name, signature_type });
        }
    }
    let note = checkpoint.note();
    let mut times: Option<(UnixSeconds, UnixSeconds)> = None;
    for line in note.signatures() {
        let check = signer.check(note.text(), line).map_err(CheckpointVerifyError::from)?;
        if let SignatureCheck::Cosigned { at } = check {
            let (earliest, latest) = times.unwrap_or((at, at));
            times = Some((earliest.min(at), latest.max(at)));
        }
    }
    match times {
        Some(times) => Ok(Some(times)),
        None => Err(CheckpointVerifyError::from(SignatureError::NoKnownSignature).into()),
    }
}
