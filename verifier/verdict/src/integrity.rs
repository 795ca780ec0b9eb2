//! Was this signed by that key, and not changed since?

use ed25519_dalek::VerifyingKey;
use matricula_credential::CanonError;
use matricula_credential::content::issuer_id;
use matricula_credential::proof::{self, ProofError, ProofPurpose, VerifiedProof};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::code::Code;
use crate::verdict::Axis;

/// A transcript holds a certificate for each subject and year; a school life has some 150.
const NESTED_MAX: usize = 512;

/// The axis, and the key that signed where one did.
pub(crate) struct Integrity {
    pub(crate) axis: Axis,
    pub(crate) signer: Option<VerifyingKey>,
}

/// Checks the proofs of a credential and of the credentials inside it.
pub(crate) fn examine(credential: &Value, as_of: UnixSeconds) -> Integrity {
    let signer = match own_proof(credential, as_of) {
        Ok(signer) => signer,
        Err(axis) => return Integrity { axis, signer: None },
    };
    let axis = nested(credential, as_of, |_| true).unwrap_or_else(|| {
        Axis::pass("The signature fits: the text is unchanged since it was signed with the issuer's key.")
    });
    Integrity { axis, signer: Some(signer) }
}

fn own_proof(credential: &Value, as_of: UnixSeconds) -> Result<VerifyingKey, Axis> {
    let proofs = proof::verify(credential).map_err(|error| refusal(&error))?;
    let issuer = issuer_id(credential).unwrap_or_default();
    let asserted = |proof: &&VerifiedProof| {
        proof.purpose == ProofPurpose::AssertionMethod && proof.is_controlled_by(issuer)
    };
    let Some(own) = proofs.good().iter().find(asserted) else {
        return Err(Axis::fail(
            Code::IssuerDoesNotControlKey,
            "The text is signed, but not with a key of the issuer it names.",
        ));
    };
    if own.expires.is_some_and(|expires| expires <= as_of) {
        return Err(Axis::fail(
            Code::ProofExpired,
            "The signature says itself that it is no longer to be used.",
        ));
    }
    Ok(own.key)
}

/// The first thing wrong with a credential inside this one, among those at the places, from 0, that are to bear a proof.
pub(crate) fn nested(
    credential: &Value,
    as_of: UnixSeconds,
    bears_proof: impl Fn(usize) -> bool,
) -> Option<Axis> {
    let inside = credential.pointer("/credentialSubject/verifiableCredential")?;
    let inside = inside.as_array().map_or_else(|| std::slice::from_ref(inside), Vec::as_slice);
    if inside.len() > NESTED_MAX {
        let text = format!("The record holds more than {NESTED_MAX} credentials, more than is read.");
        return Some(Axis::fail(Code::DocumentTooLarge, text));
    }
    let (position, axis) = inside
        .iter()
        .enumerate()
        .filter(|(position, _)| bears_proof(*position))
        .find_map(|(position, nested)| own_proof(nested, as_of).err().map(|axis| (position + 1, axis)))?;
    let text = format!("Credential number {position} inside this one does not verify. {}", axis.text);
    let mut axis = Axis { text, ..axis };
    axis.codes.insert(0, Code::NestedProofInvalid);
    Some(axis)
}

fn refusal(error: &ProofError) -> Axis {
    match error {
        ProofError::NoProof => {
            Axis::fail(Code::ProofMissing, "The text is not signed: anybody can have written it.")
        }
        ProofError::Signature { .. } => Axis::fail(
            Code::ProofInvalid,
            "The signature does not fit: the text was changed after it was signed, or the signature is made up.",
        ),
        ProofError::NoKnownProof { .. } => Axis::unknown(
            Code::ProofUnsupported,
            "The signature is of a kind that this verifier does not know.",
        ),
        ProofError::Canon(CanonError::UnknownContext { url, .. }) => Axis::unknown(
            Code::ContextUnknown,
            format!(
                "The text uses a vocabulary that is not built in ({url}), so what was signed cannot be told."
            ),
        ),
        ProofError::Canon(error) => Axis::fail(
            Code::TermUndefined,
            format!("A part of the text is not covered by the signature: {error}."),
        ),
        other => Axis::fail(Code::ProofMalformed, format!("The signature cannot be read: {other}.")),
    }
}
