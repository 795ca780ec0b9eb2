//! Trees: ours against a naive recursion and against `rs_merkle`, growing, in tiles, and at sizes nobody can store.

mod frontier;
mod large;
mod oracle;
mod proofs;
mod subtrees;
mod tiles;
