//! Errors over HTTP.
//!
//! SPEC: RFC 9457 (problem details).

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::WalletError;
use crate::ports::BindingPortError;

/// Everything that goes wrong in a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The wallet refused.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// No such page or method on it.
    #[error("there is no such page")]
    NotFound,
    /// The page is there, for another method.
    #[error("this page does not take this method")]
    MethodNotAllowed,
    /// A form or a request with a cookie that did not come from a page of this wallet.
    #[error("this request did not come from a page of this wallet")]
    CrossOrigin,
    /// The body is longer than any good one.
    #[error("the request is too large")]
    BodyTooLarge,
    /// The body is not what the page takes.
    #[error("the request cannot be read: {detail}")]
    BodyUnreadable {
        /// What is wrong, without the values that were sent.
        detail: String,
    },
    /// The body is of another type.
    #[error("the media type must be {wanted}")]
    MediaType {
        /// What the page takes.
        wanted: &'static str,
    },
    /// The depositor's secret is absent or wrong.
    #[error("deposits need the issuer's secret")]
    DepositRefused,
    /// A handler panicked.
    #[error("something went wrong here")]
    Panicked,
}

impl ApiError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Wallet(error) => error.code(),
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::CrossOrigin => "cross_origin",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyUnreadable { .. } => "body_unreadable",
            Self::MediaType { .. } => "unsupported_media_type",
            Self::DepositRefused => "deposit_refused",
            Self::Panicked => "internal",
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Wallet(error) => wallet_status(error),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::CrossOrigin => StatusCode::FORBIDDEN,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyUnreadable { .. } => StatusCode::BAD_REQUEST,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::DepositRefused => StatusCode::UNAUTHORIZED,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A sentence for the person; what concerns the machine only goes to the log.
    pub(super) fn public_text(&self) -> String {
        if self.status().is_server_error()
            && !matches!(self, Self::Wallet(WalletError::Binding(_) | WalletError::Busy))
        {
            tracing::error!(code = self.code(), error = %self, "request failed");
            return "Something went wrong here. Nothing was changed. Try again later.".to_owned();
        }
        let text = self.to_string();
        let mut characters = text.chars();
        characters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(characters).chain(['.']).collect())
    }

    /// Seconds until another try makes sense.
    pub(super) fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Wallet(WalletError::TooManyAttempts { retry_after_seconds }) => Some(*retry_after_seconds),
            Self::Wallet(WalletError::Busy) => Some(1),
            _ => None,
        }
    }

    pub(super) fn add_headers(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after_seconds() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

fn wallet_status(error: &WalletError) -> StatusCode {
    match error {
        WalletError::Credentials(_)
        | WalletError::Record(_)
        | WalletError::RecordWithoutId
        | WalletError::NothingChosen
        | WalletError::RequestText { .. }
        | WalletError::Lifetime { .. }
        | WalletError::Presentation(_) => StatusCode::UNPROCESSABLE_ENTITY,
        WalletError::NameTaken | WalletError::TooMany { .. } => StatusCode::CONFLICT,
        WalletError::WrongNameOrPassword | WalletError::NotSignedIn => StatusCode::UNAUTHORIZED,
        WalletError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        WalletError::CodeUnknown | WalletError::RecordNotFound | WalletError::ShareNotFound => {
            StatusCode::NOT_FOUND
        }
        WalletError::CodeExpired | WalletError::ShareExpired => StatusCode::GONE,
        WalletError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        WalletError::NoBindingPort => StatusCode::NOT_IMPLEMENTED,
        WalletError::Binding(BindingPortError::Unavailable) | WalletError::Busy => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        WalletError::Binding(BindingPortError::Refused { .. }) => StatusCode::FORBIDDEN,
        WalletError::BindingMismatch => StatusCode::BAD_GATEWAY,
        WalletError::LinkTooLong | WalletError::Damaged { .. } | WalletError::State(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// What a problem document says, kept beside the answer for pages that show it in words.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) code: &'static str,
    pub(super) text: String,
}

impl IntoResponse for ApiError {
    /// A problem document: `type`, `title`, `status`, `code`, `detail`.
    fn into_response(self) -> Response {
        let status = self.status();
        let told = Told { code: self.code(), text: self.public_text() };
        let body = json!({
            "type": format!("urn:matricula:problem:{}", self.code()),
            "title": status.canonical_reason().unwrap_or("error"),
            "status": status.as_u16(),
            "code": self.code(),
            "detail": told.text,
        });
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.add_headers(&mut response);
        response.extensions_mut().insert(told);
        response
    }
}
