//! A presentation for a verifier's challenge.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::timeline::title;
use crate::http::api::{attachment, choice};
use crate::http::input::FormBody;
use crate::http::learner::Learner;
use crate::http::page::{Reader, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::rows::{SHARES, encode};

pub(super) async fn form(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Markup, ApiError> {
    let entries = state.run(move |wallet| wallet.timeline(&session)).await?;
    let body = html! {
        @if entries.is_empty() {
            p { "There is no record to present yet." }
        } @else {
            form method="post" action=(state.path("/present")) {
                fieldset {
                    legend { "Records to show" }
                    @for entry in &entries {
                        label.choice {
                            input type="checkbox" name="record" value=(entry.id);
                            span { (title(entry)) ", " bdi { (entry.facts.issuer_name.as_deref().unwrap_or("")) } }
                        }
                    }
                }
                label for="challenge" { "Challenge, as the verifier gave it" }
                input #challenge type="text" name="challenge" required maxlength="512" autocomplete="off" autocapitalize="none" spellcheck="false" dir="ltr";
                label for="domain" { "Domain of the verifier" }
                input #domain type="text" name="domain" required maxlength="512" autocomplete="off" autocapitalize="none" spellcheck="false" dir="ltr";
                button type="submit" { "Sign and save the file" }
            }
        }
    };
    Ok(page(&state, Reader::Learner, "Present records", &body))
}

/// The presentation as a file.
pub(super) async fn present(
    State(state): State<WalletState>,
    Learner(session): Learner,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let form = form?;
    let choice = choice(form.all("record"), true)?;
    let (challenge, domain) =
        (form.text("challenge").trim().to_owned(), form.text("domain").trim().to_owned());
    let file = state.run(move |wallet| wallet.present(&session, &choice, &challenge, &domain)).await?;
    Ok(attachment("presentation.matricula.json", encode(SHARES, &file.to_value())?))
}
