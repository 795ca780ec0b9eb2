//! Authorities and schools at work: real keys, real folders, and a log in memory with the real door,
//! the real tree and real proofs.

#![allow(clippy::unwrap_used, reason = "where the scene cannot be set up, the test has failed")]

mod amendments;
mod authorities;
mod batches;
mod bindings;
mod corrections;
mod crashes;
mod doubles;
mod entitlements;
mod foreign_bytes;
mod forgeries;
mod keys;
mod memory_log;
mod places;
mod privacy;
mod statuses;
mod trust_files;
mod web;
mod world;
