//! The first page: how the log stands.

use matricula_registry::{KnownAt, Registry};
use matricula_tlog::{SignedCheckpoint, TreeSize, UnixSeconds};
use maud::{Markup, html};

use super::evidence::list;
use super::frame::{Depth, Tab, frame, table};
use super::growth::{POINTS_MAX, picture};
use super::icon::{Icon, icon};
use super::institutions::search_form;
use super::problem::PageError;
use super::replication::{FollowedLog, PeerView, ReplicationView};
use super::words::{age, counted, grouped, machine_moment, moment, role};
use crate::node::{Health, Node, cosigned_at};

/// Peers, and followed logs, that the page lists. A policy names at most 256.
const PEERS_SHOWN_MAX: usize = 256;

/// Evidence that the first page lists; all of it has a page of its own.
const EVIDENCE_SHOWN_MAX: usize = 3;

const HERE: Depth = Depth::Top;

/// What the page shows, at one moment.
struct Facts {
    authority: Option<AuthorityFacts>,
    institutions: usize,
    origin: String,
    accepted: TreeSize,
    published: Option<CheckpointFacts>,
    /// The largest checkpoint with a quorum, when it is not the published one.
    witnessed: Option<TreeSize>,
    peers: Vec<PeerView>,
    followed: Vec<FollowedLog>,
    evidence: usize,
    is_stopped: bool,
    now: UnixSeconds,
}

struct AuthorityFacts {
    name: String,
    country: String,
    rules_version: u64,
    recognises: usize,
}

/// The last checkpoint.
struct CheckpointFacts {
    size: TreeSize,
    root: String,
    at: Option<UnixSeconds>,
}

/// Somebody's cosignature.
struct Cosigned {
    name: String,
    at: UnixSeconds,
}

/// Makes the page.
pub(super) fn page(node: &Node, replication: &dyn ReplicationView) -> Result<Markup, PageError> {
    let facts = Facts::of(node, replication)?;
    let cosigned = node.witnessed().or_else(|| node.checkpoint());
    let name = facts.authority.as_ref().map_or(facts.origin.as_str(), |authority| &authority.name);
    let content = html! {
        h1 { (name) @if let Some(authority) = &facts.authority { " (" (authority.country) ")" } }
        p.lead { "The log " code { (facts.origin) } ", and who watches over it." }
        (notice(&facts))
        (log(&facts))
        @if let Some(picture) = picture(&node.growth(POINTS_MAX)) { (picture) }
        @if let Some(cosigned) = cosigned { (cosigners(node, &cosigned, facts.now)) }
        (peers(&facts))
        (followed(&facts))
        section aria-labelledby="evidence" {
            h2 #evidence { "Evidence" }
            (list(HERE, facts.evidence, &replication.evidence(0, EVIDENCE_SHOWN_MAX)))
            @if facts.evidence > EVIDENCE_SHOWN_MAX {
                p { a href="node/evidence" { "All " (counted(facts.evidence as u64, "piece")) " of evidence" } }
            }
        }
        (registry(&facts))
        p.hint #as-of { "As of " (time(facts.now)) "." }
    };
    Ok(frame(HERE, Tab::Node, name, &content))
}

impl Facts {
    fn of(node: &Node, replication: &dyn ReplicationView) -> Result<Self, PageError> {
        let (authority, institutions) =
            node.read_registry(|registry| (AuthorityFacts::of(registry), registry.institutions().len()))?;
        let published = node.checkpoint();
        let published = published.as_deref().map(|note| CheckpointFacts {
            size: note.unverified().size(),
            root: note.unverified().root().to_string(),
            at: node.cosigned_at(note),
        });
        let (mut peers, mut followed) = (replication.peers(), replication.followed());
        peers.truncate(PEERS_SHOWN_MAX);
        followed.truncate(PEERS_SHOWN_MAX);
        Ok(Self {
            authority,
            institutions,
            origin: node.log_key().name().as_str().to_owned(),
            accepted: node.accepted().size,
            published,
            witnessed: node.witnessed().map(|note| note.unverified().size()),
            peers,
            followed,
            evidence: replication.evidence_count(),
            is_stopped: matches!(node.health(), Health::Stopped { .. }),
            now: node.now(),
        })
    }

    fn published_size(&self) -> TreeSize {
        self.published.as_ref().map_or(TreeSize::new(0), |published| published.size)
    }

    fn unwitnessed(&self) -> u64 {
        let witnessed = self.witnessed.map_or(0, TreeSize::get);
        self.published_size().get().saturating_sub(witnessed)
    }
}

impl AuthorityFacts {
    fn of(registry: &Registry) -> Option<Self> {
        let profile = &registry.authority(KnownAt::Latest)?.value;
        Some(Self {
            name: profile.name.to_string(),
            country: profile.country.to_string(),
            rules_version: profile.rules_version,
            recognises: profile.recognises.len(),
        })
    }
}

/// How it stands, in one sentence: the worst that is to be said.
fn notice(facts: &Facts) -> Markup {
    let silent = facts.peers.iter().filter(|peer| peer.problem.is_some()).count();
    let (result, sign, text) = if facts.is_stopped {
        let text = "The log has stopped. It takes no entries; what is published can still be read.";
        ("fail", Icon::Cross, text.to_owned())
    } else if facts.evidence > 0 {
        let held = counted(facts.evidence as u64, "piece");
        ("warn", Icon::Exclamation, format!("The log runs. It holds {held} of evidence against signers."))
    } else if silent > 0 {
        let all = facts.peers.len();
        (
            "warn",
            Icon::Exclamation,
            format!("The log runs. Of {}, {silent} cannot follow.", counted(all as u64, "peer")),
        )
    } else if facts.unwitnessed() > 0 {
        let text = format!("The log runs. {} still without a quorum.", waiting(facts.unwitnessed()));
        ("unknown", Icon::Question, text)
    } else {
        ("pass", Icon::Tick, "The log runs, and everything published is cosigned by its quorum.".to_owned())
    };
    html! {
        div.notice data-result=(result) { (icon(sign)) p { (text) } }
    }
}

fn waiting(entries: u64) -> String {
    format!("{} {}", counted(entries, "entry"), if entries == 1 { "is" } else { "are" })
}

fn log(facts: &Facts) -> Markup {
    html! {
        section aria-labelledby="log" {
            h2 #log { "The log" }
            dl.facts {
                div { dt { "Entries" } dd { (grouped(facts.accepted.get())) } }
                @if let Some(published) = &facts.published {
                    div { dt { "Of them published" } dd { (grouped(published.size.get())) } }
                    @if let Some(witnessed) = facts.witnessed {
                        div { dt { "Of them cosigned by the quorum" } dd { (grouped(witnessed.get())) } }
                    }
                    div {
                        dt { "Last checkpoint" }
                        dd {
                            @match published.at {
                                Some(at) => { (time(at)) ", " (age(at, facts.now)) }
                                None => { "without a time" }
                            }
                            " (" a href="checkpoint" { "the signed file" } ")"
                        }
                    }
                    div { dt { "Its root" } dd { code { (published.root) } } }
                }
            }
        }
    }
}

/// Who cosigned the last checkpoint that has a quorum: those whose keys are known here.
fn cosigners(node: &Node, checkpoint: &SignedCheckpoint, now: UnixSeconds) -> Markup {
    let size = checkpoint.unverified().size();
    let caption = format!("Who cosigned the checkpoint over {}, and when", counted(size.get(), "entry"));
    let rows = html! {
        @for Cosigned { name, at } in cosigned_by(node, checkpoint) {
            tr { th scope="row" { (name) } td { (time(at)) } td { (age(at, now)) } }
        }
    };
    html! {
        section aria-labelledby="cosigners" {
            h2 #cosigners { "Cosigners" }
            (table(&caption, &["Cosigner", "Time", "Age"], &rows))
        }
    }
}

fn cosigned_by(node: &Node, checkpoint: &SignedCheckpoint) -> Vec<Cosigned> {
    let cosigners = node.cosigners().into_iter();
    cosigners.filter_map(|(name, key)| Some(Cosigned { at: cosigned_at(checkpoint, &key)?, name })).collect()
}

fn peers(facts: &Facts) -> Markup {
    let published = facts.published_size();
    let rows = html! { @for peer in &facts.peers { (peer_row(peer, published, facts.now)) } };
    html! {
        section aria-labelledby="peers" {
            h2 #peers { "Peers" }
            @if facts.peers.is_empty() {
                p { "No other node is sent this log: it has no mirror and no witness but the node itself." }
            } @else {
                (table("Nodes that are sent every checkpoint", &["Peer", "Role", "Has cosigned", "Behind by", "State"], &rows))
            }
        }
    }
}

fn peer_row(peer: &PeerView, published: TreeSize, now: UnixSeconds) -> Markup {
    html! {
        tr {
            th scope="row" { (peer.name) }
            td { (role(peer.role)) }
            @match peer.cosigned {
                Some(size) => {
                    td {
                        (grouped(size.get()))
                        @if let Some(at) = peer.cosigned_at { ", " (age(at, now)) }
                    }
                    td { (grouped(published.get().saturating_sub(size.get()))) }
                }
                None => { td { "nothing yet" } td { (grouped(published.get())) } }
            }
            td { (state(peer.problem.as_deref(), Some(peer.failures))) }
        }
    }
}

/// A sign and words for what is wrong, or that nothing is.
fn state(problem: Option<&str>, failures: Option<u32>) -> Markup {
    html! {
        @match problem {
            None => { span.state data-result="pass" { (icon(Icon::Tick)) "in order" } }
            Some(problem) => {
                span.state data-result="warn" {
                    (icon(Icon::Exclamation))
                    span {
                        (problem)
                        @if let Some(failures) = failures.filter(|failures| *failures > 1) { " (" (failures) " times in a row)" }
                    }
                }
            }
        }
    }
}

fn followed(facts: &Facts) -> Markup {
    let rows = html! { @for log in &facts.followed { (followed_row(log, facts.now)) } };
    html! {
        section aria-labelledby="followed" {
            h2 #followed { "Followed logs" }
            @if facts.followed.is_empty() {
                p { "This node cosigns no log of somebody else." }
            } @else {
                (table("Logs of others that this node cosigns", &["Log", "As", "Entries", "Cosigned", "State"], &rows))
            }
        }
    }
}

fn followed_row(log: &FollowedLog, now: UnixSeconds) -> Markup {
    html! {
        tr {
            th scope="row" { (log.origin.as_str()) }
            td { (role(log.role)) }
            td { (grouped(log.size.get())) }
            td { @match log.cosigned_at { Some(at) => (age(at, now)), None => "not known" } }
            td { (state(log.problem.as_deref(), None)) }
        }
    }
}

fn registry(facts: &Facts) -> Markup {
    html! {
        section aria-labelledby="registry" {
            h2 #registry { "The registry" }
            p {
                "What the entries say of who may sign what: " (counted(facts.institutions as u64, "institution"))
                @if let Some(authority) = &facts.authority {
                    ", under version " (authority.rules_version) " of the rules"
                    @if authority.recognises > 0 {
                        "; " (counted(authority.recognises as u64, "foreign authority")) " recognised"
                    }
                }
                "."
            }
            (search_form(HERE, ""))
        }
    }
}

/// A moment for people and for programs.
fn time(at: UnixSeconds) -> Markup {
    html! { time datetime=(machine_moment(at)) { (moment(at)) } }
}
