//! Every status of the specification, each beside a request that differs in one thing and is taken.

use std::sync::Arc;
use std::thread;

use matricula_ledger::mirror::{AddEntriesOutcome, AddEntriesRefusal, PENDING_KEPT_MAX};
use matricula_ledger::witness::{AddCheckpointOutcome, AddCheckpointRefusal};
use matricula_tlog::{
    AddEntriesError, AddEntriesHeader, LeafIndex, MirrorInfo, Origin, SignatureCheck,
    SubtreeConsistencyError, TreeSize, UnixSeconds,
};

use crate::log::{InMemory, Log, NOW, log_key, origin};

fn info(size: u64, next: u64) -> MirrorInfo {
    MirrorInfo { size: TreeSize::new(size), next: LeafIndex::new(next), ticket: Vec::new() }
}

#[test]
fn cosigns_what_it_has_and_follows_a_log_as_it_grows() {
    let (log, copy) = (Log::of(700), InMemory::new());
    let mut old = 0;
    for new in [1, 2, 200, 256, 257, 512, 700] {
        copy.pend(&log, old, new, NOW);
        let AddEntriesOutcome::Cosigned(line) = copy.upload(&log.add_entries(old, new, 99), NOW) else {
            panic!("from {old} to {new}");
        };
        let text = log.checkpoint(new).note().text().to_owned();
        let check = copy.mirror.verifier().check(&text, &line);
        assert_eq!(check, Ok(SignatureCheck::Cosigned { at: UnixSeconds::new(NOW) }));
        let published = copy.mirror.checkpoint(&origin()).unwrap().unwrap();
        assert_eq!(published.unverified().root(), log.root(new));
        assert!(published.verify(log_key().verifier()).is_ok());
        assert!(published.note().signatures().contains(&line));
        old = new;
    }
    assert_eq!(copy.next(), 700);
}

#[test]
fn nothing_is_cosigned_before_the_last_entry() {
    let (log, copy) = (Log::of(600), InMemory::new());
    copy.pend(&log, 0, 600, NOW);
    assert_eq!(copy.upload(&log.add_entries(0, 600, 1), NOW), AddEntriesOutcome::Partly(info(600, 256)));
    assert_eq!(copy.upload(&log.add_entries(256, 600, 1), NOW), AddEntriesOutcome::Partly(info(600, 512)));
    assert_eq!(copy.key.said(), []);
    assert_eq!(copy.mirror.checkpoint(&origin()).unwrap(), None);
    assert_eq!(copy.upload(&log.add_entries(512, 600, 1), NOW).status(), 200);
    assert_eq!(copy.key.said(), [(600, log.root(600), NOW)]);
}

#[test]
fn a_cosigned_checkpoint_is_cosigned_again_without_entries() {
    let (log, copy) = (Log::of(300), InMemory::new());
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    assert_eq!(copy.upload(&log.add_entries(300, 300, 0), NOW + 5).status(), 200);
    assert_eq!(copy.upload(&log.add_entries(256, 300, 1), NOW + 1).status(), 200);
    let times: Vec<_> = copy.key.said().iter().map(|said| said.2).collect();
    assert_eq!(times, [NOW, NOW + 5, NOW + 5], "a time never goes back");
}

#[test]
fn wherever_the_body_breaks_off_nothing_is_lost_and_nothing_is_cosigned_early() {
    let log = Log::of(520);
    let whole = log.add_entries(0, 520, 99);
    let ends: Vec<usize> = (1..=2).map(|packages| log.add_entries(0, 520, packages).len()).collect();
    let cuts = (0..whole.len()).step_by(7919).chain(ends.iter().flat_map(|end| [end - 1, *end, end + 1]));
    for cut in cuts.chain([whole.len() - 1, whole.len()]) {
        let copy = InMemory::new();
        copy.pend(&log, 0, 520, NOW);
        let outcome = copy.upload(&whole[..cut], NOW);
        let packages = ends.iter().filter(|end| **end <= cut).count() as u64;
        let expected = match packages {
            _ if cut == whole.len() => 200,
            0 => 400,
            _ => 202,
        };
        assert_eq!(outcome.status(), expected, "cut at {cut}");
        if outcome.status() == 200 {
            continue;
        }
        assert_eq!(copy.key.said(), [], "cut at {cut}");
        assert_eq!(copy.next(), packages * 256, "cut at {cut}");
        let copy = copy.restarted();
        let rest = log.add_entries(copy.next() as usize, 520, 99);
        assert_eq!(copy.upload(&rest, NOW).status(), 200, "cut at {cut}");
    }
}

#[test]
fn a_body_may_arrive_in_pieces_of_any_size() {
    let log = Log::of(300);
    let whole = log.add_entries(0, 300, 99);
    for piece in [7, 1000, 40_000] {
        let copy = InMemory::new();
        copy.pend(&log, 0, 300, NOW);
        let mut upload = copy.mirror.upload();
        for bytes in whole.chunks(piece) {
            assert_eq!(upload.feed(bytes, UnixSeconds::new(NOW)).unwrap(), None);
        }
        assert_eq!(upload.finish(UnixSeconds::new(NOW)).unwrap().status(), 200);
    }
}

#[test]
fn a_malformed_header_is_400() {
    let (log, copy) = (Log::of(5), InMemory::new());
    copy.pend(&log, 0, 5, NOW);
    let mut backwards = log.add_entries(0, 5, 9);
    // The first byte of the start, behind the origin.
    backwards[2 + crate::log::ORIGIN.len()] = 1;
    let outcome = copy.upload(&backwards, NOW);
    let malformed = matches!(
        outcome,
        AddEntriesOutcome::Refused(AddEntriesRefusal::Malformed(AddEntriesError::Backwards { .. }))
    );
    assert!(malformed, "{outcome:?}");
    assert_eq!(outcome.status(), 400);
    let outcome = copy.upload(b"", NOW);
    assert_eq!(outcome, AddEntriesOutcome::Refused(AddEntriesRefusal::NothingComplete));
    assert_eq!(copy.upload(&log.add_entries(0, 5, 9), NOW).status(), 200);
}

#[test]
fn an_unknown_log_is_404() {
    let (log, copy) = (Log::of(5), InMemory::new());
    copy.pend(&log, 0, 5, NOW);
    let other = Origin::new("ledger.example/other").unwrap();
    let header = AddEntriesHeader::new(other.clone(), LeafIndex::new(0), TreeSize::new(5), Vec::new());
    let outcome = copy.upload(&header.unwrap().encode(), NOW);
    assert_eq!(outcome, AddEntriesOutcome::Refused(AddEntriesRefusal::UnknownLog { origin: other.clone() }));
    assert_eq!(outcome.status(), 404);
    assert_eq!(copy.mirror.next_entry(&other).unwrap(), None);
    assert_eq!(copy.upload(&log.add_entries(0, 5, 9), NOW).status(), 200);
    copy.mirror.remove_log(&origin()).unwrap();
    assert_eq!(copy.upload(&log.add_entries(5, 5, 0), NOW).status(), 404);
    let again = copy.mirror.add_checkpoint(&log.add_checkpoint(5, log.checkpoint(5)), UnixSeconds::new(NOW));
    assert_eq!(again.unwrap().status(), 404);
}

#[test]
fn a_log_without_pending_checkpoint_is_422() {
    let (log, copy) = (Log::of(5), InMemory::new());
    let outcome = copy.upload(&log.add_entries(0, 5, 9), NOW);
    assert_eq!(outcome, AddEntriesOutcome::Refused(AddEntriesRefusal::NoCheckpoint { origin: origin() }));
    assert_eq!(outcome.status(), 422);
    copy.pend(&log, 0, 5, NOW);
    assert_eq!(copy.upload(&log.add_entries(0, 5, 9), NOW).status(), 200);
}

#[test]
fn an_end_that_never_was_pending_is_409_with_the_latest() {
    let (log, copy) = (Log::of(20), InMemory::new());
    copy.pend(&log, 0, 10, NOW);
    for end in [9, 11] {
        let outcome = copy.upload(&log.add_entries(0, end, 9), NOW);
        assert_eq!(outcome, AddEntriesOutcome::Conflict(info(10, 0)), "{end}");
        assert_eq!((outcome.status(), outcome.media_type()), (409, "text/x.tlog.mirror-info"));
        assert_eq!(outcome.body(), "10\n0\n\n");
    }
    assert_eq!(copy.upload(&log.add_entries(0, 10, 9), NOW).status(), 200);
}

#[test]
fn an_earlier_pending_checkpoint_is_good_until_it_is_overtaken() {
    let (log, copy) = (Log::of(20), InMemory::new());
    copy.pend(&log, 0, 10, NOW);
    copy.pend(&log, 10, 20, NOW);
    assert_eq!(copy.upload(&log.add_entries(0, 10, 9), NOW).status(), 200);
    assert_eq!(copy.upload(&log.add_entries(10, 20, 9), NOW).status(), 200);
    let overtaken = copy.upload(&log.add_entries(5, 10, 9), NOW);
    assert_eq!(overtaken, AddEntriesOutcome::Conflict(info(20, 20)));
    assert_eq!(copy.key.said().len(), 2);
}

#[test]
fn a_start_beyond_the_next_entry_or_long_before_it_is_409() {
    let (log, copy) = (Log::of(8600), InMemory::new());
    copy.pend(&log, 0, 8500, NOW);
    let beyond = copy.upload(&log.add_entries(1, 8500, 1), NOW);
    assert_eq!(beyond, AddEntriesOutcome::Conflict(info(8500, 0)));
    assert_eq!(copy.upload(&log.add_entries(0, 8500, 99), NOW).status(), 200);
    copy.pend(&log, 8500, 8600, NOW);
    let long_before = copy.upload(&log.add_entries(0, 8600, 0), NOW);
    assert_eq!(long_before, AddEntriesOutcome::Conflict(info(8600, 8500)));
    assert_eq!(copy.upload(&log.add_entries(400, 8600, 99), NOW).status(), 200);
}

#[test]
fn a_package_of_other_entries_is_422_and_nothing_of_it_is_stored() {
    let log = Log::of(600);
    let honest = log.add_entries(0, 600, 99);
    let first_end = log.add_entries(0, 600, 1).len();
    // In an entry, and in the proof of the first package; in the second package.
    for (byte, next) in [(200, 0), (first_end - 1, 0), (first_end + 200, 256)] {
        let copy = InMemory::new();
        copy.pend(&log, 0, 600, NOW);
        let mut forged = honest.clone();
        forged[byte] ^= 1;
        let outcome = copy.upload(&forged, NOW);
        let wrong = matches!(
            outcome,
            AddEntriesOutcome::Refused(AddEntriesRefusal::WrongPackage(
                SubtreeConsistencyError::RootMismatch { .. }
            ))
        );
        assert!(wrong, "byte {byte}: {outcome:?}");
        assert_eq!((outcome.status(), copy.next()), (422, next), "byte {byte}");
        assert_eq!(copy.upload(&log.add_entries(next as usize, 600, 99), NOW).status(), 200);
    }
}

#[test]
fn another_branch_gets_neither_pending_nor_stored() {
    let (log, copy) = (Log::of(30), InMemory::new());
    let mut fork = Log::of(20);
    fork.push(log.entries[21].clone());
    (0..9).for_each(|_| fork.commitment(&crate::log::authority()));
    copy.pend(&log, 0, 25, NOW);
    let outcome = copy
        .mirror
        .add_checkpoint(&fork.add_checkpoint(25, fork.checkpoint(30)), UnixSeconds::new(NOW))
        .unwrap();
    assert!(matches!(outcome, AddCheckpointOutcome::Refused(AddCheckpointRefusal::Inconsistent(_))));
    assert_eq!(copy.mirror.evidence().about(&origin()).unwrap().len(), 1);
    assert_eq!(copy.upload(&fork.add_entries(0, 25, 9), NOW).status(), 422);
    assert_eq!(copy.upload(&log.add_entries(0, 25, 9), NOW).status(), 200);
}

#[test]
fn so_many_pending_checkpoints_are_kept_and_no_more() {
    let (log, copy) = (Log::of(60), InMemory::new());
    for new in 1..=50 {
        copy.pend(&log, new - 1, new, NOW);
    }
    let oldest = 51 - PENDING_KEPT_MAX;
    assert_eq!(
        copy.upload(&log.add_entries(0, oldest - 1, 9), NOW),
        AddEntriesOutcome::Conflict(info(50, 0))
    );
    assert_eq!(copy.upload(&log.add_entries(0, oldest, 9), NOW).status(), 200);
    assert_eq!(copy.upload(&log.add_entries(oldest, 50, 9), NOW).status(), 200);
}

#[test]
fn clients_that_overlap_do_no_harm() {
    let log = Arc::new(Log::of(900));
    let copy = Arc::new(InMemory::new());
    copy.pend(&log, 0, 700, NOW);
    copy.pend(&log, 700, 900, NOW);
    let clients: Vec<_> = (0..4)
        .map(|number| {
            let (log, copy) = (log.clone(), copy.clone());
            thread::spawn(move || {
                let end = if number % 2 == 0 { 700 } else { 900 };
                for _ in 0..20 {
                    let start = (copy.next() as usize).min(end).saturating_sub(number * 50);
                    match copy.upload(&log.add_entries(start, end, 2), NOW).status() {
                        200 => return,
                        202 | 409 => {}
                        status => panic!("{status}"),
                    }
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert_eq!(copy.next(), 900);
    let said = copy.key.said();
    assert!(said.iter().any(|(size, ..)| *size == 900));
    assert!(said.iter().all(|(size, root, _)| log.root(*size as usize) == *root));
}
