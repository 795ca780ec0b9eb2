//! The node from the outside: what is accepted is found, proven and there again after a restart.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use matricula_ledger::{Node, OpenError, Receipt, SequenceError, SubmitError};
use matricula_registry::{Body, LogOrigin};
use matricula_tlog::{BundlePath, LeafIndex, Policy, TilePath, TreeSize, leaf_hash, parse_bundle};
use support::{ORIGIN, config, create, entry, genesis, keys, open, signed, signed_by};
use tempfile::TempDir;

fn policy(node: &Node) -> Policy {
    let text =
        format!("log {}\nwitness w {}\nquorum w\n", node.log_key().encode(), node.witness_key().encode());
    Policy::parse(text.as_bytes()).unwrap()
}

fn indexes(receipts: &[Receipt]) -> Vec<(u64, bool)> {
    receipts.iter().map(|receipt| (receipt.index.get(), receipt.duplicate)).collect()
}

#[test]
fn an_entry_is_accepted_published_proven_and_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let receipts = node.submit((1..=600).map(entry).collect()).unwrap();
    assert_eq!(receipts.len(), 600);
    assert_eq!(receipts[599].index, LeafIndex::new(600));
    node.wait_published(TreeSize::new(601)).unwrap();
    node.close();
    drop(node);

    let node = open(folder.path());
    assert_eq!(node.accepted().size, TreeSize::new(601));
    for number in [1, 2, 255, 256, 257, 511, 512, 600] {
        let index = LeafIndex::new(number);
        assert_eq!(node.entry(index).unwrap().unwrap().bytes, entry(number));
        let proof = node.proof(index).unwrap().unwrap();
        let verified = proof.verify(leaf_hash(&entry(number)), &policy(&node)).unwrap();
        assert_eq!((verified.index(), verified.logged_at()), (index, Some(support::NOW)));
        assert!(proof.verify(leaf_hash(b"another"), &policy(&node)).is_err());
    }
    assert!(node.entry(LeafIndex::new(601)).unwrap().is_none());
    assert!(node.proof(LeafIndex::new(601)).unwrap().is_none());
}

#[test]
fn the_same_bytes_are_one_entry() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let first = node.submit(vec![entry(1), entry(2), entry(1)]).unwrap();
    assert_eq!(indexes(&first), [(1, false), (2, false), (1, true)]);
    assert_eq!(indexes(&node.submit(vec![entry(2), entry(3)]).unwrap()), [(2, true), (3, false)]);
    assert_eq!(indexes(&node.submit(vec![genesis()]).unwrap()), [(0, true)]);
    drop(node);
    let node = open(folder.path());
    assert_eq!(
        indexes(&node.submit(vec![entry(3), entry(4), entry(1)]).unwrap()),
        [(3, true), (4, false), (1, true)]
    );
}

#[test]
fn duplicates_are_found_when_the_index_is_lost() {
    let folder = TempDir::new().unwrap();
    create(folder.path()).submit((1..=20).map(entry).collect()).unwrap();
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    let node = open(folder.path());
    assert_eq!(indexes(&node.submit(vec![entry(7)]).unwrap()), [(7, true)]);
    assert!(node.proof(LeafIndex::new(7)).unwrap().is_some());
}

#[test]
fn one_refused_entry_keeps_the_others_out() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let elsewhere = LogOrigin::parse("ledger.example/other").unwrap();
    let foreign = signed_by(&support::commitment(9), 9, &elsewhere, &support::authority_key());
    let refused = node.submit(vec![entry(1), foreign, entry(2)]);
    let Err(SubmitError::Refused(refusals)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusals.len(), 1);
    assert_eq!((refusals[0].position, refusals[0].error.code()), (1, "other_log"));

    let mut broken = entry(3);
    *broken.last_mut().unwrap() ^= 1;
    let refused = node.submit(vec![entry(1), broken, b"no statement".to_vec()]);
    let Err(SubmitError::Refused(refusals)) = refused else { panic!("{refused:?}") };
    let codes: Vec<_> = refusals.iter().map(|refusal| (refusal.position, refusal.error.code())).collect();
    assert_eq!(codes[0], (1, "signature_wrong"));
    assert_eq!(codes[1].0, 2);

    assert_eq!(node.accepted().size, TreeSize::new(1));
    assert_eq!(indexes(&node.submit(vec![entry(1)]).unwrap()), [(1, false)]);
}

#[test]
fn a_statement_of_unknown_kind_is_logged_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let before = node.read_registry(|registry| registry.institutions().len()).unwrap();
    let unknown = Body::Unknown { kind: "pilgrimage".into(), body: vec![0xa1, 0x00, 0x01] };
    assert_eq!(indexes(&node.submit(vec![signed(&unknown, 5)]).unwrap()), [(1, false)]);
    let after = node.read_registry(|registry| registry.institutions().len()).unwrap();
    assert_eq!(before, after);
    drop(node);
    assert_eq!(open(folder.path()).accepted().size, TreeSize::new(2));
}

#[test]
fn a_proof_keeps_the_time_of_its_first_checkpoint() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    node.submit(vec![entry(1)]).unwrap();
    node.wait_published(TreeSize::new(2)).unwrap();
    let first = node.proof(LeafIndex::new(1)).unwrap().unwrap();
    node.submit(vec![entry(2)]).unwrap();
    node.wait_published(TreeSize::new(3)).unwrap();
    assert_eq!(node.proof(LeafIndex::new(1)).unwrap().unwrap(), first);
    drop(node);
    assert_eq!(open(folder.path()).proof(LeafIndex::new(1)).unwrap().unwrap(), first);
}

#[test]
fn tiles_and_bundles_hold_the_published_log() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    node.submit((1..=299).map(entry).collect()).unwrap();
    node.wait_published(TreeSize::new(300)).unwrap();
    for (index, width, there) in [(0, 256, true), (0, 3, true), (1, 44, true), (1, 45, false), (2, 1, false)]
    {
        let tile = node.tile(TilePath::new(0, index, width).unwrap()).unwrap();
        assert_eq!(tile.is_some(), there, "tile {index} of {width}");
        let path = BundlePath::new(index, width).unwrap();
        let bundle = node.bundle(path).unwrap();
        assert_eq!(bundle.is_some(), there, "bundle {index} of {width}");
        let (Some(tile), Some(bundle)) = (tile, bundle) else { continue };
        let leaves: Vec<_> = parse_bundle(path, &bundle).unwrap().into_iter().map(leaf_hash).collect();
        assert_eq!(tile.hashes(), leaves);
    }
    assert_eq!(node.tile(TilePath::new(1, 0, 1).unwrap()).unwrap().unwrap().hashes().len(), 1);
}

#[test]
fn a_log_is_open_once() {
    let folder = TempDir::new().unwrap();
    let _node = create(folder.path());
    let second = Node::open(config(folder.path()), keys());
    assert!(matches!(second, Err(OpenError::Sequence(SequenceError::Locked))));
}

#[test]
fn an_empty_folder_is_no_log() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(Node::open(config(folder.path()), keys()), Err(OpenError::NoLog)));
}

#[test]
fn creating_again_opens_and_another_genesis_is_refused() {
    let folder = TempDir::new().unwrap();
    create(folder.path()).submit(vec![entry(1)]).unwrap();
    assert_eq!(create(folder.path()).accepted().size, TreeSize::new(2));
    let other = Node::create(config(folder.path()), keys(), &entry(1));
    assert!(matches!(other, Err(OpenError::OtherGenesis)));
}

#[test]
fn a_genesis_that_is_no_authority_statement_is_refused() {
    let folder = TempDir::new().unwrap();
    let refused = Node::create(config(folder.path()), keys(), &entry(1));
    let Err(OpenError::Genesis(SubmitError::Refused(refusals))) = refused else { panic!("{ORIGIN}") };
    assert_eq!(refusals[0].error.code(), "genesis_expected");
}

#[test]
fn limits_are_kept() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    assert!(matches!(node.submit(Vec::new()), Err(SubmitError::Empty)));
    let many = vec![vec![1]; matricula_ledger::SUBMISSION_ENTRIES_MAX + 1];
    assert!(matches!(node.submit(many), Err(SubmitError::TooManyEntries { .. })));
    let large = vec![vec![0; 65_535]; 65];
    assert!(matches!(node.submit(large), Err(SubmitError::TooManyBytes { .. })));
}

#[test]
fn many_threads_submit_at_once_and_each_entry_has_one_place() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let submit = |thread: u64| {
            let node = &node;
            move || {
                let submit = |i| node.submit(vec![entry(thread * 100 + i), entry(77)]).unwrap();
                (0..25).map(|i| submit(i)[0].index.get()).collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (1..=6).map(|thread| scope.spawn(submit(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 150);
    assert_eq!(node.accepted().size, TreeSize::new(152));
}
