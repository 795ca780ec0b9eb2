//! Trust files: what a verifier knows of one authority, signed by that authority.

use std::collections::{HashMap, HashSet};

use data_encoding::HEXLOWER;
use matricula_credential::json::{JsonError, parse_limited, quoted};
use matricula_credential::proof::{self, ProofError, ProofPurpose};
use matricula_credential::status::ListCredential;
use matricula_registry::{KnownAt, PublicKey, Registry, StatementId};
use matricula_tlog::{Policy, UnixSeconds};
use serde_json::Value;

use crate::trust_content::{StatusEvent, TrustContent, TrustedStatusList, jcs_digest};
use crate::trust_replay::{Lasting, Replayed, date, replay};

/// A country's trust file is at most a megabyte: accreditation travels with the records.
pub const TRUST_FILE_BYTES_MAX: usize = 1 << 20;

/// Why a trust file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustFileError {
    /// Larger than [`TRUST_FILE_BYTES_MAX`].
    #[error("the trust file has {bytes} bytes, more than {TRUST_FILE_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not strict JSON.
    #[error("the trust file is not readable JSON: {0}")]
    Json(#[from] JsonError),
    /// JSON of another shape.
    #[error("the trust file has the wrong shape: {0}")]
    Shape(String),
    /// The signature is missing or does not fit.
    #[error("the trust file's signature does not verify: {0}")]
    Proof(#[from] ProofError),
    /// Not signed with `eddsa-jcs-2022` by exactly one key.
    #[error("the trust file must carry exactly one proof, and carries {0}")]
    ProofCount(usize),
    /// A date in it cannot be read.
    #[error("`{member}` is not a date and time: {value}")]
    Date {
        /// The member's name.
        member: &'static str,
        /// What it says.
        value: String,
    },
    /// A statement in it cannot be used.
    #[error("the statement for index {index} cannot be used: {reason}")]
    Statement {
        /// Its place in the log.
        index: u64,
        /// Why.
        reason: String,
    },
    /// The first statement is not the log's genesis.
    #[error("the trust file does not begin with the log's first statement")]
    GenesisMissing,
    /// The statements are not in the order of the log.
    #[error("the statement for index {index} is out of order")]
    StatementOrder {
        /// Its place in the log.
        index: u64,
    },
    /// A statement of the authority is signed by a key that was not its own at that time.
    #[error("the statement for index {index} is signed by a key that the authority had not, or no longer")]
    GivenUpKey {
        /// Its place in the log.
        index: u64,
    },
    /// The file claims to be older than a statement in it.
    #[error("the trust file is dated before a statement in it")]
    IssuedTooEarly,
    /// The key that signed is not one of the authority's.
    #[error("the trust file is signed by a key that is not the authority's")]
    ForeignKey,
    /// The policy cannot be read.
    #[error("the log policy cannot be read: {0}")]
    Policy(String),
    /// The policy is for another log than the authority's.
    #[error("the policy does not name the log key that the authority declared in its log")]
    LogKeyMismatch,
    /// A status list cannot be used.
    #[error("the status list {id} cannot be used: {reason}")]
    StatusList {
        /// Its address, where it has one.
        id: String,
        /// Why.
        reason: String,
    },
    /// The content cannot be written as JSON.
    #[error("the trust file cannot be written: {0}")]
    Unwritable(String),
}

/// What an authority is recognised by for ever: the identity of its log's first statement, which
/// names its first keys. Shown as eight groups of four hex digits, to be compared by telephone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    fn of(genesis: StatementId) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&genesis.get().as_bytes()[..16]);
        Self(bytes)
    }

    /// Reads 32 hex digits with any spacing, colons or dashes between them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':' | '-')).collect();
        let bytes = HEXLOWER.decode(digits.to_ascii_lowercase().as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl core::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let hex = HEXLOWER.encode(&self.0);
        let groups: Vec<&str> = (0..8).map(|group| &hex[group * 4..group * 4 + 4]).collect();
        f.write_str(&groups.join(" "))
    }
}

impl core::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A trust file whose signature, statements, policy and lists were checked.
#[derive(Clone, Debug)]
pub struct TrustFile {
    content: TrustContent,
    digest: [u8; 32],
    fingerprint: Fingerprint,
    issued: UnixSeconds,
    expires: UnixSeconds,
    policy: Policy,
    registry: Registry,
    known: HashSet<StatementId>,
    lasting: HashMap<StatementId, Lasting>,
    lists: Vec<CheckedStatusList>,
}

/// A status list of the authority whose signature was checked.
#[derive(Clone, Debug)]
pub(crate) struct CheckedStatusList {
    pub(crate) credential: ListCredential,
    pub(crate) events: Vec<StatusEvent>,
    /// Whether it is the version that the log commits to.
    pub(crate) is_logged: bool,
}

impl TrustFile {
    /// Reads and checks a trust file. That it is the *right* authority's is for a person to decide, by
    /// [`TrustFile::fingerprint`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustFileError> {
        if bytes.len() > TRUST_FILE_BYTES_MAX {
            return Err(TrustFileError::TooLarge { bytes: bytes.len() });
        }
        let document = parse_limited(bytes, TRUST_FILE_BYTES_MAX)?;
        let content = TrustContent::read(&document)?;
        let issued = date("issued", &content.issued)?;
        let expires = date("expires", &content.expires)?;
        let Replayed { registry, genesis, known, lasting, last_logged } = replay(&content)?;
        if issued < last_logged {
            return Err(TrustFileError::IssuedTooEarly);
        }
        check_signature(&document, &content.authority.did, &registry, issued)?;
        let policy = policy_of(&content, &registry)?;
        let lists = content
            .status_lists
            .iter()
            .map(|list| check_list(list, &content.authority.did, &registry))
            .collect::<Result<_, _>>()?;
        let digest = jcs_digest(&document)?;
        Ok(Self {
            digest,
            fingerprint: Fingerprint::of(genesis),
            issued,
            expires,
            policy,
            registry,
            known,
            lasting,
            lists,
            content,
        })
    }

    /// What the file says.
    pub fn content(&self) -> &TrustContent {
        &self.content
    }

    /// Hex SHA-256 of the file's JCS form: the next file's `previous`.
    pub fn digest(&self) -> String {
        HEXLOWER.encode(&self.digest)
    }

    /// What the authority is recognised by.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// When the file was made.
    pub fn issued(&self) -> UnixSeconds {
        self.issued
    }

    /// When it should no longer be relied on alone.
    pub fn expires(&self) -> UnixSeconds {
        self.expires
    }

    /// What a log proof must meet.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The rights that follow from the file's statements.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The origin of the authority's log.
    pub fn origin(&self) -> &str {
        &self.content.log.origin
    }

    /// Whether the file holds this very statement.
    pub(crate) fn holds(&self, entry: &[u8]) -> bool {
        self.known.contains(&StatementId::of_entry(entry))
    }

    pub(crate) fn lists(&self) -> &[CheckedStatusList] {
        &self.lists
    }

    /// Whether this file may take the place of an older one: same authority, later sequence, and
    /// where it follows at once, made on top of that very file. It must hold what the authority said of
    /// itself and what it withdrew; what it says anew of itself must be younger than the older file, so
    /// that a key that was given up cannot rewrite the time when it was good.
    pub fn may_replace(&self, older: &TrustFile) -> Result<(), TrustUpdateError> {
        if self.fingerprint != older.fingerprint {
            return Err(TrustUpdateError::OtherAuthority { known: older.fingerprint, got: self.fingerprint });
        }
        let (known, got) = (older.content.sequence, self.content.sequence);
        if got < known {
            return Err(TrustUpdateError::Older { known, got });
        }
        let same_number = got == known && self.digest != older.digest;
        let not_on_top =
            got == known + 1 && self.content.previous.as_deref() != Some(older.digest().as_str());
        if same_number || not_on_top || self.issued < older.issued {
            return Err(TrustUpdateError::Forked { sequence: got });
        }
        if let Some(lost) = older.lasting.keys().find(|id| !self.known.contains(*id)) {
            return Err(TrustUpdateError::Dropped { statement: *lost });
        }
        let backdated = |id: &StatementId, lasting: &Lasting| {
            let new = lasting.of_authority && !older.known.contains(id);
            new && lasting.logged_at.get().saturating_add(BACKDATING_TOLERANCE_SECONDS) < older.issued.get()
        };
        match self.lasting.iter().find(|(id, lasting)| backdated(id, lasting)) {
            Some((id, _)) => Err(TrustUpdateError::Backdated { statement: *id }),
            None => Ok(()),
        }
    }
}

/// A file is made a moment after the statements in it; clocks of an authority's machines may differ by a day.
const BACKDATING_TOLERANCE_SECONDS: u64 = 86_400;

/// Why a trust file may not take the place of the one a verifier has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustUpdateError {
    /// It is of another authority.
    #[error("the file is of another authority: {got}, not {known}")]
    OtherAuthority {
        /// The authority the verifier has.
        known: Fingerprint,
        /// The authority of the file.
        got: Fingerprint,
    },
    /// It is older.
    #[error("the file has number {got}, and number {known} is known already: a verifier never goes back")]
    Older {
        /// The sequence the verifier has.
        known: u64,
        /// The sequence of the file.
        got: u64,
    },
    /// Two different files have the same place in the sequence.
    #[error("the authority has signed two different files around number {sequence}")]
    Forked {
        /// The number.
        sequence: u64,
    },
    /// Something the authority said of itself, or withdrew, is no longer in the file.
    #[error("the file no longer holds a statement that it must keep: {statement:?}")]
    Dropped {
        /// The statement.
        statement: StatementId,
    },
    /// A statement about the authority itself claims to be older than the file that did not have it.
    #[error(
        "a new statement about the authority's keys claims to be older than the file before: {statement:?}"
    )]
    Backdated {
        /// The statement.
        statement: StatementId,
    },
}

/// Exactly one proof, by a key that was the authority's when the document was made.
fn check_signature(
    document: &Value,
    did: &str,
    registry: &Registry,
    at: UnixSeconds,
) -> Result<(), TrustFileError> {
    let proofs = proof::verify(document)?;
    let [good] = proofs.good() else {
        return Err(TrustFileError::ProofCount(proofs.good().len()));
    };
    let key = PublicKey::from(&good.key);
    let entitled = good.purpose == ProofPurpose::AssertionMethod
        && good.is_controlled_by(did)
        && registry.is_authority_key(&key, at, KnownAt::Latest);
    if entitled { Ok(()) } else { Err(TrustFileError::ForeignKey) }
}

fn policy_of(content: &TrustContent, registry: &Registry) -> Result<Policy, TrustFileError> {
    let policy = Policy::parse(content.log.policy.as_bytes())
        .map_err(|error| TrustFileError::Policy(quoted(&error.to_string())))?;
    let declared = registry.authority(KnownAt::Latest).map(|event| event.value.log_key.as_str());
    let named = policy.logs().iter().any(|log| {
        Some(log.key().encode().as_str()) == declared && log.key().name().as_str() == content.log.origin
    });
    if named { Ok(policy) } else { Err(TrustFileError::LogKeyMismatch) }
}

fn check_list(
    list: &TrustedStatusList,
    did: &str,
    registry: &Registry,
) -> Result<CheckedStatusList, TrustFileError> {
    let id = list.credential.get("id").and_then(Value::as_str).unwrap_or_default();
    let unusable = |reason: String| TrustFileError::StatusList { id: quoted(id), reason: quoted(&reason) };
    let credential = ListCredential::parse(&list.credential).map_err(|error| unusable(error.to_string()))?;
    check_signature(&list.credential, did, registry, credential.valid_from)
        .map_err(|error| unusable(error.to_string()))?;
    if credential.issuer != did {
        return Err(unusable("it is issued by somebody else".to_owned()));
    }
    let digest = list.digest()?;
    let is_logged = registry.status_list(id).is_some_and(|version| version.value.digest == digest);
    Ok(CheckedStatusList { credential, events: list.events.clone(), is_logged })
}
