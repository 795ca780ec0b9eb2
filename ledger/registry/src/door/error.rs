//! Why the door refuses.

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{
    authorisation::Refusal,
    body::Period,
    date::day,
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
    #[error("entry {index} was asked for, the next one is {next}")]
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
    #[error(
        "the log's first entry must be the statement of an authority about itself, not {}",
        in_words(kind)
    )]
    GenesisExpected {
        /// The kind of statement.
        kind: String,
    },
    /// The first authority statement must list its signer's key as valid now.
    #[error("the log's first entry is signed with the key {signer}, and does not name it as valid today")]
    GenesisNotByItsOwnKey {
        /// The key.
        signer: PublicKey,
    },
    /// The registry does not know the signer, or a countersigner.
    #[error("the key {signer} is not known to this log")]
    UnknownSigner {
        /// The key.
        signer: PublicKey,
    },
    /// The signer was or will be a key of the authority, but is not now.
    #[error("the authority's key {signer} is not valid on {}", day(*at))]
    AuthorityKeyNotValid {
        /// The key.
        signer: PublicKey,
        /// The time of logging.
        at: UnixSeconds,
    },
    /// Only the authority signs this.
    #[error("{institution} may not say this in {}: only the authority may", in_words(kind))]
    NotTheAuthority {
        /// The kind of statement.
        kind: String,
        /// Who signed.
        institution: InstitutionId,
    },
    /// The signer countersigned itself.
    #[error("the same key signed and approved: {key}; approving takes another person's key")]
    SelfCountersigned {
        /// The key.
        key: PublicKey,
    },
    /// The statement does not name the one whose place it takes.
    #[error("{}", replaced_in_words(*expected, *got))]
    ReplacesMismatch {
        /// The statement it must name, if any.
        expected: Option<StatementId>,
        /// The one it names, if any.
        got: Option<StatementId>,
    },
    /// The statement names one to replace, and its kind replaces none.
    #[error("{} replaces no earlier entry, and this one names one", in_words(kind))]
    UnexpectedReplaces {
        /// The kind of statement.
        kind: String,
    },
    /// No key of the authority would be valid now: the log would be closed for ever.
    #[error("no key of the authority would be valid any more")]
    NoAuthorityKeyLeft,
    /// The version of the rules would go back.
    #[error("the log follows version {latest} of the rules and cannot go back to {got}")]
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
    #[error("the log says this of {institution} already")]
    NothingChanges {
        /// Which institution.
        institution: InstitutionId,
    },
    /// A grant over a suspension, revocation or succession; that takes a restore.
    #[error(
        "{institution} was suspended, revoked or succeeded {}; a new accreditation does not lift that, restoring does",
        in_dates(effective)
    )]
    GrantOverNegative {
        /// Which institution.
        institution: InstitutionId,
        /// The statement that it would cover.
        statement: StatementId,
        /// That statement's period.
        effective: Period,
    },
    /// A restore over a period in which nothing had ended.
    #[error("in that time {institution} was neither suspended nor revoked: there is nothing to restore")]
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
    #[error("the key {key} is the institution's already, or was")]
    KeyAddedAlready {
        /// The key.
        key: PublicKey,
    },
    /// No institution has that key.
    #[error("no institution has the key {key}")]
    UnknownKey {
        /// The key.
        key: PublicKey,
    },
    /// The key is retired, or compromised, as of that date already.
    #[error("the log says this of the key {key} already")]
    KeyStateUnchanged {
        /// The key.
        key: PublicKey,
    },
    /// An institution dated the retirement of its own key too far back.
    #[error(
        "a school may retire its own key from {} on, not from {}; the authority may date it further back",
        day(*earliest), day(*at)
    )]
    RetirementBackdated {
        /// The date given.
        at: UnixSeconds,
        /// The earliest date allowed.
        earliest: UnixSeconds,
    },
    /// An institution would bring a retired key of its own back for a while.
    #[error("the key is retired since {}; only the authority may postpone that to {}", day(*known), day(*at))]
    RetirementPostponed {
        /// The date given.
        at: UnixSeconds,
        /// The date known.
        known: UnixSeconds,
    },
    /// A date that lies in the future and must not.
    #[error("the date {} lies in the future; the latest possible one is {}", day(*date), day(*latest))]
    DatedInFuture {
        /// The date given.
        date: UnixSeconds,
        /// The latest date allowed.
        latest: UnixSeconds,
    },
    /// A batch without the countersignature of an approver.
    #[error("nobody who may has approved the batch")]
    ApprovalMissing,
    /// The signer or countersigner is not entitled, at the date given.
    #[error("on {}: {refusal}", day(*at))]
    Refused {
        /// The date judged.
        at: UnixSeconds,
        /// Why not.
        refusal: Box<Refusal>,
    },
    /// The institution has logged a batch with that root.
    #[error("the batch is in the log already, at {first}")]
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
    #[error("entries of the unknown kind '{kind}' may have {max} bytes, not {bytes}")]
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

/// What a kind of statement is called by people.
fn in_words(kind: &str) -> String {
    match kind {
        "authority" => "a statement about the authority itself".to_owned(),
        "accreditation" => "a ruling on an accreditation".to_owned(),
        "key" => "a statement about a key".to_owned(),
        "batch" => "a batch of records".to_owned(),
        "status" => "a status list".to_owned(),
        "commitment" => "a commitment".to_owned(),
        other => format!("an entry of the kind '{other}'"),
    }
}

fn in_dates(period: &Period) -> String {
    let from = day(period.from());
    period.to().map_or_else(|| format!("from {from}"), |to| format!("from {from} until {}", day(to)))
}

fn replaced_in_words(expected: Option<StatementId>, got: Option<StatementId>) -> String {
    match (expected, got) {
        (Some(expected), Some(got)) => format!(
            "somebody else ruled on this in the meantime: the latest entry about it is {expected}, not {got}; look at it, then try again"
        ),
        (Some(expected), None) => {
            format!("the log has an earlier entry about this, which must be named: {expected}")
        }
        (None, Some(got)) => format!("the log has no earlier entry about this, and {got} is named as one"),
        // The door asks only where the two differ.
        (None, None) => "the log has no earlier entry about this".to_owned(),
    }
}
