//! The cases behind the files under `tests/vectors/statement`: one good statement of each sort, and for
//! every defect one statement that is good but for it, its signatures included.

mod accepted;
mod bodies;
mod encodings;
mod headers;

use ed25519_dalek::SigningKey;

use crate::raw::{Item, Raw, array, bytes, number, numbered, record, words};

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
    [
        accepted::accepted(),
        encodings::encodings(),
        encodings::envelopes(),
        headers::headers(),
        headers::countersignatures(),
        bodies::bodies(),
        headers::signatures(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
