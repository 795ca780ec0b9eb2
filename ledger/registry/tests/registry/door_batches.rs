//! What the door asks of batches.

use matricula_registry::{Batch, Body, CredentialKind, DoorError, KeyEvent, KeyRole, Refusal};
use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::country::{
    AUTHORITY, Country, accreditation, approve_key, batch, day, issue_key, level, public_key, refused_at,
    revoke, school, signing_key,
};

const NOW: (u64, u64, u64) = (2024, 2, 1);

fn now() -> UnixSeconds {
    day(NOW.0, NOW.1, NOW.2)
}

fn january() -> Batch {
    batch(1, day(2024, 1, 10), day(2024, 1, 20), 1)
}

/// Submits what the issue key of school 1 signed, countersigned by these keys.
fn submit_countersigned(country: &mut Country, body: Batch, seeds: &[u8]) -> Result<LeafIndex, DoorError> {
    let mut statement = country.sign(issue_key(1), &Body::Batch(body));
    for seed in seeds {
        statement = statement.countersign(&signing_key(*seed)).unwrap();
    }
    country.submit(now(), &statement)
}

#[test]
fn a_batch_needs_two_people_of_its_school() {
    let mut country = Country::with_school();
    country.enrol(2, day(2020, 1, 1));
    let of = |country: &mut Country, seeds: &[u8]| submit_countersigned(country, january(), seeds);

    assert_eq!(of(&mut country, &[]), Err(DoorError::ApprovalMissing));
    assert_eq!(of(&mut country, &[AUTHORITY]), Err(DoorError::ApprovalMissing));
    let key = public_key(issue_key(1));
    assert_eq!(of(&mut country, &[issue_key(1)]), Err(DoorError::SelfCountersigned { key }));
    let key = public_key(approve_key(2));
    assert_eq!(
        of(&mut country, &[approve_key(2)]),
        Err(DoorError::KeyBoundElsewhere { key, institution: school(2) })
    );
    assert_eq!(of(&mut country, &[99]), Err(DoorError::UnknownSigner { signer: public_key(99) }));

    let add = KeyEvent::Add { role: KeyRole::Issue, from: day(2023, 1, 1) };
    country.key(now(), 1, 15, add).unwrap();
    let wrong = Refusal::WrongRole { has: KeyRole::Issue, needs: KeyRole::Approve };
    assert_eq!(of(&mut country, &[15]), Err(DoorError::Refused { at: now(), refusal: Box::new(wrong) }));
    of(&mut country, &[approve_key(1)]).unwrap();
}

#[test]
fn a_batch_is_signed_by_an_issue_key_of_the_institution_it_names() {
    let mut country = Country::with_school();
    country.enrol(2, day(2020, 1, 1));
    let by = |country: &mut Country, seed, body| {
        let statement =
            country.sign(seed, &Body::Batch(body)).countersign(&signing_key(approve_key(1))).unwrap();
        country.submit(now(), &statement)
    };
    let key = public_key(issue_key(1));
    let foreign = by(&mut country, issue_key(1), Batch { issuer: school(2), ..january() });
    assert_eq!(foreign, Err(DoorError::KeyBoundElsewhere { key, institution: school(1) }));
    assert_eq!(refused_at(by(&mut country, AUTHORITY, january()).unwrap_err()).1, "authority_key");

    country.key(now(), 1, 15, KeyEvent::Add { role: KeyRole::Approve, from: day(2023, 1, 1) }).unwrap();
    assert_eq!(refused_at(by(&mut country, 15, january()).unwrap_err()).1, "wrong_role");
    by(&mut country, issue_key(1), january()).unwrap();
}

#[test]
fn a_retired_or_compromised_key_neither_signs_nor_approves() {
    for seed in [issue_key(1), approve_key(1)] {
        for (event, want) in [
            (KeyEvent::Retire { at: now() }, "key_retired"),
            (KeyEvent::Compromised { since: day(2024, 1, 15) }, "key_compromised"),
        ] {
            let mut country = Country::with_school();
            country.key(now(), 1, seed, event).unwrap();
            assert_eq!(refused_at(country.batch(now(), 1, january()).unwrap_err()), (now(), want));
        }
    }
}

#[test]
fn a_batch_stays_within_the_scope() {
    let mut country = Country::with_school();
    let beyond = [
        Batch { kind: CredentialKind::PRIMARY_COMPLETION, ..january() },
        Batch { isced_level: level(6), ..january() },
    ];
    for body in beyond {
        assert_eq!(refused_at(country.batch(now(), 1, body).unwrap_err()), (now(), "scope_exceeded"));
    }
    country.batch(now(), 1, january()).unwrap();
}

#[test]
fn a_batch_is_logged_once_even_when_its_signatures_differ() {
    let mut country = Country::with_school();
    country.enrol(2, day(2020, 1, 1));
    let first = country.batch(now(), 1, january()).unwrap();
    assert_eq!(country.batch(now(), 1, january()), Err(DoorError::DuplicateBatch { first }));
    let vouched = submit_countersigned(&mut country, january(), &[approve_key(1), AUTHORITY]);
    assert_eq!(vouched, Err(DoorError::DuplicateBatch { first }));
    // The same root from another school is another batch: nobody blocks anybody.
    country.batch(now(), 2, Batch { issuer: school(2), ..january() }).unwrap();
    let batches: Vec<_> = country.registry.institution(&school(1)).unwrap().batches().collect();
    assert_eq!(batches, [(&january().root, first)]);
}

#[test]
fn a_batch_claims_no_date_after_tomorrow() {
    let mut country = Country::with_school();
    let tomorrow = day(2024, 2, 2);
    let after = UnixSeconds::new(tomorrow.get() + 1);
    let refused = country.batch(now(), 1, batch(1, now(), after, 1));
    assert_eq!(refused, Err(DoorError::DatedInFuture { date: after, latest: tomorrow }));
    country.batch(now(), 1, batch(1, now(), tomorrow, 1)).unwrap();
}

#[test]
fn the_authority_vouches_for_a_batch_from_before_the_rights_ended() {
    let mut country = Country::with_school();
    country.accredit(now(), accreditation(1, revoke(), day(2024, 1, 25), None)).unwrap();
    let alone = submit_countersigned(&mut country, january(), &[approve_key(1)]);
    assert_eq!(refused_at(alone.unwrap_err()), (now(), "revoked"));

    let during = batch(1, day(2024, 1, 10), day(2024, 1, 25), 2);
    let not_for_this = submit_countersigned(&mut country, during, &[approve_key(1), AUTHORITY]);
    assert_eq!(refused_at(not_for_this.unwrap_err()), (day(2024, 1, 25), "revoked"));
    submit_countersigned(&mut country, january(), &[approve_key(1), AUTHORITY]).unwrap();
}
