//! The `StateStore` seam: everything durable that is not the log.
//!
//! A store is a set of tables of bytes under bytes. One call changes several keys of several tables, all or
//! none, each under a condition on the version it replaces, and returns only when the change is on the disk.
//! A feed tells what changed since a version, so that a second store can follow the first.
//!
//! Two adapters stand behind the trait: [`SledStore`] for one machine, and [`MemoryStore`], the model the other
//! is measured against. [`conformance`] holds the suite that every adapter passes.
//!
//! Out of scope: what the bytes mean, and the log itself, which never lives here.

pub mod conformance;
mod memory;
mod operation;
mod sled_store;
mod store;
mod table;

pub use memory::MemoryStore;
pub use operation::{Expected, Op};
pub use sled_store::{SledOptions, SledStore};
pub use store::{Change, Changed, LostState, Row, StateError, StateStore, Version, Versioned};
pub use table::{
    APPLY_BYTES_MAX, APPLY_OPS_MAX, KEY_BYTES_MAX, SCAN_ROWS_MAX, TABLE_NAME_BYTES_MAX, Table,
    VALUE_BYTES_MAX,
};
