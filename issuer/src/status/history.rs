//! What happened to the records of one list, and what may happen next.

use std::collections::BTreeMap;

use matricula_credential::status::StatusPurpose;
use matricula_tlog::UnixSeconds;
use matricula_verdict::{StatusEvent, rfc3339};
use serde::{Deserialize, Serialize};

use super::StatusReason;

/// The word in an event that ends a suspension.
const REINSTATED: &str = "reinstated";

/// What an institution may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusAction {
    /// For ever: the record is not good from the effective date.
    Revoke,
    /// Until reinstated.
    Suspend,
    /// Ends a suspension. A revocation cannot be ended.
    Reinstate,
}

impl StatusAction {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        }
    }
}

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Standing {
    /// Revoked, for ever.
    pub revoked: bool,
    /// Suspended for now.
    pub suspended: bool,
}

/// Why an action is not possible for a record as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// It is revoked already, and a revocation is final.
    #[error("the record is revoked already")]
    AlreadyRevoked,
    /// It is suspended already.
    #[error("the record is suspended already")]
    AlreadySuspended,
    /// It is revoked: only a suspension can be ended.
    #[error("the record is revoked, and a revocation cannot be undone; issue a corrected record instead")]
    RevocationIsFinal,
    /// It is not suspended.
    #[error("the record is not suspended")]
    NotSuspended,
}

impl TransitionError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AlreadyRevoked => "already_revoked",
            Self::AlreadySuspended => "already_suspended",
            Self::RevocationIsFinal => "revocation_is_final",
            Self::NotSuspended => "not_suspended",
        }
    }
}

impl Standing {
    /// How the record stands after the action.
    pub fn after(self, action: StatusAction) -> Result<Self, TransitionError> {
        match action {
            StatusAction::Revoke if self.revoked => Err(TransitionError::AlreadyRevoked),
            StatusAction::Revoke => Ok(Self { revoked: true, ..self }),
            StatusAction::Suspend if self.revoked => Err(TransitionError::AlreadyRevoked),
            StatusAction::Suspend if self.suspended => Err(TransitionError::AlreadySuspended),
            StatusAction::Suspend => Ok(Self { suspended: true, ..self }),
            StatusAction::Reinstate if self.revoked => Err(TransitionError::RevocationIsFinal),
            StatusAction::Reinstate if !self.suspended => Err(TransitionError::NotSuspended),
            StatusAction::Reinstate => Ok(Self { suspended: false, ..self }),
        }
    }
}

/// All events of one list, in the order in which they were recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    events: Vec<StatusEvent>,
    standings: BTreeMap<u32, Standing>,
}

impl History {
    /// Replays recorded events.
    pub(crate) fn replay(events: Vec<StatusEvent>) -> Self {
        let mut standings = BTreeMap::<u32, Standing>::new();
        for event in &events {
            let standing = standings.entry(event.index).or_default();
            match event.purpose.as_str() {
                "revocation" => standing.revoked = true,
                _ => standing.suspended = event.reason != REINSTATED,
            }
        }
        Self { events, standings }
    }

    /// How the record at `index` stands.
    pub(crate) fn standing(&self, index: u32) -> Standing {
        self.standings.get(&index).copied().unwrap_or_default()
    }

    /// Records an action, or says why it is not possible.
    pub(crate) fn record(
        &mut self,
        index: u32,
        action: StatusAction,
        reason: StatusReason,
        effective: UnixSeconds,
        recorded: UnixSeconds,
    ) -> Result<(), TransitionError> {
        let standing = self.standing(index).after(action)?;
        let (purpose, reason) = match action {
            StatusAction::Revoke => (StatusPurpose::Revocation, reason.as_str()),
            StatusAction::Suspend => (StatusPurpose::Suspension, reason.as_str()),
            StatusAction::Reinstate => (StatusPurpose::Suspension, REINSTATED),
        };
        self.standings.insert(index, standing);
        self.events.push(StatusEvent {
            index,
            purpose: purpose.as_str().to_owned(),
            reason: reason.to_owned(),
            effective: rfc3339(effective),
            recorded: rfc3339(recorded),
        });
        Ok(())
    }

    /// How every record stands of which anything was recorded.
    pub(crate) fn standings(&self) -> impl Iterator<Item = (u32, Standing)> + '_ {
        self.standings.iter().map(|(index, standing)| (*index, *standing))
    }

    /// All events.
    pub(crate) fn events(&self) -> &[StatusEvent] {
        &self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixSeconds = UnixSeconds::new(1_790_000_000);

    fn act(history: &mut History, action: StatusAction) -> Result<(), TransitionError> {
        history.record(7, action, StatusReason::CourtOrder, AT, AT)
    }

    #[test]
    fn a_suspension_ends_and_a_revocation_does_not() {
        let mut history = History::default();
        act(&mut history, StatusAction::Suspend).unwrap();
        assert_eq!(act(&mut history, StatusAction::Suspend), Err(TransitionError::AlreadySuspended));
        act(&mut history, StatusAction::Reinstate).unwrap();
        assert_eq!(act(&mut history, StatusAction::Reinstate), Err(TransitionError::NotSuspended));
        assert_eq!(history.standing(7), Standing::default());
        act(&mut history, StatusAction::Revoke).unwrap();
        assert_eq!(act(&mut history, StatusAction::Reinstate), Err(TransitionError::RevocationIsFinal));
        assert_eq!(act(&mut history, StatusAction::Revoke), Err(TransitionError::AlreadyRevoked));
        assert_eq!(act(&mut history, StatusAction::Suspend), Err(TransitionError::AlreadyRevoked));
        let revoked = Standing { revoked: true, suspended: false };
        assert_eq!(history.standings().collect::<Vec<_>>(), [(7, revoked)]);
    }

    #[test]
    fn a_suspended_record_can_be_revoked_but_not_reinstated_after_that() {
        let mut history = History::default();
        act(&mut history, StatusAction::Suspend).unwrap();
        act(&mut history, StatusAction::Revoke).unwrap();
        assert_eq!(act(&mut history, StatusAction::Reinstate), Err(TransitionError::RevocationIsFinal));
    }

    #[test]
    fn events_replay_to_the_same_standings() {
        let mut history = History::default();
        for action in
            [StatusAction::Suspend, StatusAction::Reinstate, StatusAction::Suspend, StatusAction::Revoke]
        {
            act(&mut history, action).unwrap();
        }
        assert_eq!(History::replay(history.events().to_vec()), history);
    }

    #[test]
    fn codes_round_trip() {
        for reason in StatusReason::ALL {
            assert_eq!(StatusReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(StatusReason::parse("fees"), None);
    }
}
