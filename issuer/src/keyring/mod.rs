//! Ed25519 keys at rest: one `age` file a key, encrypted with a passphrase.
//!
//! `<name>.age` holds the secret, `<name>.pub` the role and the public key in clear, so that a
//! folder of keys can be listed without a passphrase. The secret file is written last and is what
//! makes a key exist; it is never overwritten.
//!
//! SPEC: age-encryption.org/v1, scrypt recipient.

mod error;
mod sealed;

use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use ed25519_dalek::SigningKey;
use matricula_credential::did;
use matricula_registry::PublicKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::entropy;
use crate::storage::{self, Access, StorageError};

pub use error::KeyringError;

/// An encrypted key has about 200 bytes.
const SECRET_FILE_BYTES_MAX: u64 = 4 * 1024;

/// A public file has about 100 bytes.
const PUBLIC_FILE_BYTES_MAX: u64 = 4 * 1024;

/// A passphrase shorter than this is refused for a new key: scrypt slows a guess, it does not make
/// four letters strong.
const PASSPHRASE_CHARS_MIN: usize = 8;

/// How hard the passphrase is to try out: scrypt's `log2(N)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkFactor(u8);

impl WorkFactor {
    /// About a second on a school's computer, 256 MiB of memory.
    pub const DEFAULT: Self = Self(18);

    /// The hardest that is unlocked: 4 GiB of memory. A hostile file could ask for more.
    pub const MAX: Self = Self(22);

    /// A work factor from 1 to 22; small ones are for tests only.
    pub fn new(log_n: u8) -> Option<Self> {
        (1..=Self::MAX.0).contains(&log_n).then_some(Self(log_n))
    }
}

impl Default for WorkFactor {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A passphrase. Wiped from memory when dropped; never shown.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Wraps the text a person typed.
    pub fn new(text: impl Into<Zeroizing<String>>) -> Self {
        Self(text.into())
    }

    fn to_secret(&self) -> SecretString {
        SecretString::from(self.0.as_str())
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Signs an authority's statements, status lists and trust files.
    Authority,
    /// Signs the log's checkpoints.
    Log,
    /// Cosigns checkpoints as a witness.
    Witness,
    /// Cosigns checkpoints of logs whose entries are kept here.
    Mirror,
    /// Signs credentials and batches.
    Issue,
    /// Approves what another key signed.
    Approve,
    /// Binds records to the keys of their holders.
    Bind,
}

impl KeyPurpose {
    /// The word for it, and the default name of such a key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Log => "log",
            Self::Witness => "witness",
            Self::Mirror => "mirror",
            Self::Issue => "issue",
            Self::Approve => "approve",
            Self::Bind => "bind",
        }
    }
}

/// The name of a key in its folder: 1–32 of `a–z 0–9 -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name; `None` where it could mean another file.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<KeyPurpose> for KeyName {
    fn from(purpose: KeyPurpose) -> Self {
        Self(purpose.as_str().to_owned())
    }
}

/// A key of a folder, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Its name.
    pub name: KeyName,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The public key.
    pub public: PublicKey,
}

/// What became of the wish for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAdded {
    /// The key.
    pub key: KeyEntry,
    /// Whether this command made it; `false` where it was there already.
    pub created: bool,
}

/// An unlocked key. It has no `Debug` and no `Clone`, and is wiped when dropped.
pub struct SecretKey {
    signing: SigningKey,
    purpose: KeyPurpose,
}

impl SecretKey {
    /// The key to sign with.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from(&self.signing.verifying_key())
    }

    /// What it is for.
    pub fn purpose(&self) -> KeyPurpose {
        self.purpose
    }

    /// The 32 secret bytes, for a log node that builds its own signer from them.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.signing.to_bytes())
    }
}

/// A folder of keys.
#[derive(Clone, Debug)]
pub struct Keyring {
    folder: PathBuf,
}

/// What stands in a `.pub` file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicFile {
    purpose: KeyPurpose,
    multikey: String,
}

impl Keyring {
    /// The keys in `folder`, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Makes a new key from the operating system's generator.
    pub fn create(
        &self,
        name: &KeyName,
        purpose: KeyPurpose,
        passphrase: &Passphrase,
        work_factor: WorkFactor,
    ) -> Result<KeyEntry, KeyringError> {
        let chars = passphrase.0.chars().count();
        if chars < PASSPHRASE_CHARS_MIN {
            return Err(KeyringError::PassphraseTooShort { chars, min: PASSPHRASE_CHARS_MIN });
        }
        if self.contains(name) {
            return Err(KeyringError::KeyExists { name: name.0.clone() });
        }
        storage::make_folder(&self.folder)?;
        let seed = Zeroizing::new(entropy::bytes::<32>());
        let key = SecretKey { signing: SigningKey::from_bytes(&seed), purpose };
        let locked = sealed::lock(&seed, passphrase, work_factor, name)?;
        let public = PublicFile { purpose, multikey: did::encode_multikey(&key.signing.verifying_key()) };
        // The public file first: without a secret file beside it, it is an orphan that the next
        // attempt replaces.
        storage::write_json(&self.public_path(name), &public, Access::Shared)?;
        storage::write_new(&self.secret_path(name), &locked, Access::Private).map_err(
            |error| match error {
                StorageError::Exists { .. } => KeyringError::KeyExists { name: name.0.clone() },
                other => other.into(),
            },
        )?;
        Ok(KeyEntry { name: name.clone(), purpose, public: key.public() })
    }

    /// Makes a new key, unless one of that name and purpose is there: that one stays as it is, if the
    /// passphrase unlocks it.
    pub fn create_or_unlock(
        &self,
        name: &KeyName,
        purpose: KeyPurpose,
        passphrase: &Passphrase,
        work_factor: WorkFactor,
    ) -> Result<KeyAdded, KeyringError> {
        if !self.contains(name) {
            let key = self.create(name, purpose, passphrase, work_factor)?;
            return Ok(KeyAdded { key, created: true });
        }
        self.unlock_for(purpose, name, passphrase)?;
        Ok(KeyAdded { key: self.entry(name)?, created: false })
    }

    /// Unlocks a key.
    pub fn unlock(&self, name: &KeyName, passphrase: &Passphrase) -> Result<SecretKey, KeyringError> {
        let entry = self.entry(name)?;
        let locked = storage::read(&self.secret_path(name), SECRET_FILE_BYTES_MAX)?;
        let signing = sealed::unlock(&locked, passphrase, name)?;
        let key = SecretKey { signing, purpose: entry.purpose };
        if key.public() != entry.public {
            return Err(KeyringError::PublicKeyDiffers { name: name.0.clone() });
        }
        Ok(key)
    }

    /// Unlocks a key that must be for `purpose`.
    pub fn unlock_for(
        &self,
        purpose: KeyPurpose,
        name: &KeyName,
        passphrase: &Passphrase,
    ) -> Result<SecretKey, KeyringError> {
        let is = self.entry(name)?.purpose;
        if is != purpose {
            return Err(KeyringError::WrongPurpose { name: name.0.clone(), is, needed: purpose });
        }
        self.unlock(name, passphrase)
    }

    /// One key, without its secret.
    pub fn entry(&self, name: &KeyName) -> Result<KeyEntry, KeyringError> {
        if !self.contains(name) {
            return Err(KeyringError::NoSuchKey { name: name.0.clone(), folder: self.folder.clone() });
        }
        let file: PublicFile = storage::read_json(&self.public_path(name), PUBLIC_FILE_BYTES_MAX)?;
        let public = did::parse_multikey(&file.multikey)
            .map_err(|error| StorageError::malformed(&self.public_path(name), error))?;
        Ok(KeyEntry { name: name.clone(), purpose: file.purpose, public: PublicKey::from(&public) })
    }

    /// All keys, by name.
    pub fn entries(&self) -> Result<Vec<KeyEntry>, KeyringError> {
        let names = storage::names_in(&self.folder)?;
        names
            .iter()
            .filter_map(|name| KeyName::parse(name.strip_suffix(".age")?))
            .map(|name| self.entry(&name))
            .collect()
    }

    /// Whether there is such a key.
    pub fn contains(&self, name: &KeyName) -> bool {
        self.secret_path(name).exists()
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn secret_path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{}.age", name.0))
    }

    fn public_path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{}.pub", name.0))
    }
}
