//! A log and those who cosign it in a simulated network: one writer, three mirrors, seven witnesses, and everything that
//! goes wrong between them.
//!
//! Mirrors and witnesses are the real ones, on stores in memory that outlive their processes; the writer's side of
//! replication is the real one, over a tree in memory. Nothing depends on threads or on real time: every case follows
//! from its seed. `MATRICULA_SEED=n` runs one again, `MATRICULA_FULL=1` runs many.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "../support/mod.rs"]
mod support;

mod line;
mod neighbours;
mod split;
mod storms;
mod tree;
mod world;
mod writer;
