//! Entry bundles: the log's entries in immutable files of 256, and the same framing for entries on their way in.
//!
//! SPEC: <https://c2sp.org/tlog-tiles>, entry bundles. Each entry is its length as a big-endian u16, then its bytes.

use core::fmt;

use crate::tile::{TILE_WIDTH, TilePathError, changed_in_row, encode_place, parse_place, width_in_row};
use crate::{LeafIndex, TreeSize};

/// Longest entry, in bytes: its length is a u16.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Longest entry bundle: 256 of the longest entries.
pub const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (LENGTH_BYTES + ENTRY_BYTES_MAX);

const LENGTH_BYTES: usize = 2;
const PREFIX: &str = "tile/entries/";

/// Where an entry bundle is, and how many entries it has: `tile/entries/<index>[.p/<width>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundlePath {
    index: u64,
    width: u16,
}

impl BundlePath {
    /// The bundle with `index` bundles before it, and `width` entries (1 to 256).
    pub const fn new(index: u64, width: u16) -> Result<Self, TilePathError> {
        if index > u64::MAX / TILE_WIDTH as u64 {
            return Err(TilePathError::IndexTooLarge);
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(TilePathError::BadWidth);
        }
        Ok(Self { index, width })
    }

    /// The bundle as a log of `size` entries has it; `None` when it has no entry of it yet.
    pub fn in_tree(index: u64, size: TreeSize) -> Option<Self> {
        width_in_row(index, size.get()).map(|width| Self { index, width })
    }

    /// The bundle that has an entry, in a log of `size` entries; `None` when the log does not have it.
    pub fn holding(entry: LeafIndex, size: TreeSize) -> Option<Self> {
        if entry.get() >= size.get() {
            return None;
        }
        Self::in_tree(entry.get() / u64::from(TILE_WIDTH), size)
    }

    /// The bundles that a log of `to` entries has and one of `from` entries has not, or has with fewer entries.
    pub fn changed(from: TreeSize, to: TreeSize) -> impl Iterator<Item = Self> {
        changed_in_row(from.get(), to.get()).map(|(index, width)| Self { index, width })
    }

    /// Reads `tile/entries/<index>[.p/<width>]`, without leading slash. Only the canonical form is accepted.
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        let place = path.strip_prefix(PREFIX).ok_or(TilePathError::NotATile)?;
        let (index, width) = parse_place(place)?;
        Self::new(index, width)
    }

    /// The path: what [`BundlePath::parse`] takes.
    pub fn encode(&self) -> String {
        format!("{PREFIX}{}", encode_place(self.index, self.width))
    }

    /// How many bundles come before.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many entries the bundle has: 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether the bundle has all its 256 entries.
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same bundle once it is full.
    pub const fn full(&self) -> Self {
        Self { width: TILE_WIDTH, ..*self }
    }

    /// Position in the log of the bundle's first entry.
    pub const fn first_entry(&self) -> LeafIndex {
        LeafIndex::new(self.index * TILE_WIDTH as u64)
    }
}

impl fmt::Display for BundlePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

/// Why bytes are not a sequence of entries, or an entry does not fit in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end within the length or the bytes of an entry.
    #[error("the bytes end within entry {entry}")]
    Truncated {
        /// Zero-based position of the entry.
        entry: usize,
    },
    /// There are more entries than allowed.
    #[error("there are more than {max} entries")]
    TooManyEntries {
        /// Entries allowed.
        max: usize,
    },
    /// A bundle has exactly as many entries as its path says.
    #[error("the bundle has {got} entries instead of {want}")]
    WrongEntryCount {
        /// Entries there are.
        got: usize,
        /// Entries there must be.
        want: usize,
    },
    /// An entry is longer than [`ENTRY_BYTES_MAX`].
    #[error("an entry has {got} bytes, more than {ENTRY_BYTES_MAX}")]
    EntryTooLong {
        /// Length in bytes.
        got: usize,
    },
}

/// Appends an entry with its length.
pub fn append_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { got: entry.len() })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Reads any number of entries up to `entries_max`, each with its length, and nothing after them. Copies nothing.
pub fn parse_entries(bytes: &[u8], entries_max: usize) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() == entries_max {
            return Err(BundleError::TooManyEntries { max: entries_max });
        }
        let (entry, following) = split_entry(rest).ok_or(BundleError::Truncated { entry: entries.len() })?;
        entries.push(entry);
        rest = following;
    }
    Ok(entries)
}

/// Reads the bytes of the bundle at `path`: exactly as many entries as it says. Copies nothing.
pub fn parse_bundle(path: BundlePath, bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let want = usize::from(path.width);
    let entries = parse_entries(bytes, want)?;
    if entries.len() != want {
        return Err(BundleError::WrongEntryCount { got: entries.len(), want });
    }
    Ok(entries)
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
