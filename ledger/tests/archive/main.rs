//! Writing a log out, and rebuilding it from what others have: honest, damaged, behind, lying, cut off.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "../support/mod.rs"]
mod support;

mod export;
mod power;
mod replicated;
mod restore;
mod times;
mod world;
