//! An institution's key: its role, and whether it was good at a time.

use matricula_tlog::UnixSeconds;

use crate::{
    authorisation::{Evidence, KnownAt, Refusal},
    body::{KeyEvent, KeyRole},
    identity::InstitutionId,
    registry::{Event, Recorded, history::History},
};

/// What the registry knows of one key.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    pub(super) institution: InstitutionId,
    pub(super) history: History<KeyEvent>,
}

impl KeyRecord {
    pub(super) fn new(institution: InstitutionId) -> Self {
        Self { institution, history: History::default() }
    }

    /// Whose key it is.
    pub const fn institution(&self) -> &InstitutionId {
        &self.institution
    }

    /// All its events, in the order of the log.
    pub fn history(&self) -> &[Event<KeyEvent>] {
        self.history.all()
    }

    /// Its role, and from when on it has it, once that is known.
    pub fn added(&self, known_at: KnownAt) -> Option<(KeyRole, UnixSeconds, Recorded)> {
        self.history.known(known_at).iter().find_map(|event| match event.value {
            KeyEvent::Add { role, from } => Some((role, from, event.recorded)),
            _ => None,
        })
    }

    /// When it was retired, by the latest statement known then.
    pub fn retired(&self, known_at: KnownAt) -> Option<(UnixSeconds, Recorded)> {
        self.history.known(known_at).iter().rev().find_map(|event| match event.value {
            KeyEvent::Retire { at } => Some((at, event.recorded)),
            _ => None,
        })
    }

    /// Since when it may have been in other hands, by the latest statement known then.
    pub fn compromised(&self, known_at: KnownAt) -> Option<(UnixSeconds, Recorded)> {
        self.history.known(known_at).iter().rev().find_map(|event| match event.value {
            KeyEvent::Compromised { since } => Some((since, event.recorded)),
            _ => None,
        })
    }

    /// Judges the key for something that claims a date, with or without the log's word on when it was
    /// signed.
    pub(crate) fn judge(
        &self,
        claimed_at: UnixSeconds,
        evidence: Evidence,
        known_at: KnownAt,
    ) -> Result<KeyRole, Refusal> {
        let (role, from, _) = self.added(known_at).ok_or(Refusal::UnknownSigner)?;
        let signed_by = evidence.signed_by();
        if let Some((since, recorded)) = self.compromised(known_at) {
            let witnessed_before = matches!(evidence, Evidence::Logged { at } if at < since);
            if !witnessed_before || claimed_at >= since {
                return Err(Refusal::KeyCompromised { since, recorded });
            }
        }
        if signed_by < from {
            return Err(Refusal::KeyNotYetValid { from });
        }
        match self.retired(known_at) {
            Some((at, recorded)) if signed_by >= at => Err(Refusal::KeyRetired { at, recorded }),
            _ => Ok(role),
        }
    }
}
