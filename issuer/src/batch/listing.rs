//! The batches of a school, and where an issued record is found.

use std::path::PathBuf;

use matricula_registry::InstitutionId;
use matricula_tlog::{LeafIndex, UnixSeconds};

use super::BatchError;
use super::folder::{
    self, BatchFolder, BatchState, Claim, LIST_FILE_BYTES_MAX, SMALL_FILE_BYTES_MAX, batch_ids,
};
use super::manifest::{BatchId, BatchKind, MANIFEST_KIND, Manifest};
use super::opened::OpenedBatch;
use super::prepare::Prepared;
use super::timing::Timing;
use crate::school::SchoolHome;
use crate::signed_document;
use crate::storage::{self, StorageError};

/// A batch in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchInfo {
    /// Its name.
    pub id: BatchId,
    /// What it consists of.
    pub kind: BatchKind,
    /// How far it is.
    pub state: BatchState,
    /// How many records it has.
    pub record_count: usize,
    /// When it was prepared.
    pub prepared: UnixSeconds,
    /// Where it stands in the log, once all its records are written.
    pub index: Option<LeafIndex>,
    /// The credential that it corrects.
    pub corrects: Option<String>,
    /// Its folder.
    pub folder: PathBuf,
}

/// Where an issued record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedLookup {
    /// Its batch.
    pub batch: BatchId,
    /// What the batch consists of.
    pub kind: BatchKind,
    /// The institution on whose behalf it was issued.
    pub on_behalf_of: Option<InstitutionId>,
    /// The number in the school's register.
    pub learner_no: String,
    /// The portable record file.
    pub path: PathBuf,
    /// When it was prepared: what stands in it as `validFrom`, by which versions are told apart.
    pub prepared: UnixSeconds,
}

/// All batches, by name.
pub fn list_batches(home: &SchoolHome) -> Result<Vec<BatchInfo>, BatchError> {
    let info = |known: KnownBatch| {
        let folder = BatchFolder::of(&home.batches_folder(), &known.id);
        let index = match known.state {
            BatchState::Issued => Some(LeafIndex::new(folder.read_issued()?.index)),
            _ => None,
        };
        Ok(BatchInfo {
            kind: known.manifest.kind,
            state: known.state,
            record_count: known.manifest.record_count,
            prepared: known.manifest.created,
            index,
            corrects: known.manifest.corrects.map(|corrects| corrects.credential_id),
            folder: folder.root().to_owned(),
            id: known.id,
        })
    };
    manifests(home)?.into_iter().map(info).collect()
}

/// The latest issued record of a credential's identifier.
pub fn find_issued(home: &SchoolHome, credential_id: &str) -> Result<Option<IssuedLookup>, BatchError> {
    let mut latest: Option<IssuedLookup> = None;
    for known in manifests(home)? {
        if known.state != BatchState::Issued {
            continue;
        }
        let folder = BatchFolder::of(&home.batches_folder(), &known.id);
        let file = folder.read_issued()?;
        let found = file.records.into_iter().find(|entry| entry.credential_id == credential_id);
        let prepared = known.manifest.created;
        if let Some(entry) = found.filter(|_| latest.as_ref().is_none_or(|known| known.prepared < prepared)) {
            latest = Some(IssuedLookup {
                batch: known.id,
                kind: known.manifest.kind,
                on_behalf_of: known.manifest.on_behalf_of.and_then(|id| InstitutionId::parse(&id).ok()),
                learner_no: entry.learner_no,
                path: folder.records().join(&entry.file),
                prepared,
            });
        }
    }
    Ok(latest)
}

/// The claim code of a record in its batch.
pub(crate) fn claim_code_of(
    home: &SchoolHome,
    batch: &BatchId,
    credential_id: &str,
) -> Result<Option<String>, StorageError> {
    let path = BatchFolder::of(&home.batches_folder(), batch).claims();
    let claims: Vec<Claim> = storage::read_json(&path, LIST_FILE_BYTES_MAX)?;
    Ok(claims.into_iter().find(|claim| claim.credential_id == credential_id).map(|claim| claim.code))
}

/// Throws a batch away that is not logged. One that nobody has approved is deleted, and its places in the
/// status lists are free again. An approved one has been in other hands, signatures and all: its folder is
/// set aside under a name that no command lists, and its places stay used.
pub fn discard(home: &SchoolHome, id: &BatchId) -> Result<(), BatchError> {
    let _lock = home.lock()?;
    let batches = home.batches_folder();
    let folder = BatchFolder::of(&batches, id);
    if !folder.manifest().exists() {
        return Err(BatchError::NoSuchBatch { batch: id.as_str().to_owned() });
    }
    // Claim codes are made right before the statement is handed to the log: from then on nobody can
    // say without asking the log whether it has it.
    if folder.claims().exists() || folder.state() >= BatchState::Logged {
        return Err(BatchError::AlreadyLogged);
    }
    home.settle_status_slots()?;
    if folder.state() >= BatchState::Approved {
        return Ok(storage::rename_folder(folder.root(), &BatchFolder::set_aside(&batches, id))?);
    }
    // Files that are not those which the preparer signed for do not say whose places they are.
    if let Some(slots) = OpenedBatch::open(home, id).ok().and_then(|opened| opened.status_slots()) {
        home.release_status_slots(id.as_str(), &slots)?;
    }
    storage::rename_folder(folder.root(), BatchFolder::in_the_making(&batches, id).root())?;
    folder::clear_leftovers(&batches)?;
    Ok(home.settle_status_slots()?)
}

/// A batch as its manifest and its files say.
#[derive(Clone, Debug)]
pub(super) struct KnownBatch {
    pub(super) id: BatchId,
    pub(super) manifest: Manifest,
    pub(super) state: BatchState,
}

impl KnownBatch {
    pub(super) fn into_prepared(self) -> Prepared {
        Prepared {
            id: self.id,
            record_count: self.manifest.record_count,
            state: self.state,
            created: false,
            timing: Timing::default(),
        }
    }
}

/// The manifests of all batches; each must still carry its preparer's signature.
pub(super) fn manifests(home: &SchoolHome) -> Result<Vec<KnownBatch>, BatchError> {
    let batches = home.batches_folder();
    let mut known = Vec::new();
    for id in batch_ids(&batches)? {
        let folder = BatchFolder::of(&batches, &id);
        let bytes = storage::read(&folder.manifest(), SMALL_FILE_BYTES_MAX)?;
        let manifest = signed_document::open::<Manifest>(MANIFEST_KIND, &bytes)?.body;
        known.push(KnownBatch { state: folder.state(), id, manifest });
    }
    Ok(known)
}
