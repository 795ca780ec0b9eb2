//! One record: what it says, and what can be done with it.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::timeline::title;
use crate::http::api::record_id;
use crate::http::input::PathPart;
use crate::http::learner::Learner;
use crate::http::page::{Reader, day, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::record::TimelineEntry;

/// Lifetimes offered for a link, in words and seconds.
const LIFETIMES: [(&str, u64); 4] =
    [("1 hour", 3_600), ("1 day", 86_400), ("1 week", 604_800), ("30 days", 2_592_000)];

pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Markup, ApiError> {
    let id = record_id(&id)?;
    let entry = state.run(move |wallet| Ok(wallet.record(&session, id)?.entry())).await?;
    let path = |rest: &str| state.path(&format!("/records/{id}{rest}"));
    let body = html! {
        (facts(&entry))
        h2 { "Show it" }
        form method="post" action=(path("/share")) {
            label for="lifetime" { "A link and a code to scan, good for" }
            select #lifetime name="lifetime" {
                @for (words, seconds) in LIFETIMES { option value=(seconds) selected[seconds == 86_400] { (words) } }
            }
            button type="submit" { "Make the link" }
        }
        p { a href=(state.path("/present")) { "An employer or a school gave you a challenge" } }
        h2 { "Keep it" }
        p { a.button href=(path("/file")) { "Save the file" } }
        @if !entry.bound {
            form method="post" action=(path("/bind")) {
                p { "The school has not tied this record to your account's key yet. Without it, those who check compare your name and birth date with an identity document." }
                button type="submit" { "Ask the school again" }
            }
        }
        h2 { "Delete it" }
        p { a href=(path("/delete")) { "Delete this record from the account" } }
    };
    Ok(page(&state, Reader::Learner, entry.facts.title.as_deref().unwrap_or("Record"), &body))
}

/// 303 back to the record.
pub(super) async fn bind(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Response, ApiError> {
    let id = record_id(&id)?;
    state.run(move |wallet| wallet.bind(&session, id)).await?;
    Ok(Redirect::to(&state.path(&format!("/records/{id}"))).into_response())
}

pub(super) async fn delete_form(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Markup, ApiError> {
    let id = record_id(&id)?;
    let entry = state.run(move |wallet| Ok(wallet.record(&session, id)?.entry())).await?;
    let body = html! {
        p { (title(&entry)) ", " bdi { (entry.facts.issuer_name.as_deref().unwrap_or("")) } }
        p.note { "Links that show it stop working. The school keeps its register and can give you a new code." }
        form method="post" action=(state.path(&format!("/records/{id}/delete"))) {
            button.danger type="submit" { "Delete this record" }
        }
        p { a href=(state.path(&format!("/records/{id}"))) { "Keep it" } }
    };
    Ok(page(&state, Reader::Learner, "Delete a record", &body))
}

/// 303 to the timeline.
pub(super) async fn delete(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Response, ApiError> {
    let id = record_id(&id)?;
    state.run(move |wallet| wallet.delete_record(&session, id)).await?;
    Ok(Redirect::to(&state.path("/")).into_response())
}

/// What a credential says about itself. Nothing of it is verified here, and the page does not pretend so.
pub(super) fn facts(entry: &TimelineEntry) -> Markup {
    let facts = &entry.facts;
    let short = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(10).collect::<String>());
    let rows = [
        ("Learner", facts.learner_name.clone()),
        ("Date of birth", facts.date_of_birth.clone()),
        ("School", facts.issuer_name.clone()),
        ("Awarded", short(&facts.awarded)),
        ("Valid from", short(&facts.valid_from)),
        ("Valid until", short(&facts.valid_until)),
        ("Added on", (entry.claimed_at.get() > 0).then(|| day(entry.claimed_at))),
    ];
    html! {
        dl {
            @for (name, value) in rows {
                @if let Some(value) = value { dt { (name) } dd { bdi { (value) } } }
            }
        }
    }
}
