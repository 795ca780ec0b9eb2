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
pub enum StatementError {
    /// The entry is longer than an entry bundle can carry.
    #[error("the entry has {bytes} bytes, at most {max} are allowed")]
    EntryTooLong {
        /// How many there are.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// The encoding is not deterministic, or not CBOR.
    #[error("the {part:?} is not deterministic CBOR: {defect}")]
    Cbor {
        /// Where.
        part: Part,
        /// What is wrong.
        defect: CborDefect,
    },
    /// The outermost item is not tag 18 (COSE_Sign1).
    #[error("the entry is not tagged 18 (COSE_Sign1)")]
    NotTaggedSign1,
    /// Tag 18, but not an array of protected, unprotected, payload, signature.
    #[error("the entry is not a COSE_Sign1 array with payload: {detail}")]
    NotSign1 {
        /// What the decoder found.
        detail: String,
    },
    /// The algorithm of a signature or countersignature is not EdDSA (-8).
    #[error("the signature algorithm is not EdDSA (-8)")]
    AlgorithmNotEddsa,
    /// The content type is not `application/matricula-statement+cbor`.
    #[error("the content type is not application/matricula-statement+cbor")]
    ContentType,
    /// The key identifier is not a 32-byte Ed25519 public key.
    #[error("the key identifier has {got} bytes, 32 are needed")]
    KeyIdLength {
        /// How many bytes there are.
        got: usize,
    },
    /// A signature or countersignature is not 64 bytes.
    #[error("the signature has {got} bytes, 64 are needed")]
    SignatureLength {
        /// How many bytes there are.
        got: usize,
    },
    /// A header label this version does not know.
    #[error("unknown header label {label}")]
    UnknownHeader {
        /// The label.
        label: String,
    },
    /// A header that must be there is not.
    #[error("the header {label} is missing")]
    MissingHeader {
        /// The label.
        label: &'static str,
    },
    /// More countersignatures than a statement may have.
    #[error("{got} countersignatures, at most {max} are allowed")]
    CountersignatureCount {
        /// How many there are.
        got: usize,
        /// The most allowed.
        max: usize,
    },
    /// Countersignatures are not in ascending order of their keys, or a key comes twice.
    #[error("the countersignatures are not in ascending order of distinct keys")]
    CountersignatureOrder,
    /// A member has another CBOR type than the grammar says.
    #[error("{field} has the wrong type")]
    WrongType {
        /// The member.
        field: &'static str,
    },
    /// A member that must be there is not.
    #[error("{field} is missing")]
    MissingField {
        /// The member.
        field: &'static str,
    },
    /// A member that the grammar does not have at this place.
    #[error("{field} has an unexpected member {key}")]
    UnexpectedField {
        /// The map it stands in.
        field: &'static str,
        /// The member's key.
        key: u64,
    },
    /// A text is empty or too long.
    #[error("{field} has {bytes} bytes, 1 to {max} are allowed")]
    TextLength {
        /// The member.
        field: &'static str,
        /// How many there are.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// A text or code has not the form of its type.
    #[error("{field} has not the form it must have")]
    TextForm {
        /// The member.
        field: &'static str,
    },
    /// A byte string has another length than its type.
    #[error("{field} has {got} bytes, {want} are needed")]
    BytesLength {
        /// The member.
        field: &'static str,
        /// How many bytes there are.
        got: usize,
        /// How many are needed.
        want: usize,
    },
    /// A number above its limit.
    #[error("{field} is {got}, at most {max} is allowed")]
    NumberRange {
        /// The member.
        field: &'static str,
        /// The number given.
        got: u64,
        /// The most allowed.
        max: u64,
    },
    /// A list with too few or too many items.
    #[error("{field} has {got} items, {min} to {max} are allowed")]
    ListLength {
        /// The member.
        field: &'static str,
        /// How many items there are.
        got: u64,
        /// The fewest allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A list that is not in ascending order, or has an item twice.
    #[error("{field} is not in ascending order without repeats")]
    ListOrder {
        /// The member.
        field: &'static str,
    },
    /// A word that is none of those the grammar allows.
    #[error("{field} is none of the words allowed there")]
    UnknownWord {
        /// The member.
        field: &'static str,
    },
    /// A period that ends before, or when, it begins.
    #[error("{field} ends at {to}, and begins at {from}")]
    PeriodBackwards {
        /// The member.
        field: &'static str,
        /// Where it begins.
        from: u64,
        /// Where it ends.
        to: u64,
    },
    /// A public key that is no point of the curve or of small order.
    #[error("{field} is not a usable Ed25519 key")]
    KeyUnusable {
        /// The member.
        field: &'static str,
    },
    /// The number of leaves of a batch is not a power of two from 64 to 1,048,576.
    #[error("a batch of {got} leaves: a power of two from 64 to 1048576 is needed")]
    BatchLeaves {
        /// The number given.
        got: u64,
    },
    /// A mandate whose holder is the institution itself.
    #[error("{field} is the institution itself")]
    MandateToItself {
        /// The member.
        field: &'static str,
    },
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
