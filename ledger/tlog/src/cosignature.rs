//! Cosignatures: a witness or mirror says that it saw a checkpoint, at a time.
//!
//! SPEC: <https://c2sp.org/tlog-cosignature>, the Ed25519 type (04). Keys of the ML-DSA-44 type (06) are recognised by
//! [`crate::PublicKey`]; their cosignatures are not checked yet and count for nothing.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::UnixSeconds;
use crate::checkpoint::VerifiedCheckpoint;
use crate::key::{KeyName, PublicKey, VerifierKey, verify_ed25519};
use crate::note::NoteSignature;

/// Latest time a cosignature may carry, in seconds since 1970 (2^63 − 1): the specification's limit.
pub const COSIGNATURE_TIME_MAX: u64 = i64::MAX as u64;

/// Why a checkpoint was not cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// The time is beyond what a cosignature may carry.
    #[error("the time {at} is beyond {COSIGNATURE_TIME_MAX}")]
    TimeTooLarge {
        /// The time asked for.
        at: UnixSeconds,
    },
}

/// Cosigns checkpoints with an Ed25519 key (type 04).
///
/// The signed message does not contain the cosigner's name, so one key serves one cosigner only. No `Debug`, no `Clone`;
/// the key is wiped from memory when dropped.
pub struct Cosigner {
    key: SigningKey,
    verifier: VerifierKey,
}

impl Cosigner {
    /// A cosigner of that name from the 32-byte Ed25519 seed. The caller wipes its own copy of the seed.
    pub fn new(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, PublicKey::Ed25519Cosignature(key.verifying_key()));
        Self { key, verifier }
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Says that of all trees of this log seen until `at` this is the largest, and that all are consistent.
    ///
    /// Whether that is true is the caller's to check, before it calls, and to persist.
    pub fn cosign(
        &self,
        checkpoint: &VerifiedCheckpoint,
        at: UnixSeconds,
    ) -> Result<NoteSignature, CosignError> {
        if at.get() > COSIGNATURE_TIME_MAX {
            return Err(CosignError::TimeTooLarge { at });
        }
        let signature = self.key.sign(signed_message(checkpoint.text(), at).as_bytes());
        let timestamped = [&at.get().to_be_bytes()[..], &signature.to_bytes()].concat();
        Ok(NoteSignature::new(self.verifier.name().clone(), self.verifier.id(), timestamped))
    }
}

/// The time of a cosignature (u64 big-endian time ‖ 64 bytes) over a note's text, `None` when it is bad.
pub(crate) fn verify(key: &VerifyingKey, text: &str, timestamped: &[u8]) -> Option<UnixSeconds> {
    let (time, signature) = timestamped.split_first_chunk::<8>()?;
    let at = UnixSeconds::new(u64::from_be_bytes(*time));
    if at.get() > COSIGNATURE_TIME_MAX {
        return None;
    }
    verify_ed25519(key, &signed_message(text, at), signature).then_some(at)
}

fn signed_message(text: &str, at: UnixSeconds) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}
