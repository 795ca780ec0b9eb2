//! Checks of tile stores.

use std::sync::Barrier;
use std::thread;

use matricula_tlog::{
    BundlePath, Checkpoint, Hash, KeyName, NoteSigner, Origin, SignedCheckpoint, TilePath, TreeSize,
};

use super::{TileSubject, ensure, told};
use crate::tiles::{ObjectPath, TileError};

type Check = fn(&mut dyn TileSubject) -> Result<(), String>;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("returns what was put", returns_what_was_put),
    ("never changes an object", never_changes_an_object),
    ("has one winner of a race", has_one_winner),
    ("publishes forward only", publishes_forward_only),
    ("keeps what it acknowledged", keeps_what_it_acknowledged),
    ("keeps every acknowledged state in a row", keeps_every_state_in_a_row),
];

const WRITERS: usize = 8;

fn tile(index: u64) -> Result<ObjectPath, String> {
    TilePath::new(0, index, 256).map(ObjectPath::Tile).map_err(told)
}

fn checkpoint(size: u64, root: u8, key: u8) -> Result<SignedCheckpoint, String> {
    let name = KeyName::new("suite.example/log").map_err(told)?;
    let origin = Origin::from(&name);
    let signer = NoteSigner::new(name, &[key; 32]);
    let root = Hash::from_bytes([root; 32]);
    Checkpoint::new(origin, TreeSize::new(size), root).map_err(told)?.sign(&signer).map_err(told)
}

fn returns_what_was_put(subject: &mut dyn TileSubject) -> Result<(), String> {
    let store = subject.store();
    let paths = [
        tile(0)?,
        tile(1_234_067)?,
        ObjectPath::Tile(TilePath::new(2, 5, 17).map_err(told)?),
        ObjectPath::Bundle(BundlePath::new(0, 256).map_err(told)?),
        ObjectPath::Bundle(BundlePath::new(77_000, 3).map_err(told)?),
    ];
    for path in paths {
        ensure(store.get(path).map_err(told)?.is_none(), || format!("{path} is there already"))?;
    }
    let objects: Vec<_> =
        paths.iter().enumerate().map(|(i, path)| (*path, vec![i as u8; 1 + i * 3000])).collect();
    store.put(&objects).map_err(told)?;
    store.put(&[]).map_err(told)?;
    for (path, bytes) in &objects {
        ensure(store.get(*path).map_err(told)?.as_ref() == Some(bytes), || format!("other bytes at {path}"))?;
    }
    Ok(())
}

fn never_changes_an_object(subject: &mut dyn TileSubject) -> Result<(), String> {
    let store = subject.store();
    let path = tile(3)?;
    store.put(&[(path, vec![1; 8192])]).map_err(told)?;
    store.put(&[(path, vec![1; 8192])]).map_err(told)?;
    for other in [vec![2; 8192], vec![1; 8191], Vec::new()] {
        let twice = store.put(&[(tile(4)?, vec![9]), (path, other)]);
        ensure(matches!(twice, Err(TileError::Differs { .. })), || format!("other bytes gave {twice:?}"))?;
        ensure(store.get(path).map_err(told)? == Some(vec![1; 8192]), || "the object changed".into())?;
    }
    let itself = store.put(&[(tile(5)?, vec![1]), (tile(5)?, vec![2])]);
    ensure(matches!(itself, Err(TileError::Differs { .. })), || format!("two bytes for one name: {itself:?}"))
}

/// Each round all writers put other bytes under one name at once: one wins, and stays.
fn has_one_winner(subject: &mut dyn TileSubject) -> Result<(), String> {
    let store = subject.store();
    for round in 0..20 {
        let path = tile(round)?;
        let barrier = Barrier::new(WRITERS);
        let attempt = |writer: u8| {
            barrier.wait();
            store.put(&[(path, vec![writer; 500])])
        };
        let results: Vec<_> = thread::scope(|scope| {
            let attempt = &attempt;
            let threads: Vec<_> =
                (0..WRITERS as u8).map(|writer| scope.spawn(move || attempt(writer))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let winners: Vec<_> = (0u8..).zip(&results).filter(|(_, result)| result.is_ok()).collect();
        ensure(winners.len() == 1, || format!("{} writers won round {round}", winners.len()))?;
        let there = store.get(path).map_err(told)?;
        let kept = there == winners.first().map(|(writer, _)| vec![*writer; 500]);
        ensure(kept, || format!("not the winner's bytes in round {round}"))?;
    }
    Ok(())
}

fn publishes_forward_only(subject: &mut dyn TileSubject) -> Result<(), String> {
    let store = subject.store();
    ensure(store.published().map_err(told)?.is_none(), || "a fresh store has a checkpoint".into())?;
    let five = checkpoint(5, 1, 1)?;
    store.publish(&five).map_err(told)?;
    let back = store.publish(&checkpoint(4, 1, 1)?);
    ensure(matches!(back, Err(TileError::Backwards { .. })), || format!("a smaller size gave {back:?}"))?;
    let fork = store.publish(&checkpoint(5, 2, 1)?);
    ensure(matches!(fork, Err(TileError::Forked { .. })), || format!("another root gave {fork:?}"))?;
    ensure(store.published().map_err(told)? == Some(five), || "a refused checkpoint is published".into())?;
    let again = checkpoint(5, 1, 2)?;
    store.publish(&again).map_err(told)?;
    ensure(store.published().map_err(told)? == Some(again), || "new signatures were not taken".into())?;
    store.publish(&checkpoint(6, 3, 1)?).map_err(told)
}

/// Objects and a checkpoint, a crash, and they must be there: each round anew.
fn keeps_what_it_acknowledged(subject: &mut dyn TileSubject) -> Result<(), String> {
    for round in 0..12u64 {
        let objects = [(tile(round * 300)?, vec![round as u8; 8192]), (tile(round * 300 + 1)?, vec![1; 100])];
        subject.store().put(&objects).map_err(told)?;
        let note = checkpoint(round + 1, round as u8, 1)?;
        subject.store().publish(&note).map_err(told)?;
        subject.crash();
        for (path, bytes) in &objects {
            let there = subject.store().get(*path).map_err(told)?;
            ensure(there.as_ref() == Some(bytes), || format!("round {round}: {path} is lost"))?;
        }
        let published = subject.store().published().map_err(told)?;
        ensure(published == Some(note), || format!("round {round}: the checkpoint is lost"))?;
        let back = subject.store().publish(&checkpoint(round + 1, 99, 1)?);
        let refused = matches!(back, Err(TileError::Forked { .. }));
        ensure(refused, || format!("round {round}: another root gave {back:?} after a crash"))?;
    }
    Ok(())
}

fn keeps_every_state_in_a_row(subject: &mut dyn TileSubject) -> Result<(), String> {
    for round in 0..80u64 {
        subject.store().put(&[(tile(round)?, vec![round as u8; 64])]).map_err(told)?;
        subject.store().publish(&checkpoint(round + 1, 1, 1)?).map_err(told)?;
        for earlier in 0..=round {
            let there = subject.store().get(tile(earlier)?).map_err(told)?;
            ensure(there == Some(vec![earlier as u8; 64]), || format!("{earlier} is gone after {round}"))?;
        }
    }
    subject.crash();
    for round in 0..80 {
        let there = subject.store().get(tile(round)?).map_err(told)?;
        ensure(there == Some(vec![round as u8; 64]), || format!("{round} is gone after a crash"))?;
    }
    Ok(())
}
