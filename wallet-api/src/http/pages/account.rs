//! The account: name, key, password, deletion.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::sign_in::signed_out;
use crate::http::input::FormBody;
use crate::http::learner::Learner;
use crate::http::page::{Reader, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;

pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Markup, ApiError> {
    let (name, holder) =
        state.run(move |wallet| Ok((wallet.account_name(&session)?, wallet.holder(&session)?))).await?;
    let body = html! {
        dl {
            dt { "Name" } dd { bdi { (name) } }
            dt { "Key" } dd { bdi dir="ltr" { code { (holder) } } }
        }
        h2 { "Change the password" }
        form method="post" action=(state.path("/account/password")) {
            (password_field("old", "Password now", "current-password"))
            (password_field("new", "New password, 8 characters or more", "new-password"))
            button type="submit" { "Change it" }
        }
        h2 { "Delete the account" }
        p.note { "All records, links and the list of who saw what are deleted at once. Save your files first." }
        form method="post" action=(state.path("/account/delete")) {
            (password_field("password", "Password", "current-password"))
            button.danger type="submit" { "Delete everything" }
        }
    };
    Ok(page(&state, Reader::Learner, "Account", &body))
}

/// 303 to the account; other sessions have ended.
pub(super) async fn change_password(
    State(state): State<WalletState>,
    Learner(session): Learner,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let form = form?;
    let (old, new) = (form.text("old").to_owned(), form.text("new").to_owned());
    state.run_stretching(move |wallet| wallet.change_password(&session, &old, &new)).await?;
    Ok(Redirect::to(&state.path("/account")).into_response())
}

/// 303 to the form; everything is gone.
pub(super) async fn delete(
    State(state): State<WalletState>,
    Learner(session): Learner,
    form: Result<FormBody, ApiError>,
) -> Result<Response, ApiError> {
    let password = form?.text("password").to_owned();
    state.run_stretching(move |wallet| wallet.delete_account(&session, &password)).await?;
    Ok(signed_out(&state))
}

fn password_field(name: &str, text: &str, autocomplete: &str) -> Markup {
    html! {
        label for=(name) { (text) }
        input id=(name) type="password" name=(name) required maxlength="256" autocomplete=(autocomplete);
    }
}
