//! SHA-256 over two children of a tree, raw and through the log's own function.

use std::hint::black_box;

use matricula_tlog::{Hash, node_hash};
use sha2::{Digest, Sha256};

use crate::error::BenchError;
use crate::measure::Pace;
use crate::report::{Report, Row};

/// Nodes hashed in one call, so that the loop costs nothing beside them.
const NODES: u64 = 1024;

/// An interior node: 01 ‖ left ‖ right.
///
/// SPEC: RFC 6962 §2.1.
const NODE_BYTES: usize = 65;

/// Hashing interior nodes, one core.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let raw = pace.rate(NODES, || {
        let mut node = [1_u8; NODE_BYTES];
        for _ in 0..NODES {
            let digest = Sha256::digest(black_box(&node));
            node[1..33].copy_from_slice(&digest);
        }
        black_box(node);
    });
    let ours = pace.rate(NODES, || {
        let right = Hash::from_bytes([1; 32]);
        let mut left = right;
        for _ in 0..NODES {
            left = node_hash(black_box(&left), &right);
        }
        black_box(left);
    });
    report.add(Row::new("hash of a tree node (65 B), one core", raw, ours));
    Ok(())
}
