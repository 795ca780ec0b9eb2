//! Proofs of inclusion: made from stored nodes, and verified.

use std::convert::Infallible;
use std::hint::black_box;

use matricula_tlog::merkle::root;
use matricula_tlog::{
    Hash, LeafIndex, NodeId, NodeSource, TreeSize, leaf_hash, node_hash, prove_inclusion, verify_inclusion,
};

use crate::error::{BenchError, During};
use crate::measure::Pace;
use crate::report::{Report, Row};

/// Proofs of one round, at places spread over the tree.
const PLACES: u64 = 64;

/// Trees of a million and of a billion entries.
const SIZES: [(&str, u64); 2] = [("10^6", 1_000_000), ("10^9, simulated", 1_000_000_000)];

/// Making and verifying proofs of inclusion, one core.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let tree = Uniform::new();
    for (name, size) in SIZES {
        let size = TreeSize::new(size);
        let root = root(size, &tree).during("hashing the tree")?;
        let places: Vec<LeafIndex> =
            (0..PLACES).map(|place| LeafIndex::new(place * (size.get() - 1) / (PLACES - 1))).collect();
        let mut proofs = Vec::new();
        for place in &places {
            proofs.push(prove_inclusion(*place, size, &tree).during("proving")?);
        }
        let made = pace.rate(PLACES, || {
            for place in &places {
                drop(black_box(prove_inclusion(*place, size, &tree)));
            }
        });
        let hashes: usize = proofs.iter().map(Vec::len).sum();
        let raw = pace.rate(PLACES, || {
            let mut node = tree.levels[0];
            for _ in 0..hashes {
                node = node_hash(&node, black_box(&tree.levels[0]));
            }
            black_box(node);
        });
        let verified = pace.rate(PLACES, || {
            for (place, proof) in places.iter().zip(&proofs) {
                let good = verify_inclusion(tree.levels[0], *place, size, proof, root).is_ok();
                assert!(black_box(good), "a proof just made verifies");
            }
        });
        report.add(Row::ours(format!("made, {name} entries"), made));
        report.add(Row::new(format!("verified, {name} entries; raw: its node hashes alone"), raw, verified));
    }
    Ok(())
}

/// A tree whose entries are all the same: every complete subtree of a level has one hash, so a tree of any size is here
/// and its proofs are real.
pub struct Uniform {
    levels: Vec<Hash>,
}

impl Uniform {
    /// A tree as large as there can be one.
    pub fn new() -> Self {
        let mut levels = vec![leaf_hash(b"the same everywhere")];
        for level in 0..63 {
            levels.push(node_hash(&levels[level], &levels[level]));
        }
        Self { levels }
    }
}

impl NodeSource for Uniform {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        Ok(ids.iter().map(|id| self.levels[usize::from(id.level())]).collect())
    }
}
