//! The trust registry: what a log's statements, replayed in order, say about who may sign what.

mod evidence;
mod history;
mod institution;
mod keys;
mod read;

use std::collections::{BTreeMap, HashMap};

use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

use crate::{
    authorisation::KnownAt,
    body::{Authority, Batch, Body, Status},
    door::Admitted,
    identity::{InstitutionId, LogOrigin, PublicKey, StatementId, Text},
    registry::history::History,
    statement::Statement,
};

pub use evidence::EvidenceError;
pub use history::{Event, Recorded};
pub use institution::Institution;
pub(crate) use institution::Standing;
pub use keys::KeyRecord;
pub use read::{NegativeEvent, NegativeKind, StatusVersion};

/// Everything that one log's statements say, with the leaf index at which each became known.
///
/// A full replay ([`Registry::admit`] and [`Registry::apply`], entry after entry) and a sparse one
/// ([`Registry::apply_evidence`], some statements with their indexes) build the same structure and
/// answer alike for the statements given.
#[derive(Clone, Debug)]
pub struct Registry {
    origin: LogOrigin,
    root_keys: Vec<PublicKey>,
    next: LeafIndex,
    authority: History<Authority>,
    institutions: BTreeMap<InstitutionId, Institution>,
    keys: HashMap<PublicKey, KeyRecord>,
    lists: BTreeMap<Text, History<Status>>,
    negatives: BTreeMap<LeafIndex, NegativeEvent>,
}

/// What an applied statement changed, for [`Registry::undo`].
#[derive(Debug)]
pub struct Applied {
    index: LeafIndex,
    touched: Touched,
}

impl Applied {
    /// The leaf index of the statement.
    pub const fn index(&self) -> LeafIndex {
        self.index
    }
}

#[derive(Debug)]
enum Touched {
    Nothing,
    Authority,
    Institution(InstitutionId),
    Key(PublicKey),
    List(Text),
    Batch(InstitutionId, Hash),
}

/// An admission, or an undoing, that does not fit the registry as it is now. The fault is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaf {index} does not fit a registry whose next leaf is {next}")]
pub struct OutOfOrder {
    /// The leaf index given.
    pub index: LeafIndex,
    /// The registry's next leaf index.
    pub next: LeafIndex,
}

impl Registry {
    /// An empty registry for the log of that name.
    ///
    /// `root_keys` are the authority's keys as known from outside the log, such as a trust file. One of
    /// them must sign the log's first entry; until an authority statement is known, they are the
    /// authority's keys. With none, nothing is ever admitted.
    pub fn new(origin: LogOrigin, root_keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self {
            origin,
            root_keys: root_keys.into_iter().collect(),
            next: LeafIndex::new(0),
            authority: History::default(),
            institutions: BTreeMap::new(),
            keys: HashMap::new(),
            lists: BTreeMap::new(),
            negatives: BTreeMap::new(),
        }
    }

    /// Takes an admitted statement in.
    ///
    /// # Errors
    /// [`OutOfOrder`] if another statement was applied since the door decided: the decision no longer
    /// counts, ask the door again.
    pub fn apply(&mut self, admitted: Admitted) -> Result<Applied, OutOfOrder> {
        let (recorded, statement) = admitted.into_parts();
        if recorded.index != self.next {
            return Err(OutOfOrder { index: recorded.index, next: self.next });
        }
        let touched = self.take_in(recorded, &statement);
        self.next = LeafIndex::new(recorded.index.get() + 1);
        Ok(Applied { index: recorded.index, touched })
    }

    /// Takes the latest applied statement out again, for a group of entries that is logged whole or not
    /// at all.
    ///
    /// # Errors
    /// [`OutOfOrder`] if it is not the latest one.
    pub fn undo(&mut self, applied: Applied) -> Result<(), OutOfOrder> {
        let Applied { index, touched } = applied;
        if index.get().checked_add(1) != Some(self.next.get()) {
            return Err(OutOfOrder { index, next: self.next });
        }
        self.take_out(index, touched);
        self.next = index;
        Ok(())
    }

    fn take_in(&mut self, recorded: Recorded, statement: &Statement) -> Touched {
        let id = statement.id();
        if let Some(negative) = NegativeEvent::of(recorded, statement) {
            self.negatives.insert(recorded.index, negative);
        }
        match statement.body() {
            Body::Authority(body) => {
                self.authority.insert(recorded, id, body.clone());
                Touched::Authority
            }
            Body::Accreditation(body) => {
                self.institution_mut(&body.institution).history.insert(recorded, id, body.clone());
                Touched::Institution(body.institution.clone())
            }
            Body::Key(body) => {
                self.institution_mut(&body.institution).keys.insert(body.key);
                let record =
                    self.keys.entry(body.key).or_insert_with(|| KeyRecord::new(body.institution.clone()));
                record.history.insert(recorded, id, body.event);
                Touched::Key(body.key)
            }
            Body::Batch(body) => {
                self.institution_mut(&body.issuer).batches.entry(body.root).or_insert(recorded.index);
                Touched::Batch(body.issuer.clone(), body.root)
            }
            Body::Status(body) => {
                self.lists.entry(body.list.clone()).or_default().insert(recorded, id, body.clone());
                Touched::List(body.list.clone())
            }
            Body::Commitment(_) | Body::Unknown { .. } => Touched::Nothing,
        }
    }

    fn take_out(&mut self, index: LeafIndex, touched: Touched) {
        self.negatives.remove(&index);
        match touched {
            Touched::Nothing => {}
            Touched::Authority => self.authority.remove(index),
            Touched::Institution(id) => {
                let institution = self.institution_mut(&id);
                institution.history.remove(index);
                if institution.is_blank() {
                    self.institutions.remove(&id);
                }
            }
            Touched::Key(key) => self.take_out_key(index, &key),
            Touched::List(list) => {
                let versions = self.lists.entry(list.clone()).or_default();
                versions.remove(index);
                if versions.is_empty() {
                    self.lists.remove(&list);
                }
            }
            Touched::Batch(issuer, root) => {
                self.institution_mut(&issuer).batches.remove(&root);
            }
        }
    }

    fn take_out_key(&mut self, index: LeafIndex, key: &PublicKey) {
        let Some(record) = self.keys.get_mut(key) else { return };
        record.history.remove(index);
        if record.history.is_empty() {
            let institution = record.institution.clone();
            self.keys.remove(key);
            self.institution_mut(&institution).keys.remove(key);
        }
    }

    fn institution_mut(&mut self, id: &InstitutionId) -> &mut Institution {
        self.institutions.entry(id.clone()).or_default()
    }

    /// Whether the key is the authority's own at that time, as known then. Before any authority
    /// statement is known, the root keys are.
    pub fn is_authority_key(&self, key: &PublicKey, at: UnixSeconds, known_at: KnownAt) -> bool {
        match self.authority.known(known_at).last() {
            Some(profile) => profile.value.key(key).is_some_and(|valid| valid.contains(at)),
            None => self.root_keys.contains(key),
        }
    }

    /// Whether the key is, was or will be the authority's own, as far as any statement says.
    pub(crate) fn ever_authority_key(&self, key: &PublicKey) -> bool {
        self.root_keys.contains(key)
            || self.authority.all().iter().any(|event| event.value.key(key).is_some())
    }

    pub(crate) fn first_batch(&self, batch: &Batch) -> Option<LeafIndex> {
        self.institutions.get(&batch.issuer)?.batches.get(&batch.root).copied()
    }

    pub(crate) fn latest_of(&self, body: &Body) -> Option<StatementId> {
        match body {
            Body::Authority(_) => self.authority.latest().map(|event| event.statement),
            Body::Accreditation(body) => {
                self.institutions.get(&body.institution)?.history.latest().map(|event| event.statement)
            }
            _ => None,
        }
    }
}
