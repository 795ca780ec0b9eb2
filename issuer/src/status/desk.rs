//! The authority's desk for status: allotting indexes, taking requests.

use std::path::PathBuf;

use matricula_registry::{InstitutionId, KeyRole, KnownAt, PublicKey, Registry};
use matricula_tlog::UnixSeconds;

use super::allotment::{AllotmentBook, AllotmentError, Allotted};
use super::publish;
use super::request::{REQUEST_BYTES_MAX, SignedRequest, StatusRequest};
use super::{StatusAction, StatusError, StatusReason};
use crate::authority::{AuthorityDesk, AuthorityHome};
use crate::credential_status::{EffectiveError, RecordStatus};
use crate::storage::{self, Access, HomeLock};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The request's identity.
    pub id: String,
    /// Whether it is new; `false` where it had been received before.
    pub new: bool,
}

impl AuthorityHome {
    /// Takes a school's request in, to be carried out by the next publication. The same request
    /// again is taken once. `registry` is the log's word on whose keys are whose.
    pub fn receive_status_request(
        &self,
        registry: &Registry,
        bytes: &[u8],
        now: UnixSeconds,
    ) -> Result<Received, StatusError> {
        let signed = SignedRequest::parse(bytes)?;
        check_signer(registry, self.profile().did.as_str(), &signed, now)?;
        let _lock = HomeLock::take(self.root())?;
        let id = signed.id();
        let folders = RequestFolders::of(self);
        if folders.waiting(&id).exists() || folders.applied(&id).exists() {
            return Ok(Received { id, new: false });
        }
        let number = publish::list_number(self, &signed.request().status_list)?;
        let book = AllotmentBook::open_list(&publish::lists_folder(self), number)?;
        check_request(self, &book, &signed, now)?;
        self.check_with_waiting(registry, number, &signed, now)?;
        storage::make_folder(&folders.waiting)?;
        storage::write(&folders.waiting(&id), signed.bytes(), Access::Private)?;
        Ok(Received { id, new: true })
    }

    /// The requests that wait for the next publication, in the order of their making.
    pub fn waiting_status_requests(&self) -> Result<Vec<SignedRequest>, StatusError> {
        let folder = RequestFolders::of(self).waiting;
        let mut requests = Vec::new();
        for name in storage::names_in(&folder)? {
            requests.push(SignedRequest::parse(&storage::read(&folder.join(name), REQUEST_BYTES_MAX)?)?);
        }
        requests.sort_by_key(|request| (request.request().created, request.id()));
        Ok(requests)
    }

    /// Whether the request is possible after those that wait already and will be carried out.
    fn check_with_waiting(
        &self,
        registry: &Registry,
        number: u32,
        signed: &SignedRequest,
        now: UnixSeconds,
    ) -> Result<(), StatusError> {
        let asked = signed.request();
        let authority = self.profile().did.as_str();
        let mut history = publish::history(self, number)?;
        for waiting in self.waiting_status_requests()? {
            let earlier = waiting.request();
            let same_list = earlier.status_list == asked.status_list;
            // A key lost since then must not keep its school from asking with another.
            if same_list && check_signer(registry, authority, &waiting, now).is_ok() {
                // One that has become impossible is refused by the publication, not here.
                let _ = history.record(earlier.index, earlier.action, earlier.reason, earlier.effective, now);
            }
        }
        history.record(asked.index, asked.action, asked.reason, asked.effective, now)?;
        Ok(())
    }
}

impl AuthorityDesk<'_> {
    /// Allots `count` random unused indexes of a shared list to an institution; an index is never handed
    /// out twice. Asked again for as many for the same institution, it gives what it allotted then: a
    /// command whose answer was lost books nothing anew.
    pub fn allot(
        &self,
        institution: &InstitutionId,
        count: u32,
        now: UnixSeconds,
    ) -> Result<Allotted, StatusError> {
        self.allot_unless(institution, count, now, AllotmentBook::latest)
    }

    /// Allots further indexes to an institution, whatever it has been given before.
    pub fn allot_further(
        &self,
        institution: &InstitutionId,
        count: u32,
        now: UnixSeconds,
    ) -> Result<Allotted, StatusError> {
        self.allot_unless(institution, count, now, |_, _, _| Ok(None))
    }

    fn allot_unless(
        &self,
        institution: &InstitutionId,
        count: u32,
        now: UnixSeconds,
        there: impl FnOnce(&AllotmentBook, &InstitutionId, u32) -> Result<Option<Allotted>, AllotmentError>,
    ) -> Result<Allotted, StatusError> {
        let view = self.registry()?;
        if view.registry().institution(institution).is_none() {
            let institution = institution.as_str().to_owned();
            return Err(AllotmentError::UnknownInstitution { institution }.into());
        }
        let _lock = HomeLock::take(self.home.root())?;
        let mut book = AllotmentBook::open(&publish::lists_folder(self.home))?;
        if let Some(allotted) = there(&book, institution, count)? {
            return Ok(allotted);
        }
        let profile = self.home.profile();
        let signer = (profile.did.as_str(), self.key.signing());
        Ok(book.allot(institution, count, |number| profile.base_url.status_list(number), signer, now)?)
    }

    /// Signs and takes in the authority's own order about a record, whoever issued it: by a court's
    /// order, say, or for a school that is no more.
    pub fn order_status(
        &self,
        record: &RecordStatus,
        action: StatusAction,
        reason: StatusReason,
        effective: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Received, StatusError> {
        record.check_effective(effective, now)?;
        let did = &self.home.profile().did;
        let request = StatusRequest {
            version: 1,
            institution: did.as_str().to_owned(),
            credential_id: record.credential_id.clone(),
            status_list: record.status_list.clone(),
            index: record.index,
            action,
            reason,
            effective,
            created: now,
        };
        let signed = SignedRequest::sign(request, did, self.key.signing())?;
        let view = self.registry()?;
        self.home.receive_status_request(view.registry(), signed.bytes(), now)
    }
}

/// Where requests are kept.
pub(super) struct RequestFolders {
    pub(super) waiting: PathBuf,
    pub(super) applied: PathBuf,
    pub(super) refused: PathBuf,
}

impl RequestFolders {
    pub(super) fn of(home: &AuthorityHome) -> Self {
        let status = home.status_folder();
        Self {
            waiting: status.join("requests"),
            applied: status.join("applied"),
            refused: status.join("refused"),
        }
    }

    pub(super) fn waiting(&self, id: &str) -> PathBuf {
        self.waiting.join(format!("{id}.json"))
    }

    pub(super) fn applied(&self, id: &str) -> PathBuf {
        self.applied.join(format!("{id}.json"))
    }

    pub(super) fn refused(&self, id: &str) -> PathBuf {
        self.refused.join(format!("{id}.json"))
    }
}

/// Checks whose index it is, and the dates.
pub(super) fn check_request(
    home: &AuthorityHome,
    book: &AllotmentBook,
    signed: &SignedRequest,
    now: UnixSeconds,
) -> Result<(), StatusError> {
    let request = signed.request();
    if request.effective > now {
        return Err(EffectiveError::InFuture.into());
    }
    let number = publish::list_number(home, &request.status_list)?;
    let by_authority = request.institution == home.profile().did.as_str();
    match book.owner(number, request.index) {
        Some(owner) if by_authority || owner == request.institution => Ok(()),
        _ => {
            Err(StatusError::IndexNotYours { index: request.index, institution: request.institution.clone() })
        }
    }
}

/// Checks that the signer may speak for the one who asks, today.
pub(super) fn check_signer(
    registry: &Registry,
    authority: &str,
    signed: &SignedRequest,
    now: UnixSeconds,
) -> Result<(), StatusError> {
    let institution = &signed.request().institution;
    let own = signed.controller == *institution;
    let entitled = if institution == authority {
        registry.is_authority_key(&signed.signer, now, KnownAt::Latest)
    } else {
        is_signing_key(registry, institution, &signed.signer, now)
    };
    if own && entitled { Ok(()) } else { Err(StatusError::ForeignKey { institution: institution.clone() }) }
}

fn is_signing_key(registry: &Registry, institution: &str, key: &PublicKey, now: UnixSeconds) -> bool {
    let Some(record) = registry.key(key) else { return false };
    let role = record.added(KnownAt::Latest).filter(|(_, from, _)| *from <= now).map(|(role, _, _)| role);
    let retired = record.retired(KnownAt::Latest).is_some_and(|(at, _)| at <= now);
    let compromised = record.compromised(KnownAt::Latest).is_some();
    record.institution().as_str() == institution
        && matches!(role, Some(KeyRole::Issue | KeyRole::Approve))
        && !retired
        && !compromised
}
