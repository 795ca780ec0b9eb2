//! A node: one log, its writer, its publisher, and what may be read from it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use matricula_registry::Registry;
use matricula_tlog::{Origin, Policy, SignedCheckpoint, TreeSize, VerifierKey};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::distributor::{Anchors, HttpAnchors, Peer, Replicator};
use crate::metrics::Submissions;
use crate::sequence::Head;
use crate::signer::NodeKeys;
use crate::submission::{Receipt, SubmitError, check, check_limits};
use publisher::Publisher;
use sequencer::{Queue, Reply, Sequencer};
use view::SharedView;
use witnessing::NodeEnd;

mod figures;
mod open;
mod promise;
mod publisher;
mod read;
mod sequencer;
mod shared;
mod view;
mod witnessing;

pub(crate) use figures::{Growth, cosigned_at};
pub use open::{NodeStores, OpenError, Witness};
pub use promise::Promise;
pub(crate) use publisher::HISTORY;
pub use read::ReadError;
pub use shared::NodeFailure;
pub(crate) use shared::Shared;

/// How to run a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where the log lives.
    pub folder: PathBuf,
    /// The shortest time between two checkpoints.
    pub publish_every: Duration,
    /// What time it is.
    pub clock: Clock,
    /// Who cosigns the log.
    pub replication: Replication,
}

/// Who cosigns a log, and when its proofs are good enough.
#[derive(Clone, Debug)]
pub struct Replication {
    /// By which policy proofs are to be believed. Without one, the node's own cosignature is enough.
    pub policy: Option<Policy>,
    /// Mirrors and witnesses that are sent every checkpoint.
    pub peers: Vec<Peer>,
    /// How they are reached.
    pub anchors: Arc<dyn Anchors>,
    /// What must hold before anybody hears that an entry was accepted.
    pub acknowledge: Acknowledge,
    /// How long mirrors may take to hold what is to be acknowledged, with [`Acknowledge::Mirrored`].
    pub acknowledge_within: Duration,
}

/// When an entry is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// When it is durable here.
    #[default]
    Durable,
    /// When as many mirrors as the policy asks for hold it, too: then the loss of this machine loses nothing that was
    /// acknowledged. A node that reaches no mirror acknowledges nothing.
    Mirrored,
}

impl Default for Replication {
    /// Nobody but the node itself.
    fn default() -> Self {
        Self {
            policy: None,
            peers: Vec::new(),
            anchors: Arc::new(HttpAnchors::new()),
            acknowledge: Acknowledge::Durable,
            acknowledge_within: Duration::from_secs(20),
        }
    }
}

impl NodeConfig {
    /// The defaults for a folder: a checkpoint every 200 ms at most, the machine's clock.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            publish_every: Duration::from_millis(200),
            clock: Clock::system(),
            replication: Replication::default(),
        }
    }
}

/// Whether a node runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It takes entries.
    Running,
    /// It stopped after a failure and must be opened again; what is published can still be read.
    Stopped {
        /// What failed, for the operator.
        reason: String,
    },
}

/// A log that runs. Dropping it sequences and publishes what was submitted, then stops.
pub struct Node {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    closed: Arc<AtomicBool>,
    replicator: Mutex<Option<Replicator>>,
    submissions: Submissions,
    acknowledge: Acknowledge,
    acknowledge_within: Duration,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Node {
    /// Opens or creates the log of these keys in the folder, whose first entry is `genesis`: an authority statement
    /// signed by one of its own keys. Returns when the genesis is published.
    ///
    /// Calling it again with the same genesis, after a crash or not, opens the log.
    ///
    /// # Errors
    /// [`OpenError::OtherGenesis`] when the log has another first entry; what opening and submitting say.
    pub fn create(config: NodeConfig, keys: NodeKeys, genesis: &[u8]) -> Result<Self, OpenError> {
        let stores = NodeStores::in_folder(&config.folder, keys.log.verifier().name().as_str())?;
        Self::create_on(stores, config, keys, genesis)
    }

    /// Opens the log in the folder: reads and hashes all of it, restores what is missing beside it, and publishes what
    /// was accepted but not published. Returns when that is done.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(config: NodeConfig, keys: NodeKeys) -> Result<Self, OpenError> {
        let stores = NodeStores::in_folder(&config.folder, keys.log.verifier().name().as_str())?;
        Self::open_on(stores, config, keys)
    }

    fn start(recovered: open::Recovered, config: &NodeConfig) -> Result<Self, OpenError> {
        let open::Recovered { shared, epoch, latest_at } = recovered;
        let shared = Arc::new(shared);
        let queue = Arc::new(Queue::default());
        let closed = Arc::new(AtomicBool::new(false));
        let sequencer = Sequencer { shared: shared.clone(), queue: queue.clone(), epoch, latest_at };
        let replicator = replicator(&shared, &config.replication)?;
        let publisher = Publisher {
            shared: shared.clone(),
            every: config.publish_every,
            closed: closed.clone(),
            publications: replicator.as_ref().map(Replicator::publications),
        };
        if let Some(published) = shared.published.borrow().clone() {
            shared.witnessing.published(&published);
            publisher.tell(published);
        }
        let indexer = shared.clone();
        let node = Self {
            shared,
            queue,
            closed,
            replicator: Mutex::new(replicator),
            submissions: Submissions::default(),
            acknowledge: config.replication.acknowledge,
            acknowledge_within: config.replication.acknowledge_within,
            threads: Mutex::default(),
        };
        node.spawn("sequencer", move || sequencer.run())?;
        node.spawn("publisher", move || publisher.run())?;
        node.spawn("indexer", move || {
            if let Err(error) = indexer.dedup.write_behind() {
                indexer.fail(error.into());
            }
        })?;
        Ok(node)
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let guard = PanicStops(self.shared.clone());
        let work = move || {
            let _guard = guard;
            work();
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work).map_err(OpenError::Thread)?;
        if let Ok(mut threads) = self.threads.lock() {
            threads.push(thread);
        }
        Ok(())
    }

    /// Submits entries, all or none, and returns when they are accepted: durable, each with an index. Blocks the
    /// calling thread; in asynchronous code use [`Node::submit_async`].
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub fn submit(&self, entries: Vec<Vec<u8>>) -> Result<Vec<Receipt>, SubmitError> {
        let started = Instant::now();
        let answer = self.submit_blocking(entries);
        self.submissions.answered(started, &answer);
        answer
    }

    fn submit_blocking(&self, entries: Vec<Vec<u8>>) -> Result<Vec<Receipt>, SubmitError> {
        let receipts = self.accept(entries)?;
        if self.acknowledge == Acknowledge::Mirrored {
            let held = self.wait_for(Promise::Mirrored, covering(&receipts), self.acknowledge_within)?;
            return mirrored(receipts, held);
        }
        Ok(receipts)
    }

    fn accept(&self, entries: Vec<Vec<u8>>) -> Result<Vec<Receipt>, SubmitError> {
        check_limits(&entries)?;
        let checked = check(entries, |leaf| self.shared.find(leaf))?;
        let (sender, receiver) = mpsc::sync_channel(1);
        self.queue.push(checked, Box::new(move |result| drop(sender.send(result))));
        receiver.recv().unwrap_or(Err(SubmitError::Stopped))
    }

    /// [`Node::submit`] for asynchronous code.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit_async(&self, entries: Vec<Vec<u8>>) -> Result<Vec<Receipt>, SubmitError> {
        self.submit_async_within(entries, || self.acknowledge_within).await
    }

    /// [`Node::submit_async`] that says when the entries have their places and only the acknowledgement is waited for,
    /// and is told how long it may be waited for.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn submit_async_within(
        &self,
        entries: Vec<Vec<u8>>,
        sequenced: impl FnOnce() -> Duration,
    ) -> Result<Vec<Receipt>, SubmitError> {
        let started = Instant::now();
        let answer = self.submit_awaiting(entries, sequenced).await;
        self.submissions.answered(started, &answer);
        answer
    }

    async fn submit_awaiting(
        &self,
        entries: Vec<Vec<u8>>,
        sequenced: impl FnOnce() -> Duration,
    ) -> Result<Vec<Receipt>, SubmitError> {
        let receipts = self.accept_async(entries).await?;
        let within = sequenced().min(self.acknowledge_within);
        if self.acknowledge == Acknowledge::Mirrored {
            let held = self.wait_for_async(Promise::Mirrored, covering(&receipts), within).await?;
            return mirrored(receipts, held);
        }
        Ok(receipts)
    }

    async fn accept_async(&self, entries: Vec<Vec<u8>>) -> Result<Vec<Receipt>, SubmitError> {
        check_limits(&entries)?;
        let (sender, receiver) = oneshot::channel();
        let reply: Reply = Box::new(move |result| drop(sender.send(result)));
        if entries.len() < ASIDE_MIN {
            self.queue.push(check(entries, |leaf| self.shared.find(leaf))?, reply);
        } else {
            let (shared, queue) = (self.shared.clone(), self.queue.clone());
            rayon::spawn(move || match check(entries, |leaf| shared.find(leaf)) {
                Ok(checked) => queue.push(checked, reply),
                Err(error) => reply(Err(error)),
            });
        }
        receiver.await.unwrap_or(Err(SubmitError::Stopped))
    }

    /// Waits until a checkpoint of at least this size is published. Blocks the calling thread.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`] when the node stops before.
    pub fn wait_published(&self, size: TreeSize) -> Result<(), SubmitError> {
        let done = || self.shared.published_size() >= size;
        self.shared.publication.wait_until(|| done() || self.shared.has_failed());
        if done() { Ok(()) } else { Err(SubmitError::Stopped) }
    }

    /// [`Node::wait_published`] for asynchronous code.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`] when the node stops before.
    pub async fn wait_published_async(&self, size: TreeSize) -> Result<(), SubmitError> {
        let mut published = self.shared.published.subscribe();
        let done = |note: &Option<Arc<SignedCheckpoint>>| {
            note.as_ref().is_some_and(|note| note.unverified().size() >= size)
        };
        let changed = published.wait_for(|note| done(note) || self.shared.has_failed()).await;
        if changed.is_ok_and(|note| done(&note)) { Ok(()) } else { Err(SubmitError::Stopped) }
    }

    /// The head over all accepted entries. Not signed; see [`Node::checkpoint`].
    pub fn accepted(&self) -> Head {
        self.shared.head()
    }

    /// The key that checkpoints verify under.
    pub fn log_key(&self) -> &VerifierKey {
        self.shared.signer.log_key()
    }

    /// The key of the node's own cosignature.
    pub fn witness_key(&self) -> &VerifierKey {
        self.shared.signer.witness_key()
    }

    /// The policy that the node's own proofs satisfy, as a policy file: signed by the log, cosigned by the node's witness.
    pub fn policy(&self) -> String {
        crate::signer::policy_text(self.log_key(), self.witness_key())
    }

    /// Reads the registry as of the accepted entries. Entries wait meanwhile: be quick.
    ///
    /// # Errors
    /// [`ReadError::Stopped`] when a thread of the node died while changing it.
    pub fn read_registry<T>(&self, read: impl FnOnce(&Registry) -> T) -> Result<T, ReadError> {
        Ok(read(&*self.shared.registry.read().map_err(|_| ReadError::Stopped)?))
    }

    /// Whether the node runs.
    pub fn health(&self) -> Health {
        match self.shared.failure.get() {
            None => Health::Running,
            Some(failure) => Health::Stopped { reason: failure.to_string() },
        }
    }

    /// Takes no more entries, sequences and publishes what was submitted, and ends the node's threads.
    pub fn close(&self) {
        self.queue.close();
        let Ok(mut threads) = self.threads.lock() else { return };
        let mut threads = threads.drain(..);
        // The sequencer first: the others end when they have done what it left them.
        let sequencer = threads.next();
        drop(sequencer.map(JoinHandle::join));
        self.closed.store(true, Ordering::Release);
        self.shared.accepted.raise();
        self.shared.dedup.stop();
        threads.for_each(|thread| drop(thread.join()));
        if let Ok(mut replicator) = self.replicator.lock() {
            drop(replicator.take());
        }
    }
}

/// The replicator of a log that somebody cosigns.
fn replicator(shared: &Arc<Shared>, replication: &Replication) -> Result<Option<Replicator>, OpenError> {
    if replication.peers.is_empty() {
        return Ok(None);
    }
    Replicator::start(
        Origin::from(shared.signer.log_key().name()),
        shared.witnessing.policy().clone(),
        replication.peers.clone(),
        replication.anchors.clone(),
        Arc::new(SharedView(shared.clone())),
        Arc::new(NodeEnd(shared.clone())),
    )
    .map(Some)
    .map_err(OpenError::Thread)
}

/// The receipts, if enough mirrors hold what they are for.
fn mirrored(receipts: Vec<Receipt>, held: Promise) -> Result<Vec<Receipt>, SubmitError> {
    if held == Promise::Mirrored { Ok(receipts) } else { Err(SubmitError::NotMirrored) }
}

/// The size of a tree that has all of them.
pub(crate) fn covering(receipts: &[Receipt]) -> TreeSize {
    TreeSize::new(receipts.iter().map(|receipt| receipt.index.get() + 1).max().unwrap_or(0))
}

/// From so many entries on, checking them would keep an asynchronous worker for milliseconds.
const ASIDE_MIN: usize = 16;

impl Drop for Node {
    fn drop(&mut self) {
        self.close();
    }
}

/// A thread's panic stops the node instead of leaving it without that thread.
struct PanicStops(Arc<Shared>);

impl Drop for PanicStops {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(NodeFailure::ThreadDied);
        }
    }
}
