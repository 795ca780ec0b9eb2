//! The compact form: header, payload and signature in base64url, with dots between.
//!
//! SPEC: RFC 7515 §7.1, §5.2 steps 1 to 7.

use data_encoding::BASE64URL_NOPAD;
use matricula_credential::json::JSON_BYTES_MAX;

use crate::error::{ForeignError, Part};
use crate::header::HEADER_BYTES_MAX;

/// Longest token: what is read as one document anywhere else. A transcript with 64 certificates inside, each with its key,
/// has about 400 kB.
pub const TOKEN_BYTES_MAX: usize = JSON_BYTES_MAX;

/// Longest signature: that of an RSA key of 8192 bits.
pub const SIGNATURE_BYTES_MAX: usize = 1024;

/// A token taken apart. Nothing is verified yet.
pub(crate) struct CompactJws<'t> {
    /// The bytes that were signed: both first parts as received, and the dot between.
    pub(crate) signing_input: &'t [u8],
    /// The header, decoded: JSON.
    pub(crate) header: Vec<u8>,
    /// The payload, decoded.
    pub(crate) payload: Vec<u8>,
    /// The signature, decoded.
    pub(crate) signature: Vec<u8>,
}

impl<'t> CompactJws<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`ForeignError::TooLarge`], [`ForeignError::NotCompact`], [`ForeignError::Base64`].
    pub(crate) fn parse(token: &'t str) -> Result<Self, ForeignError> {
        bounded(Part::Token, token.len(), TOKEN_BYTES_MAX)?;
        let parts: Vec<&str> = token.splitn(4, '.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(ForeignError::NotCompact { parts: token.split('.').count() });
        };
        let decoded_header = decode(Part::Header, header, HEADER_BYTES_MAX)?;
        let decoded_payload = decode(Part::Payload, payload, TOKEN_BYTES_MAX)?;
        let signature = decode(Part::Signature, signature, SIGNATURE_BYTES_MAX)?;
        let signed = header.len() + 1 + payload.len();
        Ok(Self {
            signing_input: &token.as_bytes()[..signed],
            header: decoded_header,
            payload: decoded_payload,
            signature,
        })
    }
}

/// The length is judged before a byte is decoded. Padding, line breaks and spare bits that are not zero are refused: a token has
/// one spelling, so no second text can pass for the same signature.
fn decode(part: Part, text: &str, bytes_max: usize) -> Result<Vec<u8>, ForeignError> {
    bounded(part, text.len() / 4 * 3, bytes_max)?;
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| ForeignError::Base64 { part })
}

fn bounded(part: Part, bytes: usize, max: usize) -> Result<(), ForeignError> {
    if bytes > max { Err(ForeignError::TooLarge { part, bytes, max }) } else { Ok(()) }
}
