//! Disks that are full: of a log, and of a mirror.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::sandbox::{self, mount_small_disk};
use crate::world::{HONDURAS, SENEGAL, World, wait_until};

/// Room for three keys, a small log, and the logs of two neighbours.
const DISK_MEBIBYTES: u64 = 48;

#[test]
fn a_log_with_a_full_disk_refuses_and_goes_on_later() {
    sandbox::run("full_disk::a_log_with_a_full_disk_refuses_and_goes_on_later", || {
        let folder = Path::new(sandbox::FOLDER);
        mount_small_disk(&folder.join("hn"), DISK_MEBIBYTES);
        let mut world = World::in_namespaces(folder);
        world.log_witnessed(HONDURAS, 20);
        let filler = fill(&folder.join("hn"));
        // What was made room for before may still be taken.
        let mut refused = None;
        for _ in 0..400 {
            match world.at(HONDURAS).submit(200, "witnessed", 20).expect("it answers") {
                answer if answer.status == 200 => world.judge.promised(&world.ministries[HONDURAS], &answer),
                answer if answer.status == 202 => {}
                answer => {
                    refused = Some(answer);
                    break;
                }
            }
        }
        let refused = refused.expect("the disk is full");
        assert_eq!((refused.status, refused.word.as_str()), (503, "node_stopped"), "{refused:?}");
        let health = world.at(HONDURAS).get("/healthz").unwrap();
        assert!(health.0 == 503 && health.1.contains("\"node_stopped\""), "{health:?}");
        // Its mirrors have what was witnessed, and the others go on.
        let log = world.at(HONDURAS);
        world.judge.finds_all_in(log, &log.copy_at(world.at(SENEGAL)));
        world.log_witnessed(SENEGAL, 5);
        fs::remove_file(filler).unwrap();
        world.at_mut(HONDURAS).stop();
        world.at_mut(HONDURAS).serve();
        world.log_witnessed(HONDURAS, 20);
        world.ends_well();
    });
}

#[test]
fn a_mirror_with_a_full_disk_cosigns_nothing_and_goes_on_later() {
    sandbox::run("full_disk::a_mirror_with_a_full_disk_cosigns_nothing_and_goes_on_later", || {
        let folder = Path::new(sandbox::FOLDER);
        mount_small_disk(&folder.join("sn"), DISK_MEBIBYTES);
        let mut world = World::in_namespaces(folder);
        world.log_witnessed(HONDURAS, 20);
        world.wait_mirrored(HONDURAS, SENEGAL);
        let filler = fill(&folder.join("sn"));
        // The log goes on with its other mirror.
        for _ in 0..20 {
            world.log_witnessed(HONDURAS, 1000);
        }
        wait_until("its health says that the mirror cannot go on", || {
            world
                .at(SENEGAL)
                .get("/healthz")
                .is_some_and(|(status, text)| status == 503 && text.contains("\"following_stopped\""))
        });
        let log = world.at(HONDURAS);
        let size = world.mirrored_size(HONDURAS, SENEGAL);
        assert!(size < 20_000, "the mirror has all of it on a full disk: {size}");
        let page = log.get("/log/node").unwrap().1;
        assert!(page.contains("sn (mirror)"), "{page}");
        fs::remove_file(filler).unwrap();
        world.at_mut(SENEGAL).stop();
        world.at_mut(SENEGAL).serve();
        world.wait_mirrored(HONDURAS, SENEGAL);
        world.ends_well();
    });
}

/// Writes until there is no room.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = File::create(&path).unwrap();
    let mut piece = vec![0; 1 << 20];
    while !piece.is_empty() {
        match file.write_all(&piece).and_then(|()| file.sync_data()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 4),
            Err(error) => panic!("{error}"),
        }
    }
    path
}
