//! What pages and exports read from a registry.

use core::ops::Bound;

use matricula_tlog::LeafIndex;

use crate::{
    authorisation::KnownAt,
    body::{AccreditationEvent, Authority, Body, KeyEvent, Status},
    identity::{InstitutionId, LogOrigin, PublicKey, StatementId},
    registry::{Event, Institution, KeyRecord, Recorded, Registry},
    statement::Statement,
};

/// What kind of event a trust file must carry, because a learner's record would leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NegativeKind {
    /// An accreditation suspended.
    Suspend,
    /// An accreditation restored: without it, the suspension or revocation would stand.
    Restore,
    /// An accreditation revoked.
    Revoke,
    /// An institution succeeded by another.
    Succeed,
    /// A key retired.
    KeyRetired,
    /// A key compromised.
    KeyCompromised,
}

/// A statement that takes rights away, or gives them back, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegativeEvent {
    /// When it became known.
    pub recorded: Recorded,
    /// What it does.
    pub kind: NegativeKind,
    /// The entry.
    pub entry: Vec<u8>,
}

impl NegativeEvent {
    pub(super) fn of(recorded: Recorded, statement: &Statement) -> Option<Self> {
        let kind = match statement.body() {
            Body::Accreditation(body) => match body.event {
                AccreditationEvent::Grant { .. } => return None,
                AccreditationEvent::Suspend { .. } => NegativeKind::Suspend,
                AccreditationEvent::Restore { .. } => NegativeKind::Restore,
                AccreditationEvent::Revoke { .. } => NegativeKind::Revoke,
                AccreditationEvent::Succeed { .. } => NegativeKind::Succeed,
            },
            Body::Key(body) => match body.event {
                KeyEvent::Add { .. } => return None,
                KeyEvent::Retire { .. } => NegativeKind::KeyRetired,
                KeyEvent::Compromised { .. } => NegativeKind::KeyCompromised,
            },
            _ => return None,
        };
        Some(Self { recorded, kind, entry: statement.entry().to_vec() })
    }
}

/// The latest version of a status list that the log knows.
pub type StatusVersion = Event<Status>;

impl Registry {
    /// The name of the log.
    pub const fn origin(&self) -> &LogOrigin {
        &self.origin
    }

    /// The index of the next leaf: one more than the highest one applied.
    pub const fn next_index(&self) -> LeafIndex {
        self.next
    }

    /// The latest authority statement known then.
    pub fn authority(&self, known_at: KnownAt) -> Option<&Event<Authority>> {
        self.authority.known(known_at).last()
    }

    /// All institutions, in ascending order of their identifiers.
    pub fn institutions(&self) -> impl ExactSizeIterator<Item = (&InstitutionId, &Institution)> {
        self.institutions.iter()
    }

    /// The institutions after one, in ascending order of their identifiers; from the first on for `None`. For readers who
    /// must not keep a lock on the registry for long.
    pub fn institutions_after(
        &self,
        after: Option<&InstitutionId>,
    ) -> impl Iterator<Item = (&InstitutionId, &Institution)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.institutions.range::<InstitutionId, _>((start, Bound::Unbounded))
    }

    /// One institution.
    pub fn institution(&self, id: &InstitutionId) -> Option<&Institution> {
        self.institutions.get(id)
    }

    /// One institution's key.
    pub fn key(&self, key: &PublicKey) -> Option<&KeyRecord> {
        self.keys.get(key)
    }

    /// The institution's latest accreditation statement: what the next one must name as replaced.
    pub fn latest_accreditation(&self, id: &InstitutionId) -> Option<StatementId> {
        self.institutions.get(id)?.history.latest().map(|event| event.statement)
    }

    /// The latest version of the status list with that URL.
    pub fn status_list(&self, list: &str) -> Option<&StatusVersion> {
        self.lists.get(list)?.latest()
    }

    /// The latest versions of all status lists, in ascending order of their URLs.
    pub fn status_lists(&self) -> impl Iterator<Item = &StatusVersion> {
        self.lists.values().filter_map(|versions| versions.latest())
    }

    /// All events that take rights away or give them back, in the order of the log.
    pub fn negative_events(&self) -> impl ExactSizeIterator<Item = &NegativeEvent> {
        self.negatives.values()
    }
}
