//! An institution: the history of its accreditation, and where it stands on a date.

use std::collections::{BTreeMap, BTreeSet};

use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

use crate::{
    authorisation::KnownAt,
    body::{Accreditation, AccreditationEvent},
    identity::{InstitutionId, PublicKey},
    registry::{Event, history::History},
    scope::Scope,
};

/// What the registry knows of one institution.
///
/// Each event covers a period of dates. On a date, the institution stands as the event says that was
/// recorded last among those whose period has the date.
#[derive(Clone, Debug, Default)]
pub struct Institution {
    pub(super) history: History<Accreditation>,
    pub(super) keys: BTreeSet<PublicKey>,
    /// The roots of its batches, and where each was first logged. A root counts for its signer alone:
    /// else an institution could block another one's batch by logging its root first.
    pub(super) batches: BTreeMap<Hash, LeafIndex>,
}

/// Where an institution stands on a date, as known at a point of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing<'a> {
    /// Nothing covers the date, and nothing before it does.
    NotYet {
        first_from: Option<UnixSeconds>,
    },
    /// Nothing covers the date any more.
    Expired {
        last: &'a Event<Accreditation>,
        at: UnixSeconds,
    },
    Accredited {
        event: &'a Event<Accreditation>,
        scope: &'a Scope,
    },
    Suspended(&'a Event<Accreditation>),
    Revoked(&'a Event<Accreditation>),
    Succeeded {
        event: &'a Event<Accreditation>,
        successor: &'a InstitutionId,
    },
}

impl<'a> Standing<'a> {
    /// Where an event puts it.
    fn by(event: &'a Event<Accreditation>) -> Self {
        match &event.value.event {
            AccreditationEvent::Grant { scope } | AccreditationEvent::Restore { scope } => {
                Self::Accredited { event, scope }
            }
            AccreditationEvent::Suspend { .. } => Self::Suspended(event),
            AccreditationEvent::Revoke { .. } => Self::Revoked(event),
            AccreditationEvent::Succeed { successor, .. } => {
                Self::Succeeded { event, successor: &successor.holder }
            }
        }
    }
}

impl Institution {
    /// All its accreditation events, in the order of the log.
    pub fn history(&self) -> &[Event<Accreditation>] {
        self.history.all()
    }

    /// Its keys, past and present, in ascending order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &PublicKey> {
        self.keys.iter()
    }

    /// The roots of its batches, each with the leaf at which it was first logged.
    pub fn batches(&self) -> impl ExactSizeIterator<Item = (&Hash, LeafIndex)> {
        self.batches.iter().map(|(root, index)| (root, *index))
    }

    pub(super) fn is_blank(&self) -> bool {
        self.history.is_empty() && self.keys.is_empty() && self.batches.is_empty()
    }

    /// The event that holds on the date.
    pub(crate) fn holding(&self, at: UnixSeconds, known_at: KnownAt) -> Option<&Event<Accreditation>> {
        self.history.known(known_at).iter().rev().find(|event| event.value.effective.contains(at))
    }

    pub(crate) fn standing(&self, at: UnixSeconds, known_at: KnownAt) -> Standing<'_> {
        match self.holding(at, known_at) {
            None => self.without_event(at, known_at),
            Some(event) => Standing::by(event),
        }
    }

    /// Where it stands on a date by which its end was in the log already. A revocation for the past has
    /// not ended it before it was logged: its learners of that time are those a custodian is for. Where
    /// the time of logging is not known, nothing shows an end.
    pub(crate) fn ended(&self, at: UnixSeconds, known_at: KnownAt) -> Option<Standing<'_>> {
        let events = self.history.known(known_at).iter().rev();
        events
            .filter(|event| event.value.effective.contains(at))
            .take_while(|event| event.value.event.is_end())
            .find(|event| event.recorded.at.is_some_and(|logged| logged <= at))
            .map(Standing::by)
    }

    /// Where it would stand on the date had nothing ended its rights: the measure for those who sign
    /// on its behalf.
    pub(crate) fn granted(&self, at: UnixSeconds, known_at: KnownAt) -> Standing<'_> {
        let grants = self.history.known(known_at).iter().rev();
        let holding = grants
            .filter_map(|event| event.value.event.scope().map(|scope| (event, scope)))
            .find(|(event, _)| event.value.effective.contains(at));
        match holding {
            Some((event, scope)) => Standing::Accredited { event, scope },
            None => self.without_event(at, known_at),
        }
    }

    /// The dates on which something changes, as known now.
    pub(crate) fn turning_points(&self) -> impl Iterator<Item = UnixSeconds> {
        self.history.all().iter().flat_map(|event| {
            let period = event.value.effective;
            let until = event.value.event.mandates().filter_map(|mandate| mandate.until);
            core::iter::once(period.from()).chain(period.to()).chain(until)
        })
    }

    fn without_event(&self, at: UnixSeconds, known_at: KnownAt) -> Standing<'_> {
        let known = self.history.known(known_at);
        let ended = known.iter().filter_map(|event| event.value.effective.to().map(|to| (to, event)));
        match ended.filter(|(to, _)| *to <= at).max_by_key(|(to, _)| *to) {
            Some((at, last)) => Standing::Expired { last, at },
            None => {
                let first_from = known.iter().map(|event| event.value.effective.from()).min();
                Standing::NotYet { first_from }
            }
        }
    }
}
