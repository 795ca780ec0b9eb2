//! Statements: what an entry of a log is.

mod determinism;
mod envelope;
mod error;
mod fields;
mod writer;

use ed25519_dalek::SigningKey;

use crate::{
    body::Body,
    identity::{LogOrigin, PublicKey, StatementId},
    statement::envelope::{Countersignature, Envelope},
};

pub use determinism::CborDefect;
pub use error::{Part, StatementError};
pub(crate) use fields::{Fields, read_date, read_hash, read_key, read_list, read_text, read_u64};
pub(crate) use writer::MapWriter;

/// Longest entry in bytes: an entry bundle writes the length in 16 bits (C2SP tlog-tiles).
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// What the protected header of a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementHeader {
    /// The signer's key. It says nothing about who that is.
    pub signer: PublicKey,
    /// The log the statement is made for.
    pub origin: LogOrigin,
    /// 16 bytes that make two statements of the same content differ.
    pub nonce: [u8; 16],
    /// The statement whose place this one takes.
    pub replaces: Option<StatementId>,
}

/// A well-formed statement whose signatures nobody has checked yet.
///
/// SPEC: RFC 9052 §4.2 (COSE_Sign1), RFC 9338 §3.1 (countersignatures), RFC 8949 §4.2.1. The grammar
/// is in the crate's `DESIGN.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    entry: Vec<u8>,
    id: StatementId,
    envelope: Envelope,
    body: Body,
}

impl Statement {
    /// Reads an entry: structure only, no signature is checked.
    ///
    /// # Errors
    /// [`StatementError`] for everything that is not the one encoding of a statement.
    pub fn parse(entry: &[u8]) -> Result<Self, StatementError> {
        Self::from_entry(entry.to_vec())
    }

    /// Makes and signs a statement. `nonce` must be 16 random bytes; keep it with the statement, since
    /// the same input gives the same bytes.
    ///
    /// # Errors
    /// [`StatementError`] if the body breaks a limit: what is signed always parses.
    pub fn sign(
        body: &Body,
        origin: &LogOrigin,
        nonce: [u8; 16],
        replaces: Option<StatementId>,
        key: &SigningKey,
    ) -> Result<Self, StatementError> {
        let signer = PublicKey::from(&key.verifying_key());
        let header = StatementHeader { signer, origin: origin.clone(), nonce, replaces };
        Self::from_entry(Envelope::sign(header, body.write(), key).encode())
    }

    /// Adds a countersignature: the approval by another key of the whole signed statement.
    ///
    /// # Errors
    /// [`StatementError::CountersignatureOrder`] if that key has countersigned already,
    /// [`StatementError::CountersignatureCount`] if there is no room for one more.
    pub fn countersign(&self, key: &SigningKey) -> Result<Self, StatementError> {
        Self::from_entry(self.envelope.countersign(key).encode())
    }

    /// Checks the signature and every countersignature, strictly. This is most of the cost of taking
    /// an entry, and needs no registry: many statements can be checked at once.
    ///
    /// # Errors
    /// [`SignatureError`] naming the first signature that is not good.
    pub fn verify_signatures(self) -> Result<VerifiedStatement, SignatureError> {
        self.envelope.verify()?;
        Ok(VerifiedStatement(self))
    }

    /// The entry's bytes, as received.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// The entry's bytes, as received.
    pub fn into_entry(self) -> Vec<u8> {
        self.entry
    }

    /// The leaf hash of the entry.
    pub const fn id(&self) -> StatementId {
        self.id
    }

    /// What the protected header says.
    pub const fn header(&self) -> &StatementHeader {
        &self.envelope.header
    }

    /// What the statement says.
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The keys that countersigned, in ascending order.
    pub fn countersigners(&self) -> impl ExactSizeIterator<Item = &PublicKey> {
        self.envelope.countersignatures.iter().map(Countersignature::key)
    }

    fn from_entry(entry: Vec<u8>) -> Result<Self, StatementError> {
        if entry.len() > ENTRY_BYTES_MAX {
            return Err(StatementError::EntryTooLong { bytes: entry.len(), max: ENTRY_BYTES_MAX });
        }
        check_cbor(Part::Envelope, &entry)?;
        let envelope = Envelope::parse(&entry)?;
        check_cbor(Part::Payload, envelope.payload())?;
        let body = Body::read(envelope.payload())?;
        Ok(Self { id: StatementId::of_entry(&entry), entry, envelope, body })
    }
}

/// A statement whose signature and countersignatures are good. Only [`Statement::verify_signatures`]
/// makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStatement(Statement);

impl VerifiedStatement {
    /// The statement.
    pub const fn statement(&self) -> &Statement {
        &self.0
    }

    /// The statement.
    pub fn into_statement(self) -> Statement {
        self.0
    }
}

/// A signature or countersignature that is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key is no point of the curve.
    #[error("{key} is not an Ed25519 public key")]
    KeyUnusable {
        /// The key.
        key: PublicKey,
    },
    /// The signer's signature does not verify.
    #[error("the signature by {signer} does not verify")]
    SignatureWrong {
        /// The key it claims to be by.
        signer: PublicKey,
    },
    /// A countersignature does not verify.
    #[error("the countersignature by {countersigner} does not verify")]
    CountersignatureWrong {
        /// The key it claims to be by.
        countersigner: PublicKey,
    },
}

impl SignatureError {
    /// The stable code of the refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyUnusable { .. } => "signature_key_unusable",
            Self::SignatureWrong { .. } => "signature_wrong",
            Self::CountersignatureWrong { .. } => "countersignature_wrong",
        }
    }
}

pub(crate) fn check_cbor(part: Part, bytes: &[u8]) -> Result<(), StatementError> {
    determinism::check(bytes).map_err(|defect| StatementError::Cbor { part, defect })
}
