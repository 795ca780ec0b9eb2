//! A node, its mirrors and its witnesses, over real sockets.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use flate2::Compression;
use flate2::write::GzEncoder;
use matricula_ledger::mirror::{Mirror, MirroredLog, Quota};
use matricula_ledger::witness::{KnownLogs, LightWitness};
use matricula_ledger::{
    Acknowledge, Clock, MemorySequence, MemoryTiles, Node, NodeConfig, Peer, Promise, Replication, Role,
    SubmitError, mirror_router, witness_router,
};
use matricula_registry::PublicKey;
use matricula_state::MemoryStore;
use matricula_tlog::{
    Cosigner, KeyName, LeafIndex, Origin, Policy, SignedCheckpoint, TreeSize, VerifierKey, leaf_hash,
    origin_hash, parse_bundle,
};
use support::{NOW, authority_key, config, entry, genesis, keys};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Longer than any answer takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn cosigner(name: &str, seed: u8) -> Cosigner {
    Cosigner::new(KeyName::new(name).unwrap(), &[seed; 32])
}

fn mirror(name: &str, seed: u8, quota: Quota) -> Arc<Mirror> {
    let mirror = Mirror::new(Arc::new(MemoryStore::new()), Box::new(cosigner(name, seed)));
    let log = MirroredLog {
        log_key: keys().log.verifier().clone(),
        time_key: Some(keys().witness.verifier().clone()),
        root_keys: vec![PublicKey::from(&authority_key().verifying_key())],
        quota,
        backlog: TreeSize::new(0),
    };
    mirror.add_log(log, Arc::new(MemorySequence::new()), Arc::new(MemoryTiles::new())).unwrap();
    Arc::new(mirror)
}

fn witness(name: &str, seed: u8) -> Arc<LightWitness> {
    let mut logs = KnownLogs::new();
    logs.add(keys().log.verifier().clone()).unwrap();
    Arc::new(LightWitness::new(Arc::new(MemoryStore::new()), Box::new(cosigner(name, seed)), logs))
}

/// Two mirrors and a witness behind one socket.
struct Neighbours {
    address: SocketAddr,
    mirrors: Vec<Arc<Mirror>>,
    witness: Arc<LightWitness>,
    runtime: Runtime,
}

impl Neighbours {
    fn new(quota: Quota) -> Self {
        let mirrors = vec![mirror("mirror1.example", 101, quota), mirror("mirror2.example", 102, quota)];
        let witness = witness("witness.example", 103);
        let clock = Clock::new(|| NOW);
        let router = Router::new()
            .nest("/mirror1", mirror_router(mirrors[0].clone(), clock.clone()))
            .nest("/mirror2", mirror_router(mirrors[1].clone(), clock.clone()))
            .nest("/witness", witness_router(witness.clone(), clock));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, mirrors, witness, runtime }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    fn policy(&self) -> Policy {
        let key = |key: &VerifierKey| key.encode();
        let text = format!(
            "log {}\nwitness m1 {}\nwitness m2 {}\nwitness w {}\ngroup mirrors 2 m1 m2\n\
             group anchor all mirrors w\nquorum anchor\n",
            key(keys().log.verifier()),
            key(self.mirrors[0].verifier()),
            key(self.mirrors[1].verifier()),
            key(self.witness.verifier()),
        );
        Policy::parse(text.as_bytes()).unwrap()
    }

    fn config(&self, folder: &TempDir) -> NodeConfig {
        let peer = |path: &str, key: &VerifierKey, role| Peer {
            name: path.to_owned(),
            key: key.clone(),
            role,
            url: self.url(path),
        };
        let peers = vec![
            peer("witness", self.witness.verifier(), Role::Witness),
            peer("mirror1", self.mirrors[0].verifier(), Role::Mirror),
            peer("mirror2", self.mirrors[1].verifier(), Role::Mirror),
        ];
        NodeConfig {
            replication: Replication { policy: Some(self.policy()), peers, ..Replication::default() },
            ..config(folder.path())
        }
    }

    fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(self.url(path)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
    }

    fn post(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent.post(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

fn hash() -> String {
    origin_hash(&Origin::from(keys().log.verifier().name()))
}

#[test]
fn an_entry_is_witnessed_when_mirrors_hold_it() {
    let (folder, neighbours) = (TempDir::new().unwrap(), Neighbours::new(Quota::default()));
    let node = Node::create(neighbours.config(&folder), keys(), &genesis()).unwrap();
    node.submit((1..=700).map(entry).collect()).unwrap();
    let size = TreeSize::new(701);
    assert_eq!(node.wait_for(Promise::Witnessed, size, PATIENCE).unwrap(), Promise::Witnessed);
    assert!(node.mirrored() >= size);
    let proof = node.proof(LeafIndex::new(700)).unwrap().unwrap();
    assert!(proof.verify(leaf_hash(&entry(700)), &neighbours.policy()).is_ok());

    // Each copy is read like the log itself.
    for name in ["mirror1", "mirror2"] {
        let (status, note) = neighbours.get(&format!("{name}/{}/checkpoint", hash()));
        assert_eq!(status, 200);
        let copied = SignedCheckpoint::parse(&note).unwrap();
        assert_eq!(copied.verify(node.log_key()).unwrap().size(), size);
        let (status, bundle) = neighbours.get(&format!("{name}/{}/tile/entries/002.p/189", hash()));
        assert_eq!(status, 200);
        let path = matricula_tlog::BundlePath::parse("tile/entries/002.p/189").unwrap();
        assert_eq!(parse_bundle(path, &bundle).unwrap()[188], entry(700));
        let (status, tile) = neighbours.get(&format!("{name}/{}/tile/0/001", hash()));
        let path = matricula_tlog::TilePath::parse("tile/0/001").unwrap();
        assert_eq!((status, tile), (200, node.tile(path).unwrap().unwrap().encode()));
        assert_eq!(neighbours.get(&format!("{name}/{}/tile/0/002", hash())).0, 404);
    }
    assert_eq!(neighbours.get(&format!("mirror1/{}/checkpoint", "0".repeat(64))).0, 404);
    assert_eq!(neighbours.get(&format!("witness/{}/checkpoint", hash())).0, 200);
}

#[test]
fn nothing_is_acknowledged_that_no_mirror_holds() {
    let (folder, neighbours) = (TempDir::new().unwrap(), Neighbours::new(Quota::default()));
    let mut config = neighbours.config(&folder);
    config.replication.acknowledge = Acknowledge::Mirrored;
    let node = Node::create(config.clone(), keys(), &genesis()).unwrap();
    node.submit(vec![entry(1)]).unwrap();
    let copied = neighbours
        .mirrors
        .iter()
        .map(|mirror| mirror.next_entry(&Origin::from(node.log_key().name())).unwrap().unwrap());
    assert!(copied.into_iter().all(|next| next == LeafIndex::new(2)), "both hold it");
    drop(node);
    // Nobody is there any more.
    neighbours.runtime.shutdown_background();
    config.replication.acknowledge_within = Duration::from_millis(300);
    let node = Node::open(config, keys()).unwrap();
    let refused = node.submit(vec![entry(2)]);
    assert!(matches!(refused, Err(SubmitError::NotMirrored)), "{refused:?}");
}

#[test]
fn a_mirror_takes_no_more_than_its_quota_and_goes_on_later() {
    let quota = Quota { entries_per_day: 10, burst_days: 1, ..Quota::default() };
    let (folder, neighbours) = (TempDir::new().unwrap(), Neighbours::new(quota));
    let node = Node::create(neighbours.config(&folder), keys(), &genesis()).unwrap();
    node.submit((1..=600).map(entry).collect()).unwrap();
    let waited = node.wait_for(Promise::Witnessed, TreeSize::new(601), Duration::from_millis(800));
    assert_eq!(waited.unwrap(), Promise::Published);
    let problems: Vec<_> = node.peers().into_iter().filter_map(|report| report.problem).collect();
    assert!(problems.iter().any(|problem| problem.contains("429")), "{problems:?}");
    let (status, _) = neighbours.get(&format!("witness/{}/checkpoint", hash()));
    let seen = neighbours.witness.latest(&Origin::from(node.log_key().name())).unwrap();
    let seen = seen.map_or(0, |note| note.unverified().size().get());
    assert!(status == 404 || seen <= 1, "no witness holds a size that no mirror has: {seen}");
}

/// Names and values.
type Headers<'a> = &'a [(&'a str, &'a str)];

#[test]
fn strange_uploads_are_refused_with_their_codes() {
    let neighbours = Neighbours::new(Quota::default());
    let octets = ("content-type", "application/octet-stream");
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; 100 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let gzip = ("content-encoding", "gzip");
    let cases: [(&[u8], Headers<'_>, u16, &str); 6] = [
        (b"", &[octets], 400, "body_incomplete"),
        (b"\x00\x01x", &[octets], 400, "body_incomplete"),
        (b"", &[("content-type", "text/plain")], 415, "unsupported_media_type"),
        (b"", &[octets, ("content-encoding", "br")], 415, "unsupported_content_encoding"),
        (b"not gzip", &[octets, gzip], 400, "body_incomplete"),
        (&bomb, &[octets, gzip], 400, "malformed_body"),
    ];
    for (body, headers, status, code) in cases {
        let (got, text) = neighbours.post("mirror1/add-entries", body, headers);
        assert_eq!(got, status, "{text}");
        assert!(text.contains(&format!("\"code\":\"{code}\"")), "{code}: {text}");
    }
    for path in ["mirror1/add-checkpoint", "witness/add-checkpoint"] {
        let (got, text) = neighbours.post(path, b"old x\n", &[]);
        assert!(got == 400 && text.contains("malformed_checkpoint"), "{text}");
    }
}

#[tokio::test]
async fn a_checkpoint_that_is_too_long_is_refused() {
    // Asked without a socket: an answer that comes before the body is sent may break the sending off.
    let clock = Clock::new(|| NOW);
    let witness = witness_router(witness("witness.example", 103), clock.clone());
    let mirror = mirror_router(mirror("mirror1.example", 101, Quota::default()), clock);
    for router in [witness, mirror] {
        let body = vec![b'x'; matricula_tlog::ADD_CHECKPOINT_BYTES_MAX + 1];
        let request =
            axum::http::Request::post("/add-checkpoint").body(axum::body::Body::from(body)).unwrap();
        let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(answer.status(), 413);
    }
}
