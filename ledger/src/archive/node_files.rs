//! A node's own files, while it does not run; and a node that runs in this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use matricula_tlog::{
    BundlePath, Hash, LeafIndex, NOTE_BYTES_MAX, NodeId, TILE_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, Tile,
    TilePath, append_entry, leaf_hash,
};

use super::{LogSource, SourceError};
use crate::disk::{Disk, RealDisk, read_whole};
use crate::node::Node;
use crate::sequence::{FileSequence, SequenceError, SequenceStore, SequencedEntry};

/// The log in a ledger folder on which no node runs. Holds the folder's lock, and changes nothing.
#[derive(Debug)]
pub struct NodeFiles {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    sequence: FileSequence,
}

impl NodeFiles {
    /// Opens a ledger folder; `None` when there is no log in it.
    ///
    /// # Errors
    /// [`SequenceError::Locked`] while a node runs on it; when the entries cannot be read.
    pub fn open(folder: &Path) -> Result<Option<Self>, SequenceError> {
        if !Self::is_at(folder) {
            return Ok(None);
        }
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(folder)?);
        let inspected = FileSequence::inspect(disk.clone())?;
        Ok(Some(Self { folder: folder.to_owned(), disk, sequence: inspected.sequence }))
    }

    /// Whether a folder is a node's, and not one of static files.
    pub fn is_at(folder: &Path) -> bool {
        folder.join("segments").is_dir()
    }

    fn entries(&self, first: LeafIndex, count: usize) -> Result<Option<Vec<SequencedEntry>>, SourceError> {
        let mut found: Vec<SequencedEntry> = Vec::with_capacity(count);
        while found.len() < count {
            let next = LeafIndex::new(first.get() + found.len() as u64);
            let more =
                self.sequence.entries(next, count - found.len()).map_err(|error| unreadable(&error))?;
            if more.first().is_none_or(|entry| entry.index != next) {
                return Ok(None);
            }
            found.extend(more);
        }
        Ok(Some(found))
    }

    /// The hashes of a tile that is not full: from the entries, or from the full tiles below it.
    fn partial(&self, path: TilePath) -> Result<Option<Vec<u8>>, SourceError> {
        let first = path.index() * u64::from(TILE_WIDTH);
        let width = usize::from(path.width());
        let Some(below) = path.level().checked_sub(1) else {
            let entries = self.entries(LeafIndex::new(first), width)?;
            let leaf = |entry: &SequencedEntry| leaf_hash(&entry.bytes);
            return Ok(entries.map(|entries| encode(&entries.iter().map(leaf).collect::<Vec<_>>())));
        };
        let mut hashes = Vec::with_capacity(width);
        for index in first..first + width as u64 {
            let Ok(child) = TilePath::new(below, index, TILE_WIDTH) else { return Ok(None) };
            let Ok(top) = NodeId::new(path.level() * TILE_HEIGHT, index) else { return Ok(None) };
            let bytes = read_whole(self.disk.as_ref(), &child.encode(), TILE_BYTES_MAX)?;
            let hash = bytes.and_then(|bytes| Tile::parse(child, &bytes).ok()?.node(top));
            let Some(hash) = hash else { return Ok(None) };
            hashes.push(hash);
        }
        Ok(Some(encode(&hashes)))
    }
}

impl LogSource for NodeFiles {
    fn name(&self) -> String {
        self.folder.display().to_string()
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(read_whole(self.disk.as_ref(), "checkpoint", NOTE_BYTES_MAX)?)
    }

    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, SourceError> {
        if path.is_full() {
            return Ok(read_whole(self.disk.as_ref(), &path.encode(), TILE_BYTES_MAX)?);
        }
        self.partial(path)
    }

    fn bundle(&self, path: BundlePath) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(entries) = self.entries(path.first_entry(), usize::from(path.width()))? else {
            return Ok(None);
        };
        let mut bundle = Vec::new();
        for entry in entries {
            append_entry(&mut bundle, &entry.bytes).map_err(|error| unreadable(&error))?;
        }
        Ok(Some(bundle))
    }
}

impl LogSource for Node {
    fn name(&self) -> String {
        format!("the node of {}", self.log_key().name())
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(Node::checkpoint(self).map(|note| note.encode().into_bytes()))
    }

    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, SourceError> {
        let tile = Node::tile(self, path).map_err(|error| unreadable(&error))?;
        Ok(tile.map(|tile| tile.encode()))
    }

    fn bundle(&self, path: BundlePath) -> Result<Option<Vec<u8>>, SourceError> {
        Node::bundle(self, path).map_err(|error| unreadable(&error))
    }
}

fn encode(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn unreadable(error: &dyn core::fmt::Display) -> SourceError {
    SourceError::Unreadable { problem: error.to_string() }
}
