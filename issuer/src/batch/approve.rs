//! Approving a batch: a second person checks it and adds a signature.

use std::time::Instant;

use data_encoding::BASE64;
use matricula_registry::InstitutionId;
use matricula_tlog::UnixSeconds;

use super::BatchError;
use super::folder::BatchState;
use super::manifest::{APPROVAL_KIND, Approval, BatchId};
use super::opened::OpenedBatch;
use super::timing::{Timing, timed};
use crate::keyring::{KeyPurpose, SecretKey};
use crate::progress::ProgressListener;
use crate::school::SchoolHome;
use crate::signed_document;
use crate::storage::{self, Access};

/// An approved batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Its name.
    pub id: BatchId,
    /// How many records it has.
    pub record_count: usize,
    /// How far it is: approved, or further.
    pub state: BatchState,
    /// Whether this command approved it; `false` where it was approved already.
    pub created: bool,
    /// The institution on whose behalf its records are issued.
    pub on_behalf_of: Option<InstitutionId>,
    /// Where the time went.
    pub timing: Timing,
}

/// Approves a batch with an `approve` key that is another than the preparer's.
///
/// Everything is checked first: that no byte was changed since it was prepared, that each credential
/// is one the batch may hold, that each commitment is that of the credential shown with the preparer's
/// signature, and that the statement's root covers these records and nothing else.
pub fn approve(
    home: &SchoolHome,
    id: &BatchId,
    key: &SecretKey,
    now: UnixSeconds,
    progress: ProgressListener<'_>,
) -> Result<Approved, BatchError> {
    let started = Instant::now();
    let _lock = home.lock()?;
    let opened = OpenedBatch::open(home, id)?;
    if key.public() == opened.preparer {
        return Err(BatchError::ApprovedByPreparer);
    }
    if key.purpose() != KeyPurpose::Approve {
        return Err(BatchError::WrongKey { is: key.purpose(), needed: KeyPurpose::Approve });
    }
    let mut timing = Timing::default();
    let on_behalf_of = opened.batch()?.on_behalf_of.clone();
    let approved = |created, timing| Approved {
        id: id.clone(),
        record_count: opened.records.len(),
        state: opened.folder.state(),
        created,
        on_behalf_of,
        timing,
    };
    if opened.approval(home)?.is_some() {
        return Ok(approved(false, timing));
    }
    opened.check_records(&mut timing, progress)?;
    let countersigned = timed(&mut timing.signing, || opened.statement.countersign(key.signing()))?;
    let approval = Approval {
        version: 1,
        batch: id.as_str().to_owned(),
        manifest_digest: opened.manifest_digest.clone(),
        statement: BASE64.encode(countersigned.entry()),
        approved: now,
    };
    let did = home.profile().did.as_str();
    let signed = signed_document::sign(APPROVAL_KIND, &approval, did, key.signing(), now)?;
    let path = opened.folder.approval();
    timed(&mut timing.writing, || storage::write_json(&path, &signed, Access::Private))?;
    Ok(approved(true, timing.of_all_since(started)))
}
