//! Problem documents.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::binding::BindingError;
use crate::registry_view::RegistryViewError;
use crate::status::StatusError;
use crate::trust_export::TrustExportError;

/// The code of a home folder in which another command works: to be tried again.
const HOME_BUSY: &str = "home_busy";

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nothing is published under that address.
    #[error("nothing is published here")]
    NotFound,
    /// The body is larger than the route takes.
    #[error("the body has more than {max_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// The body could not be read to its end.
    #[error("the body could not be read")]
    BodyUnreadable,
    /// The body is not what the route takes.
    #[error("the body is malformed: {problem}")]
    BodyMalformed {
        /// What is wrong with it.
        problem: String,
    },
    /// No school whose bindings are signed here issued the credential.
    #[error("no school that is served here binds records of this issuer")]
    NoSuchSchool,
    /// More attempts to bind records than are looked at in a minute.
    #[error("too many attempts; try again in {retry_after_seconds} s")]
    TooManyAttempts {
        /// When to try again, in seconds.
        retry_after_seconds: u64,
    },
    /// A status request was refused.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// A binding was refused.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The log could not be read.
    #[error(transparent)]
    Registry(#[from] RegistryViewError),
    /// The trust file could not be read.
    #[error(transparent)]
    Trust(#[from] TrustExportError),
    /// The work was stopped before it was done.
    #[error("the service is stopping")]
    Stopping,
}

/// RFC 9457. The type is the code as a URN, here and in every other service.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'a str,
    detail: String,
}

impl ApiError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NotFound => "not_found",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyUnreadable => "unreadable_body",
            Self::BodyMalformed { .. } => "malformed_body",
            Self::NoSuchSchool => "no_such_school",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Status(error) => error.code(),
            Self::Binding(error) => error.code(),
            Self::Registry(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::Stopping => "stopping",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        if self.code() == HOME_BUSY {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        match self {
            Self::NotFound | Self::NoSuchSchool => StatusCode::NOT_FOUND,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyUnreadable | Self::BodyMalformed { .. } => StatusCode::BAD_REQUEST,
            Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Status(error) => status_of_status(error),
            Self::Binding(error) => status_of_binding(error),
            Self::Registry(_) | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Trust(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(&self) -> &'static str {
        match self.status() {
            StatusCode::NOT_FOUND => "Not published",
            StatusCode::BAD_REQUEST => "The request is malformed",
            StatusCode::PAYLOAD_TOO_LARGE => "Too much at once",
            StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
            StatusCode::FORBIDDEN => "Not yours to ask",
            StatusCode::CONFLICT => "Not possible as the record stands",
            StatusCode::SERVICE_UNAVAILABLE => "The service cannot answer now",
            _ => "The service cannot answer",
        }
    }

    /// What may be told to anybody. What failed inside goes to the service's own records only.
    fn detail(&self) -> String {
        match self.status() {
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
                "The service's own records say what happened.".to_owned()
            }
            _ => self.to_string(),
        }
    }
}

fn status_of_status(error: &StatusError) -> StatusCode {
    match error {
        StatusError::ForeignKey { .. } | StatusError::IndexNotYours { .. } => StatusCode::FORBIDDEN,
        StatusError::Transition(_) => StatusCode::CONFLICT,
        StatusError::UnknownList { .. } | StatusError::Effective(_) | StatusError::Document(_) => {
            StatusCode::BAD_REQUEST
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn status_of_binding(error: &BindingError) -> StatusCode {
    match error {
        BindingError::NotIssued => StatusCode::NOT_FOUND,
        BindingError::WrongCode | BindingError::CodeUsed => StatusCode::FORBIDDEN,
        BindingError::Possession { .. } | BindingError::Presentation(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(code = self.code(), error = %self, "a request was not served");
        }
        let problem = Problem {
            kind: format!("urn:matricula:problem:{}", self.code()),
            title: self.title(),
            status: status.as_u16(),
            code: self.code(),
            detail: self.detail(),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if let Self::TooManyAttempts { retry_after_seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
        }
        response
    }
}
