//! A school's home folder.
//!
//! ```text
//! school.toml         who it is (written last: it is what makes the home exist)
//! authority.toml      the card of its authority
//! keys/               issue, approve, bind, … (the approver's key may live in another home)
//! evidence.json       what the log says of this school, and of those on whose behalf it may sign
//! status/             allotted indexes, and which are used, reserved or free again
//! batches/<id>/       one folder a batch
//! requests/           signed requests to the authority
//! bindings/<uuid>/    bindings of a record to the keys of its holders; the last one holds
//! ```

use std::path::{Path, PathBuf};

use matricula_credential::did::DidWeb;
use matricula_registry::{Country, InstitutionId, Text};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::{SchoolError, application};
use crate::authority::AuthorityCard;
use crate::keyring::{KeyAdded, KeyEntry, KeyName, KeyPurpose, Keyring, Passphrase, SecretKey, WorkFactor};
use crate::storage::{self, Access, HomeLock, StorageError};
use crate::toml_error::TomlError;

/// The profile has a few hundred bytes.
const PROFILE_BYTES_MAX: u64 = 64 * 1024;

const PROFILE_FILE: &str = "school.toml";

/// Who the school is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchoolProfile {
    /// Its DID, a `did:web`.
    pub did: InstitutionId,
    /// Its name, as it stands on its diplomas.
    pub name: Text,
    /// Its country.
    pub country: Country,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    did: String,
    name: String,
    country: String,
}

/// What is needed to set a school up.
pub struct InitSchool<'a> {
    /// Who it is.
    pub profile: SchoolProfile,
    /// Its authority, as the authority's card says.
    pub authority: AuthorityCard,
    /// Locks the school's `issue` key.
    pub passphrase: &'a Passphrase,
    /// How hard the passphrase is to try out.
    pub work_factor: WorkFactor,
}

/// A school that is set up.
#[derive(Clone, Debug)]
pub struct SchoolFounded {
    /// Its home.
    pub home: SchoolHome,
    /// Its `issue` key.
    pub issue_key: KeyEntry,
    /// Whether this command set it up; `false` where it was there already, the same.
    pub created: bool,
}

/// Sets a school up in a folder, with an `issue` key. Run again it changes nothing.
///
/// # Errors
/// [`SchoolError::ProfileDiffers`] where the folder holds another school.
pub fn init(root: &Path, options: &InitSchool<'_>) -> Result<SchoolFounded, SchoolError> {
    let did = options.profile.did.as_str();
    DidWeb::parse(did).map_err(|source| SchoolError::Did { did: did.to_owned(), source })?;
    storage::make_folder(root)?;
    let _lock = HomeLock::take(root)?;
    let name = KeyName::from(KeyPurpose::Issue);
    match SchoolHome::open(root) {
        Ok(home) if home.profile == options.profile && home.authority == options.authority => {
            let issue_key = home.keyring().entry(&name)?;
            Ok(SchoolFounded { home, issue_key, created: false })
        }
        Ok(_) => Err(SchoolError::ProfileDiffers { path: root.to_owned() }),
        Err(SchoolError::NoHome { .. }) => found(root, options, &name),
        Err(error) => Err(error),
    }
}

fn found(root: &Path, options: &InitSchool<'_>, name: &KeyName) -> Result<SchoolFounded, SchoolError> {
    let keyring = Keyring::new(root.join("keys"));
    let issue_key = if keyring.contains(name) {
        keyring.unlock(name, options.passphrase)?;
        keyring.entry(name)?
    } else {
        keyring.create(name, KeyPurpose::Issue, options.passphrase, options.work_factor)?
    };
    let home = SchoolHome {
        root: root.to_owned(),
        profile: options.profile.clone(),
        authority: options.authority.clone(),
    };
    storage::write(&home.card_path(), options.authority.encode().as_bytes(), Access::Shared)?;
    storage::write_new(&root.join(PROFILE_FILE), encode(&options.profile).as_bytes(), Access::Shared)?;
    Ok(SchoolFounded { home, issue_key, created: true })
}

/// A school's home folder.
#[derive(Clone, Debug)]
pub struct SchoolHome {
    root: PathBuf,
    profile: SchoolProfile,
    authority: AuthorityCard,
}

impl SchoolHome {
    /// Opens a home that [`init`] made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, SchoolError> {
        let root = root.into();
        let path = root.join(PROFILE_FILE);
        let Some(bytes) = storage::read_if_there(&path, PROFILE_BYTES_MAX)? else {
            return Err(SchoolError::NoHome { path: root });
        };
        let profile = parse(&path, bytes)?;
        let card_path = root.join("authority.toml");
        let card = text(&card_path, storage::read(&card_path, PROFILE_BYTES_MAX)?)?;
        let authority =
            AuthorityCard::parse(&card).map_err(|error| StorageError::malformed(&card_path, error))?;
        Ok(Self { root, profile, authority })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Who the school is.
    pub fn profile(&self) -> &SchoolProfile {
        &self.profile
    }

    /// Its authority.
    pub fn authority(&self) -> &AuthorityCard {
        &self.authority
    }

    /// Its keys.
    pub fn keyring(&self) -> Keyring {
        Keyring::new(self.root.join("keys"))
    }

    /// Unlocks a key for a purpose; without a name, the one that is named like the purpose.
    pub fn unlock(
        &self,
        purpose: KeyPurpose,
        name: Option<&KeyName>,
        passphrase: &Passphrase,
    ) -> Result<SecretKey, SchoolError> {
        let usual = KeyName::from(purpose);
        Ok(self.keyring().unlock_for(purpose, name.unwrap_or(&usual), passphrase)?)
    }

    /// Makes a key for a purpose. A key of that name and purpose that is there already stays as it is.
    pub fn add_key(
        &self,
        purpose: KeyPurpose,
        name: Option<&KeyName>,
        passphrase: &Passphrase,
        work_factor: WorkFactor,
    ) -> Result<KeyAdded, SchoolError> {
        if application::role_of(purpose).is_none() {
            return Err(SchoolError::NotASchoolKey { purpose });
        }
        let _lock = HomeLock::take(&self.root)?;
        let usual = KeyName::from(purpose);
        let name = name.unwrap_or(&usual);
        Ok(self.keyring().create_or_unlock(name, purpose, passphrase, work_factor)?)
    }

    /// The application for the authority, signed by each of the keys.
    pub fn application(&self, keys: &[&SecretKey], now: UnixSeconds) -> Result<Vec<u8>, SchoolError> {
        let keys: Vec<_> = keys.iter().map(|key| (key.signing(), key.purpose())).collect();
        Ok(application::sign(&self.profile.did, &self.profile.name, &keys, now)?)
    }

    pub(crate) fn lock(&self) -> Result<HomeLock, StorageError> {
        HomeLock::take(&self.root)
    }

    pub(crate) fn evidence_path(&self) -> PathBuf {
        self.root.join("evidence.json")
    }

    pub(crate) fn status_folder(&self) -> PathBuf {
        self.root.join("status")
    }

    pub(crate) fn batches_folder(&self) -> PathBuf {
        self.root.join("batches")
    }

    pub(crate) fn requests_folder(&self) -> PathBuf {
        self.root.join("requests")
    }

    pub(crate) fn bindings_folder(&self) -> PathBuf {
        self.root.join("bindings")
    }

    fn card_path(&self) -> PathBuf {
        self.root.join("authority.toml")
    }
}

fn encode(profile: &SchoolProfile) -> String {
    // The writer's only errors are about maps with keys that are not text.
    toml::to_string(&ProfileFile {
        did: profile.did.as_str().to_owned(),
        name: profile.name.as_str().to_owned(),
        country: profile.country.as_str().to_owned(),
    })
    .unwrap_or_default()
}

fn parse(path: &Path, bytes: Vec<u8>) -> Result<SchoolProfile, StorageError> {
    let text = text(path, bytes)?;
    let file: ProfileFile =
        toml::from_str(&text).map_err(|error| StorageError::malformed(path, TomlError::of(&text, &error)))?;
    let wrong = |error: matricula_registry::StatementError| StorageError::malformed(path, error);
    Ok(SchoolProfile {
        did: InstitutionId::parse(&file.did).map_err(wrong)?,
        name: Text::parse(&file.name).map_err(wrong)?,
        country: Country::parse(&file.country).map_err(wrong)?,
    })
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, StorageError> {
    String::from_utf8(bytes).map_err(|error| StorageError::malformed(path, error))
}
