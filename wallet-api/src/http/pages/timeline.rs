//! The timeline, and claiming a record.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::sign_in::again;
use crate::http::input::FormBody;
use crate::http::learner::Learner;
use crate::http::page::{Reader, alert, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::record::TimelineEntry;

/// All records across schools, the latest first.
pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Markup, ApiError> {
    let entries = state.run(move |wallet| wallet.timeline(&session)).await?;
    let body = html! {
        @if entries.is_empty() {
            p { "There is nothing here yet. Your school gives you a code for each record." }
        } @else {
            ol.timeline {
                @for entry in &entries { li { (line(&state, entry)) } }
            }
        }
        p { a.button href=(state.path("/claim")) { "Add a record" } }
    };
    Ok(page(&state, Reader::Learner, "My records", &body))
}

pub(super) async fn claim_form(State(state): State<WalletState>, _learner: Learner) -> Markup {
    claim_page(&state, "", None)
}

/// 303 to the record, or the form again with what is wrong.
pub(super) async fn claim(
    State(state): State<WalletState>,
    Learner(session): Learner,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let code = form?.text("code").to_owned();
    let typed = code.clone();
    match state.run(move |wallet| wallet.claim_and_bind(&session, &code)).await {
        Ok(claimed) => {
            Ok(Redirect::to(&state.path(&format!("/records/{}", claimed.kept.id))).into_response())
        }
        Err(error) if error.status().is_client_error() && error.code() != "not_signed_in" => {
            let text = error.public_text();
            Ok(again(error, claim_page(&state, &typed, Some(&text))))
        }
        Err(error) => Err(error),
    }
}

fn line(state: &WalletState, entry: &TimelineEntry) -> Markup {
    let facts = &entry.facts;
    let date = facts.awarded.as_deref().or(facts.valid_from.as_deref()).unwrap_or("");
    html! {
        h2 { a href=(state.path(&format!("/records/{}", entry.id))) { (title(entry)) } }
        p {
            bdi { (facts.issuer_name.as_deref().unwrap_or("Unknown school")) }
            " · "
            time { (date.chars().take(10).collect::<String>()) }
        }
        @if entry.superseded { p.note { "There is a later version of this record." } }
    }
}

/// The title of a record, isolated from the direction of the text around it.
pub(super) fn title(entry: &TimelineEntry) -> Markup {
    html! { bdi { (entry.facts.title.as_deref().unwrap_or("Record without title")) } }
}

fn claim_page(state: &WalletState, code: &str, error: Option<&str>) -> Markup {
    let body = html! {
        @if let Some(error) = error { (alert(error)) }
        form method="post" action=(state.path("/claim")) {
            label for="code" { "Code from your school" }
            input #code type="text" name="code" value=(code) required maxlength="64" autocomplete="off" autocapitalize="characters" spellcheck="false" dir="ltr" placeholder="XXXX-XXXX-XXXX-XXXX";
            p { "A code works once. Small and capital letters are the same." }
            button type="submit" { "Add the record" }
        }
    };
    page(state, Reader::Learner, "Add a record", &body)
}
