//! Signing up, in and out.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use crate::http::client::Client;
use crate::http::cookie;
use crate::http::input::FormBody;
use crate::http::learner::Learner;
use crate::http::page::{Reader, alert, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::session::Session;

pub(super) async fn sign_up_form(State(state): State<WalletState>) -> Markup {
    sign_up_page(&state, "", None)
}

pub(super) async fn log_in_form(State(state): State<WalletState>) -> Markup {
    log_in_page(&state, "", None)
}

/// 303 to the timeline with the session's cookie, or the form again with what is wrong.
pub(super) async fn sign_up(
    State(state): State<WalletState>,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let form = form?;
    let (name, password) = (form.text("name").to_owned(), form.text("password").to_owned());
    let typed = name.clone();
    match state.run_stretching(move |wallet| wallet.sign_up(&name, &password)).await {
        Ok(session) => Ok(signed_in(&state, &session)),
        Err(error) if error.status().is_client_error() => {
            let text = error.public_text();
            Ok(again(error, sign_up_page(&state, &typed, Some(&text))))
        }
        Err(error) => Err(error),
    }
}

/// 303 to the timeline with the session's cookie, or the form again with what is wrong.
pub(super) async fn log_in(
    State(state): State<WalletState>,
    client: Client,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let form = form?;
    let (name, password) = (form.text("name").to_owned(), form.text("password").to_owned());
    let typed = name.clone();
    match state.log_in(client, name, password).await {
        Ok(session) => Ok(signed_in(&state, &session)),
        Err(error) if error.status().is_client_error() => {
            let text = error.public_text();
            Ok(again(error, log_in_page(&state, &typed, Some(&text))))
        }
        Err(error) => Err(error),
    }
}

/// 303 to the form, without cookie.
pub(super) async fn log_out(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Response, ApiError> {
    state.run(move |wallet| wallet.log_out(&session)).await?;
    Ok(signed_out(&state))
}

/// To the form, without cookie.
pub(super) fn signed_out(state: &WalletState) -> Response {
    let mut response = Redirect::to(&state.path("/login")).into_response();
    if let Some(cookie) = cookie::clear(state.is_https()) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// A form that is shown again, under the status of what went wrong.
pub(super) fn again(error: ApiError, page: Markup) -> Response {
    let mut response = (error.status(), page).into_response();
    error.add_headers(&mut response);
    response
}

fn signed_in(state: &WalletState, session: &Session) -> Response {
    let mut response = Redirect::to(&state.path("/")).into_response();
    let now = state.wallet().now().get();
    if let Some(cookie) = cookie::set(session, state.is_https(), now) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn sign_up_page(state: &WalletState, name: &str, error: Option<&str>) -> Markup {
    let body = html! {
        @if let Some(error) = error { (alert(error)) }
        form method="post" action=(state.path("/signup")) {
            label for="name" { "Name to sign in with" }
            input #name type="text" name="name" value=(name) required minlength="3" maxlength="64" autocomplete="username" autocapitalize="none" dir="auto";
            label for="password" { "Password, 8 characters or more" }
            input #password type="password" name="password" required minlength="8" maxlength="256" autocomplete="new-password";
            p { "Nobody can open your records without this password, and nobody can give you a new one. If it is lost, your school gives you a new code for each record." }
            button type="submit" { "Open an account" }
        }
        p { "You have an account? " a href=(state.path("/login")) { "Sign in" } }
    };
    page(state, Reader::Anybody, "Open an account", &body)
}

fn log_in_page(state: &WalletState, name: &str, error: Option<&str>) -> Markup {
    let body = html! {
        @if let Some(error) = error { (alert(error)) }
        form method="post" action=(state.path("/login")) {
            label for="name" { "Name" }
            input #name type="text" name="name" value=(name) required maxlength="64" autocomplete="username" autocapitalize="none" dir="auto";
            label for="password" { "Password" }
            input #password type="password" name="password" required maxlength="256" autocomplete="current-password";
            button type="submit" { "Sign in" }
        }
        p { "You are new here? " a href=(state.path("/signup")) { "Open an account" } }
    };
    page(state, Reader::Anybody, "Sign in", &body)
}
