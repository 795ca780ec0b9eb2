//! Why a key could not be had.

use std::path::PathBuf;

use thiserror::Error;

use super::KeyPurpose;
use crate::storage::StorageError;

/// Why a key could not be made or unlocked.
#[derive(Debug, Error)]
pub enum KeyringError {
    /// The passphrase is not the one the key was locked with.
    #[error("the passphrase of key '{name}' is wrong")]
    WrongPassphrase {
        /// The key.
        name: String,
    },
    /// The passphrase for a new key is too short.
    #[error("the passphrase has {chars} characters; it needs at least {min}")]
    PassphraseTooShort {
        /// How many it has.
        chars: usize,
        /// How many it needs.
        min: usize,
    },
    /// There is no such key.
    #[error("there is no key '{name}' in {}", folder.display())]
    NoSuchKey {
        /// The key.
        name: String,
        /// Where it was sought.
        folder: PathBuf,
    },
    /// The key is there already; it is never overwritten.
    #[error("there is a key '{name}' already")]
    KeyExists {
        /// The key.
        name: String,
    },
    /// The key file asks for more work than this program does.
    #[error("the key file of '{name}' asks for a work factor of {asked}, the limit is {max}")]
    TooMuchWork {
        /// The key.
        name: String,
        /// What it asks for.
        asked: u8,
        /// The limit.
        max: u8,
    },
    /// The key file is not an encrypted key.
    #[error("the key file of '{name}' is damaged")]
    Damaged {
        /// The key.
        name: String,
    },
    /// The secret does not belong to the public key beside it.
    #[error("the public file of key '{name}' belongs to another key")]
    PublicKeyDiffers {
        /// The key.
        name: String,
    },
    /// The key is for something else.
    #[error("key '{name}' is for '{}', not for '{}'", is.as_str(), needed.as_str())]
    WrongPurpose {
        /// The key.
        name: String,
        /// What it is for.
        is: KeyPurpose,
        /// What was needed.
        needed: KeyPurpose,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl KeyringError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongPassphrase { .. } => "wrong_passphrase",
            Self::PassphraseTooShort { .. } => "passphrase_too_short",
            Self::NoSuchKey { .. } => "no_such_key",
            Self::KeyExists { .. } => "key_exists",
            Self::TooMuchWork { .. } => "key_file_too_much_work",
            Self::Damaged { .. } => "key_file_damaged",
            Self::PublicKeyDiffers { .. } => "public_key_differs",
            Self::WrongPurpose { .. } => "key_wrong_purpose",
            Self::Storage(error) => error.code(),
        }
    }
}
