//! What is remembered of each log, and how it moves on: check and persist in one atomic step.

use std::sync::Arc;

use matricula_state::{Expected, Op, StateError, StateStore, Table, Versioned};
use matricula_tlog::{
    AddCheckpointError, AddCheckpointRequest, CheckpointError, CheckpointVerifyError, ConsistencyError,
    Evidence, Origin, SignatureCheck, SignatureError, SignedCheckpoint, SignedCheckpointError, SignedNote,
    TreeSize, UnixSeconds, VerifiedCheckpoint, VerifierKey, verify_consistency,
};

use super::{AddCheckpointRefusal, EvidenceStore, KnownLogs, WitnessError, check_clock};

/// The latest checkpoint of each log, in one table: what a witness cosigned, or what a mirror has pending.
#[derive(Debug)]
pub(crate) struct Track {
    store: Arc<dyn StateStore>,
    table: Table,
}

/// What is remembered of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tracked {
    /// With the log's own signature lines, and no others.
    pub(crate) checkpoint: SignedCheckpoint,
    /// The time under which it is, or will be, cosigned.
    pub(crate) at: UnixSeconds,
}

/// Where a request led.
#[derive(Debug)]
pub(crate) enum Advance {
    /// The checkpoint is remembered, durably.
    Advanced {
        /// As the log signed it.
        checkpoint: VerifiedCheckpoint,
        /// The time that a cosignature must carry: never earlier than that of any smaller tree.
        at: UnixSeconds,
    },
    /// Nothing changed.
    Refused(AddCheckpointRefusal),
}

/// What became of a checkpoint that somebody else kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// The log is not followed or did not sign it, or it has no good cosignature of this witness: it says nothing.
    NotOurs,
    /// As much is remembered.
    Known,
    /// More was cosigned once than was remembered. It is remembered again.
    Recovered {
        /// The size that was remembered.
        from: TreeSize,
        /// The size that was cosigned.
        to: TreeSize,
    },
}

/// A checkpoint that is about to be remembered.
pub(crate) struct Offered<'o> {
    /// With the log's signature lines alone.
    pub(crate) signed: &'o SignedCheckpoint,
    /// As it was received, with the lines of others.
    pub(crate) received: &'o SignedCheckpoint,
}

/// A request that the log's key stands behind.
struct Offer<'k> {
    request: AddCheckpointRequest,
    checkpoint: VerifiedCheckpoint,
    signed: SignedCheckpoint,
    keys: &'k [VerifierKey],
}

impl Track {
    pub(crate) fn new(store: Arc<dyn StateStore>, table: Table) -> Self {
        Self { store, table }
    }

    /// What is remembered of a log.
    pub(crate) fn latest(
        &self,
        origin: &Origin,
        keys: &[VerifierKey],
    ) -> Result<Option<Tracked>, WitnessError> {
        Ok(self.read(origin, keys)?.map(|(tracked, _)| tracked))
    }

    /// Steps 1 to 6 of [`super::LightWitness::add_checkpoint`]. `beside` says what else is to be written in the same
    /// atomic step.
    pub(crate) fn advance(
        &self,
        logs: &KnownLogs,
        evidence: &EvidenceStore,
        body: &[u8],
        now: UnixSeconds,
        beside: impl FnOnce(&Offered<'_>) -> Result<Vec<Op>, WitnessError>,
    ) -> Result<Advance, WitnessError> {
        check_clock(now)?;
        let offer = match receive(logs, body) {
            Ok(offer) => offer,
            Err(refusal) => return Ok(Advance::Refused(refusal)),
        };
        let origin = offer.checkpoint.origin();
        let remembered = self.read(origin, offer.keys)?;
        let tracked = remembered.as_ref().map(|(tracked, _)| tracked);
        if let Err(refusal) = check(&offer, tracked) {
            if let Some(tracked) = tracked {
                accuse(evidence, &offer, tracked, &refusal)?;
            }
            return Ok(Advance::Refused(refusal));
        }
        // A cosignature says "the largest so far" at its time. Were a larger tree's time the earlier one, as when the
        // clock goes back or two requests overtake one another, the two would be evidence of a rollback.
        let at = tracked.map_or(now, |tracked| now.max(tracked.at));
        let expected =
            remembered.as_ref().map_or(Expected::Absent, |(_, row)| Expected::Exactly(row.version));
        let value = encode(&offer.signed, at);
        let offered = Offered { signed: &offer.signed, received: offer.request.checkpoint() };
        let mut ops = beside(&offered)?;
        ops.push(Op::put(self.table, origin.as_str(), value, expected));
        match self.store.apply(&ops) {
            Ok(_) => Ok(Advance::Advanced { checkpoint: offer.checkpoint, at }),
            Err(StateError::Conflict { .. }) => {
                let stored = size_of(self.read(origin, offer.keys)?.as_ref().map(|(tracked, _)| tracked));
                Ok(Advance::Refused(AddCheckpointRefusal::Conflict { stored }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes up again what the cosigner of that key once said of a log, if more is not remembered.
    pub(crate) fn recall(
        &self,
        own: &VerifierKey,
        keys: &[VerifierKey],
        checkpoint: &SignedCheckpoint,
    ) -> Result<Recalled, WitnessError> {
        let said_of = checkpoint.unverified();
        let (origin, size) = (said_of.origin(), said_of.size());
        let said_at = said_at(own, checkpoint.note());
        let signed = log_lines_only(checkpoint.note(), keys);
        let (Some(said_at), Some(signed)) = (said_at, signed) else { return Ok(Recalled::NotOurs) };
        loop {
            let remembered = self.read(origin, keys)?;
            let tracked = remembered.as_ref().map(|(tracked, _)| tracked);
            let from = size_of(tracked);
            let same =
                tracked.is_some_and(|tracked| tracked.checkpoint.unverified().root() == said_of.root());
            if tracked.is_some() && from == size && !same {
                return Err(WitnessError::SaidTwo { origin: origin.clone(), size });
            }
            let at = tracked.map_or(said_at, |tracked| said_at.max(tracked.at));
            let is_known = tracked.is_some_and(|tracked| from > size || from == size && at == tracked.at);
            if is_known {
                return Ok(Recalled::Known);
            }
            let expected =
                remembered.as_ref().map_or(Expected::Absent, |(_, row)| Expected::Exactly(row.version));
            match self.store.apply(&[Op::put(self.table, origin.as_str(), encode(&signed, at), expected)]) {
                Ok(_) => return Ok(Recalled::Recovered { from, to: size }),
                // Something was remembered meanwhile; sizes only grow, so this ends.
                Err(StateError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn read(
        &self,
        origin: &Origin,
        keys: &[VerifierKey],
    ) -> Result<Option<(Tracked, Versioned)>, WitnessError> {
        let Some(row) = self.store.get(self.table, origin.as_str().as_bytes())? else { return Ok(None) };
        let tracked = decode(&row.value).filter(|tracked| {
            // A key that has been taken off the list since cannot be asked; one that is on it must agree.
            let bad = |key| {
                let verified = tracked.checkpoint.verify(key);
                matches!(verified, Err(CheckpointVerifyError::Signature(SignatureError::BadSignature { .. })))
            };
            tracked.checkpoint.unverified().origin() == origin && !keys.iter().any(bad)
        });
        let tracked = tracked.ok_or_else(|| WitnessError::DamagedRecord { origin: origin.clone() })?;
        Ok(Some((tracked, row)))
    }
}

/// Reads the request, and checks who signed the checkpoint.
fn receive<'k>(logs: &'k KnownLogs, body: &[u8]) -> Result<Offer<'k>, AddCheckpointRefusal> {
    let request = AddCheckpointRequest::parse(body).map_err(|error| match error {
        AddCheckpointError::Checkpoint(SignedCheckpointError::Checkpoint(
            CheckpointError::NotTheEmptyRoot,
        )) => AddCheckpointRefusal::NotTheEmptyRoot,
        error => AddCheckpointRefusal::Malformed(error),
    })?;
    let offered = request.checkpoint();
    let origin = offered.unverified().origin();
    let keys =
        logs.keys(origin).ok_or_else(|| AddCheckpointRefusal::UnknownLog { origin: origin.clone() })?;
    let mut signed_by = None;
    for key in keys {
        match offered.verify(key) {
            Ok(checkpoint) => signed_by = Some(checkpoint),
            Err(CheckpointVerifyError::Signature(SignatureError::NoKnownSignature)) => {}
            Err(error) => return Err(AddCheckpointRefusal::NotSigned(error)),
        }
    }
    let not_signed = || AddCheckpointRefusal::NotSigned(SignatureError::NoKnownSignature.into());
    let checkpoint = signed_by.ok_or_else(not_signed)?;
    let signed = log_lines_only(offered.note(), keys).ok_or_else(not_signed)?;
    Ok(Offer { checkpoint, signed, keys, request })
}

/// The note with the signature lines of these keys alone: what others wrote under it is not remembered.
fn log_lines_only(note: &SignedNote, keys: &[VerifierKey]) -> Option<SignedCheckpoint> {
    let is_log_line =
        |line: &&_| keys.iter().any(|key| key.check(note.text(), line) == Ok(SignatureCheck::Signed));
    let mut lines = note.signatures().iter().filter(is_log_line).cloned();
    let mut kept = SignedNote::new(note.text().to_owned(), lines.next()?).ok()?;
    for line in lines {
        kept.add_signature(line).ok()?;
    }
    SignedCheckpoint::parse(kept.encode().as_bytes()).ok()
}

/// The latest time at which a key cosigned this text; `None` when it did not, or a line that claims so is bad.
fn said_at(own: &VerifierKey, note: &SignedNote) -> Option<UnixSeconds> {
    let times = note.signatures().iter().filter_map(|line| match own.check(note.text(), line) {
        Ok(SignatureCheck::Cosigned { at }) => Some(at),
        _ => None,
    });
    times.max()
}

/// Steps 3 to 5.
fn check(offer: &Offer<'_>, tracked: Option<&Tracked>) -> Result<(), AddCheckpointRefusal> {
    let (old, new) = (offer.request.old(), offer.checkpoint.size());
    if old > new {
        return Err(AddCheckpointRefusal::OldBeyondNew { old, new });
    }
    let stored = size_of(tracked);
    if old != stored {
        return Err(AddCheckpointRefusal::Conflict { stored });
    }
    let proof = offer.request.proof();
    match tracked.map(|tracked| tracked.checkpoint.unverified()) {
        Some(latest) if latest.size().get() > 0 => {
            verify_consistency(old, new, proof, latest.root(), offer.checkpoint.root())
                .map_err(AddCheckpointRefusal::Inconsistent)
        }
        _ if proof.is_empty() => Ok(()),
        _ => Err(AddCheckpointRefusal::ProofFromNothing { got: proof.len() }),
    }
}

/// Keeps what the refused checkpoint and the remembered one prove against the log, or that they are still to be
/// explained.
fn accuse(
    evidence: &EvidenceStore,
    offer: &Offer<'_>,
    tracked: &Tracked,
    refusal: &AddCheckpointRefusal,
) -> Result<(), WitnessError> {
    let proof = match refusal {
        AddCheckpointRefusal::Inconsistent(
            ConsistencyError::FirstRootMismatch { .. } | ConsistencyError::SecondRootMismatch { .. },
        ) => offer.request.proof(),
        // The proof starts elsewhere, but two roots of one size need none.
        AddCheckpointRefusal::Conflict { stored } if *stored == offer.checkpoint.size() => &[],
        _ => return Ok(()),
    };
    let between = |key| Evidence::between(key, &tracked.checkpoint, &offer.signed, proof);
    if let Some(found) = offer.keys.iter().find_map(between) {
        evidence.keep(&found)?;
    } else if matches!(refusal, AddCheckpointRefusal::Inconsistent(_)) {
        evidence.keep_unexplained(&tracked.checkpoint, &offer.signed)?;
    }
    Ok(())
}

fn size_of(tracked: Option<&Tracked>) -> TreeSize {
    tracked.map_or(TreeSize::new(0), |tracked| tracked.checkpoint.unverified().size())
}

/// `at <seconds>`, then the note.
pub(crate) fn encode(checkpoint: &SignedCheckpoint, at: UnixSeconds) -> String {
    format!("at {at}\n{}", checkpoint.encode())
}

/// What [`encode`] wrote.
pub(crate) fn decode(row: &[u8]) -> Option<Tracked> {
    let (at, note) = core::str::from_utf8(row).ok()?.strip_prefix("at ")?.split_once('\n')?;
    let at = UnixSeconds::parse(at).ok()?;
    Some(Tracked { checkpoint: SignedCheckpoint::parse(note.as_bytes()).ok()?, at })
}
