//! What a mirror answers to entries.

use matricula_registry::DoorError;
use matricula_tlog::{
    AddEntriesError, LeafIndex, MIRROR_INFO_MEDIA_TYPE, MirrorInfo, NoteSignature, Origin,
    SubtreeConsistencyError,
};

use super::{OverQuota, QuotaSubject};

/// The answer to an `add-entries` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddEntriesOutcome {
    /// The mirror has every entry under the checkpoint: the cosignature.
    Cosigned(NoteSignature),
    /// Part of the upload is stored; this is how to go on.
    Partly(MirrorInfo),
    /// The upload starts or ends elsewhere than it may; this is how to go on.
    Conflict(MirrorInfo),
    /// Nothing of the package under way was stored.
    Refused(AddEntriesRefusal),
}

/// Why entries were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddEntriesRefusal {
    /// The request is malformed.
    #[error("malformed: {0}")]
    Malformed(AddEntriesError),
    /// The body ended before the header or the first package was complete.
    #[error("the body ended before the first package")]
    NothingComplete,
    /// The log is not mirrored here.
    #[error("the log {origin} is not mirrored here")]
    UnknownLog {
        /// The log.
        origin: Origin,
    },
    /// No checkpoint of that log is pending, or ever was.
    #[error("no checkpoint of the log {origin} has come here yet")]
    NoCheckpoint {
        /// The log.
        origin: Origin,
    },
    /// The package's entries are not those of the checkpoint's tree.
    #[error("a package does not belong to the checkpoint: {0}")]
    WrongPackage(SubtreeConsistencyError),
    /// The log took an entry that its rules forbid. Nothing from there on is mirrored, and evidence is kept.
    #[error("the log took entry {index}, which is forbidden: {error}")]
    Forbidden {
        /// The entry.
        index: LeafIndex,
        /// The rule that it breaks.
        error: Box<DoorError>,
    },
    /// The log was stopped earlier, because of a forbidden entry.
    #[error("the log is not mirrored beyond entry {index}: {code}")]
    Stopped {
        /// The entry.
        index: LeafIndex,
        /// The code of the rule that it breaks.
        code: String,
    },
    /// The log, or an institution in it, has used up its share for now.
    #[error("{} for now; the next entry fits in {} seconds", who(.over), .over.retry_after_seconds)]
    OverQuota {
        /// Whose share, and until when.
        over: OverQuota,
    },
}

impl AddEntriesOutcome {
    /// The HTTP status. SPEC: tlog-mirror, `add-entries`; 429 is ours.
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) => 200,
            Self::Partly(_) => 202,
            Self::Conflict(_) => 409,
            Self::Refused(refusal) => refusal.status(),
        }
    }

    /// The media type of the body.
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Partly(_) | Self::Conflict(_) => MIRROR_INFO_MEDIA_TYPE,
            Self::Cosigned(_) | Self::Refused(_) => "text/plain; charset=utf-8",
        }
    }

    /// The body: a signature line, how to go on, or the reason in words.
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(signature) => signature.encode(),
            Self::Partly(info) | Self::Conflict(info) => info.encode(),
            Self::Refused(refusal) => format!("{refusal}\n"),
        }
    }

    /// In how many seconds to try again, for a header `Retry-After`.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_seconds(),
            _ => None,
        }
    }
}

impl AddEntriesRefusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_body",
            Self::NothingComplete => "body_incomplete",
            Self::UnknownLog { .. } => "unknown_log",
            Self::NoCheckpoint { .. } => "no_checkpoint",
            Self::WrongPackage(_) => "not_consistent",
            Self::Forbidden { .. } => "entry_forbidden",
            Self::Stopped { .. } => "log_stopped",
            Self::OverQuota { .. } => "over_quota",
        }
    }

    /// In how many seconds to try again, for a header `Retry-After`.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::OverQuota { over } => Some(over.retry_after_seconds),
            _ => None,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::NothingComplete => 400,
            Self::UnknownLog { .. } => 404,
            Self::NoCheckpoint { .. }
            | Self::WrongPackage(_)
            | Self::Forbidden { .. }
            | Self::Stopped { .. } => 422,
            Self::OverQuota { .. } => 429,
        }
    }
}

fn who(over: &OverQuota) -> String {
    match &over.subject {
        QuotaSubject::LogEntries => "the log has added as many entries as it may".to_owned(),
        QuotaSubject::LogBytes => "the log has added as many bytes as it may".to_owned(),
        QuotaSubject::Institution(id) => format!("{id} has added as many entries as it may"),
    }
}
