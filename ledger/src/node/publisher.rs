//! The thread that turns accepted entries into a published checkpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use matricula_state::{Expected, Op, StateError, StateStore, Table};
use matricula_tlog::{LeafIndex, SignedCheckpoint};

use super::shared::{NodeFailure, Shared};
use crate::distributor::Publications;
use crate::sequence::Head;
use crate::tiles::ObjectPath;

/// Every checkpoint ever published, by its size: a proof leads to the first one that covers the entry, so that the
/// time it carries is the earliest.
pub(crate) const HISTORY: Table = Table::new("ledger-checkpoint");

/// How often a stopped publisher looks up while it waits for its interval to pass.
const NAP: Duration = Duration::from_millis(20);

pub(super) struct Publisher {
    pub(super) shared: Arc<Shared>,
    pub(super) every: Duration,
    pub(super) closed: Arc<AtomicBool>,
    /// Told of every checkpoint, if somebody cosigns this log.
    pub(super) publications: Option<Publications>,
}

impl Publisher {
    /// Publishes whatever is accepted until the node is closed and all is published, or it fails.
    pub(super) fn run(self) {
        loop {
            let is_behind = || self.shared.head().size > self.shared.published_size();
            self.shared.accepted.wait_until(|| is_behind() || self.is_closed() || self.shared.has_failed());
            if self.shared.has_failed() || self.is_closed() && !is_behind() {
                return;
            }
            let started = Instant::now();
            match publish(&self.shared) {
                Ok(checkpoint) => self.tell(checkpoint),
                Err(failure) => return self.shared.fail(failure),
            }
            while started.elapsed() < self.every && !self.is_closed() && !self.shared.has_failed() {
                thread::sleep(NAP.min(self.every.saturating_sub(started.elapsed())));
            }
        }
    }

    pub(super) fn tell(&self, checkpoint: Arc<SignedCheckpoint>) {
        if let Some(publications) = &self.publications {
            publications.published(checkpoint);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Signs the accepted head, writes the tiles under it, and publishes it, in this order.
pub(super) fn publish(shared: &Shared) -> Result<Arc<SignedCheckpoint>, NodeFailure> {
    // What the tree holds is durable: the sequencer changes it after the commit only.
    let (head, tiles) = {
        let tree = shared.tree.read().map_err(|_| NodeFailure::ThreadDied)?;
        (tree.edge.head(), tree.unwritten.clone())
    };
    let checkpoint = match remembered(shared, head)? {
        Some(checkpoint) => checkpoint,
        None => shared.signer.sign(head, shared.clock.now())?,
    };
    let objects: Vec<_> = tiles.iter().map(|tile| (ObjectPath::Tile(tile.path()), tile.encode())).collect();
    shared.tiles.put(&objects)?;
    remember(shared.state.as_ref(), &checkpoint)?;
    shared.tiles.publish(&checkpoint)?;
    shared.tree.write().map_err(|_| NodeFailure::ThreadDied)?.unwritten.drain(..tiles.len());
    let checkpoint = Arc::new(checkpoint);
    // Whoever hears of the publication must find what it has made provable.
    shared.witnessing.published(&checkpoint);
    shared.published.send_replace(Some(checkpoint.clone()));
    shared.publication.raise();
    Ok(checkpoint)
}

/// The checkpoint of this head that was signed before a crash and not published: it keeps its time.
fn remembered(shared: &Shared, head: Head) -> Result<Option<SignedCheckpoint>, NodeFailure> {
    let Some(row) = shared.state.get(HISTORY, &head.size.get().to_be_bytes())? else { return Ok(None) };
    let there = SignedCheckpoint::parse(&row.value).ok().filter(|note| {
        let says = note.unverified();
        says.size() == head.size && says.root() == head.root && note.verify(shared.signer.log_key()).is_ok()
    });
    Ok(there)
}

fn remember(state: &dyn StateStore, checkpoint: &SignedCheckpoint) -> Result<(), StateError> {
    let key = checkpoint.unverified().size().get().to_be_bytes();
    state.apply(&[Op::put(HISTORY, key, checkpoint.encode(), Expected::Any)])?;
    Ok(())
}

/// Enters the published checkpoint into a history that was lost.
pub(super) fn restore_history(
    state: &dyn StateStore,
    published: &SignedCheckpoint,
) -> Result<(), StateError> {
    match state.get(HISTORY, &published.unverified().size().get().to_be_bytes())? {
        Some(_) => Ok(()),
        None => remember(state, published),
    }
}

/// The first published checkpoint that covers an entry, as far as the history goes.
pub(super) fn first_covering(state: &dyn StateStore, index: LeafIndex) -> Option<SignedCheckpoint> {
    let rows = state.scan(HISTORY, b"", Some(&index.get().to_be_bytes()), 1).ok()?;
    SignedCheckpoint::parse(&rows.first()?.value).ok()
}
