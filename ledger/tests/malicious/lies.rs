//! The lies.

use matricula_ledger::Event;
use matricula_registry::KeyEvent;
use matricula_tlog::{Charge, Evidence, Finding, LeafIndex, PolicyVerifyError, TreeSize, UnixSeconds};

use crate::court::{Court, EVERYBODY, Party, View};
use crate::log::{DAY, Log, NOW, authority, origin, school_key, time_key};

const WITNESSES: [Party; 2] = [Party::First, Party::Second];

#[track_caller]
fn assert_too_few(believed: Result<(), PolicyVerifyError>, wanted: usize) {
    let Err(PolicyVerifyError::QuorumNotMet { cosigned, .. }) = believed else { panic!("{believed:?}") };
    assert_eq!(cosigned, wanted);
}

/// A log that begins with the same nine entries, and goes on with others up to a size.
fn branch(log: &Log, size: usize, first: u64) -> Log {
    let mut branch = Log::default();
    log.entries[..9].iter().for_each(|entry| branch.push(entry.clone()));
    (branch.size()..size)
        .for_each(|place| branch.add(&crate::log::commitment(first + place as u64), &authority()));
    branch
}

#[test]
fn an_issuer_without_accreditation_is_caught_by_the_mirror_and_no_reader_believes_it() {
    let mut log = Log::of(20);
    log.commitment(&school_key());
    let (court, size) = (Court::new(), log.size());
    let shown = court.show(&log, size, NOW, NOW, &EVERYBODY);
    assert_eq!(shown.answer_of(Party::Mirror), (422, "entry_forbidden"));
    assert_eq!(shown.cosigners(), [], "witnesses are not asked before the mirror has it");
    // The operator asks them all the same. They read no entries.
    assert_eq!(court.show(&log, size, NOW, NOW, &WITNESSES).cosigners(), WITNESSES);
    assert_too_few(court.is_believed(&log, 20, size, NOW), 2);
    let findings = court.findings(Party::Mirror);
    let [Finding::LoggedEntry { index, entry, reason, .. }] = findings.as_slice() else {
        panic!("{findings:?}")
    };
    assert_eq!((*index, entry, reason.as_str()), (LeafIndex::new(20), &log.entries[20], "unknown_signer"));

    let mut twin = Log::of(18);
    twin.accredit();
    twin.commitment(&school_key());
    let court = Court::new();
    assert_eq!(court.show(&twin, 21, NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    assert_eq!(court.is_believed(&twin, 20, 21, NOW), Ok(()));
    assert!(court.is_content());
}

#[test]
fn a_log_that_shows_two_trees_of_one_size_convicts_itself_with_whoever_sees_both() {
    let log = Log::of(20);
    let other = branch(&log, 20, 500);
    let court = Court::new();
    assert_eq!(court.show(&log, 20, NOW, NOW, &[Party::Mirror, Party::First]).cosigners().len(), 2);
    assert_eq!(court.show(&other, 20, NOW, NOW, &[Party::Second]).cosigners(), [Party::Second]);
    // Neither tree has everybody behind it.
    assert_too_few(court.is_believed(&log, 15, 20, NOW), 2);
    assert_too_few(court.is_believed(&other, 15, 20, NOW), 1);
    for (party, second_view) in [(Party::Mirror, &other), (Party::First, &other), (Party::Second, &log)] {
        let shown = court.show(second_view, 20, NOW, NOW, &[party]);
        assert_eq!(shown.answer_of(party), (422, "not_consistent"));
        assert!(matches!(shown.events.as_slice(), [Event::PeerContradicts { .. }]), "{:?}", shown.events);
        let findings = court.findings(party);
        let [Finding::SplitView { size, roots, .. }] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(*size, TreeSize::new(20));
        assert!(roots.contains(&log.root(20)) && roots.contains(&other.root(20)));
    }

    let court = Court::new();
    assert_eq!(court.show(&log, 20, NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    // The same tree again, later, is one tree.
    assert_eq!(court.show(&log, 20, NOW + 60, NOW + 60, &EVERYBODY).cosigners(), EVERYBODY);
    assert_eq!(court.is_believed(&log, 15, 20, NOW), Ok(()));
    assert!(court.is_content());
}

#[test]
fn a_log_that_rewrites_its_past_convicts_itself_with_its_own_proof() {
    let log = Log::of(12);
    let court = Court::new();
    assert_eq!(court.show(&log, 12, NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    let rewritten = branch(&log, 20, 500);
    for party in EVERYBODY {
        let shown = court.show(&rewritten, 20, NOW, NOW, &[party]);
        assert_eq!(shown.answer_of(party), (422, "not_consistent"));
        let findings = court.findings(party);
        let [Finding::RewrittenHistory { older, newer, prefix_root, .. }] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        assert_eq!((older.size.get(), older.root), (12, log.root(12)));
        assert_eq!((newer.size.get(), newer.root), (20, rewritten.root(20)));
        assert_eq!(*prefix_root, rewritten.root(12));
    }
    assert_too_few(court.is_believed(&rewritten, 3, 20, NOW), 0);
    assert_eq!(court.is_believed(&log, 11, 12, NOW), Ok(()), "what was witnessed stays so");
    assert_eq!(court.mirror.next(), 12, "the copy has nothing of the other past");

    let mut twin = log.clone();
    (12..20).for_each(|_| twin.commitment(&authority()));
    let court = Court::new();
    assert_eq!(court.show(&twin, 12, NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    assert_eq!(court.show(&twin, 20, NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    assert!(court.is_content());
}

#[test]
fn a_past_rewritten_at_a_power_of_two_is_explained_by_the_tiles_of_the_new_one() {
    let log = Log::of(16);
    let court = Court::new();
    assert_eq!(court.show(&log, 16, NOW, NOW, &[Party::First]).cosigners(), [Party::First]);
    let rewritten = branch(&log, 20, 500);
    assert_eq!(
        court.show(&rewritten, 20, NOW, NOW, &[Party::First]).answer_of(Party::First),
        (422, "not_consistent")
    );
    assert_eq!(court.findings(Party::First), []);
    assert!(!court.is_content(), "the pair waits");
    assert!(court.explain(Party::First, &View(&rewritten)));
    assert!(matches!(court.findings(Party::First).as_slice(), [Finding::RewrittenHistory { .. }]));
}

#[test]
fn a_log_that_was_cut_short_is_refused_and_told_how_much_is_missing() {
    let log = Log::of(20);
    let court = Court::new();
    assert_eq!(court.show(&log, 20, NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    for party in EVERYBODY {
        let shown = court.show(&log, 12, NOW + 60, NOW + 60, &[party]);
        assert_eq!(shown.answer_of(party), (409, "other_size_known"));
        let [Event::PeerContradicts { size, .. }] = shown.events.as_slice() else {
            panic!("{:?}", shown.events)
        };
        assert_eq!(size.get(), 20);
    }
    // Anybody can relay an old checkpoint: that is no offence, and no evidence.
    assert!(court.is_content());
    assert_too_few(court.is_believed(&log, 3, 12, NOW + 60), 0);
    // Its own witness, however, called the smaller tree the largest after the larger one.
    let rollback = |smaller_at| {
        let (larger, smaller) = (log.checkpoint_at(20, NOW), log.checkpoint_at(12, smaller_at));
        let charge = Charge::Rollback { larger, smaller };
        Evidence::new(time_key().verifier().clone(), charge).verify()
    };
    assert!(matches!(rollback(NOW + 60), Ok(Finding::Rollback { .. })));
    assert!(rollback(NOW - 60).is_err(), "the honest order");

    // As soon as it grows past what was seen, with other entries, it has rewritten its past.
    let regrown = branch(&log, 25, 500);
    for party in EVERYBODY {
        let shown = court.show(&regrown, 25, NOW + 90, NOW + 90, &[party]);
        assert_eq!(shown.answer_of(party), (422, "not_consistent"));
        assert!(matches!(court.findings(party).as_slice(), [Finding::RewrittenHistory { .. }]));
    }
}

/// An accredited school whose key is retired a day from now, in a log that everybody has seen.
fn retiring() -> (Log, Court) {
    let mut log = Log::new();
    log.accredit();
    log.key_event(KeyEvent::Retire { at: UnixSeconds::new(NOW + DAY) });
    let court = Court::new();
    assert_eq!(court.show(&log, log.size(), NOW, NOW, &EVERYBODY).cosigners(), EVERYBODY);
    (log, court)
}

#[test]
fn a_log_that_dates_an_entry_back_is_caught_by_the_mirror_whatever_time_it_claims() {
    // Its own witness claims the true time, or one at which the key was still good.
    for claimed in [NOW + 2 * DAY + 60, NOW + DAY / 2] {
        let (mut log, court) = retiring();
        let seen = log.size();
        let later = NOW + 2 * DAY;
        assert_eq!(court.show(&log, seen, later, later, &EVERYBODY).cosigners(), EVERYBODY);
        log.commitment(&school_key());
        let shown = court.show(&log, seen + 1, claimed, later + 60, &EVERYBODY);
        assert_eq!(shown.answer_of(Party::Mirror), (422, "entry_forbidden"));
        court.show(&log, seen + 1, claimed, later + 60, &WITNESSES);
        assert_too_few(court.is_believed(&log, seen, seen + 1, claimed), 2);
        let findings = court.findings(Party::Mirror);
        let [Finding::LoggedEntry { entry, reason, .. }] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        assert_eq!((entry, reason.as_str()), (&log.entries[seen], "key_retired"));
    }

    let (mut twin, court) = retiring();
    let seen = twin.size();
    let in_time = NOW + DAY / 2;
    assert_eq!(court.show(&twin, seen, in_time, in_time, &EVERYBODY).cosigners(), EVERYBODY);
    twin.commitment(&school_key());
    assert_eq!(court.show(&twin, seen + 1, in_time + 60, in_time + 60, &EVERYBODY).cosigners(), EVERYBODY);
    assert_eq!(court.is_believed(&twin, seen, seen + 1, in_time + 60), Ok(()));
    assert!(court.is_content());
    assert_eq!(twin.checkpoint(seen).unverified().origin(), &origin());
}
