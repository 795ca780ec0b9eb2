//! What an authority says in its trust file, before it is signed.

use ed25519_dalek::SigningKey;
use matricula_credential::canonical_json;
use matricula_credential::did::verification_method;
use matricula_credential::json::quoted;
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_tlog::{Hash, UnixSeconds};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::trust_file::TrustFileError;

/// The `type` member of a trust file.
const TYPE: &str = "MatriculaTrustFile";

/// The version of the format this crate reads and writes.
const VERSION: u32 = 1;

/// What an authority says of itself, its log and its institutions, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustContent {
    /// Grows by one with each file; a verifier never goes back.
    pub sequence: u64,
    /// When the file was made, RFC 3339.
    pub issued: String,
    /// When a verifier should no longer rely on it alone, RFC 3339.
    pub expires: String,
    /// Hex SHA-256 of the JCS form of the file before this one; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Who speaks.
    pub authority: TrustedAuthority,
    /// The log the authority runs.
    pub log: TrustedLog,
    /// Statements of the authority, by their place in the log: the genesis and all later authority
    /// statements, every withdrawal of rights, and, as far as there is room, every grant.
    pub statements: Vec<TrustedStatement>,
    /// The current status lists.
    pub status_lists: Vec<TrustedStatusList>,
}

/// The authority as people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedAuthority {
    /// Its DID.
    pub did: String,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Where its services are reached, without a slash at the end; a newer trust file is at `/trust` there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The log and the policy its proofs must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedLog {
    /// The origin line of its checkpoints.
    pub origin: String,
    /// The C2SP policy file, verbatim.
    pub policy: String,
}

/// One statement, vouched for by the signature over the trust file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedStatement {
    /// Its place in the log.
    pub index: u64,
    /// When it was logged, RFC 3339.
    pub logged_at: String,
    /// The entry's bytes, base64.
    pub statement: String,
}

/// One status list with the reasons behind its bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedStatusList {
    /// The `BitstringStatusListCredential`.
    pub credential: Value,
    /// Why a bit is set, and since when.
    pub events: Vec<StatusEvent>,
}

/// Why the status at one index changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusEvent {
    /// The index in the list.
    pub index: u32,
    /// `revocation` or `suspension`.
    pub purpose: String,
    /// The reason code, as `issued_in_error`, or `superseded_name_changed` of a correction; `reinstated` ends
    /// a suspension.
    pub reason: String,
    /// From when it counts, RFC 3339.
    pub effective: String,
    /// When it was recorded, RFC 3339.
    pub recorded: String,
}

impl TrustedStatusList {
    /// What the log commits to: SHA-256 of the JCS form of the list with its events.
    pub fn digest(&self) -> Result<Hash, TrustFileError> {
        jcs_digest(&to_json(self)?).map(Hash::from_bytes)
    }
}

impl TrustContent {
    /// Reads the content of a trust file, its proof aside.
    pub(crate) fn read(document: &Value) -> Result<Self, TrustFileError> {
        let shape = |reason: &str| TrustFileError::Shape(reason.to_owned());
        let mut members = document.as_object().ok_or_else(|| shape("not an object"))?.clone();
        if members.remove("type") != Some(json!(TYPE)) {
            return Err(shape("`type` is not MatriculaTrustFile"));
        }
        if members.remove("version") != Some(json!(VERSION)) {
            return Err(shape("`version` is not 1"));
        }
        members.remove("proof");
        serde_json::from_value(Value::Object(members))
            .map_err(|error| TrustFileError::Shape(quoted(&error.to_string())))
    }

    /// Signs the content with a key of the authority: the file, as JSON.
    pub fn sign(&self, key: &SigningKey, created: UnixSeconds) -> Result<Value, TrustFileError> {
        let mut document = to_json(self)?;
        document["type"] = json!(TYPE);
        document["version"] = json!(VERSION);
        let method = verification_method(&self.authority.did, &key.verifying_key());
        let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, created);
        Ok(proof::sign(&document, &options, key)?)
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Value, TrustFileError> {
    serde_json::to_value(value).map_err(|error| TrustFileError::Unwritable(error.to_string()))
}

pub(crate) fn jcs_digest(value: &Value) -> Result<[u8; 32], TrustFileError> {
    let bytes = canonical_json(value).map_err(|error| TrustFileError::Unwritable(error.to_string()))?;
    Ok(Sha256::digest(bytes).into())
}
