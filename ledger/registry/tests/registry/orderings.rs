//! Every order of claimed date, log date and event that matters, as tables.

use matricula_registry::{AccreditationEvent, Evidence, KeyEvent, KnownAt, Refusal};
use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::country::{
    Country, accreditation, batch, day, grant, issue_key, logged, refusal, refused_at, restore, revoke,
    suspend,
};

/// (claimed, what the registry answers for that date)
type ByDate = [(UnixSeconds, &'static str)];

fn answers(country: &Country, rows: &ByDate, signed_at: UnixSeconds, known_at: KnownAt) {
    for (claimed, want) in rows {
        let got = country.asks(1, *claimed, logged(signed_at), known_at).code();
        assert_eq!(got, *want, "claimed {claimed}, known {known_at:?}");
    }
}

#[test]
fn a_revocation_counts_from_its_date() {
    let mut country = Country::with_school();
    let before = KnownAt::Index(LeafIndex::new(country.registry.next_index().get() - 1));
    country.accredit(day(2024, 6, 1), accreditation(1, revoke(), day(2024, 6, 1), None)).unwrap();
    let rows = [
        (day(2019, 12, 31), "not_yet_accredited"),
        (day(2020, 1, 1), "authorised"),
        (day(2024, 5, 31), "authorised"),
        (UnixSeconds::new(day(2024, 6, 1).get() - 1), "authorised"),
        (day(2024, 6, 1), "revoked"),
        (day(2026, 1, 1), "revoked"),
    ];
    answers(&country, &rows, day(2024, 5, 1), KnownAt::Latest);
    answers(&country, &[(day(2026, 1, 1), "authorised")], day(2024, 5, 1), before);
}

#[test]
fn the_door_refuses_a_batch_logged_on_or_after_the_revocation() {
    let claimed = (day(2024, 5, 1), day(2024, 5, 20));
    for (logged_on, want) in [
        (day(2024, 5, 31), None),
        (day(2024, 6, 1), Some((day(2024, 6, 1), "revoked"))),
        (day(2024, 6, 2), Some((day(2024, 6, 2), "revoked"))),
    ] {
        let mut country = Country::with_school();
        country.accredit(day(2024, 5, 25), accreditation(1, revoke(), day(2024, 6, 1), None)).unwrap();
        let got = country.batch(logged_on, 1, batch(1, claimed.0, claimed.1, 1)).map_err(refused_at);
        assert_eq!(got.err(), want, "logged {logged_on}");
    }
}

#[test]
fn the_door_refuses_claimed_dates_on_or_after_a_suspension_and_takes_those_before_and_after_it() {
    for (from, to, want) in [
        (day(2023, 1, 1), day(2023, 1, 31), None),
        (day(2023, 1, 1), day(2023, 2, 1), Some((day(2023, 2, 1), "suspended"))),
        (day(2023, 2, 10), day(2023, 2, 20), Some((day(2023, 2, 10), "suspended"))),
        (day(2023, 1, 1), day(2023, 4, 1), Some((day(2023, 2, 1), "suspended"))),
        (day(2023, 3, 1), day(2023, 4, 1), None),
    ] {
        let mut country = Country::with_school();
        country
            .accredit(day(2023, 2, 1), accreditation(1, suspend(), day(2023, 2, 1), Some(day(2023, 3, 1))))
            .unwrap();
        let got = country.batch(day(2023, 4, 2), 1, batch(1, from, to, 1)).map_err(refused_at);
        assert_eq!(got.err(), want, "claimed {from} to {to}");
    }
}

#[test]
fn a_suspension_ends_when_the_school_is_restored() {
    let mut country = Country::with_school();
    country.accredit(day(2023, 2, 1), accreditation(1, suspend(), day(2023, 2, 1), None)).unwrap();
    let suspended = KnownAt::Index(LeafIndex::new(country.registry.next_index().get() - 1));
    country.accredit(day(2023, 5, 1), accreditation(1, restore(), day(2023, 5, 1), None)).unwrap();
    let rows = [
        (day(2023, 1, 31), "authorised"),
        (day(2023, 2, 1), "suspended"),
        (day(2023, 4, 30), "suspended"),
        (day(2023, 5, 1), "authorised"),
    ];
    answers(&country, &rows, day(2023, 5, 2), KnownAt::Latest);
    answers(&country, &[(day(2023, 5, 1), "suspended")], day(2023, 5, 2), suspended);
}

#[test]
fn a_retroactive_grant_covers_dates_before_it_was_logged_and_shows_both_dates() {
    let mut country = Country::with_school();
    let before = KnownAt::Index(LeafIndex::new(country.registry.next_index().get() - 1));
    let refused = country.batch(day(2020, 2, 1), 1, batch(1, day(2019, 11, 20), day(2019, 12, 1), 1));
    assert_eq!(refused_at(refused.unwrap_err()), (day(2019, 11, 20), "not_yet_accredited"));

    let at = country
        .accredit(day(2020, 2, 1), accreditation(1, grant(), day(2019, 9, 1), Some(day(2020, 1, 1))))
        .unwrap();
    country.batch(day(2020, 2, 1), 1, batch(1, day(2019, 11, 20), day(2019, 12, 1), 1)).unwrap();

    answers(&country, &[(day(2019, 11, 20), "not_yet_accredited")], day(2020, 2, 1), before);
    let matricula_registry::Authorisation::Authorised(grounds) =
        country.asks(1, day(2019, 11, 20), logged(day(2020, 2, 1)), KnownAt::Latest)
    else {
        panic!("refused");
    };
    assert!(grounds.is_retroactive());
    assert_eq!(grounds.effective.from(), day(2019, 9, 1));
    assert_eq!((grounds.recorded.index, grounds.recorded.at), (at, Some(day(2020, 2, 1))));
}

#[test]
fn a_grant_on_its_own_day_is_not_retroactive() {
    let country = Country::with_school();
    let answer = country.asks(1, day(2021, 1, 1), logged(day(2021, 1, 1)), KnownAt::Latest);
    let matricula_registry::Authorisation::Authorised(grounds) = answer else { panic!("refused") };
    assert!(!grounds.is_retroactive());
}

#[test]
fn a_retroactive_revocation_shows_both_dates_and_leaves_what_was_known_before() {
    let mut country = Country::with_school();
    let batch_at = country.batch(day(2024, 3, 2), 1, batch(1, day(2024, 3, 1), day(2024, 3, 1), 1)).unwrap();
    let at = country.accredit(day(2024, 6, 1), accreditation(1, revoke(), day(2024, 2, 1), None)).unwrap();

    let then = country.asks(1, day(2024, 3, 1), logged(day(2024, 3, 2)), KnownAt::Index(batch_at));
    assert!(then.is_authorised());
    match refusal(country.asks(1, day(2024, 3, 1), logged(day(2024, 3, 2)), KnownAt::Latest)) {
        Refusal::Revoked { effective, recorded, reason, .. } => {
            assert_eq!(effective.from(), day(2024, 2, 1));
            assert_eq!((recorded.index, recorded.at), (at, Some(day(2024, 6, 1))));
            assert_eq!(reason.unwrap().as_str(), "Inspection report 12");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_appeal_restores_the_period_for_those_who_know_of_it() {
    let mut country = Country::with_school();
    let revoked =
        country.accredit(day(2024, 6, 1), accreditation(1, revoke(), day(2024, 2, 1), None)).unwrap();
    let restored =
        country.accredit(day(2025, 1, 10), accreditation(1, restore(), day(2024, 2, 1), None)).unwrap();
    for claimed in [day(2024, 2, 1), day(2024, 7, 1), day(2025, 3, 1)] {
        answers(&country, &[(claimed, "revoked")], day(2025, 3, 1), KnownAt::Index(revoked));
        answers(&country, &[(claimed, "authorised")], day(2025, 3, 1), KnownAt::Index(restored));
    }
}

#[test]
fn an_appeal_that_restores_a_part_leaves_the_rest_revoked() {
    let mut country = Country::with_school();
    country.accredit(day(2024, 6, 1), accreditation(1, revoke(), day(2024, 2, 1), None)).unwrap();
    country
        .accredit(day(2025, 1, 10), accreditation(1, restore(), day(2024, 2, 1), Some(day(2024, 4, 1))))
        .unwrap();
    let rows = [(day(2024, 3, 31), "authorised"), (day(2024, 4, 1), "revoked"), (day(2025, 2, 1), "revoked")];
    answers(&country, &rows, day(2025, 3, 1), KnownAt::Latest);
}

#[test]
fn an_accreditation_ends_by_itself_on_its_last_date() {
    let mut country = Country::new();
    let until = Some(day(2022, 1, 1));
    country.accredit(day(2020, 1, 1), accreditation(1, grant(), day(2020, 1, 1), until)).unwrap();
    let add = KeyEvent::Add { role: matricula_registry::KeyRole::Issue, from: day(2020, 1, 1) };
    country.key(day(2020, 1, 1), 1, issue_key(1), add).unwrap();
    let rows = [(day(2021, 12, 31), "authorised"), (day(2022, 1, 1), "expired")];
    answers(&country, &rows, day(2021, 12, 31), KnownAt::Latest);
}

#[test]
fn what_was_logged_before_a_key_was_compromised_stays_good() {
    let mut country = Country::with_school();
    let since = day(2024, 6, 1);
    country.key(day(2024, 9, 1), 1, issue_key(1), KeyEvent::Compromised { since }).unwrap();
    let yesterday = day(2024, 5, 31);
    for (claimed, evidence, want) in [
        (day(2024, 3, 1), logged(yesterday), "authorised"),
        (day(2024, 3, 1), logged(UnixSeconds::new(since.get() - 1)), "authorised"),
        (day(2024, 3, 1), logged(since), "key_compromised"),
        (day(2024, 3, 1), logged(day(2024, 8, 1)), "key_compromised"),
        (since, logged(yesterday), "key_compromised"),
        (day(2024, 3, 1), Evidence::NotLogged { as_of: day(2026, 1, 1) }, "key_compromised"),
        (day(2021, 3, 1), Evidence::NotLogged { as_of: yesterday }, "key_compromised"),
    ] {
        let got = country.asks(1, claimed, evidence, KnownAt::Latest).code();
        assert_eq!(got, want, "claimed {claimed}, {evidence:?}");
    }
}

#[test]
fn a_compromise_is_not_known_before_it_is_logged() {
    let mut country = Country::with_school();
    let before = KnownAt::Index(LeafIndex::new(country.registry.next_index().get() - 1));
    country.key(day(2024, 9, 1), 1, issue_key(1), KeyEvent::Compromised { since: day(2024, 6, 1) }).unwrap();
    let asks = |known_at| country.asks(1, day(2024, 7, 1), logged(day(2024, 7, 1)), known_at).code();
    assert_eq!((asks(before), asks(KnownAt::Latest)), ("authorised", "key_compromised"));
}

#[test]
fn a_retired_key_is_good_for_what_was_logged_before() {
    let mut country = Country::with_school();
    let at = day(2024, 6, 1);
    country.key(day(2024, 5, 1), 1, issue_key(1), KeyEvent::Retire { at }).unwrap();
    for (evidence, want) in [
        (logged(UnixSeconds::new(at.get() - 1)), "authorised"),
        (logged(at), "key_retired"),
        (Evidence::NotLogged { as_of: day(2024, 5, 31) }, "authorised"),
        (Evidence::NotLogged { as_of: at }, "key_retired"),
    ] {
        assert_eq!(country.asks(1, day(2024, 3, 1), evidence, KnownAt::Latest).code(), want, "{evidence:?}");
    }
}

#[test]
fn a_key_is_not_valid_before_its_date_but_may_sign_for_earlier_ones() {
    let country = Country::with_school();
    let asks = |evidence| country.asks(1, day(2020, 1, 1), evidence, KnownAt::Latest).code();
    assert_eq!(asks(logged(UnixSeconds::new(day(2020, 1, 1).get() - 1))), "key_not_yet_valid");
    assert_eq!(asks(logged(day(2020, 1, 1))), "authorised");
    assert_eq!(asks(Evidence::NotLogged { as_of: day(2024, 1, 1) }), "authorised");
}

#[test]
fn a_claimed_date_without_log_evidence_does_not_protect_a_school_without_rights_today() {
    for (event, want) in [(revoke(), "revoked"), (suspend(), "suspended")] {
        let mut country = Country::with_school();
        country.accredit(day(2024, 6, 1), accreditation(1, event, day(2024, 6, 1), None)).unwrap();
        let asks = |evidence| country.asks(1, day(2022, 6, 1), evidence, KnownAt::Latest).code();
        assert_eq!(asks(logged(day(2022, 6, 2))), "authorised");
        assert_eq!(asks(Evidence::NotLogged { as_of: day(2024, 5, 31) }), "authorised");
        assert_eq!(asks(Evidence::NotLogged { as_of: day(2024, 6, 1) }), want);
    }
}

#[test]
fn a_late_batch_is_judged_at_log_time_where_the_registry_has_no_record() {
    let (graduation, limit) = (day(2019, 6, 1), day(2019, 6, 1).get() + 180 * 86_400);
    let mut country = Country::new();
    let start = UnixSeconds::new(limit - 86_400);
    country.enrol(1, start);
    let in_time = country.batch(UnixSeconds::new(limit), 1, batch(1, graduation, graduation, 1));
    assert_eq!(refused_at(in_time.unwrap_err()), (graduation, "not_yet_accredited"));
    country.batch(UnixSeconds::new(limit + 1), 1, batch(1, graduation, graduation, 1)).unwrap();
}

#[test]
fn a_late_batch_is_not_excused_from_dates_of_a_revocation() {
    let mut country = Country::with_school();
    country
        .accredit(day(2021, 6, 1), accreditation(1, revoke(), day(2021, 6, 1), Some(day(2022, 6, 1))))
        .unwrap();
    let revoked = country.batch(day(2024, 1, 1), 1, batch(1, day(2021, 12, 1), day(2021, 12, 1), 1));
    assert_eq!(refused_at(revoked.unwrap_err()), (day(2021, 12, 1), "revoked"));
    country.batch(day(2024, 1, 1), 1, batch(1, day(2021, 5, 1), day(2021, 5, 1), 2)).unwrap();
}

#[test]
fn an_amended_scope_counts_from_its_date() {
    let mut country = Country::with_school();
    let narrower = AccreditationEvent::Grant {
        scope: crate::country::scope(&[matricula_registry::CredentialKind::DIPLOMA], &[2], &[]),
    };
    country.accredit(day(2023, 1, 1), accreditation(1, narrower, day(2023, 1, 1), None)).unwrap();
    let rows = [(day(2022, 12, 31), "authorised"), (day(2023, 1, 1), "scope_exceeded")];
    answers(&country, &rows, day(2023, 1, 1), KnownAt::Latest);
}
