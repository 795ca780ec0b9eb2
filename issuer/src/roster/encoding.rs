//! Bytes of a file to text.

use super::finding::Finding;

/// A row has at most about 400 bytes; 16 MiB hold 40,000 leavers, more than any school or district has.
pub(super) const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much of a file without byte order mark is looked at for the zero bytes of UTF-16.
const SNIFFED_BYTES: usize = 512;

const UTF8_BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The text without byte order mark, or the finding with its line.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, (u64, Finding)> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err((1, Finding::FileTooLarge { bytes: bytes.len(), bytes_max: FILE_BYTES_MAX }));
    }
    if is_workbook(bytes) {
        return Err((1, Finding::FileIsSpreadsheet));
    }
    if is_utf16(bytes) {
        return Err((1, Finding::EncodingUtf16));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    let text = text.trim_start_matches(UTF8_BYTE_ORDER_MARK);
    if text.trim().is_empty() { Err((1, Finding::FileEmpty)) } else { Ok(text) }
}

/// Zip (xlsx, ods) or OLE compound document (xls).
fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0])
}

/// A byte order mark of UTF-16 or UTF-32, or so many zero bytes that it can be nothing else.
fn is_utf16(bytes: &[u8]) -> bool {
    let sniffed = &bytes[..bytes.len().min(SNIFFED_BYTES)];
    let zeros = sniffed.iter().filter(|byte| **byte == 0).count();
    bytes.starts_with(&[0xFF, 0xFE])
        || bytes.starts_with(&[0xFE, 0xFF])
        || bytes.starts_with(&[0, 0, 0xFE, 0xFF])
        || (zeros > 0 && zeros * 4 >= sniffed.len())
}

fn not_utf8(bytes: &[u8], valid_bytes: usize) -> (u64, Finding) {
    let before = &bytes[..valid_bytes];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |position| position + 1);
    let lines_before = before.iter().filter(|byte| **byte == b'\n').count();
    let characters_before = String::from_utf8_lossy(&before[line_start..]).chars().count();
    // `from_utf8` stopped at this byte, so it exists.
    let byte = bytes.get(valid_bytes).copied().unwrap_or_default();
    (lines_before as u64 + 1, Finding::EncodingNotUtf8 { byte, characters_before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_byte_order_mark_away() {
        assert_eq!(decode(b"\xEF\xBB\xBFa,b"), Ok("a,b"));
        assert_eq!(decode(b"a,b"), Ok("a,b"));
    }

    #[test]
    fn names_the_line_and_byte_of_latin_1() {
        let refused = Finding::EncodingNotUtf8 { byte: 0xF1, characters_before: 4 };
        assert_eq!(decode(b"a,b\r\n1,Ba\xF1uelos\r\n"), Err((2, refused)));
    }

    #[test]
    fn names_a_truncated_last_character() {
        assert_eq!(
            decode(b"a\nJos\xC3"),
            Err((2, Finding::EncodingNotUtf8 { byte: 0xC3, characters_before: 3 }))
        );
    }

    #[test]
    fn refuses_utf_16_with_and_without_mark() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(decode(&utf16("\u{FEFF}learner_no;sex")), Err((1, Finding::EncodingUtf16)));
        assert_eq!(decode(&utf16("learner_no;sex")), Err((1, Finding::EncodingUtf16)));
    }

    #[test]
    fn refuses_workbooks_empty_and_too_large_files() {
        assert_eq!(decode(b"PK\x03\x04rest"), Err((1, Finding::FileIsSpreadsheet)));
        assert_eq!(decode(b""), Err((1, Finding::FileEmpty)));
        assert_eq!(decode(b"\xEF\xBB\xBF\r\n \r\n"), Err((1, Finding::FileEmpty)));
        let large = vec![b'a'; FILE_BYTES_MAX + 1];
        let refused = Finding::FileTooLarge { bytes: FILE_BYTES_MAX + 1, bytes_max: FILE_BYTES_MAX };
        assert_eq!(decode(&large), Err((1, refused)));
    }
}
