//! Authorities: ministries that run a log and say which institutions may issue what.

mod accreditation;
mod amendment;
mod home;
mod init;
mod listing;
mod peers;
mod policy;

use std::path::PathBuf;

use matricula_credential::did::DidError;
use matricula_registry::{InstitutionId, LogOrigin, PublicKey, StatementError, day};
use matricula_tlog::UnixSeconds;
use thiserror::Error;

use crate::keyring::KeyringError;
use crate::log_port::LogPortError;
use crate::registry_view::RegistryViewError;
use crate::storage::StorageError;

pub use accreditation::{Accredit, AuthorityDesk, Restore, Ruling, Succeed, Withdraw};
pub use amendment::Amendment;
pub use home::{
    AuthorityCard, AuthorityHome, AuthorityProfile, BaseUrl, CardError, mirror_name, witness_name,
};
pub(crate) use init::sign as sign_statement;
pub use init::{AuthorityFounded, InitAuthority, init};
pub use listing::{
    InstitutionStanding, ListedEvent, ListedInstitution, ListedKey, list_institution, list_institutions,
};
pub use peers::{Peer, PeerError, PeerName, PeerService};
pub use policy::AcknowledgeWhen;

/// The version of the registry's rules that a new log follows.
pub const RULES_VERSION: u64 = 1;

/// Why an authority's command was not carried out.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// The folder is no authority's home.
    #[error("{} is not an authority's home; `authority init` makes one", path.display())]
    NoHome {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds an authority with another name, identifier, origin or address.
    #[error("{} holds another authority already", path.display())]
    ProfileDiffers {
        /// The folder.
        path: PathBuf,
    },
    /// The identifier is no `did:web`.
    #[error("'{did}' cannot be an authority's identifier: {source}")]
    Did {
        /// The identifier.
        did: String,
        /// What is wrong with it.
        source: DidError,
    },
    /// The origin cannot be the name of a log's key.
    #[error("'{origin}' cannot be the name of a log")]
    OriginUnusable {
        /// The origin.
        origin: String,
    },
    /// The log knows no such institution.
    #[error("{institution} is not an institution of this authority")]
    UnknownInstitution {
        /// The institution.
        institution: InstitutionId,
    },
    /// The log knows no such key.
    #[error("{key} is not a key of an institution of this authority")]
    UnknownKey {
        /// The key.
        key: PublicKey,
    },
    /// A key of the application is known as another institution's, or in another role.
    #[error("key {key} is known already as another key of {institution}")]
    KeyTaken {
        /// The key.
        key: PublicKey,
        /// Whose it is.
        institution: InstitutionId,
    },
    /// The log has no statement of the authority about itself, which is its first entry.
    #[error("the log is empty: it does not have the authority's first statement")]
    NotFounded,
    /// The key is the authority's already, for another time.
    #[error("the key {key} is the authority's already, for another time; a key is ended, not added again")]
    OwnKeyKnown {
        /// The key.
        key: PublicKey,
    },
    /// The key was never the authority's.
    #[error("the key {key} is not the authority's own")]
    NotOwnKey {
        /// The key.
        key: PublicKey,
    },
    /// The key has ended, and an end is not put off.
    #[error("the key {key} ends on {} already; that can be dated back, not put off", day(*ended))]
    OwnKeyEnded {
        /// The key.
        key: PublicKey,
        /// When it ended.
        ended: UnixSeconds,
    },
    /// The key would have ended before it began.
    #[error("the key {key} is valid from {} on; it cannot end before", day(*from))]
    OwnKeyEndTooEarly {
        /// The key.
        key: PublicKey,
        /// When it begins.
        from: UnixSeconds,
    },
    /// No key without an end would be left.
    #[error("the key {key} is the last one without an end: add its successor first")]
    LastKey {
        /// The key.
        key: PublicKey,
    },
    /// The authority is not recognised.
    #[error("the authority with the log {origin} is not recognised; there is nothing to end")]
    NotRecognised {
        /// Its log.
        origin: LogOrigin,
    },
    /// A version of the rules that this program does not know how to follow.
    #[error("this program follows the rules up to version {known}, not {version}")]
    RulesUnknown {
        /// The version asked for.
        version: u64,
        /// The latest one known.
        known: u64,
    },
    /// The statement would break a limit.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A key could not be made or unlocked.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log refused, or was not reached.
    #[error(transparent)]
    Log(#[from] LogPortError),
    /// The log could not be read into a registry.
    #[error(transparent)]
    Registry(#[from] RegistryViewError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl AuthorityError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NoHome { .. } => "no_authority_home",
            Self::ProfileDiffers { .. } => "authority_differs",
            Self::Did { .. } => "did_unusable",
            Self::OriginUnusable { .. } => "origin_unusable",
            Self::UnknownInstitution { .. } => "unknown_institution",
            Self::UnknownKey { .. } => "unknown_key",
            Self::KeyTaken { .. } => "key_taken",
            Self::NotFounded => "authority_not_founded",
            Self::OwnKeyKnown { .. } => "authority_key_known",
            Self::NotOwnKey { .. } => "not_an_authority_key",
            Self::OwnKeyEnded { .. } => "authority_key_ended",
            Self::OwnKeyEndTooEarly { .. } => "authority_key_end_too_early",
            Self::LastKey { .. } => "authority_key_last",
            Self::NotRecognised { .. } => "not_recognised",
            Self::RulesUnknown { .. } => "rules_unknown",
            Self::Statement(_) => "statement_limit",
            Self::Keyring(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Registry(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}
