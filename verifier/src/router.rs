//! The addresses of the service.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};

use crate::error::ApiError;
use crate::page;
use crate::service::Verifier;
use crate::vcalm;

/// What a browser may do with our pages: load our one script and our one style sheet, and send the form back to us.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// Headers on every answer.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Every address of the service, ready to be served or nested:
///
/// | | |
/// | --- | --- |
/// | `GET /` | the page |
/// | `POST /` | the form of the page: a file in, its verdict as a page |
/// | `GET /assets/…` | script, style sheet, icon |
/// | `POST /verify` | a record, credential or presentation as it is; verdicts as JSON |
/// | `POST /credentials/verify` | VCALM: `{verifiableCredential, options}` |
/// | `POST /presentations/verify` | VCALM: `{verifiablePresentation, options}` |
pub fn router(verifier: Arc<Verifier>) -> Router {
    Router::new()
        .route("/", get(page::show_form).post(page::verify_form))
        .route("/assets/{name}", get(page::asset))
        .route("/verify", post(vcalm::verify_raw))
        .route("/credentials/verify", post(vcalm::verify_credential))
        .route("/presentations/verify", post(vcalm::verify_presentation))
        .fallback(|| async { ApiError::NotFound })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        // Bodies are read by `Verifier::read_body`, which has a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(map_response(add_headers))
        .with_state(verifier)
}

/// Answers are about somebody's record: no cache keeps them, except where an asset says so itself.
async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
