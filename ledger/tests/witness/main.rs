//! The witness: exact statuses, one history under races and crashes, evidence, and witnesses that must fail.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod controls;
mod crashes;
mod found;
mod logs;
mod races;
mod recalled;
mod statuses;
mod stores;
