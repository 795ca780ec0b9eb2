//! Making proofs.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Cryptosuite, ProofError, ProofOptions};
use crate::canonical::{canonical_json, canonical_nquads};
use crate::date_time::format_date_time;

/// What is signed: SHA-256 of the canonical proof options, then SHA-256 of the canonical document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashData([u8; 64]);

impl HashData {
    /// Wraps 64 bytes, as kept between preparing and issuing.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The `proofValue`: a signature of 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofValue([u8; 64]);

impl ProofValue {
    /// Wraps 64 bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Multibase base58btc, `z…`.
    pub fn encode(&self) -> String {
        format!("z{}", bs58::encode(self.0).into_string())
    }

    /// Reads multibase base58btc; `None` unless it holds exactly 64 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 64];
        let length = bs58::decode(text.strip_prefix('z')?).onto(&mut bytes).ok()?;
        (length == bytes.len()).then_some(Self(bytes))
    }
}

/// Hashes a document without proof together with the options of the proof to be made.
///
/// # Errors
/// [`ProofError::AlreadySigned`], [`ProofError::NotAnObject`], [`ProofError::Canon`] or [`ProofError::Written`].
pub fn hash_data(document: &Value, options: &ProofOptions) -> Result<HashData, ProofError> {
    let object = document.as_object().ok_or(ProofError::NotAnObject)?;
    if object.contains_key("proof") {
        return Err(ProofError::AlreadySigned);
    }
    let mut proof = unsigned_proof(object, options)?;
    if let (Cryptosuite::EddsaRdfc2022, Some(context)) = (options.cryptosuite, object.get("@context")) {
        proof.insert("@context".to_owned(), context.clone());
    }
    combine(options.cryptosuite, &Value::Object(proof), document)
}

/// Signs hash data.
pub fn sign_hash_data(hash_data: &HashData, key: &SigningKey) -> ProofValue {
    ProofValue(key.sign(hash_data.as_bytes()).to_bytes())
}

/// Puts a signature over [`hash_data`] of the same document and options into the document.
///
/// # Errors
/// [`ProofError::AlreadySigned`], [`ProofError::NotAnObject`] or [`ProofError::Written`].
pub fn attach(document: &Value, options: &ProofOptions, value: &ProofValue) -> Result<Value, ProofError> {
    let object = document.as_object().ok_or(ProofError::NotAnObject)?;
    if object.contains_key("proof") {
        return Err(ProofError::AlreadySigned);
    }
    let mut proof = unsigned_proof(object, options)?;
    proof.insert("proofValue".to_owned(), Value::String(value.encode()));
    let mut signed = object.clone();
    signed.insert("proof".to_owned(), Value::Object(proof));
    Ok(Value::Object(signed))
}

/// Hashes, signs and attaches in one go.
///
/// # Errors
/// What [`hash_data`] and [`attach`] refuse.
pub fn sign(document: &Value, options: &ProofOptions, key: &SigningKey) -> Result<Value, ProofError> {
    attach(document, options, &sign_hash_data(&hash_data(document, options)?, key))
}

/// Canonicalises and hashes proof options and document.
pub(super) fn combine(suite: Cryptosuite, proof: &Value, document: &Value) -> Result<HashData, ProofError> {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&digest(suite, proof)?);
    bytes[32..].copy_from_slice(&digest(suite, document)?);
    Ok(HashData(bytes))
}

/// SHA-256 of the canonical form.
pub(super) fn digest(suite: Cryptosuite, value: &Value) -> Result<[u8; 32], ProofError> {
    Ok(match suite {
        Cryptosuite::EddsaRdfc2022 => Sha256::digest(canonical_nquads(value)?).into(),
        Cryptosuite::EddsaJcs2022 => Sha256::digest(canonical_json(value)?).into(),
    })
}

/// The proof as it stands in the document, without its value. With `eddsa-jcs-2022` it holds the context itself.
fn unsigned_proof(
    document: &Map<String, Value>,
    options: &ProofOptions,
) -> Result<Map<String, Value>, ProofError> {
    let mut proof = Map::new();
    if let (Cryptosuite::EddsaJcs2022, Some(context)) = (options.cryptosuite, document.get("@context")) {
        proof.insert("@context".to_owned(), context.clone());
    }
    let mut put = |member: &str, value: Value| proof.insert(member.to_owned(), value);
    put("type", json!("DataIntegrityProof"));
    put("cryptosuite", json!(options.cryptosuite.name()));
    put("created", json!(format_date_time(options.created)?));
    put("verificationMethod", json!(options.verification_method));
    put("proofPurpose", json!(options.purpose.as_str()));
    if let Some(expires) = options.expires {
        put("expires", json!(format_date_time(expires)?));
    }
    if let Some(challenge) = &options.challenge {
        put("challenge", json!(challenge));
    }
    if let Some(domain) = &options.domain {
        put("domain", json!(domain));
    }
    Ok(proof)
}
