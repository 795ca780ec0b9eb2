//! Trust files: what a verifier knows of one authority, signed by that authority.

use std::collections::HashSet;

use data_encoding::HEXLOWER;
use matricula_credential::json::{JsonError, parse_limited};
use matricula_credential::proof::{self, ProofError, ProofPurpose};
use matricula_credential::status::ListCredential;
use matricula_registry::{
    Body, KnownAt, LogOrigin, PublicKey, Registry, Statement, StatementId, VerifiedStatement,
};
use matricula_tlog::{LeafIndex, Policy, UnixSeconds, decode_base64};
use serde_json::Value;

use crate::date::parse_rfc3339;
use crate::trust_content::{StatusEvent, TrustContent, TrustedStatement, TrustedStatusList, jcs_digest};

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
        let Replayed { registry, genesis, known } = replay(&content)?;
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
    /// where it follows at once, made on top of that very file.
    pub fn may_replace(&self, older: &TrustFile) -> Result<(), TrustUpdateError> {
        if self.fingerprint != older.fingerprint {
            return Err(TrustUpdateError::OtherAuthority { known: older.fingerprint, got: self.fingerprint });
        }
        let (known, got) = (older.content.sequence, self.content.sequence);
        if got < known {
            return Err(TrustUpdateError::Older { known, got });
        }
        if got == known && self.digest != older.digest {
            return Err(TrustUpdateError::Forked { sequence: got });
        }
        if got == known + 1 && self.content.previous.as_deref() != Some(older.digest().as_str()) {
            return Err(TrustUpdateError::Forked { sequence: got });
        }
        Ok(())
    }
}

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
}

fn date(member: &'static str, value: &str) -> Result<UnixSeconds, TrustFileError> {
    parse_rfc3339(value)
        .ok_or_else(|| TrustFileError::Date { member, value: value.chars().take(40).collect() })
}

/// What the statements of a trust file build.
struct Replayed {
    registry: Registry,
    genesis: StatementId,
    known: HashSet<StatementId>,
}

/// Replays the statements: the genesis first, whose signer is the root of all others.
fn replay(content: &TrustContent) -> Result<Replayed, TrustFileError> {
    let (first, later) = content.statements.split_first().ok_or(TrustFileError::GenesisMissing)?;
    let genesis = read(first)?;
    if first.index != 0 || !matches!(genesis.statement().body(), Body::Authority(_)) {
        return Err(TrustFileError::GenesisMissing);
    }
    let genesis = genesis.into_statement();
    let origin = LogOrigin::parse(&content.log.origin).map_err(|error| unusable(first, &error))?;
    let mut registry = Registry::new(origin, [genesis.header().signer]);
    let mut known = HashSet::from([genesis.id()]);
    apply(&mut registry, first, &genesis)?;
    let mut last = first.index;
    for trusted in later {
        if trusted.index <= last {
            return Err(TrustFileError::StatementOrder { index: trusted.index });
        }
        last = trusted.index;
        let statement = read(trusted)?.into_statement();
        apply(&mut registry, trusted, &statement)?;
        known.insert(statement.id());
    }
    Ok(Replayed { registry, genesis: genesis.id(), known })
}

fn read(trusted: &TrustedStatement) -> Result<VerifiedStatement, TrustFileError> {
    let entry = decode_base64(&trusted.statement).ok_or_else(|| unusable(trusted, &"not base64"))?;
    let statement = Statement::parse(&entry).map_err(|error| unusable(trusted, &error))?;
    statement.verify_signatures().map_err(|error| unusable(trusted, &error))
}

fn apply(
    registry: &mut Registry,
    trusted: &TrustedStatement,
    statement: &Statement,
) -> Result<(), TrustFileError> {
    let logged_at = date("loggedAt", &trusted.logged_at)?;
    registry
        .apply_evidence(LeafIndex::new(trusted.index), Some(logged_at), statement)
        .map_err(|error| unusable(trusted, &error))
}

fn unusable(trusted: &TrustedStatement, error: &dyn core::fmt::Display) -> TrustFileError {
    TrustFileError::Statement { index: trusted.index, reason: error.to_string() }
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
        .map_err(|error| TrustFileError::Policy(error.to_string()))?;
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
    let unusable = |reason: String| TrustFileError::StatusList { id: id.to_owned(), reason };
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
