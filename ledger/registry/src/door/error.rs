//! Why the door refuses.

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{
    authorisation::Refusal,
    body::Period,
    identity::{InstitutionId, LogOrigin, PublicKey, StatementId},
    statement::{SignatureError, StatementError},
};

/// Why a log may not take an entry as its next leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the facts of each variant are named in its message")]
pub enum DoorError {
    /// The bytes are no statement.
    #[error("not a statement: {0}")]
    Statement(#[from] StatementError),
    /// A signature or countersignature is not good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The caller asked for another leaf than the next one.
    #[error("leaf {index} was asked for, the next one is {next}")]
    NotNextLeaf { index: LeafIndex, next: LeafIndex },
    /// The statement was made for another log.
    #[error("the statement is for the log {got}, not {expected}")]
    OtherLog { expected: LogOrigin, got: LogOrigin },
    /// The first entry of a log must be an authority statement.
    #[error("the first entry must be an authority statement, not {kind}")]
    GenesisExpected { kind: String },
    /// The first authority statement must list its signer's key as valid now.
    #[error("the first authority statement does not list {signer} as valid")]
    GenesisNotByItsOwnKey { signer: PublicKey },
    /// The registry does not know the signer, or a countersigner.
    #[error("the key {signer} is not known")]
    UnknownSigner { signer: PublicKey },
    /// The signer was or will be a key of the authority, but is not now.
    #[error("the authority's key {signer} is not valid at {at}")]
    AuthorityKeyNotValid { signer: PublicKey, at: UnixSeconds },
    /// Only the authority signs this.
    #[error("{institution} may not sign a {kind} statement of this sort: only the authority may")]
    NotTheAuthority { kind: String, institution: InstitutionId },
    /// The signer countersigned itself.
    #[error("the key {key} countersigned its own signature")]
    SelfCountersigned { key: PublicKey },
    /// The statement does not name the one whose place it takes.
    #[error("the statement must replace {expected:?}, it names {got:?}")]
    ReplacesMismatch { expected: Option<StatementId>, got: Option<StatementId> },
    /// The statement names one to replace, and its kind replaces none.
    #[error("a {kind} statement replaces no other")]
    UnexpectedReplaces { kind: String },
    /// No key of the authority would be valid now: the log would be closed for ever.
    #[error("no key of the authority would be left")]
    NoAuthorityKeyLeft,
    /// The version of the rules would go back.
    #[error("the rules are at version {latest}, {got} would go back")]
    RulesVersionBackwards { latest: u64, got: u64 },
    /// The statement needs an institution that has been granted an accreditation.
    #[error("{institution} has no accreditation in this log")]
    UnknownInstitution { institution: InstitutionId },
    /// The statement says what is known already.
    #[error("nothing would change for {institution}")]
    NothingChanges { institution: InstitutionId },
    /// A grant over a suspension, revocation or succession; that takes a restore.
    #[error("a grant for {institution} would cover the statement {statement}; restore it instead")]
    GrantOverNegative { institution: InstitutionId, statement: StatementId, effective: Period },
    /// A restore over a period in which nothing had ended.
    #[error("there is nothing to restore for {institution} in that period")]
    NothingToRestore { institution: InstitutionId },
    /// The key is another institution's.
    #[error("the key {key} belongs to {institution}")]
    KeyBoundElsewhere { key: PublicKey, institution: InstitutionId },
    /// The key is, was or will be the authority's own.
    #[error("the key {key} is the authority's own")]
    KeyIsTheAuthoritys { key: PublicKey },
    /// The institution has that key already, or had it.
    #[error("the key {key} was added before")]
    KeyAddedAlready { key: PublicKey },
    /// No institution has that key.
    #[error("the key {key} is not known")]
    UnknownKey { key: PublicKey },
    /// The key is retired, or compromised, as of that date already.
    #[error("nothing would change for the key {key}")]
    KeyStateUnchanged { key: PublicKey },
    /// An institution dated the retirement of its own key too far back.
    #[error("a retirement at {at} is dated back beyond {earliest}; the authority may")]
    RetirementBackdated { at: UnixSeconds, earliest: UnixSeconds },
    /// An institution would bring a retired key of its own back for a while.
    #[error("the key is retired since {known}; only the authority may postpone that to {at}")]
    RetirementPostponed { at: UnixSeconds, known: UnixSeconds },
    /// A date that lies in the future and must not.
    #[error("the date {date} is after {latest}")]
    DatedInFuture { date: UnixSeconds, latest: UnixSeconds },
    /// A batch without the countersignature of an approver.
    #[error("the batch is not countersigned by an approver")]
    ApprovalMissing,
    /// The signer or countersigner is not entitled, at the date given.
    #[error("not entitled at {at}: {refusal}")]
    Refused { at: UnixSeconds, refusal: Box<Refusal> },
    /// The institution has logged a batch with that root.
    #[error("the batch is in the log at leaf {first}")]
    DuplicateBatch { first: LeafIndex },
    /// A status list must go forward.
    #[error("the status list is at version {latest}, {got} is not newer")]
    StatusVersionNotNewer { latest: u64, got: u64 },
}

impl DoorError {
    /// The stable code of the refusal, for problem documents.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Statement(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::NotNextLeaf { .. } => "not_next_leaf",
            Self::OtherLog { .. } => "other_log",
            Self::GenesisExpected { .. } => "genesis_expected",
            Self::GenesisNotByItsOwnKey { .. } => "genesis_not_by_its_own_key",
            Self::UnknownSigner { .. } => "unknown_signer",
            Self::AuthorityKeyNotValid { .. } => "authority_key_not_valid",
            Self::NotTheAuthority { .. } => "not_the_authority",
            Self::SelfCountersigned { .. } => "self_countersigned",
            Self::ReplacesMismatch { .. } => "replaces_mismatch",
            Self::UnexpectedReplaces { .. } => "unexpected_replaces",
            Self::NoAuthorityKeyLeft => "no_authority_key_left",
            Self::RulesVersionBackwards { .. } => "rules_version_backwards",
            Self::UnknownInstitution { .. } => "unknown_institution",
            Self::NothingChanges { .. } => "nothing_changes",
            Self::GrantOverNegative { .. } => "grant_over_negative",
            Self::NothingToRestore { .. } => "nothing_to_restore",
            Self::KeyBoundElsewhere { .. } => "key_bound_elsewhere",
            Self::KeyIsTheAuthoritys { .. } => "key_is_the_authoritys",
            Self::KeyAddedAlready { .. } => "key_added_already",
            Self::UnknownKey { .. } => "unknown_key",
            Self::KeyStateUnchanged { .. } => "key_state_unchanged",
            Self::RetirementBackdated { .. } => "retirement_backdated",
            Self::RetirementPostponed { .. } => "retirement_postponed",
            Self::DatedInFuture { .. } => "dated_in_future",
            Self::ApprovalMissing => "approval_missing",
            Self::Refused { refusal, .. } => refusal.code(),
            Self::DuplicateBatch { .. } => "duplicate_batch",
            Self::StatusVersionNotNewer { .. } => "status_version_not_newer",
        }
    }
}
