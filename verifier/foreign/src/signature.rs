//! The check of a signature, by `ssi`, with what it leaves open closed before.
//!
//! SPEC: RFC 7518 §3.3, §3.4; RFC 8037 §3.1; RFC 8017 §8.2.2.

use ed25519_dalek::Signature;
use ssi_jws::verify_bytes;

use crate::error::ForeignError;
use crate::header::Algorithm;
use crate::key::{ForeignKey, KeyKind};

/// Verifies a signature over the bytes as received.
///
/// # Errors
/// [`ForeignError::KeyMismatch`], [`ForeignError::Signature`].
pub(crate) fn verify(
    algorithm: Algorithm,
    key: &ForeignKey,
    signing_input: &[u8],
    signature: &[u8],
) -> Result<(), ForeignError> {
    let (kind, named) = match algorithm {
        Algorithm::Rs256 => (KeyKind::Rsa, ssi_jwk::Algorithm::RS256),
        Algorithm::EdDsa => (KeyKind::Ed25519, ssi_jwk::Algorithm::EdDSA),
        Algorithm::Es256 => (KeyKind::P256, ssi_jwk::Algorithm::ES256),
    };
    // `ssi` goes by the kind of the key, and with an Ed25519 key takes any algorithm for EdDSA.
    if key.kind() != kind {
        return Err(ForeignError::KeyMismatch { kind: key.kind(), algorithm });
    }
    if !has_one_form(key, signing_input, signature) {
        return Err(ForeignError::Signature);
    }
    verify_bytes(named, signing_input, &key.to_jwk(), signature).map_err(|_| ForeignError::Signature)
}

/// Whether the signature is the one form of itself that is accepted everywhere in this system.
fn has_one_form(key: &ForeignKey, signing_input: &[u8], signature: &[u8]) -> bool {
    if let Some(modulus) = key.rsa_modulus() {
        // Step 1 of the specification, and the range of a signature representative. The RSA code under `ssi` checks neither,
        // and would take `s + n` for `s`. Numbers of one length compare as their bytes do.
        return signature.len() == modulus.len() && signature < modulus;
    }
    if let Some(key) = key.ed25519() {
        // The strict rule: no small-order points, nothing cofactored. `ssi` applies the lenient one.
        return Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify_strict(signing_input, &signature).is_ok());
    }
    // ECDSA has two good values for every signature; RFC 7518 permits both.
    true
}
