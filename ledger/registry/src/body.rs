//! What a statement says: one type for each kind.

mod accreditation;
mod authority;
mod batch;
mod commitment;
mod key;
mod status;

use minicbor::Decoder;

use crate::statement::{Fields, MapWriter, StatementError, read_text};

pub use accreditation::{Accreditation, AccreditationEvent, LegalReference, Mandate, Period};
pub use authority::{Authority, AuthorityKey, Recognition};
pub use batch::{Batch, BatchLeaves, ClaimedRange, FieldList};
pub use commitment::Commitment;
pub use key::{KeyEvent, KeyRole, KeyStatement};
pub use status::Status;

/// Longest name of a kind in bytes.
const KIND_BYTES_MAX: usize = 48;

/// The payload of a statement: `{0: kind, 1: body}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Who runs the log, and with which keys.
    Authority(Authority),
    /// An event in the history of an institution's accreditation.
    Accreditation(Accreditation),
    /// An event in the life of an institution's key.
    Key(KeyStatement),
    /// Credentials issued together.
    Batch(Batch),
    /// A new version of a status list.
    Status(Status),
    /// The root over commitments to anything else.
    Commitment(Commitment),
    /// A kind that this version does not know. It is logged and authorises nothing.
    Unknown {
        /// The kind's name, 1 to 48 bytes.
        kind: String,
        /// The body, one deterministic CBOR item.
        body: Vec<u8>,
    },
}

impl Body {
    /// The name of the kind.
    pub fn kind(&self) -> &str {
        match self {
            Self::Authority(_) => "authority",
            Self::Accreditation(_) => "accreditation",
            Self::Key(_) => "key",
            Self::Batch(_) => "batch",
            Self::Status(_) => "status",
            Self::Commitment(_) => "commitment",
            Self::Unknown { kind, .. } => kind,
        }
    }

    /// Whether a statement of this kind must name the statement it replaces, once there is one.
    pub fn replaces_another(&self) -> bool {
        matches!(self, Self::Authority(_) | Self::Accreditation(_))
    }

    pub(crate) fn read(payload: &[u8]) -> Result<Self, StatementError> {
        let mut decoder = Decoder::new(payload);
        let mut map = Fields::open(&mut decoder, "payload")?;
        let kind = map.required(0, "kind", read_text)?;
        if kind.is_empty() || kind.len() > KIND_BYTES_MAX {
            return Err(StatementError::TextLength { field: "kind", bytes: kind.len(), max: KIND_BYTES_MAX });
        }
        let body = map.required(1, "body", |decoder, _| match kind {
            "authority" => Authority::read(decoder).map(Self::Authority),
            "accreditation" => Accreditation::read(decoder).map(Self::Accreditation),
            "key" => KeyStatement::read(decoder).map(Self::Key),
            "batch" => Batch::read(decoder).map(Self::Batch),
            "status" => Status::read(decoder).map(Self::Status),
            "commitment" => Commitment::read(decoder).map(Self::Commitment),
            _ => unknown(decoder, kind),
        })?;
        map.close()?;
        Ok(body)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut map = MapWriter::new();
        map.text(0, self.kind());
        match self {
            Self::Authority(body) => map.map(1, body.write()),
            Self::Accreditation(body) => map.map(1, body.write()),
            Self::Key(body) => map.map(1, body.write()),
            Self::Batch(body) => map.map(1, body.write()),
            Self::Status(body) => map.map(1, body.write()),
            Self::Commitment(body) => map.map(1, body.write()),
            Self::Unknown { body, .. } => map.raw(1, body),
        }
        map.into_bytes()
    }
}

fn unknown(decoder: &mut Decoder<'_>, kind: &str) -> Result<Body, StatementError> {
    let start = decoder.position();
    decoder.skip().map_err(|_| StatementError::WrongType { field: "body" })?;
    let body = decoder.input()[start..decoder.position()].to_vec();
    Ok(Body::Unknown { kind: kind.to_owned(), body })
}
