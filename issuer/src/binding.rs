//! Binding a record to the key of its holder.
//!
//! Whoever has seen a record has its bytes, so having them proves nothing. A binding takes a proven
//! claim (the code that was handed out with the record, or a wallet's word that it has checked its
//! own), and proof that the holder has the key. A binding that another one replaces stays valid until
//! it is revoked: see [`revoke_replaced_bindings`].

mod revocation;

use std::path::PathBuf;

use matricula_credential::binding::{BindingError as ModelError, HolderBinding};
use matricula_credential::commitment::CredentialDigest;
use matricula_credential::did;
use matricula_credential::presentation::{self, PresentationError};
use matricula_credential::proof::{self, Cryptosuite, ProofError, ProofOptions};
use matricula_credential::record::{PortableRecord, RecordError};
use matricula_credential::status::{StatusEntry, StatusPurpose};
use matricula_tlog::UnixSeconds;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::batch::{self, BatchError};
use crate::entropy;
use crate::keyring::{KeyPurpose, SecretKey};
use crate::school::{SchoolError, SchoolHome};
use crate::storage::{self, Access, StorageError};

pub use revocation::{pending_binding_revocations, revoke_replaced_bindings};

/// What stands before the credential's identifier in the challenge that a holder signs.
pub const BINDING_CHALLENGE_PREFIX: &str = "matricula-holder-binding:";

/// A record with a transcript of 256 courses has a megabyte.
const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How it is known that the record is the holder's to claim.
#[derive(Clone, Copy)]
pub enum ClaimProof<'a> {
    /// The claim code that was made when the record was issued. It serves one holder.
    Code(&'a str),
    /// A wallet service of the same operator has checked a code of its own. A wallet may move a record
    /// to another key of its learner.
    CheckedByWallet,
}

/// A request for a binding.
pub struct BindRecord<'a> {
    /// The identifier of the credential.
    pub credential_id: &'a str,
    /// The holder, a `did:key`.
    pub holder: &'a str,
    /// A presentation of the credential by the holder: challenge
    /// [`BINDING_CHALLENGE_PREFIX`] and the identifier, domain the issuer's DID, with an expiry.
    pub proof: &'a Value,
    /// How it is known that the record is the holder's.
    pub claim: ClaimProof<'a>,
    /// The unlocked `bind` key.
    pub key: &'a SecretKey,
    /// Now.
    pub now: UnixSeconds,
}

/// A binding.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The signed binding credential.
    pub binding: Value,
    /// Its file.
    pub path: PathBuf,
    /// The binding it takes the place of, valid until [`revoke_replaced_bindings`] has asked for its
    /// revocation with an `issue` or `approve` key.
    pub replaces: Option<PathBuf>,
    /// Whether this command made it; `false` where the holder had it already.
    pub created: bool,
}

/// Why a record was not bound.
#[derive(Debug, Error)]
pub enum BindingError {
    /// The key is for something else.
    #[error("a key for '{}' cannot bind records; it takes one for 'bind'", is.as_str())]
    WrongKey {
        /// What the key is for.
        is: KeyPurpose,
    },
    /// No batch of this school has issued the credential.
    #[error("this school has not issued the credential")]
    NotIssued,
    /// The claim code is not that of the credential.
    #[error("the claim code is not that of the record")]
    WrongCode,
    /// Another holder has used the claim code.
    #[error("the claim code has been used by another holder")]
    CodeUsed,
    /// The proof of possession is made by another key, for another credential, purpose or moment.
    #[error("the holder's proof does not fit: {what}")]
    Possession {
        /// Which part does not fit.
        what: &'static str,
    },
    /// The proof of possession is bad.
    #[error("the holder's proof is bad: {0}")]
    Presentation(#[from] PresentationError),
    /// The issued record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The binding cannot be written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The binding cannot be signed.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The school's batches.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The school's status indexes.
    #[error(transparent)]
    School(#[from] SchoolError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl BindingError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::WrongKey { .. } => "key_wrong_purpose",
            Self::NotIssued => "binding_not_issued",
            Self::WrongCode => "binding_wrong_code",
            Self::CodeUsed => "binding_code_used",
            Self::Possession { .. } | Self::Presentation(_) => "binding_possession",
            Self::Record(_) => "record_unreadable",
            Self::Model(_) | Self::Proof(_) => "binding_unmakable",
            Self::Batch(error) => error.code(),
            Self::School(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

/// Binds a record to the key of its holder. The same holder again gets the same binding.
pub fn bind(home: &SchoolHome, order: &BindRecord<'_>) -> Result<Bound, BindingError> {
    if order.key.purpose() != KeyPurpose::Bind {
        return Err(BindingError::WrongKey { is: order.key.purpose() });
    }
    let issued = batch::find_issued(home, order.credential_id)?.ok_or(BindingError::NotIssued)?;
    let record = PortableRecord::parse(&storage::read(&issued.path, RECORD_BYTES_MAX)?)?;
    if let ClaimProof::Code(code) = order.claim {
        let right = batch::claim_code_of(home, &issued.batch, order.credential_id)?;
        if !right.is_some_and(|right| same_code(&right, code)) {
            return Err(BindingError::WrongCode);
        }
    }
    let did = home.profile().did.as_str();
    check_possession(order, did, &record.credential)?;
    let _lock = home.lock()?;
    let bindings = Bindings::of(home, order.credential_id)?;
    let latest = bindings.latest()?;
    if let Some((path, binding)) = &latest {
        let known = HolderBinding::parse(binding)?;
        // A correction has the same identifier, another digest and a code of its own.
        let of_this = known.binds(&record.credential);
        let own = did::did_key(&known.holder) == order.holder;
        if own && of_this {
            let (binding, path) = (binding.clone(), path.clone());
            return Ok(Bound { binding, path, replaces: None, created: false });
        }
        if of_this && matches!(order.claim, ClaimProof::Code(_)) {
            return Err(BindingError::CodeUsed);
        }
    }
    let binding = sign(home, order, &record.credential)?;
    let path = bindings.add(&binding)?;
    Ok(Bound { binding, path, replaces: latest.map(|(path, _)| path), created: true })
}

/// The binding of a credential that holds now, if there is one.
pub fn current_binding(home: &SchoolHome, credential_id: &str) -> Result<Option<Value>, BindingError> {
    Ok(Bindings::of(home, credential_id)?.latest()?.map(|(_, binding)| binding))
}

fn sign(home: &SchoolHome, order: &BindRecord<'_>, credential: &Value) -> Result<Value, BindingError> {
    let slot =
        home.take_status_slots(1)?.pop().ok_or(SchoolError::StatusIndexesUsedUp { needed: 1, left: 0 })?;
    let holder = did::parse_did_key(order.holder)
        .map_err(|_| BindingError::Possession { what: "the holder's identifier" })?;
    let issuer = home.profile().did.as_str();
    let status = [StatusPurpose::Revocation, StatusPurpose::Suspension]
        .into_iter()
        .map(|purpose| StatusEntry { purpose, index: u64::from(slot.index), list: slot.list.clone() })
        .collect();
    let binding = HolderBinding {
        id: entropy::uuid_urn(),
        issuer: issuer.to_owned(),
        valid_from: order.now,
        holder,
        credential_id: order.credential_id.to_owned(),
        credential_digest: CredentialDigest::of(credential).map_err(BatchError::from)?,
        status,
    };
    let method = did::verification_method(issuer, &order.key.signing().verifying_key());
    let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, order.now);
    Ok(proof::sign(&binding.to_value()?, &options, order.key.signing())?)
}

/// Checks that the one who asks has the holder's key now, for this credential and this purpose.
fn check_possession(order: &BindRecord<'_>, issuer: &str, credential: &Value) -> Result<(), BindingError> {
    let wrong = |what| Err(BindingError::Possession { what });
    let verified = presentation::verify(order.proof)?;
    if verified.holder != order.holder || did::did_key(&verified.key) != order.holder {
        return wrong("another key");
    }
    let challenge = format!("{BINDING_CHALLENGE_PREFIX}{}", order.credential_id);
    if verified.challenge != challenge || !verified.domains.iter().any(|domain| domain == issuer) {
        return wrong("another purpose");
    }
    if presentation::credentials_of(order.proof)? != std::slice::from_ref(credential) {
        return wrong("another credential");
    }
    let now = order.now;
    let fresh = verified.expires.is_some_and(|expires| now <= expires)
        && verified.created.is_some_and(|created| created <= now);
    if fresh { Ok(()) } else { wrong("another moment") }
}

/// Compares digests, so that the time it takes says nothing about the code.
fn same_code(right: &str, typed: &str) -> bool {
    Sha256::digest(batch::fold_claim_code(right)) == Sha256::digest(batch::fold_claim_code(typed))
}

/// The bindings of one credential: `bindings/<uuid>/<number>.json`, the highest number holds.
struct Bindings {
    folder: PathBuf,
}

impl Bindings {
    fn of(home: &SchoolHome, credential_id: &str) -> Result<Self, BindingError> {
        let uuid = credential_id.strip_prefix("urn:uuid:").ok_or(BindingError::NotIssued)?;
        let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        if uuid.len() != 36 || !uuid.bytes().all(plain) {
            return Err(BindingError::NotIssued);
        }
        Ok(Self { folder: home.bindings_folder().join(uuid) })
    }

    fn numbers(&self) -> Result<Vec<u64>, StorageError> {
        let names = storage::names_in(&self.folder)?;
        Ok(names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok()).collect())
    }

    fn latest(&self) -> Result<Option<(PathBuf, Value)>, StorageError> {
        let Some(number) = self.numbers()?.into_iter().max() else {
            return Ok(None);
        };
        Ok(Some((self.path(number), self.read(number)?)))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.json"))
    }

    fn read(&self, number: u64) -> Result<Value, StorageError> {
        storage::read_json(&self.path(number), RECORD_BYTES_MAX)
    }

    fn add(&self, binding: &Value) -> Result<PathBuf, StorageError> {
        let number = self.numbers()?.into_iter().max().map_or(1, |number| number + 1);
        storage::make_folder(&self.folder)?;
        let path = self.path(number);
        let bytes = storage::json_bytes(&path, binding)?;
        storage::write_new(&path, &bytes, Access::Private)?;
        Ok(path)
    }
}
