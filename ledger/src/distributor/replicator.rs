//! The threads that carry a distributor's calls to the peers and back: one that decides, one for each peer.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use matricula_tlog::{Origin, Policy, SignedCheckpoint};

use super::{Anchors, Call, Distributor, Event, LogView, Outcome, Peer, PeerReport};

/// The longest sleep without a look at what is due.
const NAP_MAX: Duration = Duration::from_secs(10);

/// What the replicator tells its node.
pub trait Replicated: Send + Sync {
    /// Something new.
    fn event(&self, event: Event);

    /// How all peers stand.
    fn reports(&self, reports: Vec<PeerReport>);

    /// The latest checkpoint that a peer has of this log, asked for because what the peer said contradicts the log. Nothing
    /// of it is verified.
    fn shown(&self, peer: &str, checkpoint: &SignedCheckpoint);

    /// The thread that decides died.
    fn died(&self);
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
    Shown { peer: usize, outcome: Outcome },
    Stop,
}

/// What a peer's thread is to do.
enum Job {
    Call(Call),
    /// Ask for the latest checkpoint that the peer has of this log.
    Latest,
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
        origin: Origin,
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
            .map(|(position, peer)| worker(position, peer, origin.clone(), anchors.clone(), told.clone()))
            .collect::<std::io::Result<Vec<_>>>()?;
        let names = peers.iter().map(|peer| peer.name.clone()).collect();
        let run = Run { distributor: Distributor::new(policy, peers), workers, names, log, node, messages };
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
    origin: Origin,
    anchors: Arc<dyn Anchors>,
    told: Sender<Message>,
) -> std::io::Result<Sender<Job>> {
    let (queue, jobs) = mpsc::channel::<Job>();
    let prefix = peer.url.clone();
    let work = move || {
        for job in jobs {
            let message = match job {
                Job::Call(call) => {
                    let outcome = anchors.call(&prefix, call.endpoint, &call.body);
                    Message::Answered { peer: position, outcome }
                }
                Job::Latest => Message::Shown { peer: position, outcome: anchors.latest(&prefix, &origin) },
            };
            if told.send(message).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name(format!("peer {position}")).spawn(work)?;
    Ok(queue)
}

struct Run {
    distributor: Distributor,
    workers: Vec<Sender<Job>>,
    names: Vec<String>,
    log: Arc<dyn LogView + Send + Sync>,
    node: Arc<dyn Replicated>,
    messages: Receiver<Message>,
}

impl Drop for Run {
    fn drop(&mut self) {
        if thread::panicking() {
            self.node.died();
        }
    }
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
            self.give(call.peer, Job::Call(call), now);
        }
    }

    fn take(&mut self, message: Message, now: Duration) {
        match message {
            Message::Published(checkpoint) => self.distributor.published(checkpoint),
            Message::Answered { peer, outcome } => {
                for event in self.distributor.answered(peer, outcome, now) {
                    if matches!(event, Event::PeerContradicts { .. }) {
                        self.give(peer, Job::Latest, now);
                    }
                    self.node.event(event);
                }
            }
            Message::Shown { peer, outcome: Outcome::Answered { status: 200, body } } => {
                if let (Ok(note), Some(name)) = (SignedCheckpoint::parse(&body), self.names.get(peer)) {
                    self.node.shown(name, &note);
                }
            }
            Message::Shown { .. } | Message::Stop => {}
        }
    }

    /// Hands a job to a peer's thread. One whose thread has ended is one that does not answer.
    fn give(&mut self, peer: usize, job: Job, now: Duration) {
        let Some(worker) = self.workers.get(peer) else { return };
        if worker.send(job).is_err() {
            let outcome =
                Outcome::Unreachable { reason: "its thread has ended; start the node again".to_owned() };
            drop(self.distributor.answered(peer, outcome, now));
        }
    }
}
