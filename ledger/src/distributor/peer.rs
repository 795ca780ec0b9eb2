//! One peer: what it is known to have, and what it is to be sent next.

use std::sync::Arc;
use std::time::Duration;

use matricula_tlog::{LeafIndex, MirrorInfo, SignedCheckpoint, TreeSize, VerifierKey, parse_size};

use super::{Endpoint, Learnt, Outcome};

/// The first pause after a failure; each further one doubles it.
const PAUSE_MIN: Duration = Duration::from_millis(250);

/// The longest pause: a peer that comes back is noticed within a minute.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Corrections of the size by the peer that are followed at once. More of them are treated as failures.
const CORRECTIONS_MAX: u32 = 4;

/// Longest part of a refusal that is kept for the operator.
const REFUSAL_CHARS_MAX: usize = 200;

/// Somebody who cosigns this log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name, for people.
    pub name: String,
    /// The key it cosigns with.
    pub key: VerifierKey,
    /// What its cosignature says.
    pub role: Role,
    /// The submission prefix, without a slash at the end.
    pub url: String,
}

/// What a cosignature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// That the log only grew, that every entry is kept, and that every entry was admissible.
    Mirror,
    /// That the log only grew.
    Witness,
}

/// How a peer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerReport {
    /// Its name.
    pub name: String,
    /// What its cosignature says.
    pub role: Role,
    /// The largest size it cosigned in this run.
    pub cosigned: Option<TreeSize>,
    /// When, on the clock of [`super::Distributor::poll`].
    pub cosigned_at: Option<Duration>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure in words, until it is overcome.
    pub problem: Option<String>,
}

/// What is left to do in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Send the checkpoint.
    Checkpoint,
    /// Send entries.
    Entries,
    /// Nothing.
    Done,
}

#[derive(Debug)]
pub(super) struct PeerState {
    pub(super) peer: Peer,
    pub(super) stage: Stage,
    /// The size of the last checkpoint it has; what it says counts, 0 until it says something.
    pub(super) size: TreeSize,
    /// A mirror's first missing entry, and what it wants to be sent along.
    pub(super) next: LeafIndex,
    pub(super) ticket: Vec<u8>,
    /// The checkpoint whose entries a mirror is being sent.
    pending: Option<Arc<SignedCheckpoint>>,
    under_way: Option<UnderWay>,
    corrections: u32,
    failures: u32,
    retry_at: Duration,
    cosigned: Option<(TreeSize, Duration)>,
    problem: Option<String>,
}

#[derive(Clone, Debug)]
struct UnderWay {
    endpoint: Endpoint,
    checkpoint: Arc<SignedCheckpoint>,
    /// The size that was said to be old.
    old: TreeSize,
}

impl PeerState {
    pub(super) fn new(peer: Peer) -> Self {
        Self {
            peer,
            stage: Stage::Checkpoint,
            size: TreeSize::new(0),
            next: LeafIndex::new(0),
            ticket: Vec::new(),
            pending: None,
            under_way: None,
            corrections: 0,
            failures: 0,
            retry_at: Duration::ZERO,
            cosigned: None,
            problem: None,
        }
    }

    /// A mirror that has begun to take entries goes on with them.
    pub(super) fn begin_round(&mut self) {
        if self.stage == Stage::Done {
            self.stage = Stage::Checkpoint;
        }
        self.corrections = 0;
    }

    /// What it is to be sent: the checkpoint whose entries it is taking, else the round's.
    pub(super) fn checkpoint_for(&self, of_round: &Arc<SignedCheckpoint>) -> Arc<SignedCheckpoint> {
        match (self.stage, &self.pending) {
            (Stage::Entries, Some(pending)) => pending.clone(),
            _ => of_round.clone(),
        }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Whether it has a larger checkpoint than the round's: the next round reaches it, and this one does not.
    pub(super) fn is_ahead_of(&self, round: TreeSize) -> bool {
        self.stage == Stage::Checkpoint && self.size > round
    }

    pub(super) fn is_due(&self, round: TreeSize, now: Duration) -> bool {
        self.waits_until(round).is_some_and(|at| at <= now)
    }

    /// When it is to be tried again, if it is not under way and the round has something for it.
    pub(super) fn waits_until(&self, round: TreeSize) -> Option<Duration> {
        let is_idle = self.under_way.is_none() && self.stage != Stage::Done && !self.is_ahead_of(round);
        is_idle.then_some(self.retry_at)
    }

    pub(super) fn called(&mut self, endpoint: Endpoint, checkpoint: Arc<SignedCheckpoint>) {
        self.under_way = Some(UnderWay { endpoint, checkpoint, old: self.size });
    }

    pub(super) fn cosigned(&mut self, size: TreeSize, now: Duration) {
        self.cosigned = Some((size, now));
        self.failures = 0;
        self.problem = None;
        self.retry_at = Duration::ZERO;
        self.pending = None;
        self.stage = Stage::Done;
    }

    /// Puts the next attempt off, the longer the more failures there were.
    pub(super) fn failed(&mut self, problem: String, now: Duration) {
        let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(self.failures.min(16))).min(PAUSE_MAX);
        self.retry_at = now + pause;
        self.failures = self.failures.saturating_add(1);
        self.corrections = 0;
        self.problem = Some(problem);
    }

    pub(super) fn report(&self) -> PeerReport {
        PeerReport {
            name: self.peer.name.clone(),
            role: self.peer.role,
            cosigned: self.cosigned.map(|(size, _)| size),
            cosigned_at: self.cosigned.map(|(_, at)| at),
            failures: self.failures,
            problem: self.problem.clone(),
        }
    }

    pub(super) fn answered(&mut self, outcome: Outcome, newest: TreeSize, now: Duration) -> Learnt {
        let Some(call) = self.under_way.take() else { return Learnt::Nothing };
        let (status, body) = match outcome {
            Outcome::Answered { status, body } => (status, body),
            Outcome::Unreachable { reason } => {
                self.failed(reason, now);
                return Learnt::Nothing;
            }
        };
        match (call.endpoint, status) {
            (Endpoint::AddCheckpoint, 200) => self.took_checkpoint(call, body),
            (Endpoint::AddCheckpoint, 409) => match parse_size(&body) {
                Ok(size) => self.has(size, call, newest, now),
                Err(error) => self.refused(409, format!("{error}"), now),
            },
            (Endpoint::AddCheckpoint, 422) => {
                // An old size of 0 claims nothing about the past, so only another size can be disagreed with.
                let refused = self.refused(status, "it does not find the log consistent".to_owned(), now);
                if call.old.get() == 0 { refused } else { Learnt::Contradicts { size: call.old } }
            }
            (Endpoint::AddEntries, 200) => {
                self.next = LeafIndex::new(call.size().get().max(self.next.get()));
                Learnt::Cosignatures { checkpoint: call.checkpoint, lines: body }
            }
            (Endpoint::AddEntries, 202 | 409) => match MirrorInfo::parse(&body) {
                Ok(info) => self.wants(info, status, call, newest, now),
                Err(error) => self.refused(status, error.to_string(), now),
            },
            (endpoint, status) => {
                if endpoint == Endpoint::AddEntries {
                    // Whatever it was, it may have forgotten what was pending.
                    self.stage = Stage::Checkpoint;
                }
                self.refused(status, shown(&body), now)
            }
        }
    }

    fn took_checkpoint(&mut self, call: UnderWay, body: Vec<u8>) -> Learnt {
        self.size = call.size();
        match self.peer.role {
            Role::Witness => Learnt::Cosignatures { checkpoint: call.checkpoint, lines: body },
            Role::Mirror => {
                self.stage = Stage::Entries;
                self.pending = Some(call.checkpoint);
                Learnt::Nothing
            }
        }
    }

    /// It told which size it has, instead of the one it was thought to have.
    fn has(&mut self, size: TreeSize, call: UnderWay, newest: TreeSize, now: Duration) -> Learnt {
        if size > newest {
            self.failed(format!("it has seen {size} entries of this log"), now);
            return Learnt::Contradicts { size };
        }
        if size == call.old {
            // It had just that: what it does not like is the root. (Version 1.0.0 answered so.)
            self.failed("it does not find the log consistent".to_owned(), now);
            return Learnt::Contradicts { size };
        }
        self.size = size;
        self.corrected(now)
    }

    /// A mirror told how to go on.
    fn wants(
        &mut self,
        info: MirrorInfo,
        status: u16,
        call: UnderWay,
        newest: TreeSize,
        now: Duration,
    ) -> Learnt {
        if info.size > newest {
            self.failed(format!("it has seen {} entries of this log", info.size), now);
            return Learnt::Contradicts { size: info.size };
        }
        let went_on = info.next > self.next;
        self.next = info.next;
        self.ticket = info.ticket;
        if info.size != call.size() {
            // It has another checkpoint pending than the one sent: it takes the round's next.
            self.size = info.size;
            self.stage = Stage::Checkpoint;
        }
        if status == 202 && went_on {
            self.failures = 0;
            self.corrections = 0;
            return Learnt::Nothing;
        }
        self.corrected(now)
    }

    fn corrected(&mut self, now: Duration) -> Learnt {
        self.corrections += 1;
        if self.corrections > CORRECTIONS_MAX {
            self.failed("its answers contradict each other".to_owned(), now);
        }
        Learnt::Nothing
    }

    fn refused(&mut self, status: u16, why: String, now: Duration) -> Learnt {
        self.failed(format!("it answered {status}: {why}"), now);
        Learnt::Nothing
    }
}

impl UnderWay {
    fn size(&self) -> TreeSize {
        self.checkpoint.unverified().size()
    }
}

/// The beginning of an answer, as far as it is text.
fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.chars().filter(|letter| !letter.is_control()).take(REFUSAL_CHARS_MAX).collect()
}
