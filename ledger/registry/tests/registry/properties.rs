//! What holds for every statement and every history.

use matricula_registry::{
    AccreditationEvent, Body, Commitment, Evidence, KeyEvent, KnownAt, Registry, Statement, StatementId,
};
use matricula_tlog::{Hash, LeafIndex, UnixSeconds};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::country::{
    AUTHORITY, Country, accreditation, ask, batch, day, grant, issue_key, key_statement, origin, public_key,
    restore, revoke, signing_key, suspend, text,
};

fn date() -> impl Strategy<Value = UnixSeconds> {
    (day(2020, 1, 1).get()..day(2025, 1, 1).get()).prop_map(UnixSeconds::new)
}

fn period() -> impl Strategy<Value = (UnixSeconds, Option<UnixSeconds>)> {
    (date(), prop::option::of(1..50_000_000_u64))
        .prop_map(|(from, length)| (from, length.map(|length| UnixSeconds::new(from.get() + length))))
}

fn event() -> impl Strategy<Value = AccreditationEvent> {
    prop_oneof![Just(grant()), Just(suspend()), Just(restore()), Just(revoke())]
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (event(), period(), 1..9_u8).prop_map(|(event, (from, to), number)| Body::Accreditation(
            accreditation(number, event, from, to)
        )),
        ("[a-z]{1,30}", any::<[u8; 32]>()).prop_map(|(label, root)| {
            Body::Commitment(Commitment { label: text(&label), root: Hash::from_bytes(root) })
        }),
        (date(), any::<u8>()).prop_map(|(at, mark)| Body::Batch(batch(1, at, at, mark))),
        (date(), 1..200_u8).prop_map(|(at, seed)| Body::Key(key_statement(1, seed, KeyEvent::Retire { at }))),
        prop::collection::vec(any::<u8>(), 0..23).prop_map(|bytes| {
            let body = [vec![0x40 | bytes.len() as u8], bytes].concat();
            Body::Unknown { kind: "future".to_owned(), body }
        }),
    ]
}

fn statement() -> impl Strategy<Value = Statement> {
    (
        body(),
        any::<[u8; 16]>(),
        prop::option::of(any::<[u8; 32]>()),
        prop::collection::btree_set(2..50_u8, 0..3),
    )
        .prop_map(|(body, nonce, replaces, countersigners)| {
            let replaces = replaces.map(|leaf| StatementId::new(Hash::from_bytes(leaf)));
            let statement =
                Statement::sign(&body, &origin(), nonce, replaces, &signing_key(AUTHORITY)).unwrap();
            countersigners
                .into_iter()
                .fold(statement, |statement, seed| statement.countersign(&signing_key(seed)).unwrap())
        })
}

/// A history of school 1 as the door took it: events that it refused are left out.
fn histories() -> impl Strategy<Value = Country> {
    prop::collection::vec((event(), period()), 1..12).prop_map(|events| {
        let mut country = Country::with_school();
        for (event, (from, to)) in events {
            let _ = country.accredit(day(2025, 1, 1), accreditation(1, event, from, to));
        }
        country
    })
}

proptest! {
    #[test]
    fn parsing_gives_back_what_was_signed(statement in statement()) {
        let parsed = Statement::parse(statement.entry()).unwrap();
        prop_assert_eq!(parsed.entry(), statement.entry());
        prop_assert_eq!(&parsed, &statement);
        prop_assert!(parsed.verify_signatures().is_ok());
    }

    #[test]
    fn a_flipped_bit_is_refused(statement in statement(), place in any::<prop::sample::Index>()) {
        let mut entry = statement.into_entry();
        let bit = place.index(entry.len() * 8);
        entry[bit / 8] ^= 1 << (bit % 8);
        let taken = Statement::parse(&entry).is_ok_and(|statement| statement.verify_signatures().is_ok());
        prop_assert!(!taken, "bit {bit}");
    }

    #[test]
    fn what_parses_has_one_encoding(
        statement in statement(),
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut entry = statement.into_entry();
        let place = place.index(entry.len());
        entry[place] = value;
        if let Ok(parsed) = Statement::parse(&entry) {
            prop_assert_eq!(&canonical(&entry).0, &entry);
            let header = parsed.header();
            if header.signer == public_key(AUTHORITY) {
                let (body, key) = (parsed.body(), signing_key(AUTHORITY));
                let again = Statement::sign(body, &header.origin, header.nonce, header.replaces, &key).unwrap();
                prop_assert_eq!(signed_parts(&entry), signed_parts(again.entry()));
            }
        }
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Statement::parse(&bytes).is_err());
        let tagged = [&[0xd2, 0x84], bytes.as_slice()].concat();
        prop_assert!(Statement::parse(&tagged).is_err());
    }

    #[test]
    fn sparse_evidence_in_any_order_answers_as_the_full_replay(
        (country, order) in histories().prop_flat_map(|country| {
            let leaves: Vec<usize> = (0..country.entries.len()).collect();
            (Just(country.entries), Just(leaves).prop_shuffle())
        }),
        at in date(),
        known in 0..20_u64,
    ) {
        let mut full = Registry::new(origin(), [public_key(AUTHORITY)]);
        let mut sparse = full.clone();
        for (index, (now, entry)) in country.iter().enumerate() {
            let admitted = full.admit(LeafIndex::new(index as u64), *now, entry).unwrap();
            full.apply(admitted).unwrap();
        }
        for leaf in order {
            let (now, entry) = &country[leaf];
            sparse.apply_evidence(LeafIndex::new(leaf as u64), Some(*now), &Statement::parse(entry).unwrap()).unwrap();
        }
        for known_at in [KnownAt::Latest, KnownAt::Index(LeafIndex::new(known))] {
            for evidence in [Evidence::Logged { at }, Evidence::NotLogged { as_of: day(2025, 1, 1) }] {
                let answer = |registry| ask(registry, 1, None, at, evidence, known_at);
                prop_assert_eq!(answer(&full), answer(&sparse));
            }
        }
    }

    #[test]
    fn an_answer_changes_only_by_statements_about_the_school_or_its_keys(
        country in histories(),
        at in date(),
        label in "[a-z]{1,9}",
    ) {
        let before = ask(&country.registry, 1, None, at, Evidence::Logged { at }, KnownAt::Latest);
        let mut country = country;
        let other = Body::Commitment(Commitment { label: text(&label), root: Hash::from_bytes([1; 32]) });
        country.log(day(2025, 1, 1), issue_key(1), &other).ok();
        country.enrol(2, day(2025, 1, 1));
        country.accredit(day(2025, 1, 1), accreditation(2, revoke(), at, None)).unwrap();
        prop_assert_eq!(ask(&country.registry, 1, None, at, Evidence::Logged { at }, KnownAt::Latest), before);
    }
}

/// The protected header and the payload of an entry, as encoded.
fn signed_parts(entry: &[u8]) -> (&[u8], &[u8]) {
    let protected = &entry[2..];
    let unprotected = &protected[canonical(protected).1..];
    let payload = &unprotected[canonical(unprotected).1..];
    (&protected[..canonical(protected).1], &payload[..canonical(payload).1])
}

/// Reads one CBOR item leniently and writes it strictly: its encoding, and how many bytes it had.
fn canonical(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (major, info) = (bytes[0] >> 5, bytes[0] & 0x1f);
    let width = match info {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => 0,
    };
    let argument = match width {
        0 => u64::from(info),
        _ => bytes[1..=width].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    };
    let (mut out, mut at) = (crate::raw::head(major, argument), 1 + width);
    match major {
        2 | 3 => {
            out.extend(&bytes[at..at + argument as usize]);
            at += argument as usize;
        }
        4..=6 => {
            let items = match major {
                4 => argument,
                5 => 2 * argument,
                _ => 1,
            };
            for _ in 0..items {
                let (item, length) = canonical(&bytes[at..]);
                out.extend(item);
                at += length;
            }
        }
        _ => {}
    }
    (out, at)
}
