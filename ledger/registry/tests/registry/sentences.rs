//! What a refusal says to the person who has to do something about it.

use matricula_registry::{
    Body, DoorError, InstitutionId, KeyEvent, KeyRole, Period, PublicKey, Refusal, ScopeLimit, StatementId,
};
use matricula_tlog::{Hash, LeafIndex};

use crate::country::{
    AUTHORITY, Country, accreditation, batch, day, grant, issue_key, key_statement, public_key, revoke,
    school, signing_key, suspend, text,
};

/// A key as everybody else writes it: did:key of the Ed25519 seed of 32 ones, from an independent implementation.
const SHOWN: &str = "z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX";

#[test]
fn a_refused_ruling_names_the_days_and_no_machine_words() {
    let mut country = Country::with_school();
    country.log(day(2024, 2, 1), AUTHORITY, &ruling(revoke(), day(2024, 3, 1))).unwrap();
    let refused = country.log(day(2024, 2, 2), AUTHORITY, &ruling(grant(), day(2024, 3, 2))).unwrap_err();
    assert_eq!(refused.code(), "grant_over_negative");
    assert_eq!(
        refused.to_string(),
        "did:web:hn.example:schools:1 was suspended, revoked or succeeded from 2024-03-01; a new accreditation does \
         not lift that, restoring does"
    );
    let refused =
        country.log(day(2024, 2, 2), issue_key(1), &ruling(suspend(), day(2024, 3, 2))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "did:web:hn.example:schools:1 may not say this in a ruling on an accreditation: only the authority may"
    );
}

#[test]
fn a_refused_batch_names_the_day_judged_and_the_reason() {
    let mut country = Country::with_school();
    country.log(day(2024, 2, 1), AUTHORITY, &ruling(revoke(), day(2024, 1, 15))).unwrap();
    let late = batch(1, day(2024, 1, 20), day(2024, 1, 20), 1);
    let refused = country.batch(day(2024, 2, 2), 1, late).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "on 2024-02-02: the accreditation of did:web:hn.example:schools:1 was revoked from 2024-01-15 (Inspection report 12)"
    );
    let refused = country
        .log(
            day(2024, 2, 2),
            AUTHORITY,
            &Body::Key(key_statement(1, issue_key(1), KeyEvent::Compromised { since: day(2025, 1, 1) })),
        )
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the date 2025-01-01 lies in the future; the latest possible one is 2024-02-03"
    );
}

#[test]
fn keys_are_shown_as_everybody_else_shows_them() {
    let key = PublicKey::from(&signing_key(1).verifying_key());
    assert_eq!(key, public_key(1));
    assert_eq!(key.to_string(), SHOWN);
    assert_eq!(format!("{key:?}"), format!("PublicKey({SHOWN})"));
}

/// Every refusal that carries a date, a kind or a choice: no seconds, no `Some(…)`, no names of Rust.
#[test]
fn no_sentence_has_seconds_or_names_of_rust_in_it() {
    let at = day(2026, 11, 22);
    let id: InstitutionId = school(1);
    let period = Period::new(at, Some(day(2026, 12, 1))).unwrap();
    let recorded = matricula_registry::Recorded { index: LeafIndex::new(7), at: None };
    let statement = StatementId::new(Hash::from_bytes([3; 32]));
    let refusals = [
        Refusal::WrongRole { has: KeyRole::Bind, needs: KeyRole::Approve },
        Refusal::KeyNotYetValid { from: at },
        Refusal::KeyRetired { at, recorded },
        Refusal::KeyCompromised { since: at, recorded },
        Refusal::NotYetAccredited { institution: id.clone(), first_from: Some(at) },
        Refusal::NotYetAccredited { institution: id.clone(), first_from: None },
        Refusal::Expired { institution: id.clone(), at, recorded },
        Refusal::Suspended {
            institution: id.clone(),
            effective: period,
            recorded,
            reason: Some(text("fire")),
        },
        Refusal::Succeeded { institution: id.clone(), successor: school(2), effective: period, recorded },
        Refusal::ScopeExceeded { institution: id.clone(), limit: ScopeLimit::Field, statement, recorded },
        Refusal::MandateEnded { institution: id.clone(), on_behalf_of: school(2), until: at, recorded },
    ];
    let mut sentences: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let errors = [
        DoorError::GenesisExpected { kind: "batch".to_owned() },
        DoorError::NotTheAuthority { kind: "key".to_owned(), institution: id.clone() },
        DoorError::UnexpectedReplaces { kind: "status".to_owned() },
        DoorError::AuthorityKeyNotValid { signer: public_key(1), at },
        DoorError::GrantOverNegative { institution: id, statement, effective: period },
        DoorError::RetirementBackdated { at, earliest: at },
        DoorError::RetirementPostponed { at, known: at },
        DoorError::DatedInFuture { date: at, latest: at },
        DoorError::ReplacesMismatch { expected: Some(statement), got: None },
        DoorError::ReplacesMismatch { expected: None, got: Some(statement) },
        DoorError::ReplacesMismatch { expected: Some(statement), got: Some(statement) },
    ];
    sentences.extend(errors.iter().map(ToString::to_string));
    for sentence in &sentences {
        let seconds = at.get().to_string();
        for machine in [seconds.as_str(), "Some", "None", "Kind", "Field", "Hash", "::"] {
            assert!(!sentence.contains(machine), "{sentence}");
        }
    }
    assert_eq!(sentences[1], "the key is valid from 2026-11-22 only");
    assert!(sentences[9].ends_with("was not accredited for this field of study"), "{}", sentences[9]);
}

fn ruling(event: matricula_registry::AccreditationEvent, from: matricula_tlog::UnixSeconds) -> Body {
    Body::Accreditation(accreditation(1, event, from, None))
}
