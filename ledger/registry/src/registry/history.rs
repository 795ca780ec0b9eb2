//! Events in the order in which a log recorded them.

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{authorisation::KnownAt, identity::StatementId};

/// When something became known: its leaf index, and the time it was logged where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recorded {
    /// The leaf index of the statement.
    pub index: LeafIndex,
    /// When the statement was logged. A replay of old entries does not know.
    pub at: Option<UnixSeconds>,
}

/// Something that a statement said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<T> {
    /// When it became known.
    pub recorded: Recorded,
    /// The statement that said it.
    pub statement: StatementId,
    /// What it said.
    pub value: T,
}

/// Events in ascending order of their leaf index, at most one an index.
#[derive(Clone, Debug)]
pub(crate) struct History<T>(Vec<Event<T>>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> History<T> {
    /// Inserts an event; one that is there already at the index stays.
    pub(crate) fn insert(&mut self, recorded: Recorded, statement: StatementId, value: T) {
        if let Err(place) = self.place(recorded.index) {
            self.0.insert(place, Event { recorded, statement, value });
        }
    }

    pub(crate) fn remove(&mut self, index: LeafIndex) {
        if let Ok(place) = self.place(index) {
            self.0.remove(place);
        }
    }

    pub(crate) fn at(&self, index: LeafIndex) -> Option<&Event<T>> {
        self.place(index).ok().map(|place| &self.0[place])
    }

    pub(crate) fn all(&self) -> &[Event<T>] {
        &self.0
    }

    /// The events that were known then.
    pub(crate) fn known(&self, known_at: KnownAt) -> &[Event<T>] {
        match known_at {
            KnownAt::Latest => &self.0,
            KnownAt::Index(index) => &self.0[..self.0.partition_point(|event| event.recorded.index <= index)],
        }
    }

    pub(crate) fn latest(&self) -> Option<&Event<T>> {
        self.0.last()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, index: LeafIndex) -> Result<usize, usize> {
        self.0.binary_search_by_key(&index, |event| event.recorded.index)
    }
}
