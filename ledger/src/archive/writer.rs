//! The new ledger folder as it is filled: entries, tiles, index.

use matricula_tlog::{Hash, LeafIndex, Tile, UnixSeconds};

use crate::dedup;
use crate::edge::Edge;
use crate::node::NodeStores;
use crate::sequence::{Commit, Epoch, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX, Head};
use crate::tiles::ObjectPath;

use super::restore_error::RestoreError;

/// Fills stores with entries that were checked, or only grows the tree over them.
pub(super) struct Writer<'a> {
    stores: Option<(&'a NodeStores, Epoch)>,
    pub(super) edge: Edge,
    /// What the entries of an earlier attempt give: they are there, and only hashed again.
    there: Head,
    full: Vec<Tile>,
    to_index: Vec<(Hash, LeafIndex)>,
}

/// An entry with what was found out about it.
pub(super) struct Checked {
    pub(super) bytes: Vec<u8>,
    pub(super) leaf: Hash,
    pub(super) at: UnixSeconds,
}

impl<'a> Writer<'a> {
    /// A writer behind what an earlier attempt left.
    pub(super) fn new(stores: Option<&'a NodeStores>) -> Result<Self, RestoreError> {
        let mut writer = Self {
            stores: None,
            edge: Edge::new(),
            there: Head::empty(),
            full: Vec::new(),
            to_index: Vec::new(),
        };
        if let Some(stores) = stores {
            let lease = stores.sequence.acquire()?;
            (writer.stores, writer.there) = (Some((stores, lease.epoch)), lease.head);
        }
        Ok(writer)
    }

    /// What an earlier attempt left.
    pub(super) fn there(&self) -> Head {
        self.there
    }

    pub(super) fn head(&self) -> Head {
        self.edge.head()
    }

    /// Takes entries in; those beyond what is there are committed, in groups of one time.
    pub(super) fn take(
        &mut self,
        entries: &[Checked],
        mut at_each: impl FnMut(&Edge),
    ) -> Result<(), RestoreError> {
        let mut group: Vec<&Checked> = Vec::new();
        let mut group_bytes = 0;
        let mut start = self.head();
        for entry in entries {
            let is_there = self.edge.size() < self.there.size;
            let bytes = entry.bytes.len() + 2;
            let ends = group.last().is_some_and(|last| last.at != entry.at)
                || group.len() == GROUP_ENTRIES_MAX
                || group_bytes + bytes > GROUP_BYTES_MAX;
            if ends {
                self.commit(start, &group)?;
                group.clear();
            }
            if group.is_empty() {
                (start, group_bytes) = (self.head(), 0);
            }
            self.to_index.push((entry.leaf, LeafIndex::new(self.edge.size().get())));
            self.edge.push(entry.leaf, &mut self.full);
            at_each(&self.edge);
            if !is_there {
                group.push(entry);
                group_bytes += bytes;
            }
        }
        self.commit(start, &group)?;
        self.flush()
    }

    fn commit(&self, start: Head, group: &[&Checked]) -> Result<(), RestoreError> {
        let (Some((stores, epoch)), Some(first)) = (self.stores, group.first()) else { return Ok(()) };
        let entries: Vec<&[u8]> = group.iter().map(|entry| entry.bytes.as_slice()).collect();
        let next = self.head();
        let commit = Commit { epoch, expected: start, next, accepted_at: first.at, entries: &entries };
        Ok(stores.sequence.commit(&commit)?)
    }

    /// Tiles and index behind the entries, as a node writes them.
    fn flush(&mut self) -> Result<(), RestoreError> {
        let objects: Vec<_> =
            self.full.drain(..).map(|tile| (ObjectPath::Tile(tile.path()), tile.encode())).collect();
        if let Some((stores, _)) = self.stores {
            stores.tiles.put(&objects)?;
            dedup::write(stores.state.as_ref(), &self.to_index, self.edge.size())?;
        }
        self.to_index.clear();
        Ok(())
    }
}
