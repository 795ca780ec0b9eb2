//! What the node's pages and figures say of its peers, of logs that it cosigns, and of evidence.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use matricula_ledger::witness::{Kept, KnownLogs, LightWitness};
use matricula_ledger::{
    Anchors, Endpoint, EvidenceView, FollowedLog, Node, NodeMetrics, Outcome, Peer, PeerView, Promise,
    Replicas, Replication, ReplicationView, Role, router_showing,
};
use matricula_state::MemoryStore;
use matricula_tlog::{
    Charge, Checkpoint, Cosigner, Evidence, Hash, KeyName, NoteSigner, Origin, Policy, SignedCheckpoint,
    TreeSize, leaf_hash,
};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use support::{NOW, config, create, entry, genesis, keys};
use tempfile::TempDir;
use tower::ServiceExt;

const OTHER: &str = "log.mec.example/1";

fn origin() -> Origin {
    Origin::new(OTHER).unwrap()
}

fn other_log() -> NoteSigner {
    NoteSigner::new(KeyName::new(OTHER).unwrap(), &[9; 32])
}

fn checkpoint(size: u64, root: Hash) -> SignedCheckpoint {
    Checkpoint::new(origin(), TreeSize::new(size), root).unwrap().sign(&other_log()).unwrap()
}

struct Site {
    node: Arc<Node>,
    replication: Arc<dyn ReplicationView>,
    _folder: TempDir,
}

impl Site {
    fn new(replication: impl FnOnce(Arc<Node>) -> Arc<dyn ReplicationView>) -> Self {
        let folder = TempDir::new().unwrap();
        let node = Arc::new(create(folder.path()));
        Self { replication: replication(node.clone()), node, _folder: folder }
    }

    async fn get(&self, path: &str) -> (StatusCode, String, String) {
        let router = router_showing(self.node.clone(), self.replication.clone());
        let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn page(&self, path: &str) -> String {
        let (status, _, text) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text
    }

    fn figures(&self) -> String {
        let mut registry = Registry::default();
        let metrics = NodeMetrics::showing(self.node.clone(), self.replication.clone());
        registry.register_collector(Box::new(metrics));
        let mut told = String::new();
        text::encode(&mut told, &registry).unwrap();
        told
    }
}

/// A witness that has cosigned one checkpoint of another log.
fn witness() -> LightWitness {
    let mut logs = KnownLogs::new();
    logs.add(other_log().verifier().clone()).unwrap();
    let cosigner = Cosigner::new(KeyName::new("witness.example/hn").unwrap(), &[8; 32]);
    let witness = LightWitness::new(Arc::new(MemoryStore::new()), Box::new(cosigner), logs);
    let root = leaf_hash(b"only one");
    let request = format!("old 0\n\n{}", checkpoint(1, root).encode());
    assert_eq!(witness.add_checkpoint(request.as_bytes(), NOW).unwrap().status(), 200);
    witness
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_cosigned_here_is_listed_with_its_size_and_time() {
    let site = Site::new(|node| Arc::new(Replicas::new(node).with_witness(Arc::new(witness()))));
    let page = site.page("/node").await;
    assert!(
        page.contains(OTHER) && page.contains("<td>Witness</td><td>1</td><td>0 seconds ago</td>"),
        "{page}"
    );
    assert!(page.contains("in order") && page.contains("holds no evidence"), "{page}");
    let told = site.figures();
    assert!(
        told.contains("matricula_followed_log_entries{origin=\"log.mec.example/1\",role=\"witness\"} 1\n"),
        "{told}"
    );
    assert!(told.contains("matricula_evidence_files 0\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_shown_and_served_as_it_is_kept() {
    let (one, other) = (checkpoint(7, leaf_hash(b"one")), checkpoint(7, leaf_hash(b"other")));
    let evidence = Evidence::new(other_log().verifier().clone(), Charge::SplitView { one, other });
    let witness = witness();
    assert_eq!(witness.evidence().keep(&evidence).unwrap(), Kept::New);
    let site = Site::new(|node| Arc::new(Replicas::new(node).with_witness(Arc::new(witness))));
    let page = site.page("/node").await;
    assert!(page.contains("It holds 1 piece of evidence against signers."), "{page}");
    assert!(page.contains("there is evidence against it"), "{page}");
    let finding = evidence.verify().unwrap().to_string();
    assert!(site.page("/node/evidence").await.contains(finding.split(" Signed").next().unwrap()), "{page}");
    let address = page.split("href=\"node/evidence/").nth(1).unwrap().split('"').next().unwrap();
    let (status, kind, file) = site.get(&format!("/node/evidence/{address}")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; charset=utf-8"));
    assert_eq!(Evidence::parse(file.as_bytes()).unwrap(), evidence);
    assert!(site.figures().contains("matricula_evidence_files 1\n"));
    for nothing in ["0", &address.to_uppercase(), &"0".repeat(64)] {
        assert_eq!(
            site.get(&format!("/node/evidence/{nothing}")).await.0,
            StatusCode::NOT_FOUND,
            "{nothing}"
        );
    }
}

/// More of everything than a page shows.
struct Crowd;

impl ReplicationView for Crowd {
    fn peers(&self) -> Vec<PeerView> {
        let peer = |number: u32| PeerView {
            name: format!("peer {number}"),
            role: if number == 0 { Role::Mirror } else { Role::Witness },
            cosigned: (number == 0).then(|| TreeSize::new(1)),
            cosigned_at: None,
            failures: number,
            problem: (number > 0).then(|| "it answered <503>".to_owned()),
        };
        (0..300).map(peer).collect()
    }

    fn followed(&self) -> Vec<FollowedLog> {
        Vec::new()
    }

    fn evidence_count(&self) -> usize {
        101
    }

    fn evidence(&self, from: usize, limit: usize) -> Vec<EvidenceView> {
        let view = |number| EvidenceView {
            id: format!("{number}"),
            signer: OTHER.to_owned(),
            finding: "It lied.".to_owned(),
        };
        (from..101).take(limit).map(view).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_are_listed_with_what_they_lack_and_what_is_wrong() {
    let site = Site::new(|_| Arc::new(Crowd));
    site.node.submit(vec![entry(1), entry(2)]).unwrap();
    site.node.wait_published(TreeSize::new(3)).unwrap();
    let page = site.page("/node").await;
    assert!(page.contains("<th scope=\"row\">peer 0</th><td>Mirror</td><td>1</td><td>2</td>"), "{page}");
    assert!(
        page.contains("<th scope=\"row\">peer 3</th><td>Witness</td><td>nothing yet</td><td>3</td>"),
        "{page}"
    );
    assert!(page.contains("it answered &lt;503&gt; (3 times in a row)"), "{page}");
    assert!(page.contains("peer 255") && !page.contains("peer 256"), "the list is bounded");
    let told = site.figures();
    assert!(told.contains("matricula_peer_lag_entries{peer=\"peer 0\",role=\"mirror\"} 2\n"), "{told}");
    assert!(
        told.contains("matricula_peer_consecutive_failures{peer=\"peer 7\",role=\"witness\"} 7\n"),
        "{told}"
    );
    assert!(told.contains("peer 255") && !told.contains("peer 256"), "the figures are bounded");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_come_page_by_page() {
    let site = Site::new(|_| Arc::new(Crowd));
    assert!(site.page("/node").await.contains("All 101 pieces"));
    for (number, shown, links) in
        [(1, 50, (false, true)), (2, 50, (true, true)), (3, 1, (true, false)), (9, 1, (true, false))]
    {
        let page = site.page(&format!("/node/evidence?page={number}")).await;
        assert_eq!(page.matches("It lied.").count(), shown, "{number}");
        assert_eq!((page.contains("rel=\"prev\""), page.contains("rel=\"next\"")), links, "{number}");
    }
}

/// A witness of the node's own log, called in the process, that can be away.
struct Neighbour {
    witness: LightWitness,
    is_home: AtomicBool,
}

impl std::fmt::Debug for Neighbour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Neighbour").finish_non_exhaustive()
    }
}

impl Anchors for Neighbour {
    fn call(&self, _: &str, _: Endpoint, body: &[u8]) -> Outcome {
        if !self.is_home.load(Ordering::SeqCst) {
            return Outcome::Unreachable { reason: "nobody is at home".to_owned() };
        }
        let outcome = self.witness.add_checkpoint(body, NOW).unwrap();
        Outcome::Answered { status: outcome.status(), body: outcome.body().into_bytes() }
    }

    fn latest(&self, _: &str, _: &Origin) -> Outcome {
        Outcome::Answered { status: 404, body: Vec::new() }
    }
}

/// A node whose log counts as witnessed when the neighbour has cosigned it.
fn neighboured(folder: &TempDir) -> (Arc<Neighbour>, Node) {
    let mut logs = KnownLogs::new();
    logs.add(keys().log.verifier().clone()).unwrap();
    let cosigner = Cosigner::new(KeyName::new("witness.mec.example").unwrap(), &[8; 32]);
    let key = cosigner.verifier().clone();
    let witness = LightWitness::new(Arc::new(MemoryStore::new()), Box::new(cosigner), logs);
    let neighbour = Arc::new(Neighbour { witness, is_home: AtomicBool::new(true) });
    let policy =
        format!("log {}\nwitness mec {}\nquorum mec\n", keys().log.verifier().encode(), key.encode());
    let peer = Peer { name: "mec".to_owned(), key, role: Role::Witness, url: "mec".to_owned() };
    let mut config = config(folder.path());
    config.replication = Replication {
        policy: Some(Policy::parse(policy.as_bytes()).unwrap()),
        peers: vec![peer],
        anchors: neighbour.clone(),
        ..Replication::default()
    };
    (neighbour, Node::create(config, keys(), &genesis()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn cosigners_are_listed_with_their_times_and_what_lacks_a_quorum_is_told() {
    let folder = TempDir::new().unwrap();
    let (neighbour, node) = neighboured(&folder);
    let node = Arc::new(node);
    let patience = Duration::from_secs(20);
    let witnessed = |size| node.wait_for(Promise::Witnessed, TreeSize::new(size), patience).unwrap();
    assert_eq!(witnessed(1), Promise::Witnessed);
    let site = Site { node: node.clone(), replication: node.clone(), _folder: folder };
    let page = site.page("/node").await;
    assert!(
        page.contains("<th scope=\"row\">mec</th><td><time datetime=\"2026-01-01T00:00:00Z\">"),
        "{page}"
    );
    assert!(page.contains("everything published is cosigned by its quorum"), "{page}");

    neighbour.is_home.store(false, Ordering::SeqCst);
    node.submit(vec![entry(1), entry(2)]).unwrap();
    let held = node.wait_for(Promise::Witnessed, TreeSize::new(3), Duration::from_millis(500)).unwrap();
    assert_eq!(held, Promise::Published);
    let page = site.page("/node").await;
    assert!(page.contains("Of 1 peer, 1 cannot follow."), "{page}");
    assert!(
        page.contains("nobody is at home") && page.contains("Of them cosigned by the quorum</dt><dd>1</dd>"),
        "{page}"
    );
    let told = site.figures();
    assert!(told.contains("matricula_log_entries{state=\"witnessed\"} 1\n"), "{told}");
    assert!(told.contains("matricula_log_entries{state=\"published\"} 3\n"), "{told}");
    assert!(told.contains("matricula_peer_lag_entries{peer=\"mec\",role=\"witness\"} 2\n"), "{told}");
}
