//! Tiles and entries that are proven to be under the signed root, whichever source has them right.
//!
//! The right edge of the tree, its partial tiles, hashes to the root. Every full tile has its hash in a tile one level up,
//! and so every bundle is checked when it arrives, without the tile of its leaves: a source that is damaged in one place
//! is left out for that place only.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::thread;

use matricula_tlog::{
    BundlePath, Hash, NodeId, TILE_HEIGHT, TILE_LEVEL_MAX, Tile, TileNodes, TilePath, TreeSize, leaf_hash,
    merkle,
};

use super::LogSource;
use super::reading::{self, Findings, SourceFlaw};
use crate::sequence::Head;
use crate::tiles::ObjectPath;

/// A source, and how large the tree is of which it says that it has everything.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) source: &'a dyn LogSource,
    pub(super) size: TreeSize,
}

/// The tree under one signed root, read from several sources.
pub(super) struct Authentic<'a> {
    head: Head,
    holders: Vec<Holder<'a>>,
    /// The partial tiles, when some source has them right.
    edge: Option<HashMap<TilePath, Tile>>,
    /// Full tiles above the lowest level, as far as they were asked for.
    above: Mutex<HashMap<TilePath, Option<Tile>>>,
    pub(super) findings: &'a Findings,
    /// Sources of this size whose partial tiles are wrong.
    pub(super) wrong_edges: Vec<&'a dyn LogSource>,
}

/// The entries of a bundle and their leaf hashes.
pub(super) struct AuthenticBundle {
    pub(super) entries: Vec<Vec<u8>>,
    pub(super) leaves: Vec<Hash>,
}

impl<'a> Authentic<'a> {
    /// The tree of this head. Those who hold all of it come first.
    pub(super) fn new(head: Head, holders: Vec<Holder<'a>>, findings: &'a Findings) -> Self {
        let mut tree =
            Self { head, holders, edge: None, above: Mutex::default(), findings, wrong_edges: Vec::new() };
        let whole: Vec<_> = tree.holders.iter().filter(|holder| holder.size >= head.size).copied().collect();
        for holder in whole {
            match read_edge(holder.source, head) {
                Ok(edge) => {
                    tree.edge = tree.edge.or(Some(edge));
                    break;
                }
                Err(flaw) => {
                    tree.wrong_edges.push(holder.source);
                    findings.note(holder.source, flaw);
                }
            }
        }
        tree
    }

    /// A tile of the tree, as wide as the tree has it; `None` when no source has it right.
    pub(super) fn tile(&self, path: TilePath) -> Option<Tile> {
        if !path.is_full() {
            return self.edge.as_ref()?.get(&path).cloned();
        }
        if path.level() == 0 {
            return self.fetch(path);
        }
        let known = self.above.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
        known.unwrap_or_else(|| {
            let tile = self.fetch(path);
            self.above.lock().unwrap_or_else(PoisonError::into_inner).insert(path, tile.clone());
            tile
        })
    }

    /// The nodes of the tree, for proofs.
    pub(super) fn nodes(&self) -> TileNodes<impl Fn(TilePath) -> Result<Tile, NotHere>> {
        TileNodes::new(self.head.size, |path| self.tile(path).ok_or(NotHere(path)))
    }

    /// The entries of a bundle, from the first source that has them as the tree says. When no tile says what they must
    /// be, the first that are well formed: the root over all of them decides in the end.
    pub(super) fn bundle(&self, path: BundlePath) -> Option<AuthenticBundle> {
        let end = path.first_entry().get() + u64::from(path.width());
        for holder in self.holders.iter().filter(|holder| holder.size.get() >= end) {
            let flaw = match reading::bundle(holder.source, path) {
                Ok(entries) => {
                    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
                    if self.fits(path, &leaves).unwrap_or(true) {
                        return Some(AuthenticBundle { entries, leaves });
                    }
                    SourceFlaw::Wrong { path: ObjectPath::Bundle(path) }
                }
                Err(flaw) => flaw,
            };
            self.findings.note(holder.source, flaw);
        }
        None
    }

    /// [`Authentic::bundle`] for several, at once: most of the time goes into waiting for a source.
    pub(super) fn bundles(&self, paths: &[BundlePath]) -> Vec<Option<AuthenticBundle>> {
        thread::scope(|scope| {
            let threads: Vec<_> = paths.iter().map(|path| scope.spawn(|| self.bundle(*path))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(None)).collect()
        })
    }

    /// Whether these leaves are in the tree; `None` when nobody can tell.
    fn fits(&self, path: BundlePath, leaves: &[Hash]) -> Option<bool> {
        let place = TilePath::new(0, path.index(), path.width()).ok()?;
        if !place.is_full() {
            return Some(self.tile(place)?.hashes() == leaves);
        }
        let tile = Tile::new(place, leaves.to_vec()).ok()?;
        Some(tile.node(top_of(place)?) == Some(self.hash_of(place)?))
    }

    /// The hash that stands for a full tile one level up.
    fn hash_of(&self, path: TilePath) -> Option<Hash> {
        let top = top_of(path)?;
        self.tile(TilePath::holding(top, self.head.size)?)?.node(top)
    }

    fn fetch(&self, path: TilePath) -> Option<Tile> {
        let want = self.hash_of(path)?;
        let end = (path.index() + 1).checked_shl(u32::from(TILE_HEIGHT * (path.level() + 1)))?;
        for holder in self.holders.iter().filter(|holder| holder.size.get() >= end) {
            let flaw = match reading::tile(holder.source, path) {
                Ok(tile) if top_of(path).and_then(|top| tile.node(top)) == Some(want) => return Some(tile),
                Ok(_) => SourceFlaw::Wrong { path: ObjectPath::Tile(path) },
                Err(flaw) => flaw,
            };
            self.findings.note(holder.source, flaw);
        }
        None
    }
}

/// A tile that no source has right.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no source has {0} right")]
pub(super) struct NotHere(TilePath);

fn top_of(path: TilePath) -> Option<NodeId> {
    NodeId::new((path.level() + 1) * TILE_HEIGHT, path.index()).ok()
}

/// The partial tiles of a tree, one a level at most.
pub(super) fn partial_paths(size: TreeSize) -> impl Iterator<Item = TilePath> {
    (0..=TILE_LEVEL_MAX).filter_map(move |level| {
        let row = size.get() >> (TILE_HEIGHT * level);
        TilePath::in_tree(level, row / 256, size).filter(|path| !path.is_full())
    })
}

fn read_edge(source: &dyn LogSource, head: Head) -> Result<HashMap<TilePath, Tile>, SourceFlaw> {
    let mut edge = HashMap::new();
    for path in partial_paths(head.size) {
        edge.insert(path, reading::tile(source, path)?);
    }
    // Every complete subtree that the tree is made of lies in a partial tile, and covers every hash of it.
    let fetch = |path: TilePath| edge.get(&path).cloned().ok_or(NotHere(path));
    let root = merkle::root(head.size, &TileNodes::new(head.size, fetch));
    if root.is_ok_and(|root| root == head.root) { Ok(edge) } else { Err(SourceFlaw::WrongEdge) }
}
