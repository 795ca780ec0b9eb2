//! What a link shows to whoever has it.

use axum::extract::State;
use axum::response::Response;
use matricula_credential::model;
use maud::{Markup, html};

use crate::error::WalletError;
use crate::http::api::attachment;
use crate::http::input::PathPart;
use crate::http::page::{Reader, moment, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::rows::{SHARES, encode};
use crate::share::{ShareToken, SharedPresentation};

/// The records of a link, as they call themselves, with the file to verify.
pub(super) async fn show(
    State(state): State<WalletState>,
    PathPart(token): PathPart,
) -> Result<Markup, ApiError> {
    let shared = open(&state, &token).await?;
    let body = html! {
        p.note { "This page shows what the file says. Only verifying it tells whether it is genuine." }
        @for record in shared.file.records() { (credential(&model::facts(&record.credential))) }
        p { a.button href=(state.path(&format!("/s/{token}/file"))) { "Save the file" } }
        @if let Some(verifier) = state.verifier_url() {
            p { "Then drop it on " a href=(verifier.as_str()) { "the verifier's page" } "." }
        }
        p { "This link is good until " (moment(shared.expires)) "." }
    };
    Ok(page(&state, Reader::Anybody, "A learner shows you this", &body))
}

/// The presentation as a file.
pub(super) async fn download(
    State(state): State<WalletState>,
    PathPart(token): PathPart,
) -> Result<Response, ApiError> {
    let shared = open(&state, &token).await?;
    let bytes = encode(SHARES, &shared.file.to_value())?;
    Ok(attachment("presentation.matricula.json", bytes))
}

async fn open(state: &WalletState, token: &str) -> Result<SharedPresentation, ApiError> {
    let token = ShareToken::parse(token).ok_or(WalletError::ShareNotFound)?;
    state.run(move |wallet| wallet.view_share(&token)).await
}

fn credential(facts: &model::Facts) -> Markup {
    let day = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(10).collect::<String>());
    let rows = [
        ("Learner", facts.learner_name.clone()),
        ("Date of birth", facts.date_of_birth.clone()),
        ("School", facts.issuer_name.clone()),
        ("Awarded", day(&facts.awarded)),
        ("Valid from", day(&facts.valid_from)),
        ("Valid until", day(&facts.valid_until)),
    ];
    html! {
        h2 { bdi { (facts.title.as_deref().unwrap_or("Record without title")) } }
        dl {
            @for (name, value) in rows {
                @if let Some(value) = value { dt { (name) } dd { bdi { (value) } } }
            }
        }
    }
}
