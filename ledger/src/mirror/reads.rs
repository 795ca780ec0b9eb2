//! What is served of a copy: `GET <prefix>/<origin hash>/…`.

use matricula_tlog::{
    BundlePath, Hash, LeafIndex, NodeId, Origin, ProveError, SignedCheckpoint, TILE_HEIGHT, Tile, TileNodes,
    TileNodesError, TilePath, TreeSize, append_entry, leaf_hash, merkle, origin_hash,
};

use super::copy::{LogCopy, Working};
use super::{COSIGNED, Mirror, MirrorError};
use crate::tiles::ObjectPath;

impl Mirror {
    /// The logs that are mirrored, in ascending order of their origins.
    ///
    /// # Errors
    /// [`MirrorError::Stopped`].
    pub fn origins(&self) -> Result<Vec<Origin>, MirrorError> {
        Ok(self.logs()?.copies.into_keys().collect())
    }

    /// Whether something was written in vain, so that of some log nothing more is taken until the stores are opened again.
    /// What is there of it is served as before.
    pub fn has_failed(&self) -> bool {
        let Ok(logs) = self.logs() else { return true };
        // A state store that failed answers nothing, whatever it is asked.
        self.state.get(COSIGNED, b"any").is_err() || logs.copies.values().any(|copy| copy.has_failed())
    }

    /// The log with that hash of its origin, as addresses name it.
    ///
    /// # Errors
    /// [`MirrorError::Stopped`].
    pub fn origin_by_hash(&self, hash: &str) -> Result<Option<Origin>, MirrorError> {
        Ok(self.logs()?.copies.into_keys().find(|origin| origin_hash(origin) == hash))
    }

    /// The checkpoint of a copy, with the mirror's cosignature; `None` before the first.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub fn checkpoint(&self, origin: &Origin) -> Result<Option<SignedCheckpoint>, MirrorError> {
        let logs = self.logs()?;
        let Some(copy) = logs.copies.get(origin) else { return Ok(None) };
        Ok(copy.tiles.published()?)
    }

    /// A tile of a copy, `None` when what is published does not have it, or not as wide. A full one is compared with what
    /// stands for it one level up.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub fn tile(&self, origin: &Origin, path: TilePath) -> Result<Option<Tile>, MirrorError> {
        let logs = self.logs()?;
        let Some(copy) = logs.copies.get(origin) else { return Ok(None) };
        let published = copy.published_size()?;
        let there = TilePath::in_tree(path.level(), path.index(), published);
        if there.is_none_or(|there| there.width() < path.width()) {
            return Ok(None);
        }
        copy.checked_tile(path, published).map(Some)
    }

    /// A bundle of a copy, `None` when what is published does not have it, or not as wide. Each entry is compared with
    /// its leaf.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub fn bundle(&self, origin: &Origin, path: BundlePath) -> Result<Option<Vec<u8>>, MirrorError> {
        let logs = self.logs()?;
        let Some(copy) = logs.copies.get(origin) else { return Ok(None) };
        let published = copy.published_size()?;
        let there = BundlePath::in_tree(path.index(), published);
        if there.is_none_or(|there| there.width() < path.width()) {
            return Ok(None);
        }
        let damaged = || copy.diverged(published);
        let leaves = TilePath::new(0, path.index(), path.width()).map_err(|_| damaged())?;
        let leaves = copy.checked_tile(leaves, published)?;
        let mut bundle = Vec::new();
        let mut next = path.first_entry();
        let mut rest = leaves.hashes();
        while !rest.is_empty() {
            let entries = copy.sequence.entries(next, rest.len())?;
            let (hashes, after) = rest.split_at_checked(entries.len()).ok_or_else(damaged)?;
            if entries.is_empty() || entries.iter().zip(hashes).any(|(e, hash)| leaf_hash(&e.bytes) != *hash)
            {
                return Err(damaged());
            }
            for entry in &entries {
                append_entry(&mut bundle, &entry.bytes).map_err(|_| damaged())?;
            }
            next = LeafIndex::new(next.get() + entries.len() as u64);
            rest = after;
        }
        Ok(Some(bundle))
    }
}

impl LogCopy {
    pub(super) fn published_size(&self) -> Result<TreeSize, MirrorError> {
        let published = self.tiles.published()?;
        Ok(published.map_or(TreeSize::new(0), |published| published.unverified().size()))
    }

    /// The root that the copy gives for a size, `None` when it is shorter.
    pub(super) fn root(&self, size: TreeSize) -> Result<Option<Hash>, MirrorError> {
        if size.get() > self.next().get() {
            return Ok(None);
        }
        let nodes = TileNodes::new(size, |path| self.tile(path)?.ok_or_else(|| self.diverged(size)));
        match merkle::root(size, &nodes) {
            Ok(root) => Ok(Some(root)),
            Err(ProveError::Source(TileNodesError::Fetch(error))) => Err(error),
            Err(_) => Err(self.diverged(size)),
        }
    }

    /// A tile, compared with the hash that stands for it one level up when it is full. Those at the right edge are in
    /// memory.
    fn checked_tile(&self, path: TilePath, size: TreeSize) -> Result<Tile, MirrorError> {
        let fetch = |path| self.tile(path)?.ok_or_else(|| self.diverged(size));
        let tile = fetch(path)?;
        let here = TreeSize::new(self.next().get());
        let top = NodeId::new((path.level() + 1) * TILE_HEIGHT, path.index()).ok();
        let above = top.and_then(|top| Some((top, TilePath::holding(top, here)?)));
        let Some((top, above)) = above else { return Ok(tile) };
        let full = if path.is_full() { tile.clone() } else { fetch(path.full())? };
        if fetch(above)?.node(top) == full.node(top) { Ok(tile) } else { Err(self.diverged(size)) }
    }

    /// A tile of what is there, `None` when it is not, or not as wide. A narrow one is cut out of a wider one.
    fn tile(&self, path: TilePath) -> Result<Option<Tile>, MirrorError> {
        match self.with(|working| Ok(in_memory(working, path)))? {
            Some(tile) => Ok(tile),
            None => {
                let Some(bytes) = self.tiles.get(ObjectPath::Tile(path.full()))? else { return Ok(None) };
                let full = Tile::parse(path.full(), &bytes).map_err(|_| self.diverged(TreeSize::new(0)))?;
                Ok(cut(&full, path))
            }
        }
    }

    fn diverged(&self, size: TreeSize) -> MirrorError {
        MirrorError::Diverged { origin: self.origin(), size }
    }
}

/// A tile as far as memory tells: that it is not there, or that it is, and which; `None` when it is in the store.
fn in_memory(working: &Working, path: TilePath) -> Option<Option<Tile>> {
    let there = TilePath::in_tree(path.level(), path.index(), working.edge.size());
    let Some(there) = there.filter(|there| there.width() >= path.width()) else { return Some(None) };
    if !there.is_full() {
        return Some(working.edge.partial(path));
    }
    let full = working.unwritten.iter().find(|tile| tile.path() == path.full())?;
    Some(cut(full, path))
}

fn cut(full: &Tile, path: TilePath) -> Option<Tile> {
    Tile::new(path, full.hashes().get(..usize::from(path.width()))?.to_vec()).ok()
}
