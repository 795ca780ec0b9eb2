//! A log that took what its rules forbid: refused at that entry, with evidence that others can check.

use ed25519_dalek::SigningKey;
use matricula_ledger::mirror::{AddEntriesOutcome, AddEntriesRefusal, forbidden_by_itself};
use matricula_registry::{DoorError, LogOrigin};
use matricula_tlog::{Evidence, Finding, LeafIndex};

use crate::log::{InMemory, Log, NOW, ORIGIN, authority, commitment, log_key, origin, school_key};

/// An honest log of some size, one bad entry, and honest ones after it.
fn with_bad(before: usize, after: usize, bad: impl FnOnce(&mut Log)) -> Log {
    let mut log = Log::of(before);
    bad(&mut log);
    (0..after).for_each(|_| log.commitment(&authority()));
    log
}

/// Mirrors a log, and gives back the refusal, with the finding that everybody can verify.
fn caught(log: &Log, bad: usize) -> (DoorError, Finding) {
    let copy = InMemory::new();
    let outcome = copy.follow(log, 0, NOW);
    assert_eq!(outcome.status(), 422);
    let AddEntriesOutcome::Refused(AddEntriesRefusal::Forbidden { index, error }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(index, LeafIndex::new(bad as u64));
    assert_eq!(copy.key.said(), []);
    assert!(copy.next() <= bad as u64, "nothing from the bad entry on is stored");
    let files = copy.mirror.evidence().about(&origin()).unwrap();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let finding = Evidence::parse(file.encode().as_bytes()).unwrap().verify().unwrap();
    let Finding::LoggedEntry { index, entry, reason, signer, .. } = &finding else { panic!("{finding}") };
    assert_eq!((*index, entry), (LeafIndex::new(bad as u64), &log.entries[bad]));
    assert_eq!((reason.as_str(), signer), (error.code(), log_key().verifier()));
    (*error, finding)
}

#[test]
fn an_unknown_signer_is_caught_wherever_it_stands() {
    // In the first package, in the last one, and as the last entry of all.
    for (before, after) in [(5, 10), (250, 500), (600, 100), (300, 0)] {
        let log = with_bad(before, after, |log| log.commitment(&school_key()));
        let (error, _) = caught(&log, before);
        assert!(matches!(error, DoorError::UnknownSigner { .. }), "{error}");
        let twin = with_bad(before, after, |log| log.commitment(&authority()));
        assert_eq!(InMemory::new().follow(&twin, 0, NOW).status(), 200);
    }
}

#[test]
fn what_is_no_statement_is_caught_and_proven_to_everybody() {
    let log = with_bad(40, 10, |log| log.push(b"not a statement".to_vec()));
    let (error, _) = caught(&log, 40);
    assert!(matches!(error, DoorError::Statement(_)), "{error}");
    let origin = LogOrigin::parse(ORIGIN).unwrap();
    assert_eq!(forbidden_by_itself(&origin, &log.entries[40]), Some(error));
    assert_eq!(forbidden_by_itself(&origin, &log.entries[39]), None);
}

#[test]
fn a_bad_signature_is_caught_and_proven_to_everybody() {
    let log = with_bad(40, 10, |log| {
        let mut entry = log.entries[39].clone();
        let last = entry.len() - 1;
        entry[last] ^= 1;
        log.push(entry);
    });
    let (error, _) = caught(&log, 40);
    assert!(matches!(error, DoorError::Signature(_)), "{error}");
    assert_eq!(forbidden_by_itself(&LogOrigin::parse(ORIGIN).unwrap(), &log.entries[40]), Some(error));
}

#[test]
fn a_statement_for_another_log_is_caught_and_proven_to_everybody() {
    let log = with_bad(40, 10, |log| log.add_for(&commitment(40), &authority(), "ledger.example/other"));
    let (error, _) = caught(&log, 40);
    assert!(matches!(error, DoorError::OtherLog { .. }), "{error}");
    assert_eq!(forbidden_by_itself(&LogOrigin::parse(ORIGIN).unwrap(), &log.entries[40]), Some(error));
}

#[test]
fn what_only_the_entries_before_forbid_is_not_called_forbidden_by_itself() {
    let log = with_bad(40, 10, |log| log.commitment(&school_key()));
    assert_eq!(forbidden_by_itself(&LogOrigin::parse(ORIGIN).unwrap(), &log.entries[40]), None);
}

#[test]
fn an_authority_that_is_not_the_one_expected_is_caught_at_the_first_entry() {
    let mut copy = crate::log::config();
    copy.root_keys = vec![(&SigningKey::from_bytes(&[99; 32]).verifying_key()).into()];
    let outcome = InMemory::with(copy).follow(&Log::of(3), 0, NOW);
    let AddEntriesOutcome::Refused(AddEntriesRefusal::Forbidden { index, error }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(index, LeafIndex::new(0));
    assert!(matches!(*error, DoorError::UnknownSigner { .. }));
}

#[test]
fn a_log_that_was_stopped_stays_stopped_until_somebody_resumes_it() {
    let log = with_bad(600, 10, |log| log.commitment(&school_key()));
    let copy = InMemory::new();
    assert_eq!(copy.follow(&log, 0, NOW).status(), 422);
    assert_eq!(copy.next(), 512, "the packages before it are kept");
    let copy = copy.restarted();
    let again = copy.upload(&log.add_entries(512, 611, 9), NOW);
    let index = LeafIndex::new(600);
    let stopped = AddEntriesRefusal::Stopped { index, code: "unknown_signer".to_owned() };
    assert_eq!(again, AddEntriesOutcome::Refused(stopped));
    assert_eq!(again.status(), 422);
    copy.mirror.resume(&origin()).unwrap();
    let resumed = copy.upload(&log.add_entries(512, 611, 9), NOW);
    assert!(matches!(resumed, AddEntriesOutcome::Refused(AddEntriesRefusal::Forbidden { .. })));
    assert_eq!(copy.mirror.evidence().about(&origin()).unwrap().len(), 1, "the same file is kept once");
    assert_eq!(copy.key.said(), []);
}

#[test]
fn a_refused_package_leaves_the_registry_as_it_was() {
    // The school is accredited in the very package that holds the bad entry.
    let mut log = Log::of(20);
    log.accredit();
    log.commitment(&SigningKey::from_bytes(&[42; 32]));
    let copy = InMemory::new();
    copy.pend(&log, 0, 22, NOW);
    copy.pend(&log, 22, 23, NOW);
    assert_eq!(copy.upload(&log.add_entries(0, 23, 9), NOW).status(), 422);
    assert_eq!(copy.next(), 0);
    copy.mirror.resume(&origin()).unwrap();
    // The same grant again would be refused, had the first not been taken out.
    assert_eq!(copy.upload(&log.add_entries(0, 22, 9), NOW).status(), 200);
}
