//! The `TileStore` seam: immutable objects, and the one checkpoint that is published.

use core::fmt;

use matricula_tlog::{BundlePath, SignedCheckpoint, SignedCheckpointError, TilePath, TreeSize};

use crate::disk::DiskError;

mod files;
mod memory;

pub use files::FileTiles;
pub use memory::MemoryTiles;

/// Objects of a log that never change once written, and its published checkpoint, which only moves forward.
///
/// What every adapter promises, and the conformance suite tests:
/// - when `put` returns `Ok`, all objects are durable; the same bytes again are a success, other bytes are
///   [`TileError::Differs`], and the first bytes stay;
/// - when `publish` returns `Ok`, that checkpoint is durable, and no smaller one is ever published after it;
/// - a reader sees an object whole or not at all.
pub trait TileStore: Send + Sync + fmt::Debug {
    /// Writes objects. After an error any of them may be there.
    ///
    /// # Errors
    /// [`TileError::Differs`], or when storage is lost.
    fn put(&self, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), TileError>;

    /// The bytes of an object.
    ///
    /// # Errors
    /// When storage is lost.
    fn get(&self, path: ObjectPath) -> Result<Option<Vec<u8>>, TileError>;

    /// Publishes a checkpoint in place of the one before. The same size and root again are a success, and the new
    /// signatures replace the old.
    ///
    /// # Errors
    /// [`TileError::Backwards`], [`TileError::Forked`], or when storage is lost.
    fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError>;

    /// The published checkpoint.
    ///
    /// # Errors
    /// When storage is lost.
    fn published(&self) -> Result<Option<SignedCheckpoint>, TileError>;
}

/// The name of an immutable object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectPath {
    /// A tile of hashes.
    Tile(TilePath),
    /// A bundle of entries.
    Bundle(BundlePath),
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(path) => path.fmt(f),
            Self::Bundle(path) => path.fmt(f),
        }
    }
}

/// Why a tile store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// There are other bytes under that name already. One of the two is wrong; nothing was overwritten.
    #[error("{path} is there with other bytes")]
    Differs {
        /// The object.
        path: ObjectPath,
    },
    /// A larger checkpoint is published.
    #[error("a checkpoint of size {published} is published, {offered} would go back")]
    Backwards {
        /// The size that is published.
        published: TreeSize,
        /// The size offered.
        offered: TreeSize,
    },
    /// A checkpoint of the same size with another root is published.
    #[error("another root is published for size {size}")]
    Forked {
        /// The size of both.
        size: TreeSize,
    },
    /// The published checkpoint cannot be read.
    #[error("the published checkpoint is damaged")]
    DamagedCheckpoint(#[from] SignedCheckpointError),
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[from] DiskError),
    /// An earlier failure stopped the store.
    #[error("the store stopped after an earlier failure")]
    Stopped,
}

/// Refuses a checkpoint that does not follow the published one.
fn check_publish(published: Option<&SignedCheckpoint>, offered: &SignedCheckpoint) -> Result<(), TileError> {
    let Some(published) = published.map(SignedCheckpoint::unverified) else { return Ok(()) };
    let offered = offered.unverified();
    if offered.size() < published.size() {
        return Err(TileError::Backwards { published: published.size(), offered: offered.size() });
    }
    if offered.size() == published.size() && offered.root() != published.root() {
        return Err(TileError::Forked { size: offered.size() });
    }
    Ok(())
}
