//! Developer commands, and the rules of this repository that a compiler does not check.
//!
//! `cargo xtask test` runs what the continuous integration runs; `cargo xtask bench` measures.
//! The rules (which crate may depend on which, which licences may come in, what a source file may
//! look like) are functions here and tests in `tests/`, so `cargo test` alone enforces them too.

pub mod arrows;
pub mod shell;
pub mod sources;
pub mod step;
pub mod tools;
