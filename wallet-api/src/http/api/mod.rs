//! The JSON API.

mod accounts;
mod offers;
mod records;
mod shares;
mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};

pub(super) use records::{attachment, download, record_id};
pub(super) use shares::{choice, share_id};

use super::input::BODY_BYTES_MAX;
use super::state::WalletState;
use crate::record::RECORD_BYTES_MAX;

/// A deposit is a record with two members around it.
const DEPOSIT_BYTES_MAX: usize = RECORD_BYTES_MAX + 4 * 1024;

pub(super) fn router() -> Router<WalletState> {
    Router::new()
        .route("/api/accounts", post(accounts::create))
        .route("/api/account", get(accounts::show).delete(accounts::remove))
        .route("/api/account/password", put(accounts::change_password))
        .route("/api/sessions", post(accounts::log_in))
        .route("/api/sessions/current", delete(accounts::log_out))
        .route("/api/claims", post(records::claim))
        .route("/api/records", get(records::timeline))
        .route("/api/records/{id}", get(records::show).delete(records::remove))
        .route("/api/records/{id}/file", get(records::download))
        .route("/api/records/{id}/binding", put(records::bind))
        .route("/api/presentations", post(shares::present))
        .route("/api/shares", get(shares::list).post(shares::create))
        .route("/api/shares/{id}", get(shares::show).delete(shares::revoke))
        .route("/api/shares/{id}/qr.svg", get(shares::qr))
        .route("/api/disclosures", get(shares::disclosures))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route("/api/offers", post(offers::deposit).layer(DefaultBodyLimit::max(DEPOSIT_BYTES_MAX)))
}
