//! The threads that carry a distributor's calls to the peers and back: one that decides, one for each peer.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use matricula_tlog::{Policy, SignedCheckpoint};

use super::{Anchors, Call, Distributor, Event, LogView, Outcome, Peer, PeerReport};

/// How long a thread of a peer is waited for when the node is closed: a call in flight ends by its own time limit, and
/// nothing depends on its answer any more.
const NAP_MAX: Duration = Duration::from_secs(10);

/// What the replicator tells its node.
pub trait Replicated: Send + Sync {
    /// Something new.
    fn event(&self, event: Event);

    /// How all peers stand.
    fn reports(&self, reports: Vec<PeerReport>);
}

/// Runs until it is dropped or stopped.
#[derive(Debug)]
pub struct Replicator {
    told: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Message {
    Published(Arc<SignedCheckpoint>),
    Answered { peer: usize, outcome: Outcome },
    Stop,
}

/// Tells the replicator of what is published.
#[derive(Clone, Debug)]
pub struct Publications(Sender<Message>);

impl Publications {
    /// A checkpoint was published.
    pub fn published(&self, checkpoint: Arc<SignedCheckpoint>) {
        // When the replicator has stopped, nobody needs to know.
        drop(self.0.send(Message::Published(checkpoint)));
    }
}

impl Replicator {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(
        policy: Policy,
        peers: Vec<Peer>,
        anchors: Arc<dyn Anchors>,
        log: Arc<dyn LogView + Send + Sync>,
        node: Arc<dyn Replicated>,
    ) -> std::io::Result<Self> {
        let (told, messages) = mpsc::channel();
        let workers = peers
            .iter()
            .enumerate()
            .map(|(position, peer)| worker(position, peer, anchors.clone(), told.clone()))
            .collect::<std::io::Result<Vec<_>>>()?;
        let run = Run { distributor: Distributor::new(policy, peers), workers, log, node, messages };
        let thread = thread::Builder::new().name("replicator".to_owned()).spawn(move || run.run())?;
        Ok(Self { told, thread: Some(thread) })
    }

    /// Where to tell of publications.
    pub fn publications(&self) -> Publications {
        Publications(self.told.clone())
    }

    /// Stops deciding. Calls that are under way end by themselves.
    pub fn stop(&mut self) {
        drop(self.told.send(Message::Stop));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Replicator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A thread that makes one peer's calls, one after the other, and ends when its queue does.
fn worker(
    position: usize,
    peer: &Peer,
    anchors: Arc<dyn Anchors>,
    told: Sender<Message>,
) -> std::io::Result<Sender<Call>> {
    let (queue, calls) = mpsc::channel::<Call>();
    let prefix = peer.url.clone();
    let work = move || {
        for call in calls {
            let outcome = anchors.call(&prefix, call.endpoint, &call.body);
            if told.send(Message::Answered { peer: position, outcome }).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name(format!("peer {position}")).spawn(work)?;
    Ok(queue)
}

struct Run {
    distributor: Distributor,
    workers: Vec<Sender<Call>>,
    log: Arc<dyn LogView + Send + Sync>,
    node: Arc<dyn Replicated>,
    messages: Receiver<Message>,
}

impl Run {
    fn run(mut self) {
        let started = Instant::now();
        loop {
            self.poll(started.elapsed());
            self.node.reports(self.distributor.reports());
            let now = started.elapsed();
            let nap = self.distributor.wakes_at(now).saturating_sub(now).min(NAP_MAX);
            match self.messages.recv_timeout(nap) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(message) => self.take(message, started.elapsed()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn poll(&mut self, now: Duration) {
        let (calls, events) = self.distributor.poll(now, self.log.as_ref());
        events.into_iter().for_each(|event| self.node.event(event));
        for call in calls {
            if let Some(worker) = self.workers.get(call.peer) {
                drop(worker.send(call));
            }
        }
    }

    fn take(&mut self, message: Message, now: Duration) {
        let events = match message {
            Message::Published(checkpoint) => {
                self.distributor.published(checkpoint);
                Vec::new()
            }
            Message::Answered { peer, outcome } => self.distributor.answered(peer, outcome, now),
            Message::Stop => Vec::new(),
        };
        events.into_iter().for_each(|event| self.node.event(event));
    }
}
