//! Was this signed by that key, and not changed since?

use ed25519_dalek::VerifyingKey;
use matricula_credential::CanonError;
use matricula_credential::content::issuer_id;
use matricula_credential::proof::{self, ProofError, ProofPurpose, VerifiedProof};
use matricula_credential::record::nested_in;
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::code::Code;
use crate::nested::{Other, others};
use crate::verdict::Axis;

/// A transcript holds a certificate for each subject and year; a school life has some 150.
const NESTED_MAX: usize = 512;

/// The axis, and the key that signed where one did.
pub(crate) struct Integrity<'c> {
    pub(crate) axis: Axis,
    pub(crate) signer: Option<VerifyingKey>,
    /// The credentials inside that the right to issue this one does not cover.
    pub(crate) others: Vec<Other<'c>>,
}

/// Checks the proofs of a credential and of the credentials inside it.
pub(crate) fn examine(credential: &Value, as_of: UnixSeconds) -> Integrity<'_> {
    let signer = match own_proof(credential, as_of) {
        Ok(signer) => signer,
        Err(axis) => return Integrity { axis, signer: None, others: Vec::new() },
    };
    match nested(credential, as_of, |_| true) {
        Ok(keys) => Integrity {
            axis: Axis::pass(
                "The signature fits: the text is unchanged since it was signed with the issuer's key.",
            ),
            signer: Some(signer),
            others: others(credential, &signer, &keys),
        },
        Err(axis) => Integrity { axis, signer: Some(signer), others: Vec::new() },
    }
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

/// The keys that signed the credentials at the places, from 0, that are to bear a proof; or the first
/// thing wrong with one of them.
pub(crate) fn nested(
    credential: &Value,
    as_of: UnixSeconds,
    bears_proof: impl Fn(usize) -> bool,
) -> Result<Vec<Option<VerifyingKey>>, Axis> {
    let inside = nested_in(credential);
    if inside.len() > NESTED_MAX {
        let text = format!("The record holds more than {NESTED_MAX} credentials, more than is read.");
        return Err(Axis::fail(Code::DocumentTooLarge, text));
    }
    let signed = |(position, nested): (usize, &Value)| match bears_proof(position) {
        true => own_proof(nested, as_of).map(Some).map_err(|axis| in_place(position, axis)),
        false => Ok(None),
    };
    inside.iter().enumerate().map(signed).collect()
}

fn in_place(position: usize, axis: Axis) -> Axis {
    let text = format!("Credential number {} inside this one does not verify. {}", position + 1, axis.text);
    let mut axis = Axis { text, ..axis };
    axis.codes.insert(0, Code::NestedProofInvalid);
    axis
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
