//! Nodes that are killed, and started again.

use std::path::Path;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::sandbox;
use crate::world::{HONDURAS, KENYA, SENEGAL, World};

#[test]
fn mirrors_killed_in_the_middle_of_an_upload_go_on_after_it() {
    sandbox::run("restarts::mirrors_killed_in_the_middle_of_an_upload_go_on_after_it", || {
        let mut world = World::in_namespaces(Path::new(sandbox::FOLDER));
        world.log_witnessed(HONDURAS, 3);
        for round in 0..12 {
            a_mirror_is_killed(&mut world, Duration::from_millis(round * 60));
        }
        for round in 0..4 {
            a_writer_is_killed(&mut world, Duration::from_millis(50 + round * 120));
        }
        world.ends_well();
    });
}

/// The short form: three processes of this machine, without root.
#[test]
fn processes_of_one_machine_are_frozen_and_killed() {
    let folder = TempDir::new().unwrap();
    let mut world = World::on_loopback(folder.path());
    world.log_witnessed(HONDURAS, 3);
    world.at(KENYA).freeze();
    world.log_witnessed(HONDURAS, 100);
    a_mirror_is_killed(&mut world, Duration::from_millis(100));
    world.at(KENYA).thaw();
    a_writer_is_killed(&mut world, Duration::from_millis(100));
    world.ends_well();
}

/// The mirror is started when much waits for it, and killed some time after it began to answer.
fn a_mirror_is_killed(world: &mut World, after: Duration) {
    world.at_mut(SENEGAL).kill();
    let answer = world.at(HONDURAS).submit(2000, "accepted", 20).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    world.at_mut(SENEGAL).serve();
    thread::sleep(after);
    world.at_mut(SENEGAL).kill();
    world.at_mut(SENEGAL).serve();
}

/// The writer is killed while its entries are on their way to the mirrors.
fn a_writer_is_killed(world: &mut World, after: Duration) {
    let answer = world.at(HONDURAS).submit(1000, "accepted", 20).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    thread::sleep(after);
    world.at_mut(HONDURAS).kill();
    world.at_mut(HONDURAS).serve();
    world.log_witnessed(HONDURAS, 1);
}
