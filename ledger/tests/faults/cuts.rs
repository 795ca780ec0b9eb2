//! Cuts at random, and at every single step of a small history.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::chain::{Broken, Chain, MACHINES};
use crate::support::random::{for_seeds, is_full};
use crate::support::simulated_disk::Fault;

/// Lives of the machines in one case: each life of a machine ends in a cut or a kill.
const LIVES: u64 = 4;

/// Cuts that the full suite must reach, each before the machine was done.
const FULL_CUTS: u64 = 10_000;

/// Lets the machines of a case live and be cut, and checks after each cut what is there. Gives back how many of the
/// cuts came while there was still something to write.
pub fn random_cuts(chain: &mut Chain) -> Result<u64, Broken> {
    let mut cuts = 0;
    for _ in 0..LIVES {
        let mut ends = Vec::new();
        for machine in 0..MACHINES.len() {
            // Mostly one machine has its turn; sometimes more than one, as when a region loses power.
            let (is_cut, kind, power) =
                (!chain.random().one_in(3), chain.random().below(4), chain.random().one_in(2));
            let reach = [90, 60, 14][machine];
            let at = chain.machines[machine].disk.changes() + 1 + chain.random().below(reach);
            let fault = match kind {
                0 => Fault::FailsAndPersists(at),
                1 => Fault::FailsAndDoesNot(at),
                _ => Fault::PowerEnds(at),
            };
            if is_cut {
                chain.set_fault(machine, fault);
            }
            ends.push((is_cut.then_some(at), power || matches!(fault, Fault::PowerEnds(_))));
        }
        let groups: Vec<u64> = (0..3).map(|_| 1 + chain.random().below(12)).collect();
        chain.live(&groups)?;
        for (machine, (cut, power)) in ends.into_iter().enumerate() {
            cuts += u64::from(cut.is_some_and(|at| chain.machines[machine].disk.changes() >= at));
            chain.end(machine, power);
        }
        chain.check()?;
        // What a restart showed is not taken back by a loss of power after it.
        (0..MACHINES.len()).for_each(|machine| chain.end(machine, true));
        chain.check()?;
    }
    chain.check_progress()?;
    chain.check()?;
    Ok(cuts)
}

#[test]
fn the_chain_survives_random_cuts() {
    let (seeds, wanted) = if is_full() { (2100, FULL_CUTS) } else { (60, 300) };
    let is_one = std::env::var_os("MATRICULA_SEED").is_some();
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let workers = if is_one { 1 } else { cores };
    let cuts = AtomicU64::new(0);
    thread::scope(|scope| {
        for worker in 1..=workers {
            let cuts = &cuts;
            scope.spawn(move || {
                for_seeds((worker..=seeds).step_by(workers as usize), |seed| {
                    let found =
                        random_cuts(&mut beginning(seed)).unwrap_or_else(|broken| panic!("{broken:?}"));
                    cuts.fetch_add(found, Ordering::Relaxed);
                });
            });
        }
    });
    let cuts = cuts.into_inner();
    println!("{cuts} cuts");
    assert!(cuts >= wanted || is_one, "only {cuts} cuts");
}

/// With every sixth seed the first tiles get full.
fn beginning(seed: u64) -> Chain {
    if seed.is_multiple_of(6) { Chain::grown(seed) } else { Chain::new(seed) }
}

#[test]
fn a_seed_gives_the_same_history_again() {
    for seed in [3, 4, 5, 6] {
        let history = || {
            let mut chain = beginning(seed);
            random_cuts(&mut chain).unwrap();
            chain.history()
        };
        assert!(history() == history(), "{seed}");
    }
}

/// Every change that a machine's disk is asked for in a small history is where its power ends, or fails, once.
fn each_step(machine: usize, faults: &[fn(u64) -> Fault]) {
    const GROUPS: [u64; 2] = [3, 2];
    let steps = {
        let mut chain = Chain::new(1);
        chain.live(&GROUPS).unwrap();
        assert_eq!(chain.witnessed(), 6);
        chain.machines[machine].disk.changes()
    };
    println!("{}: {steps} steps", MACHINES[machine]);
    assert!(steps > 10);
    for_seeds(1..=steps, |step| {
        for fault in faults {
            let mut chain = Chain::new(1);
            chain.set_fault(machine, fault(step));
            let case = |chain: &mut Chain| {
                chain.live(&GROUPS)?;
                chain.end(machine, true);
                chain.check()?;
                chain.end(machine, true);
                chain.check()?;
                chain.check_progress()
            };
            case(&mut chain).unwrap_or_else(|broken| panic!("{:?}: {broken:?}", fault(step)));
        }
    });
}

const CUT: &[fn(u64) -> Fault] = &[Fault::PowerEnds];
const EVERY: &[fn(u64) -> Fault] = &[Fault::PowerEnds, Fault::FailsAndPersists, Fault::FailsAndDoesNot];

#[test]
fn the_chain_survives_a_cut_at_every_step_of_the_writer() {
    each_step(0, if is_full() { EVERY } else { CUT });
}

#[test]
fn the_chain_survives_a_cut_or_failure_at_every_step_of_the_mirror() {
    each_step(1, EVERY);
}

#[test]
fn the_chain_survives_a_cut_or_failure_at_every_step_of_the_witness() {
    each_step(2, EVERY);
}
