//! Approving a batch: a second person checks it and adds a signature.

use data_encoding::BASE64;
use matricula_tlog::UnixSeconds;

use super::BatchError;
use super::folder::BatchState;
use super::manifest::{APPROVAL_KIND, Approval, BatchId};
use super::opened::OpenedBatch;
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
    let _lock = home.lock()?;
    let opened = OpenedBatch::open(home, id)?;
    if key.public() == opened.preparer {
        return Err(BatchError::ApprovedByPreparer);
    }
    if key.purpose() != KeyPurpose::Approve {
        return Err(BatchError::WrongKey { is: key.purpose(), needed: KeyPurpose::Approve });
    }
    let approved = |created| Approved {
        id: id.clone(),
        record_count: opened.records.len(),
        state: opened.folder.state(),
        created,
    };
    if opened.approval(home)?.is_some() {
        return Ok(approved(false));
    }
    opened.check_records(progress)?;
    let countersigned = opened.statement.countersign(key.signing())?;
    let approval = Approval {
        version: 1,
        batch: id.as_str().to_owned(),
        manifest_digest: opened.manifest_digest.clone(),
        statement: BASE64.encode(countersigned.entry()),
        approved: now,
    };
    let did = home.profile().did.as_str();
    let signed = signed_document::sign(APPROVAL_KIND, &approval, did, key.signing(), now)?;
    storage::write_json(&opened.folder.approval(), &signed, Access::Private)?;
    Ok(approved(true))
}
