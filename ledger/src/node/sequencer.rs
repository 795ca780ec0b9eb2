//! The one thread that gives entries their places: door, group commit, acknowledgement.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};

use matricula_registry::{Applied, LogTime, Registry, VerifiedStatement};
use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

use super::shared::{NodeFailure, Shared};
use crate::sequence::{Commit, CommitError, Epoch, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX, Head};
use crate::submission::{Checked, Receipt, Refusal, SUBMISSION_BYTES_MAX, SubmitError};

/// Bytes that may wait to be sequenced: what a slow disk is given in some seconds. Beyond, submissions are refused.
const WAITING_BYTES_MAX: usize = 8 * SUBMISSION_BYTES_MAX;

/// What becomes of a submission is told by calling this, once.
pub(super) type Reply = Box<dyn FnOnce(Result<Vec<Receipt>, SubmitError>) + Send>;

/// Submissions that wait.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    bytes: usize,
    closed: bool,
}

struct Submission {
    entries: Vec<Checked>,
    bytes: usize,
    reply: Reply,
}

impl Queue {
    /// Puts a submission in line. When that is not possible it is told at once.
    pub(super) fn push(&self, entries: Vec<Checked>, reply: Reply) {
        let bytes = entries.iter().map(Checked::bytes).sum();
        let Ok(mut waiting) = self.waiting.lock() else { return reply(Err(SubmitError::Stopped)) };
        if waiting.closed {
            drop(waiting);
            return reply(Err(SubmitError::Stopped));
        }
        if waiting.bytes + bytes > WAITING_BYTES_MAX {
            drop(waiting);
            return reply(Err(SubmitError::Busy));
        }
        waiting.bytes += bytes;
        waiting.submissions.push_back(Submission { entries, bytes, reply });
        drop(waiting);
        self.changed.notify_one();
    }

    /// Bytes of entries that wait.
    pub(super) fn bytes(&self) -> usize {
        self.waiting.lock().map_or(0, |waiting| waiting.bytes)
    }

    /// Takes no more. What waits is still sequenced.
    pub(super) fn close(&self) {
        if let Ok(mut waiting) = self.waiting.lock() {
            waiting.closed = true;
        }
        self.changed.notify_all();
    }

    /// Waits for submissions and takes as many as fit into one commit; none when closed and empty.
    fn take(&self) -> Vec<Submission> {
        let Ok(waiting) = self.waiting.lock() else { return Vec::new() };
        let idle = |waiting: &mut Waiting| waiting.submissions.is_empty() && !waiting.closed;
        let Ok(mut waiting) = self.changed.wait_while(waiting, idle) else { return Vec::new() };
        let (mut taken, mut entries, mut bytes) = (Vec::new(), 0, 0);
        while let Some(next) = waiting.submissions.front() {
            entries += next.entries.len();
            bytes += next.bytes;
            if entries > GROUP_ENTRIES_MAX || bytes > GROUP_BYTES_MAX {
                break;
            }
            waiting.bytes -= next.bytes;
            taken.extend(waiting.submissions.pop_front());
        }
        taken
    }

    fn refuse_all(&self) {
        self.close();
        while let Some(submission) = self.take().into_iter().next() {
            (submission.reply)(Err(SubmitError::Stopped));
        }
    }
}

impl Checked {
    fn bytes(&self) -> usize {
        match self {
            Self::Known(_) => 0,
            Self::New { statement, .. } => statement.statement().entry().len() + 2,
        }
    }
}

/// The writer of the log, for one epoch.
pub(super) struct Sequencer {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: Arc<Queue>,
    pub(super) epoch: Epoch,
    pub(super) latest_at: UnixSeconds,
}

/// Entries that go into one commit, in order.
#[derive(Default)]
struct Group {
    start: u64,
    entries: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
    places: HashMap<Hash, LeafIndex>,
    applied: Vec<Applied>,
}

impl Sequencer {
    /// Sequences until the queue is closed and empty, or the node fails.
    pub(super) fn run(mut self) {
        loop {
            let submissions = self.queue.take();
            if submissions.is_empty() {
                return;
            }
            if let Err(failure) = self.sequence(submissions) {
                self.shared.fail(failure);
            }
            if self.shared.has_failed() {
                return self.queue.refuse_all();
            }
        }
    }

    fn sequence(&mut self, submissions: Vec<Submission>) -> Result<(), NodeFailure> {
        if self.shared.has_failed() {
            submissions.into_iter().for_each(|submission| (submission.reply)(Err(SubmitError::Stopped)));
            return Ok(());
        }
        let now = self.shared.clock.now().max(self.latest_at);
        let head = self.shared.head();
        let mut group = Group { start: head.size.get(), ..Group::default() };
        let mut accepted = Vec::with_capacity(submissions.len());
        // Nobody reads the registry while it has what is not durable yet.
        let mut registry = self.shared.registry.write().map_err(|_| NodeFailure::ThreadDied)?;
        for Submission { entries, reply, .. } in submissions {
            match self.decide(&mut registry, &mut group, entries, now) {
                Ok(receipts) => accepted.push((reply, receipts)),
                Err(refused) => reply(Err(refused)),
            }
        }
        let committed = self.commit(head, &group, now);
        if committed.is_err() {
            take_back(&mut registry, &mut group, 0);
        }
        drop(registry);
        if let Err(failure) = committed {
            // Whoever hears that the node has stopped must find it stopped.
            self.shared.fail(failure);
            accepted.into_iter().for_each(|(reply, _)| reply(Err(SubmitError::Stopped)));
            return Ok(());
        }
        accepted.into_iter().for_each(|(reply, receipts)| reply(Ok(receipts)));
        self.latest_at = now;
        Ok(())
    }

    /// Decides on one submission as a whole: all its new entries join the group, or none.
    fn decide(
        &self,
        registry: &mut Registry,
        group: &mut Group,
        entries: Vec<Checked>,
        now: UnixSeconds,
    ) -> Result<Vec<Receipt>, SubmitError> {
        let before = group.entries.len();
        let mut receipts = Vec::with_capacity(entries.len());
        for (position, entry) in entries.into_iter().enumerate() {
            let receipt = match entry {
                Checked::Known(index) => Ok(Receipt { index, duplicate: true }),
                Checked::New { leaf, statement } => {
                    self.place(registry, group, leaf, *statement, now, position)
                }
            };
            match receipt {
                Ok(receipt) => receipts.push(receipt),
                Err(error) => {
                    take_back(registry, group, before);
                    return Err(error);
                }
            }
        }
        Ok(receipts)
    }

    fn place(
        &self,
        registry: &mut Registry,
        group: &mut Group,
        leaf: Hash,
        statement: VerifiedStatement,
        now: UnixSeconds,
        position: usize,
    ) -> Result<Receipt, SubmitError> {
        // It may have been logged since it was checked, or be twice in this group.
        let known =
            group.places.get(&leaf).copied().map_or_else(|| self.shared.find(&leaf), |index| Ok(Some(index)));
        if let Some(index) = known? {
            return Ok(Receipt { index, duplicate: true });
        }
        let index = LeafIndex::new(group.start + group.entries.len() as u64);
        let refused = |error| SubmitError::Refused(vec![Refusal { position, error }]);
        let admitted = registry.admit_verified(index, LogTime::at(now), statement).map_err(refused)?;
        let bytes = admitted.statement().entry().to_vec();
        let Ok(applied) = registry.apply(admitted) else {
            self.shared.fail(NodeFailure::RegistryOutOfStep);
            return Err(SubmitError::Stopped);
        };
        group.applied.push(applied);
        group.entries.push(bytes);
        group.leaves.push(leaf);
        group.places.insert(leaf, index);
        Ok(Receipt { index, duplicate: false })
    }

    /// Makes the group durable, then lets everybody see it.
    fn commit(&self, head: Head, group: &Group, now: UnixSeconds) -> Result<(), NodeFailure> {
        if group.entries.is_empty() {
            return Ok(());
        }
        let mut edge = self.shared.tree.read().map_err(|_| NodeFailure::ThreadDied)?.edge.clone();
        let mut full = Vec::new();
        group.leaves.iter().for_each(|leaf| edge.push(*leaf, &mut full));
        let entries: Vec<&[u8]> = group.entries.iter().map(Vec::as_slice).collect();
        self.commit_durably(&Commit {
            epoch: self.epoch,
            expected: head,
            next: edge.head(),
            accepted_at: now,
            entries: &entries,
        })?;
        {
            let mut tree = self.shared.tree.write().map_err(|_| NodeFailure::ThreadDied)?;
            tree.edge = edge;
            tree.unwritten.append(&mut full);
        }
        let places = (group.start..).map(LeafIndex::new);
        self.shared.dedup.add(group.leaves.iter().copied().zip(places))?;
        self.shared.accepted.raise();
        Ok(())
    }

    /// Commits; when the outcome is unknown, asks the store for it, and tries once more if nothing happened.
    fn commit_durably(&self, commit: &Commit<'_>) -> Result<(), NodeFailure> {
        let Err(error) = self.shared.sequence.commit(commit) else { return Ok(()) };
        let CommitError::Indeterminate(_) = &error else { return Err(error.into()) };
        match self.shared.sequence.head() {
            Ok(head) if head == commit.next => Ok(()),
            Ok(head) if head == commit.expected => Ok(self.shared.sequence.commit(commit)?),
            _ => Err(error.into()),
        }
    }
}

/// Takes the entries from a position on out of the group and out of the registry again.
fn take_back(registry: &mut Registry, group: &mut Group, from: usize) {
    for applied in group.applied.drain(from..).rev() {
        registry.undo(applied).expect("invariant: undone in the reverse order of applying, under one lock");
    }
    group.entries.truncate(from);
    for leaf in group.leaves.drain(from..) {
        group.places.remove(&leaf);
    }
}
