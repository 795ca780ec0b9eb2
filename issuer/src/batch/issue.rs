//! Issuing a batch: signed again, logged, proven, and written out, one record a learner.

use std::fs;
use std::iter;
use std::path::PathBuf;
use std::slice;
use std::time::Instant;

use data_encoding::{BASE64, HEXLOWER};
use matricula_credential::record::{LedgerEvidence, LoggedStatement, PortableRecord};
use matricula_registry::InstitutionId;
use matricula_tlog::{LeafIndex, UnixSeconds, decode_base64};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::folder::{
    BatchFolder, Claim, IssuedEntry, IssuedFile, LIST_FILE_BYTES_MAX, LoggedFile, ProvenStatement,
};
use super::manifest::{BatchId, Manifest};
use super::opened::{OpenedApproval, OpenedBatch};
use super::parallel::on_all_cores;
use super::prepared::{PreparedRecord, RecordSigner};
use super::timing::{Timing, timed};
use super::{BatchError, claim_code};
use crate::keyring::SecretKey;
use crate::log_port::{LogPort, LogPortError};
use crate::progress::{ProgressListener, Step, tell};
use crate::school::SchoolHome;
use crate::status::{SignedRequest, StatusAction, StatusReason, StatusRequest};
use crate::storage::{self, Access, NOT_BASE64, StorageError};

/// An issued batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its name.
    pub id: BatchId,
    /// Where its statement stands in the log.
    pub index: LeafIndex,
    /// One record a learner.
    pub records: Vec<IssuedRecord>,
    /// For a correction: the signed request to mark the old record as superseded, to be handed to
    /// the authority.
    pub request: Option<PathBuf>,
    /// The summary with the true counts, for the authority alone.
    pub summary: PathBuf,
    /// Whether this command issued it; `false` where it had been issued already.
    pub created: bool,
    /// Where the time went.
    pub timing: Timing,
}

/// One issued record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedRecord {
    /// The number in the school's register.
    pub learner_no: String,
    /// The identifier of the credential.
    pub credential_id: String,
    /// The portable record file.
    pub path: PathBuf,
    /// What the learner types once to claim it.
    pub claim_code: String,
}

/// Issues an approved batch with the key that prepared it.
///
/// The records are signed in memory and compared with what was committed to; then the statement is
/// logged, then the records are written. Run again after a crash it goes on where it stopped; run
/// again after that it issues nothing new and lists what there is.
pub fn issue(
    home: &SchoolHome,
    id: &BatchId,
    key: &SecretKey,
    log: &dyn LogPort,
    now: UnixSeconds,
    progress: ProgressListener<'_>,
) -> Result<Issued, BatchError> {
    let started = Instant::now();
    let _lock = home.lock()?;
    let opened = OpenedBatch::open(home, id)?;
    let folder = opened.folder.clone();
    if folder.issued().exists() {
        return finished(home, id, &opened.manifest, &folder);
    }
    if key.public() != opened.preparer {
        return Err(BatchError::NotThePreparersKey);
    }
    let approval = opened.approval(home)?.ok_or(BatchError::NotApproved)?;
    let issuing = Issuing { home, opened: &opened, approval: &approval, key, log, now };
    let mut timing = Timing::default();
    let signed = issuing.sign(&mut timing, progress)?;
    let claims = issuing.claims(&signed)?;
    tell(progress, Step::Logging, 0, 1);
    let logged = issuing.log(&mut timing)?;
    tell(progress, Step::Logging, 1, 1);
    let written = timed(&mut timing.writing, || issuing.write(&signed, &logged, progress))?;
    let request = issuing.supersede()?;
    let file = IssuedFile { issued: now, index: logged.index, records: written };
    storage::write_json(&folder.issued(), &file, Access::Private)?;
    let records = records_of(&folder, &file, &claims);
    Ok(Issued {
        id: id.clone(),
        index: LeafIndex::new(logged.index),
        records,
        request,
        summary: folder.summary(),
        created: true,
        timing: timing.of_all_since(started),
    })
}

/// The records of a batch that was issued before, with their claim codes.
///
/// # Errors
/// What reading the batch's lists gives where it is not issued.
pub fn issued_records(home: &SchoolHome, id: &BatchId) -> Result<Vec<IssuedRecord>, BatchError> {
    let folder = BatchFolder::of(&home.batches_folder(), id);
    let claims: Vec<Claim> = storage::read_json(&folder.claims(), LIST_FILE_BYTES_MAX)?;
    Ok(records_of(&folder, &folder.read_issued()?, &claims))
}

/// What there is of a batch that has been issued.
fn finished(
    home: &SchoolHome,
    id: &BatchId,
    manifest: &Manifest,
    folder: &BatchFolder,
) -> Result<Issued, BatchError> {
    let file = folder.read_issued()?;
    let claims: Vec<Claim> = storage::read_json(&folder.claims(), LIST_FILE_BYTES_MAX)?;
    Ok(Issued {
        id: id.clone(),
        index: LeafIndex::new(file.index),
        records: records_of(folder, &file, &claims),
        request: manifest.corrects.as_ref().map(|_| request_path(home, id)),
        summary: folder.summary(),
        created: false,
        timing: Timing::default(),
    })
}

struct Issuing<'a> {
    home: &'a SchoolHome,
    opened: &'a OpenedBatch,
    approval: &'a OpenedApproval,
    key: &'a SecretKey,
    log: &'a dyn LogPort,
    now: UnixSeconds,
}

impl Issuing<'_> {
    /// Signs every record, in memory only: no record is written before the log has the batch.
    fn sign(&self, timing: &mut Timing, progress: ProgressListener<'_>) -> Result<Vec<Value>, BatchError> {
        let signer = RecordSigner { options: self.opened.options.clone(), key: self.key.signing() };
        let records = &self.opened.records;
        timed(&mut timing.signing, || {
            on_all_cores(records, Step::Signing, progress, |_, record| signer.issue(record))
        })
    }

    /// The claim codes: made once, durable before anything is logged.
    fn claims(&self, signed: &[Value]) -> Result<Vec<Claim>, BatchError> {
        let path = self.opened.folder.claims();
        if let Some(claims) = storage::read_json_if_there(&path, LIST_FILE_BYTES_MAX)? {
            return Ok(claims);
        }
        let claim =
            |credential: &Value| Claim { credential_id: id_of(credential), code: claim_code::fresh() };
        let claims: Vec<Claim> = signed.iter().map(claim).collect();
        storage::write_json(&path, &claims, Access::Private)?;
        Ok(claims)
    }

    /// Logs the statement and fetches the proofs. Handing the same bytes in twice gives the same
    /// place, so a crash before the note of it is written costs nothing.
    fn log(&self, timing: &mut Timing) -> Result<LoggedFile, BatchError> {
        let path = self.opened.folder.logged();
        if let Some(logged) = storage::read_json_if_there(&path, LIST_FILE_BYTES_MAX)? {
            return Ok(logged);
        }
        let logged = timed(&mut timing.logging, || self.submit_and_prove());
        if let Err(BatchError::Log(LogPortError::Refused { .. })) = &logged {
            // A refusal is final, and what the log had before would have been answered with its place:
            // it does not have this batch, which can be thrown away again.
            let _ = fs::remove_file(self.opened.folder.claims());
        }
        let logged = logged?;
        storage::write_json(&path, &logged, Access::Private)?;
        Ok(logged)
    }

    fn submit_and_prove(&self) -> Result<LoggedFile, BatchError> {
        // The school's own standing first: without it no record could be written.
        let evidence = self.home.refresh_evidence(self.log)?;
        let batch = self.opened.batch()?;
        let institutions: Vec<_> = iter::once(&batch.issuer).chain(&batch.on_behalf_of).collect();
        let own = evidence.for_record(&institutions, &self.opened.preparer, &self.approval.approver);
        if own.is_empty() {
            return Err(BatchError::NotAccredited);
        }
        let receipts = self.log.submit(slice::from_ref(&self.approval.statement))?;
        let index = receipts.first().map(|logged| logged.index).ok_or_else(|| LogPortError::BadAnswer {
            problem: "no index for the batch statement".to_owned(),
        })?;
        let log_proof = self.log.proof(index)?;
        let mut accreditation = Vec::with_capacity(own.len());
        for evidence in own {
            let log_proof = match &evidence.log_proof {
                Some(known) => known.clone(),
                None => self.log.proof(evidence.index)?,
            };
            let statement = BASE64.encode(evidence.statement.entry());
            accreditation.push(ProvenStatement { statement, log_proof });
        }
        Ok(LoggedFile { index: index.get(), log_proof, accreditation, submitted: self.now })
    }

    /// Writes one portable record a learner.
    fn write(
        &self,
        signed: &[Value],
        logged: &LoggedFile,
        progress: ProgressListener<'_>,
    ) -> Result<Vec<IssuedEntry>, BatchError> {
        let folder = self.opened.folder.records();
        storage::make_folder(&folder)?;
        let accreditation = self.accreditation(logged)?;
        let work: Vec<_> = self.opened.records.iter().zip(signed).collect();
        let entries = on_all_cores(&work, Step::Writing, progress, |position, (record, credential)| {
            let file = self.record(position, record, credential, logged, &accreditation)?;
            storage::write_unsynced_name(&folder.join(&record.file), &file, Access::Private)?;
            Ok::<_, BatchError>(IssuedEntry {
                learner_no: record.learner_no.clone(),
                credential_id: id_of(credential),
                file: record.file.clone(),
                sha256: HEXLOWER.encode(&Sha256::digest(&file)),
            })
        })?;
        storage::sync_folder(&folder)?;
        Ok(entries)
    }

    fn accreditation(&self, logged: &LoggedFile) -> Result<Vec<LoggedStatement>, BatchError> {
        let path = self.opened.folder.logged();
        let statement = |proven: &ProvenStatement| {
            let statement =
                decode_base64(&proven.statement).ok_or_else(|| StorageError::malformed(&path, NOT_BASE64))?;
            Ok(LoggedStatement { statement, log_proof: proven.log_proof.clone() })
        };
        logged.accreditation.iter().map(statement).collect()
    }

    fn record(
        &self,
        position: usize,
        record: &PreparedRecord,
        credential: &Value,
        logged: &LoggedFile,
        accreditation: &[LoggedStatement],
    ) -> Result<Vec<u8>, BatchError> {
        let path = self.opened.tree.path(position).ok_or_else(|| record.differs())?;
        let portable = PortableRecord {
            credential: credential.clone(),
            evidence: Some(LedgerEvidence {
                salt: record.salt()?,
                path,
                batch: LoggedStatement {
                    statement: self.approval.statement.clone(),
                    log_proof: logged.log_proof.clone(),
                },
                accreditation: accreditation.to_vec(),
            }),
            binding: None,
            nested: Vec::new(),
        };
        Ok(portable.encode()?)
    }

    /// For a correction: asks for the old record to be marked as superseded. The request's moment is
    /// the batch's, so that a second attempt makes the very same one.
    fn supersede(&self) -> Result<Option<PathBuf>, BatchError> {
        let Some(corrects) = &self.opened.manifest.corrects else {
            return Ok(None);
        };
        let did: &InstitutionId = &self.home.profile().did;
        let request = StatusRequest {
            version: 1,
            institution: did.as_str().to_owned(),
            credential_id: corrects.credential_id.clone(),
            status_list: corrects.status_list.clone(),
            index: corrects.index,
            action: StatusAction::Revoke,
            reason: StatusReason::Superseded(Some(corrects.reason)),
            effective: corrects.effective,
            created: self.opened.manifest.created,
        };
        let signed = SignedRequest::sign(request, did, self.key.signing())?;
        storage::make_folder(&self.home.requests_folder())?;
        let id = BatchId::parse(&self.opened.manifest.batch);
        let path =
            id.map(|id| request_path(self.home, &id)).ok_or(BatchError::StatementDiffers { what: "name" })?;
        storage::write(&path, signed.bytes(), Access::Private)?;
        Ok(Some(path))
    }
}

fn records_of(folder: &BatchFolder, file: &IssuedFile, claims: &[Claim]) -> Vec<IssuedRecord> {
    let code =
        |id: &str| claims.iter().find(|claim| claim.credential_id == id).map(|claim| claim.code.clone());
    let ordered = file.records.len() == claims.len();
    file.records
        .iter()
        .enumerate()
        .map(|(position, entry)| {
            let own =
                claims.get(position).filter(|claim| ordered && claim.credential_id == entry.credential_id);
            let claim_code = match own {
                Some(claim) => claim.code.clone(),
                None => code(&entry.credential_id).unwrap_or_default(),
            };
            IssuedRecord {
                learner_no: entry.learner_no.clone(),
                credential_id: entry.credential_id.clone(),
                path: folder.records().join(&entry.file),
                claim_code,
            }
        })
        .collect()
}

fn request_path(home: &SchoolHome, id: &BatchId) -> PathBuf {
    home.requests_folder().join(format!("{id}.json"))
}

fn id_of(credential: &Value) -> String {
    credential.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}
