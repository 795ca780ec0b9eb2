//! The writer's side of replication: which mirror and which witness is told what, and when the quorum is reached.
//!
//! ```text
//! published checkpoint ─▶ round ─▶ mirrors: add-checkpoint, add-entries … ─▶ enough of them have cosigned
//!                                                                                   │
//!             policy's quorum ◀─ cosignatures ◀─ witnesses: add-checkpoint ◀────────┘
//! ```
//!
//! No socket, no clock, no thread: [`Distributor::poll`] gives the calls that are due, [`Distributor::answered`] takes
//! what came back. A round keeps to one checkpoint until the quorum has cosigned it, so that slow peers cosign the same
//! one; only then, or when nothing more is to be hoped for, the next round takes the newest. A mirror that has begun to
//! take a checkpoint's entries finishes it, also when the round is over. Witnesses are asked when all that is still
//! missing is theirs to give, and a mirror has cosigned: a witness should not hold a size that no mirror has.
//!
//! SPEC: <https://c2sp.org/tlog-witness>, <https://c2sp.org/tlog-mirror>, from the client's side.

mod anchors;
mod peer;
mod replicator;
mod request;

use std::sync::Arc;
use std::time::Duration;

use matricula_tlog::{
    Policy, SignatureCheck, SignedCheckpoint, TreeSize, VerifierKey, parse_signature_lines,
};

pub use anchors::{Anchors, HttpAnchors};
pub use peer::{Peer, PeerReport, Role};
pub use replicator::{Publications, Replicated, Replicator};
pub use request::LogView;

use peer::{PeerState, Stage};

/// How long a round waits for its quorum while a newer checkpoint is there. Longer than a slow line takes, short enough
/// that a dead peer does not hold up everybody's entries.
const ROUND_TIME_MAX: Duration = Duration::from_secs(10);

/// Sends a log's checkpoints and entries to its peers, and collects their cosignatures.
#[derive(Debug)]
pub struct Distributor {
    policy: Policy,
    peers: Vec<PeerState>,
    newest: Option<Arc<SignedCheckpoint>>,
    round: Option<Round>,
}

/// One checkpoint on its way to the quorum.
#[derive(Debug)]
struct Round {
    checkpoint: Arc<SignedCheckpoint>,
    size: TreeSize,
    started: Duration,
    is_witnessed: bool,
    /// Whether the quorum would be met if all light witnesses cosigned, too.
    mirrors_suffice: bool,
    /// Whether a mirror has cosigned.
    has_mirror: bool,
}

/// A request for one peer. At most one is under way for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The peer's position, as given to [`Distributor::new`].
    pub peer: usize,
    /// What is called.
    pub endpoint: Endpoint,
    /// The body.
    pub body: Vec<u8>,
}

/// What a peer serves to writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST <prefix>/add-checkpoint`.
    AddCheckpoint,
    /// `POST <prefix>/add-entries`.
    AddEntries,
}

impl Endpoint {
    /// The last part of the path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::AddCheckpoint => "add-checkpoint",
            Self::AddEntries => "add-entries",
        }
    }
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The peer answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body, bounded by the caller.
        body: Vec<u8>,
    },
    /// It could not be reached, or did not answer in time.
    Unreachable {
        /// In words, for the operator.
        reason: String,
    },
}

/// What the node must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A checkpoint has more cosignatures than before.
    Cosigned {
        /// With all cosignatures so far.
        checkpoint: SignedCheckpoint,
        /// Whether the policy's quorum is among them.
        is_witnessed: bool,
        /// Whether enough mirrors for the policy are among them, and at least one.
        is_mirrored: bool,
    },
    /// A peer says that it has seen more of this log than was published, or another past of it. Its word alone is
    /// nothing: it is to be asked for the checkpoint that it has.
    PeerContradicts {
        /// Who.
        peer: String,
        /// The size that it says it has.
        size: TreeSize,
    },
}

impl Distributor {
    /// A distributor for the peers of a log, under the policy by which its proofs are to be believed.
    pub fn new(policy: Policy, peers: Vec<Peer>) -> Self {
        Self { policy, peers: peers.into_iter().map(PeerState::new).collect(), newest: None, round: None }
    }

    /// Takes a checkpoint that was published. Smaller ones than the newest are ignored.
    pub fn published(&mut self, checkpoint: Arc<SignedCheckpoint>) {
        let size = checkpoint.unverified().size();
        if self.newest.as_ref().is_none_or(|newest| newest.unverified().size() < size) {
            self.newest = Some(checkpoint);
        }
    }

    /// The calls that are due, and what is new without any call: a quorum that needs nobody else. `now` is any clock
    /// that never goes back. When the log cannot give what a peer must be sent, that is the peer's problem in its
    /// report, and tried again later.
    pub fn poll(&mut self, now: Duration, log: &dyn LogView) -> (Vec<Call>, Vec<Event>) {
        let mut events = Vec::new();
        if self.is_time_for_next_round(now) {
            events.extend(self.begin_round(now));
        }
        let may_ask_witnesses = self.may_ask_witnesses();
        let Some(round) = &self.round else { return (Vec::new(), events) };
        let mut calls = Vec::new();
        for (position, state) in self.peers.iter_mut().enumerate() {
            let must_wait = state.peer.role == Role::Witness && !may_ask_witnesses;
            if must_wait || !state.is_due(round.size, now) {
                continue;
            }
            let checkpoint = state.checkpoint_for(&round.checkpoint);
            match request::of(state, &checkpoint, log) {
                Ok((endpoint, body)) => {
                    state.called(endpoint, checkpoint);
                    calls.push(Call { peer: position, endpoint, body });
                }
                Err(error) => state.failed(format!("the own log cannot be read for it: {error}"), now),
            }
        }
        (calls, events)
    }

    /// When to poll again if nothing is answered and nothing published before.
    pub fn wakes_at(&self, now: Duration) -> Duration {
        let idle = now + ROUND_TIME_MAX;
        let Some(round) = &self.round else { return idle };
        let may_ask_witnesses = self.may_ask_witnesses();
        let asked = self.peers.iter().filter(|state| state.peer.role == Role::Mirror || may_ask_witnesses);
        let retries = asked.filter_map(|state| state.waits_until(round.size));
        let round_ends = Some(round.started + ROUND_TIME_MAX).filter(|end| *end > now);
        retries.chain(round_ends).min().unwrap_or(idle).max(now)
    }

    /// Takes what became of a call.
    pub fn answered(&mut self, peer: usize, outcome: Outcome, now: Duration) -> Vec<Event> {
        let newest = self.newest.as_ref().map_or(TreeSize::new(0), |newest| newest.unverified().size());
        let Some(state) = self.peers.get_mut(peer) else { return Vec::new() };
        let learnt = state.answered(outcome, newest, now);
        match learnt {
            Learnt::Nothing => Vec::new(),
            Learnt::Cosignatures { checkpoint, lines } => {
                self.take_cosignatures(peer, &checkpoint, &lines, now)
            }
            Learnt::Contradicts { size } => vec![Event::PeerContradicts { peer: self.name(peer), size }],
        }
    }

    /// How each peer stands.
    pub fn reports(&self) -> Vec<PeerReport> {
        self.peers.iter().map(PeerState::report).collect()
    }

    fn name(&self, peer: usize) -> String {
        self.peers.get(peer).map(|state| state.peer.name.clone()).unwrap_or_default()
    }

    fn is_time_for_next_round(&self, now: Duration) -> bool {
        let Some(newest) = &self.newest else { return false };
        let Some(round) = &self.round else { return true };
        let mut mirrors = self.mirrors();
        let is_done = round.is_witnessed && (round.has_mirror || mirrors.all(PeerState::is_failing));
        let is_over = is_done
            || now >= round.started + ROUND_TIME_MAX
            || self.peers.iter().all(|state| state.stage == Stage::Done)
            || self.peers.iter().any(|state| state.is_ahead_of(round.size));
        is_over && newest.unverified().size() > round.size
    }

    fn begin_round(&mut self, now: Duration) -> Option<Event> {
        let checkpoint = self.newest.clone()?;
        let size = checkpoint.unverified().size();
        self.peers.iter_mut().for_each(PeerState::begin_round);
        let is_witnessed = self.policy.verify(&checkpoint).is_ok();
        let event = is_witnessed.then(|| Event::Cosigned {
            checkpoint: (*checkpoint).clone(),
            is_witnessed,
            is_mirrored: false,
        });
        let mirrors_suffice = self.would_suffice(&checkpoint);
        let round =
            Round { checkpoint, size, started: now, is_witnessed, mirrors_suffice, has_mirror: false };
        self.round = Some(round);
        event
    }

    /// Takes the cosignatures that are good, one of each key that the policy or the peer has. Those over an older
    /// checkpoint show that the peer is there, and count for nothing else.
    fn take_cosignatures(
        &mut self,
        peer: usize,
        checkpoint: &SignedCheckpoint,
        lines: &[u8],
        now: Duration,
    ) -> Vec<Event> {
        let Some(state) = self.peers.get_mut(peer) else { return Vec::new() };
        let own_key = state.peer.key.clone();
        let keys: Vec<&VerifierKey> =
            self.policy.witnesses().iter().map(|witness| witness.key()).chain([&own_key]).collect();
        let size = checkpoint.unverified().size();
        let of_round = self.round.as_ref().filter(|round| round.size == size);
        let mut cosigned = of_round.map_or_else(|| checkpoint.clone(), |round| (*round.checkpoint).clone());
        let mut added = false;
        for line in parse_signature_lines(lines).unwrap_or_default() {
            let text = cosigned.note().text();
            let good =
                |key: &&&VerifierKey| matches!(key.check(text, &line), Ok(SignatureCheck::Cosigned { .. }));
            let Some(key) = keys.iter().find(good) else { continue };
            // A second line of one key adds nothing, and would take up the room of the others.
            added |= !is_cosigned_by(&cosigned, key) && cosigned.add_signature(line.clone()).is_ok();
        }
        if !is_cosigned_by(&cosigned, &own_key) {
            state.failed("its answer has no good cosignature by its key".to_owned(), now);
        } else {
            state.cosigned(size, now);
            if self.round.as_ref().is_some_and(|round| round.size > size) {
                state.stage = Stage::Checkpoint;
            }
        }
        if of_round.is_none() || !added { Vec::new() } else { vec![self.advance_round(cosigned)] }
    }

    /// The round's checkpoint has more cosignatures than before.
    fn advance_round(&mut self, checkpoint: SignedCheckpoint) -> Event {
        let is_witnessed = self.policy.verify(&checkpoint).is_ok();
        let mirrors_suffice = self.would_suffice(&checkpoint);
        let has_mirror = self.mirrors().any(|state| is_cosigned_by(&checkpoint, &state.peer.key));
        if let Some(round) = &mut self.round {
            round.checkpoint = Arc::new(checkpoint.clone());
            (round.is_witnessed, round.mirrors_suffice, round.has_mirror) =
                (is_witnessed, mirrors_suffice, has_mirror);
        }
        Event::Cosigned { checkpoint, is_witnessed, is_mirrored: has_mirror && mirrors_suffice }
    }

    fn mirrors(&self) -> impl Iterator<Item = &PeerState> {
        self.peers.iter().filter(|state| state.peer.role == Role::Mirror)
    }

    /// Whether all that is still missing is for witnesses to give, and a mirror has what they will remember. When every
    /// mirror is down, the policy alone decides.
    fn may_ask_witnesses(&self) -> bool {
        let Some(round) = &self.round else { return false };
        round.mirrors_suffice && (round.has_mirror || self.mirrors().all(PeerState::is_failing))
    }

    /// Whether the quorum would be met if all light witnesses cosigned, too.
    fn would_suffice(&self, checkpoint: &SignedCheckpoint) -> bool {
        self.policy.is_met_by(|witness| {
            let is_light = self
                .peers
                .iter()
                .any(|state| state.peer.role == Role::Witness && state.peer.key == *witness.key());
            is_light || is_cosigned_by(checkpoint, witness.key())
        })
    }
}

fn is_cosigned_by(checkpoint: &SignedCheckpoint, key: &VerifierKey) -> bool {
    let note = checkpoint.note();
    let is_good = |line| matches!(key.check(note.text(), line), Ok(SignatureCheck::Cosigned { .. }));
    note.signatures().iter().any(is_good)
}

/// What an answer teaches.
#[derive(Debug, PartialEq, Eq)]
enum Learnt {
    Nothing,
    Cosignatures { checkpoint: Arc<SignedCheckpoint>, lines: Vec<u8> },
    Contradicts { size: TreeSize },
}
