//! Bodies and path parts as handlers take them, with problem documents for what cannot be read.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use matricula_credential::json;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::problem::ApiError;

/// Forms and requests are names, codes and numbers of records.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;

/// Fields of one form: a checkbox for each record of a presentation, and a few more.
const FIELDS_MAX: usize = 1_000;

/// A JSON body: strict, no unknown members where the type says so.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state, "application/json").await?;
        let value = json::parse_limited(&bytes, BODY_BYTES_MAX)
            .map_err(|error| ApiError::BodyUnreadable { detail: error.to_string() })?;
        // The message of serde names members and types; a value that it would quote may be a password.
        let value = serde_json::from_value(value).map_err(|_| ApiError::BodyUnreadable {
            detail: "a member is absent, unknown or of another type".to_owned(),
        })?;
        Ok(Self(value))
    }
}

/// A form, with fields that may occur several times.
pub(super) struct FormBody(Vec<(String, String)>);

impl FormBody {
    /// The first field of this name; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// All fields of this name.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state, "application/x-www-form-urlencoded").await?;
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(&bytes).into_owned().take(FIELDS_MAX + 1).collect();
        if fields.len() > FIELDS_MAX {
            return Err(ApiError::BodyTooLarge);
        }
        Ok(Self(fields))
    }
}

/// The one variable part of a path.
pub(super) struct PathPart(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathPart {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // What is no UTF-8 is the name of nothing.
        let Path(part) = Path::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        Ok(Self(part))
    }
}

async fn read<S: Send + Sync>(
    request: Request,
    state: &S,
    media_type: &'static str,
) -> Result<Bytes, ApiError> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !given.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(media_type) {
        return Err(ApiError::MediaType { wanted: media_type });
    }
    read_bytes(Bytes::from_request(request, state).await)
}

/// A body as bytes; the limit is the router's.
pub(super) fn read_bytes(bytes: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    bytes.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        _ => ApiError::BodyUnreadable { detail: "the connection broke".to_owned() },
    })
}
