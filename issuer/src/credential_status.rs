//! Where the status of an issued record is found.

use matricula_credential::record::{PortableRecord, RecordError};
use matricula_credential::status::{StatusEntryError, StatusPurpose, entries_of};
use matricula_credential::{content, json};
use serde_json::Value;
use thiserror::Error;

/// Why the status of a record cannot be found.
#[derive(Debug, Error)]
pub enum RecordStatusError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] json::JsonError),
    /// A portable record that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Status entries that cannot be read.
    #[error(transparent)]
    Status(#[from] StatusEntryError),
    /// No identifier, no issuer, or no status of the kind our records have.
    #[error("the record has no `{member}` that can be used")]
    Member {
        /// What is missing.
        member: &'static str,
    },
}

impl RecordStatusError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "json_unreadable",
            Self::Record(_) => "record_unreadable",
            Self::Status(_) => "record_status_unreadable",
            Self::Member { .. } => "record_member_missing",
        }
    }
}

/// A record's identity and the place of its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordStatus {
    /// The identifier of the credential.
    pub credential_id: String,
    /// Who issued it.
    pub issuer: String,
    /// The address of its status list.
    pub status_list: String,
    /// Its index there.
    pub index: u32,
}

impl RecordStatus {
    /// Reads a portable record or a bare credential from a file's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordStatusError> {
        let document = json::parse(bytes)?;
        if PortableRecord::is_record(&document) {
            return Self::of_credential(&PortableRecord::from_value(&document)?.credential);
        }
        Self::of_credential(&document)
    }

    /// Reads a credential.
    pub fn of_credential(credential: &Value) -> Result<Self, RecordStatusError> {
        let missing = |member| RecordStatusError::Member { member };
        let id = credential.get("id").and_then(Value::as_str).ok_or(missing("id"))?;
        let issuer = content::issuer_id(credential).ok_or(missing("issuer"))?;
        let entries = entries_of(credential)?;
        let entry = entries
            .iter()
            .find(|entry| entry.purpose == StatusPurpose::Revocation)
            .ok_or(missing("credentialStatus"))?;
        Ok(Self {
            credential_id: id.to_owned(),
            issuer: issuer.to_owned(),
            status_list: entry.list.clone(),
            index: u32::try_from(entry.index).map_err(|_| missing("statusListIndex"))?,
        })
    }
}
