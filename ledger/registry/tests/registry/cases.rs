//! The cases behind the files under `tests/vectors/statement`: one good statement of each sort, and for
//! every defect one statement that is good but for it, its signatures included.

use ed25519_dalek::SigningKey;

use crate::raw::{
    Item, Raw, array, bytes, counter_header, head, header, map, negative, number, numbered, record, words,
};

type Members = Vec<(Item, Item)>;

pub struct Case {
    pub name: &'static str,
    pub desc: &'static str,
    pub entry: Vec<u8>,
    /// `accepted`, or the code of the refusal.
    pub want: &'static str,
}

const DAY: u64 = 1_704_067_200;

fn case(name: &'static str, want: &'static str, desc: &'static str, entry: Vec<u8>) -> Case {
    Case { name, desc, entry, want }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> Item {
    bytes(&key(seed).verifying_key().to_bytes())
}

fn payload(kind: &str, body: Item) -> Item {
    record(&[words(kind), body])
}

fn good(kind: &str, body: Item) -> Raw {
    Raw::new(1, payload(kind, body))
}

fn commitment() -> Item {
    record(&[words("transfer"), bytes(&[5; 32])])
}

fn scope() -> Item {
    record(&[
        array(&[words("diploma"), words("transcript")]),
        array(&[number(2), number(3)]),
        array(&[words("04")]),
        words("HN"),
    ])
}

fn legal() -> Item {
    record(&[words("Acuerdo 17-2026"), bytes(&[7; 32])])
}

fn lempira() -> Item {
    words("did:web:hn.example:schools:lempira")
}

fn choluteca() -> Item {
    words("did:web:hn.example:schools:choluteca")
}

/// An accreditation's members but for those that depend on the event.
fn accreditation(event: &str, more: &[(u64, Item)]) -> Item {
    let mut members = vec![
        (0, lempira()),
        (1, words("Instituto Lempira")),
        (2, words(event)),
        (4, number(DAY)),
        (7, legal()),
    ];
    members.extend(more.iter().cloned());
    members.sort();
    numbered(&members)
}

fn reason() -> (u64, Item) {
    (6, words("Inspection report 12"))
}

fn authority(keys: &[Item]) -> Item {
    let recognition = record(&[words("ledger.sn.example/registry"), public(50), scope()]);
    record(&[
        words("Secretaría de Educación"),
        words("HN"),
        array(keys),
        words("ledger.hn.example/registry+00000000+AAAA"),
        number(1),
        array(&[recognition]),
    ])
}

fn key_event(event: &str, role: Option<&str>, key: Item) -> Item {
    let mut members = vec![(0, lempira()), (1, words(event)), (2, key), (4, number(DAY))];
    members.extend(role.map(|role| (3, words(role))));
    members.sort();
    numbered(&members)
}

fn batch_with(change: impl Fn(&mut Vec<(u64, Item)>)) -> Item {
    let mut members = vec![
        (0, lempira()),
        (2, words("diploma")),
        (3, number(3)),
        (4, array(&[words("0411"), words("0913")])),
        (5, number(DAY)),
        (6, number(DAY + 86_400)),
        (7, bytes(&[1; 32])),
        (8, number(64)),
        (9, bytes(&[2; 32])),
    ];
    change(&mut members);
    members.sort();
    numbered(&members)
}

fn batch() -> Raw {
    let mut raw = good("batch", batch_with(|_| {}));
    raw.countersigners = vec![key(2)];
    raw
}

/// A batch in which one member has another value.
fn batch_where(member: u64, value: Item) -> Vec<u8> {
    let body = batch_with(|members| {
        members.retain(|(key, _)| *key != member);
        members.push((member, value.clone()));
    });
    good("batch", body).entry()
}

fn in_key_order(mut keys: Vec<SigningKey>) -> Vec<SigningKey> {
    keys.sort_by_key(|key| key.verifying_key().to_bytes());
    keys
}

pub fn all() -> Vec<Case> {
    [accepted(), encodings(), envelopes(), headers(), countersignatures(), bodies(), signatures()]
        .into_iter()
        .flatten()
        .collect()
}

fn accepted() -> Vec<Case> {
    let ok = "accepted";
    let own_key = |seed| record(&[public(seed), number(DAY)]);
    let mandate = |to: Item| record(&[to, number(DAY + 1)]);
    let mut two = batch();
    two.countersigners = in_key_order(vec![key(2), key(3)]);
    let mut replacing = good("accreditation", accreditation("suspend", &[reason()]));
    let mut members = header(&key(1).verifying_key().to_bytes());
    members.push((words("replaces"), bytes(&[8; 32])));
    replacing.protected = map(&members);
    let successor = [(8, mandate(choluteca())), (9, record(&[choluteca()]))];
    let restored = [(3, scope()), (5, number(DAY + 1))];
    vec![
        case(
            "authority",
            ok,
            "an authority with one key, recognising another one",
            good("authority", authority(&[own_key(1)])).entry(),
        ),
        case(
            "grant",
            ok,
            "a grant without end",
            good("accreditation", accreditation("grant", &[(3, scope())])).entry(),
        ),
        case("suspend", ok, "a suspension that replaces an earlier statement", replacing.entry()),
        case(
            "restore",
            ok,
            "a restore for a period",
            good("accreditation", accreditation("restore", &restored)).entry(),
        ),
        case(
            "revoke",
            ok,
            "a revocation with a custodian",
            good("accreditation", accreditation("revoke", &[reason(), (9, mandate(choluteca()))])).entry(),
        ),
        case(
            "succeed",
            ok,
            "a succession with a custodian besides",
            good("accreditation", accreditation("succeed", &successor)).entry(),
        ),
        case(
            "key-add",
            ok,
            "a key for issuing",
            good("key", key_event("add", Some("issue"), public(10))).entry(),
        ),
        case("key-retire", ok, "a key retired", good("key", key_event("retire", None, public(10))).entry()),
        case(
            "key-compromised",
            ok,
            "a key compromised",
            good("key", key_event("compromised", None, public(10))).entry(),
        ),
        case("batch", ok, "a batch, countersigned", batch().entry()),
        case("batch-two-countersignatures", ok, "a batch, countersigned twice", two.entry()),
        case(
            "status",
            ok,
            "a status list version",
            good(
                "status",
                record(&[
                    words("https://edu.hn.example/status/1"),
                    number(4),
                    words("revocation"),
                    bytes(&[3; 32]),
                ]),
            )
            .entry(),
        ),
        case("commitment", ok, "a commitment", good("commitment", commitment()).entry()),
        case(
            "unknown-kind",
            ok,
            "a kind that nobody knows yet",
            good(
                "recognition",
                map(&[(words("b"), array(&[negative(0), vec![0xf5]])), (words("aa"), vec![0xf6])]),
            )
            .entry(),
        ),
    ]
}

fn encodings() -> Vec<Case> {
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

fn envelopes() -> Vec<Case> {
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

fn headers() -> Vec<Case> {
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

fn countersignatures() -> Vec<Case> {
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

fn bodies() -> Vec<Case> {
    let accredit =
        |event: &str, more: &[(u64, Item)]| good("accreditation", accreditation(event, more)).entry();
    let scoped = |parts: [Item; 4]| accredit("grant", &[(3, record(&parts))]);
    let (kinds, levels, fields, place) =
        (array(&[words("diploma")]), array(&[number(3)]), array(&[]), words("HN"));
    let own_key = |key: Item| record(&[key, number(DAY)]);
    let longest = "a".repeat(1001);
    let mut identity = [0; 32];
    identity[0] = 1;
    let with_key = |key: Item| good("key", key_event("add", Some("issue"), key)).entry();
    let short = batch_with(|members| members.retain(|(key, _)| *key != 7));
    let commitment_labelled =
        |label: &str| good("commitment", record(&[words(label), bytes(&[5; 32])])).entry();
    vec![
        case("kind-empty", "text_length", "a kind without a name", good("", commitment()).entry()),
        case(
            "payload-extra-member",
            "unexpected_field",
            "a third member in the payload",
            Raw::new(1, record(&[words("commitment"), commitment(), number(1)])).entry(),
        ),
        case(
            "body-extra-member",
            "unexpected_field",
            "a member that commitments do not have",
            good("commitment", record(&[words("transfer"), bytes(&[5; 32]), number(1)])).entry(),
        ),
        case("body-missing-member", "missing_field", "a batch without a root", good("batch", short).entry()),
        case("text-empty", "text_length", "an empty label", commitment_labelled("")),
        case("text-too-long", "text_length", "a label of 1,001 bytes", commitment_labelled(&longest)),
        case("text-line-break", "text_form", "a line break in a label", commitment_labelled("trans\nfer")),
        case(
            "text-space-at-end",
            "text_form",
            "white space at the end of a label",
            commitment_labelled("transfer "),
        ),
        case(
            "root-short",
            "bytes_length",
            "a root of 31 bytes",
            good("commitment", record(&[words("transfer"), bytes(&[5; 31])])).entry(),
        ),
        case(
            "institution-not-a-did",
            "text_form",
            "an institution that is a URL",
            batch_where(0, words("https://hn.example")),
        ),
        case(
            "event-unknown",
            "unknown_word",
            "an event that accreditations do not have",
            accredit("pause", &[reason()]),
        ),
        case(
            "revoke-without-reason",
            "missing_field",
            "a revocation without a reason",
            accredit("revoke", &[]),
        ),
        case("grant-without-scope", "missing_field", "a grant without a scope", accredit("grant", &[])),
        case(
            "revoke-with-scope",
            "unexpected_field",
            "a revocation with a scope",
            accredit("revoke", &[(3, scope()), reason()]),
        ),
        case(
            "succeed-without-successor",
            "missing_field",
            "a succession without a successor",
            accredit("succeed", &[]),
        ),
        case(
            "custodian-is-itself",
            "mandate_to_itself",
            "an institution as its own custodian",
            accredit("revoke", &[reason(), (9, record(&[lempira()]))]),
        ),
        case(
            "period-backwards",
            "period_backwards",
            "a period that ends when it begins",
            accredit("grant", &[(3, scope()), (5, number(DAY))]),
        ),
        case(
            "date-after-9999",
            "number_range",
            "a date after the year 9999",
            accredit("grant", &[(3, scope()), (5, number(253_402_300_800))]),
        ),
        case(
            "scope-without-kinds",
            "list_length",
            "a scope without kinds",
            scoped([array(&[]), levels.clone(), fields.clone(), place.clone()]),
        ),
        case(
            "scope-levels-order",
            "list_order",
            "levels that descend",
            scoped([kinds.clone(), array(&[number(3), number(2)]), fields.clone(), place.clone()]),
        ),
        case(
            "scope-level-9",
            "number_range",
            "ISCED level 9",
            scoped([kinds.clone(), array(&[number(9)]), fields.clone(), place.clone()]),
        ),
        case(
            "scope-field-one-digit",
            "text_form",
            "a field prefix of one digit",
            scoped([kinds.clone(), levels.clone(), array(&[words("0")]), place]),
        ),
        case(
            "scope-jurisdiction",
            "text_form",
            "a jurisdiction that is a name",
            scoped([kinds, levels, fields, words("Lempir")]),
        ),
        case(
            "key-role-unknown",
            "unknown_word",
            "a role that keys do not have",
            good("key", key_event("add", Some("read"), public(10))).entry(),
        ),
        case("key-small-order", "key_unusable", "a key of small order", with_key(bytes(&identity))),
        case(
            "key-off-curve",
            "key_unusable",
            "a key that is no point of the curve",
            with_key(bytes(&[2; 32])),
        ),
        case("key-short", "bytes_length", "a key of 31 bytes", with_key(bytes(&[2; 31]))),
        case(
            "authority-without-keys",
            "list_length",
            "an authority without keys",
            good("authority", authority(&[])).entry(),
        ),
        case(
            "authority-key-twice",
            "list_order",
            "an authority's key twice",
            good("authority", authority(&[own_key(public(1)), own_key(public(1))])).entry(),
        ),
        case("batch-leaves-32", "batch_leaves", "fewer than 64 leaves", batch_where(8, number(32))),
        case(
            "batch-leaves-96",
            "batch_leaves",
            "leaves that are no power of two",
            batch_where(8, number(96)),
        ),
        case(
            "batch-leaves-2097152",
            "batch_leaves",
            "more than 1,048,576 leaves",
            batch_where(8, number(1 << 21)),
        ),
        case("batch-level-9", "number_range", "ISCED level 9", batch_where(3, number(9))),
        case(
            "batch-fields-order",
            "list_order",
            "fields that descend",
            batch_where(4, array(&[words("0913"), words("0411")])),
        ),
        case(
            "batch-fields-twice",
            "list_order",
            "a field twice",
            batch_where(4, array(&[words("0411"), words("0411")])),
        ),
        case("batch-fields-none", "list_length", "no field", batch_where(4, array(&[]))),
        case(
            "batch-field-three-digits",
            "text_form",
            "a field of three digits",
            batch_where(4, array(&[words("041")])),
        ),
        case(
            "batch-claimed-backwards",
            "period_backwards",
            "claimed dates that end before they begin",
            batch_where(6, number(DAY - 1)),
        ),
        case(
            "batch-kind-capital",
            "text_form",
            "a credential kind with a capital",
            batch_where(2, words("Diploma")),
        ),
        case(
            "batch-for-itself",
            "mandate_to_itself",
            "a batch on behalf of its own issuer",
            batch_where(1, lempira()),
        ),
        case(
            "status-version-text",
            "wrong_type",
            "a version that is text",
            good(
                "status",
                record(&[
                    words("https://edu.hn.example/status/1"),
                    words("4"),
                    words("revocation"),
                    bytes(&[3; 32]),
                ]),
            )
            .entry(),
        ),
        case(
            "length-beyond-end",
            "cbor_truncated",
            "a list that claims 4 billion items",
            good("future", head(4, 0xffff_ffff)).entry(),
        ),
    ]
}

fn signatures() -> Vec<Case> {
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
