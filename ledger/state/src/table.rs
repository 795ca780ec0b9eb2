//! Table names, and the limits of what a store holds.

use core::fmt;

/// A longer name would only make every key longer.
pub const TABLE_NAME_BYTES_MAX: usize = 64;

/// 256 separator keys of this length, with their table names, stay below the 1 MiB page of the embedded engine.
pub const KEY_BYTES_MAX: usize = 1024;

/// One value; larger documents belong into files. A transcript with nested proofs is about 60 KiB.
pub const VALUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Operations in one `apply`: sixteen times the dedup index batch of a node.
pub const APPLY_OPS_MAX: usize = 65_536;

/// Sum of keys and values of one `apply`, held in memory until it is on the disk.
pub const APPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Rows or changes that one call returns at most, whatever limit the caller names.
pub const SCAN_ROWS_MAX: usize = 10_000;

/// A table: its name, and whether its changes appear in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table {
    name: &'static str,
    fed: bool,
}

impl Table {
    /// A table whose changes appear in `changes_since`.
    ///
    /// # Panics
    /// When the name is empty, longer than [`TABLE_NAME_BYTES_MAX`], or not of `a–z`, `0–9`, `-` and `_`. Names
    /// are constants, so this is seen at compile time: `const USERS: Table = Table::new("users");`
    pub const fn new(name: &'static str) -> Self {
        assert!(is_table_name(name), "invalid table name");
        Self { name, fed: true }
    }

    /// A table that can be rebuilt from elsewhere, such as an index: its changes stay out of the feed, which
    /// halves what a write costs.
    ///
    /// # Panics
    /// As [`Table::new`].
    pub const fn without_feed(name: &'static str) -> Self {
        assert!(is_table_name(name), "invalid table name");
        Self { name, fed: false }
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether changes appear in the feed.
    pub const fn is_fed(self) -> bool {
        self.fed
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const fn is_table_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > TABLE_NAME_BYTES_MAX {
        return false;
    }
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        i += 1;
    }
    true
}
