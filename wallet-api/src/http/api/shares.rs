//! Presentations, shares and the disclosure log.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::records::record_id;
use super::views::{DisclosureView, ShareView};
use crate::error::WalletError;
use crate::http::input::{JsonBody, PathPart};
use crate::http::learner::Learner;
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::presenting::Choice;
use crate::qr;
use crate::share::ShareId;

/// `POST /api/presentations`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presenting {
    records: Vec<String>,
    challenge: String,
    domain: String,
    #[serde(default = "yes")]
    with_evidence: bool,
}

/// `POST /api/shares`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sharing {
    records: Vec<String>,
    lifetime_seconds: u64,
    #[serde(default = "yes")]
    with_evidence: bool,
}

fn yes() -> bool {
    true
}

#[derive(Serialize)]
pub(super) struct SharesView {
    shares: Vec<ShareView>,
}

#[derive(Serialize)]
pub(super) struct DisclosuresView {
    disclosures: Vec<DisclosureView>,
}

/// The chosen records of a request.
pub(in crate::http) fn choice<'t>(
    records: impl IntoIterator<Item = &'t str>,
    with_evidence: bool,
) -> Result<Choice, ApiError> {
    let records: Result<Vec<_>, ApiError> = records.into_iter().map(record_id).collect();
    Ok(Choice { records: records?, with_evidence })
}

/// A share's number from a path.
pub(in crate::http) fn share_id(text: &str) -> Result<ShareId, ApiError> {
    Ok(ShareId::parse(text).ok_or(WalletError::ShareNotFound)?)
}

/// 200 with the presentation file.
pub(super) async fn present(
    State(state): State<WalletState>,
    Learner(session): Learner,
    JsonBody(body): JsonBody<Presenting>,
) -> Result<Json<Value>, ApiError> {
    let choice = choice(body.records.iter().map(String::as_str), body.with_evidence)?;
    let file =
        state.run(move |wallet| wallet.present(&session, &choice, &body.challenge, &body.domain)).await?;
    Ok(Json(file.to_value()))
}

/// 201 with the link.
pub(super) async fn create(
    State(state): State<WalletState>,
    Learner(session): Learner,
    JsonBody(body): JsonBody<Sharing>,
) -> Result<(StatusCode, Json<ShareView>), ApiError> {
    let choice = choice(body.records.iter().map(String::as_str), body.with_evidence)?;
    let share = state.run(move |wallet| wallet.share(&session, &choice, body.lifetime_seconds)).await?;
    Ok((StatusCode::CREATED, Json(share.into())))
}

/// Shares that are not revoked, the latest first.
pub(super) async fn list(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Json<SharesView>, ApiError> {
    let shares = state.run(move |wallet| wallet.shares(&session)).await?;
    Ok(Json(SharesView { shares: shares.into_iter().map(ShareView::from).collect() }))
}

/// One share.
pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Json<ShareView>, ApiError> {
    let id = share_id(&id)?;
    Ok(Json(state.run(move |wallet| wallet.share_of(&session, id)).await?.into()))
}

/// 204; the link shows nothing any more.
pub(super) async fn revoke(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<StatusCode, ApiError> {
    let id = share_id(&id)?;
    state.run(move |wallet| wallet.revoke_share(&session, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The link as a QR code.
pub(super) async fn qr(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Response, ApiError> {
    let id = share_id(&id)?;
    let share = state.run(move |wallet| wallet.share_of(&session, id)).await?;
    let svg = qr::svg(&share.url).map_err(ApiError::from)?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// The disclosure log, the latest first.
pub(super) async fn disclosures(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Json<DisclosuresView>, ApiError> {
    let log = state.run(move |wallet| wallet.disclosures(&session)).await?;
    Ok(Json(DisclosuresView { disclosures: log.into_iter().map(DisclosureView::from).collect() }))
}
