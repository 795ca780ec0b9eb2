//! A school's application to its authority: who it is, its public keys, and proof that it has them.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use matricula_credential::{did, proof};
use matricula_registry::{InstitutionId, KeyRole, PublicKey, Text};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::keyring::KeyPurpose;
use crate::signed_document::{self, SignedDocumentError};

/// The `type` of an application file.
const KIND: &str = "MatriculaInstitutionApplication";

/// A document carries at most 8 proofs; a school with more keys applies twice.
const KEYS_MAX: usize = proof::PROOFS_MAX;

/// An application with 8 keys and their signatures has about 6 KiB.
pub const APPLICATION_BYTES_MAX: usize = 64 * 1024;

/// An application whose every key has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    institution: InstitutionId,
    name: Text,
    keys: Vec<(PublicKey, KeyRole)>,
}

/// An application as it stands in its file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApplicationFile {
    version: u32,
    institution: String,
    name: String,
    keys: Vec<ApplicationKey>,
    #[serde(with = "crate::moment")]
    created: UnixSeconds,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApplicationKey {
    key: String,
    role: KeyPurpose,
}

/// Why an application is refused.
#[derive(Debug, Error)]
pub enum ApplicationError {
    /// Larger than any application.
    #[error("the application has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// None, or more than are taken at once.
    #[error("the application names {got} keys; it must name from 1 to {max}")]
    KeyCount {
        /// How many it names.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// A key that cannot be a key of an institution.
    #[error("key {position} of the application cannot be used")]
    Key {
        /// Which one, from 0.
        position: usize,
    },
    /// A key that did not sign the application, so nobody knows that the school has it.
    #[error("key {key} did not sign the application")]
    PossessionUnproven {
        /// The key, as multikey.
        key: String,
    },
    /// Signed by a key it does not name, or under another name.
    #[error("the application carries a signature that is not by one of its keys")]
    ForeignSignature,
    /// A member has the wrong form.
    #[error("`{member}` of the application cannot be read")]
    Member {
        /// Which one.
        member: &'static str,
    },
    /// The file cannot be read, or a signature does not fit.
    #[error(transparent)]
    Document(#[from] SignedDocumentError),
}

impl ApplicationError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "application_too_large",
            Self::KeyCount { .. } => "application_key_count",
            Self::Key { .. } => "application_key",
            Self::PossessionUnproven { .. } => "application_possession_unproven",
            Self::ForeignSignature => "application_foreign_signature",
            Self::Member { .. } => "application_member",
            Self::Document(error) => error.code(),
        }
    }
}

impl Application {
    /// Reads an application and checks that each of its keys signed it.
    ///
    /// It proves that the sender has the keys, never that the sender is the school: that is for the
    /// people of the authority to find out.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApplicationError> {
        if bytes.len() > APPLICATION_BYTES_MAX {
            return Err(ApplicationError::TooLarge { bytes: bytes.len(), max: APPLICATION_BYTES_MAX });
        }
        let (file, signers) = signed_document::open_with_all::<ApplicationFile>(KIND, bytes)?;
        let keys = parse_keys(&file.keys)?;
        let named: BTreeSet<PublicKey> = keys.iter().map(|(key, _)| *key).collect();
        if named.len() != keys.len() {
            return Err(ApplicationError::KeyCount { got: keys.len(), max: named.len() });
        }
        if signers.iter().any(|signer| signer.controller != file.institution || !named.contains(&signer.key))
        {
            return Err(ApplicationError::ForeignSignature);
        }
        let proven: BTreeSet<PublicKey> = signers.iter().map(|signer| signer.key).collect();
        if let Some(position) = keys.iter().position(|(key, _)| !proven.contains(key)) {
            let key = file.keys.get(position).map(|key| key.key.clone()).unwrap_or_default();
            return Err(ApplicationError::PossessionUnproven { key });
        }
        let member = |member| ApplicationError::Member { member };
        Ok(Self {
            institution: InstitutionId::parse(&file.institution).map_err(|_| member("institution"))?,
            name: Text::parse(&file.name).map_err(|_| member("name"))?,
            keys,
        })
    }

    /// Who applies.
    pub fn institution(&self) -> &InstitutionId {
        &self.institution
    }

    /// Its name.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Its keys and what each is for.
    pub fn keys(&self) -> &[(PublicKey, KeyRole)] {
        &self.keys
    }
}

/// Makes an application file that each of the keys signs.
pub(super) fn sign(
    institution: &InstitutionId,
    name: &Text,
    keys: &[(&SigningKey, KeyPurpose)],
    now: UnixSeconds,
) -> Result<Vec<u8>, ApplicationError> {
    if !(1..=KEYS_MAX).contains(&keys.len()) {
        return Err(ApplicationError::KeyCount { got: keys.len(), max: KEYS_MAX });
    }
    let file = ApplicationFile {
        version: 1,
        institution: institution.as_str().to_owned(),
        name: name.as_str().to_owned(),
        keys: keys
            .iter()
            .map(|(key, role)| ApplicationKey {
                key: did::encode_multikey(&key.verifying_key()),
                role: *role,
            })
            .collect(),
        created: now,
    };
    let signing: Vec<&SigningKey> = keys.iter().map(|(key, _)| *key).collect();
    let signed = signed_document::sign_with_all(KIND, &file, institution.as_str(), &signing, now)?;
    let mut bytes = serde_json::to_vec_pretty(&signed)
        .map_err(|error| SignedDocumentError::Shape { expected: KIND, problem: error.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn parse_keys(keys: &[ApplicationKey]) -> Result<Vec<(PublicKey, KeyRole)>, ApplicationError> {
    if !(1..=KEYS_MAX).contains(&keys.len()) {
        return Err(ApplicationError::KeyCount { got: keys.len(), max: KEYS_MAX });
    }
    keys.iter()
        .enumerate()
        .map(|(position, key)| {
            let public = did::parse_multikey(&key.key).map_err(|_| ApplicationError::Key { position })?;
            let role = role_of(key.role).ok_or(ApplicationError::Key { position })?;
            Ok((PublicKey::from(&public), role))
        })
        .collect()
}

/// The role that a purpose is in the registry, if it is one.
pub(crate) fn role_of(purpose: KeyPurpose) -> Option<KeyRole> {
    match purpose {
        KeyPurpose::Issue => Some(KeyRole::Issue),
        KeyPurpose::Approve => Some(KeyRole::Approve),
        KeyPurpose::Bind => Some(KeyRole::Bind),
        KeyPurpose::Authority | KeyPurpose::Log | KeyPurpose::Witness | KeyPurpose::Mirror => None,
    }
}
