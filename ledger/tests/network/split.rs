//! A writer that exists twice, as when a backup is started beside the log that it was taken of: each half of the network
//! sees another one.

use std::time::Duration;

use matricula_tlog::Finding;
use turmoil::Sim;

use crate::support::random::{for_seeds, is_full};
use crate::tree::Tree;
use crate::world::{Broken, MAJORITIES, Quorum, TICK_MS, World, writer_name};

/// The first writer reaches one mirror and three witnesses, the second all others.
const FIRST_SIDE: [&str; 4] = ["mirror1", "witness1", "witness2", "witness3"];

type Check = fn(&World) -> Result<(), Broken>;

fn run_for(sim: &mut Sim<'static>, world: &World, time: Duration, check: Check) -> Result<(), Broken> {
    for step in 0..time.as_millis() as u64 / TICK_MS {
        sim.step().unwrap();
        if step % 50 == 0 {
            check(world)?;
        }
    }
    Ok(())
}

/// Two writers with one key and a common beginning, in a network that is cut in two, and then is not.
fn split(seed: u64, quorum: Quorum, check: Check) -> Result<World, Broken> {
    let mut common = Tree::new();
    common.grow(5 + seed % 7);
    let world = World::new(seed, quorum, vec![common.clone(), common.branched()]);
    let mut sim = world.start(seed);
    for neighbour in &world.neighbours {
        let is_first = FIRST_SIDE.contains(&neighbour.name.as_str());
        sim.partition(writer_name(usize::from(is_first)), neighbour.name.as_str());
    }
    run_for(&mut sim, &world, Duration::from_secs(20), check)?;
    for neighbour in &world.neighbours {
        for writer in 0..2 {
            sim.repair(writer_name(writer), neighbour.name.as_str());
        }
    }
    run_for(&mut sim, &world, Duration::from_secs(60), check)?;
    Ok(world)
}

#[test]
fn a_log_that_exists_twice_never_gets_two_roots_of_one_size_witnessed() {
    for_seeds(1..=if is_full() { 60 } else { 3 }, |seed| {
        let world = split(seed, MAJORITIES, World::check).unwrap_or_else(|broken| panic!("{broken:?}"));
        let [first, second] = world.writers.as_slice() else { panic!() };
        assert_eq!(first.book().witnessed.len(), 0, "three of seven are no quorum");
        assert!(second.book().witnessed.len() > 3, "the other side goes on");
        // Each learns of it, or has evidence against it with its neighbours, as soon as they meet.
        let noticed = |position: usize| world.writers[position].book().contradictions > 0;
        assert!(noticed(0) && noticed(1), "both writers must hear of it");
        let stopped = world.writers.iter().filter(|writer| writer.book().stopped.is_some()).count();
        assert!(stopped > 0, "one of them sees that it is not the only one");
        let files: Vec<_> = world.neighbours.iter().flat_map(|neighbour| neighbour.evidence()).collect();
        let is_fork = |finding: &Finding| {
            matches!(finding, Finding::SplitView { .. } | Finding::RewrittenHistory { .. })
        };
        assert!(files.iter().all(|file| file.verify().is_ok_and(|finding| is_fork(&finding))));
        let unexplained = world.neighbours.iter().any(|neighbour| neighbour.has_unexplained());
        assert!(!files.is_empty() || unexplained, "somebody keeps what shows the fork");
    });
}

/// With quorums that need not meet, the same network lets both through: the check sees it.
#[test]
fn minorities_let_a_log_that_exists_twice_through() {
    let minorities = Quorum { mirrors: 1, witnesses: 3 };
    let found = |check| (1..=4).find_map(|seed| split(seed, minorities, check).err());
    let roots = found(World::check_roots);
    assert!(matches!(roots, Some(Broken::TwoWitnessed { .. })), "{roots:?}");
    let common = found(World::check_common);
    assert!(matches!(common, Some(Broken::NothingInCommon { .. })), "{common:?}");
}
