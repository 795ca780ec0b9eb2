//! The whole chain under power cuts: a node, a mirror and a light witness, each on a disk of its own that drops, tears
//! and reorders what is not synced; and copies of logs with flipped bits.
//!
//! Every case follows from its seed. `MATRICULA_SEED=n` runs one again, `MATRICULA_FULL=1` runs ten thousand cuts.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[allow(dead_code, reason = "the mirror's tests use all of it")]
#[path = "../mirror/log.rs"]
mod log;
#[path = "../support/mod.rs"]
mod support;

mod bits;
mod chain;
mod cuts;
mod journal;
mod lies;
mod machines;
mod replicated;
