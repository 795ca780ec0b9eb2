//! Records.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::views::RecordView;
use crate::error::WalletError;
use crate::http::input::{JsonBody, PathPart};
use crate::http::learner::Learner;
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::record::{RecordId, encode_record};

/// `POST /api/claims`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    code: String,
}

#[derive(Serialize)]
pub(super) struct ClaimView {
    record: RecordView,
    /// Why the record is not bound to the holder's key, as a code.
    unbound: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct TimelineView {
    records: Vec<RecordView>,
}

/// A record's number from a path.
pub(in crate::http) fn record_id(text: &str) -> Result<RecordId, ApiError> {
    Ok(RecordId::parse(text).ok_or(WalletError::RecordNotFound)?)
}

/// 201 with the record; 404 `code_unknown`; 410 `code_expired`; 429 `too_many_attempts`.
pub(super) async fn claim(
    State(state): State<WalletState>,
    Learner(session): Learner,
    JsonBody(body): JsonBody<Claim>,
) -> Result<(StatusCode, Json<ClaimView>), ApiError> {
    let claimed = state.run(move |wallet| wallet.claim_and_bind(&session, &body.code)).await?;
    let unbound = claimed.unbound.as_ref().map(WalletError::code);
    Ok((StatusCode::CREATED, Json(ClaimView { record: claimed.kept.entry().into(), unbound })))
}

/// All records, the latest first.
pub(super) async fn timeline(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Json<TimelineView>, ApiError> {
    let entries = state.run(move |wallet| wallet.timeline(&session)).await?;
    Ok(Json(TimelineView { records: entries.into_iter().map(RecordView::from).collect() }))
}

/// One record's line.
pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Json<RecordView>, ApiError> {
    let id = record_id(&id)?;
    let kept = state.run(move |wallet| wallet.record(&session, id)).await?;
    Ok(Json(kept.entry().into()))
}

/// The portable record as a file.
pub(in crate::http) async fn download(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Response, ApiError> {
    let id = record_id(&id)?;
    let bytes = state.run(move |wallet| encode_record(&wallet.record(&session, id)?.record)).await?;
    Ok(attachment("record.matricula.json", bytes))
}

/// 204; shares that show the record are gone too.
pub(super) async fn remove(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<StatusCode, ApiError> {
    let id = record_id(&id)?;
    state.run(move |wallet| wallet.delete_record(&session, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 200 with the record's line, bound.
pub(super) async fn bind(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Json<RecordView>, ApiError> {
    let id = record_id(&id)?;
    let kept = state.run(move |wallet| wallet.bind(&session, id)).await?;
    Ok(Json(kept.entry().into()))
}

/// A JSON file to be saved.
pub(in crate::http) fn attachment(name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}
