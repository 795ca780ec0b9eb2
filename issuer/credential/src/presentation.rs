//! Presentations: credentials that a holder shows to one verifier, for one challenge.
//!
//! SPEC: VCDM 2.0 §4.13.

use std::collections::HashSet;

use ed25519_dalek::{SigningKey, VerifyingKey};
use matricula_tlog::UnixSeconds;
use serde_json::{Map, Value, json};

use crate::canonical::{CanonError, canonical_json};
use crate::contexts::CREDENTIALS_V2;
use crate::did::{did_key, did_key_method, parse_did_key};
use crate::json::{JsonError, parse, quoted};
use crate::proof::{self, Cryptosuite, ProofError, ProofOptions, ProofPurpose};
use crate::record::{EVIDENCE_MEMBERS, LedgerEvidence, Member, NestedEvidence, PortableRecord, RecordError};

/// The `type` of a presentation file.
pub const PRESENTATION_TYPE: &str = "MatriculaPresentation";

/// The version written and read.
pub const PRESENTATION_VERSION: u64 = 1;

/// Most credentials in one presentation: a school life with some courses.
pub const CREDENTIALS_MAX: usize = 64;

/// Why a presentation was refused, or not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not a presentation file.
    #[error("not a presentation: `type` is not {PRESENTATION_TYPE}")]
    NotAPresentation,
    /// A version that is not known.
    #[error("a presentation of a version that is not known")]
    Version,
    /// A presentation of nothing proves nothing.
    #[error("the presentation holds no credential")]
    Empty,
    /// More than [`CREDENTIALS_MAX`].
    #[error("the presentation holds {count} credentials, at most {CREDENTIALS_MAX} are read")]
    TooMany {
        /// How many it holds.
        count: usize,
    },
    /// A member is absent or malformed.
    #[error("`{member}` of the presentation is absent or malformed")]
    Member {
        /// Name of the member.
        member: &'static str,
    },
    /// A part of the evidence is bad.
    #[error(transparent)]
    Evidence(#[from] RecordError),
    /// Two credentials, or two pieces of evidence, have the same id.
    #[error("the credential `{id}` occurs twice")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// Evidence for a credential that is not presented.
    #[error("evidence for `{id}`, which is not presented")]
    Unmatched {
        /// The id.
        id: String,
    },
    /// The proof is bad.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A proof is not made by the holder's key, or not for authentication.
    #[error("the presentation is not signed by its holder")]
    NotTheHolder,
    /// A proof without a challenge could be shown again by anybody.
    #[error("the presentation is signed for no challenge")]
    NoChallenge,
}

/// A presentation whose proof is good and made by its holder. The challenge and the domain are for the caller to
/// compare with what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPresentation {
    /// The holder, a `did:key`.
    pub holder: String,
    /// Its key.
    pub key: VerifyingKey,
    /// The challenge that was signed.
    pub challenge: String,
    /// The domains that were signed.
    pub domains: Vec<String>,
    /// When the proof says it was made.
    pub created: Option<UnixSeconds>,
    /// When the proof stops being good.
    pub expires: Option<UnixSeconds>,
}

/// What a verifier asked for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationRequest {
    /// The verifier's challenge.
    pub challenge: String,
    /// The verifier's domain.
    pub domain: String,
    /// Now.
    pub created: UnixSeconds,
    /// When the presentation stops being good.
    pub expires: Option<UnixSeconds>,
}

/// A presentation and the ledger's evidence for its credentials. Holds one credential at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationFile {
    presentation: Value,
    records: Vec<PortableRecord>,
}

impl PresentationFile {
    /// Makes a presentation of records, signed by the holder.
    ///
    /// # Errors
    /// [`PresentationError::Empty`], [`PresentationError::TooMany`], [`PresentationError::Duplicate`], or what
    /// signing refuses.
    pub fn sign(
        records: Vec<PortableRecord>,
        request: &PresentationRequest,
        holder: &SigningKey,
    ) -> Result<Self, PresentationError> {
        let credentials: Vec<Value> = records.iter().map(|record| record.credential.clone()).collect();
        credential_ids(&credentials)?;
        let unsigned = json!({
            "@context": [CREDENTIALS_V2],
            "type": ["VerifiablePresentation"],
            "holder": did_key(&holder.verifying_key()),
            "verifiableCredential": credentials,
        });
        let options = ProofOptions {
            cryptosuite: Cryptosuite::EddsaJcs2022,
            verification_method: did_key_method(&holder.verifying_key()),
            purpose: ProofPurpose::Authentication,
            created: request.created,
            expires: request.expires,
            challenge: Some(request.challenge.clone()),
            domain: Some(request.domain.clone()),
        };
        Ok(Self { presentation: proof::sign(&unsigned, &options, holder)?, records })
    }

    /// Whether a document says that it is a presentation file, right or wrong.
    pub fn is_presentation_file(document: &Value) -> bool {
        document.get("type").and_then(Value::as_str) == Some(PRESENTATION_TYPE)
    }

    /// Reads a file. The proof is checked by [`verify`].
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PresentationError> {
        Self::from_value(&parse(bytes)?)
    }

    /// Reads a file from parsed JSON. The proof is checked by [`verify`].
    ///
    /// # Errors
    /// [`PresentationError`], never [`PresentationError::Json`].
    pub fn from_value(document: &Value) -> Result<Self, PresentationError> {
        if !Self::is_presentation_file(document) {
            return Err(PresentationError::NotAPresentation);
        }
        if document.get("version").and_then(Value::as_u64) != Some(PRESENTATION_VERSION) {
            return Err(PresentationError::Version);
        }
        let root = Member::root(document)?;
        root.only(&["type", "version", "presentation", "evidence"])?;
        let presentation = root.object("presentation")?.clone();
        let evidence = root.list("evidence", CREDENTIALS_MAX)?;
        let records = pair(credentials_of(&presentation)?, &evidence)?;
        Ok(Self { presentation, records })
    }

    /// Takes a bare presentation, without evidence.
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn from_presentation(presentation: &Value) -> Result<Self, PresentationError> {
        let records = pair(credentials_of(presentation)?, &[])?;
        Ok(Self { presentation: presentation.clone(), records })
    }

    /// The signed presentation.
    pub fn presentation(&self) -> &Value {
        &self.presentation
    }

    /// The credentials, each with its evidence; never empty.
    pub fn records(&self) -> &[PortableRecord] {
        &self.records
    }

    /// Writes the file as JSON.
    pub fn to_value(&self) -> Value {
        let evidence: Vec<Value> = self.records.iter().filter_map(evidence_value).collect();
        json!({
            "type": PRESENTATION_TYPE,
            "version": PRESENTATION_VERSION,
            "presentation": self.presentation,
            "evidence": evidence,
        })
    }

    /// Writes the file as canonical JSON.
    ///
    /// # Errors
    /// [`CanonError::Number`].
    pub fn encode(&self) -> Result<Vec<u8>, CanonError> {
        canonical_json(&self.to_value())
    }
}

/// The credentials in a presentation, never none.
///
/// # Errors
/// [`PresentationError::Member`] when it is no `VerifiablePresentation`, [`PresentationError::Empty`],
/// [`PresentationError::TooMany`].
pub fn credentials_of(presentation: &Value) -> Result<Vec<Value>, PresentationError> {
    if !crate::content::has_type(presentation, "VerifiablePresentation") {
        return Err(PresentationError::Member { member: "type" });
    }
    let credentials = match presentation.get("verifiableCredential") {
        None => return Err(PresentationError::Empty),
        Some(Value::Array(credentials)) => credentials.clone(),
        Some(single) => vec![single.clone()],
    };
    if credentials.iter().all(Value::is_object) {
        credential_ids(&credentials)?;
        Ok(credentials)
    } else {
        Err(PresentationError::Member { member: "verifiableCredential" })
    }
}

/// Checks that a presentation is signed by its holder, for authentication and for a challenge.
///
/// # Errors
/// [`PresentationError`].
pub fn verify(presentation: &Value) -> Result<VerifiedPresentation, PresentationError> {
    credentials_of(presentation)?;
    let holder = match presentation.get("holder") {
        Some(Value::String(id)) => id.as_str(),
        Some(object) => object.get("id").and_then(Value::as_str).unwrap_or_default(),
        None => return Err(PresentationError::Member { member: "holder" }),
    };
    let key = parse_did_key(holder).map_err(|_| PresentationError::Member { member: "holder" })?;
    let proofs = proof::verify(presentation)?;
    let by_holder = |proof: &&proof::VerifiedProof| {
        proof.key == key && proof.is_controlled_by(holder) && proof.purpose == ProofPurpose::Authentication
    };
    let proof = proofs.good().iter().find(by_holder).ok_or(PresentationError::NotTheHolder)?;
    Ok(VerifiedPresentation {
        holder: holder.to_owned(),
        key,
        challenge: proof.challenge.clone().ok_or(PresentationError::NoChallenge)?,
        domains: proof.domains.clone(),
        created: proof.created,
        expires: proof.expires,
    })
}

fn credential_ids(credentials: &[Value]) -> Result<(), PresentationError> {
    if credentials.is_empty() {
        return Err(PresentationError::Empty);
    }
    if credentials.len() > CREDENTIALS_MAX {
        return Err(PresentationError::TooMany { count: credentials.len() });
    }
    let mut seen = HashSet::new();
    let ids = credentials.iter().filter_map(|credential| credential.get("id").and_then(Value::as_str));
    match ids.into_iter().find(|id| !seen.insert(*id)) {
        Some(id) => Err(PresentationError::Duplicate { id: quoted(id) }),
        None => Ok(()),
    }
}

/// Gives each credential its evidence; every piece of evidence must find its credential.
fn pair(credentials: Vec<Value>, evidence: &[Member<'_>]) -> Result<Vec<PortableRecord>, PresentationError> {
    let mut records: Vec<PortableRecord> = credentials.into_iter().map(PortableRecord::bare).collect();
    let mut seen = HashSet::new();
    for member in evidence {
        let mut known = vec!["credentialId", "binding", "nested"];
        known.extend(EVIDENCE_MEMBERS);
        member.only(&known)?;
        let id = member.text("credentialId")?;
        if !seen.insert(id) {
            return Err(PresentationError::Duplicate { id: quoted(id) });
        }
        let own =
            |record: &&mut PortableRecord| record.credential.get("id").and_then(Value::as_str) == Some(id);
        let unmatched = || PresentationError::Unmatched { id: quoted(id) };
        let record = records.iter_mut().find(own).ok_or_else(unmatched)?;
        record.evidence = LedgerEvidence::from_member(member)?;
        record.binding = member.optional_object("binding")?.cloned();
        record.nested = NestedEvidence::from_member(member, &record.credential)?;
    }
    Ok(records)
}

fn evidence_value(record: &PortableRecord) -> Option<Value> {
    let id = record.credential.get("id")?;
    if record.evidence.is_none() && record.binding.is_none() && record.nested.is_empty() {
        return None;
    }
    let mut entry = Map::new();
    entry.insert("credentialId".to_owned(), id.clone());
    if let Some(evidence) = &record.evidence {
        evidence.put_into(&mut entry);
    }
    if let Some(binding) = &record.binding {
        entry.insert("binding".to_owned(), binding.clone());
    }
    NestedEvidence::put_into(&record.nested, &mut entry);
    Some(Value::Object(entry))
}
