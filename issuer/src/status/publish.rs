//! Publishing status lists: one new version of a list is made, logged, and only then served.

use std::fs;
use std::path::PathBuf;

use data_encoding::BASE64;
use matricula_credential::did;
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_credential::status::{ListCredential, StatusList, StatusPurpose};
use matricula_registry::{Body, Registry, Status, Text};
use matricula_tlog::{Hash, LeafIndex, UnixSeconds, decode_base64};
use matricula_verdict::TrustedStatusList;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StatusError;
use super::allotment::{AllotmentBook, LIST_ENTRIES};
use super::desk::{RequestFolders, check_request, check_signer};
use super::history::History;
use crate::authority::{AuthorityDesk, AuthorityHome, sign_statement};
use crate::storage::{self, Access, HomeLock, NOT_BASE64, StorageError};

/// A version holds at most 131,072 bits and, of each record ever revoked, an event of 200 bytes.
const VERSION_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The word under which the log knows a list of both purposes.
const PURPOSES: &str = "revocation suspension";

/// How lists are to be published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishOptions {
    /// Make a new version of every list even where nothing changed, so that verifiers get a fresh date.
    pub refresh: bool,
    /// How long a version is good, in seconds; without it, until the next one.
    pub valid_for_s: Option<u64>,
}

/// What a publication did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The lists of which a new version is logged; empty where nothing was to do.
    pub lists: Vec<PublishedList>,
    /// Requests that had become impossible, or whose key is no longer good, with the code of the reason.
    /// They are set aside.
    pub refused: Vec<(String, String)>,
}

/// A list of which a new version is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedList {
    /// The list's number.
    pub number: u32,
    /// The version.
    pub version: u64,
    /// Where the statement with its digest stands.
    pub index: LeafIndex,
    /// How many requests it carries out.
    pub applied: usize,
}

/// A list as it is served: the version that is logged.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentList {
    /// The list's number.
    pub number: u32,
    /// Its version.
    pub version: u64,
    /// Where the statement with its digest stands.
    pub index: LeafIndex,
    /// The signed list credential, and why bits are set, since when.
    pub list: TrustedStatusList,
}

/// One version of a list, made whole before it is logged.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VersionFile {
    version: u64,
    list: TrustedStatusList,
    /// The log statement with the list's digest, base64.
    statement: String,
    /// The requests it carries out.
    requests: Vec<String>,
}

/// Which version is logged.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CurrentFile {
    version: u64,
    index: u64,
}

impl AuthorityDesk<'_> {
    /// Carries out the waiting requests: for each list concerned, a new signed version is written,
    /// its digest logged, and only then it becomes the one that is served. A list without a version
    /// gets its first. Run again after a crash, it finishes the version it had begun.
    pub fn publish_status(
        &self,
        options: PublishOptions,
        now: UnixSeconds,
    ) -> Result<Published, StatusError> {
        let view = self.registry()?;
        let _lock = HomeLock::take(self.home.root())?;
        let numbers = AllotmentBook::open(&lists_folder(self.home))?.numbers();
        let mut published = Published { lists: Vec::new(), refused: Vec::new() };
        for number in numbers {
            let list = ListFolder::of(self.home, number);
            published.lists.extend(self.finish_begun(&list)?);
            let begun = self.begin(&list, view.registry(), options, now, &mut published.refused)?;
            if begun {
                published.lists.extend(self.finish_begun(&list)?);
            }
        }
        Ok(published)
    }

    /// Logs the version that is written and not yet current, if there is one, and makes it current.
    fn finish_begun(&self, list: &ListFolder) -> Result<Option<PublishedList>, StatusError> {
        let current = list.current()?;
        let begun = current.as_ref().map_or(1, |current| current.version + 1);
        if let Some(current) = &current {
            // What the current version carried out may still lie among the waiting requests.
            self.set_aside_applied(&list.read_version(current.version)?)?;
        }
        let Some(version) = list.read_version_if_there(begun)? else {
            return Ok(None);
        };
        let statement = decode_base64(&version.statement)
            .ok_or_else(|| StorageError::malformed(&list.version(begun), NOT_BASE64))?;
        let logged = self.log.submit(&[statement])?;
        let index = logged.first().map(|logged| logged.index).ok_or_else(|| StatusError::List {
            problem: "the log gave no index for the statement".to_owned(),
        })?;
        let pointer = CurrentFile { version: begun, index: index.get() };
        storage::write_json(&list.current_path(), &pointer, Access::Shared)?;
        self.set_aside_applied(&version)?;
        Ok(Some(PublishedList {
            number: list.number,
            version: begun,
            index,
            applied: version.requests.len(),
        }))
    }

    /// Writes the next version, if anything asks for one.
    fn begin(
        &self,
        list: &ListFolder,
        registry: &Registry,
        options: PublishOptions,
        now: UnixSeconds,
        refused: &mut Vec<(String, String)>,
    ) -> Result<bool, StatusError> {
        let current = list.current()?;
        let mut history = list.history()?;
        let requests = self.apply_waiting(list, registry, &mut history, now, refused)?;
        if current.is_some() && requests.is_empty() && !options.refresh {
            return Ok(false);
        }
        let version = current.map_or(1, |current| current.version + 1);
        let credential = self.sign_list(list.number, &history, options, now)?;
        let signed = TrustedStatusList { credential, events: history.events().to_vec() };
        let digest = signed.digest().map_err(list_problem)?;
        let file = VersionFile {
            version,
            statement: BASE64.encode(&self.status_statement(list.number, version, digest)?),
            list: signed,
            requests,
        };
        storage::make_folder(&list.versions())?;
        storage::write_json(&list.version(version), &file, Access::Shared)?;
        Ok(true)
    }

    /// Judges every waiting request anew: a key may have been declared compromised since it was taken in.
    fn apply_waiting(
        &self,
        list: &ListFolder,
        registry: &Registry,
        history: &mut History,
        now: UnixSeconds,
        refused: &mut Vec<(String, String)>,
    ) -> Result<Vec<String>, StatusError> {
        let url = self.home.profile().base_url.status_list(list.number);
        let authority = self.home.profile().did.as_str();
        let folders = RequestFolders::of(self.home);
        let book = AllotmentBook::open_list(&lists_folder(self.home), list.number)?;
        let mut applied = Vec::new();
        for signed in self.home.waiting_status_requests()? {
            let request = signed.request();
            if request.status_list != url {
                continue;
            }
            let carried_out = check_signer(registry, authority, &signed, now)
                .and_then(|()| check_request(self.home, &book, &signed, now))
                .and_then(|()| {
                    let (index, action) = (request.index, request.action);
                    Ok(history.record(index, action, request.reason, request.effective, now)?)
                });
            match carried_out {
                Ok(()) => applied.push(signed.id()),
                Err(StatusError::Storage(error)) => return Err(error.into()),
                Err(error) => {
                    move_file(&folders.waiting(&signed.id()), &folders.refused(&signed.id()))?;
                    refused.push((signed.id(), error.code().to_owned()));
                }
            }
        }
        Ok(applied)
    }

    fn sign_list(
        &self,
        number: u32,
        history: &History,
        options: PublishOptions,
        now: UnixSeconds,
    ) -> Result<Value, StatusError> {
        let empty = || StatusList::new(u64::from(LIST_ENTRIES)).map_err(list_problem);
        let (mut revoked, mut suspended) = (empty()?, empty()?);
        for (index, standing) in history.standings() {
            revoked.set(u64::from(index), standing.revoked).map_err(list_problem)?;
            suspended.set(u64::from(index), standing.suspended).map_err(list_problem)?;
        }
        let profile = self.home.profile();
        let credential = ListCredential {
            id: profile.base_url.status_list(number),
            issuer: profile.did.as_str().to_owned(),
            valid_from: now,
            valid_until: options
                .valid_for_s
                .map(|seconds| UnixSeconds::new(now.get().saturating_add(seconds))),
            lists: vec![(StatusPurpose::Revocation, revoked), (StatusPurpose::Suspension, suspended)],
        };
        let method = did::verification_method(profile.did.as_str(), &self.key.signing().verifying_key());
        let proof_options = ProofOptions::assertion(Cryptosuite::EddsaRdfc2022, method, now);
        let unsigned = credential.to_value().map_err(list_problem)?;
        proof::sign(&unsigned, &proof_options, self.key.signing()).map_err(list_problem)
    }

    fn status_statement(&self, number: u32, version: u64, digest: Hash) -> Result<Vec<u8>, StatusError> {
        let profile = self.home.profile();
        let text = |text: &str| Text::parse(text).map_err(crate::authority::AuthorityError::from);
        let body = Body::Status(Status {
            list: text(&profile.base_url.status_list(number))?,
            version,
            purpose: text(PURPOSES)?,
            digest,
        });
        Ok(sign_statement(&body, &profile.origin, None, self.key.signing())?)
    }

    fn set_aside_applied(&self, version: &VersionFile) -> Result<(), StorageError> {
        let folders = RequestFolders::of(self.home);
        for id in &version.requests {
            if folders.waiting(id).exists() {
                move_file(&folders.waiting(id), &folders.applied(id))?;
            }
        }
        Ok(())
    }
}

/// The list of that number as it is served; `None` where no version is logged.
pub fn current_list(home: &AuthorityHome, number: u32) -> Result<Option<CurrentList>, StatusError> {
    let list = ListFolder::of(home, number);
    let Some(current) = list.current()? else {
        return Ok(None);
    };
    let version = list.read_version(current.version)?;
    Ok(Some(CurrentList {
        number,
        version: current.version,
        index: LeafIndex::new(current.index),
        list: version.list,
    }))
}

/// All lists as they are served.
pub fn current_lists(home: &AuthorityHome) -> Result<Vec<CurrentList>, StatusError> {
    let numbers = AllotmentBook::open(&lists_folder(home))?.numbers();
    numbers.into_iter().filter_map(|number| current_list(home, number).transpose()).collect()
}

/// The folder of all lists.
pub(super) fn lists_folder(home: &AuthorityHome) -> PathBuf {
    home.status_folder().join("lists")
}

/// The number of the list at an address.
pub(super) fn list_number(home: &AuthorityHome, url: &str) -> Result<u32, StatusError> {
    let unknown = || StatusError::UnknownList { list: url.chars().take(300).collect() };
    let number = url.rsplit('/').next().and_then(|number| number.parse().ok()).ok_or_else(unknown)?;
    if home.profile().base_url.status_list(number) == url { Ok(number) } else { Err(unknown()) }
}

/// What has been published of a list.
pub(super) fn history(home: &AuthorityHome, number: u32) -> Result<History, StatusError> {
    ListFolder::of(home, number).history()
}

/// The files of one list.
struct ListFolder {
    number: u32,
    root: PathBuf,
}

impl ListFolder {
    fn of(home: &AuthorityHome, number: u32) -> Self {
        Self { number, root: lists_folder(home).join(number.to_string()) }
    }

    fn versions(&self) -> PathBuf {
        self.root.join("versions")
    }

    fn version(&self, version: u64) -> PathBuf {
        self.versions().join(format!("{version}.json"))
    }

    fn current_path(&self) -> PathBuf {
        self.root.join("current.json")
    }

    fn current(&self) -> Result<Option<CurrentFile>, StorageError> {
        storage::read_json_if_there(&self.current_path(), VERSION_FILE_BYTES_MAX)
    }

    fn read_version(&self, version: u64) -> Result<VersionFile, StorageError> {
        storage::read_json(&self.version(version), VERSION_FILE_BYTES_MAX)
    }

    fn read_version_if_there(&self, version: u64) -> Result<Option<VersionFile>, StorageError> {
        storage::read_json_if_there(&self.version(version), VERSION_FILE_BYTES_MAX)
    }

    fn history(&self) -> Result<History, StatusError> {
        match self.current()? {
            Some(current) => Ok(History::replay(self.read_version(current.version)?.list.events)),
            None => Ok(History::default()),
        }
    }
}

fn move_file(from: &std::path::Path, to: &std::path::Path) -> Result<(), StorageError> {
    if let Some(folder) = to.parent() {
        storage::make_folder(folder)?;
    }
    fs::rename(from, to).map_err(|source| StorageError::Unwritable { path: to.to_owned(), source })
}

fn list_problem(error: impl ToString) -> StatusError {
    StatusError::List { problem: error.to_string() }
}
