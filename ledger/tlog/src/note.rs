//! Signed notes: a text, a blank line, signature lines.
//!
//! SPEC: <https://c2sp.org/signed-note>. Keys are in `key.rs`.

use core::fmt;

use crate::key::{KeyId, KeyName, KeyNameError, VerifierKey};
use crate::{UnixSeconds, base64};

/// Longest note taken in. A log proof policy of 32 witnesses with post-quantum cosignatures of 3.3 kB each makes about
/// 110 kB; this is four times that.
pub const NOTE_BYTES_MAX: usize = 512 * 1024;

/// Most signature lines in a note. The specification asks for at least 16; a log and its mirror sign as well as the 32
/// witnesses that a policy must allow, and this is about twice that.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// What every signature line begins with: an em dash and a space.
const SIGNATURE_LINE_PREFIX: &str = "\u{2014} ";

/// A text with its signature lines, as received: nothing about it is verified.
///
/// Never empty of signatures, and `encode` gives back exactly the bytes that `parse` took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line: `— <name> <base64(key id ‖ signature)>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    key_id: KeyId,
    signature: Vec<u8>,
}

/// Why bytes are not a signed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is longer than any honest one.
    #[error("the note has {got} bytes, more than {NOTE_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than newline occurs.
    #[error("the note has a control character at byte {at}")]
    ControlCharacter {
        /// Offset in bytes.
        at: usize,
    },
    /// The text does not end in a newline.
    #[error("the text does not end in a newline")]
    TextWithoutNewline,
    /// No blank line separates text from signatures.
    #[error("no blank line separates text and signatures")]
    NoBlankLine,
    /// Nothing follows the last blank line.
    #[error("the note has no signature")]
    NoSignature,
    /// The last line does not end in a newline.
    #[error("the last line does not end in a newline")]
    NoFinalNewline,
    /// There are more signature lines than any honest note has.
    #[error("the note has more than {NOTE_SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A signature line is malformed.
    #[error("signature line {line}: {reason}")]
    SignatureLine {
        /// One-based number of the line among the signature lines.
        line: usize,
        /// What is wrong with it.
        reason: SignatureLineError,
    },
}

/// Why a line is not a signature line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureLineError {
    /// It does not begin with an em dash and a space.
    #[error("it does not begin with an em dash and a space")]
    NoDash,
    /// Name and signature are not separated by a space.
    #[error("it has no space between name and signature")]
    NoSignature,
    /// The name is not a key name.
    #[error(transparent)]
    Name(#[from] KeyNameError),
    /// The signature is not canonical standard base64 with padding.
    #[error("the signature is not canonical base64")]
    NotBase64,
    /// After the four bytes of the key id nothing is left.
    #[error("the signature has {got} bytes, too few for a key id and a signature")]
    TooShort {
        /// Decoded length in bytes.
        got: usize,
    },
}

/// Why a note is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A signature line carries the name and id of a known key, and that key did not sign this text.
    #[error("the signature by {name} ({key_id}) is bad")]
    BadSignature {
        /// Name of the known key.
        name: KeyName,
        /// Id of the known key.
        key_id: KeyId,
    },
    /// None of the known keys signed with an algorithm that can be checked here.
    #[error("no known key signed the note")]
    NoKnownSignature,
}

/// What a signature line says of a text, seen by a known key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The line is by another key: ignore it.
    OtherKey,
    /// The line is by this key, in an algorithm that cannot be checked here: ignore it, and never count it.
    UnknownAlgorithm,
    /// The key signed the text.
    Signed,
    /// The key cosigned the text, a checkpoint, at that time.
    Cosigned {
        /// The time the cosigner gives.
        at: UnixSeconds,
    },
}

impl SignedNote {
    /// A text with its first signature.
    ///
    /// The text ends in a newline and has no other control character.
    pub fn new(text: String, signature: NoteSignature) -> Result<Self, NoteError> {
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextWithoutNewline);
        }
        let note = Self { text, signatures: vec![signature] };
        check_length(note.encode().len())?;
        Ok(note)
    }

    /// Reads a note: UTF-8 of at most [`NOTE_BYTES_MAX`] bytes with 1 to [`NOTE_SIGNATURES_MAX`] signature lines.
    ///
    /// The text may contain blank lines itself; the last one separates it from the signatures.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        check_length(bytes.len())?;
        let note = core::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        check_characters(note)?;
        let blank_line = note.rfind("\n\n").ok_or(NoteError::NoBlankLine)?;
        let (text, rest) = note.split_at(blank_line + 1);
        Ok(Self { text: text.to_owned(), signatures: parse_signatures(&rest[1..])? })
    }

    /// The note as bytes: what [`SignedNote::parse`] takes.
    pub fn encode(&self) -> String {
        let mut note = format!("{}\n", self.text);
        for signature in &self.signatures {
            note.push_str(&signature.encode());
        }
        note
    }

    /// The signed text, with its final newline. Believe nothing of it before verifying.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order, at least one.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Appends a signature line; one that is there already is not repeated.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        check_length(self.encode().len() + signature.encode().len())?;
        self.signatures.push(signature);
        Ok(())
    }

    /// Which of `keys` signed the text: at least one, and none of them badly.
    ///
    /// Lines by other keys, or in algorithms that cannot be checked here, are ignored. A key is listed once however many
    /// lines it signed.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, SignatureError> {
        let mut signers = Vec::new();
        for key in keys {
            let mut signed = false;
            for signature in &self.signatures {
                match key.check(&self.text, signature)? {
                    SignatureCheck::OtherKey | SignatureCheck::UnknownAlgorithm => {}
                    SignatureCheck::Signed | SignatureCheck::Cosigned { .. } => signed = true,
                }
            }
            if signed {
                signers.push(key);
            }
        }
        if signers.is_empty() {
            return Err(SignatureError::NoKnownSignature);
        }
        Ok(signers)
    }
}

impl NoteSignature {
    /// A signature by the key of that name and id. The bytes are what follows the key id.
    pub(crate) fn new(name: KeyName, key_id: KeyId, signature: Vec<u8>) -> Self {
        Self { name, key_id, signature }
    }

    /// Reads one signature line without its newline.
    pub fn parse(line: &str) -> Result<Self, SignatureLineError> {
        let line = line.strip_prefix(SIGNATURE_LINE_PREFIX).ok_or(SignatureLineError::NoDash)?;
        let (name, blob) = line.split_once(' ').ok_or(SignatureLineError::NoSignature)?;
        let name = KeyName::new(name)?;
        let blob = base64::decode(blob).ok_or(SignatureLineError::NotBase64)?;
        match blob.split_first_chunk::<4>() {
            Some((key_id, signature)) if !signature.is_empty() => {
                Ok(Self::new(name, KeyId::from_bytes(*key_id), signature.to_vec()))
            }
            _ => Err(SignatureLineError::TooShort { got: blob.len() }),
        }
    }

    /// The signature line with its newline.
    pub fn encode(&self) -> String {
        format!("{self}\n")
    }

    /// The name of the key that is said to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that is said to have signed.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The signature: what follows the key id.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Display for NoteSignature {
    /// The signature line without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [self.key_id.as_bytes().as_slice(), &self.signature].concat();
        write!(f, "{SIGNATURE_LINE_PREFIX}{} {}", self.name, base64::encode(&blob))
    }
}

fn check_length(got: usize) -> Result<(), NoteError> {
    if got > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong { got });
    }
    Ok(())
}

fn check_characters(note: &str) -> Result<(), NoteError> {
    match note.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        Some(at) => Err(NoteError::ControlCharacter { at }),
        None => Ok(()),
    }
}

pub(crate) fn parse_signatures(lines: &str) -> Result<Vec<NoteSignature>, NoteError> {
    if lines.is_empty() {
        return Err(NoteError::NoSignature);
    }
    let lines = lines.strip_suffix('\n').ok_or(NoteError::NoFinalNewline)?;
    let mut signatures = Vec::new();
    for (position, line) in lines.split('\n').enumerate() {
        if position == NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let signature = NoteSignature::parse(line)
            .map_err(|reason| NoteError::SignatureLine { line: position + 1, reason })?;
        signatures.push(signature);
    }
    Ok(signatures)
}
