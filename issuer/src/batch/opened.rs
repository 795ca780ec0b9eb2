//! A prepared batch, read back and checked against the word of the one who prepared it.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use matricula_credential::commitment::{BatchSeed, BatchTree, Summary};
use matricula_credential::content::{self, ContentCode, ContentProblem};
use matricula_credential::did;
use matricula_credential::model::{classify, facts};
use matricula_credential::proof::ProofOptions;
use matricula_credential::status;
use matricula_registry::{Batch, Body, InstitutionId, PublicKey, Statement};
use matricula_tlog::{UnixSeconds, decode_base64};

use super::declared::Declared;
use super::folder::{BatchFolder, BatchState, LIST_FILE_BYTES_MAX, SMALL_FILE_BYTES_MAX};
use super::making::commitments;
use super::manifest::{APPROVAL_KIND, Approval, BatchId, BatchKind, MANIFEST_KIND, Manifest, sha256_hex};
use super::parallel::on_all_cores;
use super::prepared::{self, PreparedRecord};
use super::timing::{Timing, timed};
use super::{BatchError, file_name};
use crate::progress::{ProgressListener, Step};
use crate::school::{SchoolHome, StatusSlot};
use crate::signed_document;
use crate::storage::{self, NOT_BASE64, StorageError};

/// A batch whose files are those that the preparer signed for, and whose statement says what they say.
pub(super) struct OpenedBatch {
    pub(super) folder: BatchFolder,
    pub(super) manifest: Manifest,
    pub(super) manifest_digest: String,
    pub(super) preparer: PublicKey,
    signer: VerifyingKey,
    pub(super) records: Vec<PreparedRecord>,
    pub(super) tree: BatchTree,
    pub(super) statement: Statement,
    pub(super) options: ProofOptions,
}

/// A statement with the second signature, and the approval that says so.
pub(super) struct OpenedApproval {
    pub(super) approver: PublicKey,
    pub(super) approved: UnixSeconds,
    pub(super) statement: Vec<u8>,
}

/// One line of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewRow {
    /// The number in the school's register.
    pub learner_no: String,
    /// The name that will be signed.
    pub name: Option<String>,
    /// The date of birth that will be signed.
    pub date_of_birth: Option<String>,
    /// The title of the credential.
    pub title: Option<String>,
    /// The date it claims.
    pub awarded: Option<String>,
    /// How many credentials are nested in it.
    pub nested: usize,
}

/// What an approver is shown: read from the very files that will be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPreview {
    /// The batch.
    pub id: BatchId,
    /// What it consists of.
    pub kind: BatchKind,
    /// How far it is.
    pub state: BatchState,
    /// The key that prepared it.
    pub preparer: PublicKey,
    /// When it was prepared.
    pub prepared: UnixSeconds,
    /// When it was approved.
    pub approved: Option<UnixSeconds>,
    /// The institution on whose behalf its records are issued.
    pub on_behalf_of: Option<InstitutionId>,
    /// Its records.
    pub rows: Vec<PreviewRow>,
}

/// Shows a batch to the one who is to approve it. Everything is checked as for the approval: what is shown
/// is what would be countersigned.
pub fn preview(
    home: &SchoolHome,
    id: &BatchId,
    progress: ProgressListener<'_>,
) -> Result<BatchPreview, BatchError> {
    let opened = OpenedBatch::open(home, id)?;
    opened.check_records(&mut Timing::default(), progress)?;
    let on_behalf_of = opened.batch()?.on_behalf_of.clone();
    let approved = opened.approval(home)?.map(|approval| approval.approved);
    let row = |record: &PreparedRecord| {
        let facts = facts(&record.credential);
        PreviewRow {
            learner_no: record.learner_no.clone(),
            name: facts.learner_name,
            date_of_birth: facts.date_of_birth,
            title: facts.title,
            awarded: facts.awarded,
            nested: record.nested_hashes.len(),
        }
    };
    Ok(BatchPreview {
        id: id.clone(),
        kind: opened.manifest.kind,
        state: opened.folder.state(),
        preparer: opened.preparer,
        prepared: opened.manifest.created,
        approved,
        on_behalf_of,
        rows: opened.records.iter().map(row).collect(),
    })
}

impl OpenedBatch {
    /// Reads a batch; every byte of it must be what the preparer signed for, and the statement's root
    /// must be that of the prepared commitments and of dummies from the seed, so that no credential
    /// hides among them.
    pub(super) fn open(home: &SchoolHome, id: &BatchId) -> Result<Self, BatchError> {
        let folder = BatchFolder::of(&home.batches_folder(), id);
        let manifest_path = folder.manifest();
        let Some(manifest_bytes) = storage::read_if_there(&manifest_path, SMALL_FILE_BYTES_MAX)? else {
            return Err(BatchError::NoSuchBatch { batch: id.as_str().to_owned() });
        };
        let opened = signed_document::open::<Manifest>(MANIFEST_KIND, &manifest_bytes)?;
        let (manifest, preparer) = (opened.body, opened.signer);
        let did = home.profile().did.as_str();
        let changed = |file| BatchError::FileChanged { file };
        if manifest.batch != id.as_str() || manifest.issuer != did || preparer.controller != did {
            return Err(changed(manifest_path));
        }
        let signer = preparer.key.verifying_key().ok_or_else(|| changed(folder.manifest()))?;
        if manifest.verification_method != did::verification_method(did, &signer) {
            return Err(changed(manifest_path));
        }
        let prepared = storage::read(&folder.prepared(), LIST_FILE_BYTES_MAX)?;
        if sha256_hex(&prepared) != manifest.prepared_digest {
            return Err(changed(folder.prepared()));
        }
        let statement = storage::read(&folder.statement(), SMALL_FILE_BYTES_MAX)?;
        if sha256_hex(&statement) != manifest.statement_digest {
            return Err(changed(folder.statement()));
        }
        let records = prepared::parse(&folder.prepared(), &prepared)?;
        let statement = Statement::parse(&statement)?;
        let seed = seed_of(&manifest).ok_or_else(|| changed(folder.manifest()))?;
        let suite = manifest.suite().ok_or_else(|| changed(folder.manifest()))?;
        let tree = BatchTree::build(&commitments(&records)?, &seed)?;
        let options = ProofOptions::assertion(suite, manifest.verification_method.clone(), manifest.created);
        let summary: Summary = storage::read_json(&folder.summary(), SMALL_FILE_BYTES_MAX)?;
        let opened = Self {
            folder,
            manifest,
            manifest_digest: sha256_hex(&manifest_bytes),
            preparer: preparer.key,
            signer,
            records,
            tree,
            statement,
            options,
        };
        opened.check_statement(home, &summary, &seed)?;
        Ok(opened)
    }

    /// Checks that every credential is one that may be issued in this batch: content, issuer, scope,
    /// status, and that it is the one that the preparer signed and committed to.
    pub(super) fn check_records(
        &self,
        timing: &mut Timing,
        progress: ProgressListener<'_>,
    ) -> Result<(), BatchError> {
        let batch = self.batch()?;
        let mut slots = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for record in &self.records {
            let credential = &record.credential;
            let entries = status::entries_of(credential).map_err(|_| record.differs())?;
            let new_id = credential.get("id").is_some_and(|id| ids.insert(id.to_string()));
            let new_slots = entries
                .iter()
                .all(|entry| slots.insert((entry.list.clone(), entry.index, entry.purpose.clone())));
            if entries.is_empty() || !new_id || !new_slots || !file_name::is_file_name(&record.file) {
                return Err(record.differs());
            }
        }
        let mut wall = std::time::Duration::ZERO;
        let efforts = timed(&mut wall, || {
            on_all_cores(&self.records, Step::Checking, progress, |_, record| {
                self.check_content(record, batch)?;
                record.check_commitment(&self.options, &self.signer)
            })
        })?;
        timing.add_shared(wall, efforts.into_iter().sum());
        Ok(())
    }

    /// The places of its records in the status lists; `None` where they are not what a school is given.
    pub(super) fn status_slots(&self) -> Option<Vec<StatusSlot>> {
        let mut slots = BTreeSet::new();
        for record in &self.records {
            for entry in status::entries_of(&record.credential).ok()? {
                slots.insert((entry.list, u32::try_from(entry.index).ok()?));
            }
        }
        Some(slots.into_iter().map(|(list, index)| StatusSlot { list, index }).collect())
    }

    /// The approval, if there is one; it must be of this very batch, by another key of the school.
    pub(super) fn approval(&self, home: &SchoolHome) -> Result<Option<OpenedApproval>, BatchError> {
        let path = self.folder.approval();
        let Some(bytes) = storage::read_if_there(&path, SMALL_FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        let opened = signed_document::open::<Approval>(APPROVAL_KIND, &bytes)?;
        let (approval, approver) = (opened.body, opened.signer);
        let of_this = approval.manifest_digest == self.manifest_digest
            && approval.batch == self.manifest.batch
            && approver.controller == home.profile().did.as_str();
        if !of_this {
            return Err(BatchError::FileChanged { file: path });
        }
        if approver.key == self.preparer {
            return Err(BatchError::ApprovedByPreparer);
        }
        let statement =
            decode_base64(&approval.statement).ok_or_else(|| StorageError::malformed(&path, NOT_BASE64))?;
        self.check_countersigned(&statement, &approver.key)?;
        Ok(Some(OpenedApproval { approver: approver.key, approved: approval.approved, statement }))
    }

    pub(super) fn batch(&self) -> Result<&Batch, BatchError> {
        match self.statement.body() {
            Body::Batch(batch) => Ok(batch),
            _ => Err(BatchError::StatementDiffers { what: "kind of statement" }),
        }
    }

    fn check_statement(
        &self,
        home: &SchoolHome,
        summary: &Summary,
        seed: &BatchSeed,
    ) -> Result<(), BatchError> {
        let differs = |what| Err(BatchError::StatementDiffers { what });
        let batch = self.batch()?;
        let manifest = &self.manifest;
        if self.statement.clone().verify_signatures().is_err() {
            return differs("signature");
        }
        if self.statement.header().signer != self.preparer {
            return differs("signer");
        }
        if self.statement.header().origin != home.authority().profile.origin {
            return differs("log");
        }
        if batch.root != self.tree.root() || u64::from(batch.leaves.get()) != self.tree.leaves().get() {
            return differs("root");
        }
        if batch.issuer != home.profile().did
            || batch.kind != manifest.kind.credential_kind()
            || manifest.level() != Some(batch.isced_level)
        {
            return differs("scope");
        }
        if batch.on_behalf_of.as_ref().map(InstitutionId::as_str) != manifest.on_behalf_of.as_deref() {
            return differs("on behalf of");
        }
        let declared = Declared::of(&self.records)?;
        if batch.claimed != declared.claimed {
            return differs("claimed dates");
        }
        if batch.isced_f != declared.fields {
            return differs("fields");
        }
        let counted =
            summary.count == self.records.len() as u64 && manifest.record_count == self.records.len();
        if !counted || summary.commitment(seed)? != batch.summary_commitment {
            return differs("summary");
        }
        Ok(())
    }

    /// The approved statement must be the prepared one with the approver's signature added.
    fn check_countersigned(&self, entry: &[u8], approver: &PublicKey) -> Result<(), BatchError> {
        let differs = || BatchError::StatementDiffers { what: "approval" };
        let approved = Statement::parse(entry)?.verify_signatures().map_err(|_| differs())?;
        let approved = approved.statement();
        let same = approved.header() == self.statement.header()
            && approved.body() == self.statement.body()
            && approved.countersigners().eq([approver]);
        if same { Ok(()) } else { Err(differs()) }
    }

    fn check_content(&self, record: &PreparedRecord, batch: &Batch) -> Result<(), BatchError> {
        let refuse = |problem: String| BatchError::Content { learner_no: record.learner_no.clone(), problem };
        let credential = &record.credential;
        if content::issuer_id(credential) != Some(self.manifest.issuer.as_str()) {
            return Err(refuse("issuer".to_owned()));
        }
        let class = classify(credential).ok_or_else(|| refuse("kind".to_owned()))?;
        // The signatures of credentials nested in a transcript stand beside it.
        let unsigned = |problem: &ContentProblem| problem.code == ContentCode::NestedUnsigned;
        if let Some(problem) = content::check(credential).iter().find(|problem| !unsigned(problem)) {
            return Err(refuse(format!("{} at {}", problem.code.as_str(), problem.pointer)));
        }
        let within = class.kind.name() == batch.kind.as_str()
            && class.isced_level == batch.isced_level.get()
            && batch.isced_f.as_slice().iter().any(|field| field.as_str() == class.isced_f)
            && batch.claimed.contains(class.claimed_at);
        if within { Ok(()) } else { Err(refuse("outside_batch_scope".to_owned())) }
    }
}

fn seed_of(manifest: &Manifest) -> Option<BatchSeed> {
    let bytes = BASE64URL_NOPAD.decode(manifest.seed.as_bytes()).ok()?;
    Some(BatchSeed::from_bytes(bytes.try_into().ok()?))
}
