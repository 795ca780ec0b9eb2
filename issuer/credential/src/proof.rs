//! Data Integrity proofs: `eddsa-rdfc-2022` and `eddsa-jcs-2022`, made and verified.
//!
//! A verified proof says *which key* signed. Who holds that key, and whether they might sign, is for the caller.
//! Hashing is apart from signing, so that the slow half (canonicalisation) is done once and kept: Ed25519 is
//! deterministic, the same [`HashData`] and key always give the same signature.
//!
//! SPEC: VC Data Integrity 1.0, VC Data Integrity EdDSA Cryptosuites 1.0.

mod signing;
#[cfg(test)]
mod tests;
mod verification;

use ed25519_dalek::VerifyingKey;
use matricula_tlog::UnixSeconds;

use crate::canonical::CanonError;
use crate::date_time::DateTimeError;
use crate::did::DidError;

pub use signing::{HashData, ProofValue, attach, hash_data, sign, sign_hash_data};
pub use verification::verify;

/// Most proofs of one document. Each costs a canonicalisation and a signature check.
pub const PROOFS_MAX: usize = 8;

/// Most domains one proof may name.
pub const DOMAINS_MAX: usize = 16;

/// How a document is canonicalised before it is hashed and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cryptosuite {
    /// RDF Dataset Canonicalization: signs what the document means.
    EddsaRdfc2022,
    /// JSON Canonicalization Scheme: signs what the document spells.
    EddsaJcs2022,
}

impl Cryptosuite {
    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
        }
    }

    /// Reads the registered name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::EddsaRdfc2022, Self::EddsaJcs2022].into_iter().find(|suite| suite.name() == name)
    }
}

/// The kind of a proof that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProofSuite {
    /// `DataIntegrityProof` with a cryptosuite.
    DataIntegrity(Cryptosuite),
    /// `Ed25519Signature2020` of VC 1.1: read, never written.
    Ed25519Signature2020,
}

/// What a proof is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProofPurpose {
    /// The signer asserts the document: credentials, trust files.
    AssertionMethod,
    /// The signer shows that it holds the key: presentations.
    Authentication,
    /// Another purpose, read but never written.
    Other(String),
}

impl ProofPurpose {
    /// The term, as written in a proof.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
            Self::Other(purpose) => purpose,
        }
    }

    fn from_term(term: &str) -> Self {
        match term {
            "assertionMethod" => Self::AssertionMethod,
            "authentication" => Self::Authentication,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// What a proof says besides the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofOptions {
    /// The cryptosuite.
    pub cryptosuite: Cryptosuite,
    /// The verification method: a DID URL that ends in the multikey of the signer, see
    /// [`crate::did::verification_method`].
    pub verification_method: String,
    /// The purpose.
    pub purpose: ProofPurpose,
    /// When the proof is made.
    pub created: UnixSeconds,
    /// When the proof stops being good.
    pub expires: Option<UnixSeconds>,
    /// The verifier's challenge, for presentations.
    pub challenge: Option<String>,
    /// The verifier's domain, for presentations.
    pub domain: Option<String>,
}

impl ProofOptions {
    /// Options of an assertion without expiry, challenge or domain.
    pub fn assertion(cryptosuite: Cryptosuite, verification_method: String, created: UnixSeconds) -> Self {
        Self {
            cryptosuite,
            verification_method,
            purpose: ProofPurpose::AssertionMethod,
            created,
            expires: None,
            challenge: None,
            domain: None,
        }
    }
}

/// A proof whose signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProof {
    /// Position in the document's list of proofs, from 0.
    pub index: usize,
    /// The kind of proof.
    pub suite: ProofSuite,
    /// The verification method as written.
    pub verification_method: String,
    /// Whom the method says it belongs to: the part before its fragment. A claim, not a finding.
    pub controller: String,
    /// The key that signed.
    pub key: VerifyingKey,
    /// The purpose.
    pub purpose: ProofPurpose,
    /// When the proof says it was made.
    pub created: Option<UnixSeconds>,
    /// When the proof stops being good. Not compared with any clock here.
    pub expires: Option<UnixSeconds>,
    /// The challenge that was signed.
    pub challenge: Option<String>,
    /// The domains that were signed.
    pub domains: Vec<String>,
}

impl VerifiedProof {
    /// Whether the verification method is the party's own: its controller is that very identifier.
    /// When it is not, the proof shows that *somebody* signed, not that this party did.
    pub fn is_controlled_by(&self, id: &str) -> bool {
        self.controller == id
    }
}

/// A proof of a kind this crate does not know: neither good nor bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedProof {
    /// Position in the document's list of proofs, from 0.
    pub index: usize,
    /// Its `type`.
    pub proof_type: String,
    /// Its `cryptosuite`, if it names one.
    pub cryptosuite: Option<String>,
}

/// The proofs of a document, all checked: at least one is good, and none is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProofs {
    good: Vec<VerifiedProof>,
    unsupported: Vec<UnsupportedProof>,
}

impl VerifiedProofs {
    /// The good proofs, never empty, in the order of the document.
    pub fn good(&self) -> &[VerifiedProof] {
        &self.good
    }

    /// The first good proof.
    pub fn first(&self) -> &VerifiedProof {
        &self.good[0]
    }

    /// Proofs of unknown kinds, which were passed over.
    pub fn unsupported(&self) -> &[UnsupportedProof] {
        &self.unsupported
    }
}

/// Why a document was not signed, or its proofs were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The document is no JSON object.
    #[error("the document is not a JSON object")]
    NotAnObject,
    /// There is no proof.
    #[error("the document has no proof")]
    NoProof,
    /// More proofs than [`PROOFS_MAX`].
    #[error("the document has {count} proofs, at most {PROOFS_MAX} are checked")]
    TooManyProofs {
        /// How many there are.
        count: usize,
    },
    /// No proof is of a kind that this crate knows.
    #[error("no proof is of a known kind")]
    NoKnownProof {
        /// The proofs that were passed over.
        unsupported: Vec<UnsupportedProof>,
    },
    /// A member of a proof is absent or has the wrong form.
    #[error("`{member}` of proof {index} is absent or malformed")]
    Member {
        /// Position of the proof.
        index: usize,
        /// Name of the member.
        member: &'static str,
    },
    /// A date of a proof cannot be read.
    #[error("a date of proof {index}: {source}")]
    Date {
        /// Position of the proof.
        index: usize,
        /// What is wrong with it.
        source: DateTimeError,
    },
    /// The verification method of a proof names no usable key.
    #[error("the verification method of proof {index}: {source}")]
    Method {
        /// Position of the proof.
        index: usize,
        /// What is wrong with it.
        source: DidError,
    },
    /// The signature does not fit the document and the key.
    #[error("the signature of proof {index} is wrong")]
    Signature {
        /// Position of the proof.
        index: usize,
    },
    /// The context in a proof is not the beginning of the document's.
    #[error("the context of proof {index} is not that of the document")]
    Context {
        /// Position of the proof.
        index: usize,
    },
    /// A proof builds on another that is not there.
    #[error("proof {index} builds on a proof that is not there")]
    PreviousProof {
        /// Position of the proof.
        index: usize,
    },
    /// The document cannot be canonicalised.
    #[error(transparent)]
    Canon(#[from] CanonError),
    /// A date to be written is out of range.
    #[error(transparent)]
    Written(#[from] DateTimeError),
    /// The document to be signed has a proof already.
    #[error("the document is signed already")]
    AlreadySigned,
}
