//! Problem documents.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use matricula_tlog::BundleError;
use serde::Serialize;

use crate::mirror::{AddEntriesRefusal, MirrorError};
use crate::node::ReadError;
use crate::submission::{Refusal, SubmitError};
use crate::witness::{AddCheckpointRefusal, EvidenceStoreError, WitnessError};

/// Seconds after which a busy node is asked again.
const RETRY_AFTER_SECONDS: u64 = 1;

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nothing is published under that name (yet).
    #[error("nothing is published here")]
    NotFound,
    /// The path is not that of a tile, a bundle or an entry.
    #[error("the path is malformed")]
    MalformedPath,
    /// The body is not of the media type that the route takes.
    #[error("the body must be application/octet-stream")]
    MediaType,
    /// The body could not be read to its end.
    #[error("the body could not be read")]
    UnreadableBody,
    /// The body did not arrive in time.
    #[error("the body did not arrive within {} seconds", time_max.as_secs())]
    BodyTooSlow {
        /// The limit.
        time_max: Duration,
    },
    /// As many submissions as the node takes at once are under way.
    #[error("the node has much to do; try again in a moment")]
    Busy,
    /// The body is larger than the route takes.
    #[error("the body has more than {max} bytes")]
    BodyTooLarge {
        /// The limit.
        max: usize,
    },
    /// The body is not entries with their lengths.
    #[error("the body is malformed: {0}")]
    MalformedBody(#[from] BundleError),
    /// The query asks for a promise that the node does not make.
    #[error("the query is malformed")]
    MalformedQuery,
    /// The entries were not accepted.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// A checkpoint was not cosigned.
    #[error(transparent)]
    NotCosigned(AddCheckpointRefusal),
    /// Entries were not taken into a copy.
    #[error(transparent)]
    NotTaken(Box<AddEntriesRefusal>),
    /// A file is no evidence, proves nothing, or proves something against a key that nobody here knows.
    #[error("this proves nothing against a key that is known here")]
    ProvesNothing,
    /// Evidence could not be kept or read.
    #[error(transparent)]
    Evidence(EvidenceStoreError),
    /// The body is packed in a way that is not read here.
    #[error("the body must be plain, or packed with gzip")]
    ContentEncoding,
    /// The mirror could not find an answer.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The witness could not find an answer.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// What is stored could not be read, or is not what was written.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// RFC 9457. The type is the code as a URN, here and in every other service.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<EntryProblem<'a>>>,
}

/// What is wrong with one entry.
#[derive(Serialize)]
struct EntryProblem<'a> {
    position: usize,
    code: &'a str,
    detail: String,
}

impl From<EvidenceStoreError> for ApiError {
    /// What proves nothing is the sender's fault, everything else the store's.
    fn from(error: EvidenceStoreError) -> Self {
        match error {
            EvidenceStoreError::NoEvidence(_) => Self::ProvesNothing,
            error => Self::Evidence(error),
        }
    }
}

impl ApiError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MalformedPath => "malformed_path",
            Self::MediaType => "unsupported_media_type",
            Self::UnreadableBody => "unreadable_body",
            Self::BodyTooSlow { .. } => "body_too_slow",
            Self::Busy => "busy",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::MalformedBody(BundleError::TooManyEntries { .. }) => "too_many_entries",
            Self::MalformedBody(_) => "malformed_body",
            Self::MalformedQuery => "malformed_query",
            Self::Submit(error) => match error {
                SubmitError::Empty => "no_entries",
                SubmitError::TooManyEntries { .. } => "too_many_entries",
                SubmitError::TooManyBytes { .. } => "body_too_large",
                SubmitError::Refused(_) => "entry_refused",
                SubmitError::Busy => "busy",
                SubmitError::NotMirrored => "not_mirrored",
                SubmitError::Stopped | SubmitError::Index(_) => "node_stopped",
            },
            Self::NotCosigned(refusal) => refusal.code(),
            Self::NotTaken(refusal) => refusal.code(),
            Self::ProvesNothing => "proves_nothing",
            Self::Evidence(_) => "storage_damaged",
            Self::ContentEncoding => "unsupported_content_encoding",
            Self::Read(ReadError::Stopped)
            | Self::Witness(WitnessError::Stopped)
            | Self::Mirror(MirrorError::Stopped) => "node_stopped",
            Self::Read(_) | Self::Witness(_) | Self::Mirror(_) => "storage_damaged",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MalformedPath | Self::UnreadableBody | Self::MalformedQuery => StatusCode::BAD_REQUEST,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MalformedBody(BundleError::TooManyEntries { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MalformedBody(_) => StatusCode::BAD_REQUEST,
            Self::Submit(error) => match error {
                SubmitError::Empty => StatusCode::BAD_REQUEST,
                SubmitError::TooManyEntries { .. } | SubmitError::TooManyBytes { .. } => {
                    StatusCode::PAYLOAD_TOO_LARGE
                }
                SubmitError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
                SubmitError::Busy
                | SubmitError::NotMirrored
                | SubmitError::Stopped
                | SubmitError::Index(_) => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::NotCosigned(refusal) => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::NotTaken(refusal) => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::ProvesNothing => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Evidence(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Read(ReadError::Stopped)
            | Self::Witness(WitnessError::Stopped)
            | Self::Mirror(MirrorError::Stopped) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Read(_) | Self::Witness(_) | Self::Mirror(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::NotTaken(refusal) => refusal.retry_after_seconds(),
            _ => (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS),
        }
    }

    fn title(&self) -> &'static str {
        match self.status() {
            StatusCode::FORBIDDEN => "No key that is known here has signed this",
            StatusCode::NOT_FOUND => "Not published",
            StatusCode::UNPROCESSABLE_ENTITY => "The log does not take these entries",
            StatusCode::SERVICE_UNAVAILABLE => "The log does not take entries now",
            StatusCode::INTERNAL_SERVER_ERROR => "The log cannot answer",
            StatusCode::PAYLOAD_TOO_LARGE => "Too much at once",
            StatusCode::REQUEST_TIMEOUT => "The request came too slowly",
            StatusCode::TOO_MANY_REQUESTS => "Too much in too short a time",
            _ => "The request is malformed",
        }
    }

    /// What may be told to anybody. What failed inside the node goes to its own records only.
    fn detail(&self) -> String {
        match self {
            Self::Read(_) | Self::Witness(_) | Self::Mirror(_) => {
                "What is stored could not be read.".to_owned()
            }
            Self::Submit(SubmitError::Index(_)) => SubmitError::Stopped.to_string(),
            _ => self.to_string(),
        }
    }

    fn refusals(&self) -> Option<Vec<EntryProblem<'_>>> {
        let Self::Submit(SubmitError::Refused(refusals)) = self else { return None };
        let told = |Refusal { position, error }: &'_ Refusal| EntryProblem {
            position: *position,
            code: error.code(),
            detail: error.to_string(),
        };
        Some(refusals.iter().map(told).collect())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status().is_server_error() {
            tracing::error!(error = %self, "request failed");
        }
        let problem = Problem {
            kind: format!("urn:matricula:problem:{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            code: self.code(),
            detail: self.detail(),
            errors: self.refusals(),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
