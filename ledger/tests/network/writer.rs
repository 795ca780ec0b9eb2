//! The writer as a host: its log grows, and the distributor sends it around.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use matricula_ledger::{Distributor, Event, Outcome, Peer};
use matricula_tlog::{Policy, SignedCheckpoint};
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

use crate::line;
use crate::neighbours::JumpingClock;
use crate::support::keys;
use crate::support::random::Random;
use crate::tree::Tree;

/// A writer: all of it outlives a restart.
#[derive(Clone)]
pub struct Writer {
    pub clock: JumpingClock,
    policy: Policy,
    peers: Vec<Peer>,
    book: Arc<Mutex<Book>>,
}

/// What a writer has on its disk, and what happened to it.
#[derive(Debug)]
pub struct Book {
    pub tree: Tree,
    /// Every checkpoint it ever signed.
    pub published: Vec<SignedCheckpoint>,
    /// Those that reached the quorum, with the cosignatures that they reached it with.
    pub witnessed: Vec<SignedCheckpoint>,
    pub grows: bool,
    /// Why it signs no more.
    pub stopped: Option<String>,
    /// How often a neighbour said that it has seen this log otherwise.
    pub contradictions: u64,
    pub failed_calls: u64,
    random: Random,
}

impl Book {
    pub fn witnessed_sizes(&self) -> Vec<u64> {
        self.witnessed.iter().map(|note| note.unverified().size().get()).collect()
    }

    pub fn is_all_witnessed(&self) -> bool {
        self.witnessed_sizes().contains(&self.tree.size())
    }
}

impl Writer {
    pub fn new(tree: Tree, policy: Policy, peers: Vec<Peer>, seed: u64) -> Self {
        let book = Book {
            tree,
            published: Vec::new(),
            witnessed: Vec::new(),
            grows: true,
            stopped: None,
            contradictions: 0,
            failed_calls: 0,
            random: Random::new(seed),
        };
        Self { clock: JumpingClock::default(), policy, peers, book: Arc::new(Mutex::new(book)) }
    }

    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// The process.
    pub async fn run(self) -> turmoil::Result {
        let started = Instant::now();
        let mut distributor = Distributor::new(self.policy.clone(), self.peers.clone());
        let (told, mut answers) = mpsc::unbounded_channel();
        let mut grows_at = started;
        loop {
            if Instant::now() >= grows_at {
                grows_at = Instant::now() + self.grow();
                distributor.published(Arc::new(self.publish()));
            }
            let now = started.elapsed();
            let (calls, events) = distributor.poll(now, &self.book().tree);
            let mut contradicting = self.hear(events);
            if self.book().stopped.is_some() {
                // A node that stopped waits for its operator.
                std::future::pending::<()>().await;
            }
            for call in calls {
                let (told, host) = (told.clone(), self.peers[call.peer].url.clone());
                spawn_local(async move {
                    let outcome = line::call(&host, call.endpoint, &call.body).await;
                    drop(told.send((call.peer, outcome)));
                });
            }
            let wakes_at = started + distributor.wakes_at(now).max(now + Duration::from_millis(1));
            tokio::select! {
                // In a fixed order, so that a seed gives the same history again.
                biased;
                Some((peer, outcome)) = answers.recv() => {
                    let is_failure = matches!(outcome, Outcome::Unreachable { .. });
                    self.book().failed_calls += u64::from(is_failure);
                    contradicting.extend(self.hear(distributor.answered(peer, outcome, started.elapsed())));
                }
                () = sleep_until(wakes_at.min(grows_at)) => {}
            }
            for peer in contradicting {
                let writer = self.clone();
                spawn_local(async move {
                    if let Some(seen) = line::latest(&peer).await {
                        writer.compare(&peer, &seen);
                    }
                });
            }
        }
    }

    /// Adds entries, and tells after how long there will be more.
    fn grow(&self) -> Duration {
        let mut book = self.book();
        if book.grows {
            let count = book.random.below(12);
            book.tree.grow(count);
        }
        Duration::from_millis(200 + book.random.below(1500))
    }

    fn publish(&self) -> SignedCheckpoint {
        let now = self.clock.now();
        let mut book = self.book();
        let size = book.tree.size();
        if let Some(latest) = book.published.last().filter(|note| note.unverified().size().get() == size) {
            return latest.clone();
        }
        let checkpoint = book.tree.checkpoint(now);
        book.published.push(checkpoint.clone());
        checkpoint
    }

    /// Gives back who is to be asked what it has seen.
    fn hear(&self, events: Vec<Event>) -> Vec<String> {
        let (mut book, mut contradicting) = (self.book(), Vec::new());
        for event in events {
            match event {
                Event::Cosigned { checkpoint, is_witnessed: true, .. } => {
                    assert!(self.policy.verify(&checkpoint).is_ok(), "called witnessed without the quorum");
                    book.witnessed.push(checkpoint);
                }
                Event::Cosigned { .. } => {}
                Event::PeerContradicts { peer, .. } => {
                    book.contradictions += 1;
                    contradicting.push(peer);
                }
            }
        }
        contradicting
    }

    /// Stops when a neighbour has another log than this one, signed by its own key: what a node does.
    fn compare(&self, peer: &str, seen: &SignedCheckpoint) {
        let Ok(seen) = seen.verify(keys().log.verifier()) else { return };
        let (size, mut book) = (seen.size().get(), self.book());
        if size > book.tree.size() || book.tree.root(size) != seen.root() {
            book.stopped = Some(format!("{peer} has another tree of {size} entries"));
        }
    }
}
