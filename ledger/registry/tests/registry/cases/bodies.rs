//! Defects of payloads.

use crate::{
    cases::{
        Case, DAY, accreditation, authority, batch_where, batch_with, case, commitment, good, key_event,
        lempira, public, reason, scope,
    },
    raw::{Item, Raw, array, bytes, head, number, record, words},
};

pub fn bodies() -> Vec<Case> {
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
            "text-direction",
            "text_form",
            "a directional override in a label",
            commitment_labelled("trans\u{202e}fer"),
        ),
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
