//! Writing a log out as static files.

use std::path::Path;
use std::sync::Arc;

use matricula_tlog::{
    BundleError, BundlePath, CheckpointVerifyError, Origin, SignedCheckpoint, SignedCheckpointError,
    TreeSize, VerifierKey, append_entry,
};

use super::authentic::{Authentic, AuthenticBundle, Holder, partial_paths};
use super::reading::{Findings, SourceFinding};
use super::{LogSource, SourceError};
use crate::disk::{Disk, DiskError, RealDisk};
use crate::edge::Edge;
use crate::sequence::Head;
use crate::tiles::{FileTiles, ObjectPath, TileError, TileStore};

/// Bundles read at once: a few thousand entries, and enough requests under way to hide a line's latency.
pub(super) const BUNDLES_AT_ONCE: usize = 16;

/// What was written out.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The published checkpoint, last to be written.
    pub checkpoint: SignedCheckpoint,
    /// What the folder had before: it was a part of this, and stayed as it was.
    pub before: Option<TreeSize>,
}

/// Why a log was not written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The source cannot be read.
    #[error("the log cannot be read: {0}")]
    Source(#[from] SourceError),
    /// The source has no checkpoint: nothing is published yet.
    #[error("the log has no published checkpoint")]
    NotPublished,
    /// The published checkpoint is malformed.
    #[error("the published checkpoint is malformed: {0}")]
    Checkpoint(#[from] SignedCheckpointError),
    /// The published checkpoint is not by the log's key.
    #[error("the published checkpoint is not by this log's key: {0}")]
    NotBelieved(#[from] CheckpointVerifyError),
    /// Entries are missing, or not what the log signed.
    #[error("the log does not have {path} as it signed it")]
    Damaged {
        /// The first bundle that is not right.
        path: BundlePath,
        /// What is wrong.
        findings: Vec<SourceFinding>,
    },
    /// The entries do not hash to the published root.
    #[error("the entries hash to {computed}, published was {published}")]
    RootMismatch {
        /// What the entries give.
        computed: Head,
        /// What was published.
        published: Head,
    },
    /// The folder has another log.
    #[error("the folder has the log {origin}")]
    OtherLog {
        /// Its origin.
        origin: Origin,
    },
    /// The folder has another history of this log. Both are signed: keep them as evidence.
    #[error("the folder has another history of this log: at size {size} the roots differ")]
    Forked {
        /// The size of what the folder has.
        size: TreeSize,
    },
    /// The folder could not be written, has other bytes under a name, or is ahead of the log.
    #[error("the folder: {0}")]
    Folder(#[from] TileError),
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] DiskError),
    /// An entry does not fit into a bundle.
    #[error("an entry cannot be written: {0}")]
    Entry(#[from] BundleError),
}

/// Writes a log into a folder in the static layout that any web server can serve: bundles and full tiles, the partial ones
/// of the published size, and the checkpoint last. What is there and right is not written again, so a run that was stopped
/// is taken up by the next one. `progress` hears how many entries of how many are done.
///
/// # Errors
/// See [`ExportError`]. The folder's checkpoint is then still the old one.
pub fn export(
    source: &dyn LogSource,
    log_key: &VerifierKey,
    out: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Exported, ExportError> {
    export_on(source, log_key, Arc::new(RealDisk::new(out)?), progress)
}

/// [`export`] to the root of a disk.
///
/// # Errors
/// As [`export`].
pub fn export_on(
    source: &dyn LogSource,
    log_key: &VerifierKey,
    disk: Arc<dyn Disk>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Exported, ExportError> {
    let note = SignedCheckpoint::parse(&source.checkpoint()?.ok_or(ExportError::NotPublished)?)?;
    note.verify(log_key)?;
    let head = Head { size: note.unverified().size(), root: note.unverified().root() };
    let tiles = FileTiles::open(disk)?;
    let before = before(&tiles, &note)?;
    let findings = Findings::default();
    let tree = Authentic::new(head, vec![Holder { source, size: head.size }], &findings);
    let mut edge = Edge::new();
    let paths: Vec<BundlePath> = BundlePath::changed(TreeSize::new(0), head.size).collect();
    for paths in paths.chunks(BUNDLES_AT_ONCE) {
        let mut objects = Vec::new();
        for (path, bundle) in paths.iter().zip(tree.bundles(paths)) {
            let Some(bundle) = bundle else {
                drop(tree);
                return Err(ExportError::Damaged { path: *path, findings: findings.into_inner() });
            };
            objects.push((ObjectPath::Bundle(*path), encode(&bundle)?));
            let mut full = Vec::new();
            for leaf in &bundle.leaves {
                edge.push(*leaf, &mut full);
                check_before(before, &edge)?;
            }
            objects.extend(full.iter().map(|tile| (ObjectPath::Tile(tile.path()), tile.encode())));
        }
        tiles.put(&objects)?;
        progress(edge.size().get(), head.size.get());
    }
    if edge.head() != head {
        return Err(ExportError::RootMismatch { computed: edge.head(), published: head });
    }
    let partial = partial_paths(head.size).filter_map(|path| edge.partial(path));
    let partial: Vec<_> = partial.map(|tile| (ObjectPath::Tile(tile.path()), tile.encode())).collect();
    tiles.put(&partial)?;
    tiles.publish(&note)?;
    Ok(Exported { checkpoint: note, before: before.map(|head| head.size) })
}

/// What the folder has already, which must be of the same log and not larger.
fn before(tiles: &FileTiles, note: &SignedCheckpoint) -> Result<Option<Head>, ExportError> {
    let Some(there) = tiles.published()? else { return Ok(None) };
    let (there, offered) = (there.unverified(), note.unverified());
    if there.origin() != offered.origin() {
        return Err(ExportError::OtherLog { origin: there.origin().clone() });
    }
    if there.size() > offered.size() {
        return Err(TileError::Backwards { published: there.size(), offered: offered.size() }.into());
    }
    Ok(Some(Head { size: there.size(), root: there.root() }))
}

fn check_before(before: Option<Head>, edge: &Edge) -> Result<(), ExportError> {
    match before.filter(|before| before.size == edge.size() && before.root != edge.head().root) {
        Some(Head { size, .. }) => Err(ExportError::Forked { size }),
        None => Ok(()),
    }
}

fn encode(bundle: &AuthenticBundle) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    bundle.entries.iter().try_for_each(|entry| append_entry(&mut bytes, entry))?;
    Ok(bytes)
}
