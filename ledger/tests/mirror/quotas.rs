//! Quotas: a log, or a school in it, that adds too much is put off, not accused.

use matricula_ledger::mirror::{AddEntriesOutcome, AddEntriesRefusal, MirroredLog, Quota, QuotaSubject};
use matricula_tlog::TreeSize;

use crate::log::{DAY, InMemory, Log, NOW, authority, config, origin, school, school_key};

fn limited(entries_per_day: u64, institution_entries_per_day: u64, backlog: u64) -> MirroredLog {
    let quota = Quota { entries_per_day, institution_entries_per_day, burst_days: 1, ..Quota::default() };
    MirroredLog { quota, backlog: TreeSize::new(backlog), ..config() }
}

fn put_off(outcome: &AddEntriesOutcome) -> Option<&QuotaSubject> {
    match outcome {
        AddEntriesOutcome::Refused(AddEntriesRefusal::OverQuota { over }) => Some(&over.subject),
        _ => None,
    }
}

#[test]
fn a_log_over_its_share_is_put_off_and_taken_up_again() {
    let (log, copy) = (Log::of(150), InMemory::with(limited(100, 100, 0)));
    copy.pend(&log, 0, 150, NOW);
    let outcome = copy.upload(&log.add_entries(0, 150, 9), NOW);
    assert_eq!(put_off(&outcome), Some(&QuotaSubject::LogEntries));
    assert_eq!(outcome.status(), 429);
    assert!(outcome.retry_after_seconds().is_some());
    assert_eq!(copy.mirror.evidence().about(&origin()).unwrap(), []);
    assert_eq!(copy.next(), 0);
    // Ninety entries, under a checkpoint of their own, fit.
    let first = Log::of(90);
    let other = InMemory::with(limited(100, 100, 0));
    assert_eq!(other.follow(&first, 0, NOW).status(), 200);
    let mut more = first.clone();
    (0..20).for_each(|_| more.commitment(&authority()));
    assert_eq!(put_off(&other.follow(&more, 90, NOW)), Some(&QuotaSubject::LogEntries));
    assert_eq!(other.upload(&more.add_entries(90, 110, 9), NOW + DAY).status(), 200);
}

#[test]
fn a_later_package_over_the_share_ends_the_upload_with_202() {
    let (log, copy) = (Log::of(600), InMemory::with(limited(300, 300, 0)));
    let outcome = copy.follow(&log, 0, NOW);
    assert_eq!((outcome.status(), copy.next()), (202, 256));
    assert_eq!(copy.upload(&log.add_entries(256, 600, 9), NOW).status(), 429);
    assert_eq!(copy.upload(&log.add_entries(256, 600, 9), NOW + DAY).status(), 202);
}

#[test]
fn a_school_over_its_share_does_not_use_up_that_of_others() {
    let mut log = Log::new();
    log.accredit();
    let copy = InMemory::with(limited(1000, 10, 0));
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let seen = log.size();
    let mut flooded = log.clone();
    (0..11).for_each(|_| flooded.commitment(&school_key()));
    let outcome = {
        let probe = InMemory::with(limited(1000, 10, 0));
        assert_eq!(probe.follow(&log, 0, NOW).status(), 200);
        probe.follow(&flooded, seen, NOW)
    };
    assert_eq!(put_off(&outcome), Some(&QuotaSubject::Institution(school())));
    (0..10).for_each(|_| log.commitment(&school_key()));
    (0..50).for_each(|_| log.commitment(&authority()));
    assert_eq!(copy.follow(&log, seen, NOW).status(), 200);
}

#[test]
fn what_was_used_is_known_after_a_restart() {
    let first = Log::of(90);
    let config = limited(100, 100, 0);
    let copy = InMemory::with(config.clone());
    assert_eq!(copy.follow(&first, 0, NOW).status(), 200);
    let copy = InMemory::over(config, copy.state, copy.sequence, copy.tiles);
    let mut more = first;
    (0..20).for_each(|_| more.commitment(&authority()));
    assert_eq!(copy.follow(&more, 90, NOW).status(), 429);
}

#[test]
fn what_was_there_when_the_mirror_was_set_up_counts_for_nothing() {
    let mut log = Log::of(500);
    let copy = InMemory::with(limited(100, 100, 500));
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    (0..101).for_each(|_| log.commitment(&authority()));
    // Twelve entries fill the first package; the rest is one too many.
    assert_eq!((copy.follow(&log, 500, NOW).status(), copy.next()), (202, 512));
    assert_eq!(copy.upload(&log.add_entries(512, 601, 9), NOW).status(), 429);
    assert_eq!(copy.upload(&log.add_entries(512, 601, 9), NOW + DAY / 50).status(), 200);
}

#[test]
fn only_what_the_first_checkpoint_covers_was_there_before_and_that_is_remembered() {
    let config = limited(100, 100, 1_000_000);
    let copy = InMemory::with(config.clone());
    let mut log = Log::of(500);
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let copy = InMemory::over(config, copy.state, copy.sequence, copy.tiles);
    (0..101).for_each(|_| log.commitment(&authority()));
    assert_eq!((copy.follow(&log, 500, NOW).status(), copy.next()), (202, 512));
    assert_eq!(copy.upload(&log.add_entries(512, 601, 9), NOW).status(), 429);
}

#[test]
fn a_log_that_brings_too_much_along_is_put_off() {
    let copy = InMemory::with(limited(100, 100, 200));
    assert_eq!(put_off(&copy.follow(&Log::of(301), 0, NOW)), None, "the first package fits");
    assert_eq!(copy.next(), 256);
    let outcome = copy.upload(&Log::of(301).add_entries(256, 301, 9), NOW);
    assert_eq!(put_off(&outcome), Some(&QuotaSubject::LogEntries));
}
