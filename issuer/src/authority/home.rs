//! An authority's home folder.
//!
//! ```text
//! authority.toml      who it is (written last: it is what makes the home exist)
//! genesis.cose        the first entry of its log
//! keys/               authority, log, witness, mirror
//! status/             lists, requests
//! trust/              the current trust file and the ones before
//! ```

use std::path::{Path, PathBuf};

use matricula_credential::did::{self, DidWeb};
use matricula_registry::{Country, InstitutionId, LogOrigin, PublicKey, Text};
use matricula_tlog::{Cosigner, KeyName as NoteKeyName, NoteSigner, Policy, VerifierKey};
use serde::{Deserialize, Serialize};

use super::AuthorityError;
use crate::keyring::{KeyAdded, KeyName, KeyPurpose, Keyring, Passphrase, SecretKey, WorkFactor};
use crate::storage::{self, HomeLock, StorageError};
use crate::toml_error::TomlError;

/// The profile has a few hundred bytes.
const PROFILE_BYTES_MAX: u64 = 64 * 1024;

/// A card has under a kilobyte.
const CARD_BYTES_MAX: usize = 64 * 1024;

const PROFILE_FILE: &str = "authority.toml";

/// The authority's own witness in its policy.
const OWN_WITNESS: &str = "own";

/// Who the authority is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityProfile {
    /// Its DID, a `did:web`.
    pub did: InstitutionId,
    /// Its name.
    pub name: Text,
    /// Its country.
    pub country: Country,
    /// The origin of its log.
    pub origin: LogOrigin,
    /// Where its services are reached: a URL without a slash at its end.
    pub base_url: BaseUrl,
}

/// The public address of a service: `http` or `https`, no query, no slash at its end, at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads an address; a slash at its end is taken off.
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim_end_matches('/');
        let (scheme, rest) = trimmed.split_once("://")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]%".contains(c);
        let fits = trimmed.len() <= 255 && matches!(scheme, "http" | "https");
        (fits && !rest.is_empty() && rest.chars().all(plain)).then(|| Self(trimmed.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of the status list with this number.
    pub fn status_list(&self, number: u32) -> String {
        format!("{}/status/{number}", self.0)
    }
}

/// What a school and a verifier are told of an authority: public, to be checked by its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityCard {
    /// Who it is.
    pub profile: AuthorityProfile,
    /// Its first key, which signed its log's first entry.
    pub key: PublicKey,
    /// Its log's verifier key (*vkey*).
    pub log_vkey: String,
    /// Its own witness's verifier key (*vkey*).
    pub witness_vkey: String,
    /// The verifier key (*vkey*) with which it cosigns the logs that it keeps copies of.
    pub mirror_vkey: String,
}

/// The profile and the card as they stand in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardFile {
    did: String,
    name: String,
    country: String,
    origin: String,
    base_url: String,
    key: String,
    log_vkey: String,
    witness_vkey: String,
    mirror_vkey: String,
}

impl AuthorityCard {
    /// The card as a TOML file.
    pub fn encode(&self) -> String {
        // The writer's only errors are about maps with keys that are not text.
        toml::to_string(&CardFile::of(self)).unwrap_or_default()
    }

    /// The policy that asks for the cosignature of the authority's own witness.
    ///
    /// # Errors
    /// Where the two keys cannot stand in one policy; keys of a founded authority can.
    pub fn policy(&self) -> Result<Policy, CardError> {
        let member = |member| CardError::Member { member };
        let log = VerifierKey::parse(&self.log_vkey).map_err(|_| member("log_vkey"))?;
        let witness = VerifierKey::parse(&self.witness_vkey).map_err(|_| member("witness_vkey"))?;
        let mut policy = Policy::builder();
        policy.log(log, None).map_err(|_| member("log_vkey"))?;
        policy.witness(OWN_WITNESS, witness, None).map_err(|_| member("witness_vkey"))?;
        policy.quorum(OWN_WITNESS).map_err(|_| member("witness_vkey"))
    }

    /// Reads a card; the error says what is wrong in a sentence.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if text.len() > CARD_BYTES_MAX {
            return Err(CardError::TooLarge { bytes: text.len(), max: CARD_BYTES_MAX });
        }
        let file: CardFile =
            toml::from_str(text).map_err(|error| CardError::Toml(TomlError::of(text, &error)))?;
        file.card()
    }
}

impl CardFile {
    pub(super) fn of(card: &AuthorityCard) -> Self {
        Self {
            did: card.profile.did.as_str().to_owned(),
            name: card.profile.name.as_str().to_owned(),
            country: card.profile.country.as_str().to_owned(),
            origin: card.profile.origin.as_str().to_owned(),
            base_url: card.profile.base_url.as_str().to_owned(),
            key: card.key.to_string(),
            log_vkey: card.log_vkey.clone(),
            witness_vkey: card.witness_vkey.clone(),
            mirror_vkey: card.mirror_vkey.clone(),
        }
    }

    pub(super) fn card(self) -> Result<AuthorityCard, CardError> {
        let member = |member| CardError::Member { member };
        let key = did::parse_multikey(&self.key).map_err(|_| member("key"))?;
        Ok(AuthorityCard {
            profile: AuthorityProfile {
                did: InstitutionId::parse(&self.did).map_err(|_| member("did"))?,
                name: Text::parse(&self.name).map_err(|_| member("name"))?,
                country: Country::parse(&self.country).map_err(|_| member("country"))?,
                origin: LogOrigin::parse(&self.origin).map_err(|_| member("origin"))?,
                base_url: BaseUrl::parse(&self.base_url).ok_or_else(|| member("base_url"))?,
            },
            key: PublicKey::from(&key),
            log_vkey: vkey(&self.log_vkey).ok_or_else(|| member("log_vkey"))?,
            witness_vkey: vkey(&self.witness_vkey).ok_or_else(|| member("witness_vkey"))?,
            mirror_vkey: vkey(&self.mirror_vkey).ok_or_else(|| member("mirror_vkey"))?,
        })
    }
}

/// Why an authority's card is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Longer than any card.
    #[error("the authority's card has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not TOML, or with members missing or unknown.
    #[error("the authority's card cannot be read: {0}")]
    Toml(TomlError),
    /// A member has the wrong form.
    #[error("`{member}` of the authority's card cannot be read")]
    Member {
        /// Which one.
        member: &'static str,
    },
}

impl CardError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        "authority_card"
    }
}

/// An authority's home folder.
#[derive(Clone, Debug)]
pub struct AuthorityHome {
    root: PathBuf,
    card: AuthorityCard,
}

impl AuthorityHome {
    /// Opens a home that [`init`](super::init) made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, AuthorityError> {
        let root = root.into();
        let path = root.join(PROFILE_FILE);
        let Some(bytes) = storage::read_if_there(&path, PROFILE_BYTES_MAX)? else {
            return Err(AuthorityError::NoHome { path: root });
        };
        let text = String::from_utf8(bytes).map_err(|error| StorageError::malformed(&path, error))?;
        let card = AuthorityCard::parse(&text).map_err(|error| StorageError::malformed(&path, error))?;
        Ok(Self { root, card })
    }

    /// Makes the home exist, once everything else in it is durable.
    pub(super) fn found(root: &Path, card: AuthorityCard) -> Result<Self, AuthorityError> {
        let path = root.join(PROFILE_FILE);
        storage::write_new(&path, card.encode().as_bytes(), storage::Access::Shared)?;
        Ok(Self { root: root.to_owned(), card })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Who the authority is.
    pub fn profile(&self) -> &AuthorityProfile {
        &self.card.profile
    }

    /// What schools and verifiers are told.
    pub fn card(&self) -> &AuthorityCard {
        &self.card
    }

    /// The keys.
    pub fn keyring(&self) -> Keyring {
        keyring(&self.root)
    }

    /// The first entry of the log: the founding statement.
    pub fn genesis(&self) -> Result<Vec<u8>, AuthorityError> {
        Ok(storage::read(&genesis_path(&self.root), matricula_registry::ENTRY_BYTES_MAX as u64)?)
    }

    /// Unlocks the authority's own key, the first one.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<SecretKey, AuthorityError> {
        self.unlock_purpose(KeyPurpose::Authority, passphrase)
    }

    /// Unlocks a further key of the authority.
    pub fn unlock_named(&self, name: &KeyName, passphrase: &Passphrase) -> Result<SecretKey, AuthorityError> {
        Ok(self.keyring().unlock_for(KeyPurpose::Authority, name, passphrase)?)
    }

    /// Makes a further key of the authority, of no effect until a statement in the log names it. A key of
    /// that name that is there already stays as it is; it takes its passphrase to say so.
    pub fn add_key(
        &self,
        name: &KeyName,
        passphrase: &Passphrase,
        work_factor: WorkFactor,
    ) -> Result<KeyAdded, AuthorityError> {
        let _lock = HomeLock::take(&self.root)?;
        Ok(self.keyring().create_or_unlock(name, KeyPurpose::Authority, passphrase, work_factor)?)
    }

    /// Unlocks the key that signs the log's checkpoints, for the node.
    pub fn unlock_log(&self, passphrase: &Passphrase) -> Result<SecretKey, AuthorityError> {
        self.unlock_purpose(KeyPurpose::Log, passphrase)
    }

    /// Unlocks the key of the authority's own witness, for the node.
    pub fn unlock_witness(&self, passphrase: &Passphrase) -> Result<SecretKey, AuthorityError> {
        self.unlock_purpose(KeyPurpose::Witness, passphrase)
    }

    /// Unlocks the key that cosigns the logs of others which are kept here, for the node.
    pub fn unlock_mirror(&self, passphrase: &Passphrase) -> Result<SecretKey, AuthorityError> {
        self.unlock_purpose(KeyPurpose::Mirror, passphrase)
    }

    /// Where the status lists are.
    pub(crate) fn status_folder(&self) -> PathBuf {
        self.root.join("status")
    }

    /// Where the trust files are.
    pub(crate) fn trust_folder(&self) -> PathBuf {
        self.root.join("trust")
    }

    fn unlock_purpose(
        &self,
        purpose: KeyPurpose,
        passphrase: &Passphrase,
    ) -> Result<SecretKey, AuthorityError> {
        Ok(self.keyring().unlock_for(purpose, &purpose.into(), passphrase)?)
    }
}

pub(super) fn keyring(root: &Path) -> Keyring {
    Keyring::new(root.join("keys"))
}

pub(super) fn genesis_path(root: &Path) -> PathBuf {
    root.join("genesis.cose")
}

/// The name under which the authority's own witness cosigns.
pub fn witness_name(origin: &LogOrigin) -> String {
    format!("{origin}/witness")
}

/// The name under which the authority cosigns the logs that it keeps copies of: another one than its witness's, so that
/// the two words are never mistaken for one another.
pub fn mirror_name(origin: &LogOrigin) -> String {
    format!("{origin}/mirror")
}

/// The *vkey* of a note-signing key.
pub(super) fn log_vkey(origin: &LogOrigin, key: &SecretKey) -> Result<String, AuthorityError> {
    Ok(NoteSigner::new(note_name(origin.as_str())?, &key.seed()).verifier().encode())
}

/// The *vkey* of a cosigning key.
pub(super) fn cosigner_vkey(name: &str, key: &SecretKey) -> Result<String, AuthorityError> {
    Ok(Cosigner::new(note_name(name)?, &key.seed()).verifier().encode())
}

fn note_name(name: &str) -> Result<NoteKeyName, AuthorityError> {
    NoteKeyName::new(name).map_err(|_| AuthorityError::OriginUnusable { origin: name.to_owned() })
}

fn vkey(text: &str) -> Option<String> {
    VerifierKey::parse(text).ok().map(|key| key.encode())
}

/// Whether the authority's DID is one that can be published.
pub(super) fn check_did(did: &InstitutionId) -> Result<(), AuthorityError> {
    match DidWeb::parse(did.as_str()) {
        Ok(_) => Ok(()),
        Err(source) => Err(AuthorityError::Did { did: did.as_str().to_owned(), source }),
    }
}
