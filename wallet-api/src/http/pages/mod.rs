//! Pages for learners and for those they show records to. No script; forms post and redirect.

mod account;
mod disclosures;
mod present;
mod record;
mod share;
mod shared;
mod sign_in;
mod timeline;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::input::BODY_BYTES_MAX;
use super::state::WalletState;

const STYLE: &str = include_str!("../style.css");

pub(super) fn router() -> Router<WalletState> {
    Router::new()
        .route("/", get(timeline::show))
        .route("/style.css", get(style))
        .route("/signup", get(sign_in::sign_up_form).post(sign_in::sign_up))
        .route("/login", get(sign_in::log_in_form).post(sign_in::log_in))
        .route("/logout", post(sign_in::log_out))
        .route("/claim", get(timeline::claim_form).post(timeline::claim))
        .route("/records/{id}", get(record::show))
        .route("/records/{id}/file", get(super::api::download))
        .route("/records/{id}/bind", post(record::bind))
        .route("/records/{id}/delete", get(record::delete_form).post(record::delete))
        .route("/records/{id}/share", post(share::create))
        .route("/shares/{id}", get(share::show))
        .route("/shares/{id}/revoke", post(share::revoke))
        .route("/present", get(present::form).post(present::present))
        .route("/disclosures", get(disclosures::show))
        .route("/account", get(account::show))
        .route("/account/password", post(account::change_password))
        .route("/account/delete", post(account::delete))
        .route("/s/{token}", get(shared::show))
        .route("/s/{token}/file", get(shared::download))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], STYLE)
}
