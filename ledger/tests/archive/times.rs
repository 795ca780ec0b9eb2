//! The times of a log whose times are lost.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use matricula_ledger::{Clock, Node, NodeConfig};
use matricula_registry::{Authority, AuthorityKey, Body, Period, PublicKey, Statement};
use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::support::{authority_key, commitment, config, genesis, keys, origin, signed, signed_by};
use crate::world::{Order, assert_sound, exported};

const DAY: u64 = 86_400;

/// The founding key hands over to another one and ends; the second one signs from then on.
#[test]
fn entries_of_a_key_that_has_ended_come_back_within_its_time() {
    let world = tempfile::TempDir::new().unwrap();
    let ledger = world.path().join("ledger");
    let today = Arc::new(AtomicU64::new(100 * DAY));
    let clock = {
        let today = today.clone();
        Clock::new(move || UnixSeconds::new(today.load(Ordering::SeqCst)))
    };
    let second = ed25519_dalek::SigningKey::from_bytes(&[70; 32]);
    let node = Node::create(NodeConfig { clock, ..config(&ledger) }, keys(), &genesis()).unwrap();
    let submit = |entry: Vec<u8>| node.submit(vec![entry]).unwrap()[0].index;

    let first = submit(signed(&commitment(1), 1));
    today.store(200 * DAY, Ordering::SeqCst);
    submit(handover(&second, 300 * DAY));
    let last = submit(signed(&commitment(2), 2));
    today.store(400 * DAY, Ordering::SeqCst);
    assert!(node.submit(vec![signed(&commitment(3), 3)]).is_err(), "the first key has ended");
    let after = submit(signed_by(&commitment(3), 3, &origin(), &second));
    node.wait_published(node.accepted().size).unwrap();
    drop(node);
    exported(&world, "copy");
    fs::remove_dir_all(&ledger).unwrap();

    Order { now: UnixSeconds::new(900 * DAY), ..Order::default() }
        .run(&[&world.path().join("copy")], &ledger)
        .unwrap();
    assert_sound(&ledger);
    let node = Node::open(config(&ledger), keys()).unwrap();
    let at = |index: LeafIndex| node.entry(index).unwrap().unwrap().accepted_at.get();
    // By the cosignature, or by the end of the key once the log had announced it.
    assert_eq!((at(first), at(last), at(after)), (400 * DAY, 300 * DAY - 1, 400 * DAY));
}

/// An authority statement that adds a key and lets the founding one end.
fn handover(second: &ed25519_dalek::SigningKey, end: u64) -> Vec<u8> {
    let founding = Statement::parse(&genesis()).unwrap();
    let Body::Authority(founded) = founding.body().clone() else { unreachable!() };
    let until = |key: &ed25519_dalek::SigningKey, from: u64, to: Option<u64>| AuthorityKey {
        key: PublicKey::from(&key.verifying_key()),
        valid: Period::new(UnixSeconds::new(from), to.map(UnixSeconds::new)).unwrap(),
    };
    let mut keys = vec![until(&authority_key(), 0, Some(end)), until(second, 200 * DAY, None)];
    keys.sort();
    let body = Body::Authority(Authority { keys, ..founded });
    Statement::sign(&body, &origin(), [77; 16], Some(founding.id()), &authority_key()).unwrap().into_entry()
}
