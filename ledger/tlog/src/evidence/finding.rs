//! What evidence proves, in words.

use core::fmt;

use super::file::{self, ReasonCode};
use crate::checkpoint::{Origin, SignedCheckpoint};
use crate::key::VerifierKey;
use crate::{Hash, LeafIndex, TreeSize, UnixSeconds};

/// A tree that the accused signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedRoot {
    /// Its size.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
}

impl SignedRoot {
    pub(super) fn of(checkpoint: &SignedCheckpoint) -> Self {
        let checkpoint = checkpoint.unverified();
        Self { size: checkpoint.size(), root: checkpoint.root() }
    }
}

/// What the holder of a key did. Only [`crate::Evidence::verify`] makes one that is worth anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// It signed two trees of one size.
    SplitView {
        /// The key.
        signer: VerifierKey,
        /// The log that the trees are of.
        origin: Origin,
        /// The size.
        size: TreeSize,
        /// The two roots.
        roots: [Hash; 2],
    },
    /// It signed a tree, and a larger one that begins otherwise.
    RewrittenHistory {
        /// The key.
        signer: VerifierKey,
        /// The log that the trees are of.
        origin: Origin,
        /// The smaller tree.
        older: SignedRoot,
        /// The larger tree.
        newer: SignedRoot,
        /// The root that the leaves of the smaller tree have in the larger one.
        prefix_root: Hash,
    },
    /// It named a smaller tree as the largest seen, after a larger one.
    Rollback {
        /// The key.
        signer: VerifierKey,
        /// The log that the trees are of.
        origin: Origin,
        /// The larger tree.
        larger: SignedRoot,
        /// When it named the larger tree, at the latest.
        larger_at: UnixSeconds,
        /// The smaller tree.
        smaller: SignedRoot,
        /// When it named the smaller tree.
        smaller_at: UnixSeconds,
    },
    /// It took this entry into its log. Whether it may have, the rules of entries tell.
    LoggedEntry {
        /// The key.
        signer: VerifierKey,
        /// The log.
        origin: Origin,
        /// The tree that the entry is in.
        tree: SignedRoot,
        /// The entry's place.
        index: LeafIndex,
        /// The entry.
        entry: Vec<u8>,
        /// The code of the objection, by whoever made the file.
        reason: ReasonCode,
    },
}

impl Finding {
    /// The key whose holder did it. A name in a key is no proof: only a trust file or a policy says whose it is.
    pub fn signer(&self) -> &VerifierKey {
        match self {
            Self::SplitView { signer, .. }
            | Self::RewrittenHistory { signer, .. }
            | Self::Rollback { signer, .. }
            | Self::LoggedEntry { signer, .. } => signer,
        }
    }

    /// The log that it is about.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::SplitView { origin, .. }
            | Self::RewrittenHistory { origin, .. }
            | Self::Rollback { origin, .. }
            | Self::LoggedEntry { origin, .. } => origin,
        }
    }

    /// The stable name of the kind, as in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SplitView { .. } => file::SPLIT_VIEW,
            Self::RewrittenHistory { .. } => file::REWRITTEN_HISTORY,
            Self::Rollback { .. } => file::ROLLBACK,
            Self::LoggedEntry { .. } => file::LOGGED_ENTRY,
        }
    }
}

impl fmt::Display for Finding {
    /// What happened, in sentences for whoever must act on it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signer = self.signer().name();
        match self {
            Self::SplitView { origin, size, roots: [one, other], .. } => write!(
                f,
                "Split view: {signer} signed two different lists of {size} entries for the log {origin}. One has the \
                 root hash {one}, the other {other}. Entries can be in one and missing in the other, so different \
                 people may have been shown different logs."
            ),
            Self::RewrittenHistory { origin, older, newer, prefix_root, .. } => write!(
                f,
                "Rewritten history: {signer} signed a list of {} entries for the log {origin} with the root hash {}, \
                 and a longer one of {} entries with the root hash {}. The first {} entries of the longer list have \
                 the root hash {prefix_root}, so they are not the entries that were signed before.",
                older.size, older.root, newer.size, newer.root, older.size
            ),
            Self::Rollback { origin, larger, larger_at, smaller, smaller_at, .. } => write!(
                f,
                "Rollback: {signer} confirmed at second {larger_at} of Unix time that the log {origin} has {} entries, \
                 and at the later second {smaller_at} that it has no more than {}. It has forgotten what it saw.",
                larger.size, smaller.size
            ),
            Self::LoggedEntry { origin, tree, index, entry, reason, .. } => write!(
                f,
                "Logged entry: {signer} has the entry number {index} ({} bytes) in the log {origin}, under its signed \
                 list of {} entries with the root hash {}. Whoever made this file objects to it: {reason}.",
                entry.len(),
                tree.size,
                tree.root
            ),
        }?;
        write!(f, " Signed with the key {}.", self.signer())
    }
}
