//! Three ministries that mirror and witness each other's logs, as processes with sockets and disks of their own, and
//! what can go wrong between them. Whatever happens, no log is ever seen with two roots for one size, and every entry
//! that was called witnessed is in a copy that survives.
//!
//! The long tests need root and some tools of Linux; each runs in namespaces of its own (`sandbox`), so that nothing
//! of it is left behind, however it ends. What they cannot do they say, and skip.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod full_disk;
mod images;
mod judge;
mod ministry;
mod partitions;
mod restarts;
mod sandbox;
mod world;
