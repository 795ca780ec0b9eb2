//! The commands, one file each.

pub mod authority;
pub mod batch;
pub mod demo;
pub mod import;
pub mod ledger;
pub mod node;
pub mod offer;
pub mod school;
pub mod serve;
pub mod simulate;
pub mod status;
pub mod trust;
pub mod verify;
