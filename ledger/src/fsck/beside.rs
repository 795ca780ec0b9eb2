//! What stands beside the entries: tiles, checkpoint, signer's record, policy, indexes.

use std::collections::BTreeMap;

use matricula_state::{StateError, StateStore};
use matricula_tlog::{
    Hash, LeafIndex, NOTE_BYTES_MAX, POLICY_BYTES_MAX, Policy, SignedCheckpoint, TILE_BYTES_MAX, TilePath,
    TreeSize, VerifierKey, leaf_hash,
};

use super::entries::Survey;
use super::{Finding, FsckError};
use crate::dedup;
use crate::disk::{Disk, DiskError, TEMPORARY, join, read_whole};
use crate::node::{HISTORY, Witness};
use crate::sequence::Head;
use crate::signer::{POLICY, SignerError, read_record};

const CHECKPOINT: &str = "checkpoint";
const SIGNER: &str = "signer";
const TILES: &str = "tile";
const HISTORY_ROWS: usize = 1000;

/// What is remembered beside the entries, as far as it can be read.
pub(super) struct Beside<'a> {
    disk: &'a dyn Disk,
    state: Option<&'a dyn StateStore>,
    policy: Option<Policy>,
    published: Option<Head>,
    signed: Option<Head>,
    indexed: TreeSize,
    /// Size and root of every checkpoint ever published.
    history: BTreeMap<TreeSize, Hash>,
}

impl<'a> Beside<'a> {
    pub(super) fn read(
        disk: &'a dyn Disk,
        state: Option<&'a dyn StateStore>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, FsckError> {
        let mut beside = Self {
            disk,
            state,
            policy: None,
            published: None,
            signed: None,
            indexed: TreeSize::new(0),
            history: BTreeMap::new(),
        };
        beside.read_policy(findings)?;
        beside.read_checkpoint(findings)?;
        match read_record(disk) {
            Ok(Some(head)) => beside.signed = Some(head),
            Ok(None) => findings.push(Finding::Missing { path: SIGNER.to_owned() }),
            Err(SignerError::Disk(error)) => return Err(error.into()),
            Err(_) => findings.push(Finding::Damaged { path: SIGNER.to_owned() }),
        }
        if let Err(error) = beside.read_state(findings) {
            findings.push(Finding::State(error));
            beside.state = None;
        }
        if let Some(published) = beside.published_size().filter(|size| !beside.history.contains_key(size)) {
            findings.push(Finding::HistoryBehind { published });
        }
        Ok(beside)
    }

    fn read_policy(&mut self, findings: &mut Vec<Finding>) -> Result<(), DiskError> {
        match read_whole(self.disk, POLICY, POLICY_BYTES_MAX)? {
            None => findings.push(Finding::Missing { path: POLICY.to_owned() }),
            Some(bytes) => match Policy::parse(&bytes) {
                Ok(policy) if policy.encode().as_bytes() == bytes => self.policy = Some(policy),
                _ => findings.push(Finding::Damaged { path: POLICY.to_owned() }),
            },
        }
        Ok(())
    }

    fn read_checkpoint(&mut self, findings: &mut Vec<Finding>) -> Result<(), DiskError> {
        match read_whole(self.disk, CHECKPOINT, NOTE_BYTES_MAX)? {
            None => findings.push(Finding::Missing { path: CHECKPOINT.to_owned() }),
            Some(bytes) => match self.verify(&bytes) {
                Some(head) => self.published = Some(head),
                None => findings.push(Finding::Damaged { path: CHECKPOINT.to_owned() }),
            },
        }
        Ok(())
    }

    fn read_state(&mut self, findings: &mut Vec<Finding>) -> Result<(), StateError> {
        let Some(state) = self.state else { return Ok(()) };
        self.indexed = dedup::indexed(state)?;
        let rows = dedup::rows(state)?;
        if rows != self.indexed.get() {
            findings.push(Finding::IndexRowCount { rows, entries: self.indexed.get() });
        }
        let mut after: Option<Vec<u8>> = None;
        loop {
            let rows = state.scan(HISTORY, b"", after.as_deref(), HISTORY_ROWS)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.key.clone());
            for row in &rows {
                let size = TreeSize::new(row.key.as_slice().try_into().map_or(u64::MAX, u64::from_be_bytes));
                match self.verify(&row.value).filter(|head| head.size == size) {
                    Some(head) => drop(self.history.insert(head.size, head.root)),
                    None => findings.push(Finding::History { size }),
                }
            }
        }
    }

    /// What a signed checkpoint says, if it is in every byte what the node writes and its signatures are good.
    fn verify(&self, bytes: &[u8]) -> Option<Head> {
        let note = SignedCheckpoint::parse(bytes).ok()?;
        let verified = self.policy.as_ref()?.verify(&note).ok()?;
        let (checkpoint, exact) = (verified.checkpoint(), note.encode().as_bytes() == bytes);
        exact.then(|| Head { size: checkpoint.size(), root: checkpoint.root() })
    }

    pub(super) fn published_size(&self) -> Option<TreeSize> {
        self.published.map(|head| head.size)
    }

    pub(super) fn log_key(&self) -> Option<VerifierKey> {
        Some(self.policy.as_ref()?.logs().first()?.key().clone())
    }

    /// Whether somebody remembers a root of that size.
    pub(super) fn remembers(&self, size: TreeSize) -> bool {
        let heads = [self.published, self.signed];
        self.history.contains_key(&size) || heads.iter().flatten().any(|head| head.size == size)
    }

    /// The store, if its index says that it covers that entry.
    pub(super) fn indexing(&self, index: LeafIndex) -> Option<&dyn StateStore> {
        self.state.filter(|_| index.get() < self.indexed.get())
    }

    /// Compares what is remembered with what the entries give.
    pub(super) fn compare(&self, survey: &Survey, findings: &mut Vec<Finding>) -> Result<(), FsckError> {
        let heads = [(Witness::Checkpoint, self.published), (Witness::Signer, self.signed)];
        for (witness, remembered) in heads {
            findings.extend(remembered.and_then(|head| compare_head(witness, head, survey)));
        }
        if let (Some(Head { size: published, .. }), Some(Head { size: signed, .. })) =
            (self.published, self.signed)
            && published > signed
        {
            findings.push(Finding::SignerBehind { published, signed });
        }
        if self.indexed > survey.head.size {
            let (known, found) = (self.indexed, survey.head.size);
            findings.push(Finding::Lost { witness: Witness::Index, known, found });
        }
        for (size, root) in &self.history {
            if survey.roots.get(size) != Some(root) {
                findings.push(Finding::History { size: *size });
            }
        }
        self.compare_tiles(survey, findings)?;
        Ok(())
    }

    fn compare_tiles(&self, survey: &Survey, findings: &mut Vec<Finding>) -> Result<(), DiskError> {
        // Tiles are written when they are published; those of later entries may be there or not.
        let published = self.published.map_or(TreeSize::new(0), |head| head.size);
        for (path, hash) in &survey.tiles {
            let must_be =
                TilePath::in_tree(path.level(), path.index(), published).is_some_and(|tile| tile.is_full());
            match read_whole(self.disk, &path.encode(), TILE_BYTES_MAX)? {
                Some(bytes) if leaf_hash(&bytes) == *hash => {}
                Some(_) => findings.push(Finding::Damaged { path: path.encode() }),
                None if must_be => findings.push(Finding::Missing { path: path.encode() }),
                None => {}
            }
        }
        let mut folders = vec![TILES.to_owned()];
        while let Some(folder) = folders.pop() {
            for name in self.disk.list(&folder)? {
                let path = join(&folder, &name);
                let known = TilePath::parse(&path).is_ok_and(|path| survey.tiles.contains_key(&path));
                if known || name.ends_with(TEMPORARY) {
                    continue;
                }
                // A file where a folder should be cannot be listed, and can be opened.
                if is_folder_of_tiles(&name) && self.disk.list(&path).is_ok() {
                    folders.push(path);
                } else {
                    findings.push(Finding::Unexpected { path });
                }
            }
        }
        Ok(())
    }
}

fn compare_head(witness: Witness, remembered: Head, survey: &Survey) -> Option<Finding> {
    if remembered.size > survey.head.size {
        return Some(Finding::Lost { witness, known: remembered.size, found: survey.head.size });
    }
    let same = survey.roots.get(&remembered.size) == Some(&remembered.root);
    (!same).then_some(Finding::Forked { witness, size: remembered.size })
}

/// Levels (`0`) and groups of three digits (`x001`).
fn is_folder_of_tiles(name: &str) -> bool {
    let digits = name.strip_prefix('x').unwrap_or(name);
    let is_group = name.starts_with('x') && digits.len() == 3 || !name.starts_with('x') && digits.len() < 3;
    is_group && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
