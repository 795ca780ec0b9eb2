//! A log, its copies, and orders to rebuild it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use matricula_ledger::{
    Anchors, Endpoint, FolderSource, LogSource, Node, NodeFiles, NodeKeys, Outcome, RestoreError,
    RestoreOrder, Restored, export, fsck, restore,
};
use matricula_registry::PublicKey;
use matricula_tlog::{Frontier, Origin, Policy, SignedCheckpoint, UnixSeconds, append_entry, leaf_hash};
use tempfile::TempDir;

use crate::support::{ORIGIN, authority_key, config, entry, genesis, keys};

/// A log of `count` entries, closed, in `folder`.
pub fn log_of(folder: &Path, count: u64) {
    let node = Node::create(config(folder), keys(), &genesis()).unwrap();
    grow(&node, count);
    node.close();
}

/// Lets a log grow to `count` entries, all published.
pub fn grow(node: &Node, count: u64) {
    let from = node.accepted().size.get();
    let entries: Vec<_> = (from..count).map(entry).collect();
    for entries in entries.chunks(512) {
        node.submit(entries.to_vec()).unwrap();
    }
    node.wait_published(node.accepted().size).unwrap();
}

/// A folder for everything, with a log of so many entries in `ledger`.
pub fn world(count: u64) -> TempDir {
    let world = TempDir::new().unwrap();
    log_of(&world.path().join("ledger"), count);
    world
}

/// Writes the log of `ledger` out.
pub fn exported(world: &TempDir, name: &str) -> PathBuf {
    let out = world.path().join(name);
    let files = NodeFiles::open(&world.path().join("ledger")).unwrap().unwrap();
    export(&files, keys().log.verifier(), &out, &mut |_, _| ()).unwrap();
    out
}

pub fn own_policy() -> Policy {
    let (log, witness) = (keys().log.verifier().encode(), keys().witness.verifier().encode());
    Policy::parse(format!("log {log}\nwitness own {witness}\nquorum own\n").as_bytes()).unwrap()
}

pub fn founder() -> PublicKey {
    PublicKey::from(&authority_key().verifying_key())
}

/// Peers that remember checkpoints; one without is silent.
#[derive(Debug, Default)]
pub struct Peers(pub HashMap<String, Option<SignedCheckpoint>>);

impl Anchors for Peers {
    fn call(&self, _: &str, _: Endpoint, _: &[u8]) -> Outcome {
        Outcome::Unreachable { reason: "it only remembers".to_owned() }
    }

    fn latest(&self, prefix: &str, origin: &Origin) -> Outcome {
        assert_eq!(origin.as_str(), ORIGIN);
        match self.0.get(prefix) {
            Some(Some(note)) => Outcome::Answered { status: 200, body: note.encode().into_bytes() },
            Some(None) => Outcome::Unreachable { reason: "no answer".to_owned() },
            None => Outcome::Answered { status: 404, body: Vec::new() },
        }
    }
}

/// Orders a log to be rebuilt from these.
pub struct Order {
    pub keys: NodeKeys,
    pub founder: PublicKey,
    pub policy: Policy,
    pub peers: Peers,
    pub ask: Vec<String>,
    pub now: UnixSeconds,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            keys: keys(),
            founder: founder(),
            policy: own_policy(),
            peers: Peers::default(),
            ask: Vec::new(),
            now: UnixSeconds::new(crate::support::NOW.get() + 1000),
        }
    }
}

impl Order {
    pub fn with<T>(&self, sources: &[&dyn LogSource], work: impl FnOnce(&RestoreOrder<'_>) -> T) -> T {
        let ask: Vec<&str> = self.ask.iter().map(String::as_str).collect();
        work(&RestoreOrder {
            keys: &self.keys,
            founder: self.founder,
            policy: &self.policy,
            sources,
            ask: &ask,
            anchors: &self.peers,
            now: self.now,
        })
    }

    pub fn run(&self, sources: &[&Path], into: &Path) -> Result<Restored, RestoreError> {
        let folders: Vec<FolderSource> = sources.iter().map(FolderSource::new).collect();
        let sources: Vec<&dyn LogSource> = folders.iter().map(|folder| folder as &dyn LogSource).collect();
        self.with(&sources, |order| restore(into, order, &mut |_, _| ()))
    }
}

/// The log in a folder is sound in every byte.
#[track_caller]
pub fn assert_sound(folder: &Path) {
    let report = fsck(folder, false).unwrap();
    assert!(report.is_sound(), "{report}");
}

/// Flips a bit of a file.
pub fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).unwrap();
}

/// The static files of a log of fewer than 256 entries, whatever they are, signed by the log's key.
pub fn static_log(folder: &Path, entries: &[Vec<u8>], at: UnixSeconds) -> SignedCheckpoint {
    let (mut frontier, mut bundle, mut tile) = (Frontier::new(), Vec::new(), Vec::new());
    for entry in entries {
        let leaf = leaf_hash(entry);
        frontier.push(leaf);
        tile.extend_from_slice(leaf.as_bytes());
        append_entry(&mut bundle, entry).unwrap();
    }
    let origin = Origin::new(ORIGIN).unwrap();
    let checkpoint = matricula_tlog::Checkpoint::new(origin, frontier.size(), frontier.root()).unwrap();
    let mut note = checkpoint.sign(&keys().log).unwrap();
    let cosignature = keys().witness.cosign(&note.verify(keys().log.verifier()).unwrap(), at).unwrap();
    note.add_signature(cosignature).unwrap();
    let width = entries.len();
    for (folder_name, bytes) in [("tile/entries/000.p", &bundle), ("tile/0/000.p", &tile)] {
        fs::create_dir_all(folder.join(folder_name)).unwrap();
        fs::write(folder.join(folder_name).join(width.to_string()), bytes).unwrap();
    }
    fs::write(folder.join("checkpoint"), note.encode()).unwrap();
    note
}

/// Serves a node on a port of this machine; the address, for as long as the value lives.
pub struct Served {
    pub address: String,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Served {
    pub fn new(node: Arc<Node>) -> Self {
        Self::router(matricula_ledger::router(node))
    }

    pub fn router(router: axum::Router) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, runtime: Some(runtime) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}
