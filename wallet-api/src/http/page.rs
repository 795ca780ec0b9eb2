//! The frame of every page, and the page of an error.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use matricula_credential::format_date_time;
use matricula_tlog::UnixSeconds;
use maud::{DOCTYPE, Markup, html};

use super::problem::Told;
use super::state::WalletState;

/// Who reads a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A learner with a session.
    Learner,
    /// Anybody.
    Anybody,
}

/// A whole page.
pub(super) fn page(state: &WalletState, reader: Reader, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Matricula" }
                link rel="stylesheet" href=(state.path("/style.css"));
            }
            body {
                header {
                    a.home href=(state.path("/")) { "Matricula" }
                    @if reader == Reader::Learner { (menu(state)) }
                }
                main {
                    h1 { (title) }
                    (body)
                }
            }
        }
    }
}

fn menu(state: &WalletState) -> Markup {
    html! {
        a href=(state.path("/claim")) { "Add a record" }
        a href=(state.path("/present")) { "Present" }
        a href=(state.path("/disclosures")) { "Who saw what" }
        a href=(state.path("/account")) { "Account" }
        form method="post" action=(state.path("/logout")) { button.link type="submit" { "Sign out" } }
    }
}

/// What went wrong, above a form that is shown again.
pub(super) fn alert(text: &str) -> Markup {
    html! { p.note role="alert" { strong { "That did not work. " } (text) } }
}

/// A day for people, as ISO 8601, which reads the same in every language.
pub(super) fn day(at: UnixSeconds) -> String {
    format_date_time(at).map(|text| text.chars().take(10).collect()).unwrap_or_default()
}

/// A moment for people: day and time in UTC.
pub(super) fn moment(at: UnixSeconds) -> String {
    format_date_time(at).map(|text| text.replacen('T', " ", 1).replace('Z', " UTC")).unwrap_or_default()
}

/// Turns problem documents into pages, except for the API. Whoever is not signed in is led to the form.
pub(super) async fn show_problems(
    State(state): State<WalletState>,
    request: Request,
    next: Next,
) -> Response {
    let reads = request.method() == Method::GET;
    if request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let mut response = next.run(request).await;
    let Some(told) = response.extensions_mut().remove::<Told>() else { return response };
    if told.code == "not_signed_in" && reads {
        return Redirect::to(&state.path("/login")).into_response();
    }
    let body = html! {
        p role="alert" { (told.text) }
        p { "Code: " code { (told.code) } }
        p { a.button href=(state.path("/")) { "To the first page" } }
    };
    let page = page(&state, Reader::Anybody, "That did not work", &body).into_response();
    let (page_parts, page_body) = page.into_parts();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    if let Some(media_type) = page_parts.headers.get(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, media_type.clone());
    }
    Response::from_parts(parts, page_body)
}
