//! What a node's page and its metrics show of replication: those who cosign its log, those whose logs it cosigns, and the
//! evidence it holds.

use matricula_tlog::{Origin, TreeSize, UnixSeconds};

use crate::distributor::{PeerReport, Role};
use crate::node::Node;

/// What a node tells of its replication. A part that a node does not have is empty.
pub trait ReplicationView: Send + Sync {
    /// Mirrors and witnesses that are sent every checkpoint of this log, in the order of the configuration.
    fn peers(&self) -> Vec<PeerView> {
        Vec::new()
    }

    /// Logs of others that this node cosigns, in ascending order of their origins.
    fn followed(&self) -> Vec<FollowedLog> {
        Vec::new()
    }

    /// How much evidence the node holds.
    fn evidence_count(&self) -> usize {
        0
    }

    /// Evidence from a position on, `limit` at most, in an order that stays as long as nothing is added.
    fn evidence(&self, from: usize, limit: usize) -> Vec<EvidenceView> {
        let (_, _) = (from, limit);
        Vec::new()
    }

    /// The file of evidence with that [`EvidenceView::id`].
    fn evidence_file(&self, id: &str) -> Option<String> {
        let _ = id;
        None
    }
}

/// How somebody stands who cosigns this log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Its name.
    pub name: String,
    /// What its cosignature says.
    pub role: Role,
    /// The largest size it cosigned in this run of the node.
    pub cosigned: Option<TreeSize>,
    /// When it did, where that is known.
    pub cosigned_at: Option<UnixSeconds>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure in words, until it is overcome.
    pub problem: Option<String>,
}

/// A log of somebody else that this node cosigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedLog {
    /// Its name.
    pub origin: Origin,
    /// What this node's cosignature says of it.
    pub role: Role,
    /// The size that this node cosigned last, 0 before the first time.
    pub size: TreeSize,
    /// When it did.
    pub cosigned_at: Option<UnixSeconds>,
    /// What is wrong with it, in words.
    pub problem: Option<String>,
}

/// Evidence that somebody signed what it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceView {
    /// The SHA-256 of the file, in small hexadecimal digits: it names the file in addresses.
    pub id: String,
    /// The name of the key that broke its word.
    pub signer: String,
    /// What it did, in words.
    pub finding: String,
}

impl From<PeerReport> for PeerView {
    fn from(report: PeerReport) -> Self {
        Self {
            name: report.name,
            role: report.role,
            cosigned: report.cosigned,
            // The report's clock is that of the replicator, which has no date.
            cosigned_at: None,
            failures: report.failures,
            problem: report.problem,
        }
    }
}

/// A node by itself: it has peers, and cosigns nobody.
impl ReplicationView for Node {
    fn peers(&self) -> Vec<PeerView> {
        Self::peers(self).into_iter().map(PeerView::from).collect()
    }
}
