//! A witness over HTTP.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /add-checkpoint` | a cosignature, a line of text; 409 with the size remembered |
//! | `GET /<origin hash>/checkpoint` | the latest checkpoint of a log that this witness cosigned, text |
//!
//! SPEC: <https://c2sp.org/tlog-witness>. The statuses are those of the specification; what it leaves open in an error's
//! body is a problem document here.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use matricula_tlog::ADD_CHECKPOINT_BYTES_MAX;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::ApiError;
use crate::clock::Clock;
use crate::witness::{AddCheckpointOutcome, AddCheckpointRefusal, LightWitness, WitnessError};

/// Requests under way at once. Each is a signature check, a proof and one synced row.
const REQUESTS_MAX: usize = 32;

/// How long the few kilobytes may take that are read before a request has a place.
pub(super) const SMALL_BODY_TIME_MAX: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Service {
    witness: Arc<LightWitness>,
    clock: Clock,
    places: Arc<Semaphore>,
}

/// The routes of a witness. They stand at the root: its clients know it by its prefix.
pub fn witness_router(witness: Arc<LightWitness>, clock: Clock) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .layer(DefaultBodyLimit::max(ADD_CHECKPOINT_BYTES_MAX))
        .with_state(Service { witness, clock, places: Arc::new(Semaphore::new(REQUESTS_MAX)) })
}

/// `POST /add-checkpoint`. Anybody may ask: what is not signed by a log that is followed here is refused.
async fn add_checkpoint(
    State(Service { witness, clock, places }): State<Service>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = small_body(request, ADD_CHECKPOINT_BYTES_MAX).await?;
    let _place = places.try_acquire().map_err(|_| ApiError::Busy)?;
    let outcome = aside(move || witness.add_checkpoint(&body, clock.now())).await?;
    answer(outcome)
}

/// A body of at most `max` bytes, in time. It is read before a place is taken: else whoever opens connections and is silent
/// takes all of them.
pub(super) async fn small_body(request: Request, max: usize) -> Result<Bytes, ApiError> {
    let body = timeout(SMALL_BODY_TIME_MAX, Bytes::from_request(request, &())).await;
    let body = body.map_err(|_| ApiError::BodyTooSlow { time_max: SMALL_BODY_TIME_MAX })?;
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { max },
        _ => ApiError::UnreadableBody,
    })
}

/// What the specification gives a form is sent in it, everything else as a problem document.
pub(super) fn answer(outcome: AddCheckpointOutcome) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(outcome.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_in_a_form =
        |refusal: &AddCheckpointRefusal| matches!(refusal, AddCheckpointRefusal::Conflict { .. });
    match outcome {
        AddCheckpointOutcome::Refused(refusal) if !is_in_a_form(&refusal) => {
            Err(ApiError::NotCosigned(refusal))
        }
        outcome => Ok(text(status, outcome.media_type(), outcome.body())),
    }
}

/// `GET /<origin hash>/checkpoint`.
async fn checkpoint(
    State(Service { witness, .. }): State<Service>,
    Path(hash): Path<String>,
) -> Result<Response, ApiError> {
    let latest = aside(move || {
        let Some(origin) = witness.logs()?.by_hash(&hash).cloned() else { return Ok(None) };
        witness.latest(&origin)
    });
    let checkpoint = latest.await?.ok_or(ApiError::NotFound)?;
    let mut response = text(StatusCode::OK, "text/plain; charset=utf-8", checkpoint.encode());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    Ok(response)
}

pub(super) fn text(status: StatusCode, kind: &'static str, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}

/// Reads and writes the state on a thread that may block.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WitnessError> + Send + 'static,
) -> Result<T, ApiError> {
    Ok(spawn_blocking(work).await.map_err(|_| WitnessError::Stopped)??)
}
