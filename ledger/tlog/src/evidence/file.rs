//! The evidence file: lines that a person can read, then the signed checkpoints as they were received.
//!
//! ```text
//! matricula/evidence@v1
//! kind split-view | rewritten-history | rollback | logged-entry
//! signer <vkey>
//! …what the kind needs, then hashes one a line…
//!
//! <signed checkpoint>
//!
//! <signed checkpoint, for all kinds but logged-entry>
//! ```
//!
//! A checkpoint's text has no blank line and neither have its signatures, so blank lines part the file in one way only.

use core::fmt;

use super::{Charge, Evidence};
use crate::checkpoint::{SignedCheckpoint, SignedCheckpointError};
use crate::key::{VERIFIER_KEY_BYTES_MAX, VerifierKey, VerifierKeyError};
use crate::merkle::PROOF_HASHES_MAX;
use crate::note::NOTE_BYTES_MAX;
use crate::{DecimalError, ENTRY_BYTES_MAX, Hash, HashError, LeafIndex, base64};

const HEADER: &str = "matricula/evidence@v1";

pub(super) const SPLIT_VIEW: &str = "split-view";
pub(super) const REWRITTEN_HISTORY: &str = "rewritten-history";
pub(super) const ROLLBACK: &str = "rollback";
pub(super) const LOGGED_ENTRY: &str = "logged-entry";

/// Longest code of an objection, in bytes: twice the longest that the door of the registry gives.
pub const REASON_BYTES_MAX: usize = 64;

/// The code of an objection: 1 to [`REASON_BYTES_MAX`] lower-case letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonCode(String);

impl ReasonCode {
    /// Checks and wraps a code.
    pub fn new(code: &str) -> Option<Self> {
        let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let fits = !code.is_empty() && code.len() <= REASON_BYTES_MAX && code.bytes().all(is_code);
        fits.then(|| Self(code.to_owned()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Longest evidence file taken in: two of the longest checkpoints, the base64 of the longest entry, the longest key, 63
/// hashes, and room for the other lines.
pub const EVIDENCE_BYTES_MAX: usize =
    2 * NOTE_BYTES_MAX + ENTRY_BYTES_MAX.div_ceil(3) * 4 + VERIFIER_KEY_BYTES_MAX + 64 * 45 + 512;

/// Why bytes are not an evidence file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceParseError {
    /// The file is longer than any honest one.
    #[error("the evidence has {got} bytes, more than {EVIDENCE_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the evidence is not UTF-8")]
    NotUtf8,
    /// The first line is not that of an evidence file.
    #[error("the first line is not {HEADER}")]
    NotEvidence,
    /// A line that the kind needs is missing.
    #[error("the line \"{keyword}\" is missing")]
    NoLine {
        /// What the line begins with.
        keyword: &'static str,
    },
    /// The kind is none that is known here.
    #[error("the kind of evidence is not known")]
    UnknownKind,
    /// The key is not a verifier key.
    #[error("signer: {0}")]
    Signer(#[from] VerifierKeyError),
    /// The reason is empty, too long, or has other characters than lower-case letters, digits and `_`.
    #[error("the reason is not a code")]
    Reason,
    /// The index is not a decimal number.
    #[error("index: {0}")]
    Index(#[source] DecimalError),
    /// The entry is not canonical base64 of at most 65,535 bytes.
    #[error("the entry is not canonical base64, or too long")]
    Entry,
    /// The root of the prefix is not a hash.
    #[error("prefix: {0}")]
    Prefix(#[source] HashError),
    /// A line of the proof is not a hash, or the kind has no proof.
    #[error("hash {position} of the proof: {reason}")]
    ProofHash {
        /// Zero-based position in the proof.
        position: usize,
        /// What is wrong with it.
        reason: HashError,
    },
    /// The kind has no proof, or the proof is longer than any.
    #[error("there are {got} hashes, more than {max}")]
    TooManyHashes {
        /// Hashes there are.
        got: usize,
        /// Hashes there may be.
        max: usize,
    },
    /// The file has not as many checkpoints as its kind.
    #[error("the file has {got} parts between blank lines instead of {want}")]
    WrongPartCount {
        /// Parts there are.
        got: usize,
        /// The header, and two for each checkpoint.
        want: usize,
    },
    /// A checkpoint is malformed.
    #[error("checkpoint {number}: {source}")]
    Checkpoint {
        /// One-based number in the file.
        number: usize,
        /// What is wrong with it.
        source: SignedCheckpointError,
    },
}

impl Evidence {
    /// Reads an evidence file of at most [`EVIDENCE_BYTES_MAX`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceParseError> {
        if bytes.len() > EVIDENCE_BYTES_MAX {
            return Err(EvidenceParseError::TooLong { got: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| EvidenceParseError::NotUtf8)?;
        let (header, notes) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = Lines(header.split('\n'));
        if lines.0.next() != Some(HEADER) {
            return Err(EvidenceParseError::NotEvidence);
        }
        let kind = lines.word("kind")?;
        let signer = VerifierKey::parse(lines.word("signer")?)?;
        let charge = match kind {
            SPLIT_VIEW => {
                lines.hashes(0)?;
                let [one, other] = parse_notes(notes)?;
                Charge::SplitView { one, other }
            }
            REWRITTEN_HISTORY => {
                let prefix_root = Hash::parse(lines.word("prefix")?).map_err(EvidenceParseError::Prefix)?;
                let proof = lines.hashes(PROOF_HASHES_MAX)?;
                let [older, newer] = parse_notes(notes)?;
                Charge::RewrittenHistory { older, newer, prefix_root, proof }
            }
            ROLLBACK => {
                lines.hashes(0)?;
                let [larger, smaller] = parse_notes(notes)?;
                Charge::Rollback { larger, smaller }
            }
            LOGGED_ENTRY => parse_logged_entry(lines, notes)?,
            _ => return Err(EvidenceParseError::UnknownKind),
        };
        Ok(Self { signer, charge })
    }

    /// The file: what [`Evidence::parse`] takes.
    pub fn encode(&self) -> String {
        let signer = &self.signer;
        let head = |kind: &str| format!("{HEADER}\nkind {kind}\nsigner {signer}\n");
        let hashes = |hashes: &[Hash]| hashes.iter().map(|hash| format!("{hash}\n")).collect::<String>();
        match &self.charge {
            Charge::SplitView { one, other } => {
                format!("{}\n{}\n{}", head(SPLIT_VIEW), one.encode(), other.encode())
            }
            Charge::RewrittenHistory { older, newer, prefix_root, proof } => {
                let (head, proof) = (head(REWRITTEN_HISTORY), hashes(proof));
                format!("{head}prefix {prefix_root}\n{proof}\n{}\n{}", older.encode(), newer.encode())
            }
            Charge::Rollback { larger, smaller } => {
                format!("{}\n{}\n{}", head(ROLLBACK), larger.encode(), smaller.encode())
            }
            Charge::LoggedEntry { checkpoint, index, entry, path, reason } => {
                let (head, path, entry) = (head(LOGGED_ENTRY), hashes(path), base64::encode(entry));
                let note = checkpoint.encode();
                format!("{head}reason {reason}\nindex {index}\nentry {entry}\n{path}\n{note}")
            }
        }
    }
}

/// The lines of the header that have not been read.
struct Lines<'t>(core::str::Split<'t, char>);

impl<'t> Lines<'t> {
    /// What follows a keyword and a space on the next line.
    fn word(&mut self, keyword: &'static str) -> Result<&'t str, EvidenceParseError> {
        let line = self.0.next().and_then(|line| line.strip_prefix(keyword));
        line.and_then(|line| line.strip_prefix(' ')).ok_or(EvidenceParseError::NoLine { keyword })
    }

    /// All other lines, each a hash.
    fn hashes(self, max: usize) -> Result<Vec<Hash>, EvidenceParseError> {
        let got = self.0.clone().count();
        if got > max {
            return Err(EvidenceParseError::TooManyHashes { got, max });
        }
        let parse = |(position, line)| {
            Hash::parse(line).map_err(|reason| EvidenceParseError::ProofHash { position, reason })
        };
        self.0.enumerate().map(parse).collect()
    }
}

fn parse_logged_entry(mut lines: Lines<'_>, notes: &str) -> Result<Charge, EvidenceParseError> {
    let reason = ReasonCode::new(lines.word("reason")?).ok_or(EvidenceParseError::Reason)?;
    let index = LeafIndex::parse(lines.word("index")?).map_err(EvidenceParseError::Index)?;
    let entry = base64::decode(lines.word("entry")?).filter(|entry| entry.len() <= ENTRY_BYTES_MAX);
    let entry = entry.ok_or(EvidenceParseError::Entry)?;
    let path = lines.hashes(PROOF_HASHES_MAX)?;
    let [checkpoint] = parse_notes(notes)?;
    Ok(Charge::LoggedEntry { checkpoint, index, entry, path, reason })
}

/// The checkpoints of a file: each is a text and its signature lines, so two parts between blank lines.
fn parse_notes<const N: usize>(notes: &str) -> Result<[SignedCheckpoint; N], EvidenceParseError> {
    let parts: Vec<&str> = notes.split("\n\n").collect();
    let wrong_count = || EvidenceParseError::WrongPartCount { got: 1 + parts.len(), want: 1 + 2 * N };
    if parts.len() != 2 * N {
        return Err(wrong_count());
    }
    let mut checkpoints = Vec::with_capacity(N);
    for (position, pair) in parts.chunks_exact(2).enumerate() {
        // The newline at the end of all but the last note was taken for half a blank line.
        let end = if position + 1 < N { "\n" } else { "" };
        let note = format!("{}\n\n{}{end}", pair[0], pair[1]);
        let checkpoint = SignedCheckpoint::parse(note.as_bytes())
            .map_err(|source| EvidenceParseError::Checkpoint { number: position + 1, source })?;
        checkpoints.push(checkpoint);
    }
    checkpoints.try_into().map_err(|_| wrong_count())
}
