//! The keys of signed notes: names, ids, verifier keys, signers.
//!
//! SPEC: <https://c2sp.org/signed-note> for names, ids and verifier keys, <https://c2sp.org/tlog-cosignature> for the
//! key types of cosigners.

use core::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::note::{NoteSignature, SignatureCheck, SignatureError};
use crate::{base64, cosignature};

/// Longest key name, in bytes: the signed message of a post-quantum cosignature has one byte for this length.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Longest verifier key taken in: the longest name, and twice the base64 of the largest known key (ML-DSA-44, 1,313
/// bytes with its type).
pub const VERIFIER_KEY_BYTES_MAX: usize = 4096;

const TYPE_ED25519_NOTE: u8 = 0x01;
const TYPE_ED25519_COSIGNATURE: u8 = 0x04;
const TYPE_ML_DSA_44_COSIGNATURE: u8 = 0x06;

const ML_DSA_44_KEY_BYTES: usize = 1312;

/// The name of a key: not empty, without Unicode spaces, plus signs and control characters, at most
/// [`KEY_NAME_BYTES_MAX`] bytes. A log's key has the log's origin as its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// Why a text is not a key name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyNameError {
    /// There is no character.
    #[error("the key name is empty")]
    Empty,
    /// There are more bytes than a cosignature can commit to.
    #[error("the key name has {got} bytes, more than {KEY_NAME_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// A Unicode space, a plus sign or a control character occurs.
    #[error("the key name has a space, a plus sign or a control character")]
    ForbiddenCharacter,
}

impl KeyName {
    /// Checks and wraps a name.
    pub fn new(name: &str) -> Result<Self, KeyNameError> {
        if name.is_empty() {
            return Err(KeyNameError::Empty);
        }
        if name.len() > KEY_NAME_BYTES_MAX {
            return Err(KeyNameError::TooLong { got: name.len() });
        }
        if name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(KeyNameError::ForbiddenCharacter);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first four bytes of SHA-256(name ‖ 0A ‖ type ‖ public key). Finds a key; proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// Wraps four bytes.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// The id of a key of the given signature type.
    fn of(name: &KeyName, signature_type: u8, key: &[u8]) -> Self {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', signature_type])
            .chain_update(key)
            .finalize()
            .into();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    /// Eight lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A public key of somebody who signs notes, with its name: the *vkey* `<name>+<8 hex of the id>+<base64(type ‖ key)>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    key: PublicKey,
}

/// A public key, by the type of signature it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Type 01: signs note texts as they are. The type of a log's key.
    Ed25519Note(VerifyingKey),
    /// Type 04: cosigns checkpoints, with a time. The type of a witness's or a mirror's key.
    Ed25519Cosignature(VerifyingKey),
    /// Type 06: post-quantum cosignatures. Recognised, not yet checked: such a key never counts.
    MlDsa44Cosignature(Box<[u8; ML_DSA_44_KEY_BYTES]>),
    /// Any other type: never counts.
    Unknown {
        /// The type's byte.
        signature_type: u8,
        /// The key's bytes.
        key: Vec<u8>,
    },
}

/// Why a text is not a verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// It is longer than any known key.
    #[error("the verifier key has {got} bytes, more than {VERIFIER_KEY_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// It has not three parts separated by plus signs.
    #[error("a verifier key is <name>+<id>+<key>")]
    MissingPart,
    /// The name is not a key name.
    #[error(transparent)]
    Name(#[from] KeyNameError),
    /// The id is not eight lower-case hex digits.
    #[error("the key id is not 8 lower-case hex digits")]
    IdNotHex,
    /// The key is not canonical standard base64 with padding.
    #[error("the key is not canonical base64")]
    KeyNotBase64,
    /// Not even a type stands in the key.
    #[error("the key is empty")]
    KeyEmpty,
    /// A key of this type has another length.
    #[error("a key of type {signature_type:#04x} has {want} bytes, not {got}")]
    WrongKeyLength {
        /// The type's byte.
        signature_type: u8,
        /// Length in bytes, without the type.
        got: usize,
        /// The length it must have.
        want: usize,
    },
    /// The bytes are no point of the curve in its canonical form, or a point of small order, with which anybody can sign.
    #[error("the key is not a usable Ed25519 key")]
    WeakKey,
    /// The id is not that of this name and key.
    #[error("the key id is {got}, but name and key hash to {want}")]
    IdMismatch {
        /// The id given.
        got: KeyId,
        /// The id that name and key hash to.
        want: KeyId,
    },
}

impl VerifierKey {
    /// A key with its name; computes the id.
    pub fn new(name: KeyName, key: PublicKey) -> Self {
        let id = KeyId::of(&name, key.signature_type(), key.bytes());
        Self { name, id, key }
    }

    /// Reads a *vkey*. The id must be that of name and key.
    ///
    /// The base64 may contain plus signs itself, so the text is split at the first two only.
    pub fn parse(text: &str) -> Result<Self, VerifierKeyError> {
        if text.len() > VERIFIER_KEY_BYTES_MAX {
            return Err(VerifierKeyError::TooLong { got: text.len() });
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::MissingPart);
        };
        let name = KeyName::new(name)?;
        let got = parse_id(id)?;
        let key = base64::decode(key).ok_or(VerifierKeyError::KeyNotBase64)?;
        let verifier = Self::new(name, PublicKey::parse(&key)?);
        if verifier.id != got {
            return Err(VerifierKeyError::IdMismatch { got, want: verifier.id });
        }
        Ok(verifier)
    }

    /// The *vkey* text: what [`VerifierKey::parse`] takes.
    pub fn encode(&self) -> String {
        let key = [&[self.key.signature_type()], self.key.bytes()].concat();
        format!("{}+{}+{}", self.name, self.id, base64::encode(&key))
    }

    /// The name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id that signature lines carry.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The public key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether signatures of this key can be checked here.
    pub fn is_supported(&self) -> bool {
        matches!(self.key, PublicKey::Ed25519Note(_) | PublicKey::Ed25519Cosignature(_))
    }

    /// What a signature line says of a text, if this key made it; an error if it claims to be by this key and is not.
    ///
    /// Ed25519 is verified strictly: no small-order points, no malleable signatures.
    pub fn check(&self, text: &str, line: &NoteSignature) -> Result<SignatureCheck, SignatureError> {
        if *line.name() != self.name || line.key_id() != self.id {
            return Ok(SignatureCheck::OtherKey);
        }
        let check = match &self.key {
            PublicKey::Ed25519Note(key) => {
                verify_ed25519(key, text, line.signature()).then_some(SignatureCheck::Signed)
            }
            PublicKey::Ed25519Cosignature(key) => {
                cosignature::verify(key, text, line.signature()).map(|at| SignatureCheck::Cosigned { at })
            }
            PublicKey::MlDsa44Cosignature(_) | PublicKey::Unknown { .. } => {
                Some(SignatureCheck::UnknownAlgorithm)
            }
        };
        check.ok_or_else(|| SignatureError::BadSignature { name: self.name.clone(), key_id: self.id })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

impl PublicKey {
    /// Reads the type's byte and the key.
    fn parse(bytes: &[u8]) -> Result<Self, VerifierKeyError> {
        let (&signature_type, key) = bytes.split_first().ok_or(VerifierKeyError::KeyEmpty)?;
        let wrong_length = |want| VerifierKeyError::WrongKeyLength { signature_type, got: key.len(), want };
        Ok(match signature_type {
            TYPE_ED25519_NOTE | TYPE_ED25519_COSIGNATURE => {
                let key = parse_ed25519(key.try_into().map_err(|_| wrong_length(32))?)?;
                if signature_type == TYPE_ED25519_NOTE {
                    Self::Ed25519Note(key)
                } else {
                    Self::Ed25519Cosignature(key)
                }
            }
            TYPE_ML_DSA_44_COSIGNATURE => {
                let key: &[u8; ML_DSA_44_KEY_BYTES] =
                    key.try_into().map_err(|_| wrong_length(ML_DSA_44_KEY_BYTES))?;
                Self::MlDsa44Cosignature(Box::new(*key))
            }
            _ => Self::Unknown { signature_type, key: key.to_vec() },
        })
    }

    /// The byte that stands for the type of signature.
    pub fn signature_type(&self) -> u8 {
        match self {
            Self::Ed25519Note(_) => TYPE_ED25519_NOTE,
            Self::Ed25519Cosignature(_) => TYPE_ED25519_COSIGNATURE,
            Self::MlDsa44Cosignature(_) => TYPE_ML_DSA_44_COSIGNATURE,
            Self::Unknown { signature_type, .. } => *signature_type,
        }
    }

    /// The encoded public key, without the type.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519Note(key) | Self::Ed25519Cosignature(key) => key.as_bytes(),
            Self::MlDsa44Cosignature(key) => key.as_slice(),
            Self::Unknown { key, .. } => key,
        }
    }
}

/// Signs note texts with an Ed25519 key (type 01). What a log signs its checkpoints with.
///
/// No `Debug`, no `Clone`; the key is wiped from memory when dropped.
pub struct NoteSigner {
    key: SigningKey,
    verifier: VerifierKey,
}

impl NoteSigner {
    /// A signer of that name from the 32-byte Ed25519 seed. The caller wipes its own copy of the seed.
    pub fn new(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, PublicKey::Ed25519Note(key.verifying_key()));
        Self { key, verifier }
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text, which includes its final newline.
    pub fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature::new(
            self.verifier.name.clone(),
            self.verifier.id,
            self.key.sign(text.as_bytes()).to_bytes().to_vec(),
        )
    }
}

/// Verifies strictly; a signature of another length is bad.
pub(crate) fn verify_ed25519(key: &VerifyingKey, message: &str, signature: &[u8]) -> bool {
    Signature::from_slice(signature)
        .and_then(|signature| key.verify_strict(message.as_bytes(), &signature))
        .is_ok()
}

fn parse_id(id: &str) -> Result<KeyId, VerifierKeyError> {
    let mut bytes = [0; 4];
    if id.len() != 8 || HEXLOWER.decode_mut(id.as_bytes(), &mut bytes).is_err() {
        return Err(VerifierKeyError::IdNotHex);
    }
    Ok(KeyId(bytes))
}

fn parse_ed25519(bytes: &[u8; 32]) -> Result<VerifyingKey, VerifierKeyError> {
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| VerifierKeyError::WeakKey)?;
    // Decompression also takes coordinates beyond the field's prime; compressing again shows them.
    if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
        return Err(VerifierKeyError::WeakKey);
    }
    Ok(key)
}
