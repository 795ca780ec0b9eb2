//! What a witness answers to a checkpoint.

use matricula_tlog::{
    AddCheckpointError, CheckpointVerifyError, ConsistencyError, NoteSignature, Origin, SIZE_MEDIA_TYPE,
    TreeSize, encode_size,
};

/// The answer to an `add-checkpoint` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddCheckpointOutcome {
    /// The checkpoint extends what was seen before, and is remembered: the cosignature.
    Cosigned(NoteSignature),
    /// It extends what was seen before, and is remembered; a mirror cosigns when it has the entries.
    Pending,
    /// It is not cosigned.
    Refused(AddCheckpointRefusal),
}

/// Why a checkpoint was not cosigned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointRefusal {
    /// The request is malformed.
    #[error("malformed: {0}")]
    Malformed(AddCheckpointError),
    /// A tree of size 0 with another root than that of the empty tree.
    #[error("the root is not that of the empty tree")]
    NotTheEmptyRoot,
    /// The proof starts beyond the checkpoint.
    #[error("the old size {old} is beyond the checkpoint's {new}")]
    OldBeyondNew {
        /// The old size in the request.
        old: TreeSize,
        /// The checkpoint's size.
        new: TreeSize,
    },
    /// The log is not followed here.
    #[error("the log {origin} is not known here")]
    UnknownLog {
        /// The log.
        origin: Origin,
    },
    /// No key of the log signed, or a line that claims to be by one is bad.
    #[error("{0}")]
    NotSigned(CheckpointVerifyError),
    /// Another size is remembered than the one that the proof starts from.
    #[error("the latest size seen is {stored}")]
    Conflict {
        /// The size remembered.
        stored: TreeSize,
    },
    /// A proof from nothing to anything is no proof.
    #[error("a proof of {got} hashes was given where none can be")]
    ProofFromNothing {
        /// Hashes given.
        got: usize,
    },
    /// The checkpoint is not proven to extend what is remembered.
    #[error("{0}")]
    Inconsistent(ConsistencyError),
}

impl AddCheckpointOutcome {
    /// The HTTP status. SPEC: tlog-witness, `add-checkpoint`.
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) | Self::Pending => 200,
            Self::Refused(refusal) => refusal.status(),
        }
    }

    /// The media type of the body.
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Refused(AddCheckpointRefusal::Conflict { .. }) => SIZE_MEDIA_TYPE,
            Self::Cosigned(_) | Self::Pending | Self::Refused(_) => "text/plain; charset=utf-8",
        }
    }

    /// The body: a signature line or nothing, the size remembered, or the reason in words.
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(signature) => signature.encode(),
            Self::Pending => String::new(),
            Self::Refused(AddCheckpointRefusal::Conflict { stored }) => encode_size(*stored),
            Self::Refused(refusal) => format!("{refusal}\n"),
        }
    }
}

impl AddCheckpointRefusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_checkpoint",
            Self::OldBeyondNew { .. } => "old_size_too_large",
            Self::NotSigned(_) => "not_signed_by_log",
            Self::UnknownLog { .. } => "unknown_log",
            Self::Conflict { .. } => "other_size_known",
            Self::NotTheEmptyRoot => "not_the_empty_root",
            Self::ProofFromNothing { .. } | Self::Inconsistent(_) => "not_consistent",
        }
    }

    /// The HTTP status. SPEC: tlog-witness, `add-checkpoint`.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldBeyondNew { .. } => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownLog { .. } => 404,
            Self::Conflict { .. } => 409,
            Self::NotTheEmptyRoot | Self::ProofFromNothing { .. } | Self::Inconsistent(_) => 422,
        }
    }
}
