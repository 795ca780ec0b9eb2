//! Defects of headers, countersignatures and signatures.

use ed25519_dalek::SigningKey;

use crate::{
    cases::{Case, Members, batch, case, commitment, good, in_key_order, key, public},
    raw::{Item, Raw, array, bytes, counter_header, header, map, negative, number, words},
};

pub fn headers() -> Vec<Case> {
    let kid = key(1).verifying_key().to_bytes();
    let with = |change: &dyn Fn(&mut Members)| {
        let mut members = header(&kid);
        change(&mut members);
        Raw { protected: map(&members), ..good("commitment", commitment()) }.entry()
    };
    let set = |at: usize, value: Item| with(&|members| members[at].1 = value.clone());
    let without = |at: usize| with(&|members| drop(members.remove(at)));
    let long_header = [
        header(&kid)[..1].to_vec(),
        vec![(vec![0x18, 0x03], header(&kid)[1].1.clone())],
        header(&kid)[2..].to_vec(),
    ]
    .concat();
    let long_header = Raw { protected: map(&long_header), ..good("commitment", commitment()) }.entry();
    vec![
        case(
            "header-map-order",
            "cbor_map_order",
            "origin before nonce",
            with(&|members| members.swap(3, 4)),
        ),
        case(
            "header-duplicate",
            "not_sign1",
            "the nonce comes twice",
            with(&|members| members.insert(4, members[3].clone())),
        ),
        case("header-long-label", "cbor_not_shortest", "a label in two bytes where one does", long_header),
        case("alg-es256", "algorithm_not_eddsa", "algorithm ES256", set(0, negative(6))),
        case("alg-missing", "missing_header", "no algorithm", without(0)),
        case("content-type-other", "content_type", "another content type", set(1, words("application/cbor"))),
        case("content-type-number", "content_type", "a content type by its CoAP number", set(1, number(60))),
        case("content-type-missing", "missing_header", "no content type", without(1)),
        case("kid-short", "key_id_length", "a key identifier of 31 bytes", set(2, bytes(&kid[..31]))),
        case(
            "kid-long",
            "key_id_length",
            "a key identifier of 33 bytes",
            set(2, bytes(&[kid.to_vec(), vec![0]].concat())),
        ),
        case("kid-missing", "key_id_length", "no key identifier", without(2)),
        case("nonce-short", "bytes_length", "a nonce of 15 bytes", set(3, bytes(&[4; 15]))),
        case("nonce-text", "wrong_type", "a nonce that is text", set(3, words("nonce-nonce-nonc"))),
        case("nonce-missing", "missing_header", "no nonce", without(3)),
        case("origin-missing", "missing_header", "no origin", without(4)),
        case("origin-empty", "text_length", "an empty origin", set(4, words(""))),
        case("origin-space", "text_form", "white space in the origin", set(4, words("ledger hn"))),
        case(
            "replaces-short",
            "bytes_length",
            "a replaced statement of 31 bytes",
            with(&|members| members.push((words("replaces"), bytes(&[8; 31])))),
        ),
        case(
            "header-unknown-text",
            "unknown_header",
            "an unknown text label",
            with(&|members| members.insert(3, (words("mood"), number(1)))),
        ),
        case(
            "header-unknown-number",
            "unknown_header",
            "an unknown number label",
            with(&|members| members.insert(3, (number(15), map(&[])))),
        ),
        case(
            "header-crit",
            "unknown_header",
            "a list of critical labels",
            with(&|members| members.insert(1, (number(2), array(&[number(1)])))),
        ),
    ]
}

pub fn countersignatures() -> Vec<Case> {
    let raw = batch();
    let one = |protected: &[u8]| array(&raw.countersignature(&key(2), protected, "CounterSignatureV2"));
    let entry = |value: Item| raw.entry_with(&map(&[(number(11), value)]));
    let keyed = |members: &[(Item, Item)]| one(&map(members));
    let good_header = counter_header(&key(2));
    let mut noted = raw.countersignature(&key(2), &good_header, "CounterSignatureV2");
    noted[1] = map(&[(number(4), public(2))]);
    let counted = |keys: Vec<SigningKey>| Raw { countersigners: keys, ..raw.clone() }.entry();
    let mut reversed = in_key_order(vec![key(2), key(3)]);
    reversed.reverse();
    vec![
        case(
            "countersignature-list-of-one",
            "wrong_type",
            "one countersignature in a list",
            entry(array(&[one(&good_header)])),
        ),
        case(
            "countersignature-empty-list",
            "wrong_type",
            "no countersignature in the list",
            entry(array(&[])),
        ),
        case(
            "countersignature-bytes",
            "wrong_type",
            "a countersignature that is a byte string",
            entry(bytes(&[0; 64])),
        ),
        case(
            "countersignature-three",
            "countersignature_count",
            "three countersignatures",
            counted(in_key_order(vec![key(2), key(3), key(4)])),
        ),
        case(
            "countersignature-order",
            "countersignature_order",
            "countersignatures in descending order of keys",
            counted(reversed),
        ),
        case(
            "countersignature-twice",
            "countersignature_order",
            "a key countersigns twice",
            counted(vec![key(2), key(2)]),
        ),
        case(
            "countersignature-old-label",
            "unknown_header",
            "the countersignature label of RFC 8152",
            raw.entry_with(&map(&[(number(7), one(&good_header))])),
        ),
        case(
            "countersignature-alg",
            "algorithm_not_eddsa",
            "a countersignature with ES256",
            entry(keyed(&[(number(1), negative(6)), (number(4), public(2))])),
        ),
        case(
            "countersignature-kid-short",
            "key_id_length",
            "a countersignature's key of 31 bytes",
            entry(keyed(&[(number(1), negative(7)), (number(4), bytes(&[1; 31]))])),
        ),
        case(
            "countersignature-content-type",
            "unknown_header",
            "a content type in a countersignature",
            entry(keyed(&[(number(1), negative(7)), (number(3), words("a/b")), (number(4), public(2))])),
        ),
        case(
            "countersignature-unprotected",
            "unknown_header",
            "an unprotected header in a countersignature",
            entry(array(&noted)),
        ),
        case(
            "countersignature-header-order",
            "cbor_map_order",
            "a countersignature's header out of order",
            entry(keyed(&[(number(4), public(2)), (number(1), negative(7))])),
        ),
    ]
}

pub fn signatures() -> Vec<Case> {
    let raw = batch();
    let mut forged = raw.entry();
    let last = forged.len() - 1;
    forged[last - 40] ^= 1;
    let mut other = raw.clone();
    other.protected = map(&header(&key(9).verifying_key().to_bytes()));
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = Raw { protected: map(&header(&identity)), ..good("commitment", commitment()) };
    let off_curve = Raw { protected: map(&header(&[2; 32])), ..good("commitment", commitment()) };
    let counter = |context: &str, protected: Item| {
        raw.entry_with(&map(&[(number(11), array(&raw.countersignature(&key(2), &protected, context)))]))
    };
    vec![
        case("signature-forged", "signature_wrong", "a bit of the signature flipped", forged),
        case(
            "signature-by-another-key",
            "signature_wrong",
            "the header names a key that did not sign",
            other.entry(),
        ),
        case("signer-small-order", "signature_wrong", "a signer's key of small order", weak.entry()),
        case(
            "signer-off-curve",
            "signature_key_unusable",
            "a signer's key that is no point of the curve",
            off_curve.entry(),
        ),
        case(
            "countersignature-version-1",
            "countersignature_wrong",
            "a countersignature under the context of RFC 8152",
            counter("CounterSignature", counter_header(&key(2))),
        ),
        case(
            "countersignature-by-another-key",
            "countersignature_wrong",
            "the header names a key that did not countersign",
            counter("CounterSignatureV2", counter_header(&key(3))),
        ),
    ]
}
