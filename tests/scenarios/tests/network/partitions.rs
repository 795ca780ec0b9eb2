//! Networks that let nothing through, or only one way, and nodes that stand still for a while.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::sandbox;
use crate::world::{HONDURAS, KENYA, Loss, SENEGAL, World, wait_until};

#[test]
fn partitions_delay_what_is_witnessed_and_fork_nothing() {
    sandbox::run("partitions::partitions_delay_what_is_witnessed_and_fork_nothing", || {
        let mut world = World::in_namespaces(Path::new(sandbox::FOLDER));
        world.log_witnessed(HONDURAS, 3);
        answers_do_not_come_back(&mut world);
        connections_do_not_come_back(&mut world);
        one_ministry_is_cut_off(&mut world);
        world.ends_well();
    });
}

#[test]
fn frozen_nodes_take_up_where_the_others_are() {
    sandbox::run("partitions::frozen_nodes_take_up_where_the_others_are", || {
        let mut world = World::in_namespaces(Path::new(sandbox::FOLDER));
        world.log_witnessed(HONDURAS, 3);
        a_node_is_frozen_while_the_others_go_on(&mut world);
        a_mirror_is_frozen_in_the_middle_of_an_upload(&mut world);
        world.ends_well();
    });
}

/// Both mirrors take and cosign what is sent, and the writer never hears of it.
fn answers_do_not_come_back(world: &mut World) {
    world.cut(SENEGAL, HONDURAS, Loss::Answers);
    world.cut(KENYA, HONDURAS, Loss::Answers);
    world.log_unwitnessed(HONDURAS, 5, 3);
    world.heal(SENEGAL);
    world.heal(KENYA);
    world.wait_witnessed(HONDURAS);
    world.log_witnessed(HONDURAS, 1);
}

/// One mirror is enough for the quorum; what the other one missed is brought to it afterwards.
fn connections_do_not_come_back(world: &mut World) {
    world.cut(SENEGAL, HONDURAS, Loss::Everything);
    let before = world.mirrored_size(HONDURAS, SENEGAL);
    for _ in 0..5 {
        world.log_witnessed(HONDURAS, 20);
    }
    assert_eq!(world.mirrored_size(HONDURAS, SENEGAL), before, "nothing gets there");
    world.heal(SENEGAL);
    world.wait_mirrored(HONDURAS, SENEGAL);
}

fn one_ministry_is_cut_off(world: &mut World) {
    for other in [SENEGAL, KENYA] {
        world.cut(other, HONDURAS, Loss::Everything);
    }
    // It may go on alone, and the others together. Only theirs is witnessed.
    world.log_unwitnessed(HONDURAS, 10, 2);
    world.log_witnessed(SENEGAL, 10);
    world.log_witnessed(KENYA, 10);
    world.log_unwitnessed(HONDURAS, 10, 2);
    for other in [SENEGAL, KENYA] {
        world.heal(other);
    }
    world.wait_witnessed(HONDURAS);
    world.wait_mirrored(SENEGAL, HONDURAS);
    world.wait_mirrored(KENYA, HONDURAS);
}

fn a_node_is_frozen_while_the_others_go_on(world: &mut World) {
    world.at(HONDURAS).freeze();
    for _ in 0..3 {
        world.log_witnessed(SENEGAL, 50);
        world.log_witnessed(KENYA, 50);
    }
    // Longer than any call is waited for, so that what is on its way when it thaws is old.
    thread::sleep(Duration::from_secs(35));
    world.log_witnessed(SENEGAL, 1);
    world.at(HONDURAS).thaw();
    world.log_witnessed(HONDURAS, 3);
    world.wait_mirrored(SENEGAL, HONDURAS);
    world.wait_mirrored(KENYA, HONDURAS);
}

fn a_mirror_is_frozen_in_the_middle_of_an_upload(world: &mut World) {
    for round in 0..5 {
        let before = world.mirrored_size(HONDURAS, SENEGAL);
        let answer = world.at(HONDURAS).submit(1000, "accepted", 20).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        thread::sleep(Duration::from_millis(100 + round * 90));
        world.at(SENEGAL).freeze();
        world.log_witnessed(HONDURAS, 10);
        world.at(SENEGAL).thaw();
        wait_until("the mirror goes on", || world.mirrored_size(HONDURAS, SENEGAL) > before);
    }
    world.wait_mirrored(HONDURAS, SENEGAL);
}
