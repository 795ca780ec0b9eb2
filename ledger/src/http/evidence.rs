//! Evidence over HTTP: files that prove, to anybody and offline, that somebody signed what it must not.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /evidence` | takes a file from another node: 200 when it is there, 422 when it convicts no key known here |

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use matricula_tlog::{EVIDENCE_BYTES_MAX, Evidence};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::ApiError;
use super::witness::small_body;
use crate::following::Following;

/// Files that are verified at once. Each is a few signatures and a proof.
const FILES_MAX: usize = 4;

#[derive(Clone)]
struct Service {
    following: Arc<Following>,
    places: Arc<Semaphore>,
}

/// Where other nodes hand in evidence. It stands at the root, below the log's prefix.
pub fn evidence_router(following: Arc<Following>) -> Router {
    Router::new()
        .route("/evidence", post(take))
        .layer(DefaultBodyLimit::max(EVIDENCE_BYTES_MAX))
        .with_state(Service { following, places: Arc::new(Semaphore::new(FILES_MAX)) })
}

/// `POST /evidence`. Anybody may: what counts is what the accused signed.
async fn take(
    State(Service { following, places }): State<Service>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let body = small_body(request, EVIDENCE_BYTES_MAX).await?;
    let _place = places.try_acquire().map_err(|_| ApiError::Busy)?;
    let evidence = Evidence::parse(&body).map_err(|_| ApiError::ProvesNothing)?;
    let kept = spawn_blocking(move || following.take_evidence(&evidence));
    match kept.await.map_err(|_| ApiError::NotFound)?? {
        Some(_) => Ok(StatusCode::OK),
        None => Err(ApiError::ProvesNothing),
    }
}
