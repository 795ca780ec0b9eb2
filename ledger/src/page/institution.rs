//! One institution: the history of its accreditation, and its keys.

use matricula_registry::{
    Accreditation, AccreditationEvent, Event, InstitutionId, KeyRecord, KeyRole, KnownAt, Mandate, PublicKey,
    Recorded, Registry, day,
};
use matricula_tlog::UnixSeconds;
use maud::{Markup, html};

use super::frame::{Depth, Tab, frame, table};
use super::icon::{Icon, icon};
use super::institutions::address;
use super::problem::PageError;
use super::words::{Standing, counted, event as event_word, grouped, hexadecimal, key_role, period, scope};
use crate::node::Node;

/// Events that the page shows, the latest ones: several a year over a school's life.
const EVENTS_SHOWN_MAX: usize = 200;

/// Keys that the page shows: three a year over as long a life.
const KEYS_SHOWN_MAX: usize = 200;

const HERE: Depth = Depth::Item;

/// What is copied of the registry while entries wait.
struct Facts {
    standing: Standing,
    /// The latest ones, in the order of the log.
    events: Vec<Event<Accreditation>>,
    events_count: usize,
    keys: Vec<KeyFacts>,
    keys_count: usize,
    batches: usize,
}

/// A key, as the latest statements know it.
struct KeyFacts {
    key: PublicKey,
    added: Option<(KeyRole, UnixSeconds, Recorded)>,
    retired: Option<UnixSeconds>,
    compromised: Option<UnixSeconds>,
}

/// Makes the page.
pub(super) fn page(node: &Node, id: &InstitutionId) -> Result<Markup, PageError> {
    let now = node.now();
    let facts =
        node.read_registry(|registry| Facts::of(registry, id, now))?.ok_or(PageError::NoInstitution)?;
    let standing = facts.standing;
    let name = facts.events.last().map_or_else(|| id.to_string(), |event| event.value.name.to_string());
    let content = html! {
        p { a href=(HERE.to("node/institutions")) { "All institutions" } }
        h1 { (name) }
        p { code { (id) } }
        div.notice data-result=(standing.result()) {
            (icon(standing.icon()))
            p { (standing.word()) " on " (day(now)) "." }
        }
        section aria-labelledby="history" {
            h2 #history { "Accreditation" }
            @if facts.events_count > facts.events.len() {
                p.hint { "The latest " (facts.events.len()) " of " (counted(facts.events_count as u64, "event")) "." }
            }
            ol.timeline reversed { @for event in facts.events.iter().rev() { (event_item(event)) } }
        }
        (keys(&facts, now))
        p.hint { "Batches of its records in the log: " (grouped(facts.batches as u64)) "." }
    };
    Ok(frame(HERE, Tab::None, &name, &content))
}

impl Facts {
    fn of(registry: &Registry, id: &InstitutionId, now: UnixSeconds) -> Option<Self> {
        let institution = registry.institution(id)?;
        let history = institution.history();
        let keys = institution.keys().take(KEYS_SHOWN_MAX);
        Some(Self {
            standing: Standing::of(history, now),
            events: history[history.len().saturating_sub(EVENTS_SHOWN_MAX)..].to_vec(),
            events_count: history.len(),
            keys: keys.filter_map(|key| Some(KeyFacts::of(*key, registry.key(key)?))).collect(),
            keys_count: institution.keys().len(),
            batches: institution.batches().len(),
        })
    }
}

impl KeyFacts {
    fn of(key: PublicKey, record: &KeyRecord) -> Self {
        Self {
            key,
            added: record.added(KnownAt::Latest),
            retired: record.retired(KnownAt::Latest).map(|(at, _)| at),
            compromised: record.compromised(KnownAt::Latest).map(|(since, _)| since),
        }
    }
}

fn event_item(event: &Event<Accreditation>) -> Markup {
    let Event { recorded, value, .. } = event;
    html! {
        li data-result=(result(&value.event)) {
            h3 { (event_word(&value.event)) }
            p { strong { "Holds " (period(value.effective)) } }
            @if let Some(scope_given) = value.event.scope() { p { "For " (scope(scope_given)) } }
            @if let Some(reason) = &value.reason { p { "Reason: " (reason) } }
            @for (who, mandate) in mandates(&value.event) { (mandate_line(who, mandate)) }
            p { "Decree: " (value.legal.title) }
            p.hint { "SHA-256 of its document: " code { (hexadecimal(value.legal.sha256.as_bytes())) } }
            p.hint {
                "Under the name “" (value.name) "”. Logged "
                @if let Some(at) = recorded.at { (day(at)) " " }
                "as entry " (recorded.index) " ("
                a href=(HERE.to(&format!("entries/{}/proof", recorded.index))) { "proof" }
                ")."
            }
        }
    }
}

const fn result(event: &AccreditationEvent) -> &'static str {
    match event {
        AccreditationEvent::Grant { .. } | AccreditationEvent::Restore { .. } => "pass",
        AccreditationEvent::Suspend { .. } => "warn",
        AccreditationEvent::Revoke { .. } | AccreditationEvent::Succeed { .. } => "fail",
    }
}

fn mandates(event: &AccreditationEvent) -> Vec<(&'static str, &Mandate)> {
    let (successor, custodian) = match event {
        AccreditationEvent::Grant { .. } | AccreditationEvent::Restore { .. } => (None, None),
        AccreditationEvent::Suspend { custodian } | AccreditationEvent::Revoke { custodian } => {
            (None, custodian.as_ref())
        }
        AccreditationEvent::Succeed { successor, custodian } => (Some(successor), custodian.as_ref()),
    };
    let named = |who, mandate: Option<_>| mandate.map(|mandate| (who, mandate));
    named("Successor", successor).into_iter().chain(named("Signs for its learners", custodian)).collect()
}

fn mandate_line(who: &str, mandate: &Mandate) -> Markup {
    html! {
        p {
            (who) ": " a href=(address(HERE, &mandate.holder)) { (mandate.holder) }
            @if let Some(until) = mandate.until { ", until " (day(UnixSeconds::new(until.get().saturating_sub(1)))) }
        }
    }
}

fn keys(facts: &Facts, now: UnixSeconds) -> Markup {
    let of_role = |role| facts.keys.iter().filter(move |key| key.added.is_some_and(|(has, ..)| has == role));
    html! {
        section aria-labelledby="keys" {
            h2 #keys { "Keys" }
            @if facts.keys.is_empty() { p { "No key of this institution is in the log." } }
            @if facts.keys_count > facts.keys.len() {
                p.hint { (facts.keys.len()) " of " (counted(facts.keys_count as u64, "key")) "." }
            }
            @for role in [KeyRole::Issue, KeyRole::Approve, KeyRole::Bind] {
                @if of_role(role).next().is_some() {
                    (table(key_role(role), &["Public key", "From", "State"], &html! { @for key in of_role(role) { (key_row(key, now)) } }))
                }
            }
        }
    }
}

fn key_row(key: &KeyFacts, now: UnixSeconds) -> Markup {
    let (result, sign, words) = match (key.compromised, key.retired) {
        (Some(since), _) => ("fail", Icon::Cross, format!("Compromised since {}", day(since))),
        (None, Some(at)) if at <= now => ("ended", Icon::Dash, format!("Retired on {}", day(at))),
        (None, Some(at)) => ("pass", Icon::Tick, format!("In use until {}", day(at))),
        (None, None) => ("pass", Icon::Tick, "In use".to_owned()),
    };
    html! {
        tr {
            th scope="row" { code.small { (key.key) } }
            td { @if let Some((_, from, _)) = key.added { (day(from)) } }
            td { span.state data-result=(result) { (icon(sign)) (words) } }
        }
    }
}
