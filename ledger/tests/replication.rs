//! A node and those who cosign it: real witnesses, called in the process instead of over a network.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use matricula_ledger::witness::{KnownLogs, LightWitness};
use matricula_ledger::{
    Anchors, Clock, Endpoint, Health, Node, NodeConfig, OpenError, Outcome, Peer, Promise, Replication, Role,
    Witness, witness_router,
};
use matricula_state::MemoryStore;
use matricula_tlog::{Cosigner, KeyName, LeafIndex, Origin, Policy, TreeSize, VerifierKey, leaf_hash};
use support::{NOW, config, entry, genesis, keys};
use tempfile::TempDir;

/// Longer than any answer in one process takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// So short that what has not happened by then is not going to, while somebody is down.
const IMPATIENCE: Duration = Duration::from_millis(300);

/// Witnesses by the prefix they are called under, and those that are down.
#[derive(Default)]
struct Neighbours {
    witnesses: BTreeMap<String, LightWitness>,
    down: Mutex<BTreeSet<String>>,
}

impl std::fmt::Debug for Neighbours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.witnesses.keys()).finish()
    }
}

impl Neighbours {
    fn witnesses(count: u8) -> Arc<Self> {
        let mut logs = KnownLogs::new();
        logs.add(keys().log.verifier().clone()).unwrap();
        let witness = |number: u8| {
            let key = Cosigner::new(KeyName::new(&name(number)).unwrap(), &[100 + number; 32]);
            (name(number), LightWitness::new(Arc::new(MemoryStore::new()), Box::new(key), logs.clone()))
        };
        Arc::new(Self { witnesses: (1..=count).map(witness).collect(), down: Mutex::default() })
    }

    fn fell(&self, number: u8) {
        self.down.lock().unwrap().insert(name(number));
    }

    fn rose(&self, number: u8) {
        self.down.lock().unwrap().remove(&name(number));
    }

    fn up(&self, prefix: &str) -> Option<&LightWitness> {
        if self.down.lock().unwrap().contains(prefix) { None } else { self.witnesses.get(prefix) }
    }

    fn key(&self, number: u8) -> VerifierKey {
        self.witnesses[&name(number)].verifier().clone()
    }

    fn peers(&self) -> Vec<Peer> {
        let peer = |(name, witness): (&String, &LightWitness)| Peer {
            name: name.clone(),
            key: witness.verifier().clone(),
            role: Role::Witness,
            url: name.clone(),
        };
        self.witnesses.iter().map(peer).collect()
    }

    /// So many of the witnesses must have cosigned.
    fn policy(&self, threshold: usize) -> Policy {
        let mut text = format!("log {}\n", keys().log.verifier().encode());
        let mut names = String::new();
        for (position, witness) in self.witnesses.values().enumerate() {
            text.push_str(&format!("witness w{position} {}\n", witness.verifier().encode()));
            names.push_str(&format!(" w{position}"));
        }
        text.push_str(&format!("group all {threshold}{names}\nquorum all\n"));
        Policy::parse(text.as_bytes()).unwrap()
    }
}

fn name(number: u8) -> String {
    format!("witness{number}.example")
}

fn unreachable() -> Outcome {
    Outcome::Unreachable { reason: "down for the test".to_owned() }
}

impl Anchors for Neighbours {
    fn call(&self, prefix: &str, endpoint: Endpoint, body: &[u8]) -> Outcome {
        assert_eq!(endpoint, Endpoint::AddCheckpoint, "a light witness takes no entries");
        let Some(witness) = self.up(prefix) else { return unreachable() };
        let outcome = witness.add_checkpoint(body, NOW).unwrap();
        Outcome::Answered { status: outcome.status(), body: outcome.body().into_bytes() }
    }

    fn latest(&self, prefix: &str, origin: &Origin) -> Outcome {
        let Some(witness) = self.up(prefix) else { return unreachable() };
        match witness.latest(origin).unwrap() {
            Some(checkpoint) => Outcome::Answered { status: 200, body: checkpoint.encode().into_bytes() },
            None => Outcome::Answered { status: 404, body: Vec::new() },
        }
    }
}

fn replicated(folder: &Path, neighbours: &Arc<Neighbours>, threshold: usize) -> NodeConfig {
    NodeConfig {
        replication: Replication {
            policy: Some(neighbours.policy(threshold)),
            peers: neighbours.peers(),
            anchors: neighbours.clone(),
            ..Replication::default()
        },
        ..config(folder)
    }
}

fn create(config: NodeConfig) -> Node {
    Node::create(config, keys(), &genesis()).unwrap()
}

#[test]
fn an_entry_is_witnessed_when_the_quorum_has_cosigned() {
    let folder = TempDir::new().unwrap();
    let neighbours = Neighbours::witnesses(3);
    neighbours.fell(2);
    let node = create(replicated(folder.path(), &neighbours, 2));
    node.submit((1..=300).map(entry).collect()).unwrap();
    let size = TreeSize::new(301);
    assert_eq!(node.wait_for(Promise::Witnessed, size, PATIENCE).unwrap(), Promise::Witnessed);

    let proof = node.proof(LeafIndex::new(300)).unwrap().unwrap();
    let verified = proof.verify(leaf_hash(&entry(300)), &neighbours.policy(2)).unwrap();
    assert_eq!(verified.logged_at(), Some(NOW));
    assert!(proof.verify(leaf_hash(&entry(300)), &neighbours.policy(3)).is_err(), "one of them is down");
    let failing = node.peers().into_iter().find(|report| report.name == name(2)).unwrap();
    assert!(failing.failures > 0 && failing.problem.is_some(), "{failing:?}");
}

#[test]
fn less_than_the_quorum_is_never_called_witnessed() {
    let folder = TempDir::new().unwrap();
    let neighbours = Neighbours::witnesses(3);
    neighbours.fell(1);
    neighbours.fell(3);
    let node = create(replicated(folder.path(), &neighbours, 2));
    node.submit(vec![entry(1)]).unwrap();
    let size = TreeSize::new(2);
    assert_eq!(node.wait_for(Promise::Published, size, PATIENCE).unwrap(), Promise::Published);
    assert_eq!(node.wait_for(Promise::Witnessed, size, IMPATIENCE).unwrap(), Promise::Published);
    assert!(node.proof(LeafIndex::new(1)).unwrap().is_none());
    assert!(node.witnessed().is_none());

    neighbours.rose(3);
    assert_eq!(node.wait_for(Promise::Witnessed, size, PATIENCE).unwrap(), Promise::Witnessed);
    assert!(node.proof(LeafIndex::new(1)).unwrap().is_some());
}

#[test]
fn a_witnessed_entry_keeps_its_proof_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let neighbours = Neighbours::witnesses(2);
    let node = create(replicated(folder.path(), &neighbours, 2));
    node.submit(vec![entry(1)]).unwrap();
    node.wait_for(Promise::Witnessed, TreeSize::new(2), PATIENCE).unwrap();
    let before = node.proof(LeafIndex::new(1)).unwrap().unwrap();
    node.submit((2..=20).map(entry).collect()).unwrap();
    node.wait_for(Promise::Witnessed, TreeSize::new(21), PATIENCE).unwrap();
    drop(node);

    neighbours.fell(1);
    neighbours.fell(2);
    let node = Node::open(replicated(folder.path(), &neighbours, 2), keys()).unwrap();
    assert_eq!(node.proof(LeafIndex::new(1)).unwrap().unwrap(), before);
    assert!(node.proof(LeafIndex::new(20)).unwrap().is_some(), "what was witnessed is remembered");
}

#[test]
fn a_log_that_was_set_back_is_not_opened_while_a_peer_remembers() {
    let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let neighbours = Neighbours::witnesses(1);
    drop(create(replicated(old.path(), &neighbours, 1)));
    copy(old.path(), new.path());
    let node = create(replicated(new.path(), &neighbours, 1));
    node.submit(vec![entry(1), entry(2)]).unwrap();
    node.wait_for(Promise::Witnessed, TreeSize::new(3), PATIENCE).unwrap();
    drop(node);

    // The backup, with its own signer's record, knows nothing of what came after it.
    let refused = Node::open(replicated(old.path(), &neighbours, 1), keys()).err().unwrap();
    let OpenError::Lost { witness, known, found } = refused else { panic!("{refused}") };
    assert_eq!((witness, known, found), (Witness::Peer, TreeSize::new(3), TreeSize::new(1)));
    let opened = Node::open(replicated(new.path(), &neighbours, 1), keys());
    assert!(opened.is_ok(), "the log itself opens");
}

#[test]
fn a_log_that_was_set_back_stops_when_a_peer_comes_up_that_remembers() {
    let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let neighbours = Neighbours::witnesses(1);
    neighbours.fell(1);
    drop(create(replicated(old.path(), &neighbours, 1)));
    copy(old.path(), new.path());
    neighbours.rose(1);
    let node = create(replicated(new.path(), &neighbours, 1));
    node.submit(vec![entry(1), entry(2)]).unwrap();
    node.wait_for(Promise::Witnessed, TreeSize::new(3), PATIENCE).unwrap();
    drop(node);

    neighbours.fell(1);
    let node = Node::open(replicated(old.path(), &neighbours, 1), keys()).unwrap();
    assert_eq!(node.health(), Health::Running, "nobody could know");
    neighbours.rose(1);
    // It may not even get to say that nothing is witnessed.
    let waited = node.wait_for(Promise::Witnessed, TreeSize::new(1), PATIENCE);
    assert!(waited.is_err(), "{waited:?}");
    let Health::Stopped { reason } = node.health() else { panic!("it still signs") };
    assert!(reason.contains("has seen 3 entries"), "{reason}");
    assert!(node.submit(vec![entry(3)]).is_err());
}

#[test]
fn a_log_that_forked_stops_and_keeps_the_evidence_against_itself() {
    for sizes in [(2, 2), (2, 4), (5, 9)] {
        let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let neighbours = Neighbours::witnesses(1);
        neighbours.fell(1);
        drop(create(replicated(old.path(), &neighbours, 1)));
        copy(old.path(), new.path());
        neighbours.rose(1);
        let node = create(replicated(new.path(), &neighbours, 1));
        node.submit((1..=sizes.0).map(entry).collect()).unwrap();
        node.wait_for(Promise::Witnessed, TreeSize::new(sizes.0 + 1), PATIENCE).unwrap();
        drop(node);

        // The copy goes on by itself, with other entries, and is as large or larger when the witness hears of it.
        neighbours.fell(1);
        let node = Node::open(replicated(old.path(), &neighbours, 1), keys()).unwrap();
        node.submit((101..=100 + sizes.1).map(entry).collect()).unwrap();
        node.wait_for(Promise::Published, TreeSize::new(sizes.1 + 1), PATIENCE).unwrap();
        neighbours.rose(1);
        let waited = node.wait_for(Promise::Witnessed, TreeSize::new(sizes.1 + 1), PATIENCE);
        assert!(waited.is_err(), "{waited:?}");
        let Health::Stopped { reason } = node.health() else { panic!("it still signs") };
        assert!(reason.contains("another root for size"), "{reason}");
        let evidence = node.evidence().all(10).unwrap();
        assert_eq!(evidence.len(), 1, "{sizes:?}");
        let finding = evidence[0].verify().unwrap();
        assert_eq!(finding.signer(), keys().log.verifier());
    }
}

/// Witnesses behind real sockets, under `/w1`, `/w2`, ….
struct Served {
    address: std::net::SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    fn witnesses(witnesses: Vec<LightWitness>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut router = axum::Router::new();
        for (position, witness) in witnesses.into_iter().enumerate() {
            let served = witness_router(Arc::new(witness), Clock::new(|| NOW));
            router = router.nest(&format!("/w{}", position + 1), served);
        }
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, _runtime: runtime }
    }

    fn url(&self, number: usize) -> String {
        format!("http://{}/w{number}", self.address)
    }
}

#[test]
fn an_entry_is_witnessed_over_http() {
    let folder = TempDir::new().unwrap();
    let neighbours = Arc::into_inner(Neighbours::witnesses(3)).unwrap();
    let (policy, mut peers) = (neighbours.policy(3), neighbours.peers());
    let served = Served::witnesses(neighbours.witnesses.into_values().collect());
    for (position, peer) in peers.iter_mut().enumerate() {
        peer.url = served.url(position + 1);
    }
    let mut config = config(folder.path());
    config.replication = Replication { policy: Some(policy.clone()), peers, ..Replication::default() };
    let node = create(config.clone());
    node.submit((1..=300).map(entry).collect()).unwrap();
    assert_eq!(node.wait_for(Promise::Witnessed, TreeSize::new(301), PATIENCE).unwrap(), Promise::Witnessed);
    let proof = node.proof(LeafIndex::new(7)).unwrap().unwrap();
    assert!(proof.verify(leaf_hash(&entry(7)), &policy).is_ok());
    drop(node);
    let opened = Node::open(config, keys());
    assert!(opened.is_ok(), "what the witnesses remember is what the log has: {:?}", opened.err());
}

#[test]
fn a_forged_cosignature_counts_for_nothing() {
    let folder = TempDir::new().unwrap();
    let neighbours = Neighbours::witnesses(2);
    let mut config = replicated(folder.path(), &neighbours, 1);
    // The peer answers with its own good key, but it is the other one that was expected under this name.
    config.replication.peers.truncate(1);
    config.replication.peers[0].key = neighbours.key(2);
    let text = format!(
        "log {}\nwitness w {}\nquorum w\n",
        keys().log.verifier().encode(),
        neighbours.key(2).encode()
    );
    config.replication.policy = Some(Policy::parse(text.as_bytes()).unwrap());
    let node = create(config);
    assert_eq!(node.wait_for(Promise::Witnessed, TreeSize::new(1), IMPATIENCE).unwrap(), Promise::Published);
    let problem = node.peers()[0].problem.clone().unwrap();
    assert!(problem.contains("no good cosignature"), "{problem}");
}

fn copy(from: &Path, to: &Path) {
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}
