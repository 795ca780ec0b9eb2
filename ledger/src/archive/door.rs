//! The door once more, for entries whose times of logging are lost.
//!
//! Tiles and bundles carry no times. What is known of an entry's time is that it was not before those of the entries
//! ahead of it, and not after the cosignature over a checkpoint that covers it. Within that window the entry must have
//! been admissible. The record that is written carries the latest second at which it was: like the time of a log proof it
//! says by when the entry was there. Any earlier one would claim more than is known, and could make an end of rights look
//! as if it had been in the log sooner than it was.

use matricula_registry::{
    DoorError, LogOrigin, LogTime, OutOfOrder, PublicKey, Registry, Statement, VerifiedStatement,
};
use matricula_tlog::{LeafIndex, TreeSize, UnixSeconds};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

/// What is known of an entry's time.
#[derive(Clone, Copy, Debug)]
pub(super) enum TimeOf {
    /// The record of an earlier attempt says it.
    Known(UnixSeconds),
    /// Nothing but the window.
    Lost,
}

/// A registry that is rebuilt.
pub(super) struct Door {
    registry: Registry,
    /// No entry from here on can have been logged before.
    floor: UnixSeconds,
    /// By when the entries before a size were logged, by growing size.
    ceilings: Vec<(TreeSize, UnixSeconds)>,
    now: UnixSeconds,
}

impl Door {
    pub(super) fn new(
        origin: LogOrigin,
        founder: PublicKey,
        mut ceilings: Vec<(TreeSize, UnixSeconds)>,
        now: UnixSeconds,
    ) -> Self {
        ceilings.sort();
        Self { registry: Registry::new(origin, [founder]), floor: UnixSeconds::new(0), ceilings, now }
    }

    /// Lets the entry in, and returns the second that its record is to carry.
    pub(super) fn admit(
        &mut self,
        index: LeafIndex,
        time: TimeOf,
        verified: VerifiedStatement,
    ) -> Result<UnixSeconds, DoorError> {
        let window = LogTime::between(self.floor, self.ceiling(index).max(self.floor));
        let stretches = self.registry.admissible(index, window, &verified)?;
        self.floor = stretches.first().map_or(self.floor, |first| first.earliest());
        let at = match time {
            TimeOf::Known(at) => at,
            TimeOf::Lost => stretches.last().map_or(self.floor, |last| last.latest()),
        };
        let admitted = self.registry.admit_verified(index, LogTime::at(at), verified)?;
        let applied = self.registry.apply(admitted);
        applied.map_err(|OutOfOrder { index, next }| DoorError::NotNextLeaf { index, next })?;
        Ok(at)
    }

    fn ceiling(&self, index: LeafIndex) -> UnixSeconds {
        let covering = self.ceilings.iter().filter(|(size, _)| index.get() < size.get());
        covering.map(|(_, at)| *at).min().unwrap_or(self.now)
    }
}

/// Reads statements and checks their signatures, on all cores.
pub(super) fn verify(entries: &[Vec<u8>]) -> Vec<Result<VerifiedStatement, DoorError>> {
    let verify = |entry: &Vec<u8>| Ok(Statement::parse(entry)?.verify_signatures()?);
    entries.par_iter().with_min_len(8).map(verify).collect()
}
