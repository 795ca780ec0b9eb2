//! Canonical forms of documents: the bytes that are hashed.
//!
//! [`canonical_nquads`] is the seam behind which the general JSON-LD processor stands; whatever replaces it must
//! give the same text for the same document and refuse the same documents.
//!
//! SPEC: RDFC-1.0, JSON-LD 1.1, RFC 8785.

use serde_json::Value;

use crate::expansion::expand_to_quads;
use crate::jcs::write_value;
use crate::json::quoted;

/// Most statements of one document: a large transcript has 5,000.
pub const QUADS_MAX: usize = 100_000;

/// Room for a diploma, so that the text is not copied while it grows.
const CANONICAL_BYTES_TYPICAL: usize = 4_096;

/// Why a document has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonError {
    /// The document is no JSON object.
    #[error("the document is not a JSON object")]
    NotAnObject,
    /// The document names no context, so nothing in it means anything.
    #[error("the document has no @context")]
    NoContext,
    /// A context that is not bundled.
    #[error("the context `{url}` at `{pointer}` is not known")]
    UnknownContext {
        /// JSON pointer of the context.
        pointer: String,
        /// Its address.
        url: String,
    },
    /// A context that is neither an address nor a list of addresses.
    #[error("the context at `{pointer}` is not an address")]
    InlineContext {
        /// JSON pointer of the context.
        pointer: String,
    },
    /// More contexts than any credential needs.
    #[error("more than {max} contexts at `{pointer}`")]
    TooManyContexts {
        /// JSON pointer of the list.
        pointer: String,
        /// The limit.
        max: usize,
    },
    /// Nested more deeply than any document that is read.
    #[error("nested deeper than {max}")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// A `null`, which canonicalisation would drop.
    #[error("null at `{pointer}` would not be signed")]
    NullValue {
        /// JSON pointer of the value.
        pointer: String,
    },
    /// A keyword whose value canonicalisation would drop or move.
    #[error("the keyword `{keyword}` at `{pointer}` would not be signed")]
    Keyword {
        /// JSON pointer of the object.
        pointer: String,
        /// The keyword.
        keyword: String,
    },
    /// A term that no context defines.
    #[error("no context defines the term `{term}`")]
    UndefinedTerm {
        /// The term.
        term: String,
    },
    /// A type that no context defines.
    #[error("a type that no context defines")]
    UndefinedType,
    /// An address that is not absolute.
    #[error("`{text}` is not an absolute address")]
    RelativeIri {
        /// The address.
        text: String,
    },
    /// A language tag that BCP 47 does not know.
    #[error("`{tag}` is not a language tag")]
    LanguageTag {
        /// The tag.
        tag: String,
    },
    /// A text with a base direction, for which RDF has no agreed form.
    #[error("a text with @direction cannot be signed")]
    Direction,
    /// JSON-LD forbids the document for another reason.
    #[error("not JSON-LD: {reason}")]
    NotJsonLd {
        /// The rule that was broken, in the words of JSON-LD's error codes.
        reason: String,
    },
    /// The document says nothing.
    #[error("the document makes no statement")]
    Empty,
    /// More statements than [`QUADS_MAX`].
    #[error("more than {max} statements")]
    TooManyQuads {
        /// The limit.
        max: usize,
    },
    /// Canonicalisation would take too long.
    #[error("canonicalisation needs more than {max} steps")]
    TooCostly {
        /// The limit.
        max: usize,
    },
    /// A number that RFC 8785 cannot write.
    #[error("a number cannot be written in canonical form")]
    Number,
}

impl CanonError {
    /// The error with what it repeats of the document cut short.
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::UnknownContext { pointer: one, url: other }
            | Self::Keyword { pointer: one, keyword: other } => {
                (*one, *other) = (quoted(one), quoted(other));
            }
            Self::InlineContext { pointer: text }
            | Self::TooManyContexts { pointer: text, .. }
            | Self::NullValue { pointer: text }
            | Self::UndefinedTerm { term: text }
            | Self::RelativeIri { text }
            | Self::LanguageTag { tag: text }
            | Self::NotJsonLd { reason: text } => *text = quoted(text),
            Self::NotAnObject
            | Self::NoContext
            | Self::TooDeep { .. }
            | Self::UndefinedType
            | Self::Direction
            | Self::Empty
            | Self::TooManyQuads { .. }
            | Self::TooCostly { .. }
            | Self::Number => {}
        }
        self
    }
}

/// The canonical N-Quads of a JSON-LD document, in safe mode: whatever would silently not be signed is an error.
///
/// The costly step of RDFC-1.0 (Hash N-Degree Quads) runs at most 4,000 times, `rdf-canon`'s bound. A transcript of
/// 64 achievements needs a few hundred; graphs made to take for ever ("poison") need millions.
///
/// Only bundled contexts are known, and only by address. Empty arrays are allowed and make no statement.
///
/// # Errors
/// [`CanonError`].
pub fn canonical_nquads(document: &Value) -> Result<String, CanonError> {
    nquads(document).map_err(CanonError::bounded)
}

fn nquads(document: &Value) -> Result<String, CanonError> {
    let quads = expand_to_quads(document)?;
    rdf_canon::canonicalize_quads(&quads).map_err(|error| match error {
        rdf_canon::CanonicalizationError::HndqCallLimitExceeded(max) => CanonError::TooCostly { max },
        other => CanonError::NotJsonLd { reason: other.to_string() },
    })
}

/// The canonical JSON (JCS) of a value.
///
/// # Errors
/// [`CanonError::Number`].
pub fn canonical_json(value: &Value) -> Result<Vec<u8>, CanonError> {
    let mut out = Vec::with_capacity(CANONICAL_BYTES_TYPICAL);
    write_value(&mut out, value)?;
    Ok(out)
}
