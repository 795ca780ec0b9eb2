//! The door's rules on accreditation statements.

use matricula_tlog::UnixSeconds;

use crate::{
    authorisation::KnownAt,
    body::{Accreditation, AccreditationEvent},
    door::DoorError,
    registry::{Event, Institution, Registry},
};

impl Registry {
    pub(super) fn decide_accreditation(&self, body: &Accreditation) -> Result<(), DoorError> {
        for mandate in body.event.mandates() {
            if self.institution(&mandate.holder).is_none_or(|holder| holder.history().is_empty()) {
                return Err(DoorError::UnknownInstitution { institution: mandate.holder.clone() });
            }
        }
        let is_grant = matches!(body.event, AccreditationEvent::Grant { .. });
        let record = match self.institution(&body.institution).filter(|record| !record.history().is_empty()) {
            Some(record) => record,
            None if is_grant => return Ok(()),
            None => return Err(DoorError::UnknownInstitution { institution: body.institution.clone() }),
        };
        let covered = covered(record, body);
        if covered.iter().all(|event| event.is_some_and(|event| says_the_same(&event.value, body))) {
            return Err(DoorError::NothingChanges { institution: body.institution.clone() });
        }
        let negative = covered.iter().flatten().find(|event| event.value.event.scope().is_none());
        match (&body.event, negative) {
            (AccreditationEvent::Grant { .. }, Some(event)) => Err(DoorError::GrantOverNegative {
                institution: body.institution.clone(),
                statement: event.statement,
                effective: event.value.effective,
            }),
            (AccreditationEvent::Restore { .. }, None) => {
                Err(DoorError::NothingToRestore { institution: body.institution.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// What holds now on each stretch of the period that the new event would cover.
fn covered<'r>(record: &'r Institution, body: &Accreditation) -> Vec<Option<&'r Event<Accreditation>>> {
    let period = body.effective;
    let mut dates: Vec<UnixSeconds> = record.turning_points().filter(|date| period.contains(*date)).collect();
    dates.push(period.from());
    dates.into_iter().map(|date| record.holding(date, KnownAt::Latest)).collect()
}

fn says_the_same(known: &Accreditation, new: &Accreditation) -> bool {
    known.event == new.event && known.name == new.name && known.reason == new.reason
}
