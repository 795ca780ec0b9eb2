//! What the API answers with.

use matricula_credential::{DateTimeError, format_date_time};
use matricula_tlog::UnixSeconds;
use serde::Serialize;

use crate::disclosure::{Disclosure, DisclosureKind};
use crate::record::{RecordId, TimelineEntry};
use crate::session::Session;
use crate::share::Share;

/// RFC 3339 in UTC; a time beyond the calendar is left out.
pub(super) fn time(at: UnixSeconds) -> Option<String> {
    let written: Result<String, DateTimeError> = format_date_time(at);
    written.ok()
}

#[derive(Serialize)]
pub(super) struct SessionView {
    token: String,
    expires_at: Option<String>,
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self { token: session.token().encode(), expires_at: time(session.expires()) }
    }
}

#[derive(Serialize)]
pub(super) struct RecordView {
    id: String,
    claimed_at: Option<String>,
    credential_id: Option<String>,
    kind: Option<&'static str>,
    title: Option<String>,
    issuer: Option<String>,
    issuer_name: Option<String>,
    learner_name: Option<String>,
    date_of_birth: Option<String>,
    awarded: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    logged: bool,
    bound: bool,
    superseded: bool,
}

impl From<TimelineEntry> for RecordView {
    fn from(entry: TimelineEntry) -> Self {
        let facts = entry.facts;
        Self {
            id: entry.id.to_string(),
            claimed_at: time(entry.claimed_at),
            credential_id: facts.id,
            kind: entry.kind.map(|kind| kind.name()),
            title: facts.title,
            issuer: facts.issuer,
            issuer_name: facts.issuer_name,
            learner_name: facts.learner_name,
            date_of_birth: facts.date_of_birth,
            awarded: facts.awarded,
            valid_from: facts.valid_from,
            valid_until: facts.valid_until,
            logged: entry.logged,
            bound: entry.bound,
            superseded: entry.superseded,
        }
    }
}

#[derive(Serialize)]
pub(super) struct ShareView {
    id: String,
    url: String,
    records: Vec<String>,
    created_at: Option<String>,
    expires_at: Option<String>,
    views: u64,
}

impl From<Share> for ShareView {
    fn from(share: Share) -> Self {
        Self {
            id: share.id.to_string(),
            url: share.url,
            records: share.records.iter().map(RecordId::to_string).collect(),
            created_at: time(share.created),
            expires_at: time(share.expires),
            views: share.views.count,
        }
    }
}

#[derive(Serialize)]
pub(super) struct DisclosureView {
    at: Option<String>,
    what: &'static str,
    domain: Option<String>,
    share: Option<String>,
    records: Vec<String>,
    views: Option<u64>,
    first_view_at: Option<String>,
    last_view_at: Option<String>,
}

impl From<Disclosure> for DisclosureView {
    fn from(disclosure: Disclosure) -> Self {
        let view = Self {
            at: time(disclosure.at),
            what: "presented",
            domain: None,
            share: None,
            records: disclosure.records.iter().map(RecordId::to_string).collect(),
            views: None,
            first_view_at: None,
            last_view_at: None,
        };
        match disclosure.kind {
            DisclosureKind::Presented { domain } => Self { domain: Some(domain), ..view },
            DisclosureKind::Shared { share, views } => Self {
                what: "shared",
                share: Some(share.to_string()),
                views: Some(views.count),
                first_view_at: views.first.and_then(time),
                last_view_at: views.last.and_then(time),
                ..view
            },
        }
    }
}
