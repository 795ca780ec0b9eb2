//! When entries were logged: what the door is asked, and what nobody can make it believe.

use matricula_ledger::mirror::{AddEntriesOutcome, AddEntriesRefusal, CLOCK_SKEW_SECONDS, FRESH_SECONDS};
use matricula_registry::{DoorError, KeyEvent};
use matricula_tlog::UnixSeconds;

use crate::log::{DAY, InMemory, Log, NOW, school_key};

/// A log with an accredited school whose key is retired from some time on, and a mirror that has followed it so far.
fn retired_from(at: u64) -> (Log, InMemory) {
    let mut log = Log::new();
    log.accredit();
    log.key_event(KeyEvent::Retire { at: UnixSeconds::new(at) });
    let copy = InMemory::new();
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    (log, copy)
}

fn is_refused(outcome: &AddEntriesOutcome) -> bool {
    matches!(
        outcome,
        AddEntriesOutcome::Refused(AddEntriesRefusal::Forbidden { error, .. })
            if matches!(**error, DoorError::Refused { .. })
    )
}

#[test]
fn a_retired_key_is_refused_once_the_mirror_knows_that_the_log_is_later() {
    // Retired tomorrow; the log has shown, on the day after, a checkpoint without the entry.
    let (mut log, copy) = retired_from(NOW + DAY);
    let seen = log.size();
    copy.pend(&log, seen, seen, NOW + 2 * DAY);
    log.commitment(&school_key());
    let outcome = copy.follow(&log, seen, NOW + 2 * DAY + 60);
    assert!(is_refused(&outcome), "{outcome:?}");
}

#[test]
fn the_same_entry_is_taken_when_it_may_have_been_logged_in_time() {
    let (mut log, copy) = retired_from(NOW + DAY);
    let seen = log.size();
    log.commitment(&school_key());
    // The mirror was unreachable for days; the log had all of them to take the entry.
    assert_eq!(copy.follow(&log, seen, NOW + 2 * DAY).status(), 200);
}

#[test]
fn a_clock_may_be_off_by_the_skew_and_no_more() {
    for (late, refused) in [(CLOCK_SKEW_SECONDS - 1, false), (CLOCK_SKEW_SECONDS, true)] {
        let (mut log, copy) = retired_from(NOW + DAY);
        let seen = log.size();
        copy.pend(&log, seen, seen, NOW + DAY + late);
        log.commitment(&school_key());
        assert_eq!(is_refused(&copy.follow(&log, seen, NOW + DAY + late + 5)), refused, "{late}");
    }
}

#[test]
fn an_entry_that_was_allowed_only_later_is_refused() {
    let mut log = Log::new();
    log.accredit();
    log.key_event(KeyEvent::Retire { at: UnixSeconds::new(NOW + DAY) });
    let not_yet =
        KeyEvent::Add { role: matricula_registry::KeyRole::Issue, from: UnixSeconds::new(NOW + 5 * DAY) };
    let other = ed25519_dalek::SigningKey::from_bytes(&[55; 32]);
    let key = matricula_registry::KeyStatement {
        institution: crate::log::school(),
        key: (&other.verifying_key()).into(),
        event: not_yet,
    };
    log.add(&matricula_registry::Body::Key(key), &crate::log::authority());
    log.commitment(&other);
    // The first checkpoint that covers it came long before the key was valid, the upload long after.
    let copy = InMemory::new();
    copy.pend(&log, 0, log.size(), NOW);
    let outcome = copy.upload(&log.add_entries(0, log.size(), 9), NOW + 9 * DAY);
    assert!(is_refused(&outcome), "{outcome:?}");
    let late = InMemory::new();
    assert_eq!(late.follow(&log, 0, NOW + 9 * DAY).status(), 200);
}

#[test]
fn an_old_checkpoint_that_somebody_relays_does_not_make_an_honest_log_look_late() {
    let (mut log, copy) = retired_from(NOW + DAY);
    let seen = log.size();
    // An honest log: its checkpoint of the first evening never reached the mirror, the entry came after it, in time.
    let evening = log.checkpoint_at(seen, NOW + DAY / 2);
    log.commitment(&school_key());
    // Days later somebody relays the old checkpoint, before the log gets through itself.
    let relayed =
        copy.mirror.add_checkpoint(&log.add_checkpoint(seen, evening), UnixSeconds::new(NOW + 3 * DAY));
    assert_eq!(relayed.unwrap().status(), 200);
    assert_eq!(copy.follow(&log, seen, NOW + 3 * DAY).status(), 200);
}

#[test]
fn a_checkpoint_sent_again_without_its_time_does_not_make_it_forgotten() {
    let (mut log, copy) = retired_from(NOW + DAY);
    let seen = log.size();
    copy.pend(&log, seen, seen, NOW + 2 * DAY);
    let bare = log.add_checkpoint(seen, log.checkpoint(seen));
    assert_eq!(copy.mirror.add_checkpoint(&bare, UnixSeconds::new(NOW + 2 * DAY)).unwrap().status(), 200);
    let stale = log.add_checkpoint(seen, log.checkpoint_at(seen, NOW));
    assert_eq!(copy.mirror.add_checkpoint(&stale, UnixSeconds::new(NOW + 2 * DAY)).unwrap().status(), 200);
    log.commitment(&school_key());
    assert!(is_refused(&copy.follow(&log, seen, NOW + 2 * DAY + 60)));
}

#[test]
fn a_time_from_the_future_counts_for_nothing() {
    let (mut log, copy) = retired_from(NOW + DAY);
    let seen = log.size();
    // A log whose clock is days ahead: believed, it would be refused, and it may be only wrong.
    let ahead = log.checkpoint_at(seen, NOW + 2 * DAY);
    let outcome = copy.mirror.add_checkpoint(&log.add_checkpoint(seen, ahead), UnixSeconds::new(NOW + 60));
    assert_eq!(outcome.unwrap().status(), 200);
    log.commitment(&school_key());
    assert_eq!(copy.follow(&log, seen, NOW + 120).status(), 200);
}

#[test]
fn a_time_counts_while_it_is_fresh() {
    for (age, refused) in [(FRESH_SECONDS, true), (FRESH_SECONDS + 1, false)] {
        let (mut log, copy) = retired_from(NOW + DAY);
        let seen = log.size();
        let claimed = NOW + 2 * DAY;
        let body = log.add_checkpoint(seen, log.checkpoint_at(seen, claimed));
        let outcome = copy.mirror.add_checkpoint(&body, UnixSeconds::new(claimed + age));
        assert_eq!(outcome.unwrap().status(), 200);
        log.commitment(&school_key());
        assert_eq!(is_refused(&copy.follow(&log, seen, claimed + age + 1)), refused, "{age}");
    }
}

#[test]
fn without_a_time_key_only_the_mirrors_own_clock_bounds_from_above() {
    let mut config = crate::log::config();
    config.time_key = None;
    let copy = InMemory::with(config);
    let mut log = Log::new();
    log.accredit();
    log.key_event(KeyEvent::Retire { at: UnixSeconds::new(NOW + DAY) });
    assert_eq!(copy.follow(&log, 0, NOW).status(), 200);
    let seen = log.size();
    copy.pend(&log, seen, seen, NOW + 2 * DAY);
    log.commitment(&school_key());
    assert_eq!(copy.follow(&log, seen, NOW + 2 * DAY + 60).status(), 200);
}

#[test]
fn the_windows_survive_a_restart() {
    let (mut log, copy) = retired_from(NOW + DAY);
    let seen = log.size();
    copy.pend(&log, seen, seen, NOW + 2 * DAY);
    let copy = copy.restarted();
    log.commitment(&school_key());
    assert!(is_refused(&copy.follow(&log, seen, NOW + 2 * DAY + 60)));
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// An honest log lives for a while: the school signs as long as its key is valid by the log's clock, checkpoints reach
/// the mirror at once, late or never, and somebody relays old ones at any time. Whatever happens, it is not accused.
fn live_honestly(seed: u64) {
    let mut random = Random(seed);
    let offset = random.below(2 * CLOCK_SKEW_SECONDS - 40);
    let mirrors_clock = |log_time: u64| log_time + offset + 20 - CLOCK_SKEW_SECONDS;
    let retired_at = NOW + random.below(4 * DAY);
    let (mut log, copy) = retired_from(retired_at);
    let (mut time, mut pending) = (NOW + 2 * CLOCK_SKEW_SECONDS, log.size());
    let mut history = vec![(log.size(), NOW)];
    for _ in 0..60 {
        time += if random.below(3) == 0 { random.below(DAY) } else { random.below(30) };
        match random.below(5) {
            0 | 1 if time < retired_at => log.commitment(&school_key()),
            0 | 1 => log.commitment(&crate::log::authority()),
            2 => history.push((log.size(), time)),
            3 => {
                // The log's own push of its latest checkpoint, or anybody's of an old one.
                let newest = random.below(2) == 0;
                if newest {
                    history.push((log.size(), time));
                }
                let place =
                    if newest { history.len() as u64 - 1 } else { random.below(history.len() as u64) };
                let (size, at) = history[place as usize];
                if size >= pending {
                    let body = log.add_checkpoint(pending, log.checkpoint_at(size, at));
                    let now = UnixSeconds::new(mirrors_clock(time));
                    assert_eq!(copy.mirror.add_checkpoint(&body, now).unwrap().status(), 200);
                    pending = size;
                }
            }
            _ => {
                let next = copy.next() as usize;
                let outcome = copy.upload(&log.add_entries(next, pending, 9), mirrors_clock(time));
                assert_eq!(outcome.status(), 200, "seed {seed}: {outcome:?}");
            }
        }
    }
}

#[test]
fn an_honest_log_is_never_accused_however_its_checkpoints_arrive() {
    (0..80).for_each(live_honestly);
}

/// The same log, but it lets the school sign after its key was retired, and a checkpoint reaches the mirror every hour.
#[test]
fn a_log_that_dates_back_is_accused_when_its_checkpoints_arrive() {
    for seed in 0..20 {
        let mut random = Random(seed);
        let retired_at = NOW + DAY + random.below(DAY);
        let (mut log, copy) = retired_from(retired_at);
        let mut time = NOW;
        let late_by = 2 * CLOCK_SKEW_SECONDS + random.below(DAY);
        while time < retired_at + late_by {
            time += 3600;
            log.commitment(&crate::log::authority());
            assert_eq!(copy.follow(&log, log.size() - 1, time).status(), 200);
        }
        log.commitment(&school_key());
        let outcome = copy.follow(&log, log.size() - 1, time + 60);
        assert!(is_refused(&outcome), "seed {seed}: {outcome:?}");
    }
}
