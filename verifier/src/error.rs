//! What the service answers when it cannot verify: problem documents.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use matricula_credential::json::JsonError;
use serde::Serialize;
use thiserror::Error;

/// The media type of a problem document.
///
/// SPEC: RFC 9457 §3.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request got no verdict.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The body is longer than the service reads.
    #[error("the body is longer than {bytes_max} bytes")]
    BodyTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {} seconds", time_max.as_secs())]
    BodyTooSlow {
        /// The limit.
        time_max: Duration,
    },
    /// The connection broke while the body was read.
    #[error("the body could not be read to its end")]
    BodyIncomplete,
    /// The body is of a type this endpoint does not take.
    #[error("the body must be of the type {wanted}")]
    MediaTypeUnsupported {
        /// What it takes.
        wanted: &'static str,
    },
    /// The body is coded in a way that is not read.
    #[error("the body may be compressed once with gzip, and in no other way")]
    CodingUnsupported,
    /// The body says that it is gzip, and is not, or breaks off.
    #[error("the body is not whole gzip")]
    CodingMalformed,
    /// The body is not strict JSON.
    #[error("the body is not readable JSON: {0}")]
    JsonMalformed(#[from] JsonError),
    /// The JSON lacks a member, or has it in another form.
    #[error("{pointer}: {expected} is expected here")]
    MemberInvalid {
        /// Where, as a JSON pointer.
        pointer: &'static str,
        /// What should stand there.
        expected: &'static str,
    },
    /// The query of the address has a parameter that is not known, or not readable.
    #[error("the query takes asOf (a moment as 2026-11-22T00:00:00Z), challenge and domain")]
    QueryMalformed,
    /// The form is not readable.
    #[error("the form could not be read")]
    FormMalformed,
    /// The form came without a file.
    #[error("no file was chosen")]
    FileMissing,
    /// The form came with more than one file.
    #[error("the form may hold one file")]
    SeveralFiles,
    /// The date in the form is none.
    #[error("the date must have the form 2026-11-22")]
    DateMalformed,
    /// There is nothing at this address.
    #[error("there is nothing at this address")]
    NotFound,
    /// The address is right, the method is not.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// As many requests as the service takes are under way.
    #[error("the service is busy; try again in a moment")]
    Busy,
    /// The check took longer than it may.
    #[error("the check took longer than {} seconds and was given up", time_max.as_secs())]
    CheckTooSlow {
        /// The limit.
        time_max: Duration,
    },
    /// The check ended without a verdict: a fault of ours.
    #[error("the check failed; the fault is the service's")]
    CheckFailed,
}

impl ApiError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyTooSlow { .. } => "body_too_slow",
            Self::BodyIncomplete => "body_incomplete",
            Self::MediaTypeUnsupported { .. } => "unsupported_media_type",
            Self::CodingUnsupported => "unsupported_content_encoding",
            Self::CodingMalformed => "content_encoding_malformed",
            Self::JsonMalformed(_) => "json_malformed",
            Self::MemberInvalid { .. } => "member_invalid",
            Self::QueryMalformed => "query_malformed",
            Self::FormMalformed => "form_malformed",
            Self::FileMissing => "file_missing",
            Self::SeveralFiles => "several_files",
            Self::DateMalformed => "date_malformed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Busy => "busy",
            Self::CheckTooSlow { .. } => "check_too_slow",
            Self::CheckFailed => "check_failed",
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::MediaTypeUnsupported { .. } | Self::CodingUnsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyIncomplete
            | Self::CodingMalformed
            | Self::JsonMalformed(_)
            | Self::MemberInvalid { .. }
            | Self::QueryMalformed
            | Self::FormMalformed
            | Self::FileMissing
            | Self::SeveralFiles
            | Self::DateMalformed => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy | Self::CheckTooSlow { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::CheckFailed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The type of a problem that no other specification names: its code as a URN, here and in every other service.
pub(crate) fn problem_type(code: &str) -> String {
    format!("urn:matricula:problem:{code}")
}

/// A problem document. The title is the status's own phrase; programs go by `code`.
///
/// SPEC: RFC 9457 §3.1.
#[derive(Serialize)]
struct ProblemDocument {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let document = ProblemDocument {
            r#type: problem_type(self.code()),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code: self.code(),
            detail: self.to_string(),
        };
        let mut response = (status, Json(document)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if matches!(self, Self::Busy) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if matches!(self, Self::CodingUnsupported) {
            // RFC 9110 §12.5.3: what would have been read.
            response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}
