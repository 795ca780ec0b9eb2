//! The mirror: exact statuses, the door, windows of time, quotas, crashes, and what it serves.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod crashes;
mod forbidden;
mod log;
mod quotas;
mod reads;
mod statuses;
mod times;
