//! Signed notes, verifier keys and cosignatures.

use serde::Deserialize;

use matricula_tlog::{SignatureCheck, SignedNote, VerifierKey};

use crate::corpus::{bytes, refused, run};

#[derive(Deserialize)]
struct Note {
    note: Option<String>,
    note_base64: Option<String>,
    keys: Vec<String>,
    signers: Option<Vec<String>>,
}

#[test]
fn notes() {
    run("note", 52, |case: Note| {
        let keys: Vec<VerifierKey> =
            case.keys.iter().map(|key| VerifierKey::parse(key).expect("a key in a vector")).collect();
        let bytes = bytes(case.note, case.note_base64);
        let note = SignedNote::parse(&bytes).or_else(refused)?;
        assert_eq!(note.encode().as_bytes(), bytes);
        let signers = note.verify(&keys).or_else(refused)?;
        let names: Vec<String> = signers.iter().map(|key| key.name().to_string()).collect();
        assert_eq!(Some(names), case.signers);
        Ok(())
    });
}

#[derive(Deserialize)]
struct Key {
    vkey: String,
    r#type: Option<u8>,
}

#[test]
fn verifier_keys() {
    run("verifier_key", 29, |case: Key| {
        let key = VerifierKey::parse(&case.vkey).or_else(refused)?;
        assert_eq!(key.encode(), case.vkey);
        assert_eq!(Some(key.key().signature_type()), case.r#type);
        assert_eq!(key.is_supported(), matches!(case.r#type, Some(1 | 4)));
        Ok(())
    });
}

#[derive(Deserialize)]
struct Cosignature {
    note: String,
    key: String,
    time: Option<u64>,
}

#[test]
fn cosignatures() {
    run("cosignature", 20, |case: Cosignature| {
        let key = VerifierKey::parse(&case.key).expect("a key in a vector");
        let note = SignedNote::parse(case.note.as_bytes()).expect("a note in a vector");
        let [line] = note.signatures() else { panic!("one cosignature a vector") };
        let check = key.check(note.text(), line).or_else(refused)?;
        // The whole note is refused for the same reason, and says so when nothing is left.
        note.verify(std::slice::from_ref(&key)).or_else(refused)?;
        let SignatureCheck::Cosigned { at } = check else { panic!("accepted without a time") };
        assert_eq!(Some(at.get()), case.time);
        Ok(())
    });
}
