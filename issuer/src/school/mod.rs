//! Schools: who they are, their keys, what the log says of them, their share of the status lists.

mod application;
mod evidence;
mod home;
mod status_pool;

use std::path::PathBuf;

use matricula_credential::did::DidError;
use thiserror::Error;

use crate::keyring::{KeyPurpose, KeyringError};
use crate::registry_view::RegistryViewError;
use crate::status::AllotmentError;
use crate::storage::StorageError;

pub use application::{APPLICATION_BYTES_MAX, Application, ApplicationError};
pub use evidence::Evidence;
pub use home::{InitSchool, SchoolFounded, SchoolHome, SchoolProfile, init};
pub use status_pool::AllotmentImported;
pub(crate) use status_pool::StatusSlot;

/// Why a school's command was not carried out.
#[derive(Debug, Error)]
pub enum SchoolError {
    /// The folder is no school's home.
    #[error("{} is not a school's home; `school init` makes one", path.display())]
    NoHome {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds another school, or the same under another authority.
    #[error("{} holds another school already", path.display())]
    ProfileDiffers {
        /// The folder.
        path: PathBuf,
    },
    /// The identifier is no `did:web`.
    #[error("'{did}' cannot be a school's identifier: {source}")]
    Did {
        /// The identifier.
        did: String,
        /// What is wrong with it.
        source: DidError,
    },
    /// A key for something that schools do not do.
    #[error("a school has no key for '{}'", purpose.as_str())]
    NotASchoolKey {
        /// What it was to be for.
        purpose: KeyPurpose,
    },
    /// Too few places on the status lists are left.
    #[error("each record takes a place on the status list: {needed} are needed and {left} are left")]
    StatusIndexesUsedUp {
        /// How many are needed.
        needed: usize,
        /// How many the school has left.
        left: usize,
    },
    /// An allotment file is refused.
    #[error(transparent)]
    Allotment(#[from] AllotmentError),
    /// The application cannot be made.
    #[error(transparent)]
    Application(#[from] ApplicationError),
    /// A key could not be made or unlocked.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log was not reached, or says what cannot be.
    #[error(transparent)]
    Registry(#[from] RegistryViewError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl SchoolError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NoHome { .. } => "no_school_home",
            Self::ProfileDiffers { .. } => "school_differs",
            Self::Did { .. } => "did_unusable",
            Self::NotASchoolKey { .. } => "not_a_school_key",
            Self::StatusIndexesUsedUp { .. } => "status_indexes_used_up",
            Self::Allotment(error) => error.code(),
            Self::Application(error) => error.code(),
            Self::Keyring(error) => error.code(),
            Self::Registry(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}
