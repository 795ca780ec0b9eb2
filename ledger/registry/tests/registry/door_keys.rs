//! What the door asks of key statements.

use matricula_registry::{Body, Commitment, DoorError, KeyEvent, KeyRole};
use matricula_tlog::{Hash, UnixSeconds};

use crate::country::{
    AUTHORITY, Country, accreditation, approve_key, day, grant, issue_key, key_statement, public_key, school,
    text,
};

const NOW: (u64, u64, u64) = (2024, 2, 1);

fn now() -> UnixSeconds {
    day(NOW.0, NOW.1, NOW.2)
}

fn commitment() -> Body {
    Body::Commitment(Commitment { label: text("transfer"), root: Hash::from_bytes([5; 32]) })
}

#[test]
fn a_key_has_one_owner_and_is_added_once() {
    let mut country = Country::with_school();
    country.accredit(now(), accreditation(2, grant(), now(), None)).unwrap();
    let add = KeyEvent::Add { role: KeyRole::Bind, from: now() };
    let key = |seed| public_key(seed);
    assert_eq!(
        country.key(now(), 1, issue_key(1), add),
        Err(DoorError::KeyAddedAlready { key: key(issue_key(1)) })
    );
    assert_eq!(
        country.key(now(), 2, issue_key(1), add),
        Err(DoorError::KeyBoundElsewhere { key: key(issue_key(1)), institution: school(1) })
    );
    assert_eq!(
        country.key(now(), 1, AUTHORITY, add),
        Err(DoorError::KeyIsTheAuthoritys { key: key(AUTHORITY) })
    );
    assert_eq!(country.key(now(), 7, 70, add), Err(DoorError::UnknownInstitution { institution: school(7) }));
    country.key(now(), 1, 15, add).unwrap();
}

#[test]
fn an_institution_retires_its_own_keys_from_now_on() {
    let mut country = Country::with_school();
    country.enrol(2, day(2022, 1, 1));
    let retire = |number, seed, at| Body::Key(key_statement(number, seed, KeyEvent::Retire { at }));
    let yesterday = day(2024, 1, 31);

    let others = country.log(now(), issue_key(2), &retire(1, issue_key(1), now()));
    assert_eq!(others, Err(DoorError::NotTheAuthority { kind: "key".to_owned(), institution: school(2) }));
    let wrong_owner = country.log(now(), issue_key(2), &retire(2, issue_key(1), now()));
    let key = public_key(issue_key(1));
    assert_eq!(wrong_owner, Err(DoorError::KeyBoundElsewhere { key, institution: school(1) }));
    let unknown = country.log(now(), issue_key(2), &retire(2, 99, now()));
    assert_eq!(unknown, Err(DoorError::UnknownKey { key: public_key(99) }));

    let at = UnixSeconds::new(yesterday.get() - 1);
    let backdated = country.log(now(), approve_key(1), &retire(1, issue_key(1), at));
    assert_eq!(backdated, Err(DoorError::RetirementBackdated { at, earliest: yesterday }));
    country.log(now(), approve_key(1), &retire(1, issue_key(1), yesterday)).unwrap();
    country.log(now(), AUTHORITY, &retire(1, issue_key(1), at)).unwrap();
}

#[test]
fn a_thief_cannot_bring_a_retired_key_back() {
    let mut country = Country::with_school();
    let retire = |at| Body::Key(key_statement(1, issue_key(1), KeyEvent::Retire { at }));
    country.log(now(), AUTHORITY, &retire(now())).unwrap();
    let later = day(2034, 1, 1);
    assert_eq!(
        country.log(now(), approve_key(1), &retire(later)),
        Err(DoorError::RetirementPostponed { at: later, known: now() })
    );
    assert_eq!(
        country.log(now(), AUTHORITY, &retire(now())),
        Err(DoorError::KeyStateUnchanged { key: public_key(issue_key(1)) })
    );
    country.log(now(), AUTHORITY, &retire(later)).unwrap();
    country.log(now(), issue_key(1), &commitment()).unwrap();
}

#[test]
fn a_compromise_is_not_dated_into_the_future_and_is_told_once() {
    let mut country = Country::with_school();
    let tomorrow = day(2024, 2, 2);
    let since = UnixSeconds::new(tomorrow.get() + 1);
    assert_eq!(
        country.key(now(), 1, issue_key(1), KeyEvent::Compromised { since }),
        Err(DoorError::DatedInFuture { date: since, latest: tomorrow })
    );
    country.key(now(), 1, issue_key(1), KeyEvent::Compromised { since: now() }).unwrap();
    assert_eq!(
        country.key(now(), 1, issue_key(1), KeyEvent::Compromised { since: now() }),
        Err(DoorError::KeyStateUnchanged { key: public_key(issue_key(1)) })
    );
    country.key(now(), 1, issue_key(1), KeyEvent::Compromised { since: day(2023, 1, 1) }).unwrap();
}
