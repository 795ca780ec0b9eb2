//! What a node tells a monitoring system: counters that its submissions move, and figures read when somebody asks.
//!
//! Labels have few values: codes, roles, and the names of peers and logs that the operator has set.

use core::fmt;
use std::sync::Arc;
use std::time::Instant;

use matricula_tlog::TreeSize;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::distributor::Role;
use crate::node::Node;
use crate::page::{FollowedLog, PeerView, ReplicationView};
use crate::submission::{Receipt, SubmitError};

/// Upper bounds of acknowledgement times in seconds: from one fast synced write to a queue that is nearly full.
const ACKNOWLEDGEMENT_SECONDS: [f64; 13] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 20.0];

/// Peers, and followed logs, that are told of. A policy names at most 256.
const SERIES_MAX: usize = 256;

type Label = [(&'static str, &'static str); 1];

/// What became of submissions.
#[derive(Debug)]
pub(crate) struct Submissions {
    results: Family<Label, Counter>,
    entries: Family<Label, Counter>,
    refusals: Family<Label, Counter>,
    acknowledged: Histogram,
}

impl Default for Submissions {
    fn default() -> Self {
        Self {
            results: Family::default(),
            entries: Family::default(),
            refusals: Family::default(),
            acknowledged: Histogram::new(ACKNOWLEDGEMENT_SECONDS),
        }
    }
}

impl Submissions {
    /// Counts a submission that has been answered.
    pub(crate) fn answered(&self, started: Instant, answer: &Result<Vec<Receipt>, SubmitError>) {
        let result = answer.as_ref().map_or_else(SubmitError::code, |_| "accepted");
        self.results.get_or_create(&[("result", result)]).inc();
        match answer {
            Ok(receipts) => {
                self.acknowledged.observe(started.elapsed().as_secs_f64());
                let again = receipts.iter().filter(|receipt| receipt.duplicate).count();
                self.entries.get_or_create(&[("kind", "duplicate")]).inc_by(again as u64);
                self.entries.get_or_create(&[("kind", "new")]).inc_by((receipts.len() - again) as u64);
            }
            Err(SubmitError::Refused(refusals)) => {
                for refusal in refusals {
                    self.refusals.get_or_create(&[("code", refusal.error.code())]).inc();
                }
            }
            Err(_) => {}
        }
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Submissions answered, by result: accepted, or the code of the refusal";
        family(encoder, "matricula_log_submissions", help, &self.results)?;
        let help = "Entries of accepted submissions: new ones, and duplicates of logged ones";
        family(encoder, "matricula_log_submitted_entries", help, &self.entries)?;
        let help = "Entries that the door refused, by its code; at most 100 of a submission are told";
        family(encoder, "matricula_log_refused_entries", help, &self.refusals)?;
        let help = "Time from a submission's arrival until it was durable and acknowledged";
        family(encoder, "matricula_log_acknowledgement_seconds", help, &self.acknowledged)
    }
}

/// Reads a node for a monitoring system, each time it is asked.
pub struct NodeMetrics {
    node: Arc<Node>,
    replication: Arc<dyn ReplicationView>,
}

impl NodeMetrics {
    /// For a node by itself.
    pub fn new(node: Arc<Node>) -> Self {
        Self { replication: node.clone(), node }
    }

    /// For a node, with this of its replication.
    pub fn showing(node: Arc<Node>, replication: Arc<dyn ReplicationView>) -> Self {
        Self { node, replication }
    }
}

impl fmt::Debug for NodeMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeMetrics").finish_non_exhaustive()
    }
}

impl Collector for NodeMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_log(&mut encoder)?;
        self.node.submissions().encode(&mut encoder)?;
        self.encode_replication(&mut encoder)
    }
}

impl NodeMetrics {
    fn encode_log(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let node = &self.node;
        let published = node.checkpoint();
        let published_size = published.as_ref().map_or(TreeSize::new(0), |note| note.unverified().size());
        let witnessed = node.witnessed().map_or(TreeSize::new(0), |note| note.unverified().size());
        let sizes = [
            ("accepted", node.accepted().size),
            ("published", published_size),
            ("mirrored", node.mirrored()),
            ("witnessed", witnessed),
        ];
        let help = "Entries of the log that have come so far";
        let mut metric = encoder.encode_descriptor("matricula_log_entries", help, None, MetricType::Gauge)?;
        for (state, size) in sizes {
            ConstGauge::new(size.get()).encode(metric.encode_family(&[("state", state)])?)?;
        }
        if let Some(at) = published.as_deref().and_then(|note| node.cosigned_at(note)) {
            let age = node.now().get().saturating_sub(at.get());
            gauge(encoder, "matricula_log_checkpoint_age_seconds", "Age of the published checkpoint", age)?;
        }
        gauge(
            encoder,
            "matricula_log_queue_bytes",
            "Bytes of entries that wait",
            node.waiting_bytes() as u64,
        )?;
        let is_running = u64::from(node.failure().is_none());
        gauge(
            encoder,
            "matricula_log_running",
            "1 while the node takes entries, 0 once it has stopped",
            is_running,
        )?;
        let help = "Writes that could not be made durable; the first one stops the node";
        let failed = u64::from(node.failure().is_some_and(crate::node::NodeFailure::is_failed_sync));
        let metric =
            encoder.encode_descriptor("matricula_log_sync_failures", help, None, MetricType::Counter)?;
        ConstCounter::new(failed).encode(metric)?;
        let institutions = node.read_registry(|registry| registry.institutions().len()).unwrap_or(0);
        gauge(
            encoder,
            "matricula_registry_institutions",
            "Institutions that the log knows",
            institutions as u64,
        )
    }

    fn encode_replication(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let published = self.node.checkpoint().map_or(0, |note| note.unverified().size().get());
        let peers = self.replication.peers();
        let help = "Published entries that a peer has not cosigned";
        of_peers(encoder, "matricula_peer_lag_entries", help, &peers, |peer| {
            published.saturating_sub(peer.cosigned.map_or(0, TreeSize::get))
        })?;
        let help = "Failures of a peer in a row, 0 when the last attempt was good";
        of_peers(encoder, "matricula_peer_consecutive_failures", help, &peers, |peer| {
            u64::from(peer.failures)
        })?;
        let help = "Entries of a followed log that this node has cosigned";
        let mut metric =
            encoder.encode_descriptor("matricula_followed_log_entries", help, None, MetricType::Gauge)?;
        for FollowedLog { origin, role, size, .. } in self.replication.followed().iter().take(SERIES_MAX) {
            let labels = [("origin", origin.as_str()), ("role", word(*role))];
            ConstGauge::new(size.get()).encode(metric.encode_family(&labels)?)?;
        }
        let help = "Evidence that the node holds against signers";
        gauge(encoder, "matricula_evidence_files", help, self.replication.evidence_count() as u64)
    }
}

fn of_peers(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    peers: &[PeerView],
    value: impl Fn(&PeerView) -> u64,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for peer in peers.iter().take(SERIES_MAX) {
        let labels = [("peer", peer.name.as_str()), ("role", word(peer.role))];
        ConstGauge::new(value(peer)).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let metric: MetricEncoder<'_> = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(value).encode(metric)
}

fn family(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &dyn EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Mirror => "mirror",
        Role::Witness => "witness",
    }
}
