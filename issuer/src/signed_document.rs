//! Small signed JSON files between schools and authorities: `eddsa-jcs-2022` over the whole file.
//!
//! The key is taken from the proof; whether that key may say what the file says is decided by the
//! caller, never here.

use ed25519_dalek::SigningKey;
use matricula_credential::proof::{self, Cryptosuite, ProofOptions, ProofPurpose, ProofSuite, VerifiedProof};
use matricula_credential::{did, json};
use matricula_registry::PublicKey;
use matricula_tlog::UnixSeconds;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

/// The member that holds the signature.
const PROOF: &str = "proof";

/// The member that names the kind of file.
const TYPE: &str = "type";

/// Why a signed file is refused.
#[derive(Debug, Error)]
pub enum SignedDocumentError {
    /// Not strict JSON.
    #[error("the file is not readable JSON: {0}")]
    Json(#[from] json::JsonError),
    /// JSON of another shape.
    #[error("the file is not a {expected}: {problem}")]
    Shape {
        /// The type that was expected.
        expected: &'static str,
        /// What does not fit.
        problem: String,
    },
    /// The signature is missing or does not fit.
    #[error("the file's signature does not verify: {0}")]
    Proof(#[from] proof::ProofError),
    /// A signature that is not an assertion with `eddsa-jcs-2022`.
    #[error("the file carries a signature of another kind than eddsa-jcs-2022 for an assertion")]
    ProofKind,
    /// More or fewer signatures than such a file has.
    #[error("the file carries {got} signatures and needs {needed}")]
    ProofCount {
        /// How many there are.
        got: usize,
        /// How many there must be.
        needed: usize,
    },
}

impl SignedDocumentError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "json_unreadable",
            Self::Shape { .. } => "file_shape",
            Self::Proof(_) => "signature_invalid",
            Self::ProofKind => "signature_kind",
            Self::ProofCount { .. } => "signature_count",
        }
    }
}

/// Who signed a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    /// The DID before the fragment of the verification method.
    pub(crate) controller: String,
    /// The key.
    pub(crate) key: PublicKey,
}

/// A file with one signature that fits.
#[derive(Clone, Debug)]
pub(crate) struct Opened<T> {
    /// What the file says.
    pub(crate) body: T,
    /// Who signed it.
    pub(crate) signer: Signer,
}

/// Signs a body under `controller`'s name. `kind` becomes its `type` member.
pub(crate) fn sign<T: Serialize>(
    kind: &'static str,
    body: &T,
    controller: &str,
    key: &SigningKey,
    created: UnixSeconds,
) -> Result<Value, SignedDocumentError> {
    let document = unsigned(kind, body)?;
    Ok(proof::sign(&document, &options(controller, key, created), key)?)
}

/// Signs a body once with each key.
pub(crate) fn sign_with_all<T: Serialize>(
    kind: &'static str,
    body: &T,
    controller: &str,
    keys: &[&SigningKey],
    created: UnixSeconds,
) -> Result<Value, SignedDocumentError> {
    let document = unsigned(kind, body)?;
    let mut proofs = Vec::with_capacity(keys.len());
    for key in keys {
        let mut signed = proof::sign(&document, &options(controller, key, created), key)?;
        proofs.extend(signed.as_object_mut().and_then(|members| members.remove(PROOF)));
    }
    let mut signed = document;
    if let Some(members) = signed.as_object_mut() {
        members.insert(PROOF.to_owned(), Value::Array(proofs));
    }
    Ok(signed)
}

/// Reads a file of one kind with exactly one signature.
pub(crate) fn open<T: DeserializeOwned>(
    kind: &'static str,
    bytes: &[u8],
) -> Result<Opened<T>, SignedDocumentError> {
    let (body, mut signers) = open_with_all(kind, bytes)?;
    match (signers.pop(), signers.len()) {
        (Some(signer), 0) => Ok(Opened { body, signer }),
        (last, others) => {
            Err(SignedDocumentError::ProofCount { got: others + usize::from(last.is_some()), needed: 1 })
        }
    }
}

/// Reads a file of one kind with any number of signatures, all of which fit.
pub(crate) fn open_with_all<T: DeserializeOwned>(
    kind: &'static str,
    bytes: &[u8],
) -> Result<(T, Vec<Signer>), SignedDocumentError> {
    let mut document = json::parse(bytes)?;
    let signers = verify(&document)?;
    let shape = |problem: String| {
        let problem = json::quoted(&problem);
        SignedDocumentError::Shape { expected: kind, problem }
    };
    let members = document.as_object_mut().ok_or_else(|| shape("it is not an object".to_owned()))?;
    members.remove(PROOF);
    match members.remove(TYPE) {
        Some(Value::String(is)) if is == kind => {}
        other => return Err(shape(format!("its type is {}", other.unwrap_or_default()))),
    }
    let body = serde_json::from_value(document).map_err(|error| shape(error.to_string()))?;
    Ok((body, signers))
}

fn verify(document: &Value) -> Result<Vec<Signer>, SignedDocumentError> {
    let proofs = proof::verify(document)?;
    let foreign = proofs.unsupported().len();
    let usable = |proof: &&VerifiedProof| {
        proof.suite == ProofSuite::DataIntegrity(Cryptosuite::EddsaJcs2022)
            && proof.purpose == ProofPurpose::AssertionMethod
    };
    let signers: Vec<Signer> = proofs
        .good()
        .iter()
        .filter(usable)
        .map(|proof| Signer { controller: proof.controller.clone(), key: PublicKey::from(&proof.key) })
        .collect();
    if signers.len() != proofs.good().len() || foreign > 0 {
        return Err(SignedDocumentError::ProofKind);
    }
    Ok(signers)
}

fn unsigned<T: Serialize>(kind: &'static str, body: &T) -> Result<Value, SignedDocumentError> {
    let shape = |problem: String| SignedDocumentError::Shape { expected: kind, problem };
    let mut document = serde_json::to_value(body).map_err(|error| shape(error.to_string()))?;
    let members = document.as_object_mut().ok_or_else(|| shape("it is not an object".to_owned()))?;
    members.insert(TYPE.to_owned(), Value::String(kind.to_owned()));
    Ok(document)
}

fn options(controller: &str, key: &SigningKey, created: UnixSeconds) -> ProofOptions {
    ProofOptions::assertion(
        Cryptosuite::EddsaJcs2022,
        did::verification_method(controller, &key.verifying_key()),
        created,
    )
}
