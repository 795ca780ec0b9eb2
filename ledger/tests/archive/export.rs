//! Writing a log out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use matricula_ledger::{ExportError, HttpSource, NodeFiles, SequenceError, TileError, export};
use matricula_tlog::{Checkpoint, Hash, Origin, SignedCheckpoint, TreeSize};

use crate::support::{ORIGIN, create, keys, open};
use crate::world::{Order, Served, assert_sound, exported, flip, grow, static_log, world};

/// Every file below a folder, with when it was written.
fn files(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path(), entry.metadata().unwrap().modified().unwrap());
            }
        }
    }
    found
}

#[test]
fn writes_the_static_layout_and_nothing_twice() {
    let world = world(700);
    let out = exported(&world, "out");
    for path in ["checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"] {
        assert!(out.join(path).is_file(), "{path}");
    }
    for path in ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/188"] {
        assert!(out.join(path).is_file(), "{path}");
    }
    assert_eq!(
        fs::read(out.join("checkpoint")).unwrap(),
        fs::read(world.path().join("ledger/checkpoint")).unwrap()
    );
    assert_eq!(
        fs::read(out.join("tile/0/001")).unwrap(),
        fs::read(world.path().join("ledger/tile/0/001")).unwrap()
    );
    let mut before = files(&out);
    exported(&world, "out");
    let mut after = files(&out);
    // The checkpoint is put in place again; it may have got cosignatures.
    for written in [&mut before, &mut after] {
        written.remove(&out.join("checkpoint"));
    }
    assert_eq!(before, after);

    // The log grows, and the folder with it.
    let node = open(&world.path().join("ledger"));
    grow(&node, 900);
    node.close();
    drop(node);
    exported(&world, "out");
    let grown = files(&out);
    assert!(before.iter().all(|(path, written)| grown.get(path) == Some(written)));
    assert!(out.join("tile/entries/002").is_file() && out.join("tile/0/003.p/132").is_file());
    Order::default().run(&[&out], &world.path().join("again")).unwrap();
    assert_sound(&world.path().join("again"));
}

#[test]
fn a_running_node_is_read_over_http_or_not_at_all() {
    let world = tempfile::TempDir::new().unwrap();
    let node = Arc::new(create(&world.path().join("ledger")));
    grow(&node, 300);
    let locked = NodeFiles::open(&world.path().join("ledger")).unwrap_err();
    assert!(matches!(locked, SequenceError::Locked), "{locked}");
    let served = Served::new(node.clone());
    let source = HttpSource::new(&served.address);
    let out = world.path().join("out");
    let done = export(&source, keys().log.verifier(), &out, &mut |_, _| ()).unwrap();
    assert_eq!(done.checkpoint.unverified().size(), TreeSize::new(300));
    // A node in this process is a source, too, and gives the same.
    let beside = world.path().join("beside");
    export(node.as_ref(), keys().log.verifier(), &beside, &mut |_, _| ()).unwrap();
    for path in ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"] {
        assert_eq!(fs::read(out.join(path)).unwrap(), fs::read(beside.join(path)).unwrap(), "{path}");
    }
    drop(served);
    let unreachable = export(&source, keys().log.verifier(), &world.path().join("no"), &mut |_, _| ());
    assert!(matches!(unreachable, Err(ExportError::Source(_))), "{unreachable:?}");
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let world = world(300);
    let out = exported(&world, "out");
    let again = || {
        let files = NodeFiles::open(&world.path().join("ledger")).unwrap().unwrap();
        export(&files, keys().log.verifier(), &out, &mut |_, _| ())
    };
    // A damaged file is named and not overwritten.
    flip(&out.join("tile/entries/000"));
    let differs = again().unwrap_err();
    assert!(matches!(differs, ExportError::Folder(TileError::Differs { .. })), "{differs}");
    assert!(differs.to_string().contains("tile/entries/000"), "{differs}");
    flip(&out.join("tile/entries/000"));
    again().unwrap();
    // A checkpoint of another history, of another log, of a larger size.
    let sign = |size, root| {
        let origin = Origin::new(ORIGIN).unwrap();
        Checkpoint::new(origin, TreeSize::new(size), Hash::from_bytes([root; 32]))
            .unwrap()
            .sign(&keys().log)
            .unwrap()
    };
    fs::write(out.join("checkpoint"), sign(200, 1).encode()).unwrap();
    assert!(matches!(again(), Err(ExportError::Forked { size }) if size == TreeSize::new(200)));
    fs::write(out.join("checkpoint"), sign(301, 1).encode()).unwrap();
    assert!(matches!(again(), Err(ExportError::Folder(TileError::Backwards { .. }))));
    let other = fs::read_to_string(out.join("checkpoint")).unwrap().replace(ORIGIN, "ledger.example/other");
    fs::write(out.join("checkpoint"), other).unwrap();
    assert!(matches!(again(), Err(ExportError::OtherLog { .. })));
}

#[test]
fn what_the_log_has_not_signed_is_not_written_out() {
    let world = tempfile::TempDir::new().unwrap();
    let entries: Vec<_> = (0..40).map(crate::support::entry).collect();
    let source = world.path().join("source");
    static_log(&source, &entries, crate::support::NOW);
    let out = world.path().join("out");
    let run =
        || export(&matricula_ledger::FolderSource::new(&source), keys().log.verifier(), &out, &mut |_, _| ());
    flip(&source.join("tile/entries/000.p/40"));
    let damaged = run().unwrap_err();
    assert!(matches!(&damaged, ExportError::Damaged { findings, .. } if findings.len() == 1), "{damaged}");
    assert!(!out.join("checkpoint").exists() && !out.join("tile/entries").exists());
    flip(&source.join("tile/entries/000.p/40"));
    let note = fs::read_to_string(source.join("checkpoint")).unwrap();
    fs::write(source.join("checkpoint"), note.replace("\n40\n", "\n39\n")).unwrap();
    assert!(matches!(run(), Err(ExportError::NotBelieved(_))));
    fs::write(source.join("checkpoint"), note).unwrap();
    let done = run().unwrap();
    assert!(SignedCheckpoint::parse(&fs::read(out.join("checkpoint")).unwrap()).unwrap() == done.checkpoint);
}
