//! Power is lost, and writes fail, while a log is written out or rebuilt.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use matricula_ledger::{
    Disk, ExportError, FileSequence, FileTiles, FolderSource, NodeFiles, NodeStores, RestoreError, export_on,
    fsck_on, restore_on,
};
use matricula_state::{MemoryStore, StateStore};

use crate::support::simulated_disk::{Fault, SimulatedDisk};
use crate::support::{ORIGIN, keys};
use crate::world::{Order, exported, world};

/// Attempts until a fault comes so late that the work is done before: each goes some changes further.
const ATTEMPTS_MAX: u64 = 400;

fn fault(seed: u64, attempt: u64, disk: &SimulatedDisk) -> Fault {
    let cut = disk.changes() + 1 + (seed * 7 + attempt * 13) % 40 + attempt;
    match (seed + attempt) % 4 {
        0 => Fault::FailsAndPersists(cut),
        1 => Fault::FailsAndDoesNot(cut),
        _ => Fault::PowerEnds(cut),
    }
}

fn end(disk: &SimulatedDisk, fault: Fault, attempt: u64) {
    if attempt.is_multiple_of(2) || matches!(fault, Fault::PowerEnds(_)) {
        disk.crash();
    } else {
        disk.kill_process();
    }
    disk.set_fault(None);
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inner)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = if inner.is_empty() { name } else { format!("{inner}/{name}") };
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                found.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

#[test]
fn an_export_cut_anywhere_is_taken_up_and_its_checkpoint_comes_last() {
    let world = world(600);
    let wanted = tree(&exported(&world, "out"));
    let source = NodeFiles::open(&world.path().join("ledger")).unwrap().unwrap();
    for seed in 1..=30 {
        let disk = SimulatedDisk::new(seed);
        let mut done = false;
        for attempt in 0..ATTEMPTS_MAX {
            let fault = fault(seed, attempt, &disk);
            disk.set_fault(Some(fault));
            let run: Result<_, ExportError> =
                export_on(&source, keys().log.verifier(), Arc::new(disk.clone()), &mut |_, _| ());
            end(&disk, fault, attempt);
            if disk.bytes("checkpoint").is_some() {
                // Whoever sees a checkpoint finds all that it covers.
                let found: BTreeMap<_, _> =
                    disk.paths().into_iter().map(|path| (path.clone(), disk.bytes(&path).unwrap())).collect();
                assert!(wanted.iter().all(|(path, bytes)| found.get(path) == Some(bytes)), "seed {seed}");
            }
            if run.is_ok() {
                done = true;
                break;
            }
        }
        assert!(done, "seed {seed}");
        disk.crash();
        for (path, bytes) in &wanted {
            assert_eq!(disk.bytes(path).as_ref(), Some(bytes), "seed {seed} {path}");
        }
    }
}

fn stores(disk: &SimulatedDisk, state: Arc<dyn StateStore>) -> Result<NodeStores, RestoreError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let sequence = Arc::new(FileSequence::open(disk.clone(), ORIGIN)?);
    let tiles = Arc::new(FileTiles::open(disk.clone())?);
    Ok(NodeStores { disk, sequence, tiles, state })
}

#[test]
fn a_restore_cut_anywhere_is_taken_up() {
    let world = world(600);
    let copy = exported(&world, "copy");
    let source = FolderSource::new(&copy);
    let order = Order::default();
    for seed in 1..=25 {
        let disk = SimulatedDisk::new(seed);
        let mut state: Arc<dyn StateStore> = Arc::new(MemoryStore::new());
        let mut done = false;
        for attempt in 0..ATTEMPTS_MAX {
            let fault = fault(seed, attempt, &disk);
            disk.set_fault(Some(fault));
            let run = stores(&disk, state.clone()).and_then(|stores| {
                order.with(&[&source], |order| restore_on(&stores, order, &mut |_, _| ()))
            });
            end(&disk, fault, attempt);
            match run {
                Ok(_) => {
                    done = true;
                    break;
                }
                Err(RestoreError::RootMismatch { .. } | RestoreError::MissingEntry { .. }) => {
                    panic!("seed {seed}: nothing may be missing or mixed")
                }
                Err(_) => {}
            }
            if (seed + attempt) % 5 == 0 {
                // The state store may be lost, too.
                state = Arc::new(MemoryStore::new());
            }
        }
        assert!(done, "seed {seed}");
        drop(stores(&disk, state.clone()).unwrap());
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let report = fsck_on(&disk, state).unwrap();
        assert!(report.is_sound(), "seed {seed}: {report}");
    }
}
