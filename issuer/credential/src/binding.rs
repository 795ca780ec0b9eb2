//! Holder bindings: the issuer's word that a credential belongs to the holder of a key.
//!
//! Credentials are logged before anybody has a key. When the learner claims one, the issuer signs a binding; it is
//! revoked and made anew when the learner loses the phone. The credential itself never changes.

use ed25519_dalek::VerifyingKey;
use matricula_tlog::UnixSeconds;
use serde_json::{Value, json};

use crate::commitment::CredentialDigest;
use crate::contexts::CREDENTIALS_V2;
use crate::date_time::{DateTimeError, format_date_time, parse_date_time};
use crate::did::{did_key, parse_did_key};
use crate::status::{StatusEntry, StatusEntryError, entries_of};
use data_encoding::HEXLOWER;

/// The second type of a binding.
pub const BINDING_TYPE: &str = "ext:HolderBinding";

/// A holder binding, signed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderBinding {
    /// Its own id, `urn:uuid:…`.
    pub id: String,
    /// The institution that issued the credential.
    pub issuer: String,
    /// From when on it holds.
    pub valid_from: UnixSeconds,
    /// The holder's key.
    pub holder: VerifyingKey,
    /// Id of the bound credential.
    pub credential_id: String,
    /// Digest of the bound credential.
    pub credential_digest: CredentialDigest,
    /// Where its own revocation is found.
    pub status: Vec<StatusEntry>,
}

/// Why a binding cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// A member is absent or malformed.
    #[error("`{member}` of the holder binding is absent or malformed")]
    Member {
        /// Name of the member.
        member: &'static str,
    },
    /// A date is out of range or cannot be read.
    #[error(transparent)]
    Date(#[from] DateTimeError),
    /// Its status cannot be read.
    #[error(transparent)]
    Status(#[from] StatusEntryError),
}

impl HolderBinding {
    /// Writes the binding as a credential to be signed with `eddsa-jcs-2022` by a `bind` key
    /// ([`crate::proof::sign`]).
    ///
    /// # Errors
    /// [`BindingError::Date`].
    pub fn to_value(&self) -> Result<Value, BindingError> {
        let mut value = json!({
            "@context": [CREDENTIALS_V2],
            "id": self.id,
            "type": ["VerifiableCredential", BINDING_TYPE],
            "issuer": self.issuer,
            "validFrom": format_date_time(self.valid_from)?,
            "credentialSubject": {
                "id": did_key(&self.holder),
                "ext:credentialId": self.credential_id,
                "ext:credentialDigest": HEXLOWER.encode(self.credential_digest.as_bytes()),
            },
        });
        if !self.status.is_empty() {
            value["credentialStatus"] = Value::Array(self.status.iter().map(StatusEntry::to_value).collect());
        }
        Ok(value)
    }

    /// Reads a binding. Its proof is checked by [`crate::proof::verify`], the signer's role by the registry.
    ///
    /// # Errors
    /// [`BindingError`].
    pub fn parse(value: &Value) -> Result<Self, BindingError> {
        let missing = |member| BindingError::Member { member };
        if !crate::content::has_type(value, BINDING_TYPE) {
            return Err(missing("type"));
        }
        let text = |parent: &Value, member: &'static str| {
            parent.get(member).and_then(Value::as_str).map(str::to_owned).ok_or(missing(member))
        };
        let subject = value.get("credentialSubject").ok_or(missing("credentialSubject"))?;
        let digest = HEXLOWER.decode(text(subject, "ext:credentialDigest")?.as_bytes()).ok();
        let digest: [u8; 32] =
            digest.and_then(|bytes| bytes.try_into().ok()).ok_or(missing("ext:credentialDigest"))?;
        Ok(Self {
            id: text(value, "id")?,
            issuer: crate::content::issuer_id(value).ok_or(missing("issuer"))?.to_owned(),
            valid_from: parse_date_time(&text(value, "validFrom")?)?,
            holder: parse_did_key(&text(subject, "id")?).map_err(|_| missing("id"))?,
            credential_id: text(subject, "ext:credentialId")?,
            credential_digest: CredentialDigest::from_bytes(digest),
            status: entries_of(value)?,
        })
    }

    /// Whether this binding speaks of that credential: same id, same digest, same issuer.
    pub fn binds(&self, credential: &Value) -> bool {
        let same_id = credential.get("id").and_then(Value::as_str) == Some(&self.credential_id);
        let same_issuer = crate::content::issuer_id(credential) == Some(&self.issuer);
        let same_digest =
            CredentialDigest::of(credential).is_ok_and(|digest| digest == self.credential_digest);
        same_id && same_issuer && same_digest
    }
}
