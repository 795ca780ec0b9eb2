//! Opening a log: everything is read again and checked against everything else before the first new entry.

use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock};

use matricula_registry::{EvidenceError, LogOrigin, Registry, Statement, StatementError};
use matricula_state::{StateError, StateStore};
use matricula_tlog::{
    CheckpointVerifyError, Hash, LeafIndex, Origin, Policy, PolicyError, SignedCheckpoint, Tile, TreeSize,
    UnixSeconds,
};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tokio::sync::watch;

use super::publisher::restore_history;
use super::shared::{Signal, Tree};
use super::witnessing::Witnessing;
use super::{Node, NodeConfig, Replication, Shared};
use crate::careful::open_or_begin_anew;
use crate::dedup::Dedup;
use crate::disk::{Disk, DiskError, RealDisk};
use crate::distributor::{Outcome, Peer};
use crate::edge::Edge;
use crate::sequence::{Epoch, FileSequence, Head, SequenceError, SequenceStore, SequencedEntry};
use crate::signer::{NodeKeys, Signer, SignerError};
use crate::submission::SubmitError;
use crate::tiles::{FileTiles, ObjectPath, TileError, TileStore};
use crate::witness::EvidenceStore;

/// Entries read at a time while a log is opened.
const CHUNK_ENTRIES: usize = 4096;
const STATE_FOLDER: &str = "state";

/// Where a node keeps what.
#[derive(Clone, Debug)]
pub struct NodeStores {
    /// The signer's record.
    pub disk: Arc<dyn Disk>,
    /// Entries and head.
    pub sequence: Arc<dyn SequenceStore>,
    /// Tiles and the published checkpoint.
    pub tiles: Arc<dyn TileStore>,
    /// Indexes and the history of checkpoints: all of it can be missing.
    pub state: Arc<dyn StateStore>,
}

impl NodeStores {
    /// The stores of one machine: files, and the embedded engine for the state.
    ///
    /// # Errors
    /// When another process has the log open, or a store cannot be read.
    pub fn in_folder(folder: &Path, origin: &str) -> Result<Self, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(folder)?);
        // The sequence first: it takes the lock for the whole folder.
        let sequence = Arc::new(FileSequence::open(disk.clone(), origin)?);
        let tiles = Arc::new(FileTiles::open(disk.clone())?);
        let state = Arc::new(open_or_begin_anew(&folder.join(STATE_FOLDER))?);
        Ok(Self { disk, sequence, tiles, state })
    }
}

/// Why a log was not opened. Nothing is served from a log that does not agree with itself.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no log in the folder.
    #[error("there is no log here")]
    NoLog,
    /// The log has another first entry than the one given.
    #[error("the log has another first entry")]
    OtherGenesis,
    /// The first entry is not a statement.
    #[error("the first entry is not a statement: {0}")]
    MalformedGenesis(#[source] StatementError),
    /// The first entry was not accepted, or not published.
    #[error("the first entry was not accepted: {0}")]
    Genesis(#[source] SubmitError),
    /// What was accepted before could not be published.
    #[error("what was accepted could not be published: {0}")]
    Unpublished(#[source] SubmitError),
    /// The log's name is no origin of statements.
    #[error("the log's name is no origin: {0}")]
    Origin(#[source] StatementError),
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] DiskError),
    /// The entries cannot be read.
    #[error("the entries cannot be read: {0}")]
    Sequence(#[from] SequenceError),
    /// The tiles cannot be read, or differ from the entries.
    #[error("the tiles do not agree with the entries: {0}")]
    Tiles(#[from] TileError),
    /// The state store cannot be read.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// The signer's record cannot be read.
    #[error("the signer's record cannot be used: {0}")]
    Signer(#[from] SignerError),
    /// An entry is missing in the middle.
    #[error("leaf {index} is missing")]
    MissingEntry {
        /// Its index.
        index: LeafIndex,
    },
    /// An entry of the log is not a statement.
    #[error("leaf {index} is not a statement: {source}")]
    Entry {
        /// Its index.
        index: LeafIndex,
        /// What is wrong with it.
        source: StatementError,
    },
    /// An entry of the log does not fit the registry.
    #[error("leaf {index} does not fit the registry: {source}")]
    Evidence {
        /// Its index.
        index: LeafIndex,
        /// Why not.
        source: Box<EvidenceError>,
    },
    /// The entries do not hash to the root that was committed with them.
    #[error("the entries hash to {computed}, the store says {stored}")]
    RootMismatch {
        /// What the entries give.
        computed: Head,
        /// What was committed.
        stored: Head,
    },
    /// A signature, a checkpoint or the index knows of more entries than there are: acknowledged entries were lost.
    #[error("the log has {found} entries, but its {witness} knows of {known}")]
    Lost {
        /// Who knows of more.
        witness: Witness,
        /// How many it knows of.
        known: TreeSize,
        /// How many there are.
        found: TreeSize,
    },
    /// A root was signed or published that the entries do not give.
    #[error("the {witness} has another root for size {size} than the entries give")]
    Forked {
        /// Who has another root.
        witness: Witness,
        /// The size.
        size: TreeSize,
    },
    /// The published checkpoint is not by the log's key.
    #[error("the published checkpoint is not by this log's key: {0}")]
    Published(#[from] CheckpointVerifyError),
    /// The policy of the node's own keys cannot be read.
    #[error("the own policy: {0}")]
    OwnPolicy(#[source] PolicyError),
    /// The policy that was set does not name this log.
    #[error("the policy does not name this log and its key")]
    PolicyOfAnotherLog,
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// What remembers a size of the log beside the entries themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The signer's record.
    Signer,
    /// The published checkpoint.
    Checkpoint,
    /// The index of entries.
    Index,
    /// Another node, with this log's signature in its hands.
    Peer,
}

impl core::fmt::Display for Witness {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Signer => "signer's record",
            Self::Checkpoint => "published checkpoint",
            Self::Index => "index",
            Self::Peer => "peer",
        })
    }
}

/// A node's parts, checked and ready to run.
pub(super) struct Recovered {
    pub(super) shared: Shared,
    pub(super) epoch: Epoch,
    pub(super) latest_at: UnixSeconds,
}

impl Node {
    /// [`Node::create`] on stores of the caller's choice.
    ///
    /// # Errors
    /// As [`Node::create`].
    pub fn create_on(
        stores: NodeStores,
        config: NodeConfig,
        keys: NodeKeys,
        genesis: &[u8],
    ) -> Result<Self, OpenError> {
        let signer = Signer::create(stores.disk.clone(), keys)?;
        if let Some(first) = stores.sequence.entries(LeafIndex::new(0), 1)?.first() {
            if first.bytes != genesis {
                return Err(OpenError::OtherGenesis);
            }
            return Self::resume(recover(stores, signer, &config)?, &config);
        }
        let registry = empty_registry(&signer, genesis)?;
        let recovered = recover_onto(registry, stores, signer, &config)?;
        let node = Self::start(recovered, &config)?;
        node.accept(vec![genesis.to_vec()]).map_err(OpenError::Genesis)?;
        node.wait_published(TreeSize::new(1)).map_err(OpenError::Genesis)?;
        Ok(node)
    }

    /// [`Node::open`] on stores of the caller's choice.
    ///
    /// # Errors
    /// As [`Node::open`].
    pub fn open_on(stores: NodeStores, config: NodeConfig, keys: NodeKeys) -> Result<Self, OpenError> {
        if stores.sequence.head()?.size.get() == 0 {
            return Err(OpenError::NoLog);
        }
        let signer = Signer::open(stores.disk.clone(), keys)?;
        Self::resume(recover(stores, signer, &config)?, &config)
    }

    /// Starts the node and waits until all that was accepted is published.
    fn resume(recovered: Recovered, config: &NodeConfig) -> Result<Self, OpenError> {
        let node = Self::start(recovered, config)?;
        node.wait_published(node.accepted().size).map_err(OpenError::Unpublished)?;
        Ok(node)
    }
}

fn recover(stores: NodeStores, signer: Signer, config: &NodeConfig) -> Result<Recovered, OpenError> {
    let genesis = stores.sequence.entries(LeafIndex::new(0), 1)?;
    let genesis = genesis.first().ok_or(OpenError::MissingEntry { index: LeafIndex::new(0) })?;
    let registry = empty_registry(&signer, &genesis.bytes)?;
    recover_onto(registry, stores, signer, config)
}

/// The registry before the first entry. The key that signed the first entry is the one to start from: whose log it is,
/// the operator knows who opens it.
pub(crate) fn empty_registry(signer: &Signer, genesis: &[u8]) -> Result<Registry, OpenError> {
    let origin = LogOrigin::parse(signer.log_key().name().as_str()).map_err(OpenError::Origin)?;
    let genesis = Statement::parse(genesis).map_err(OpenError::MalformedGenesis)?;
    Ok(Registry::new(origin, [genesis.header().signer]))
}

fn recover_onto(
    registry: Registry,
    stores: NodeStores,
    signer: Signer,
    config: &NodeConfig,
) -> Result<Recovered, OpenError> {
    let seen = seen_by_peers(&config.replication, &signer)?;
    // From here on nobody else can commit: what is read now stays.
    let lease = stores.sequence.acquire()?;
    let published = stores.tiles.published()?;
    if let Some(published) = &published {
        published.verify(signer.log_key())?;
        restore_history(stores.state.as_ref(), published)?;
    }
    let dedup = Dedup::new(stores.state.clone());
    let indexed = dedup.indexed()?;
    let mut replay = Replay {
        stores: &stores,
        dedup: &dedup,
        indexed,
        registry,
        edge: Edge::new(),
        latest_at: UnixSeconds::new(0),
        witnessed: witnessed(&signer, published.as_ref(), seen)?,
    };
    replay.check_size(Witness::Index, indexed, lease.head.size)?;
    replay.run(lease.head)?;
    let Replay { registry, edge, latest_at, .. } = replay;
    let policy = policy_of(&config.replication, &signer)?;
    let evidence = EvidenceStore::new(stores.state.clone());
    let witnessing = Witnessing::resume(policy, stores.state.as_ref())?;
    tracing::info!(size = %lease.head.size, epoch = %lease.epoch, "log opened");
    let shared = Shared {
        sequence: stores.sequence,
        tiles: stores.tiles,
        state: stores.state,
        signer,
        clock: config.clock.clone(),
        dedup,
        registry: RwLock::new(registry),
        tree: RwLock::new(Tree { edge, unwritten: Vec::new() }),
        accepted: Signal::default(),
        published: watch::Sender::new(published.map(Arc::new)),
        publication: Signal::default(),
        witnessing,
        evidence,
        failure: OnceLock::new(),
    };
    Ok(Recovered { shared, epoch: lease.epoch, latest_at })
}

fn witnessed(
    signer: &Signer,
    published: Option<&SignedCheckpoint>,
    seen: Vec<Head>,
) -> Result<Vec<(Witness, Head)>, SignerError> {
    let published = published.map(SignedCheckpoint::unverified);
    let published =
        published.map(|note| (Witness::Checkpoint, Head { size: note.size(), root: note.root() }));
    let seen = seen.into_iter().map(|head| (Witness::Peer, head));
    Ok([(Witness::Signer, signer.signed()?)].into_iter().chain(published).chain(seen).collect())
}

/// What the peers have seen of this log, as far as they answer and the log's own signature says so. One that does not
/// answer is no reason not to open: without it, nothing is witnessed that contradicts it.
fn seen_by_peers(replication: &Replication, signer: &Signer) -> Result<Vec<Head>, OpenError> {
    let origin = Origin::new(signer.log_key().name().as_str()).map_err(SignerError::from)?;
    let ask = |peer: &Peer| {
        let Outcome::Answered { status: 200, body } = replication.anchors.latest(&peer.url, &origin) else {
            return None;
        };
        let note = SignedCheckpoint::parse(&body).ok()?;
        let checkpoint = note.verify(signer.log_key()).ok()?;
        Some(Head { size: checkpoint.size(), root: checkpoint.root() })
    };
    // They are asked at once: one that is down costs its time limit once.
    Ok(std::thread::scope(|scope| {
        let asked: Vec<_> = replication.peers.iter().map(|peer| scope.spawn(|| ask(peer))).collect();
        asked.into_iter().filter_map(|answer| answer.join().ok().flatten()).collect()
    }))
}

/// The policy that was set, or the one that the node's own cosignature satisfies.
fn policy_of(replication: &Replication, signer: &Signer) -> Result<Policy, OpenError> {
    let policy = match &replication.policy {
        Some(policy) => policy.clone(),
        None => {
            let own = crate::signer::policy_text(signer.log_key(), signer.witness_key());
            Policy::parse(own.as_bytes()).map_err(OpenError::OwnPolicy)?
        }
    };
    let is_about_this_log = policy.logs().iter().any(|log| log.key() == signer.log_key());
    if is_about_this_log { Ok(policy) } else { Err(OpenError::PolicyOfAnotherLog) }
}

/// Reads all entries and rebuilds from them what is not stored.
struct Replay<'a> {
    stores: &'a NodeStores,
    dedup: &'a Dedup,
    indexed: TreeSize,
    registry: Registry,
    edge: Edge,
    latest_at: UnixSeconds,
    /// Heads that the entries must give on the way.
    witnessed: Vec<(Witness, Head)>,
}

impl Replay<'_> {
    fn run(&mut self, head: Head) -> Result<(), OpenError> {
        for (witness, known) in self.witnessed.clone() {
            self.check_size(witness, known.size, head.size)?;
        }
        self.check_root()?;
        while self.edge.size() < head.size {
            let next = LeafIndex::new(self.edge.size().get());
            let entries = self.stores.sequence.entries(next, CHUNK_ENTRIES)?;
            if entries.first().is_none_or(|entry| entry.index != next) {
                return Err(OpenError::MissingEntry { index: next });
            }
            self.take_in(entries)?;
        }
        let computed = self.edge.head();
        if computed == head { Ok(()) } else { Err(OpenError::RootMismatch { computed, stored: head }) }
    }

    fn check_size(&self, witness: Witness, known: TreeSize, found: TreeSize) -> Result<(), OpenError> {
        if known > found { Err(OpenError::Lost { witness, known, found }) } else { Ok(()) }
    }

    fn take_in(&mut self, entries: Vec<SequencedEntry>) -> Result<(), OpenError> {
        let parsed: Vec<_> = entries.into_par_iter().map(parse).collect::<Result<_, _>>()?;
        let mut full = Vec::new();
        let mut to_index = Vec::new();
        for (index, accepted_at, statement) in parsed {
            let leaf = statement.id().get();
            self.edge.push(leaf, &mut full);
            self.check_root()?;
            self.registry
                .apply_evidence(index, Some(accepted_at), &statement)
                .map_err(|source| OpenError::Evidence { index, source: Box::new(source) })?;
            self.latest_at = self.latest_at.max(accepted_at);
            if index.get() < self.indexed.get() {
                self.dedup.recall(&leaf);
            } else {
                to_index.push((leaf, index));
            }
        }
        self.index(&to_index)?;
        self.restore_tiles(&full)
    }

    fn index(&self, entries: &[(Hash, LeafIndex)]) -> Result<(), OpenError> {
        let Some((_, last)) = entries.last() else { return Ok(()) };
        entries.iter().for_each(|(leaf, _)| self.dedup.recall(leaf));
        let indexed = TreeSize::new(last.get() + 1);
        Ok(crate::dedup::write(self.stores.state.as_ref(), entries, indexed)?)
    }

    /// Compares each full tile with the stored one, and stores it when it is missing.
    fn restore_tiles(&self, full: &[Tile]) -> Result<(), OpenError> {
        let objects: Vec<_> =
            full.iter().map(|tile| (ObjectPath::Tile(tile.path()), tile.encode())).collect();
        Ok(self.stores.tiles.put(&objects)?)
    }

    /// At a size that somebody remembers, the root must be the one remembered.
    fn check_root(&self) -> Result<(), OpenError> {
        let size = self.edge.size();
        for (witness, known) in self.witnessed.iter().filter(|(_, known)| known.size == size) {
            if known.root != self.edge.head().root {
                return Err(OpenError::Forked { witness: *witness, size });
            }
        }
        Ok(())
    }
}

fn parse(entry: SequencedEntry) -> Result<(LeafIndex, UnixSeconds, Statement), OpenError> {
    let SequencedEntry { index, accepted_at, bytes } = entry;
    let statement = Statement::parse(&bytes).map_err(|source| OpenError::Entry { index, source })?;
    Ok((index, accepted_at, statement))
}
