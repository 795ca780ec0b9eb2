//! One `add-entries` request, from its first byte to its answer.

use std::sync::Arc;

use matricula_registry::{DoorError, Statement, VerifiedStatement};
use matricula_state::{Expected, Op};
use matricula_tlog::{
    AddEntriesHeader, AddEntriesReader, EntryPackage, Hash, LeafIndex, Origin, TreeSize, UnixSeconds,
    leaf_hash, subtree_hash, verify_subtree,
};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::copy::{Batch, LogCopy, TakenIn};
use super::objection::{self, Leaves, Objection};
use super::pending::Pending;
use super::{AddEntriesOutcome, AddEntriesRefusal, Mirror, MirrorError, STOPPED};

/// Entries that a client may send although they are there: a whole request of them. More is a client that has lost its
/// way.
pub const EXCESS_ENTRIES_MAX: u64 = 8192;

/// A request under way. Each package is verified, taken through the door and stored as soon as it is complete, so that
/// nothing is lost when the rest does not come.
pub struct Upload<'m> {
    mirror: &'m Mirror,
    reader: AddEntriesReader,
    accepted: Option<Accepted>,
}

/// An upload whose header is in order.
struct Accepted {
    copy: Arc<LogCopy>,
    pending: Vec<Pending>,
    /// The checkpoint that it leads to.
    target: Pending,
    /// Entries that count towards no quota.
    backlog: TreeSize,
    /// Whether a package has been stored, or was there already.
    any_stored: bool,
}

impl<'m> Upload<'m> {
    pub(super) fn new(mirror: &'m Mirror) -> Self {
        Self { mirror, reader: AddEntriesReader::new(), accepted: None }
    }

    /// Takes in what has arrived of the body. An outcome is the answer: no more is needed.
    ///
    /// 1. The header is read: 400. The log is mirrored: 404, and was not stopped: 422. A checkpoint is pending: 422.
    /// 2. The upload ends at a pending checkpoint not smaller than the one cosigned last, and starts no later than at
    ///    the next entry, and not long before: 409.
    /// 3. Each package belongs to that checkpoint's tree, by proof: 422.
    /// 4. Each entry passes the door at its place: 422, and evidence is kept. It fits the quotas: 429, or 202 after
    ///    an earlier package.
    /// 5. The package is stored.
    ///
    /// # Errors
    /// [`MirrorError`]: no answer could be found.
    pub fn feed(&mut self, bytes: &[u8], now: UnixSeconds) -> Result<Option<AddEntriesOutcome>, MirrorError> {
        self.reader.feed(bytes);
        if self.accepted.is_none() {
            match self.reader.header() {
                Ok(Some(header)) => match accept(self.mirror, header)? {
                    Judged::Accepted(accepted) => self.accepted = Some(*accepted),
                    Judged::Answered(outcome) => return Ok(Some(outcome)),
                },
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(AddEntriesRefusal::Malformed(error).into())),
            }
        }
        let Some(accepted) = &mut self.accepted else { return Ok(None) };
        loop {
            match self.reader.package() {
                Ok(Some(package)) => match accepted.take(self.mirror, &package, now)? {
                    None => accepted.any_stored = true,
                    outcome => return Ok(outcome),
                },
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(AddEntriesRefusal::Malformed(error).into())),
            }
        }
    }

    /// The body has ended, or broken off: when every package has come, the copy is cosigned: 200; else 202, or 400 when
    /// none came.
    ///
    /// # Errors
    /// [`MirrorError`]: no answer could be found.
    pub fn finish(self, now: UnixSeconds) -> Result<AddEntriesOutcome, MirrorError> {
        let Some(accepted) = self.accepted else { return Ok(AddEntriesRefusal::NothingComplete.into()) };
        let size = accepted.target.size();
        if self.reader.is_complete() && accepted.copy.next().get() >= size.get() {
            return Ok(match self.mirror.cosign(&accepted.copy, &accepted.target, now)? {
                Some(signature) => AddEntriesOutcome::Cosigned(signature),
                None => AddEntriesOutcome::Conflict(accepted.latest_info(self.mirror)),
            });
        }
        if accepted.any_stored || self.reader.is_complete() {
            return Ok(AddEntriesOutcome::Partly(self.mirror.info(&accepted.copy, size)));
        }
        Ok(AddEntriesRefusal::NothingComplete.into())
    }
}

impl From<AddEntriesRefusal> for AddEntriesOutcome {
    fn from(refusal: AddEntriesRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a header led to.
enum Judged {
    Accepted(Box<Accepted>),
    Answered(AddEntriesOutcome),
}

impl From<AddEntriesRefusal> for Judged {
    fn from(refusal: AddEntriesRefusal) -> Self {
        Self::Answered(refusal.into())
    }
}

/// Steps 1 and 2.
fn accept(mirror: &Mirror, header: &AddEntriesHeader) -> Result<Judged, MirrorError> {
    let origin = header.origin();
    let Some(copy) = mirror.logs()?.copies.remove(origin) else {
        return Ok(AddEntriesRefusal::UnknownLog { origin: origin.clone() }.into());
    };
    if let Some(stopped) = stopped(mirror, origin)? {
        return Ok(stopped.into());
    }
    let pending = mirror.recent(origin).all()?;
    let Some(latest) = pending.last().map(Pending::size) else {
        return Ok(AddEntriesRefusal::NoCheckpoint { origin: origin.clone() }.into());
    };
    let cosigned = mirror.cosigned(origin)?.map(Pending::from);
    let cosigned_size = cosigned.as_ref().map_or(TreeSize::new(0), Pending::size);
    let target = pending.iter().chain(&cosigned).find(|pending| pending.size() == header.end());
    let Some(target) = target.filter(|target| target.size() >= cosigned_size).cloned() else {
        return Ok(Judged::Answered(AddEntriesOutcome::Conflict(mirror.info(&copy, latest))));
    };
    let next = copy.next().get();
    let excess = next.min(header.end().get()).saturating_sub(header.start().get());
    if header.start().get() > next || excess > EXCESS_ENTRIES_MAX {
        return Ok(Judged::Answered(AddEntriesOutcome::Conflict(mirror.info(&copy, header.end()))));
    }
    let backlog = mirror.backlog(origin)?;
    Ok(Judged::Accepted(Box::new(Accepted { copy, pending, target, backlog, any_stored: false })))
}

impl Accepted {
    /// Steps 3 to 5; `None` when the package is stored, or was there.
    fn take(
        &self,
        mirror: &Mirror,
        package: &EntryPackage,
        now: UnixSeconds,
    ) -> Result<Option<AddEntriesOutcome>, MirrorError> {
        let place = package.place();
        let mut leaves = self.copy.leaves(place.subtree.start(), place.entries_before())?;
        leaves.extend(package.entries().iter().map(|entry| leaf_hash(entry)));
        let (size, root) = (self.target.size(), self.target.checkpoint.unverified().root());
        let hash = subtree_hash(leaves.iter().copied());
        if let Err(error) = verify_subtree(place.subtree, size, package.proof(), hash, root) {
            return Ok(Some(AddEntriesRefusal::WrongPackage(error).into()));
        }
        if place.subtree.end().get() <= self.copy.next().get() {
            return Ok(None);
        }
        let verified: Vec<_> =
            package.entries().par_iter().with_min_len(8).map(|entry| verify(entry)).collect();
        let entries = package.entries().iter().map(Vec::as_slice).zip(verified).collect();
        let batch = Batch { first: place.start, entries };
        match self.copy.take_in(batch, &self.pending, self.backlog, now)? {
            TakenIn::Stored => Ok(None),
            TakenIn::Forbidden { index, error } => {
                self.accuse(mirror, package, &leaves, index, &error)?;
                Ok(Some(AddEntriesRefusal::Forbidden { index, error: Box::new(error) }.into()))
            }
            TakenIn::OverQuota(_) if self.any_stored => {
                Ok(Some(AddEntriesOutcome::Partly(mirror.info(&self.copy, size))))
            }
            TakenIn::OverQuota(over) => Ok(Some(AddEntriesRefusal::OverQuota { over }.into())),
        }
    }

    /// Keeps the evidence that the log took an entry, and takes no more of that log.
    fn accuse(
        &self,
        mirror: &Mirror,
        package: &EntryPackage,
        leaves: &[Hash],
        index: LeafIndex,
        error: &DoorError,
    ) -> Result<(), MirrorError> {
        let found = package.indexed().find(|(place, _)| *place == index);
        if let Some((_, entry)) = found {
            let leaves = Leaves { first: package.place().subtree.start(), leaves };
            let objection = Objection { entry, error };
            let log_key = &self.copy.log().log_key;
            let checkpoint = &self.target.checkpoint;
            let evidence =
                objection::evidence(log_key, checkpoint, &leaves, package.proof(), index, &objection);
            if let Some(evidence) = evidence {
                mirror.evidence.keep(&evidence)?;
            }
        }
        let row = format!("{index} {}", error.code());
        let put = Op::put(STOPPED, self.copy.origin().as_str(), row, Expected::Any);
        mirror.state.apply(&[put])?;
        Ok(())
    }

    fn latest_info(&self, mirror: &Mirror) -> matricula_tlog::MirrorInfo {
        let latest = self.pending.last().map_or(self.target.size(), Pending::size);
        mirror.info(&self.copy, latest)
    }
}

/// Whether the log was stopped because of an entry.
fn stopped(mirror: &Mirror, origin: &Origin) -> Result<Option<AddEntriesRefusal>, MirrorError> {
    let Some(row) = mirror.state.get(STOPPED, origin.as_str().as_bytes())? else { return Ok(None) };
    let damaged = || crate::witness::WitnessError::DamagedRecord { origin: origin.clone() };
    let text = core::str::from_utf8(&row.value).map_err(|_| damaged())?;
    let (index, code) = text.split_once(' ').ok_or_else(damaged)?;
    let index = LeafIndex::parse(index).map_err(|_| damaged())?;
    Ok(Some(AddEntriesRefusal::Stopped { index, code: code.to_owned() }))
}

fn verify(entry: &[u8]) -> Result<VerifiedStatement, DoorError> {
    Ok(Statement::parse(entry)?.verify_signatures()?)
}
