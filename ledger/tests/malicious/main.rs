//! A log whose operator lies, with each kind of lie: who catches it, with what code, and what everybody can then verify.
//! Beside each lie stands its honest twin, which passes.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[allow(dead_code, reason = "the mirror's tests use all of it")]
#[path = "../mirror/log.rs"]
mod log;

mod court;
mod lies;
