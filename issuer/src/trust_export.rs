//! The authority's trust file: whom a verifier may trust, what was withdrawn, how records stand.

mod logged_times;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use data_encoding::BASE64;
use matricula_registry::{Accreditation, AccreditationEvent, Body, KeyEvent, Period, Statement};
use matricula_tlog::{LeafIndex, LogProof, Policy, UnixSeconds, decode_base64, leaf_hash};
use matricula_verdict::{
    TRUST_FILE_BYTES_MAX, TrustContent, TrustFile, TrustFileError, TrustedAuthority, TrustedLog,
    TrustedStatement, TrustedStatusList, rfc3339,
};
use thiserror::Error;

use self::logged_times::{LoggedTimes, time_of};
use crate::authority::{AuthorityDesk, AuthorityError, AuthorityHome};
use crate::registry_view::RegistryView;
use crate::status::{self, StatusError};
use crate::storage::{self, Access, HomeLock, StorageError};

/// What the number of the file and the digest of the one before add to it, at most.
const GROWTH_BYTES: usize = 128;

/// How a trust file is to be made.
#[derive(Clone, Copy, Debug)]
pub struct ExportTrust<'a> {
    /// How long a verifier may rely on it alone, in seconds.
    pub valid_for_s: u64,
    /// Whose cosignatures a log proof needs; without it, what the policy in the authority's folder says.
    pub policy: Option<&'a Policy>,
    /// When it is made.
    pub now: UnixSeconds,
}

/// A trust file.
#[derive(Clone, Debug)]
pub struct TrustExported {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its number: one more than that of the file before.
    pub sequence: u64,
    /// What the authority is recognised by, for reading out on the telephone.
    pub fingerprint: String,
    /// How many statements it holds.
    pub statements: usize,
    /// Whether every statement about institutions fits; else first grants and key additions are left
    /// out, and travel with the records.
    pub complete: bool,
    /// Whether this command made it; `false` where the file that is there says the same and is still
    /// good for half its time.
    pub created: bool,
}

/// Why a trust file was not made.
#[derive(Debug, Error)]
pub enum TrustExportError {
    /// When a statement was logged is not known.
    #[error("when entry {index} was logged is not known: {problem}")]
    LogTime {
        /// The entry.
        index: LeafIndex,
        /// Why not.
        problem: String,
    },
    /// The policy cannot be made.
    #[error("the authority's own policy cannot be made: {problem}")]
    Policy {
        /// Why not.
        problem: String,
    },
    /// Even the withdrawals alone do not fit.
    #[error("the trust file would have {bytes} bytes, more than {max}")]
    TooLarge {
        /// How many it would have.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The file cannot be made, or the one before not be read.
    #[error(transparent)]
    File(#[from] TrustFileError),
    /// The authority's log.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The status lists.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl TrustExportError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::LogTime { .. } => "log_time_unknown",
            Self::Policy { .. } => "policy_unmakable",
            Self::TooLarge { .. } => "trust_file_too_large",
            Self::File(_) => "trust_file",
            Self::Authority(error) => error.code(),
            Self::Status(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

impl AuthorityDesk<'_> {
    /// Makes the next trust file: the authority's statements, as many as fit into a megabyte, and the
    /// status lists as published. The latest file is served by [`current_trust_file`].
    pub fn export_trust(&self, options: ExportTrust<'_>) -> Result<TrustExported, TrustExportError> {
        let view = self.registry()?;
        let _lock = HomeLock::take(self.home.root())?;
        let own = self.own_policy()?;
        let logged = self.log_times(&view, &own)?;
        let policy = options.policy.unwrap_or(&own).encode();
        let before = latest(self.home)?;
        let mut content = self.content(&view, &logged, policy, options)?;
        let complete = self.sign_trust(&content, options.now)?.len() + GROWTH_BYTES <= TRUST_FILE_BYTES_MAX;
        if !complete {
            content.statements.retain(|statement| !travels_with_records(&view, statement));
        }
        if let Some(there) = before.as_ref().filter(|there| says_the_same(there, &content, options)) {
            return Ok(there.exported(complete));
        }
        content.sequence = before.as_ref().map_or(1, |before| before.file.content().sequence + 1);
        content.previous = before.as_ref().map(|before| before.file.digest());
        let bytes = self.sign_trust(&content, options.now)?;
        if bytes.len() > TRUST_FILE_BYTES_MAX {
            return Err(TrustExportError::TooLarge { bytes: bytes.len(), max: TRUST_FILE_BYTES_MAX });
        }
        // What a verifier would refuse must not go out.
        let file = TrustFile::parse(&bytes)?;
        let folder = self.home.trust_folder();
        storage::make_folder(&folder)?;
        let path = folder.join(format!("{}.json", content.sequence));
        storage::write_new(&path, &bytes, Access::Shared)?;
        Ok(TrustExported { created: true, ..Latest { path, bytes, file }.exported(complete) })
    }

    fn content(
        &self,
        view: &RegistryView,
        logged: &BTreeMap<LeafIndex, UnixSeconds>,
        policy: String,
        options: ExportTrust<'_>,
    ) -> Result<TrustContent, TrustExportError> {
        let profile = self.home.profile();
        let statements = view.statements().filter(|(index, entry)| is_current(view, *index, entry));
        let statements = statements
            .map(|(index, entry)| {
                let unknown =
                    || TrustExportError::LogTime { index, problem: "it was never proven".to_owned() };
                Ok(TrustedStatement {
                    index: index.get(),
                    logged_at: rfc3339(*logged.get(&index).ok_or_else(unknown)?),
                    statement: BASE64.encode(entry),
                })
            })
            .collect::<Result<Vec<_>, TrustExportError>>()?;
        let status_lists: Vec<TrustedStatusList> =
            status::current_lists(self.home)?.into_iter().map(|current| current.list).collect();
        let expires = UnixSeconds::new(options.now.get().saturating_add(options.valid_for_s));
        Ok(TrustContent {
            sequence: 0,
            issued: rfc3339(options.now),
            expires: rfc3339(expires),
            previous: None,
            authority: TrustedAuthority {
                did: profile.did.as_str().to_owned(),
                name: profile.name.as_str().to_owned(),
                country: profile.country.as_str().to_owned(),
                url: Some(profile.base_url.as_str().to_owned()),
            },
            log: TrustedLog { origin: profile.origin.as_str().to_owned(), policy },
            statements,
            status_lists,
        })
    }

    fn sign_trust(&self, content: &TrustContent, now: UnixSeconds) -> Result<Vec<u8>, TrustExportError> {
        let signed = content.sign(self.key.signing(), now)?;
        // Without indentation: the bound is on the bytes.
        let mut bytes =
            serde_json::to_vec(&signed).map_err(|error| TrustFileError::Unwritable(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn own_policy(&self) -> Result<Policy, TrustExportError> {
        let problem = |problem: String| TrustExportError::Policy { problem };
        self.home.policy().map_err(|error| problem(error.to_string()))
    }

    /// When each statement was logged: by the first proof that was had of it. A proof fetched later
    /// is under a later checkpoint, so the times are kept.
    fn log_times(
        &self,
        view: &RegistryView,
        policy: &Policy,
    ) -> Result<BTreeMap<LeafIndex, UnixSeconds>, TrustExportError> {
        let mut known = LoggedTimes::read(self.home)?;
        let before = known.times.len();
        for (index, entry) in view.statements() {
            if let Entry::Vacant(unknown) = known.times.entry(index) {
                unknown.insert(self.proven_time(index, entry, policy)?);
            }
        }
        if known.times.len() > before {
            known.write(self.home)?;
        }
        known.settle();
        Ok(known.times)
    }

    fn proven_time(
        &self,
        index: LeafIndex,
        entry: &[u8],
        policy: &Policy,
    ) -> Result<UnixSeconds, TrustExportError> {
        let unknown = |problem: String| TrustExportError::LogTime { index, problem };
        let text = self.log.proof(index).map_err(AuthorityError::from)?;
        let proof = LogProof::parse(text.as_bytes()).map_err(|error| unknown(error.to_string()))?;
        let verified = proof.verify(leaf_hash(entry), policy).map_err(|error| unknown(error.to_string()))?;
        if verified.index() != index {
            return Err(unknown(format!("the proof is for entry {}", verified.index())));
        }
        time_of(&verified).ok_or_else(|| unknown("nobody cosigned the checkpoint".to_owned()))
    }

    /// Notes when fresh statements were logged, while their proofs are under the first checkpoint
    /// that covers them. What cannot be had now is fetched when a trust file is made.
    pub(crate) fn note_log_times(&self, entries: &[(LeafIndex, &[u8])]) {
        let noted = || -> Result<(), TrustExportError> {
            let policy = self.own_policy()?;
            let _lock = HomeLock::take(self.home.root())?;
            let mut known = LoggedTimes::read(self.home)?;
            for (index, entry) in entries {
                let at = self.proven_time(*index, entry, &policy)?;
                known.times.entry(*index).or_insert(at);
            }
            Ok(known.write(self.home)?)
        };
        if let Err(error) = noted() {
            tracing::debug!(code = error.code(), "the time of logging is not known yet");
        }
    }
}

/// The latest trust file of an authority, as it is served.
pub fn current_trust_file(home: &AuthorityHome) -> Result<Option<Vec<u8>>, TrustExportError> {
    Ok(latest(home)?.map(|latest| latest.bytes))
}

struct Latest {
    path: PathBuf,
    bytes: Vec<u8>,
    file: TrustFile,
}

impl Latest {
    fn exported(&self, complete: bool) -> TrustExported {
        TrustExported {
            path: self.path.clone(),
            bytes: self.bytes.clone(),
            sequence: self.file.content().sequence,
            fingerprint: self.file.fingerprint().to_string(),
            statements: self.file.content().statements.len(),
            complete,
            created: false,
        }
    }
}

fn latest(home: &AuthorityHome) -> Result<Option<Latest>, TrustExportError> {
    let folder = home.trust_folder();
    let names = storage::names_in(&folder)?;
    let numbers = names.iter().filter_map(|name| name.strip_suffix(".json")?.parse::<u64>().ok());
    let Some(number) = numbers.max() else {
        return Ok(None);
    };
    let path = folder.join(format!("{number}.json"));
    let bytes = storage::read(&path, TRUST_FILE_BYTES_MAX as u64)?;
    let file = TrustFile::parse(&bytes)?;
    Ok(Some(Latest { path, bytes, file }))
}

fn says_the_same(there: &Latest, content: &TrustContent, options: ExportTrust<'_>) -> bool {
    let known = there.file.content();
    let lifetime = there.file.expires().get().saturating_sub(there.file.issued().get());
    let half_over = options.now.get() > there.file.issued().get().saturating_add(lifetime / 2);
    let same = TrustContent {
        sequence: known.sequence,
        previous: known.previous.clone(),
        issued: known.issued.clone(),
        expires: known.expires.clone(),
        ..content.clone()
    } == *known;
    same && !half_over && lifetime == options.valid_for_s
}

/// Of the status statements only the latest of each list says anything.
fn is_current(view: &RegistryView, index: LeafIndex, entry: &[u8]) -> bool {
    match Statement::parse(entry).map(|statement| statement.body().clone()) {
        Ok(Body::Status(body)) => {
            let latest = view.registry().status_list(body.list.as_str());
            latest.is_some_and(|latest| latest.recorded.index == index)
        }
        Ok(_) => true,
        Err(_) => false,
    }
}

/// Whether the statement only gives rights, and so travels with the records that need it.
fn travels_with_records(view: &RegistryView, trusted: &TrustedStatement) -> bool {
    let entry = decode_base64(&trusted.statement).unwrap_or_default();
    match Statement::parse(&entry).map(|statement| statement.body().clone()) {
        Ok(Body::Accreditation(body)) => is_first_grant(view, LeafIndex::new(trusted.index), &body),
        Ok(Body::Key(body)) => matches!(body.event, KeyEvent::Add { .. }),
        _ => false,
    }
}

/// Whether it is a grant over a period that nothing before it covers. One that covers what was ruled
/// before may narrow it, and a record would leave it out.
fn is_first_grant(view: &RegistryView, index: LeafIndex, body: &Accreditation) -> bool {
    let history = view.registry().institution(&body.institution).map_or(&[][..], |known| known.history());
    let mut before = history.iter().take_while(|event| event.recorded.index < index);
    let amends = before.any(|event| overlap(&event.value.effective, &body.effective));
    matches!(body.event, AccreditationEvent::Grant { .. }) && !amends
}

fn overlap(one: &Period, other: &Period) -> bool {
    let begins_before_end = |one: &Period, other: &Period| other.to().is_none_or(|to| one.from() < to);
    begins_before_end(one, other) && begins_before_end(other, one)
}

#[cfg(test)]
mod tests {
    use matricula_verdict::parse_rfc3339;

    use super::*;

    fn moment(text: &str) -> UnixSeconds {
        parse_rfc3339(text).unwrap()
    }

    fn period(from: &str, to: Option<&str>) -> Period {
        Period::new(moment(from), to.map(moment)).unwrap()
    }

    #[test]
    fn periods_overlap_only_where_they_share_a_second() {
        let (january, february) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let closed = period(january, Some(february));
        assert!(overlap(&closed, &closed));
        assert!(overlap(&period(january, None), &period(february, None)));
        assert!(!overlap(&closed, &period(february, None)) && !overlap(&period(february, None), &closed));
    }
}
