//! Tiles: the tree's hashes in immutable files of 256.
//!
//! SPEC: <https://c2sp.org/tlog-tiles>. A tile of level L holds consecutive nodes of tree level 8 L; the levels between are
//! computed from it.

use core::fmt;

use crate::merkle::node_hash;
use crate::position::parse_decimal;
use crate::{Hash, NodeId, TreeSize};

mod path;
mod source;

pub use path::TilePathError;
pub(crate) use path::{encode_place, parse_place};
pub use source::{TileNodes, TileNodesError};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree that one level of tiles spans: 2^8 = 256.
pub const TILE_HEIGHT: u8 = 8;

/// Highest level of tiles. The path syntax goes on to 63, but from level 8 on a tile's hashes would cover more than 2^64
/// entries each.
pub const TILE_LEVEL_MAX: u8 = 7;

/// Bytes of a full tile: 8192.
pub const TILE_BYTES_MAX: usize = TILE_WIDTH as usize * HASH_BYTES;

/// Highest level that a path may name, by its syntax.
const LEVEL_SYNTAX_MAX: u64 = 63;
const HASH_BYTES: usize = 32;
const PREFIX: &str = "tile/";

/// Where a tile is, and how wide: `tile/<level>/<index>[.p/<width>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    level: u8,
    index: u64,
    width: u16,
}

impl TilePath {
    /// The tile of `level` (0 to [`TILE_LEVEL_MAX`]) with `index` tiles to its left, and `width` hashes (1 to 256).
    pub const fn new(level: u8, index: u64, width: u16) -> Result<Self, TilePathError> {
        if level > TILE_LEVEL_MAX {
            return Err(TilePathError::LevelTooHigh);
        }
        // Every hash of the tile must be a node: its index is below 2^(64 - 8 level).
        if index > (u64::MAX >> (TILE_HEIGHT * level)) / TILE_WIDTH as u64 {
            return Err(TilePathError::IndexTooLarge);
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(TilePathError::BadWidth);
        }
        Ok(Self { level, index, width })
    }

    /// The tile as a tree of `size` leaves has it; `None` when it has no hash of it yet.
    pub fn in_tree(level: u8, index: u64, size: TreeSize) -> Option<Self> {
        if level > TILE_LEVEL_MAX {
            return None;
        }
        let width = width_in_row(index, size.get() >> (TILE_HEIGHT * level))?;
        Some(Self { level, index, width })
    }

    /// The tile from which a tree of `size` leaves gives a node's hash; `None` when the node is not complete in it.
    pub fn holding(node: NodeId, size: TreeSize) -> Option<Self> {
        if !node.is_complete_in(size) {
            return None;
        }
        let first = node.index() << (node.level() % TILE_HEIGHT);
        Self::in_tree(node.level() / TILE_HEIGHT, first / u64::from(TILE_WIDTH), size)
    }

    /// The tiles that a tree of `to` leaves has and one of `from` leaves has not, or has narrower: level by level, from
    /// left to right. None when the tree does not grow.
    pub fn changed(from: TreeSize, to: TreeSize) -> impl Iterator<Item = Self> {
        (0..=TILE_LEVEL_MAX).flat_map(move |level| {
            let shift = TILE_HEIGHT * level;
            changed_in_row(from.get() >> shift, to.get() >> shift).map(move |(index, width)| Self {
                level,
                index,
                width,
            })
        })
    }

    /// Reads `tile/<level>/<index>[.p/<width>]`, without leading slash. Only the canonical form is accepted.
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        let path = path.strip_prefix(PREFIX).ok_or(TilePathError::NotATile)?;
        let (level, place) = path.split_once('/').ok_or(TilePathError::NotATile)?;
        let level = match parse_decimal(level) {
            Ok(level @ 0..=LEVEL_SYNTAX_MAX) => level as u8,
            Ok(_) | Err(_) => return Err(TilePathError::BadLevel),
        };
        let (index, width) = parse_place(place)?;
        Self::new(level, index, width)
    }

    /// The path: what [`TilePath::parse`] takes.
    pub fn encode(&self) -> String {
        format!("{PREFIX}{}/{}", self.level, encode_place(self.index, self.width))
    }

    /// The level: hashes of the tile are nodes of tree level 8 · `level`.
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// How many tiles of the same level stand to the left.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes the tile has: 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether the tile has all its 256 hashes.
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same tile once it is full. Logs may delete partial tiles when they have the full one.
    pub const fn full(&self) -> Self {
        Self { width: TILE_WIDTH, ..*self }
    }

    /// The nodes whose hashes the tile holds, in its order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        let level = TILE_HEIGHT * self.level;
        let first = self.index * u64::from(TILE_WIDTH);
        (first..=first + u64::from(self.width - 1)).map(move |index| NodeId::within(level, index))
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

/// Where in the tiles a node's hash is stored as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileSlot {
    /// Level of the tile.
    pub level: u8,
    /// Index of the tile.
    pub index: u64,
    /// Position in the tile.
    pub offset: u8,
}

impl TileSlot {
    /// The place of a node; `None` for those of the levels between, which tiles do not store.
    pub fn of(node: NodeId) -> Option<Self> {
        if !node.level().is_multiple_of(TILE_HEIGHT) {
            return None;
        }
        let [.., offset] = node.index().to_be_bytes();
        Some(Self { level: node.level() / TILE_HEIGHT, index: node.index() / u64::from(TILE_WIDTH), offset })
    }
}

/// A tile with its hashes. Whether they are the log's is for the caller to check against a trusted root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    path: TilePath,
    hashes: Vec<Hash>,
}

/// Why bytes are not the tile of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// A tile of this width has 32 bytes a hash.
    #[error("the tile has {got} bytes instead of {want}")]
    WrongLength {
        /// Length in bytes.
        got: usize,
        /// The length it must have.
        want: usize,
    },
}

impl Tile {
    /// A tile from its hashes, as many as the path's width.
    pub fn new(path: TilePath, hashes: Vec<Hash>) -> Result<Self, TileError> {
        if hashes.len() != usize::from(path.width) {
            return Err(TileError::WrongLength {
                got: hashes.len() * HASH_BYTES,
                want: usize::from(path.width) * HASH_BYTES,
            });
        }
        Ok(Self { path, hashes })
    }

    /// Reads the bytes of the tile at `path`.
    pub fn parse(path: TilePath, bytes: &[u8]) -> Result<Self, TileError> {
        let want = usize::from(path.width) * HASH_BYTES;
        if bytes.len() != want {
            return Err(TileError::WrongLength { got: bytes.len(), want });
        }
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        Ok(Self { path, hashes: hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect() })
    }

    /// The bytes: the hashes one after another.
    pub fn encode(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// Where the tile is.
    pub fn path(&self) -> TilePath {
        self.path
    }

    /// Its hashes, of the nodes [`TilePath::nodes`].
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The hash of a node that this tile's hashes determine: one of them, or one up to eight levels above. At eight levels
    /// above, this is how a full tile is checked against the tile that has its top.
    pub fn node(&self, node: NodeId) -> Option<Hash> {
        let height = node.level().checked_sub(TILE_HEIGHT * self.path.level)?;
        if height > TILE_HEIGHT {
            return None;
        }
        let first = (node.index() << height).checked_sub(self.path.index * u64::from(TILE_WIDTH))?;
        let first = usize::try_from(first).ok()?;
        let end = first.checked_add(1 << height)?;
        complete_root(self.hashes.get(first..end)?)
    }
}

/// The root of a complete subtree whose number of leaves is a power of two.
fn complete_root(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [hash] => Some(*hash),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(&complete_root(left)?, &complete_root(right)?))
        }
    }
}

/// How wide the tile at `index` is in a row of `row_len` hashes.
pub(crate) fn width_in_row(index: u64, row_len: u64) -> Option<u16> {
    let width = u64::from(TILE_WIDTH);
    let left = index.checked_mul(width)?;
    match row_len.checked_sub(left)? {
        0 => None,
        rest => u16::try_from(rest.min(width)).ok(),
    }
}

/// Index and width of each tile of a row that grows from `from` to `to` hashes.
pub(crate) fn changed_in_row(from: u64, to: u64) -> impl Iterator<Item = (u64, u16)> {
    let width = u64::from(TILE_WIDTH);
    let indexes = if from < to { from / width..to.div_ceil(width) } else { 0..0 };
    indexes.filter_map(move |index| width_in_row(index, to).map(|width| (index, width)))
}
