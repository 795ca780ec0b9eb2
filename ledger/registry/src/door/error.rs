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
pub enum DoorError {
    /// The bytes are no statement.
    #[error("not a statement: {0}")]
    Statement(#[from] StatementError),
    /// A signature or countersignature is not good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The caller asked for another leaf than the next one.
    #[error("leaf {index} was asked for, the next one is {next}")]
    NotNextLeaf {
        /// The leaf asked for.
        index: LeafIndex,
        /// The log's next leaf.
        next: LeafIndex,
    },
    /// The statement was made for another log.
    #[error("the statement is for the log {got}, not {expected}")]
    OtherLog {
        /// The registry's log.
        expected: LogOrigin,
        /// The statement's.
        got: LogOrigin,
    },
    /// The first entry of a log must be an authority statement.
    #[error("the first entry must be an authority statement, not {kind}")]
    GenesisExpected {
        /// The kind of statement.
        kind: String,
    },
    /// The first authority statement must list its signer's key as valid now.
    #[error("the first authority statement does not list {signer} as valid")]
    GenesisNotByItsOwnKey {
        /// The key.
        signer: PublicKey,
    },
    /// The registry does not know the signer, or a countersigner.
    #[error("the key {signer} is not known")]
    UnknownSigner {
        /// The key.
        signer: PublicKey,
    },
    /// The signer was or will be a key of the authority, but is not now.
    #[error("the authority's key {signer} is not valid at {at}")]
    AuthorityKeyNotValid {
        /// The key.
        signer: PublicKey,
        /// The time of logging.
        at: UnixSeconds,
    },
    /// Only the authority signs this.
    #[error("{institution} may not sign a {kind} statement of this sort: only the authority may")]
    NotTheAuthority {
        /// The kind of statement.
        kind: String,
        /// Who signed.
        institution: InstitutionId,
    },
    /// The signer countersigned itself.
    #[error("the key {key} countersigned its own signature")]
    SelfCountersigned {
        /// The key.
        key: PublicKey,
    },
    /// The statement does not name the one whose place it takes.
    #[error("the statement must replace {expected:?}, it names {got:?}")]
    ReplacesMismatch {
        /// The statement it must name, if any.
        expected: Option<StatementId>,
        /// The one it names, if any.
        got: Option<StatementId>,
    },
    /// The statement names one to replace, and its kind replaces none.
    #[error("a {kind} statement replaces no other")]
    UnexpectedReplaces {
        /// The kind of statement.
        kind: String,
    },
    /// No key of the authority would be valid now: the log would be closed for ever.
    #[error("no key of the authority would be left")]
    NoAuthorityKeyLeft,
    /// The version of the rules would go back.
    #[error("the rules are at version {latest}, {got} would go back")]
    RulesVersionBackwards {
        /// The version in force.
        latest: u64,
        /// What was given.
        got: u64,
    },
    /// The statement needs an institution that has been granted an accreditation.
    #[error("{institution} has no accreditation in this log")]
    UnknownInstitution {
        /// Which institution.
        institution: InstitutionId,
    },
    /// The statement says what is known already.
    #[error("nothing would change for {institution}")]
    NothingChanges {
        /// Which institution.
        institution: InstitutionId,
    },
    /// A grant over a suspension, revocation or succession; that takes a restore.
    #[error("a grant for {institution} would cover the statement {statement}; restore it instead")]
    GrantOverNegative {
        /// Which institution.
        institution: InstitutionId,
        /// The statement that it would cover.
        statement: StatementId,
        /// That statement's period.
        effective: Period,
    },
    /// A restore over a period in which nothing had ended.
    #[error("there is nothing to restore for {institution} in that period")]
    NothingToRestore {
        /// Which institution.
        institution: InstitutionId,
    },
    /// The key is another institution's.
    #[error("the key {key} belongs to {institution}")]
    KeyBoundElsewhere {
        /// The key.
        key: PublicKey,
        /// Whose it is.
        institution: InstitutionId,
    },
    /// The key is, was or will be the authority's own.
    #[error("the key {key} is the authority's own")]
    KeyIsTheAuthoritys {
        /// The key.
        key: PublicKey,
    },
    /// The institution has that key already, or had it.
    #[error("the key {key} was added before")]
    KeyAddedAlready {
        /// The key.
        key: PublicKey,
    },
    /// No institution has that key.
    #[error("the key {key} is not known")]
    UnknownKey {
        /// The key.
        key: PublicKey,
    },
    /// The key is retired, or compromised, as of that date already.
    #[error("nothing would change for the key {key}")]
    KeyStateUnchanged {
        /// The key.
        key: PublicKey,
    },
    /// An institution dated the retirement of its own key too far back.
    #[error("a retirement at {at} is dated back beyond {earliest}; the authority may")]
    RetirementBackdated {
        /// The date given.
        at: UnixSeconds,
        /// The earliest date allowed.
        earliest: UnixSeconds,
    },
    /// An institution would bring a retired key of its own back for a while.
    #[error("the key is retired since {known}; only the authority may postpone that to {at}")]
    RetirementPostponed {
        /// The date given.
        at: UnixSeconds,
        /// The date known.
        known: UnixSeconds,
    },
    /// A date that lies in the future and must not.
    #[error("the date {date} is after {latest}")]
    DatedInFuture {
        /// The date given.
        date: UnixSeconds,
        /// The latest date allowed.
        latest: UnixSeconds,
    },
    /// A batch without the countersignature of an approver.
    #[error("the batch is not countersigned by an approver")]
    ApprovalMissing,
    /// The signer or countersigner is not entitled, at the date given.
    #[error("not entitled at {at}: {refusal}")]
    Refused {
        /// The date judged.
        at: UnixSeconds,
        /// Why not.
        refusal: Box<Refusal>,
    },
    /// The institution has logged a batch with that root.
    #[error("the batch is in the log at leaf {first}")]
    DuplicateBatch {
        /// Where.
        first: LeafIndex,
    },
    /// A status list must go forward.
    #[error("the status list is at version {latest}, {got} is not newer")]
    StatusVersionNotNewer {
        /// The latest version in the log.
        latest: u64,
        /// What was given.
        got: u64,
    },
    /// The body of a kind that these rules do not know is too large.
    #[error("the kind {kind} is not known here and may have {max} bytes, not {bytes}")]
    UnknownBodyTooLarge {
        /// The kind's name.
        kind: String,
        /// The length of the body.
        bytes: usize,
        /// The limit.
        max: usize,
    },
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
            Self::UnknownBodyTooLarge { .. } => "unknown_body_too_large",
        }
    }
}
