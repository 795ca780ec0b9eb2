//! The authority's status lists: which school may use which index, what schools ask for, and what is
//! published and logged.
//!
//! ```text
//! status/lists/<n>/allotments/<id>.json   signed allotments: the book of who owns which index
//! status/lists/<n>/versions/<v>.json      signed versions with their events and log statement
//! status/lists/<n>/current.json           which version is logged and served
//! status/requests/<id>.json               signed requests that wait for the next publication
//! status/applied/<id>.json                those that a logged version carries out
//! status/refused/<id>.json                those that had become impossible by then, or of a key lost since
//! ```

mod allotment;
mod desk;
mod history;
mod publish;
mod reason;
mod request;

use thiserror::Error;

use crate::authority::AuthorityError;
use crate::credential_status::EffectiveError;
use crate::log_port::LogPortError;
use crate::registry_view::RegistryViewError;
use crate::signed_document::SignedDocumentError;
use crate::storage::StorageError;

pub(crate) use allotment::ALLOTMENT_FILE_BYTES_MAX;
pub use allotment::{
    ALLOTMENT_INDEXES_MAX, Allotment, AllotmentError, Allotted, LIST_ENTRIES, SignedAllotment,
};
pub use desk::Received;
pub use history::{Standing, StatusAction, TransitionError};
pub use publish::{CurrentList, PublishOptions, Published, PublishedList, current_list, current_lists};
pub use reason::{CorrectionReason, StatusReason, UnknownReason};
pub use request::{REQUEST_BYTES_MAX, SignedRequest, StatusRequest};

/// Why a status request was refused, or lists could not be published.
#[derive(Debug, Error)]
pub enum StatusError {
    /// The request's signer is not an `issue` or `approve` key of the institution that asks.
    #[error("the request is not signed by a key that {institution} has today")]
    ForeignKey {
        /// Who is said to ask.
        institution: String,
    },
    /// The list is none of this authority's.
    #[error("'{list}' is not a status list of this authority")]
    UnknownList {
        /// The address given.
        list: String,
    },
    /// The index has been allotted to somebody else, or to nobody.
    #[error("index {index} of the list is not {institution}'s")]
    IndexNotYours {
        /// The index.
        index: u32,
        /// Who asks.
        institution: String,
    },
    /// The date from which it is to count is impossible.
    #[error(transparent)]
    Effective(#[from] EffectiveError),
    /// The record does not stand so that this could be done.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The request cannot be read, or its signature does not fit.
    #[error(transparent)]
    Document(#[from] SignedDocumentError),
    /// Indexes could not be allotted, or the book cannot be read.
    #[error(transparent)]
    Allotment(#[from] AllotmentError),
    /// A list could not be made.
    #[error("the status list cannot be made: {problem}")]
    List {
        /// What is wrong.
        problem: String,
    },
    /// The authority's statement or registry.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl StatusError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::ForeignKey { .. } => "status_foreign_key",
            Self::UnknownList { .. } => "status_unknown_list",
            Self::IndexNotYours { .. } => "status_index_not_yours",
            Self::Effective(error) => error.code(),
            Self::Transition(error) => error.code(),
            Self::Document(error) => error.code(),
            Self::Allotment(error) => error.code(),
            Self::List { .. } => "status_list",
            Self::Authority(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

impl From<LogPortError> for StatusError {
    fn from(error: LogPortError) -> Self {
        Self::Authority(error.into())
    }
}

impl From<RegistryViewError> for StatusError {
    fn from(error: RegistryViewError) -> Self {
        Self::Authority(error.into())
    }
}
