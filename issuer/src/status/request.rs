//! What a school asks the authority to do with one of its records.

use ed25519_dalek::SigningKey;
use matricula_registry::{InstitutionId, PublicKey};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{StatusAction, StatusReason};
use crate::signed_document::{self, SignedDocumentError};

/// The `type` of a request.
const KIND: &str = "MatriculaStatusRequest";

/// A request has about a kilobyte.
pub const REQUEST_BYTES_MAX: u64 = 16 * 1024;

/// What is asked for, by whom, why and from when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusRequest {
    /// Version of this format: 1.
    pub version: u32,
    /// Who asks: a DID.
    pub institution: String,
    /// The identifier of the credential, for the people who read the request.
    pub credential_id: String,
    /// The status list that the credential names.
    pub status_list: String,
    /// The credential's index in it.
    pub index: u32,
    /// What to do.
    pub action: StatusAction,
    /// Why.
    pub reason: StatusReason,
    /// From when it counts.
    #[serde(with = "crate::moment")]
    pub effective: UnixSeconds,
    /// When it was asked for.
    #[serde(with = "crate::moment")]
    pub created: UnixSeconds,
}

/// A request whose signature fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    pub(crate) request: StatusRequest,
    pub(crate) signer: PublicKey,
    pub(crate) controller: String,
    bytes: Vec<u8>,
}

impl SignedRequest {
    /// Signs a request. Ed25519 is deterministic, so the same request gives the same bytes.
    pub(crate) fn sign(
        request: StatusRequest,
        institution: &InstitutionId,
        key: &SigningKey,
    ) -> Result<Self, SignedDocumentError> {
        let created = request.created;
        let document = signed_document::sign(KIND, &request, institution.as_str(), key, created)?;
        let bytes = serde_json::to_vec_pretty(&document)
            .map_err(|error| SignedDocumentError::Shape { expected: KIND, problem: error.to_string() })?;
        Ok(Self {
            request,
            signer: PublicKey::from(&key.verifying_key()),
            controller: institution.as_str().to_owned(),
            bytes,
        })
    }

    /// Reads a request file and checks its signature; whether the signer may ask is the authority's
    /// to decide.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedDocumentError> {
        let opened = signed_document::open::<StatusRequest>(KIND, bytes)?;
        Ok(Self {
            request: opened.body,
            signer: opened.signer.key,
            controller: opened.signer.controller,
            bytes: bytes.to_vec(),
        })
    }

    /// What is asked for.
    pub fn request(&self) -> &StatusRequest {
        &self.request
    }

    /// The signed file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The request's identity: hex SHA-256 of what it asks for, so that asking twice is asking once.
    pub fn id(&self) -> String {
        let request = &self.request;
        let mut hasher = Sha256::new();
        for part in
            [&request.institution, &request.status_list, request.action.as_str(), request.reason.as_str()]
                as [&str; 4]
        {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.update(request.index.to_be_bytes());
        hasher.update(request.effective.get().to_be_bytes());
        hasher.update(request.created.get().to_be_bytes());
        data_encoding::HEXLOWER.encode(&hasher.finalize())
    }
}
