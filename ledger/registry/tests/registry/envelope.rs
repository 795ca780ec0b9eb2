//! Making statements and taking them apart.

use matricula_registry::{Body, Commitment, SignatureError, Statement, StatementError, StatementId};
use matricula_tlog::{Hash, leaf_hash};

use crate::country::{origin, public_key, signing_key, text};

fn body() -> Body {
    Body::Commitment(Commitment { label: text("transfer"), root: Hash::from_bytes([5; 32]) })
}

fn signed() -> Statement {
    let replaces = Some(StatementId::of_entry(b"earlier"));
    Statement::sign(&body(), &origin(), [4; 16], replaces, &signing_key(1)).unwrap()
}

#[test]
fn parses_what_it_signs() {
    let statement = Statement::parse(signed().entry()).unwrap();
    assert_eq!(statement, signed());
    assert_eq!(statement.body(), &body());
    assert_eq!(statement.header().signer, public_key(1));
    assert_eq!(statement.header().origin, origin());
    assert_eq!(statement.header().nonce, [4; 16]);
    assert_eq!(statement.header().replaces, Some(StatementId::of_entry(b"earlier")));
    assert_eq!(statement.id().get(), leaf_hash(statement.entry()));
    assert_eq!(statement.countersigners().len(), 0);
    assert!(statement.verify_signatures().is_ok());
}

#[test]
fn countersignatures_stand_in_the_order_of_their_keys() {
    let (a, b) = (signing_key(2), signing_key(3));
    let one = signed().countersign(&a).unwrap().countersign(&b).unwrap();
    let other = signed().countersign(&b).unwrap().countersign(&a).unwrap();
    assert_eq!(one.entry(), other.entry());
    let mut want = [public_key(2), public_key(3)];
    want.sort();
    assert_eq!(one.countersigners().copied().collect::<Vec<_>>(), want);
    assert!(one.verify_signatures().is_ok());
}

#[test]
fn countersigns_once_a_key_and_twice_at_most() {
    let once = signed().countersign(&signing_key(2)).unwrap();
    assert_eq!(once.countersign(&signing_key(2)), Err(StatementError::CountersignatureOrder));
    let twice = once.countersign(&signing_key(3)).unwrap();
    let got = twice.countersign(&signing_key(4)).unwrap_err();
    assert_eq!(got, StatementError::CountersignatureCount { got: 3, max: 2 });
}

#[test]
fn a_countersignature_covers_the_signature_and_the_payload() {
    let countersigned = signed().countersign(&signing_key(2)).unwrap();
    let nonce = [5; 16];
    let other = Statement::sign(&body(), &origin(), nonce, None, &signing_key(1)).unwrap();
    let other = other.countersign(&signing_key(2)).unwrap();
    // The countersignature of one statement put onto another.
    let (from, to) = (countersigned.entry(), other.entry());
    let signature =
        |entry: &[u8]| entry.windows(4).position(|w| w == [0xa0, 0x58, 0x40, entry_at(entry, w)]).unwrap();
    let (from_at, to_at) = (signature(from) + 3, signature(to) + 3);
    let mut moved = to.to_vec();
    moved[to_at..to_at + 64].copy_from_slice(&from[from_at..from_at + 64]);
    let got = Statement::parse(&moved).unwrap().verify_signatures().unwrap_err();
    assert_eq!(got, SignatureError::CountersignatureWrong { countersigner: public_key(2) });
}

/// The byte after the window's first three: it is part of the signature and matches itself.
fn entry_at(entry: &[u8], window: &[u8]) -> u8 {
    let offset = window.as_ptr() as usize - entry.as_ptr() as usize;
    entry[offset + 3]
}

#[test]
fn what_breaks_a_limit_is_not_signed() {
    let unknown = |body: Vec<u8>| Body::Unknown { kind: "future".to_owned(), body };
    let sign = |body: &Body| Statement::sign(body, &origin(), [4; 16], None, &signing_key(1));
    let mut long = vec![0x59, 0xff, 0xff];
    long.resize(3 + 0xffff, 0);
    let got = sign(&unknown(long)).unwrap_err();
    assert!(matches!(got, StatementError::EntryTooLong { max: 65_535, .. }), "{got:?}");
    assert_eq!(sign(&unknown(vec![0x18, 0x01])).unwrap_err().code(), "cbor_not_shortest");
    assert_eq!(sign(&unknown(Vec::new())).unwrap_err().code(), "cbor_truncated");
    assert!(sign(&unknown(vec![0x01])).is_ok());
    let disguised = Body::Unknown { kind: "commitment".to_owned(), body: vec![0x01] };
    assert_eq!(sign(&disguised).unwrap_err(), StatementError::WrongType { field: "commitment" });
}
