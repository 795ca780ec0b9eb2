//! Standard base64 with padding, in its one canonical spelling.
//!
//! SPEC: RFC 4648 §4. The decoder of `data_encoding` refuses spare bits that are not zero, but takes several padded texts
//! one after another as one; then a value would have a second spelling. That is refused here.

use data_encoding::BASE64;

/// Most padding characters at the end of a text.
const PADDING_MAX: usize = 2;

/// Reads standard base64 with padding (RFC 4648 §4) in its one canonical spelling; `None` for every other text. Formats outside
/// this crate that carry statements and hashes as text use it too, so that none of them has two spellings.
pub fn decode(text: &str) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_length_back() {
        for length in 0..9_u8 {
            let bytes: Vec<u8> = (0..length).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn rejects_several_padded_texts_in_a_row_and_spare_bits() {
        assert_eq!(BASE64.decode(b"AA==AA==").ok(), Some(vec![0, 0]), "what `data_encoding` takes");
        for text in ["AA==AA==", "AAA=AA==", "AB==", "AA=", "AA", "AA==\n", " AA==", "A-_="] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
