//! What was prepared, signed by the one who prepared it.

use std::fmt;

use data_encoding::HEXLOWER;
use matricula_credential::proof::Cryptosuite;
use matricula_registry::{CredentialKind, IscedLevel};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::entropy;
use crate::status::CorrectionReason;

/// The `type` of a manifest.
pub(super) const MANIFEST_KIND: &str = "MatriculaPreparedBatch";

/// The `type` of an approval.
pub(super) const APPROVAL_KIND: &str = "MatriculaBatchApproval";

/// What a batch consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchKind {
    /// Diplomas of leavers: one Open Badge each.
    Diploma,
    /// Transcripts of leavers with results: one CLR each.
    Transcript,
    /// Primary completions of leavers: one Open Badge each.
    Completion,
    /// Transfer certificates of learners who leave in the middle: one Open Badge each.
    Transfer,
}

impl BatchKind {
    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Diploma => "diploma",
            Self::Transcript => "transcript",
            Self::Completion => "completion",
            Self::Transfer => "transfer",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Diploma, Self::Transcript, Self::Completion, Self::Transfer]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// The kind as the registry names it.
    pub const fn credential_kind(self) -> CredentialKind {
        match self {
            Self::Diploma => CredentialKind::DIPLOMA,
            Self::Transcript => CredentialKind::TRANSCRIPT,
            Self::Completion => CredentialKind::PRIMARY_COMPLETION,
            Self::Transfer => CredentialKind::TRANSFER,
        }
    }

    /// The batch kind of a credential's kind.
    pub fn of_credential_kind(kind: &CredentialKind) -> Option<Self> {
        [Self::Diploma, Self::Transcript, Self::Completion, Self::Transfer]
            .into_iter()
            .find(|batch| batch.credential_kind() == *kind)
    }
}

impl fmt::Display for BatchKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a batch, and of its folder: kind, day, eight random hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(String);

impl BatchId {
    /// Reads a name; `None` where it could mean a path.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-');
        fits.then(|| Self(text.to_owned()))
    }

    /// A fresh name.
    pub(super) fn fresh(kind: BatchKind, day: &str) -> Self {
        Self(format!("{kind}-{day}-{}", HEXLOWER.encode(&entropy::bytes::<4>())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a roster: how one is recognised that was prepared before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RosterDigest([u8; 32]);

impl RosterDigest {
    /// Of a file's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of all files of a roster, in any order: of one file, as [`RosterDigest::of`].
    pub fn of_files<'a>(files: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digests: Vec<Self> = files.into_iter().map(Self::of).collect();
        digests.sort();
        match digests.as_slice() {
            [only] => *only,
            several => Self::of(&several.iter().flat_map(|digest| digest.0).collect::<Vec<u8>>()),
        }
    }

    /// In hex.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

/// The frozen facts of a batch. It names no learner, but holds the seed from which the dummy leaves
/// are made, so it stays with the school (and, with the summary, the authority).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(super) version: u32,
    pub(super) batch: String,
    pub(super) kind: BatchKind,
    pub(super) isced_level: u8,
    pub(super) issuer: String,
    /// The moment that stands as `created` in every proof.
    #[serde(with = "crate::moment")]
    pub(super) created: UnixSeconds,
    pub(super) cryptosuite: String,
    pub(super) verification_method: String,
    pub(super) record_count: usize,
    /// Hex of the roster's digest.
    pub(super) roster_digest: String,
    /// Hex SHA-256 of the file of prepared records.
    pub(super) prepared_digest: String,
    /// Hex SHA-256 of the statement before approval.
    pub(super) statement_digest: String,
    /// The seed of shuffling and padding, base64url.
    pub(super) seed: String,
    /// The institution on whose behalf the records are issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) on_behalf_of: Option<String>,
    /// The record that this batch of one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corrects: Option<Corrects>,
}

/// The record that a batch of one replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Corrects {
    pub(crate) credential_id: String,
    pub(crate) status_list: String,
    pub(crate) index: u32,
    pub(crate) reason: CorrectionReason,
    /// From when the old version no longer counts.
    #[serde(with = "crate::moment")]
    pub(crate) effective: UnixSeconds,
}

impl Corrects {
    /// Whether both correct the same version of the same record.
    pub(super) fn is_same_record(&self, other: &Self) -> bool {
        (&self.credential_id, &self.status_list, self.index)
            == (&other.credential_id, &other.status_list, other.index)
    }
}

impl Manifest {
    pub(super) fn suite(&self) -> Option<Cryptosuite> {
        Cryptosuite::from_name(&self.cryptosuite)
    }

    pub(super) fn level(&self) -> Option<IscedLevel> {
        IscedLevel::new(self.isced_level).ok()
    }
}

/// The approver's word: this prepared batch, this statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Approval {
    pub(super) version: u32,
    pub(super) batch: String,
    /// Hex SHA-256 of the manifest file.
    pub(super) manifest_digest: String,
    /// The statement with both signatures, base64.
    pub(super) statement: String,
    #[serde(with = "crate::moment")]
    pub(super) approved: UnixSeconds,
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
