//! Who saw what.

use std::collections::BTreeMap;

use axum::extract::State;
use maud::{Markup, html};

use super::timeline::title;
use crate::disclosure::{Disclosure, DisclosureKind};
use crate::http::learner::Learner;
use crate::http::page::{Reader, moment, page};
use crate::http::problem::ApiError;
use crate::http::state::WalletState;
use crate::record::{RecordId, TimelineEntry};

pub(super) async fn show(
    State(state): State<WalletState>,
    Learner(session): Learner,
) -> Result<Markup, ApiError> {
    let (log, entries) =
        state.run(move |wallet| Ok((wallet.disclosures(&session)?, wallet.timeline(&session)?))).await?;
    let entries: BTreeMap<RecordId, TimelineEntry> =
        entries.into_iter().map(|entry| (entry.id, entry)).collect();
    let body = html! {
        @if log.is_empty() {
            p { "You have shown nothing to anybody yet." }
        } @else {
            ul.plain { @for disclosure in &log { li { (line(&state, disclosure, &entries)) } } }
        }
    };
    Ok(page(&state, Reader::Learner, "Who saw what", &body))
}

fn line(state: &WalletState, disclosure: &Disclosure, entries: &BTreeMap<RecordId, TimelineEntry>) -> Markup {
    html! {
        p { strong { (moment(disclosure.at)) } }
        @match &disclosure.kind {
            DisclosureKind::Presented { domain } => { p { "Signed for " bdi dir="ltr" { (domain) } } }
            DisclosureKind::Shared { share, views } => {
                p {
                    a href=(state.path(&format!("/shares/{share}"))) { "Link" }
                    ", opened " (views.count) " times"
                    @if let Some(last) = views.last { ", last on " (moment(last)) }
                }
            }
        }
        ul {
            @for id in &disclosure.records {
                li { @match entries.get(id) { Some(entry) => { (title(entry)) } None => { "a record that you deleted" } } }
            }
        }
    }
}
