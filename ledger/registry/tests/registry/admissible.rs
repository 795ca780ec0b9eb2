//! When a statement may have been logged.

use matricula_registry::{Batch, Body, DoorError, KeyEvent, LogTime, Statement, VerifiedStatement};
use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::country::{
    Country, accreditation, approve_key, batch, day, issue_key, restore, signing_key, suspend,
};

fn verified(country: &Country, body: Batch) -> VerifiedStatement {
    let statement = country.sign(issue_key(1), &Body::Batch(body));
    statement.countersign(&signing_key(approve_key(1))).unwrap().verify_signatures().unwrap()
}

fn stretches(country: &Country, window: LogTime, body: Batch) -> Result<Vec<LogTime>, DoorError> {
    country.registry.admissible(country.registry.next_index(), window, &verified(country, body))
}

fn before(date: UnixSeconds) -> UnixSeconds {
    UnixSeconds::new(date.get() - 1)
}

fn january() -> Batch {
    batch(1, day(2024, 1, 10), day(2024, 1, 20), 1)
}

#[test]
fn a_batch_may_have_been_logged_from_the_day_before_it_is_dated_on() {
    let country = Country::with_school();
    let window = LogTime::between(day(2020, 1, 1), day(2026, 1, 1));
    let found = stretches(&country, window, january()).unwrap();
    assert_eq!(found, [LogTime::between(day(2024, 1, 19), day(2026, 1, 1))]);
    let narrow = LogTime::between(day(2025, 1, 1), day(2025, 1, 1));
    assert_eq!(stretches(&country, narrow, january()).unwrap(), [narrow]);
    let early = LogTime::between(day(2020, 1, 1), day(2023, 1, 1));
    assert!(matches!(stretches(&country, early, january()), Err(DoorError::DatedInFuture { .. })));
}

#[test]
fn a_time_without_rights_cuts_the_window_in_two() {
    let mut country = Country::with_school();
    let now = day(2025, 6, 1);
    country.accredit(now, accreditation(1, suspend(), day(2024, 3, 1), None)).unwrap();
    country.accredit(now, accreditation(1, restore(), day(2024, 9, 1), None)).unwrap();
    country.key(now, 1, issue_key(1), KeyEvent::Retire { at: day(2025, 7, 1) }).unwrap();
    let window = LogTime::between(day(2020, 1, 1), day(2026, 1, 1));
    let found = stretches(&country, window, january()).unwrap();
    let wanted = [
        LogTime::between(day(2024, 1, 19), before(day(2024, 3, 1))),
        LogTime::between(day(2024, 9, 1), before(day(2025, 7, 1))),
    ];
    assert_eq!(found, wanted);
    // Each of these seconds is one at which the door says so, and their neighbours are not.
    let entry = verified(&country, january());
    let entry: &Statement = entry.statement();
    let admits = |at| country.registry.admit(country.registry.next_index(), at, entry.entry()).is_ok();
    for stretch in found {
        assert!(admits(stretch.earliest()) && admits(stretch.latest()));
        assert!(!admits(before(stretch.earliest())));
        assert!(!admits(UnixSeconds::new(stretch.latest().get() + 1)));
    }
    let elsewhere = country.registry.admissible(LeafIndex::new(0), window, &verified(&country, january()));
    assert!(matches!(elsewhere, Err(DoorError::NotNextLeaf { .. })));
}
