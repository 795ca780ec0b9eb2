//! A good statement of each sort.

use crate::{
    cases::{
        Case, DAY, accreditation, authority, batch, case, choluteca, commitment, good, in_key_order, key,
        key_event, public, reason, scope,
    },
    raw::{Item, array, bytes, header, map, negative, number, record, words},
};

pub fn accepted() -> Vec<Case> {
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
