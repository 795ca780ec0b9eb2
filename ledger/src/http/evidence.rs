//! Evidence over HTTP: files that prove, to anybody and offline, that somebody signed what it must not.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /evidence` | takes a file from another node: 200 when it is there, 422 when it proves nothing against a key known here |

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use matricula_tlog::{EVIDENCE_BYTES_MAX, Evidence};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::ApiError;
use super::entries::BODY_TIME_MAX;
use crate::following::Following;

/// Where other nodes hand in evidence. It stands at the root, below the log's prefix.
pub fn evidence_router(following: Arc<Following>) -> Router {
    Router::new()
        .route("/evidence", post(take))
        .layer(DefaultBodyLimit::max(EVIDENCE_BYTES_MAX))
        .with_state(following)
}

/// `POST /evidence`. Anybody may: what counts is what the accused signed.
async fn take(State(following): State<Arc<Following>>, request: Request) -> Result<StatusCode, ApiError> {
    let body = timeout(BODY_TIME_MAX, Bytes::from_request(request, &())).await;
    let body = body.map_err(|_| ApiError::BodyTooSlow { time_max: BODY_TIME_MAX })?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { max: EVIDENCE_BYTES_MAX },
        _ => ApiError::UnreadableBody,
    })?;
    let evidence = Evidence::parse(&body).map_err(|_| ApiError::ProvesNothing)?;
    let kept = spawn_blocking(move || following.take_evidence(&evidence));
    match kept.await.map_err(|_| ApiError::NotFound)?? {
        Some(_) => Ok(StatusCode::OK),
        None => Err(ApiError::ProvesNothing),
    }
}
