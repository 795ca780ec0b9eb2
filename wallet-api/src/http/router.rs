//! All routes.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};

use super::problem::ApiError;
use super::state::WalletState;
use super::{api, headers, origin, page, pages};

/// The wallet as an axum router.
///
/// Paths are relative: mount it where [`WalletConfig::base_url`](crate::WalletConfig::base_url) says, with
/// `Router::nest_service` when that address has a path (with `Router::nest` the address with a slash at its end would
/// be missing). Problems under `/api` are `application/problem+json`, elsewhere
/// pages. Request ids, timeouts and traces are the server's.
pub fn router(state: WalletState) -> Router {
    Router::new()
        .merge(api::router())
        .merge(pages::router())
        .fallback(|| async { ApiError::NotFound })
        .layer(map_response(name_method_problem))
        .layer(from_fn_with_state(state.clone(), origin::check))
        .layer(from_fn_with_state(state.clone(), page::show_problems))
        .layer(from_fn_with_state(state.clone(), headers::add))
        .with_state(state)
}

/// axum answers a wrong method with an empty body; every error here is a problem document.
async fn name_method_problem(response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let mut named = ApiError::MethodNotAllowed.into_response();
    if let Some(allow) = response.headers().get(axum::http::header::ALLOW) {
        named.headers_mut().insert(axum::http::header::ALLOW, allow.clone());
    }
    named
}
