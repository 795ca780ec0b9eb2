//! The door's rules on key statements.

use matricula_tlog::UnixSeconds;

use crate::{
    authorisation::KnownAt,
    body::{KeyEvent, KeyStatement},
    door::{DoorError, FUTURE_MAX_SECONDS, Signer, by_authority},
    registry::{KeyRecord, Registry},
    statement::Statement,
};

/// How far back an institution may date the retirement of its own key: a day, for an office that
/// sends its work at night. Only the authority dates further back, so that a thief cannot undo what
/// was signed before.
const RETIREMENT_BACKDATED_MAX_SECONDS: u64 = 86_400;

impl Registry {
    pub(super) fn decide_key(
        &self,
        body: &KeyStatement,
        signer: &Signer<'_>,
        statement: &Statement,
        now: UnixSeconds,
    ) -> Result<(), DoorError> {
        match body.event {
            KeyEvent::Add { .. } => {
                by_authority(signer, statement)?;
                self.decide_key_add(body)
            }
            KeyEvent::Retire { at } => {
                let record = self.key_of(body)?;
                if record.retired(KnownAt::Latest).is_some_and(|(known, _)| known == at) {
                    return Err(DoorError::KeyStateUnchanged { key: body.key });
                }
                match signer {
                    Signer::Authority => Ok(()),
                    Signer::Institution(own) if own.institution() == record.institution() => {
                        check_own_retirement(record, at, now)
                    }
                    Signer::Institution(_) => by_authority(signer, statement),
                }
            }
            KeyEvent::Compromised { since } => {
                by_authority(signer, statement)?;
                let record = self.key_of(body)?;
                let latest = UnixSeconds::new(now.get().saturating_add(FUTURE_MAX_SECONDS));
                if since > latest {
                    return Err(DoorError::DatedInFuture { date: since, latest });
                }
                match record.compromised(KnownAt::Latest) {
                    Some((known, _)) if known == since => Err(DoorError::KeyStateUnchanged { key: body.key }),
                    _ => Ok(()),
                }
            }
        }
    }

    fn decide_key_add(&self, body: &KeyStatement) -> Result<(), DoorError> {
        if self.institution(&body.institution).is_none_or(|record| record.history().is_empty()) {
            return Err(DoorError::UnknownInstitution { institution: body.institution.clone() });
        }
        if self.ever_authority_key(&body.key) {
            return Err(DoorError::KeyIsTheAuthoritys { key: body.key });
        }
        match self.key(&body.key) {
            None => Ok(()),
            Some(record) if *record.institution() == body.institution => {
                Err(DoorError::KeyAddedAlready { key: body.key })
            }
            Some(record) => {
                Err(DoorError::KeyBoundElsewhere { key: body.key, institution: record.institution().clone() })
            }
        }
    }

    fn key_of(&self, body: &KeyStatement) -> Result<&KeyRecord, DoorError> {
        let record = self.key(&body.key).ok_or(DoorError::UnknownKey { key: body.key })?;
        if *record.institution() == body.institution {
            Ok(record)
        } else {
            Err(DoorError::KeyBoundElsewhere { key: body.key, institution: record.institution().clone() })
        }
    }
}

fn check_own_retirement(record: &KeyRecord, at: UnixSeconds, now: UnixSeconds) -> Result<(), DoorError> {
    if let Some((known, _)) = record.retired(KnownAt::Latest).filter(|(known, _)| *known < at) {
        return Err(DoorError::RetirementPostponed { at, known });
    }
    let earliest = UnixSeconds::new(now.get().saturating_sub(RETIREMENT_BACKDATED_MAX_SECONDS));
    if at < earliest { Err(DoorError::RetirementBackdated { at, earliest }) } else { Ok(()) }
}
