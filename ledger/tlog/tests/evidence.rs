//! Evidence: found whenever a log forked within what it signed, and never against a log that only grew.

use std::convert::Infallible;

use proptest::prelude::*;

use matricula_tlog::{
    Charge, Checkpoint, Cosigner, EVIDENCE_BYTES_MAX, Evidence, EvidenceError, EvidenceParseError, Finding,
    Frontier, Hash, KeyName, NodeId, NodeSource, NoteSigner, Origin, SignedCheckpoint, TreeSize, UnixSeconds,
    leaf_hash, prove_consistency,
};

const ORIGIN: &str = "ledger.example/shard0";

fn log() -> NoteSigner {
    NoteSigner::new(KeyName::new(ORIGIN).expect("a key name"), &[1; 32])
}

struct Tree(Vec<Hash>);

impl Tree {
    fn new(size: usize, fork: Option<usize>) -> Self {
        let leaf = |index: usize| leaf_hash(&[u8::from(fork == Some(index)), index as u8]);
        Self((0..size).map(leaf).collect())
    }

    fn root(&self, size: usize) -> Hash {
        let mut tree = Frontier::new();
        self.0[..size].iter().for_each(|leaf| tree.push(*leaf));
        tree.root()
    }

    fn checkpoint(&self, size: usize) -> SignedCheckpoint {
        let origin = Origin::new(ORIGIN).expect("an origin");
        let checkpoint = Checkpoint::new(origin, TreeSize::new(size as u64), self.root(size));
        checkpoint.expect("a checkpoint").sign(&log()).expect("a checkpoint of the log")
    }

    fn proof(&self, old: usize, new: usize) -> Vec<Hash> {
        let (old, new) = (TreeSize::new(old as u64), TreeSize::new(new as u64));
        prove_consistency(old, new, self).expect("two sizes of the tree")
    }
}

impl NodeSource for Tree {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        let node = |id: &NodeId| {
            let width = 1 << id.level();
            let first = id.index() as usize * width;
            Self(self.0[first..first + width].to_vec()).root(width)
        };
        Ok(ids.iter().map(node).collect())
    }
}

#[test]
fn a_fork_within_what_was_signed_is_proven_from_the_newer_tree_at_every_size() {
    let signer = log().verifier().clone();
    let size = 33;
    let honest = Tree::new(size, None);
    for fork in 0..size {
        let forked = Tree::new(size, Some(fork));
        for old in 1..size {
            let (older, newer) = (honest.checkpoint(old), forked.checkpoint(size));
            let by_tree = Evidence::from_tree(&signer, &older, &newer, &forked);
            let by_proof = Evidence::between(&signer, &older, &newer, &forked.proof(old, size));
            assert_eq!(by_tree.is_some(), fork < old, "fork at {fork}, signed {old}");
            // The proof from a power of two leaves out what the newer tree has in place of the older one.
            assert_eq!(by_proof.is_some(), fork < old && !old.is_power_of_two(), "{fork} {old}");
            for evidence in by_tree.into_iter().chain(by_proof) {
                let read = Evidence::parse(evidence.encode().as_bytes()).expect("a file reads back");
                let finding = read.verify().expect("evidence");
                assert!(matches!(finding, Finding::RewrittenHistory { .. }), "{finding}");
            }
        }
    }
}

#[test]
fn two_roots_of_one_size_are_a_split_view_whoever_comes_first() {
    let signer = log().verifier().clone();
    let (one, other) = (Tree::new(9, None).checkpoint(9), Tree::new(9, Some(3)).checkpoint(9));
    let evidence = Evidence::between(&signer, &one, &other, &[]).expect("a split view");
    assert_eq!(Some(&evidence), Evidence::between(&signer, &other, &one, &[]).as_ref());
    assert!(matches!(evidence.verify(), Ok(Finding::SplitView { size, .. }) if size == TreeSize::new(9)));
    assert_eq!(Evidence::between(&signer, &one, &one, &[]), None);
    let nodes = Tree::new(9, Some(3));
    assert_eq!(Evidence::from_tree(&signer, &one, &other, &nodes), Some(evidence));
}

#[test]
fn a_tree_that_is_not_the_signed_one_proves_nothing() {
    let signer = log().verifier().clone();
    let honest = Tree::new(20, None);
    let (older, newer) = (honest.checkpoint(7), honest.checkpoint(20));
    // Tiles that somebody made up.
    let invented = Tree::new(20, Some(3));
    assert_eq!(Evidence::from_tree(&signer, &older, &newer, &invented), None);
    assert_eq!(Evidence::between(&signer, &older, &newer, &invented.proof(7, 20)), None);
}

#[test]
fn a_file_that_is_too_long_is_refused_before_it_is_looked_at() {
    let got = EVIDENCE_BYTES_MAX + 1;
    assert_eq!(Evidence::parse(&vec![b'a'; got]), Err(EvidenceParseError::TooLong { got }));
}

#[test]
fn a_witness_whose_times_go_on_has_not_rolled_back_in_any_order_of_lines() {
    let witness = Cosigner::new(KeyName::new("witness.example/w1").expect("a key name"), &[2; 32]);
    let tree = Tree::new(8, None);
    let cosigned = |size: usize, times: [u64; 2]| {
        let mut checkpoint = tree.checkpoint(size);
        let verified = checkpoint.verify(log().verifier()).expect("signed by the log");
        for at in times {
            let line = witness.cosign(&verified, UnixSeconds::new(at)).expect("a time");
            checkpoint.add_signature(line).expect("room for a line");
        }
        checkpoint
    };
    let judge = |larger, smaller| {
        Evidence::new(witness.verifier().clone(), Charge::Rollback { larger, smaller }).verify()
    };
    assert!(matches!(judge(cosigned(8, [9, 5]), cosigned(3, [1, 6])), Ok(Finding::Rollback { .. })));
    let (smaller, larger) = (UnixSeconds::new(4), UnixSeconds::new(5));
    let innocent = judge(cosigned(8, [5, 9]), cosigned(3, [4, 1]));
    assert_eq!(innocent, Err(EvidenceError::NoRollback { smaller, larger }));
}

proptest! {
    /// Whatever an accuser puts into the file, a log that only grew cannot be convicted.
    #[test]
    fn an_honest_log_is_never_convicted(
        old in 1usize..40, grown in 0usize..40, fork in 0usize..40, take in any::<[bool; 4]>(), bit in 0usize..256,
        position in any::<prop::sample::Index>(),
    ) {
        let signer = log().verifier().clone();
        let new = old + grown;
        let (honest, invented) = (Tree::new(new, None), Tree::new(new, Some(fork % new)));
        let mut prefix_root = if take[0] { honest.root(old) } else { invented.root(old) };
        let mut proof = if take[1] { honest.proof(old, new) } else { invented.proof(old, new) };
        if take[2] && !proof.is_empty() {
            let hash = position.index(proof.len());
            proof[hash] = flip(proof[hash], bit);
        }
        if take[3] {
            prefix_root = flip(prefix_root, bit);
        }
        let (older, newer) = (honest.checkpoint(old), honest.checkpoint(new));
        prop_assert_eq!(Evidence::between(&signer, &older, &newer, &proof), None);
        prop_assert_eq!(Evidence::from_tree(&signer, &older, &newer, &invented), None);
        let charge = Charge::RewrittenHistory { older: older.clone(), newer: newer.clone(), prefix_root, proof };
        prop_assert!(Evidence::new(signer.clone(), charge).verify().is_err());
        let charge = Charge::SplitView { one: older, other: newer };
        prop_assert!(Evidence::new(signer, charge).verify().is_err());
    }

    /// No flipped bit of a file makes it prove something else.
    #[test]
    fn a_flipped_bit_is_refused_or_changes_nothing(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let signer = log().verifier().clone();
        let forked = Tree::new(11, Some(2));
        let older = Tree::new(5, None).checkpoint(5);
        let evidence = Evidence::from_tree(&signer, &older, &forked.checkpoint(11), &forked).expect("evidence");
        let finding = evidence.verify();
        let mut file = evidence.encode().into_bytes();
        let byte = at.index(file.len());
        file[byte] ^= 1 << bit;
        if let Ok(read) = Evidence::parse(&file) && let Ok(other) = read.verify() {
            prop_assert_eq!(Ok(other), finding);
        }
    }
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}
