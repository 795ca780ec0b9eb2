//! Witnesses that break one promise each: the suites must catch them.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use matricula_ledger::witness::{AddCheckpointOutcome, Cosign, LightWitness};
use matricula_state::{Expected, Op, StateStore, Table};
use matricula_tlog::{
    AddCheckpointRequest, SignedCheckpoint, TreeSize, UnixSeconds, VerifiedCheckpoint, verify_consistency,
};

use crate::logs::{Recorder, known, log_key};

/// What the suites drive.
pub trait Subject: Send + Sync {
    /// The status, and the body of the answer; `None` when there was none.
    fn add_checkpoint(&self, body: &[u8], now: UnixSeconds) -> Option<(u16, String)>;
}

/// Starts a witness over a store.
pub type Start = fn(Arc<dyn StateStore>, Recorder) -> Box<dyn Subject>;

impl Subject for LightWitness {
    fn add_checkpoint(&self, body: &[u8], now: UnixSeconds) -> Option<(u16, String)> {
        let outcome = Self::add_checkpoint(self, body, now).ok()?;
        assert_eq!(outcome.status() == 200, matches!(outcome, AddCheckpointOutcome::Cosigned(_)));
        Some((outcome.status(), outcome.body()))
    }
}

/// The real one.
pub fn real(store: Arc<dyn StateStore>, key: Recorder) -> Box<dyn Subject> {
    Box::new(LightWitness::new(store, Box::new(key), known()))
}

/// A promise that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sin {
    SignsBeforePersisting,
    ChecksThenWrites,
    TrustsTheClock,
}

/// Cosigns, then remembers.
pub fn signs_first(store: Arc<dyn StateStore>, key: Recorder) -> Box<dyn Subject> {
    Box::new(Sinner { store, key, sin: Sin::SignsBeforePersisting })
}

/// Remembers without asking whether anything else was remembered meanwhile.
pub fn checks_then_writes(store: Arc<dyn StateStore>, key: Recorder) -> Box<dyn Subject> {
    Box::new(Sinner { store, key, sin: Sin::ChecksThenWrites })
}

/// Signs whatever time it is, though a smaller tree was signed at a later one.
pub fn trusts_the_clock(store: Arc<dyn StateStore>, key: Recorder) -> Box<dyn Subject> {
    Box::new(Sinner { store, key, sin: Sin::TrustsTheClock })
}

struct Sinner {
    store: Arc<dyn StateStore>,
    key: Recorder,
    sin: Sin,
}

const TABLE: Table = Table::new("sinner");

impl Sinner {
    fn conflict(stored: TreeSize) -> Option<(u16, String)> {
        Some((409, format!("{stored}\n")))
    }

    fn is_extension(request: &AddCheckpointRequest, latest: Option<&SignedCheckpoint>) -> bool {
        let new = request.checkpoint().unverified();
        latest.map(SignedCheckpoint::unverified).is_none_or(|old| {
            verify_consistency(old.size(), new.size(), request.proof(), old.root(), new.root()).is_ok()
        })
    }

    fn sign(&self, checkpoint: &VerifiedCheckpoint, at: UnixSeconds) -> Option<(u16, String)> {
        Some((200, self.key.cosign(checkpoint, at).ok()?.encode()))
    }
}

impl Subject for Sinner {
    fn add_checkpoint(&self, body: &[u8], now: UnixSeconds) -> Option<(u16, String)> {
        let request = AddCheckpointRequest::parse(body).ok()?;
        let verified = request.checkpoint().verify(log_key().verifier()).ok()?;
        let row = self.store.get(TABLE, b"latest").ok()?;
        let latest = row.as_ref().map(|row| SignedCheckpoint::parse(&row.value).unwrap());
        let stored = latest.as_ref().map_or(TreeSize::new(0), |latest| latest.unverified().size());
        if request.old() != stored {
            return Self::conflict(stored);
        }
        if !Self::is_extension(&request, latest.as_ref()) {
            return Some((422, String::new()));
        }
        let mut expected = row.map_or(Expected::Absent, |row| Expected::Exactly(row.version));
        if self.sin == Sin::ChecksThenWrites {
            thread::sleep(Duration::from_micros(200));
            expected = Expected::Any;
        }
        let early = if self.sin == Sin::SignsBeforePersisting { self.sign(&verified, now) } else { None };
        let put = Op::put(TABLE, "latest", request.checkpoint().encode(), expected);
        match self.store.apply(&[put]) {
            Ok(_) => early.or_else(|| self.sign(&verified, now)),
            Err(matricula_state::StateError::Conflict { .. }) => Self::conflict(stored),
            Err(_) => None,
        }
    }
}
