//! Many threads, two forks, one witness.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use matricula_state::{MemoryStore, SledStore, StateStore};
use matricula_tlog::{UnixSeconds, parse_size};
use tempfile::TempDir;

use crate::controls::{Start, Subject, checks_then_writes, real, trusts_the_clock};
use crate::logs::{Branch, Broken, LEAVES, NOW, Recorder, Said, one_history};

const THREADS: u64 = 8;

/// Half of the threads push one branch, half the other, each from the size that the witness told it last, until nothing
/// moves; the clock differs from thread to thread, and goes back now and then. Gives back what was cosigned.
fn race(start: Start, store: Arc<dyn StateStore>, seed: u64) -> Vec<Said> {
    let key = Recorder::new();
    let witness = start(store, key.clone());
    let step = AtomicU64::new(seed);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (witness, step) = (&witness, &step);
            scope.spawn(move || push(witness.as_ref(), number, step));
        }
    });
    key.said()
}

fn push(witness: &dyn Subject, number: u64, step: &AtomicU64) {
    let branch = Branch::new((number % 2) as u8);
    let mut old = 0;
    for _ in 0..60 {
        let random = scrambled(step.fetch_add(1, Ordering::Relaxed) + (number << 32));
        let new = LEAVES.min(old + (random % 4) as usize);
        let now = UnixSeconds::new(NOW.get() + random % 50);
        let Some((status, body)) = witness.add_checkpoint(&branch.request(old, new), now) else { return };
        match status {
            200 => old = new,
            409 => old = parse_size(body.as_bytes()).unwrap().get() as usize,
            // The witness is on the other branch for good.
            422 => return,
            _ => panic!("{status} {body}"),
        }
    }
}

/// SplitMix64.
fn scrambled(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

#[test]
fn two_forks_are_never_both_cosigned() {
    for seed in 0..40 {
        let said = race(real, Arc::new(MemoryStore::new()), seed);
        assert!(said.iter().any(|(size, ..)| *size > 9), "seed {seed}: somebody got beyond the fork");
        assert_eq!(one_history(&said), Ok(()), "seed {seed}: {said:?}");
    }
}

#[test]
fn two_forks_are_never_both_cosigned_over_the_embedded_engine() {
    for seed in 0..2 {
        let folder = TempDir::new().unwrap();
        let store = SledStore::open(folder.path()).unwrap();
        let said = race(real, Arc::new(store), seed);
        assert_eq!(one_history(&said), Ok(()), "seed {seed}: {said:?}");
    }
}

#[test]
fn a_witness_that_checks_and_then_writes_is_caught() {
    let caught = |seed| one_history(&race(checks_then_writes, Arc::new(MemoryStore::new()), seed)).is_err();
    assert!((0..40).any(caught));
}

#[test]
fn a_witness_that_trusts_the_clock_is_caught() {
    let broken = (0..40).map(|seed| one_history(&race(trusts_the_clock, Arc::new(MemoryStore::new()), seed)));
    assert!(broken.into_iter().any(|history| history == Err(Broken::RolledBack)));
}
