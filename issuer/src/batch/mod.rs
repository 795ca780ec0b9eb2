//! Batches: prepared by one person, approved by another, then signed, logged and written out.
//!
//! Nothing leaves a batch half-done: it is logged whole or not at all, every command can be run again
//! after a crash, and a finished batch issues nothing new. The README's "Life of a batch" says what a
//! crash at each step leaves behind.

mod approve;
mod claim_code;
mod declared;
mod doubles;
mod entitlement;
mod file_name;
mod folder;
mod issue;
mod learner_credential;
mod learner_problems;
mod listing;
mod making;
mod manifest;
mod opened;
mod parallel;
mod prepare;
mod prepared;
mod timing;

use std::path::PathBuf;

use matricula_credential::CanonError;
use matricula_credential::commitment::BatchTreeError;
use matricula_credential::model::ModelError;
use matricula_credential::proof::ProofError;
use matricula_registry::{DoorError, StatementError};
use thiserror::Error;

use crate::keyring::KeyPurpose;
use crate::log_port::LogPortError;
use crate::school::SchoolError;
use crate::signed_document::SignedDocumentError;
use crate::storage::StorageError;

pub use approve::{Approved, approve};
pub(crate) use claim_code::fold as fold_claim_code;
pub use folder::BatchState;
pub use issue::{Issued, IssuedRecord, issue, issued_records};
pub use learner_problems::{LearnerProblem, LearnerProblems};
pub(crate) use listing::claim_code_of;
pub use listing::{BatchInfo, IssuedLookup, discard, find_issued, list_batches};
pub(crate) use manifest::Corrects;
pub use manifest::{BatchId, BatchKind, RosterDigest};
pub use opened::{BatchPreview, PreviewRow, preview};
pub use prepare::{PrepareBatch, Prepared, prepare};
pub(crate) use prepare::{PrepareCorrection, prepare_correction};
pub use timing::Timing;

/// Why a batch command was not carried out.
#[derive(Debug, Error)]
pub enum BatchError {
    /// There is no such batch.
    #[error("there is no batch '{batch}'")]
    NoSuchBatch {
        /// Its name.
        batch: String,
    },
    /// The roster has nobody for this kind of batch.
    #[error("the roster has no learner for a batch of kind '{kind}'")]
    NobodyToIssue {
        /// The kind.
        kind: BatchKind,
    },
    /// The roster has several ISCED levels; a batch declares one.
    #[error("the roster has learners of ISCED levels {levels:?}; prepare one batch for each level")]
    SeveralLevels {
        /// The levels.
        levels: Vec<u8>,
    },
    /// This roster has been issued as this kind before.
    #[error("this roster has been issued as '{kind}' before, in batch {batch}")]
    IssuedBefore {
        /// The kind.
        kind: BatchKind,
        /// The batch.
        batch: BatchId,
    },
    /// The correction was prepared with another reason or effective date.
    #[error(
        "this correction is prepared already, as batch {batch}, with another reason or effective date; `batch discard` throws it away"
    )]
    CorrectedOtherwise {
        /// The batch.
        batch: BatchId,
    },
    /// Learners of the roster have such a record already, or will have it when another batch is issued.
    #[error("{} of this kind and date in an earlier batch", have(doubles.count()))]
    LearnersIssuedBefore {
        /// Who, on which line, in which batch.
        doubles: LearnerProblems,
    },
    /// The school may not issue this, as far as it has read the log.
    #[error("the log would refuse this batch: {refusal}")]
    NotEntitled {
        /// What the door would say.
        refusal: Box<DoorError>,
        /// The lines it is about; none where it is about all of them.
        learners: LearnerProblems,
    },
    /// The school has never read the log.
    #[error("this school has not read the log yet, so nothing shows what it is accredited for")]
    EvidenceMissing,
    /// A learner has no results, so there is nothing to write a transcript of.
    #[error("learner {learner_no} has no results for a transcript")]
    ResultsMissing {
        /// Whose.
        learner_no: String,
    },
    /// A scale on which less is better, without the list of its grades.
    #[error("the grading scale '{scale}' must list its grades")]
    ScaleUnsupported {
        /// Its name.
        scale: String,
    },
    /// A credential cannot be made.
    #[error("the credential of learner {learner_no} cannot be made: {source}")]
    Credential {
        /// Whose.
        learner_no: String,
        /// Why.
        source: ModelError,
    },
    /// The key is for something else.
    #[error("a key for '{}' cannot do this; it takes one for '{}'", is.as_str(), needed.as_str())]
    WrongKey {
        /// What the key is for.
        is: KeyPurpose,
        /// What it takes.
        needed: KeyPurpose,
    },
    /// The approver's key is the preparer's.
    #[error("a batch must be approved with another key than it was prepared with")]
    ApprovedByPreparer,
    /// Another key than the one that prepared the batch.
    #[error("the batch was prepared with another key; it must be issued with that one")]
    NotThePreparersKey,
    /// Nobody has approved the batch.
    #[error("the batch has not been approved; a second person must do so")]
    NotApproved,
    /// A file of the batch is not the one that was signed.
    #[error("{} has been changed since it was prepared", file.display())]
    FileChanged {
        /// Which file.
        file: PathBuf,
    },
    /// A prepared record is not the one that was committed to.
    #[error("the prepared record of learner {learner_no} is not the one that was committed to")]
    RecordChanged {
        /// Whose.
        learner_no: String,
    },
    /// The statement does not say what the prepared records say.
    #[error("the batch statement does not fit the prepared records: {what}")]
    StatementDiffers {
        /// Which part does not fit.
        what: &'static str,
    },
    /// A prepared credential says what it may not.
    #[error("the credential of learner {learner_no} is not one that may be issued: {problem}")]
    Content {
        /// Whose.
        learner_no: String,
        /// The stable code and place of the first problem.
        problem: String,
    },
    /// The batch is in the log, or may be, so it cannot be thrown away.
    #[error("the batch is in the log, or may be: issue it to the end, then revoke its records")]
    AlreadyLogged,
    /// The log says nothing of this school's accreditation.
    #[error("the log does not know this school; has the authority accredited it?")]
    NotAccredited,
    /// The school's home, keys or status indexes.
    #[error(transparent)]
    School(#[from] SchoolError),
    /// A proof cannot be made.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A credential cannot be written canonically.
    #[error(transparent)]
    Canon(#[from] CanonError),
    /// The tree of the batch cannot be built.
    #[error(transparent)]
    Tree(#[from] BatchTreeError),
    /// The statement would break a limit.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A signed file of the batch cannot be read.
    #[error(transparent)]
    Document(#[from] SignedDocumentError),
    /// The log refused, or was not reached.
    #[error(transparent)]
    Log(#[from] LogPortError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl BatchError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NoSuchBatch { .. } => "no_such_batch",
            Self::NobodyToIssue { .. } => "nobody_to_issue",
            Self::SeveralLevels { .. } => "several_levels",
            Self::IssuedBefore { .. } => "issued_before",
            Self::CorrectedOtherwise { .. } => "corrected_otherwise",
            Self::LearnersIssuedBefore { .. } => "learners_issued_before",
            Self::NotEntitled { refusal, .. } => refusal.code(),
            Self::EvidenceMissing => "evidence_missing",
            Self::ResultsMissing { .. } => "results_missing",
            Self::ScaleUnsupported { .. } => "scale_unsupported",
            Self::Credential { .. } => "credential_unmakable",
            Self::WrongKey { .. } => "key_wrong_purpose",
            Self::ApprovedByPreparer => "approved_by_preparer",
            Self::NotThePreparersKey => "not_the_preparers_key",
            Self::NotApproved => "not_approved",
            Self::FileChanged { .. } => "batch_file_changed",
            Self::RecordChanged { .. } => "batch_record_changed",
            Self::StatementDiffers { .. } => "batch_statement_differs",
            Self::Content { .. } => "batch_content",
            Self::AlreadyLogged => "batch_already_logged",
            Self::NotAccredited => "not_accredited",
            Self::School(error) => error.code(),
            Self::Proof(_) => "proof_unmakable",
            Self::Canon(_) => "credential_not_canonical",
            Self::Tree(_) => "batch_tree",
            Self::Statement(_) => "statement_limit",
            Self::Document(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

fn have(learners: usize) -> String {
    if learners == 1 {
        "1 learner has a record".to_owned()
    } else {
        format!("{learners} learners have a record")
    }
}
