//! Rebuilding a destroyed log from copies.

use matricula_registry::PublicKey;
use matricula_state::{Expected, Op};
use matricula_tlog::{Policy, SignedCheckpoint, TreeSize, UnixSeconds, VerifierKey};

use super::LogSource;
use super::believed::{BelieveError, Believed, Shown, SourceReport};
use super::reading::{Findings, SourceFinding};
use super::rebuild::rebuild;
use super::restore_error::RestoreError;
use crate::disk::replace;
use crate::distributor::Anchors;
use crate::node::{HISTORY, NodeStores};
use crate::sequence::Head;
use crate::signer::{NodeKeys, POLICY, policy_text, read_record, write_record};

/// What to rebuild, from where.
pub struct RestoreOrder<'a> {
    /// The log's old keys. Its origin is the name of the log's key.
    pub keys: &'a NodeKeys,
    /// The authority's first key: it must have signed the log's first entry.
    pub founder: PublicKey,
    /// Which checkpoints are believed: it lists the log, and whose cosignatures it takes.
    pub policy: &'a Policy,
    /// Who has copies of the log.
    pub sources: &'a [&'a dyn LogSource],
    /// Submission prefixes of witnesses and mirrors that must say what they have seen.
    pub ask: &'a [&'a str],
    /// How to reach them.
    pub anchors: &'a dyn Anchors,
    /// What time it is.
    pub now: UnixSeconds,
}

/// Copies of a log that are to be checked, and nothing written.
pub struct Copies<'a> {
    /// The log's key. Its name is the log's origin.
    pub log_key: &'a VerifierKey,
    /// The authority's first key: it must have signed the log's first entry.
    pub founder: PublicKey,
    /// Which checkpoints are believed.
    pub policy: &'a Policy,
    /// Who has copies of the log.
    pub sources: &'a [&'a dyn LogSource],
    /// Submission prefixes of witnesses and mirrors that must say what they have seen.
    pub ask: &'a [&'a str],
    /// How to reach them.
    pub anchors: &'a dyn Anchors,
    /// What time it is.
    pub now: UnixSeconds,
}

impl<'a> RestoreOrder<'a> {
    fn copies(&self) -> Copies<'a> {
        Copies {
            log_key: self.keys.log.verifier(),
            founder: self.founder,
            policy: self.policy,
            sources: self.sources,
            ask: self.ask,
            anchors: self.anchors,
            now: self.now,
        }
    }
}

/// A log that was rebuilt, or checked as if it were to be.
#[derive(Debug)]
pub struct Restored {
    /// Its checkpoint, with every good cosignature that the sources had.
    pub checkpoint: SignedCheckpoint,
    /// What each source was believed to have, the largest first.
    pub sources: Vec<SourceReport>,
    /// What sources had wrong, and others had right.
    pub findings: Vec<SourceFinding>,
    /// Entries that an earlier attempt had left.
    pub resumed: TreeSize,
}

/// [`restore`](super::restore()) into stores of the caller's choice: new ones, or those of an attempt that was stopped.
///
/// # Errors
/// As [`restore`](super::restore()).
pub fn restore_on(
    stores: &NodeStores,
    order: &RestoreOrder<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    check_all(&order.copies(), Some(stores), progress, |believed, largest| {
        publish(stores, order, believed, largest)
    })
}

/// Checks copies of a log as [`restore`](super::restore()) does, and writes nothing: for a log whose key is lost, before
/// another one commits to how it ended.
///
/// # Errors
/// As [`restore`](super::restore()).
pub fn audit(copies: &Copies<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<Restored, RestoreError> {
    check_all(copies, None, progress, |believed, largest| {
        Ok(believed.merged(largest, None).unwrap_or_else(|| largest.note.clone()))
    })
}

fn check_all(
    copies: &Copies<'_>,
    stores: Option<&NodeStores>,
    progress: &mut dyn FnMut(u64, u64),
    publish: impl FnOnce(&Believed<'_>, &Shown) -> Result<SignedCheckpoint, RestoreError>,
) -> Result<Restored, RestoreError> {
    let findings = Findings::default();
    let mut believed = Believed::gather(copies.sources, copies.policy, copies.log_key, &findings);
    believed.ask(copies.ask, copies.anchors)?;
    believed.settle(&findings);
    let Some(largest) = believed.largest().cloned() else {
        return Err(BelieveError::Nothing { findings: findings.into_inner() }.into());
    };
    believed.check_sizes(&largest)?;
    if let Some(stores) = stores {
        put_on_record(stores, largest.head())?;
    }
    let resumed = match rebuild(stores, copies, &believed, &largest, &findings, progress) {
        Ok(resumed) => resumed,
        Err(RestoreError::Bundle { path, .. }) => {
            return Err(RestoreError::Bundle { path, findings: findings.into_inner() });
        }
        Err(RestoreError::RootMismatch { computed, signed, .. }) => {
            return Err(RestoreError::RootMismatch { computed, signed, findings: findings.into_inner() });
        }
        Err(error) => return Err(error),
    };
    let checkpoint = publish(&believed, &largest)?;
    Ok(Restored { checkpoint, sources: believed.reports(), findings: findings.into_inner(), resumed })
}

/// Lets the signer know of the head before anything else is there: from here on no node opens the folder with less.
fn put_on_record(stores: &NodeStores, head: Head) -> Result<(), RestoreError> {
    if let Some(known) = read_record(stores.disk.as_ref())?.filter(|known| known.size > head.size) {
        let witness = "an earlier attempt".to_owned();
        return Err(BelieveError::Behind { witness, known: known.size, found: head.size }.into());
    }
    Ok(write_record(stores.disk.as_ref(), &head)?)
}

/// Writes what stands beside the entries, the checkpoint last.
fn publish(
    stores: &NodeStores,
    order: &RestoreOrder<'_>,
    believed: &Believed<'_>,
    largest: &Shown,
) -> Result<SignedCheckpoint, RestoreError> {
    let (log, witness) = (order.keys.log.verifier(), order.keys.witness.verifier());
    let policy = policy_text(log, witness);
    replace(stores.disk.as_ref(), "", POLICY, policy.as_bytes())?;
    let own = Policy::parse(policy.as_bytes()).ok();
    let is_own = |note: &SignedCheckpoint| own.as_ref().is_some_and(|own| own.verify(note).is_ok());
    let mut note = believed.merged(largest, Some(witness)).unwrap_or_else(|| largest.note.clone());
    if !is_own(&note) {
        let cosignature = order.keys.witness.cosign(&note.verify(log)?, order.now)?;
        note.add_signature(cosignature)?;
    }
    // Proofs of old entries lead to the first checkpoint that is known to cover them.
    let smaller = believed.sources.iter().filter_map(|(_, shown)| believed.merged(shown, Some(witness)));
    for note in smaller.filter(is_own).chain([note.clone()]) {
        let key = note.unverified().size().get().to_be_bytes();
        stores.state.apply(&[Op::put(HISTORY, key, note.encode(), Expected::Any)])?;
    }
    stores.tiles.publish(&note)?;
    Ok(note)
}
