//! Restoring what the entries give: tiles, indexes, records.

use std::sync::Arc;

use matricula_state::{Expected, Op, StateError, StateStore};
use matricula_tlog::{Hash, LeafIndex, NOTE_BYTES_MAX, Tile, TreeSize, leaf_hash};

use super::{Finding, FsckError, Report};
use crate::dedup;
use crate::disk::{Disk, DiskError, read_whole, replace};
use crate::edge::Edge;
use crate::node::{HISTORY, Witness};
use crate::sequence::{FileSequence, SequenceStore};
use crate::signer::write_record;

const CHUNK_ENTRIES: usize = 4096;

/// Restores what each finding is about, where the entries say what it must be.
pub(super) fn repair(disk: &Arc<dyn Disk>, state: &dyn StateStore, report: &Report) -> Result<(), FsckError> {
    let damaged_entries = |finding: &Finding| {
        matches!(
            finding,
            Finding::Entries(_)
                | Finding::MissingEntry { .. }
                | Finding::RootMismatch { .. }
                | Finding::Refused { .. }
        )
    };
    // What is derived from damaged entries would be as wrong as they are.
    if report.findings.iter().any(damaged_entries) {
        return Ok(());
    }
    let mut rebuild_index = false;
    for finding in &report.findings {
        match finding {
            Finding::Damaged { path } | Finding::Unexpected { path } => remove(disk.as_ref(), path)?,
            Finding::History { size } => forget_checkpoint(state, *size)?,
            Finding::HistoryBehind { published } => remember_published(disk.as_ref(), state, *published)?,
            Finding::WrongIndexRow { .. } | Finding::IndexRowCount { .. } | Finding::State(_) => {
                rebuild_index = true;
            }
            Finding::Lost { witness: Witness::Index, .. } => rebuild_index = true,
            _ => {}
        }
        let record_is_lost = match finding {
            Finding::Damaged { path } | Finding::Missing { path } => path == "signer",
            Finding::SignerBehind { .. } => true,
            _ => false,
        };
        if record_is_lost {
            // Nothing larger than what is there can be signed for again under another root, as far as is known.
            write_record(disk.as_ref(), &report.head)?;
        }
    }
    if rebuild_index {
        dedup::clear(state)?;
    }
    cut_tail(disk, report)?;
    rewrite(disk, state, rebuild_index)
}

fn remove(disk: &dyn Disk, path: &str) -> Result<(), DiskError> {
    disk.remove(path)?;
    disk.sync_folder(path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

fn remember_published(disk: &dyn Disk, state: &dyn StateStore, size: TreeSize) -> Result<(), FsckError> {
    if let Some(note) = read_whole(disk, "checkpoint", NOTE_BYTES_MAX)? {
        state.apply(&[Op::put(HISTORY, size.get().to_be_bytes(), note, Expected::Any)])?;
    }
    Ok(())
}

fn forget_checkpoint(state: &dyn StateStore, size: TreeSize) -> Result<(), StateError> {
    state.apply(&[Op::delete(HISTORY, size.get().to_be_bytes(), Expected::Any)])?;
    Ok(())
}

/// Opening the log for writing removes what power loss cut.
fn cut_tail(disk: &Arc<dyn Disk>, report: &Report) -> Result<(), FsckError> {
    if !report.findings.iter().any(|finding| matches!(finding, Finding::CutTail { .. })) {
        return Ok(());
    }
    let Ok(inspected) = FileSequence::inspect(disk.clone()) else { return Ok(()) };
    inspected.settle()?;
    Ok(())
}

/// Reads all entries, writes the tiles that are missing and, when asked, the index.
fn rewrite(disk: &Arc<dyn Disk>, state: &dyn StateStore, index: bool) -> Result<(), FsckError> {
    let Ok(inspected) = FileSequence::inspect(disk.clone()) else { return Ok(()) };
    let mut edge = Edge::new();
    loop {
        let next = edge.size().get();
        let Ok(entries) = inspected.sequence.entries(LeafIndex::new(next), CHUNK_ENTRIES) else {
            return Ok(());
        };
        if entries.is_empty() {
            return Ok(());
        }
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(&entry.bytes)).collect();
        let mut full = Vec::new();
        leaves.iter().for_each(|leaf| edge.push(*leaf, &mut full));
        full.iter().try_for_each(|tile| restore_tile(disk.as_ref(), tile))?;
        if index {
            let places = (next..).map(LeafIndex::new);
            let rows: Vec<_> = leaves.into_iter().zip(places).collect();
            dedup::write(state, &rows, edge.size())?;
        }
    }
}

fn restore_tile(disk: &dyn Disk, tile: &Tile) -> Result<(), DiskError> {
    let path = tile.path().encode();
    if disk.open(&path)?.is_some() {
        return Ok(());
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    disk.create_folder(folder)?;
    replace(disk, folder, name, &tile.encode())
}
