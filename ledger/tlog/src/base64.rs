//! Standard base64 with padding, in its one canonical spelling.
//!
//! SPEC: RFC 4648 §4. The decoder of `data_encoding` refuses spare bits that are not zero, but takes several padded texts
//! one after another as one; then a value would have a second spelling. That is refused here.

use data_encoding::BASE64;

/// Most padding characters at the end of a text.
const PADDING_MAX: usize = 2;

/// The bytes, or `None` when the text is not canonical.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if !is_padded_at_end_only(text) {
        return None;
    }
    BASE64.decode(text.as_bytes()).ok()
}

/// Whether no padding character stands before the last two characters.
pub(crate) fn is_padded_at_end_only(text: &str) -> bool {
    text.find('=').is_none_or(|first| first + PADDING_MAX >= text.len())
}

/// The text of some bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}
