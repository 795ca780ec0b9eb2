//! The routes. Files and signatures block, so each handler works on a thread of its own.

use std::error::Error;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::LengthLimitError;
use matricula_credential::json;
use serde::Deserialize;
use serde_json::{Value, json};

use super::did_document::{did_of_path, document};
use super::{ApiError, IssuerState};
use crate::binding::ClaimProof;
use crate::status::{REQUEST_BYTES_MAX, current_list};
use crate::trust_export::current_trust_file;

/// A binding request shows the credential; a transcript with 256 courses has a megabyte.
pub const BINDING_BODY_BYTES_MAX: usize = json::JSON_BYTES_MAX;

const CREDENTIAL_TYPE: &str = "application/vc";
const JSON_TYPE: &str = "application/json";
const DID_TYPE: &str = "application/did+json";

/// The routes of one authority.
pub fn router(state: IssuerState) -> Router {
    Router::new()
        // A did:web has a host and some segments; institutions have two or three.
        .route("/.well-known/did.json", get(did_json))
        .route("/{a}/did.json", get(did_json))
        .route("/{a}/{b}/did.json", get(did_json))
        .route("/{a}/{b}/{c}/did.json", get(did_json))
        .route("/{a}/{b}/{c}/{d}/did.json", get(did_json))
        .route("/status/{number}", get(status_list))
        .route("/status/requests", post(status_request))
        .route("/trust", get(trust_file))
        .route("/bindings", post(bind))
        .with_state(state)
}

async fn did_json(State(state): State<IssuerState>, uri: Uri) -> Result<Response, ApiError> {
    let path = uri.path().to_owned();
    on_thread(move || {
        let did = did_of_path(&state.home().profile().did, &path).ok_or(ApiError::NotFound)?;
        let now = state.now();
        let document = state.with_registry(|registry| document(state.home(), registry, &did, now))?;
        Ok(answer(StatusCode::OK, DID_TYPE, &document.ok_or(ApiError::NotFound)?.to_value()))
    })
    .await
}

async fn status_list(
    State(state): State<IssuerState>,
    Path(number): Path<String>,
) -> Result<Response, ApiError> {
    on_thread(move || {
        let number: u32 = number.parse().map_err(|_| ApiError::NotFound)?;
        let current = current_list(state.home(), number)?.ok_or(ApiError::NotFound)?;
        Ok(answer(StatusCode::OK, CREDENTIAL_TYPE, &current.list.credential))
    })
    .await
}

async fn trust_file(State(state): State<IssuerState>) -> Result<Response, ApiError> {
    on_thread(move || {
        let bytes = current_trust_file(state.home())?.ok_or(ApiError::NotFound)?;
        Ok((StatusCode::OK, [(header::CONTENT_TYPE, HeaderValue::from_static(JSON_TYPE))], bytes)
            .into_response())
    })
    .await
}

/// 1. Read the body, bounded (400, 413).
/// 2. Check its signature and whose index it is (400, 403).
/// 3. Check that it is possible (409).
/// 4. Keep it (202), or say that it is known (200).
async fn status_request(State(state): State<IssuerState>, body: Body) -> Result<Response, ApiError> {
    let body = read(body, REQUEST_BYTES_MAX as usize).await?;
    on_thread(move || {
        let now = state.now();
        let received =
            state.with_registry(|registry| state.home().receive_status_request(registry, &body, now))??;
        let status = if received.new { StatusCode::ACCEPTED } else { StatusCode::OK };
        Ok(answer(status, JSON_TYPE, &json!({ "id": received.id, "new": received.new })))
    })
    .await
}

/// A request for a binding, as it comes over the wire.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BindingBody {
    credential_id: String,
    holder: String,
    claim_code: String,
    proof: Value,
}

/// 1. Read the body, bounded (400, 413).
/// 2. Count the attempt, of this record and of all (429).
/// 3. Find the school (404).
/// 4. Check the claim code (403) and the holder's proof (400).
/// 5. Sign the binding (201), or give the one that the holder has (200).
async fn bind(State(state): State<IssuerState>, body: Body) -> Result<Response, ApiError> {
    let body = read(body, BINDING_BODY_BYTES_MAX).await?;
    on_thread(move || {
        let malformed = |problem: String| ApiError::BodyMalformed { problem };
        let document = json::parse(&body).map_err(|error| malformed(error.to_string()))?;
        let asked: BindingBody =
            serde_json::from_value(document).map_err(|error| malformed(error.to_string()))?;
        state.admit_binding(&asked.credential_id)?;
        let claim = ClaimProof::Code(&asked.claim_code);
        let bound = state.bind(&asked.credential_id, &asked.holder, &asked.proof, claim)?;
        let status = if bound.created { StatusCode::CREATED } else { StatusCode::OK };
        Ok(answer(status, CREDENTIAL_TYPE, &bound.binding))
    })
    .await
}

async fn read(body: Body, max_bytes: usize) -> Result<Bytes, ApiError> {
    to_bytes(body, max_bytes).await.map_err(|error| {
        let too_large = error.source().is_some_and(|source| source.is::<LengthLimitError>());
        if too_large { ApiError::BodyTooLarge { max_bytes } } else { ApiError::BodyUnreadable }
    })
}

async fn on_thread(
    work: impl FnOnce() -> Result<Response, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(ApiError::Stopping))
}

fn answer(status: StatusCode, kind: &'static str, value: &Value) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}
