//! Statements, the registry and the door, seen from outside.

#![allow(clippy::unwrap_used, reason = "test code: a panic is the refusal")]

mod admissible;
mod answers;
mod cases;
mod country;
mod door;
mod door_batches;
mod door_keys;
mod envelope;
mod mandates;
mod orderings;
mod properties;
mod raw;
mod replay;
mod sentences;
mod vectors;
