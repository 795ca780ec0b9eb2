//! A log with mirrors and a witness of its own making, which burns down and comes back from them.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::mirror::{Mirror, MirroredLog, Quota};
use matricula_ledger::witness::{KnownLogs, LightWitness};
use matricula_ledger::{
    BelieveError, Clock, HttpAnchors, HttpSource, LogSource, MemorySequence, MemoryTiles, Node, NodeConfig,
    Peer, Promise, Replication, RestoreError, RestoreOrder, Restored, Role, mirror_router, restore,
    witness_router,
};
use matricula_state::MemoryStore;
use matricula_tlog::{
    Cosigner, KeyName, LeafIndex, Origin, Policy, TreeSize, VerifierKey, leaf_hash, origin_hash,
};

use crate::support::{NOW, config, entry, genesis, keys};
use crate::world::{Order, Served, assert_sound, founder, grow};

/// Longer than any answer takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn cosigner(name: &str, seed: u8) -> Box<Cosigner> {
    Box::new(Cosigner::new(KeyName::new(name).unwrap(), &[seed; 32]))
}

fn mirror(name: &str, seed: u8) -> Arc<Mirror> {
    let mirror = Mirror::new(Arc::new(MemoryStore::new()), cosigner(name, seed));
    let log = MirroredLog {
        log_key: keys().log.verifier().clone(),
        time_key: Some(keys().witness.verifier().clone()),
        root_keys: vec![founder()],
        quota: Quota::default(),
        backlog: TreeSize::new(0),
    };
    mirror.add_log(log, Arc::new(MemorySequence::new()), Arc::new(MemoryTiles::new())).unwrap();
    Arc::new(mirror)
}

struct Neighbours {
    served: Served,
    keys: [(&'static str, VerifierKey, Role); 3],
}

impl Neighbours {
    fn new() -> Self {
        let (first, second) = (mirror("mirror1.example", 101), mirror("mirror2.example", 102));
        let mut logs = KnownLogs::new();
        logs.add(keys().log.verifier().clone()).unwrap();
        let store = Arc::new(MemoryStore::new());
        let witness = Arc::new(LightWitness::new(store, cosigner("witness.example", 103), logs));
        let clock = Clock::new(|| NOW);
        let keys = [
            ("mirror1", first.verifier().clone(), Role::Mirror),
            ("mirror2", second.verifier().clone(), Role::Mirror),
            ("witness", witness.verifier().clone(), Role::Witness),
        ];
        let router = axum::Router::new()
            .nest("/mirror1", mirror_router(first, clock.clone()))
            .nest("/mirror2", mirror_router(second, clock.clone()))
            .nest("/witness", witness_router(witness, clock));
        Self { served: Served::router(router), keys }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.served.address)
    }

    /// Both mirrors and the witness.
    fn policy(&self) -> Policy {
        let mut text = format!("log {}\n", keys().log.verifier().encode());
        for (name, key, _) in &self.keys {
            text.push_str(&format!("witness {name} {}\n", key.encode()));
        }
        text.push_str("group all all mirror1 mirror2 witness\nquorum all\n");
        Policy::parse(text.as_bytes()).unwrap()
    }

    fn config(&self, folder: &std::path::Path) -> NodeConfig {
        let peers = self.keys.iter().map(|(name, key, role)| Peer {
            name: (*name).to_owned(),
            key: key.clone(),
            role: *role,
            url: self.url(name),
        });
        let replication =
            Replication { policy: Some(self.policy()), peers: peers.collect(), ..Replication::default() };
        NodeConfig { replication, ..config(folder) }
    }

    fn restore(&self, mirrors: &[&str], into: &std::path::Path) -> Result<Restored, RestoreError> {
        let hex = origin_hash(&Origin::from(keys().log.verifier().name()));
        let sources: Vec<HttpSource> =
            mirrors.iter().map(|name| HttpSource::new(&self.url(&format!("{name}/{hex}")))).collect();
        let sources: Vec<&dyn LogSource> = sources.iter().map(|source| source as &dyn LogSource).collect();
        let order = Order { policy: self.policy(), ..Order::default() };
        let (ask, anchors) = (self.url("witness"), HttpAnchors::new());
        order.with(&sources, |order| {
            restore(into, &RestoreOrder { ask: &[&ask], anchors: &anchors, ..*order }, &mut |_, _| ())
        })
    }
}

#[test]
fn a_node_burns_down_and_comes_back_from_its_mirrors_with_the_whole_quorum() {
    let world = tempfile::TempDir::new().unwrap();
    let ledger = world.path().join("ledger");
    let neighbours = Neighbours::new();
    let node = Node::create(neighbours.config(&ledger), keys(), &genesis()).unwrap();
    grow(&node, 600);
    let size = TreeSize::new(600);
    assert_eq!(node.wait_for(Promise::Witnessed, size, PATIENCE).unwrap(), Promise::Witnessed);
    let before = node.proof(LeafIndex::new(599)).unwrap().unwrap();
    drop(node);
    fs::remove_dir_all(&ledger).unwrap();

    // One mirror is too few for the policy; both, and the witness that is asked, are enough.
    let alone = neighbours.restore(&["mirror1"], &ledger).unwrap_err();
    assert!(matches!(alone, RestoreError::Believe(BelieveError::Nothing { .. })), "{alone}");
    let restored = neighbours.restore(&["mirror1", "mirror2"], &ledger).unwrap();
    assert_eq!(restored.checkpoint.unverified().size(), size);
    assert_eq!(restored.sources[0].cosigners, ["mirror1", "mirror2", "witness"]);
    assert_sound(&ledger);

    // The node that comes back is the one that they know, and nothing is lost or told twice.
    let node = Node::open(neighbours.config(&ledger), keys()).unwrap();
    let after = node.proof(LeafIndex::new(599)).unwrap().unwrap();
    for proof in [&before, &after] {
        proof.verify(leaf_hash(&entry(599)), &neighbours.policy()).unwrap();
    }
    grow(&node, 650);
    let size = TreeSize::new(650);
    assert_eq!(node.wait_for(Promise::Witnessed, size, PATIENCE).unwrap(), Promise::Witnessed);
    let proof = node.proof(LeafIndex::new(649)).unwrap().unwrap();
    proof.verify(leaf_hash(&entry(649)), &neighbours.policy()).unwrap();
    drop(node);
    assert_sound(&ledger);
}
