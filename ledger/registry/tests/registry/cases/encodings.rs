//! Defects of encoding, and of the COSE_Sign1 array.

use crate::{
    cases::{Case, case, commitment, good, public},
    raw::{Item, Raw, array, bytes, map, number, numbered, words},
};

pub fn encodings() -> Vec<Case> {
    let entry = good("commitment", commitment()).entry();
    let unknown = |body: Item| good("future", body).entry();
    let nested = |levels: usize| [vec![0x81; levels], vec![0x00]].concat();
    let mut long = unknown(bytes(&[0; 65_000]));
    long.extend([0; 600]);
    let body = [words("transfer"), bytes(&[5; 32])];
    let swapped = numbered(&[(1, body[1].clone()), (0, body[0].clone())]);
    let twice = numbered(&[(0, body[0].clone()), (0, body[0].clone())]);
    vec![
        case("empty", "cbor_truncated", "no bytes", Vec::new()),
        case("truncated", "cbor_truncated", "the last byte is missing", entry[..entry.len() - 1].to_vec()),
        case(
            "trailing-byte",
            "cbor_trailing",
            "a byte follows the statement",
            [entry.clone(), vec![0]].concat(),
        ),
        case(
            "trailing-statement",
            "cbor_trailing",
            "another statement follows",
            [entry.clone(), entry.clone()].concat(),
        ),
        case("too-long", "entry_too_long", "more bytes than an entry bundle can carry", long),
        case(
            "indefinite-array",
            "cbor_indefinite",
            "the COSE array has indefinite length",
            [&[0xd2, 0x9f], &entry[2..], &[0xff]].concat(),
        ),
        case(
            "indefinite-payload-map",
            "cbor_indefinite",
            "a payload map of indefinite length",
            good(
                "commitment",
                [vec![0xbf, 0x00], body[0].clone(), vec![0x01], body[1].clone(), vec![0xff]].concat(),
            )
            .entry(),
        ),
        case("long-tag", "cbor_not_shortest", "tag 18 in two bytes", [&[0xd8, 0x12], &entry[1..]].concat()),
        case(
            "long-number",
            "cbor_not_shortest",
            "a number in two bytes where one does",
            unknown(vec![0x18, 0x17]),
        ),
        case(
            "long-length",
            "cbor_not_shortest",
            "a text length in three bytes where two do",
            unknown([vec![0x79, 0, 30], vec![b'a'; 30]].concat()),
        ),
        case(
            "payload-map-order",
            "cbor_map_order",
            "payload keys descend",
            good("commitment", swapped).entry(),
        ),
        case(
            "payload-duplicate-key",
            "cbor_duplicate_key",
            "a payload key comes twice",
            good("commitment", twice).entry(),
        ),
        case("not-utf8", "cbor_not_utf8", "text that is not UTF-8", unknown(vec![0x61, 0xff])),
        case("float", "cbor_unused_type", "a floating point number", unknown(vec![0xf9, 0x3c, 0x00])),
        case("undefined", "cbor_unused_type", "the value undefined", unknown(vec![0xf7])),
        case("reserved-head", "cbor_unused_type", "a head that CBOR reserves", unknown(vec![0x1c])),
        case("deep", "cbor_too_deep", "a payload nested 16 deep below its own map", unknown(nested(16))),
        case("not-deep", "accepted", "a payload nested 15 deep below its own map", unknown(nested(15))),
    ]
}

pub fn envelopes() -> Vec<Case> {
    let raw = good("commitment", commitment());
    let tagged = |tag: &[u8]| Raw { tag: tag.to_vec(), ..raw.clone() }.entry();
    let parts = |parts: &[Item]| [vec![0xd2], array(parts)].concat();
    let (protected, empty, payload) = (bytes(&raw.protected), map(&[]), bytes(&raw.payload));
    let signature = raw.signature();
    vec![
        case("untagged", "not_tagged_sign1", "a COSE_Sign1 without its tag", tagged(&[])),
        case("tag-cose-mac0", "not_tagged_sign1", "tag 17, COSE_Mac0", tagged(&[0xd1])),
        case("tag-cose-sign", "not_tagged_sign1", "tag 98, COSE_Sign", tagged(&[0xd8, 98])),
        case(
            "three-parts",
            "not_sign1",
            "the signature is missing",
            parts(&[protected.clone(), empty.clone(), payload.clone()]),
        ),
        case(
            "detached-payload",
            "not_sign1",
            "the payload is nil",
            parts(&[protected.clone(), empty.clone(), vec![0xf6], bytes(&signature)]),
        ),
        case(
            "signature-short",
            "signature_length",
            "a signature of 63 bytes",
            parts(&[protected.clone(), empty.clone(), payload.clone(), bytes(&signature[..63])]),
        ),
        case(
            "protected-empty",
            "missing_header",
            "an empty protected header",
            Raw { protected: Vec::new(), ..raw.clone() }.entry(),
        ),
        case(
            "unprotected-kid",
            "unknown_header",
            "a key identifier outside the signature",
            raw.entry_with(&map(&[(number(4), public(1))])),
        ),
        case(
            "unprotected-text",
            "unknown_header",
            "an unknown label outside the signature",
            raw.entry_with(&map(&[(words("note"), number(1))])),
        ),
        case(
            "payload-not-a-map",
            "wrong_type",
            "a payload that is a list",
            Raw { payload: array(&[]), ..raw.clone() }.entry(),
        ),
        case(
            "payload-trailing",
            "cbor_trailing",
            "bytes after the payload's map",
            Raw { payload: [raw.payload.clone(), vec![0]].concat(), ..raw.clone() }.entry(),
        ),
    ]
}
