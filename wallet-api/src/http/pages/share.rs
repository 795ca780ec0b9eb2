//! A share, for its learner: link, QR code, how often it was opened, revoke.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, PreEscaped, html};

use crate::http::api::{record_id, share_id};
use crate::http::input::{FormBody, PathPart};
use crate::http::learner::Learner;
use crate::http::page::{Reader, moment, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::presenting::Choice;
use crate::qr;

/// 303 to the share.
pub(super) async fn create(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let choice = Choice { records: vec![record_id(&id)?], with_evidence: true };
    let lifetime_seconds = form?.text("lifetime").parse().map_err(|_| ApiError::BodyUnreadable {
        detail: "the lifetime is no number of seconds".to_owned(),
    })?;
    let share = state.run(move |wallet| wallet.share(&session, &choice, lifetime_seconds)).await?;
    Ok(Redirect::to(&state.path(&format!("/shares/{}", share.id))).into_response())
}

pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Markup, ApiError> {
    let id = share_id(&id)?;
    let share = state.run(move |wallet| wallet.share_of(&session, id)).await?;
    let code = qr::svg(&share.url)?;
    let body = html! {
        // The SVG is drawn here from numbers only; no text of the record is in it.
        div.qr role="img" aria-label="The link as a code to scan" { (PreEscaped(document_element(&code))) }
        p { "Whoever has this link sees the record:" }
        p { bdi dir="ltr" { code { (share.url) } } }
        dl {
            dt { "Good until" } dd { (moment(share.expires)) }
            dt { "Opened" } dd { (share.views.count) " times" }
            @if let Some(last) = share.views.last { dt { "Last opened" } dd { (moment(last)) } }
        }
        form method="post" action=(state.path(&format!("/shares/{id}/revoke"))) {
            button.danger type="submit" { "End this link now" }
        }
    };
    Ok(page(&state, Reader::Learner, "Show this code", &body))
}

/// 303 to the disclosure log.
pub(super) async fn revoke(
    State(state): State<WalletState>,
    Learner(session): Learner,
    PathPart(id): PathPart,
) -> Result<Response, ApiError> {
    let id = share_id(&id)?;
    state.run(move |wallet| wallet.revoke_share(&session, id)).await?;
    Ok(Redirect::to(&state.path("/disclosures")).into_response())
}

/// The SVG without its XML declaration, which HTML does not take.
fn document_element(svg: &str) -> &str {
    svg.find("<svg").map_or("", |start| &svg[start..])
}
