//! A node together with the witness and the mirror that run beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use matricula_tlog::{Evidence, Origin, SignedCheckpoint, TreeSize, VerifierKey};

use super::replication::{EvidenceView, FollowedLog, PeerView, ReplicationView};
use crate::distributor::Role;
use crate::following::LeftOut;
use crate::mirror::Mirror;
use crate::node::{Node, cosigned_at};
use crate::witness::{EvidenceStore, LightWitness};

/// What a node, its witness and its mirror tell of replication.
pub struct Replicas {
    node: Arc<Node>,
    witness: Option<Arc<LightWitness>>,
    mirror: Option<Arc<Mirror>>,
    left_out: Vec<LeftOut>,
}

impl Replicas {
    /// A node by itself.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node, witness: None, mirror: None, left_out: Vec::new() }
    }

    /// With a witness of logs of others beside it.
    #[must_use]
    pub fn with_witness(self, witness: Arc<LightWitness>) -> Self {
        Self { witness: Some(witness), ..self }
    }

    /// With a mirror of logs of others beside it.
    #[must_use]
    pub fn with_mirror(self, mirror: Arc<Mirror>) -> Self {
        Self { mirror: Some(mirror), ..self }
    }

    /// With logs that should be followed, and cannot be.
    #[must_use]
    pub fn with_left_out(self, left_out: &[LeftOut]) -> Self {
        Self { left_out: left_out.to_vec(), ..self }
    }

    /// The logs that are not followed, though they should be. What failed is for the operator, who was told.
    fn not_followed(&self) -> impl Iterator<Item = FollowedLog> {
        let told = |left: &LeftOut, role: Role| FollowedLog {
            origin: left.origin.clone(),
            role,
            size: TreeSize::new(0),
            cosigned_at: None,
            problem: Some("it is not followed: its copy cannot be opened".to_owned()),
        };
        self.left_out.iter().flat_map(move |left| left.roles.iter().map(move |role| told(left, *role)))
    }

    fn witnessed(&self) -> Vec<FollowedLog> {
        let Some(witness) = &self.witness else { return Vec::new() };
        let Ok(logs) = witness.logs() else { return Vec::new() };
        let followed = |origin: &Origin| {
            let latest = witness.latest(origin).map_err(|error| error.to_string());
            self.followed_log(origin, Role::Witness, witness.verifier(), latest)
        };
        logs.origins().map(followed).collect()
    }

    fn mirrored(&self) -> Vec<FollowedLog> {
        let Some(mirror) = &self.mirror else { return Vec::new() };
        let Ok(origins) = mirror.origins() else { return Vec::new() };
        let followed = |origin: &Origin| {
            let latest = mirror.checkpoint(origin).map_err(|error| error.to_string());
            self.followed_log(origin, Role::Mirror, mirror.verifier(), latest)
        };
        origins.iter().map(followed).collect()
    }

    fn followed_log(
        &self,
        origin: &Origin,
        role: Role,
        key: &VerifierKey,
        latest: Result<Option<SignedCheckpoint>, String>,
    ) -> FollowedLog {
        let (latest, unread) = latest.map_or_else(|error| (None, Some(error)), |latest| (latest, None));
        // What failed is for the operator.
        if let Some(error) = &unread {
            tracing::error!(%origin, error, "a followed log cannot be read");
        }
        let unread = unread.map(|_| "what is stored of it cannot be read".to_owned());
        let is_against = |evidence: &Evidence| evidence.signer().name().as_str() == origin.as_str();
        let accused =
            self.stores().any(|store| store.about(origin).is_ok_and(|held| held.iter().any(is_against)));
        let accused = accused.then(|| "there is evidence against it".to_owned());
        FollowedLog {
            origin: origin.clone(),
            role,
            size: latest.as_ref().map_or(TreeSize::new(0), |note| note.unverified().size()),
            cosigned_at: latest.as_ref().and_then(|note| cosigned_at(note, key)),
            problem: accused.or(unread),
        }
    }

    fn stores(&self) -> impl Iterator<Item = &EvidenceStore> {
        let own = std::iter::once(self.node.evidence());
        let witness = self.witness.iter().map(|witness| witness.evidence());
        own.chain(witness).chain(self.mirror.iter().map(|mirror| mirror.evidence()))
    }

    /// The names of all evidence. Witness and mirror may keep it in one place.
    fn held(&self) -> BTreeSet<String> {
        let mut held = BTreeSet::new();
        for store in self.stores() {
            match store.names() {
                Ok(names) => held.extend(names),
                Err(error) => tracing::error!(%error, "evidence cannot be read"),
            }
        }
        held
    }

    fn file(&self, name: &str) -> Option<Evidence> {
        self.stores().find_map(|store| store.file(name).ok().flatten())
    }
}

impl ReplicationView for Replicas {
    fn peers(&self) -> Vec<PeerView> {
        self.node.peers().into_iter().map(PeerView::from).collect()
    }

    fn followed(&self) -> Vec<FollowedLog> {
        let mut followed: Vec<FollowedLog> =
            self.mirrored().into_iter().chain(self.witnessed()).chain(self.not_followed()).collect();
        followed.sort_by(|one, other| one.origin.as_str().cmp(other.origin.as_str()));
        followed
    }

    fn evidence_count(&self) -> usize {
        self.held().len()
    }

    fn evidence(&self, from: usize, limit: usize) -> Vec<EvidenceView> {
        let shown = self.held().into_iter().skip(from).take(limit);
        shown.filter_map(|id| self.file(&id).and_then(|evidence| view(id, &evidence))).collect()
    }

    fn evidence_file(&self, id: &str) -> Option<String> {
        self.file(id).as_ref().map(Evidence::encode)
    }
}

fn view(id: String, evidence: &Evidence) -> Option<EvidenceView> {
    let finding = evidence.verify().ok()?;
    Some(EvidenceView { id, signer: finding.signer().name().to_string(), finding: finding.to_string() })
}
