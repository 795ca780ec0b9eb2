//! The 32-byte SHA-256 values a log is made of.

use core::fmt;

use data_encoding::BASE64;

use crate::base64;

/// Length of the base64 form of 32 bytes, padding included.
const BASE64_BYTES: usize = 44;

/// A SHA-256 value: a leaf hash, an interior node or a root hash of an RFC 6962 tree.
///
/// SPEC: RFC 6962 §2.1. Displays as standard base64 with padding, the way the C2SP formats write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// Why a text is not the base64 of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The text has the wrong length, so it cannot be the base64 of 32 bytes.
    #[error("a hash is {BASE64_BYTES} base64 characters, not {got}")]
    WrongLength {
        /// Length of the text in bytes.
        got: usize,
    },
    /// The text is not canonical standard base64 with padding (RFC 4648 §4).
    #[error("not canonical base64")]
    NotBase64,
}

impl Hash {
    /// Wraps 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the standard base64 of exactly 32 bytes; the inverse of `Display`.
    ///
    /// Only the canonical form is accepted: with padding, with its spare bits zero. Allocates nothing.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() != BASE64_BYTES {
            return Err(HashError::WrongLength { got: text.len() });
        }
        if !base64::is_padded_at_end_only(text) {
            return Err(HashError::NotBase64);
        }
        // 44 characters could decode to 33 bytes when unpadded, so the buffer has room for them.
        let mut decoded = [0u8; 33];
        let decoded_bytes =
            BASE64.decode_mut(text.as_bytes(), &mut decoded).map_err(|_| HashError::NotBase64)?;
        match decoded[..decoded_bytes].try_into() {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err(HashError::NotBase64),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}
