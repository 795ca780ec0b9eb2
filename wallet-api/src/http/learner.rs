//! The signed-in learner of a request, by cookie or by `Authorization: Bearer`.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::cookie;
use super::problem::ApiError;
use super::state::WalletState;
use crate::error::WalletError;
use crate::session::{Session, SessionToken};

/// A request of somebody who is signed in; others get `not_signed_in`.
pub(super) struct Learner(pub(super) Session);

impl FromRequestParts<WalletState> for Learner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &WalletState) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)
            .map(SessionToken::parse)
            .unwrap_or_else(|| cookie::token(&parts.headers, state.is_https()))
            .ok_or(WalletError::NotSignedIn)?;
        state.run(move |wallet| wallet.session(token)).await.map(Self)
    }
}

/// The credentials of `Authorization: Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(value.trim())
}
