//! Commitments, batch trees and summaries: vectors, and two other ways to the same root.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use matricula_credential::commitment::{
    BATCH_LEAVES_MIN, BatchPathError, BatchSeed, BatchTree, BatchTreeError, CredentialDigest, Salt, Sex,
    Summary, commit,
};
use matricula_credential::json;
use matricula_tlog::{Frontier, Hash, InclusionError, LeafIndex, TreeSize, leaf_hash};
use proptest::prelude::{any, prop, proptest};
use proptest::test_runner::Config;
use serde_json::Value;

fn commitments(count: u64) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn bytes32(value: &Value) -> [u8; 32] {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap()
}

#[test]
fn every_vector_has_its_hashes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/commitment");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let vector = json::parse(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let salt = Salt::from_bytes(bytes32(&vector["salt"]));
        let digest = CredentialDigest::of(&vector["credential"]).unwrap();
        assert_eq!(HEXLOWER.encode(digest.as_bytes()), vector["digest"].as_str().unwrap());
        let commitment = commit(&salt, &digest);
        assert_eq!(HEXLOWER.encode(commitment.as_bytes()), vector["commitment"].as_str().unwrap());
        let tree = BatchTree::build(&[commitment], &BatchSeed::from_bytes(bytes32(&vector["seed"]))).unwrap();
        assert_eq!(HEXLOWER.encode(tree.root().as_bytes()), vector["root"].as_str().unwrap());
        assert_eq!(tree.path(0).unwrap().leaf_index.get(), vector["leafIndex"].as_u64().unwrap());
        count += 1;
    }
    assert_eq!(count, 3);
}

/// The same tree, put together from the seed and hashed by the log's own code.
fn root_by_the_log(leaves: u64, commitments: &[Hash], seed: &BatchSeed) -> Hash {
    let mut frontier = Frontier::default();
    for position in seed.order(leaves) {
        let dummy = || seed.dummy((position - commitments.len()) as u64);
        let commitment = commitments.get(position).copied().unwrap_or_else(dummy);
        frontier.push(leaf_hash(commitment.as_bytes()));
    }
    frontier.root()
}

#[test]
fn the_log_computes_the_same_root() {
    for count in [1, 2, 63, 64, 65, 130] {
        let (list, seed) = (commitments(count), BatchSeed::from_bytes([count as u8; 32]));
        let tree = BatchTree::build(&list, &seed).unwrap();
        assert_eq!(tree.leaves().get(), count.next_power_of_two().max(BATCH_LEAVES_MIN));
        assert_eq!(root_by_the_log(tree.leaves().get(), &list, &seed), tree.root(), "{count}");
    }
}

#[test]
fn the_order_follows_from_the_seed_and_nothing_else() {
    let list = commitments(40);
    let slots = |seed: u8| -> Vec<u64> {
        let tree = BatchTree::build(&list, &BatchSeed::from_bytes([seed; 32])).unwrap();
        (0..list.len()).map(|i| tree.path(i).unwrap().leaf_index.get()).collect()
    };
    assert_eq!(slots(1), slots(1));
    assert_ne!(slots(1), slots(2));
    assert_ne!(slots(1), (0..40).collect::<Vec<u64>>());
}

#[test]
fn refuses_empty_and_doubled_batches() {
    let seed = BatchSeed::from_bytes([0; 32]);
    assert_eq!(BatchTree::build(&[], &seed).map(|_| ()), Err(BatchTreeError::Empty));
    let mut list = commitments(5);
    list.push(list[1]);
    assert_eq!(BatchTree::build(&list, &seed).map(|_| ()), Err(BatchTreeError::Duplicate { position: 5 }));
    assert_eq!(BatchTree::build(&list[..5], &seed).unwrap().path(5), None);
}

#[test]
fn refuses_paths_of_trees_that_no_batch_is() {
    let list = commitments(3);
    let tree = BatchTree::build(&list, &BatchSeed::from_bytes([0; 32])).unwrap();
    for leaves in [0, 1, 32, 63, 65, 1 << 21] {
        let mut path = tree.path(0).unwrap();
        path.leaves = TreeSize::new(leaves);
        assert_eq!(path.verify(&list[0], &tree.root()), Err(BatchPathError::Leaves { leaves }));
    }
    let mut path = tree.path(0).unwrap();
    path.leaf_index = LeafIndex::new(64);
    assert!(matches!(
        path.verify(&list[0], &tree.root()),
        Err(BatchPathError::Inclusion(InclusionError::IndexOutOfRange { .. }))
    ));
}

#[test]
fn a_summary_counts_and_is_bound_to_its_seed() {
    let mut summary = Summary::default();
    summary.add("diploma", 3, 2026, Sex::Female);
    summary.add("diploma", 3, 2026, Sex::Male);
    let (one, other) = (BatchSeed::from_bytes([1; 32]), BatchSeed::from_bytes([2; 32]));
    let commitment = summary.commitment(&one).unwrap();
    assert_eq!(summary.commitment(&one).unwrap(), commitment);
    assert_ne!(summary.commitment(&other).unwrap(), commitment);
    let read: Summary = serde_json::from_str(&serde_json::to_string(&summary).unwrap()).unwrap();
    assert_eq!(read, summary);
    summary.add("diploma", 3, 2026, Sex::NotKnown);
    assert_ne!(summary.commitment(&one).unwrap(), commitment);
}

proptest! {
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn every_commitment_is_found_and_every_flipped_bit_refused(
        count in 1_u64..200,
        seed in any::<[u8; 32]>(),
        at in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let list = commitments(count);
        let tree = BatchTree::build(&list, &BatchSeed::from_bytes(seed)).unwrap();
        let position = at.index(list.len());
        let path = tree.path(position).unwrap();
        assert_eq!(path.verify(&list[position], &tree.root()), Ok(()));
        let flip = |hash: &Hash| {
            let mut bytes = *hash.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            Hash::from_bytes(bytes)
        };
        assert!(path.verify(&flip(&list[position]), &tree.root()).is_err());
        assert!(path.verify(&list[position], &flip(&tree.root())).is_err());
        for i in 0..path.path.len() {
            let mut changed = path.clone();
            changed.path[i] = flip(&changed.path[i]);
            assert!(changed.verify(&list[position], &tree.root()).is_err());
        }
        let mut moved = path.clone();
        moved.leaf_index = LeafIndex::new(path.leaf_index.get() ^ 1);
        assert!(moved.verify(&list[position], &tree.root()).is_err());
    }
}
