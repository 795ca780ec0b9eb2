//! All of a log, read from copies, checked entry by entry, and written where it is asked for.

use std::sync::mpsc;
use std::thread;

use matricula_registry::LogOrigin;
use matricula_tlog::{BundlePath, Hash, LeafIndex, Tile, TileNodes, TilePath, TreeSize, leaf_hash, merkle};

use super::authentic::{Authentic, AuthenticBundle, partial_paths};
use super::believed::{Believed, Shown};
use super::door::{Door, TimeOf, verify};
use super::export::BUNDLES_AT_ONCE;
use super::reading::{self, Findings, SourceFlaw};
use super::restore::Copies;
use super::restore_error::RestoreError;
use super::writer::{Checked, Writer};
use crate::edge::Edge;
use crate::node::NodeStores;
use crate::sequence::Head;
use crate::tiles::{ObjectPath, TileError};

/// Entries read at a time from what an earlier attempt left.
const CHUNK_ENTRIES: usize = 4096;

/// Reads everything under the largest checkpoint, checks it and, with stores, writes it. Returns how much an earlier attempt had left.
pub(super) fn rebuild(
    stores: Option<&NodeStores>,
    copies: &Copies<'_>,
    believed: &Believed<'_>,
    largest: &Shown,
    findings: &Findings,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<TreeSize, RestoreError> {
    let head = largest.head();
    let tree = Authentic::new(head, believed.holders(), findings);
    check_prefixes(believed, largest, &tree)?;
    let origin = copies.log_key.name().as_str();
    let origin = LogOrigin::parse(origin).map_err(RestoreError::Origin)?;
    let shown = believed.sources.iter().map(|(_, shown)| shown);
    let ceilings = shown.map(|shown| (shown.head().size, shown.at.unwrap_or(copies.now))).collect();
    let writer = Writer::new(stores)?;
    let mut rebuilt = Rebuilt {
        door: Door::new(origin, copies.founder, ceilings, copies.now),
        remembered: believed.smaller().map(Shown::head).collect(),
        contradicted: None,
        target: head.size,
        writer,
    };
    let resumed = match stores {
        Some(stores) => rebuilt.read_back(stores, progress)?,
        None => TreeSize::new(0),
    };
    rebuilt.read_from(&tree, progress)?;
    let computed = rebuilt.writer.head();
    if computed != head {
        return Err(RestoreError::RootMismatch { computed, signed: head, findings: Vec::new() });
    }
    let edge = &rebuilt.writer.edge;
    if let Some(other) =
        rebuilt.contradicted.and_then(|head| believed.smaller().find(|shown| shown.head() == head))
    {
        return Err(believed.forked(largest, other, Some(&nodes(stores, edge))).into());
    }
    name_wrong_edges(&tree, head.size, edge);
    Ok(resumed)
}

/// Everything smaller that anybody shows must be a prefix. What the tiles cannot tell is told when all is hashed.
fn check_prefixes(
    believed: &Believed<'_>,
    largest: &Shown,
    tree: &Authentic<'_>,
) -> Result<(), RestoreError> {
    for other in believed.smaller() {
        let known = other.head();
        let root = merkle::root(known.size, &tree.nodes());
        if root.is_ok_and(|root| root != known.root) {
            return Err(believed.forked(largest, other, Some(&tree.nodes())).into());
        }
    }
    Ok(())
}

/// A log on its way back.
struct Rebuilt<'a> {
    writer: Writer<'a>,
    door: Door,
    /// Smaller heads that somebody shows.
    remembered: Vec<Head>,
    /// The first of them that the entries do not give.
    contradicted: Option<Head>,
    target: TreeSize,
}

impl Rebuilt<'_> {
    /// Reads what an earlier attempt left, and checks it like everything else.
    fn read_back(
        &mut self,
        stores: &NodeStores,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<TreeSize, RestoreError> {
        let there = self.writer.there();
        while self.writer.head().size < there.size {
            let next = LeafIndex::new(self.writer.head().size.get());
            let entries = stores.sequence.entries(next, CHUNK_ENTRIES)?;
            if entries.first().is_none_or(|entry| entry.index != next) {
                return Err(RestoreError::MissingEntry { index: next });
            }
            let times: Vec<_> = entries.iter().map(|entry| TimeOf::Known(entry.accepted_at)).collect();
            let leaves = entries.iter().map(|entry| leaf_hash(&entry.bytes)).collect();
            let entries = entries.into_iter().map(|entry| entry.bytes).collect();
            self.take_in(entries, leaves, &times)?;
            progress(self.writer.head().size.get(), self.target.get());
        }
        let computed = self.writer.head();
        if computed != there || there.size > self.target {
            return Err(RestoreError::RootMismatch { computed, signed: there, findings: Vec::new() });
        }
        Ok(there.size)
    }

    /// Reads what is missing from the sources: the next bundles are on their way while these are checked and written.
    fn read_from(
        &mut self,
        tree: &Authentic<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), RestoreError> {
        let paths: Vec<BundlePath> = BundlePath::changed(self.writer.head().size, self.target).collect();
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(1);
            let paths = &paths;
            scope.spawn(move || {
                for paths in paths.chunks(BUNDLES_AT_ONCE) {
                    if sender.send((paths, tree.bundles(paths))).is_err() {
                        return;
                    }
                }
            });
            for (paths, bundles) in receiver {
                for (path, bundle) in paths.iter().zip(bundles) {
                    let missing = || RestoreError::Bundle { path: *path, findings: Vec::new() };
                    self.take_bundle(*path, bundle.ok_or_else(missing)?)?;
                }
                progress(self.writer.head().size.get(), self.target.get());
            }
            Ok(())
        })
    }

    fn take_bundle(&mut self, path: BundlePath, bundle: AuthenticBundle) -> Result<(), RestoreError> {
        // An earlier attempt may have ended within a bundle.
        let skip = self.writer.head().size.get().saturating_sub(path.first_entry().get()) as usize;
        let entries: Vec<_> = bundle.entries.into_iter().skip(skip).collect();
        let leaves: Vec<_> = bundle.leaves.into_iter().skip(skip).collect();
        let times = vec![TimeOf::Lost; entries.len()];
        self.take_in(entries, leaves, &times)
    }

    fn take_in(
        &mut self,
        entries: Vec<Vec<u8>>,
        leaves: Vec<Hash>,
        times: &[TimeOf],
    ) -> Result<(), RestoreError> {
        let first = self.writer.head().size.get();
        let verified = verify(&entries);
        let mut checked = Vec::with_capacity(entries.len());
        for ((verified, (bytes, leaf)), (index, time)) in
            verified.into_iter().zip(entries.into_iter().zip(leaves)).zip((first..).zip(times))
        {
            let index = LeafIndex::new(index);
            let refused = |error| RestoreError::Refused { index, error: Box::new(error) };
            let at = self.door.admit(index, *time, verified.map_err(refused)?).map_err(refused)?;
            checked.push(Checked { bytes, leaf, at });
        }
        let (remembered, contradicted) = (&self.remembered, &mut self.contradicted);
        self.writer.take(&checked, |edge| {
            for known in remembered.iter().filter(|known| known.size == edge.size()) {
                if known.root != edge.head().root {
                    contradicted.get_or_insert(*known);
                }
            }
        })
    }
}

/// The tree as it was written.
fn nodes(
    stores: Option<&NodeStores>,
    edge: &Edge,
) -> TileNodes<impl Fn(TilePath) -> Result<Tile, TileError>> {
    TileNodes::new(edge.size(), move |path| {
        let stored = stores.map(|stores| stores.tiles.get(ObjectPath::Tile(path))).transpose()?.flatten();
        let stored = stored.and_then(|bytes| Tile::parse(path, &bytes).ok());
        stored.or_else(|| edge.partial(path)).ok_or(TileError::Stopped)
    })
}

/// Now that the tree is known, the partial tiles that were wrong can be told from those that were not.
fn name_wrong_edges(tree: &Authentic<'_>, size: TreeSize, edge: &Edge) {
    for source in &tree.wrong_edges {
        for path in partial_paths(size) {
            let there = reading::tile(*source, path).ok();
            if there.is_some_and(|there| edge.partial(path).as_ref() != Some(&there)) {
                tree.findings.note(*source, SourceFlaw::Wrong { path: ObjectPath::Tile(path) });
            }
        }
    }
}
