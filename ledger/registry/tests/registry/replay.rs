//! Replaying a log: in full, sparsely, without its times, and backwards by one.

use matricula_registry::{
    Body, Commitment, DoorError, EvidenceError, KeyEvent, KeyRole, KnownAt, LogOrigin, LogTime, Registry,
    Statement,
};
use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

use crate::country::{
    AUTHORITY, Country, accreditation, ask, authority, batch, day, grant, issue_key, key_statement, logged,
    origin, public_key, refused_at, restore, revoke, school, signing_key, suspend, text,
};

/// A log with something of everything, over five years.
pub fn eventful() -> Country {
    let mut country = Country::with_school();
    country.enrol(2, day(2021, 1, 1));
    country.batch(day(2021, 7, 1), 1, batch(1, day(2021, 6, 1), day(2021, 6, 2), 1)).unwrap();
    country.accredit(day(2022, 2, 1), accreditation(1, suspend(), day(2022, 2, 1), None)).unwrap();
    country.accredit(day(2022, 5, 1), accreditation(1, restore(), day(2022, 4, 1), None)).unwrap();
    country.batch(day(2022, 7, 1), 1, batch(1, day(2022, 6, 1), day(2022, 6, 2), 2)).unwrap();
    country.key(day(2023, 1, 1), 2, issue_key(2), KeyEvent::Retire { at: day(2023, 1, 1) }).unwrap();
    country.accredit(day(2024, 2, 1), accreditation(1, revoke(), day(2023, 9, 1), None)).unwrap();
    country
        .accredit(day(2025, 2, 1), accreditation(1, restore(), day(2023, 9, 1), Some(day(2024, 1, 1))))
        .unwrap();
    country
}

fn leaves(country: &Country) -> impl Iterator<Item = (LeafIndex, UnixSeconds, &[u8])> {
    let entries = country.entries.iter().enumerate();
    entries.map(|(index, (now, entry))| (LeafIndex::new(index as u64), *now, entry.as_slice()))
}

fn same_answers(a: &Registry, b: &Registry) {
    for number in [1, 2] {
        for half_months in 0..150 {
            let at = UnixSeconds::new(day(2019, 12, 1).get() + half_months * 15 * 86_400);
            for known_at in (0..a.next_index().get()).map(|index| KnownAt::Index(LeafIndex::new(index))) {
                let answer = |registry| ask(registry, number, None, at, logged(at), known_at).code();
                assert_eq!(answer(a), answer(b), "school {number} at {at}, {known_at:?}");
            }
        }
    }
}

#[test]
fn a_mirror_admits_an_honest_log_without_knowing_its_times() {
    let country = eventful();
    for window in [
        LogTime::between(UnixSeconds::new(0), day(2030, 1, 1)),
        LogTime::between(day(2019, 1, 1), day(2026, 1, 1)),
    ] {
        let mut mirror = Registry::new(origin(), [public_key(AUTHORITY)]);
        for (index, _, entry) in leaves(&country) {
            mirror.replay(index, window, entry).unwrap();
        }
        same_answers(&country.registry, &mirror);
    }
}

#[test]
fn a_mirror_refuses_what_no_second_of_the_window_allows() {
    let country = {
        let mut country = Country::with_school();
        country.accredit(day(2024, 2, 1), accreditation(1, revoke(), day(2024, 2, 1), None)).unwrap();
        country
    };
    let body = Body::Batch(batch(1, day(2024, 1, 1), day(2024, 1, 10), 1));
    let statement = country.sign(issue_key(1), &body).countersign(&signing_key(11)).unwrap();
    let replay = |from, to| {
        let mut mirror = country.registry.clone();
        mirror.replay(mirror.next_index(), LogTime::between(from, to), statement.entry())
    };
    assert_eq!(replay(day(2024, 1, 31), day(2024, 3, 1)), Ok(()));
    assert_eq!(
        refused_at(replay(day(2024, 2, 1), day(2024, 3, 1)).unwrap_err()),
        (day(2024, 3, 1), "revoked")
    );
}

#[test]
fn a_mirror_finds_the_second_at_which_a_closed_school_could_still_commit() {
    let mut country = Country::with_school();
    country.accredit(day(2023, 1, 1), accreditation(1, suspend(), day(2022, 1, 1), None)).unwrap();
    country
        .accredit(day(2023, 1, 1), accreditation(1, restore(), day(2024, 2, 1), Some(day(2024, 2, 2))))
        .unwrap();
    let root = Hash::from_bytes([5; 32]);
    let body = Body::Commitment(Commitment { label: text("transfer"), root });
    let statement = country.sign(issue_key(1), &body);
    let replay = |from, to| {
        let mut mirror = country.registry.clone();
        mirror.replay(mirror.next_index(), LogTime::between(from, to), statement.entry())
    };
    assert_eq!(replay(day(2024, 1, 1), day(2024, 3, 1)), Ok(()));
    assert_eq!(
        refused_at(replay(day(2024, 2, 2), day(2024, 3, 1)).unwrap_err()),
        (day(2024, 3, 1), "suspended")
    );
}

#[test]
fn a_mirror_refuses_a_log_that_let_a_stranger_in() {
    let mut mirror = Country::with_school().registry;
    let forged = Country::with_school()
        .sign(99, &Body::Accreditation(accreditation(9, grant(), day(2020, 1, 1), None)));
    let window = LogTime::between(UnixSeconds::new(0), day(2030, 1, 1));
    let refused = mirror.replay(mirror.next_index(), window, forged.entry());
    assert_eq!(refused, Err(DoorError::UnknownSigner { signer: public_key(99) }));
    assert!(mirror.institution(&school(9)).is_none());
}

#[test]
fn evidence_in_any_order_answers_as_the_whole_log() {
    let country = eventful();
    let mut forwards = Registry::new(origin(), [public_key(AUTHORITY)]);
    let mut backwards = forwards.clone();
    for (index, now, entry) in leaves(&country) {
        forwards.apply_evidence(index, Some(now), &Statement::parse(entry).unwrap()).unwrap();
    }
    for (index, now, entry) in leaves(&country).collect::<Vec<_>>().into_iter().rev().chain(leaves(&country))
    {
        backwards.apply_evidence(index, Some(now), &Statement::parse(entry).unwrap()).unwrap();
    }
    same_answers(&country.registry, &forwards);
    same_answers(&country.registry, &backwards);
    assert_eq!(backwards.next_index(), country.registry.next_index());
    assert_eq!(backwards.negative_events().len(), country.registry.negative_events().len());
}

#[test]
fn a_record_and_a_trust_file_are_enough_for_its_school() {
    let country = eventful();
    let mut sparse = Registry::new(origin(), [public_key(AUTHORITY)]);
    let of_school_1 = |entry: &[u8]| match Statement::parse(entry).unwrap().body() {
        Body::Accreditation(body) => body.institution == school(1),
        Body::Key(body) => body.institution == school(1),
        _ => false,
    };
    for (index, now, entry) in leaves(&country).filter(|(_, _, entry)| of_school_1(entry)) {
        sparse.apply_evidence(index, Some(now), &Statement::parse(entry).unwrap()).unwrap();
    }
    for half_months in 0..150 {
        let at = UnixSeconds::new(day(2019, 12, 1).get() + half_months * 15 * 86_400);
        let answer = |registry| ask(registry, 1, None, at, logged(at), KnownAt::Latest);
        assert_eq!(answer(&sparse), answer(&country.registry));
    }
    let unknown = ask(&sparse, 2, None, day(2022, 1, 1), logged(day(2022, 1, 1)), KnownAt::Latest);
    assert_eq!(unknown.code(), "unknown_signer");
}

#[test]
fn evidence_makes_no_school_of_anybody() {
    let country = Country::with_school();
    let mut registry = country.registry.clone();
    let mut give = |index: u64, seed, body: &Body| {
        let statement = country.sign_replacing(seed, body, None);
        registry.apply_evidence(LeafIndex::new(index), None, &statement)
    };
    let mine = Body::Accreditation(accreditation(9, grant(), day(2020, 1, 1), None));
    for seed in [99, issue_key(1)] {
        assert_eq!(give(10, seed, &mine), Err(EvidenceError::NotTheAuthority { signer: public_key(seed) }));
    }
    let crown = Body::Authority(authority(&[99]));
    assert_eq!(give(10, 99, &crown), Err(EvidenceError::NotTheAuthority { signer: public_key(99) }));
    let add = KeyEvent::Add { role: KeyRole::Issue, from: day(2020, 1, 1) };
    let key = Body::Key(key_statement(1, 15, add));
    assert_eq!(
        give(10, issue_key(1), &key),
        Err(EvidenceError::NotTheAuthority { signer: public_key(issue_key(1)) })
    );
    let stolen = Body::Key(key_statement(2, issue_key(1), add));
    let owner = EvidenceError::KeyBoundElsewhere { key: public_key(issue_key(1)), institution: school(1) };
    assert_eq!(give(10, AUTHORITY, &stolen), Err(owner));
    give(10, AUTHORITY, &mine).unwrap();
    give(11, AUTHORITY, &key).unwrap();
    give(12, issue_key(1), &Body::Key(key_statement(1, 15, KeyEvent::Retire { at: day(2025, 1, 1) })))
        .unwrap();
}

#[test]
fn evidence_of_another_log_or_for_a_taken_leaf_is_refused() {
    let country = Country::with_school();
    let mut registry = country.registry.clone();
    let body = Body::Accreditation(accreditation(1, suspend(), day(2024, 1, 1), None));
    let foreign_log = LogOrigin::parse("ledger.sn.example/registry").unwrap();
    let foreign = Statement::sign(&body, &foreign_log, [0; 16], None, &signing_key(AUTHORITY)).unwrap();
    let got = registry.apply_evidence(LeafIndex::new(9), None, &foreign);
    assert_eq!(got, Err(EvidenceError::OtherLog { expected: origin(), got: foreign_log }));

    let statement = country.sign(AUTHORITY, &body);
    let taken = registry.institution(&school(1)).unwrap().history()[0].recorded.index;
    let got = registry.apply_evidence(taken, None, &statement);
    assert_eq!(got, Err(EvidenceError::IndexTaken { index: taken }));
    registry.apply_evidence(LeafIndex::new(9), None, &statement).unwrap();
}

#[test]
fn undoing_leaves_no_trace_and_goes_last_in_first_out() {
    let whole = eventful();
    let mut country = Country::blank();
    let mut applied = Vec::new();
    for (index, now, entry) in leaves(&whole) {
        let admitted = country.registry.admit(index, now, entry).unwrap();
        applied.push(country.registry.apply(admitted).unwrap());
        if index.get() == 2 {
            let first = applied.remove(0);
            let refused = country.registry.undo(first).unwrap_err();
            assert_eq!((refused.index.get(), refused.next.get()), (0, 3));
        }
    }
    // The authority statement's token is gone; everything after it can be undone and done again.
    while let Some(last) = applied.pop() {
        country.registry.undo(last).unwrap();
    }
    assert_eq!(country.registry.next_index(), LeafIndex::new(1));
    assert_eq!(country.registry.institutions().len(), 0);
    assert_eq!(country.registry.negative_events().len(), 0);
    for (index, now, entry) in leaves(&whole).skip(1) {
        let admitted = country.registry.admit(index, now, entry).unwrap();
        country.registry.apply(admitted).unwrap();
    }
    same_answers(&whole.registry, &country.registry);
}
