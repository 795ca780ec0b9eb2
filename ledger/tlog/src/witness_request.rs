//! What logs send to witnesses, and what witnesses answer.
//!
//! SPEC: <https://c2sp.org/tlog-witness>. A mirror takes `add-checkpoint` too: <https://c2sp.org/tlog-mirror>.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::checkpoint::{Origin, SignedCheckpoint, SignedCheckpointError};
use crate::merkle::PROOF_HASHES_MAX;
use crate::note::{NOTE_BYTES_MAX, NoteError, NoteSignature, parse_signatures};
use crate::{DecimalError, Hash, HashError, TreeSize};

/// Longest `add-checkpoint` request taken in: the longest checkpoint, 63 hashes of 45 bytes a line, and room for the
/// first line.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = NOTE_BYTES_MAX + 64 * 45;

/// Longest `text/x.tlog.size` answer: twenty digits and a newline.
pub const SIZE_BYTES_MAX: usize = 21;

/// The media type of a witness's answer that tells the size it has.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// A checkpoint on its way to a witness, with the proof that it extends what the witness has: nothing of it is verified.
///
/// SPEC: tlog-witness, `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpointRequest {
    old: TreeSize,
    proof: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why bytes are not an `add-checkpoint` request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// It is longer than any honest one.
    #[error("the request has {got} bytes, more than {ADD_CHECKPOINT_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// The first line is not `old <size>`.
    #[error("the first line is not \"old\" and a size")]
    NoOldSize,
    /// The old size is not a decimal number.
    #[error("old size: {0}")]
    OldSize(#[source] DecimalError),
    /// A line of the proof is not a hash.
    #[error("hash {position} of the proof: {reason}")]
    ProofHash {
        /// Zero-based position in the proof.
        position: usize,
        /// What is wrong with it.
        reason: HashError,
    },
    /// The proof is longer than between any two trees.
    #[error("the proof has more than {PROOF_HASHES_MAX} hashes")]
    TooManyHashes,
    /// No blank line ends the proof.
    #[error("no blank line stands before the checkpoint")]
    NoBlankLine,
    /// What follows is not a signed checkpoint.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] SignedCheckpointError),
}

impl AddCheckpointRequest {
    /// A request. The proof leads from the tree of `old` entries to that of the checkpoint; it is empty when `old` is 0
    /// or the checkpoint's size.
    pub fn new(
        old: TreeSize,
        proof: Vec<Hash>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, AddCheckpointError> {
        if proof.len() > PROOF_HASHES_MAX {
            return Err(AddCheckpointError::TooManyHashes);
        }
        Ok(Self { old, proof, checkpoint })
    }

    /// Reads a request of at most [`ADD_CHECKPOINT_BYTES_MAX`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, AddCheckpointError> {
        if bytes.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(AddCheckpointError::TooLong { got: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| AddCheckpointError::NotUtf8)?;
        let line = text.strip_prefix("old ").ok_or(AddCheckpointError::NoOldSize)?;
        let (old, rest) = line.split_once('\n').ok_or(AddCheckpointError::NoOldSize)?;
        let old = TreeSize::parse(old).map_err(AddCheckpointError::OldSize)?;
        let (proof, checkpoint) = parse_proof(rest)?;
        Ok(Self { old, proof, checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes())? })
    }

    /// The body of the request: what [`AddCheckpointRequest::parse`] takes.
    pub fn encode(&self) -> String {
        let mut body = format!("old {}\n", self.old);
        for hash in &self.proof {
            body.push_str(&format!("{hash}\n"));
        }
        body.push('\n');
        body.push_str(&self.checkpoint.encode());
        body
    }

    /// The size that the sender takes the witness to have.
    pub fn old(&self) -> TreeSize {
        self.old
    }

    /// The consistency proof from there to the checkpoint.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The checkpoint, believed by nobody yet.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

/// Why bytes are not an answer with a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// It is not a line of text with a final newline, or a longer one than any size.
    #[error("the answer is not one line with a size")]
    NotALine,
    /// The line is not a decimal number.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
}

/// The answer that tells a size, of the type [`SIZE_MEDIA_TYPE`].
///
/// SPEC: tlog-witness, `add-checkpoint`, status 409.
pub fn encode_size(size: TreeSize) -> String {
    format!("{size}\n")
}

/// Reads an answer that tells a size.
pub fn parse_size(bytes: &[u8]) -> Result<TreeSize, SizeError> {
    if bytes.len() > SIZE_BYTES_MAX {
        return Err(SizeError::NotALine);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| SizeError::NotALine)?;
    Ok(TreeSize::parse(text.strip_suffix('\n').ok_or(SizeError::NotALine)?)?)
}

/// Reads the signature lines that a witness or mirror answers with: at least one, at most
/// [`crate::NOTE_SIGNATURES_MAX`]. Who made them is found out by adding them to the checkpoint and verifying that.
///
/// SPEC: tlog-witness, `add-checkpoint`, status 200.
pub fn parse_signature_lines(bytes: &[u8]) -> Result<Vec<NoteSignature>, NoteError> {
    if bytes.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong { got: bytes.len() });
    }
    parse_signatures(core::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?)
}

/// How the addresses of witnesses and mirrors name a log: the SHA-256 of its origin, in 64 lower-case hex digits.
///
/// SPEC: tlog-witness, monitor retrieval: `GET <prefix>/<origin hash>/checkpoint`.
pub fn origin_hash(origin: &Origin) -> String {
    HEXLOWER.encode(&Sha256::digest(origin.as_str()))
}

/// The hashes up to the first blank line, and what follows it.
fn parse_proof(text: &str) -> Result<(Vec<Hash>, &str), AddCheckpointError> {
    let mut proof = Vec::new();
    let mut rest = text;
    loop {
        let (line, following) = rest.split_once('\n').ok_or(AddCheckpointError::NoBlankLine)?;
        rest = following;
        if line.is_empty() {
            return Ok((proof, rest));
        }
        if proof.len() == PROOF_HASHES_MAX {
            return Err(AddCheckpointError::TooManyHashes);
        }
        let hash = Hash::parse(line)
            .map_err(|reason| AddCheckpointError::ProofHash { position: proof.len(), reason })?;
        proof.push(hash);
    }
}
