//! Accounts and sessions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::views::SessionView;
use crate::http::client::Client;
use crate::http::input::JsonBody;
use crate::http::learner::Learner;
use crate::http::problem::ApiError;
use crate::http::state::WalletState;

/// `POST /api/accounts` and `POST /api/sessions`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    name: String,
    password: String,
}

/// `PUT /api/account/password`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    old: String,
    new: String,
}

/// `DELETE /api/account`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removal {
    password: String,
}

#[derive(Serialize)]
pub(super) struct AccountView {
    name: String,
    holder: String,
}

/// 201 with a session.
pub(super) async fn create(
    State(state): State<WalletState>,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<(StatusCode, Json<SessionView>), ApiError> {
    let session = state.run_stretching(move |wallet| wallet.sign_up(&body.name, &body.password)).await?;
    Ok((StatusCode::CREATED, Json(SessionView::from(&session))))
}

/// 201 with a session; 401 `wrong_name_or_password`; 429 `too_many_attempts`, for the name or for the client's address.
pub(super) async fn log_in(
    State(state): State<WalletState>,
    client: Client,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<(StatusCode, Json<SessionView>), ApiError> {
    let session = state.log_in(client, body.name, body.password).await?;
    Ok((StatusCode::CREATED, Json(SessionView::from(&session))))
}

/// 204.
pub(super) async fn log_out(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<StatusCode, ApiError> {
    state.run(move |wallet| wallet.log_out(&session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The name and the holder's `did:key`.
pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Json<AccountView>, ApiError> {
    let view = move |wallet: &crate::Wallet| {
        Ok(AccountView { name: wallet.account_name(&session)?, holder: wallet.holder(&session)? })
    };
    state.run(view).await.map(Json)
}

/// 204; other sessions have ended.
pub(super) async fn change_password(
    State(state): State<WalletState>,
    Learner(session): Learner,
    JsonBody(body): JsonBody<NewPassword>,
) -> Result<StatusCode, ApiError> {
    state.run_stretching(move |wallet| wallet.change_password(&session, &body.old, &body.new)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 204; everything is gone.
pub(super) async fn remove(
    State(state): State<WalletState>,
    Learner(session): Learner,
    JsonBody(body): JsonBody<Removal>,
) -> Result<StatusCode, ApiError> {
    state.run_stretching(move |wallet| wallet.delete_account(&session, &body.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}
