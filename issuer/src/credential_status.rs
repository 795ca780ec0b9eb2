//! Where the status of an issued record is found.

use jiff::civil::Date;
use matricula_credential::model::facts;
use matricula_credential::record::{PortableRecord, RecordError};
use matricula_credential::status::{StatusEntryError, StatusPurpose, entries_of};
use matricula_credential::{content, json, proof};
use matricula_registry::{PublicKey, Registry};
use matricula_tlog::UnixSeconds;
use matricula_verdict::day;
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
    /// Changed after it was signed, or not signed at all: the place it names may be that of another record.
    #[error("the record is not as it was signed: {0}")]
    NotAsSigned(#[from] proof::ProofError),
    /// Signed with a key that was never its issuer's.
    #[error("the record is signed with a key that the log does not know as one of {issuer}")]
    KeyNotOfIssuer {
        /// Who issued it, by its own word.
        issuer: String,
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
            Self::NotAsSigned(_) => "record_not_as_signed",
            Self::KeyNotOfIssuer { .. } => "record_key_not_of_issuer",
        }
    }
}

/// Why a change of a record cannot count from a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EffectiveError {
    /// A set bit counts at once.
    #[error("the effective date lies in the future")]
    InFuture,
    /// There was no record yet.
    #[error("the record was awarded on {awarded}; no change of it can count from a day before")]
    BeforeAward {
        /// The day it was awarded.
        awarded: Date,
    },
}

impl EffectiveError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InFuture => "status_effective_in_future",
            Self::BeforeAward { .. } => "status_effective_before_award",
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
    /// The day it was awarded, as it is written in the record. A binding has none.
    pub awarded: Option<Date>,
}

impl RecordStatus {
    /// Reads a portable record or a bare credential from a file's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordStatusError> {
        Self::of_credential(&credential_of(bytes)?)
    }

    /// Reads one that somebody handed in, of which nothing is believed that its issuer has not signed: a file with
    /// the place of another learner's record would have that one revoked. Keys that were retired or lost since
    /// count too, for it is their records that are revoked.
    pub fn parse_signed(bytes: &[u8], registry: &Registry) -> Result<Self, RecordStatusError> {
        let credential = credential_of(bytes)?;
        let status = Self::of_credential(&credential)?;
        let proofs = proof::verify(&credential)?;
        let is_issuers = |proof: &proof::VerifiedProof| {
            let key = registry.key(&PublicKey::from(&proof.key));
            proof.controller == status.issuer
                && key.is_some_and(|key| key.institution().as_str() == status.issuer)
        };
        if proofs.good().iter().all(is_issuers) {
            return Ok(status);
        }
        Err(RecordStatusError::KeyNotOfIssuer { issuer: status.issuer })
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
            awarded: facts(credential).awarded.as_deref().and_then(day_of),
        })
    }

    /// Whether a change of the record can count from that moment.
    pub(crate) fn check_effective(
        &self,
        effective: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<(), EffectiveError> {
        if effective > now {
            return Err(EffectiveError::InFuture);
        }
        match self.awarded {
            // Both are written year first, so they sort as texts do.
            Some(awarded) if day(effective) < awarded.to_string() => {
                Err(EffectiveError::BeforeAward { awarded })
            }
            _ => Ok(()),
        }
    }
}

/// The credential of a portable record, or the document itself.
pub(crate) fn credential_of(bytes: &[u8]) -> Result<Value, RecordStatusError> {
    let document = json::parse(bytes)?;
    if PortableRecord::is_record(&document) {
        return Ok(PortableRecord::from_value(&document)?.credential);
    }
    Ok(document)
}

/// The day of a date and time, as it is written.
fn day_of(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}
