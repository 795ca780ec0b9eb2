//! Images of a disk that are put back: the node knows less than it has told others.

use std::path::Path;

use crate::sandbox::{self, command};
use crate::world::{HONDURAS, KENYA, SENEGAL, World};

#[test]
fn old_disk_images_are_refused_or_healed() {
    sandbox::run("images::old_disk_images_are_refused_or_healed", || {
        let mut world = World::in_namespaces(Path::new(sandbox::FOLDER));
        world.log_witnessed(HONDURAS, 20);
        an_old_image_of_a_log_is_refused_and_restored_from_mirrors(&mut world);
        an_old_image_of_a_log_is_refused_when_one_peer_comes_late(&mut world);
        an_old_image_of_a_mirror_learns_what_it_cosigned(&mut world);
        world.ends_well();
    });
}

fn take_image(world: &mut World, of: usize) {
    world.at_mut(of).stop();
    let (folder, image) = (world.at(of).path("authority"), world.at(of).path("image"));
    command(["rm", "-rf", image.to_str().unwrap()]);
    command(["cp", "-a", folder.to_str().unwrap(), image.to_str().unwrap()]);
    world.at_mut(of).serve();
}

fn put_image_back(world: &mut World, of: usize) {
    world.at_mut(of).kill();
    let (folder, image) = (world.at(of).path("authority"), world.at(of).path("image"));
    command(["rm", "-rf", folder.to_str().unwrap()]);
    command(["cp", "-a", image.to_str().unwrap(), folder.to_str().unwrap()]);
}

fn an_old_image_of_a_log_is_refused_and_restored_from_mirrors(world: &mut World) {
    take_image(world, HONDURAS);
    world.log_witnessed(HONDURAS, 30);
    put_image_back(world, HONDURAS);
    assert!(!world.at_mut(HONDURAS).starts(), "a log that went back must not sign");
    let said = world.at(HONDURAS).said();
    assert!(said.contains("error[log_unusable]"), "{said}");
    restore(world);
}

fn restore(world: &mut World) {
    let log = world.at(HONDURAS);
    command(["rm", "-rf", log.path("authority/ledger").to_str().unwrap()]);
    // From the mirrors among its peers, whom it asks also for what they have seen as witnesses.
    log.ok(&["ledger", "restore"]);
    world.at_mut(HONDURAS).serve();
    world.log_witnessed(HONDURAS, 5);
}

/// The peers are down when the node starts, so that nobody contradicts it; then one comes back.
fn an_old_image_of_a_log_is_refused_when_one_peer_comes_late(world: &mut World) {
    take_image(world, HONDURAS);
    world.log_witnessed(HONDURAS, 30);
    put_image_back(world, HONDURAS);
    world.at(SENEGAL).freeze();
    world.at(KENYA).freeze();
    // It may start, and take nothing that anybody would witness.
    let started = world.at_mut(HONDURAS).starts();
    world.at(SENEGAL).thaw();
    world.at(KENYA).thaw();
    if started {
        crate::world::wait_until("the node stops", || {
            world.at(HONDURAS).get("/healthz").is_none_or(|(status, _)| status == 503)
        });
        let refused = world.at(HONDURAS).submit(1, "witnessed", 2);
        assert!(refused.as_ref().is_none_or(|answer| answer.status == 503), "{refused:?}");
        world.at_mut(HONDURAS).kill();
    }
    restore(world);
}

/// Its neighbour's log went on meanwhile, with its cosignatures. It takes them up again from what is shown.
fn an_old_image_of_a_mirror_learns_what_it_cosigned(world: &mut World) {
    world.wait_mirrored(HONDURAS, SENEGAL);
    take_image(world, SENEGAL);
    world.log_witnessed(HONDURAS, 300);
    world.wait_mirrored(HONDURAS, SENEGAL);
    put_image_back(world, SENEGAL);
    if world.at_mut(SENEGAL).starts() {
        world.log_witnessed(HONDURAS, 1);
        world.wait_mirrored(HONDURAS, SENEGAL);
        return;
    }
    let said = world.at(SENEGAL).said();
    panic!("the mirror was refused and has no way back: {said}");
}
