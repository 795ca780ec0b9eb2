//! Successors and custodians: who signs for learners of a school that no longer may.

use matricula_registry::{
    AccreditationEvent, Batch, CredentialKind, DoorError, FieldList, IscedField, KnownAt,
};
use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::country::{
    Country, accreditation, ask, batch, day, grant, issue_key, level, logged, mandate, public_key,
    refused_at, restore, revoke, school, scope, suspend,
};

const CLOSED: (u64, u64, u64) = (2024, 6, 1);

fn closed() -> UnixSeconds {
    day(CLOSED.0, CLOSED.1, CLOSED.2)
}

/// School 1 is followed by school 2 until the end of 2025; school 3 has nothing to do with it.
fn succeeded() -> Country {
    let mut country = Country::with_school();
    country.enrol(2, day(2022, 1, 1));
    country.enrol(3, day(2022, 1, 1));
    let event = AccreditationEvent::Succeed { successor: mandate(2, Some(day(2026, 1, 1))), custodian: None };
    country.accredit(closed(), accreditation(1, event, closed(), None)).unwrap();
    country
}

fn for_school_1(number: u8, claimed: UnixSeconds, mark: u8) -> Batch {
    Batch { on_behalf_of: Some(school(1)), ..batch(number, claimed, claimed, mark) }
}

#[test]
fn a_successor_signs_for_the_predecessor_within_its_scope_and_time() {
    let mut country = succeeded();
    // Before school 2 existed, and up to the day on which school 1 ceased.
    country.batch(day(2024, 7, 1), 2, for_school_1(2, day(2021, 6, 1), 1)).unwrap();
    country.batch(day(2024, 12, 1), 2, for_school_1(2, day(2024, 5, 31), 2)).unwrap();
    country.batch(day(2025, 12, 31), 2, for_school_1(2, day(2024, 5, 1), 3)).unwrap();

    let late = country.batch(day(2026, 1, 1), 2, for_school_1(2, day(2024, 5, 1), 4));
    assert_eq!(refused_at(late.unwrap_err()).1, "mandate_ended");
    let early = country.batch(day(2024, 7, 1), 2, for_school_1(2, day(2024, 5, 1), 1));
    assert!(matches!(early, Err(DoorError::DuplicateBatch { .. })));
}

#[test]
fn nobody_signs_for_another_without_a_mandate() {
    let mut country = succeeded();
    let stranger = country.batch(day(2024, 7, 1), 3, for_school_1(3, day(2024, 5, 1), 1));
    assert_eq!(refused_at(stranger.unwrap_err()).1, "no_mandate");
    let body = Batch { on_behalf_of: Some(school(3)), ..batch(2, day(2024, 5, 1), day(2024, 5, 1), 1) };
    let alive = country.batch(day(2024, 7, 1), 2, body);
    assert_eq!(refused_at(alive.unwrap_err()).1, "no_mandate");
    let body = Batch { on_behalf_of: Some(school(9)), ..batch(2, day(2024, 5, 1), day(2024, 5, 1), 1) };
    assert_eq!(refused_at(country.batch(day(2024, 7, 1), 2, body).unwrap_err()).1, "no_mandate");
}

#[test]
fn a_mandate_does_not_hold_before_it_begins() {
    let mut country = succeeded();
    let registry = country.registry.clone();
    let asks = |at, known_at| ask(&registry, 2, Some(1), day(2023, 5, 1), logged(at), known_at).code();
    assert_eq!(asks(UnixSeconds::new(closed().get() - 1), KnownAt::Latest), "no_mandate");
    assert_eq!(asks(closed(), KnownAt::Latest), "authorised");
    let before = KnownAt::Index(LeafIndex::new(registry.next_index().get() - 2));
    assert_eq!(asks(closed(), before), "no_mandate");
    country.batch(closed(), 2, for_school_1(2, day(2023, 5, 1), 1)).unwrap();
}

#[test]
fn the_predecessor_itself_signs_no_more() {
    let mut country = succeeded();
    let own = country.batch(day(2024, 7, 1), 1, batch(1, day(2024, 5, 1), day(2024, 5, 1), 1));
    assert_eq!(refused_at(own.unwrap_err()), (day(2024, 7, 1), "succeeded"));
}

#[test]
fn a_mandate_gives_the_predecessors_scope_not_the_holders() {
    let mut country = Country::with_school();
    country.enrol(2, day(2022, 1, 1));
    let narrow = scope(&[CredentialKind::DIPLOMA], &[3], &["04"]);
    let event = AccreditationEvent::Grant { scope: narrow };
    country.accredit(day(2022, 1, 1), accreditation(1, event, day(2022, 1, 1), None)).unwrap();
    let event = AccreditationEvent::Revoke { custodian: Some(mandate(2, None)) };
    country.accredit(closed(), accreditation(1, event, closed(), None)).unwrap();

    country.batch(day(2024, 7, 1), 2, for_school_1(2, day(2024, 5, 1), 1)).unwrap();
    let nursing = FieldList::new([IscedField::parse("0913").unwrap()]).unwrap();
    let body = Batch { isced_f: nursing, ..for_school_1(2, day(2024, 5, 1), 2) };
    assert_eq!(refused_at(country.batch(day(2024, 7, 1), 2, body.clone()).unwrap_err()).1, "scope_exceeded");
    country.batch(day(2024, 7, 1), 2, Batch { on_behalf_of: None, ..body }).unwrap();
}

#[test]
fn a_custodian_signs_for_innocent_learners_of_the_revoked_period() {
    let mut country = Country::with_school();
    country.enrol(2, day(2022, 1, 1));
    let event = AccreditationEvent::Revoke { custodian: Some(mandate(2, None)) };
    country.accredit(closed(), accreditation(1, event, day(2023, 1, 1), None)).unwrap();
    // The revocation is for the past: until it was logged, school 1 had learners.
    country.batch(day(2024, 7, 1), 2, for_school_1(2, day(2023, 11, 1), 1)).unwrap();
    country.batch(day(2024, 7, 1), 2, for_school_1(2, day(2024, 5, 1), 2)).unwrap();
    let beyond = Batch { isced_level: level(6), ..for_school_1(2, day(2024, 5, 1), 3) };
    assert_eq!(refused_at(country.batch(day(2024, 7, 1), 2, beyond).unwrap_err()).1, "scope_exceeded");
}

#[test]
fn nobody_dates_a_record_after_the_predecessors_end() {
    let succeed = || AccreditationEvent::Succeed { successor: mandate(2, None), custodian: None };
    let revoke = || AccreditationEvent::Revoke { custodian: Some(mandate(2, None)) };
    let suspend = || AccreditationEvent::Suspend { custodian: Some(mandate(2, None)) };
    let earlier = day(2023, 1, 1);
    let second_before = |date: UnixSeconds| UnixSeconds::new(date.get() - 1);
    // (event, effective from, logged, claimed, refused with)
    let rows = [
        (succeed(), closed(), closed(), second_before(closed()), None),
        (succeed(), closed(), closed(), closed(), Some("succeeded")),
        (succeed(), closed(), closed(), day(2024, 11, 1), Some("succeeded")),
        (revoke(), closed(), closed(), second_before(closed()), None),
        (revoke(), closed(), closed(), closed(), Some("revoked")),
        // Announced before it holds: it ends on its date.
        (succeed(), closed(), earlier, second_before(closed()), None),
        (succeed(), closed(), earlier, closed(), Some("succeeded")),
        // For the past: it ends when it is logged.
        (revoke(), earlier, closed(), earlier, None),
        (revoke(), earlier, closed(), second_before(closed()), None),
        (revoke(), earlier, closed(), closed(), Some("revoked")),
        // A suspended school goes on teaching.
        (suspend(), closed(), closed(), day(2024, 11, 1), None),
    ];
    for (event, from, logged_on, claimed, want) in rows {
        let mut country = Country::with_school();
        country.enrol(2, day(2022, 1, 1));
        country.accredit(logged_on, accreditation(1, event.clone(), from, None)).unwrap();
        let got = country.batch(day(2024, 12, 1), 2, for_school_1(2, claimed, 1));
        assert_eq!(got.map_err(refused_at).err(), want.map(|code| (claimed, code)), "{event:?}, {claimed}");
    }
}

#[test]
fn a_range_of_dates_that_begins_before_the_end_and_reaches_beyond_is_refused() {
    let mut country = succeeded();
    let over = Batch { on_behalf_of: Some(school(1)), ..batch(2, day(2024, 5, 1), day(2024, 6, 2), 1) };
    let refused = country.batch(day(2024, 7, 1), 2, over).unwrap_err();
    assert_eq!(refused_at(refused), (closed(), "succeeded"));
}

#[test]
fn a_restored_school_has_not_ended_for_its_custodian() {
    let mut country = Country::with_school();
    country.enrol(2, day(2022, 1, 1));
    let (ended, back, again) = (day(2024, 1, 1), day(2024, 3, 1), day(2024, 6, 1));
    country.accredit(ended, accreditation(1, revoke(), ended, None)).unwrap();
    country.accredit(back, accreditation(1, restore(), ended, None)).unwrap();
    let event = AccreditationEvent::Revoke { custodian: Some(mandate(2, None)) };
    country.accredit(again, accreditation(1, event, again, None)).unwrap();
    country.batch(day(2024, 7, 1), 2, for_school_1(2, day(2024, 2, 1), 1)).unwrap();
}

#[test]
fn whoever_prepares_a_batch_foresees_what_the_door_says() {
    let country = succeeded();
    let key = |number| public_key(issue_key(number));
    let now = day(2024, 7, 1);
    let foresees = |number, body: Batch| {
        let foreseen = country.registry.foresee_batch(&body, &key(number), now);
        let decided = country.registry.clone();
        let mut country = Country { registry: decided, entries: Vec::new() };
        assert_eq!(foreseen, country.batch(now, number, body).map(drop));
        foreseen.map_err(|error| error.code())
    };
    assert_eq!(foresees(2, for_school_1(2, day(2024, 5, 1), 1)), Ok(()));
    assert_eq!(foresees(2, for_school_1(2, day(2024, 6, 1), 1)), Err("succeeded"));
    assert_eq!(foresees(3, for_school_1(3, day(2024, 5, 1), 1)), Err("no_mandate"));
    assert_eq!(foresees(1, batch(1, day(2024, 5, 1), day(2024, 5, 1), 1)), Err("succeeded"));
    let beyond = Batch { isced_level: level(6), ..batch(3, day(2024, 5, 1), day(2024, 5, 1), 1) };
    assert_eq!(foresees(3, beyond), Err("scope_exceeded"));
    let tomorrow_week = day(2024, 7, 8);
    assert_eq!(foresees(3, batch(3, tomorrow_week, tomorrow_week, 1)), Err("dated_in_future"));
}

#[test]
fn a_custodian_of_a_suspended_school_ends_with_the_suspension() {
    let mut country = Country::with_school();
    country.enrol(2, day(2022, 1, 1));
    let event = AccreditationEvent::Suspend { custodian: Some(mandate(2, None)) };
    country.accredit(day(2024, 2, 1), accreditation(1, event, day(2024, 2, 1), None)).unwrap();
    country.batch(day(2024, 3, 1), 2, for_school_1(2, day(2024, 2, 20), 1)).unwrap();
    country.accredit(day(2024, 4, 1), accreditation(1, restore(), day(2024, 4, 1), None)).unwrap();
    let after = country.batch(day(2024, 4, 1), 2, for_school_1(2, day(2024, 2, 20), 2));
    assert_eq!(refused_at(after.unwrap_err()).1, "no_mandate");
}

#[test]
fn a_custodian_without_rights_of_its_own_signs_for_nobody() {
    for (event, want) in [(revoke(), "revoked"), (suspend(), "suspended")] {
        let mut country = succeeded();
        country.accredit(day(2024, 8, 1), accreditation(2, event, day(2024, 8, 1), None)).unwrap();
        let refused = country.batch(day(2024, 8, 1), 2, for_school_1(2, day(2024, 5, 1), 1));
        assert_eq!(refused_at(refused.unwrap_err()).1, want);
    }
}

#[test]
fn claimed_dates_that_the_predecessor_was_never_granted_are_refused() {
    let country = succeeded();
    let asks = |claimed| {
        ask(&country.registry, 2, Some(1), claimed, logged(day(2024, 7, 1)), KnownAt::Latest).code()
    };
    assert_eq!(asks(day(2019, 12, 31)), "not_yet_accredited");
    assert_eq!(asks(day(2020, 1, 1)), "authorised");
}

#[test]
fn a_mandate_goes_to_an_institution_of_this_log_and_to_another_one() {
    let mut country = Country::with_school();
    let to = |number| AccreditationEvent::Revoke { custodian: Some(mandate(number, None)) };
    let unknown = country.accredit(closed(), accreditation(1, to(2), closed(), None));
    assert_eq!(unknown.unwrap_err(), DoorError::UnknownInstitution { institution: school(2) });
    country.accredit(closed(), accreditation(2, grant(), closed(), None)).unwrap();
    country.accredit(closed(), accreditation(1, to(2), closed(), None)).unwrap();
}
