//! What can be wrong with the bytes of a statement.

use crate::statement::determinism::CborDefect;

/// Which layer of an entry a defect of encoding was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The COSE_Sign1 itself.
    Envelope,
    /// The protected header, inside its byte string.
    ProtectedHeader,
    /// The protected header of a countersignature, inside its byte string.
    CountersignatureHeader,
    /// The payload, inside its byte string.
    Payload,
}

/// The bytes, or the parts given to sign, are no statement. The fault is the sender's.
///
/// `field` names the member as in the grammar of the crate's `DESIGN.md`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the facts of each variant are named in its message")]
pub enum StatementError {
    /// The entry is longer than an entry bundle can carry.
    #[error("the entry has {bytes} bytes, at most {max} are allowed")]
    EntryTooLong { bytes: usize, max: usize },
    /// The encoding is not deterministic, or not CBOR.
    #[error("the {part:?} is not deterministic CBOR: {defect}")]
    Cbor { part: Part, defect: CborDefect },
    /// The outermost item is not tag 18 (COSE_Sign1).
    #[error("the entry is not tagged 18 (COSE_Sign1)")]
    NotTaggedSign1,
    /// Tag 18, but not an array of protected, unprotected, payload, signature.
    #[error("the entry is not a COSE_Sign1 array with payload: {detail}")]
    NotSign1 { detail: String },
    /// The algorithm of a signature or countersignature is not EdDSA (-8).
    #[error("the signature algorithm is not EdDSA (-8)")]
    AlgorithmNotEddsa,
    /// The content type is not `application/matricula-statement+cbor`.
    #[error("the content type is not application/matricula-statement+cbor")]
    ContentType,
    /// The key identifier is not a 32-byte Ed25519 public key.
    #[error("the key identifier has {got} bytes, 32 are needed")]
    KeyIdLength { got: usize },
    /// A signature or countersignature is not 64 bytes.
    #[error("the signature has {got} bytes, 64 are needed")]
    SignatureLength { got: usize },
    /// A header label this version does not know.
    #[error("unknown header label {label}")]
    UnknownHeader { label: String },
    /// A header that must be there is not.
    #[error("the header {label} is missing")]
    MissingHeader { label: &'static str },
    /// More countersignatures than a statement may have.
    #[error("{got} countersignatures, at most {max} are allowed")]
    CountersignatureCount { got: usize, max: usize },
    /// Countersignatures are not in ascending order of their keys, or a key comes twice.
    #[error("the countersignatures are not in ascending order of distinct keys")]
    CountersignatureOrder,
    /// A member has another CBOR type than the grammar says.
    #[error("{field} has the wrong type")]
    WrongType { field: &'static str },
    /// A member that must be there is not.
    #[error("{field} is missing")]
    MissingField { field: &'static str },
    /// A member that the grammar does not have at this place.
    #[error("{field} has an unexpected member {key}")]
    UnexpectedField { field: &'static str, key: u64 },
    /// A text is empty or too long.
    #[error("{field} has {bytes} bytes, 1 to {max} are allowed")]
    TextLength { field: &'static str, bytes: usize, max: usize },
    /// A text or code has not the form of its type.
    #[error("{field} has not the form it must have")]
    TextForm { field: &'static str },
    /// A byte string has another length than its type.
    #[error("{field} has {got} bytes, {want} are needed")]
    BytesLength { field: &'static str, got: usize, want: usize },
    /// A number above its limit.
    #[error("{field} is {got}, at most {max} is allowed")]
    NumberRange { field: &'static str, got: u64, max: u64 },
    /// A list with too few or too many items.
    #[error("{field} has {got} items, {min} to {max} are allowed")]
    ListLength { field: &'static str, got: u64, min: u64, max: u64 },
    /// A list that is not in ascending order, or has an item twice.
    #[error("{field} is not in ascending order without repeats")]
    ListOrder { field: &'static str },
    /// A word that is none of those the grammar allows.
    #[error("{field} is none of the words allowed there")]
    UnknownWord { field: &'static str },
    /// A period that ends before, or when, it begins.
    #[error("{field} ends at {to}, and begins at {from}")]
    PeriodBackwards { field: &'static str, from: u64, to: u64 },
    /// A public key that is no point of the curve or of small order.
    #[error("{field} is not a usable Ed25519 key")]
    KeyUnusable { field: &'static str },
    /// The number of leaves of a batch is not a power of two from 64 to 1,048,576.
    #[error("a batch of {got} leaves: a power of two from 64 to 1048576 is needed")]
    BatchLeaves { got: u64 },
    /// A mandate whose holder is the institution itself.
    #[error("{field} is the institution itself")]
    MandateToItself { field: &'static str },
}

impl StatementError {
    /// The stable code of the defect, for problem documents and vectors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EntryTooLong { .. } => "entry_too_long",
            Self::Cbor { defect, .. } => defect.code(),
            Self::NotTaggedSign1 => "not_tagged_sign1",
            Self::NotSign1 { .. } => "not_sign1",
            Self::AlgorithmNotEddsa => "algorithm_not_eddsa",
            Self::ContentType => "content_type",
            Self::KeyIdLength { .. } => "key_id_length",
            Self::SignatureLength { .. } => "signature_length",
            Self::UnknownHeader { .. } => "unknown_header",
            Self::MissingHeader { .. } => "missing_header",
            Self::CountersignatureCount { .. } => "countersignature_count",
            Self::CountersignatureOrder => "countersignature_order",
            Self::WrongType { .. } => "wrong_type",
            Self::MissingField { .. } => "missing_field",
            Self::UnexpectedField { .. } => "unexpected_field",
            Self::TextLength { .. } => "text_length",
            Self::TextForm { .. } => "text_form",
            Self::BytesLength { .. } => "bytes_length",
            Self::NumberRange { .. } => "number_range",
            Self::ListLength { .. } => "list_length",
            Self::ListOrder { .. } => "list_order",
            Self::UnknownWord { .. } => "unknown_word",
            Self::PeriodBackwards { .. } => "period_backwards",
            Self::KeyUnusable { .. } => "key_unusable",
            Self::BatchLeaves { .. } => "batch_leaves",
            Self::MandateToItself { .. } => "mandate_to_itself",
        }
    }
}
