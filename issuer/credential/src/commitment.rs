//! What of a credential is in the log: salted commitments, the batch tree over them, and the batch summary.
//!
//! The log sees the root of a batch and nothing else. Whoever holds a credential, its salt and its path can show
//! that it was in the batch; whoever holds the log alone learns neither content nor true size.

mod batch_tree;
mod summary;

use data_encoding::BASE64URL_NOPAD;
use matricula_tlog::Hash;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::canonical::{CanonError, canonical_json};

pub use batch_tree::{
    BATCH_LEAVES_MAX, BATCH_LEAVES_MIN, BatchPath, BatchPathError, BatchSeed, BatchTree, BatchTreeError,
};
pub use summary::{Sex, Summary};

const COMMITMENT_DOMAIN: &[u8] = b"matricula/commitment/v1\0";

/// The 32 random bytes that make a commitment say nothing. Travels with the record; destroying it is erasure.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Wraps 32 bytes, which must be fresh from a random generator.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// base64url without padding.
    pub fn encode(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Reads base64url without padding; `None` unless it holds exactly 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl core::fmt::Debug for Salt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// SHA-256 of the canonical JSON of a credential with its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialDigest([u8; 32]);

impl CredentialDigest {
    /// Wraps 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Digests a credential.
    ///
    /// # Errors
    /// [`CanonError::Number`].
    pub fn of(credential: &Value) -> Result<Self, CanonError> {
        Ok(Self(Sha256::digest(canonical_json(credential)?).into()))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `SHA-256("matricula/commitment/v1\0" ‖ salt ‖ digest)`.
///
/// The leaf of the batch tree is the RFC 6962 leaf hash of these 32 bytes.
pub fn commit(salt: &Salt, digest: &CredentialDigest) -> Hash {
    let hash = Sha256::new().chain_update(COMMITMENT_DOMAIN).chain_update(salt.0).chain_update(digest.0);
    Hash::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_survive_the_round_trip_and_hide_in_debug() {
        let salt = Salt::from_bytes([7; 32]);
        assert_eq!(Salt::parse(&salt.encode()), Some(salt.clone()));
        assert_eq!(format!("{salt:?}"), "Salt(..)");
    }

    #[test]
    fn refuses_salts_of_other_lengths_and_alphabets() {
        for text in
            ["", "AAAA", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(43)), &"+".repeat(43)]
        {
            assert_eq!(Salt::parse(text), None, "{text}");
        }
    }
}
