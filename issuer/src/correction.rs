//! What a school does about records that are out: revoke, suspend, reinstate, correct.

use std::path::PathBuf;

use matricula_credential::binding::BindingError as BindingModelError;
use matricula_credential::model::facts;
use matricula_credential::parse_date_time;
use matricula_credential::proof::Cryptosuite;
use matricula_tlog::UnixSeconds;
use thiserror::Error;

use crate::batch::{self, BatchError, Corrects, PrepareCorrection, Prepared, RosterDigest};
use crate::credential_status::{EffectiveError, RecordStatus, RecordStatusError, credential_of};
use crate::keyring::{KeyPurpose, SecretKey};
use crate::progress::ProgressListener;
use crate::roster::Roster;
use crate::school::SchoolHome;
use crate::signed_document::SignedDocumentError;
use crate::status::{
    CorrectionReason, REQUEST_BYTES_MAX, SignedRequest, StatusAction, StatusReason, StatusRequest,
};
use crate::storage::{self, Access, StorageError};

/// A record with a transcript of 256 courses has a megabyte.
const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Asks the authority to change how a record stands.
pub struct ChangeStatus<'a> {
    /// The bytes of the portable record, or of the bare credential.
    pub record: &'a [u8],
    /// What to do.
    pub action: StatusAction,
    /// Why.
    pub reason: StatusReason,
    /// From when it counts; not in the future, not before the record was awarded.
    pub effective: UnixSeconds,
    /// An unlocked `issue` or `approve` key.
    pub key: &'a SecretKey,
    /// When it is asked for.
    pub now: UnixSeconds,
}

/// A signed request, to be handed to the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRequested {
    /// The record concerned.
    pub record: RecordStatus,
    /// The request file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether this command made it; `false` where the same had been asked before.
    pub created: bool,
}

/// Re-issues a record with what a corrected roster says of its learner.
pub struct CorrectRecord<'a> {
    /// The bytes of the portable record that is wrong.
    pub record: &'a [u8],
    /// The corrected roster; it must have the learner of the record.
    pub roster: &'a Roster,
    /// The digest of the corrected file of learners.
    pub roster_digest: RosterDigest,
    /// Why.
    pub reason: CorrectionReason,
    /// From when the old version no longer counts: not in the future, not before the record was awarded.
    /// Without it, from `now`.
    pub effective: Option<UnixSeconds>,
    /// The unlocked `issue` key.
    pub key: &'a SecretKey,
    /// How the credential is signed.
    pub cryptosuite: Cryptosuite,
    /// The moment that stands in the credential as `validFrom`; later than the old one's.
    pub now: UnixSeconds,
}

/// Why a record cannot be corrected, or its status not be changed.
#[derive(Debug, Error)]
pub enum CorrectionError {
    /// The record is not this school's.
    #[error("the record was issued by {issuer}, not by this school")]
    NotOurs {
        /// Who issued it.
        issuer: String,
    },
    /// There is no issued batch with this record.
    #[error("no batch of this school has issued {credential_id}")]
    NotIssued {
        /// The identifier.
        credential_id: String,
    },
    /// A later version of the record has been issued.
    #[error("the record has been corrected before; correct its latest version")]
    NotTheLatest,
    /// The record names no learner or no date that a correction could keep.
    #[error("the record has no `{member}` that a correction could keep")]
    Member {
        /// What is missing.
        member: &'static str,
    },
    /// The corrected roster does not have the record's learner.
    #[error("the corrected roster does not have learner {learner_no}")]
    LearnerMissing {
        /// The number in the record.
        learner_no: String,
    },
    /// The correction would not be later than what it corrects.
    #[error("the record is valid from {valid_from}; a correction must be later")]
    NotLater {
        /// `validFrom` of the record.
        valid_from: String,
    },
    /// The date from which it is to count is impossible.
    #[error(transparent)]
    Effective(#[from] EffectiveError),
    /// The key is for something else.
    #[error("a key for '{}' cannot ask for this; it takes one for 'issue' or 'approve'", is.as_str())]
    WrongKey {
        /// What the key is for.
        is: KeyPurpose,
    },
    /// The record's status cannot be found.
    #[error(transparent)]
    RecordStatus(#[from] RecordStatusError),
    /// A binding of the school cannot be read.
    #[error(transparent)]
    Binding(#[from] BindingModelError),
    /// The request cannot be signed, or one that is there cannot be read.
    #[error(transparent)]
    Document(#[from] SignedDocumentError),
    /// The batch of one.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl CorrectionError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NotOurs { .. } => "record_not_ours",
            Self::NotIssued { .. } => "record_not_issued",
            Self::NotTheLatest => "record_not_the_latest",
            Self::Member { .. } => "record_member_missing",
            Self::LearnerMissing { .. } => "learner_missing",
            Self::NotLater { .. } => "correction_not_later",
            Self::Effective(error) => error.code(),
            Self::WrongKey { .. } => "key_wrong_purpose",
            Self::RecordStatus(error) => error.code(),
            Self::Binding(_) => "binding_unreadable",
            Self::Document(error) => error.code(),
            Self::Batch(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

/// Signs a request to change how a record stands, and keeps it under `requests`. What has been asked
/// before is not asked again.
pub fn request_status(
    home: &SchoolHome,
    order: &ChangeStatus<'_>,
) -> Result<StatusRequested, CorrectionError> {
    let record = own_record(home, order.record)?;
    check_request_key(order.key)?;
    record.check_effective(order.effective, order.now)?;
    let _lock = home.lock()?;
    let request = StatusRequest {
        version: 1,
        institution: record.issuer.clone(),
        credential_id: record.credential_id.clone(),
        status_list: record.status_list.clone(),
        index: record.index,
        action: order.action,
        reason: order.reason,
        effective: order.effective,
        created: order.now,
    };
    if let Some((path, bytes)) = asked_before(home, &request)? {
        return Ok(StatusRequested { record, path, bytes, created: false });
    }
    sign_request(home, request, record, order.key)
}

/// Only a person's key may ask for a change; not a `bind` key, which lies unlocked in a service.
pub(crate) fn check_request_key(key: &SecretKey) -> Result<(), CorrectionError> {
    match key.purpose() {
        KeyPurpose::Issue | KeyPurpose::Approve => Ok(()),
        is => Err(CorrectionError::WrongKey { is }),
    }
}

/// Signs a request about a record and keeps it. The caller holds the home's lock.
pub(crate) fn sign_request(
    home: &SchoolHome,
    request: StatusRequest,
    record: RecordStatus,
    key: &SecretKey,
) -> Result<StatusRequested, CorrectionError> {
    let signed = SignedRequest::sign(request, &home.profile().did, key.signing())?;
    storage::make_folder(&home.requests_folder())?;
    let path = home.requests_folder().join(format!("{}.json", signed.id()));
    storage::write(&path, signed.bytes(), Access::Private)?;
    Ok(StatusRequested { record, path, bytes: signed.bytes().to_vec(), created: true })
}

/// Every request that the school has signed, with its file.
pub(crate) fn requests(home: &SchoolHome) -> Result<Vec<(StatusRequest, PathBuf, Vec<u8>)>, CorrectionError> {
    let folder = home.requests_folder();
    let mut requests = Vec::new();
    for name in storage::names_in(&folder)? {
        let path = folder.join(&name);
        let bytes = storage::read(&path, REQUEST_BYTES_MAX)?;
        requests.push((SignedRequest::parse(&bytes)?.request().clone(), path, bytes));
    }
    Ok(requests)
}

/// Prepares the correction of a record as a batch of one, to be approved and issued like any other:
/// same identifier, same awarded date, later `validFrom`. Issuing it also signs the request to mark
/// the old version as superseded: why and from when is part of what is approved.
pub fn correct(
    home: &SchoolHome,
    order: &CorrectRecord<'_>,
    progress: ProgressListener<'_>,
) -> Result<Prepared, CorrectionError> {
    let status = own_record(home, order.record)?;
    let credential = credential_of(order.record)?;
    let missing = |member| CorrectionError::Member { member };
    let facts = facts(&credential);
    let learner_no = facts.learner_number.ok_or(missing("sisSourcedId"))?;
    let awarded = status.awarded.ok_or(missing("awardedDate"))?;
    let valid_from = facts.valid_from.ok_or(missing("validFrom"))?;
    let since = parse_date_time(&valid_from).map_err(|_| missing("validFrom"))?;
    let issued = batch::find_issued(home, &status.credential_id)?
        .ok_or_else(|| CorrectionError::NotIssued { credential_id: status.credential_id.clone() })?;
    let latest = RecordStatus::parse(&storage::read(&issued.path, RECORD_BYTES_MAX)?)?;
    if latest != status {
        return Err(CorrectionError::NotTheLatest);
    }
    if order.now <= since {
        return Err(CorrectionError::NotLater { valid_from });
    }
    let effective = order.effective.unwrap_or(order.now);
    status.check_effective(effective, order.now)?;
    let correction = PrepareCorrection {
        kind: issued.kind,
        roster: order.roster,
        roster_digest: order.roster_digest,
        on_behalf_of: issued.on_behalf_of,
        learner_no: &learner_no,
        corrects: Corrects {
            credential_id: status.credential_id,
            status_list: status.status_list,
            index: status.index,
            reason: order.reason,
            effective,
        },
        any_effective: order.effective.is_none(),
        awarded,
        key: order.key,
        cryptosuite: order.cryptosuite,
        now: order.now,
    };
    batch::prepare_correction(home, correction, progress).map_err(|error| match error {
        BatchError::NobodyToIssue { .. } => {
            CorrectionError::LearnerMissing { learner_no: learner_no.clone() }
        }
        other => other.into(),
    })
}

/// The same request, whenever it was made. Only the latest ones about a record count: suspended again
/// after a reinstatement is a new one.
fn asked_before(
    home: &SchoolHome,
    asked: &StatusRequest,
) -> Result<Option<(PathBuf, Vec<u8>)>, CorrectionError> {
    let mut about = requests(home)?;
    about.retain(|(request, ..)| request.status_list == asked.status_list && request.index == asked.index);
    let latest = about.iter().map(|(request, ..)| request.created).max();
    Ok(about.into_iter().find_map(|(request, path, bytes)| {
        let is_latest = Some(request.created) == latest;
        let same = StatusRequest { created: asked.created, ..request } == *asked;
        (is_latest && same).then_some((path, bytes))
    }))
}

/// A record as this school has signed it.
fn own_record(home: &SchoolHome, bytes: &[u8]) -> Result<RecordStatus, CorrectionError> {
    let RecordStatus { issuer, .. } = RecordStatus::parse(bytes)?;
    if issuer != home.profile().did.as_str() {
        return Err(CorrectionError::NotOurs { issuer });
    }
    let evidence = home.evidence().map_err(BatchError::from)?;
    Ok(RecordStatus::parse_signed(bytes, evidence.registry())?)
}
