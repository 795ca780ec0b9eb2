//! Log proof files (`.tlog-proof`): all that is needed to believe, offline, that an entry was logged and witnessed.
//!
//! SPEC: <https://c2sp.org/tlog-proof>.

use crate::checkpoint::{Origin, SignedCheckpoint, SignedCheckpointError};
use crate::merkle::{InclusionError, PROOF_HASHES_MAX, verify_inclusion};
use crate::note::NOTE_BYTES_MAX;
use crate::policy::{Cosigned, Policy, PolicyVerifyError, WitnessedCheckpoint};
use crate::{DecimalError, Hash, HashError, LeafIndex, TreeSize, UnixSeconds, base64};

/// First line of the file.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most extra data in a log proof, in bytes before base64. We write none; others put a few hundred bytes there.
pub const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// Longest log proof file taken in: the longest checkpoint, the base64 of the longest extra data, 63 hashes, and room
/// for the other lines.
pub const LOG_PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + EXTRA_BYTES_MAX / 3 * 4 + 64 * 45 + 256;

/// An entry's position, its inclusion proof and the checkpoint it leads to: nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    extra: Option<Vec<u8>>,
    index: LeafIndex,
    path: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why bytes are not a log proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogProofParseError {
    /// The file is longer than any honest one.
    #[error("the log proof has {got} bytes, more than {LOG_PROOF_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the log proof is not UTF-8")]
    NotUtf8,
    /// The first line is not that of a log proof.
    #[error("the first line is not {HEADER}")]
    NotALogProof,
    /// The extra data is not canonical standard base64 with padding.
    #[error("the extra data is not canonical base64")]
    ExtraNotBase64,
    /// The extra data is longer than [`EXTRA_BYTES_MAX`].
    #[error("the extra data has more than {EXTRA_BYTES_MAX} bytes")]
    ExtraTooLong,
    /// The line `index <n>` is missing.
    #[error("the index line is missing")]
    NoIndex,
    /// The index is not a decimal number.
    #[error("index: {0}")]
    Index(#[source] DecimalError),
    /// A line of the path is not a hash.
    #[error("hash {position} of the path: {reason}")]
    PathHash {
        /// Zero-based position in the path.
        position: usize,
        /// What is wrong with it.
        reason: HashError,
    },
    /// The path is longer than in any tree.
    #[error("the path has more than {PROOF_HASHES_MAX} hashes")]
    PathTooLong,
    /// No blank line ends the path.
    #[error("no blank line stands before the checkpoint")]
    NoBlankLine,
    /// What follows is not a signed checkpoint.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] SignedCheckpointError),
}

/// Why a log proof does not prove that the entry was logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogProofError {
    /// The policy does not let the checkpoint be believed.
    #[error(transparent)]
    Policy(#[from] PolicyVerifyError),
    /// The entry is not proven to be under the checkpoint.
    #[error(transparent)]
    Inclusion(#[from] InclusionError),
}

impl LogProof {
    /// A log proof without extra data.
    pub fn new(
        index: LeafIndex,
        path: Vec<Hash>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, LogProofParseError> {
        if path.len() > PROOF_HASHES_MAX {
            return Err(LogProofParseError::PathTooLong);
        }
        Ok(Self { extra: None, index, path, checkpoint })
    }

    /// Reads a log proof file of at most [`LOG_PROOF_BYTES_MAX`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LogProofParseError> {
        if bytes.len() > LOG_PROOF_BYTES_MAX {
            return Err(LogProofParseError::TooLong { got: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| LogProofParseError::NotUtf8)?;
        let rest = text
            .strip_prefix(HEADER)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(LogProofParseError::NotALogProof)?;
        let (extra, rest) = parse_extra(rest)?;
        let (index, rest) = parse_index(rest)?;
        let (path, rest) = parse_path(rest)?;
        let checkpoint = SignedCheckpoint::parse(rest.as_bytes())?;
        Ok(Self { extra, ..Self::new(index, path, checkpoint)? })
    }

    /// The file: what [`LogProof::parse`] takes.
    pub fn encode(&self) -> String {
        let mut file = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            file.push_str(&format!("extra {}\n", base64::encode(extra)));
        }
        file.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            file.push_str(&format!("{hash}\n"));
        }
        file.push('\n');
        file.push_str(&self.checkpoint.encode());
        file
    }

    /// The position that the entry is said to have.
    pub fn index(&self) -> LeafIndex {
        self.index
    }

    /// The inclusion proof, from the leaf's sibling up to a child of the root.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint that the path is said to lead to.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Data that travels along. Nobody vouches for it.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Checks that the entry with that leaf hash is in a log of the policy, under a checkpoint that its quorum cosigned.
    pub fn verify(&self, entry_leaf: Hash, policy: &Policy) -> Result<VerifiedLogProof, LogProofError> {
        let witnessed = policy.verify(&self.checkpoint)?;
        let checkpoint = witnessed.checkpoint();
        verify_inclusion(entry_leaf, self.index, checkpoint.size(), &self.path, checkpoint.root())?;
        Ok(VerifiedLogProof { leaf: entry_leaf, index: self.index, witnessed })
    }
}

/// An entry that was logged and witnessed, as a policy asks. Only [`LogProof::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLogProof {
    leaf: Hash,
    index: LeafIndex,
    witnessed: WitnessedCheckpoint,
}

impl VerifiedLogProof {
    /// The leaf hash of the entry.
    pub fn leaf(&self) -> Hash {
        self.leaf
    }

    /// The entry's position in the log.
    pub fn index(&self) -> LeafIndex {
        self.index
    }

    /// The size of the tree that was witnessed.
    pub fn size(&self) -> TreeSize {
        self.witnessed.checkpoint().size()
    }

    /// The root of the tree that was witnessed.
    pub fn root(&self) -> Hash {
        self.witnessed.checkpoint().root()
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        self.witnessed.checkpoint().origin()
    }

    /// The earliest time that a witness of the policy gives for this tree: the entry was in the log by then. `None` when
    /// no witness cosigned and the policy asks for none.
    pub fn logged_at(&self) -> Option<UnixSeconds> {
        self.witnessed.earliest_at()
    }

    /// The earliest time by which a whole quorum had cosigned: later than [`VerifiedLogProof::logged_at`], and beyond the
    /// reach of a single dishonest witness.
    pub fn quorum_at(&self) -> Option<UnixSeconds> {
        self.witnessed.quorum_at()
    }

    /// The witnesses of the policy that cosigned, by their names there, in its order.
    pub fn cosigners(&self) -> &[Cosigned] {
        self.witnessed.cosigned()
    }
}

fn parse_extra(text: &str) -> Result<(Option<Vec<u8>>, &str), LogProofParseError> {
    let Some(line) = text.strip_prefix("extra ") else {
        return Ok((None, text));
    };
    let (extra, rest) = line.split_once('\n').ok_or(LogProofParseError::NoIndex)?;
    let extra = base64::decode(extra).ok_or(LogProofParseError::ExtraNotBase64)?;
    if extra.len() > EXTRA_BYTES_MAX {
        return Err(LogProofParseError::ExtraTooLong);
    }
    Ok((Some(extra), rest))
}

fn parse_index(text: &str) -> Result<(LeafIndex, &str), LogProofParseError> {
    let (index, rest) = text
        .strip_prefix("index ")
        .and_then(|line| line.split_once('\n'))
        .ok_or(LogProofParseError::NoIndex)?;
    let index = LeafIndex::parse(index).map_err(LogProofParseError::Index)?;
    Ok((index, rest))
}

/// The hashes up to the first blank line, and what follows it.
fn parse_path(text: &str) -> Result<(Vec<Hash>, &str), LogProofParseError> {
    let mut path = Vec::new();
    let mut rest = text;
    loop {
        let (line, following) = rest.split_once('\n').ok_or(LogProofParseError::NoBlankLine)?;
        rest = following;
        if line.is_empty() {
            return Ok((path, rest));
        }
        if path.len() == PROOF_HASHES_MAX {
            return Err(LogProofParseError::PathTooLong);
        }
        let hash = Hash::parse(line)
            .map_err(|reason| LogProofParseError::PathHash { position: path.len(), reason })?;
        path.push(hash);
    }
}
