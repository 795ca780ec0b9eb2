//! The transcript of CLR's own samples: RS256, the credential as a claim, another token inside.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use std::fs;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use matricula_foreign::{Algorithm, ForeignError, KeyFrom, KeyKind, Part, Profile, read};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

/// 2010-01-01T00:00:00Z.
const ISSUED: UnixSeconds = UnixSeconds::new(1_262_304_000);

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn token() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/clr/simple.jwt.json");
    let sample: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    sample["compactJws"].as_str().unwrap().to_owned()
}

/// The token with the next character of the alphabet at a place.
fn flipped(token: &str, place: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let at = ALPHABET.iter().position(|letter| *letter == bytes[place]).unwrap();
    bytes[place] = ALPHABET[(at + 1) % ALPHABET.len()];
    String::from_utf8(bytes).unwrap()
}

#[test]
fn reads_the_transcript_and_the_token_inside_and_says_which_key_signed() {
    let read = read(&token()).unwrap();
    assert_eq!((read.algorithm(), read.key_from()), (Algorithm::Rs256, KeyFrom::JwkHeader));
    assert_eq!((read.profile(), read.key().kind()), (Profile::VcClaim, KeyKind::Rsa));
    assert_eq!(read.key().thumbprint().len(), 43);
    assert_eq!(read.issuer(), "https://example.edu/issuers/565049");
    assert_eq!((read.not_before(), read.expires()), (Some(ISSUED), None));
    let credential = read.credential();
    assert_eq!(credential["name"], "Sample Transcript");
    let [nested] = read.nested() else { panic!("{:?}", read.nested()) };
    assert_eq!(nested.position, 0);
    assert_eq!(nested.credential.key(), read.key());
    assert_eq!(&credential["credentialSubject"]["verifiableCredential"][0], nested.credential.credential());
    assert_eq!(nested.credential.credential()["name"], "Example University Degree");
}

#[test]
fn rejects_every_changed_character_of_the_signature() {
    let token = token();
    let first = token.rfind('.').unwrap() + 1;
    for place in first..token.len() {
        let refused = read(&flipped(&token, place)).unwrap_err();
        // The last character has two bits of the signature and four that must be zero.
        let expected = if place + 1 == token.len() {
            ForeignError::Base64 { part: Part::Signature }
        } else {
            ForeignError::Signature
        };
        assert_eq!(refused, expected, "place {place}");
    }
}

#[test]
fn rejects_every_changed_character_of_what_was_signed() {
    let token = token();
    let signed = token.rfind('.').unwrap();
    for place in (0..signed).step_by(7).filter(|place| token.as_bytes()[*place] != b'.') {
        assert!(read(&flipped(&token, place)).is_err(), "place {place}");
    }
}

#[test]
fn rejects_every_shortened_token() {
    let token = token();
    for length in (0..token.len()).step_by(97) {
        assert!(read(&token[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(read("").unwrap_err(), ForeignError::NotCompact { parts: 1 });
    assert_eq!(read(&format!("{token}\n")).unwrap_err(), ForeignError::Base64 { part: Part::Signature });
}

#[test]
fn rejects_the_transcript_under_another_key() {
    let token = token();
    let (header, rest) = token.split_once('.').unwrap();
    let header = String::from_utf8(BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
    let changed = header.replacen("\"n\":\"jV", "\"n\":\"kV", 1);
    assert_ne!(header, changed);
    let token = format!("{}.{rest}", BASE64URL_NOPAD.encode(changed.as_bytes()));
    assert_eq!(read(&token).unwrap_err(), ForeignError::Signature);
}
