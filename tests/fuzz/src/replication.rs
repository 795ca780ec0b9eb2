//! What logs send to witnesses and mirrors, what those answer, and evidence.

use matricula_tlog::{
    AddCheckpointRequest, AddEntriesReader, Evidence, MirrorInfo, encode_size, parse_signature_lines,
    parse_size,
};

/// A request to a witness is encoded to the bytes it came from.
pub fn add_checkpoint(bytes: &[u8]) {
    let Ok(request) = AddCheckpointRequest::parse(bytes) else { return };
    assert_eq!(request.encode().as_bytes(), bytes);
}

/// A request to a mirror says the same, however its bytes arrive.
pub fn add_entries(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(whole, read(bytes, 1));
    assert_eq!(whole, read(bytes, 7));
}

/// How a request ended, and the entries of the packages that were complete.
fn read(bytes: &[u8], step: usize) -> (String, Vec<Vec<Vec<u8>>>) {
    let mut reader = AddEntriesReader::new();
    let mut packages = Vec::new();
    for piece in bytes.chunks(step) {
        reader.feed(piece);
        if let Err(error) = reader.header() {
            return (error.to_string(), packages);
        }
        loop {
            match reader.package() {
                Ok(Some(package)) => {
                    assert_eq!(package.entries().len(), package.place().entries());
                    packages.push(package.entries().to_vec());
                }
                Ok(None) => break,
                Err(error) => return (error.to_string(), packages),
            }
        }
    }
    (format!("complete: {}", reader.is_complete()), packages)
}

/// An answer is encoded to the bytes it came from.
pub fn witness_answer(bytes: &[u8]) {
    if let Ok(info) = MirrorInfo::parse(bytes) {
        assert_eq!(info.encode().as_bytes(), bytes);
    }
    if let Ok(size) = parse_size(bytes) {
        assert_eq!(encode_size(size).as_bytes(), bytes);
    }
    if let Ok(lines) = parse_signature_lines(bytes) {
        let encoded: String = lines.iter().map(matricula_tlog::NoteSignature::encode).collect();
        assert_eq!(encoded.as_bytes(), bytes);
    }
}

/// Evidence is encoded to the bytes it came from, and what it proves is against the key that it names.
pub fn evidence(bytes: &[u8]) {
    let Ok(evidence) = Evidence::parse(bytes) else { return };
    assert_eq!(evidence.encode().as_bytes(), bytes);
    if let Ok(finding) = evidence.verify() {
        assert_eq!(finding.signer(), evidence.signer());
    }
}
