//! An event in the history of an institution's accreditation.

use matricula_tlog::{Hash, UnixSeconds};
use minicbor::Decoder;

use crate::{
    identity::{InstitutionId, Text},
    scope::Scope,
    statement::{Fields, MapWriter, StatementError, read_date, read_hash, read_text},
};

/// A span of time: from a second, included, to another, excluded, or open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    from: UnixSeconds,
    to: Option<UnixSeconds>,
}

impl Period {
    /// Makes a period.
    ///
    /// # Errors
    /// [`StatementError::PeriodBackwards`] if it ends before or when it begins.
    pub fn new(from: UnixSeconds, to: Option<UnixSeconds>) -> Result<Self, StatementError> {
        match to {
            Some(to) if to <= from => {
                Err(StatementError::PeriodBackwards { field: "effective", from: from.get(), to: to.get() })
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// The first second.
    pub const fn from(&self) -> UnixSeconds {
        self.from
    }

    /// The first second after the period; open if `None`.
    pub const fn to(&self) -> Option<UnixSeconds> {
        self.to
    }

    /// Whether the second lies in the period.
    pub fn contains(&self, at: UnixSeconds) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// Where an event has its ground in law.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LegalReference {
    /// The title of the decree.
    pub title: Text,
    /// SHA-256 of the decree's document.
    pub sha256: Hash,
}

/// The right of one institution to sign on behalf of another, within that other's scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mandate {
    /// Who may sign.
    pub holder: InstitutionId,
    /// The first second at which it may no longer; open if `None`.
    pub until: Option<UnixSeconds>,
}

/// What happens to an institution over the statement's period.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AccreditationEvent {
    /// It is accredited for a scope; a later grant amends an earlier one.
    Grant {
        /// What for.
        scope: Scope,
    },
    /// Its rights rest.
    Suspend {
        /// Who signs for its learners meanwhile.
        custodian: Option<Mandate>,
    },
    /// A suspension or revocation is lifted, for the period of the statement.
    Restore {
        /// What for.
        scope: Scope,
    },
    /// Its rights end.
    Revoke {
        /// Who signs for its learners from then on.
        custodian: Option<Mandate>,
    },
    /// It ceases, and another institution takes over.
    Succeed {
        /// Who takes over.
        successor: Mandate,
        /// Who else may sign for its learners.
        custodian: Option<Mandate>,
    },
}

impl AccreditationEvent {
    /// The word on the wire: `grant`, `suspend`, `restore`, `revoke` or `succeed`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Suspend { .. } => "suspend",
            Self::Restore { .. } => "restore",
            Self::Revoke { .. } => "revoke",
            Self::Succeed { .. } => "succeed",
        }
    }

    /// The scope that a grant or restore gives.
    pub const fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Grant { scope } | Self::Restore { scope } => Some(scope),
            _ => None,
        }
    }

    /// Who may sign on behalf of the institution while this event holds.
    pub fn mandates(&self) -> impl Iterator<Item = &Mandate> {
        let (successor, custodian) = match self {
            Self::Grant { .. } | Self::Restore { .. } => (None, None),
            Self::Suspend { custodian } | Self::Revoke { custodian } => (None, custodian.as_ref()),
            Self::Succeed { successor, custodian } => (Some(successor), custodian.as_ref()),
        };
        successor.into_iter().chain(custodian)
    }

    /// Whether the institution ceases by it. A suspended one goes on teaching.
    pub(crate) const fn is_end(&self) -> bool {
        matches!(self, Self::Revoke { .. } | Self::Succeed { .. })
    }
}

/// An accreditation statement, signed by the authority. It replaces the institution's latest one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accreditation {
    /// Whose accreditation.
    pub institution: InstitutionId,
    /// The institution's name on that date.
    pub name: Text,
    /// What happens.
    pub event: AccreditationEvent,
    /// When it holds: not when it was decided or logged.
    pub effective: Period,
    /// Why, in words. There is always one for a suspension or revocation.
    pub reason: Option<Text>,
    /// The ground in law.
    pub legal: LegalReference,
}

impl Accreditation {
    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, "accreditation")?;
        let institution = map.required(0, "institution", |d, f| InstitutionId::read(f, read_text(d, f)?))?;
        let name = map.required(1, "name", |d, f| Text::read(f, read_text(d, f)?))?;
        let word = map.required(2, "event", read_text)?;
        let scope = match word {
            "grant" | "restore" => Some(map.required(3, "scope", Scope::read)?),
            _ => None,
        };
        let from = map.required(4, "effective_from", read_date)?;
        let to = map.optional(5, "effective_to", read_date)?;
        let reason = read_reason(&mut map, word)?;
        let legal = map.required(7, "legal", read_legal)?;
        let event = read_event(&mut map, word, scope, &institution)?;
        map.close()?;
        Ok(Self { institution, name, event, effective: Period::new(from, to)?, reason, legal })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.text(0, self.institution.as_str());
        map.text(1, self.name.as_str());
        map.text(2, self.event.word());
        if let Some(scope) = self.event.scope() {
            map.map(3, scope.write());
        }
        map.number(4, self.effective.from.get());
        if let Some(to) = self.effective.to {
            map.number(5, to.get());
        }
        if let Some(reason) = &self.reason {
            map.text(6, reason.as_str());
        }
        map.map(7, write_legal(&self.legal));
        self.write_mandates(&mut map);
        map
    }

    fn write_mandates(&self, map: &mut MapWriter) {
        let (successor, custodian) = match &self.event {
            AccreditationEvent::Grant { .. } | AccreditationEvent::Restore { .. } => (None, None),
            AccreditationEvent::Suspend { custodian } | AccreditationEvent::Revoke { custodian } => {
                (None, custodian.as_ref())
            }
            AccreditationEvent::Succeed { successor, custodian } => (Some(successor), custodian.as_ref()),
        };
        if let Some(successor) = successor {
            map.map(8, write_mandate(successor));
        }
        if let Some(custodian) = custodian {
            map.map(9, write_mandate(custodian));
        }
    }
}

fn read_reason(map: &mut Fields<'_, '_>, word: &str) -> Result<Option<Text>, StatementError> {
    let reason = map.optional(6, "reason", |d, f| Text::read(f, read_text(d, f)?))?;
    if reason.is_none() && matches!(word, "suspend" | "revoke") {
        return Err(StatementError::MissingField { field: "reason" });
    }
    Ok(reason)
}

fn read_event(
    map: &mut Fields<'_, '_>,
    word: &str,
    scope: Option<Scope>,
    institution: &InstitutionId,
) -> Result<AccreditationEvent, StatementError> {
    let scope = scope.ok_or(StatementError::MissingField { field: "scope" });
    let mandate = |d: &mut Decoder<'_>, f| read_mandate(d, f, institution);
    Ok(match word {
        "grant" => AccreditationEvent::Grant { scope: scope? },
        "restore" => AccreditationEvent::Restore { scope: scope? },
        "suspend" => AccreditationEvent::Suspend { custodian: map.optional(9, "custodian", mandate)? },
        "revoke" => AccreditationEvent::Revoke { custodian: map.optional(9, "custodian", mandate)? },
        "succeed" => AccreditationEvent::Succeed {
            successor: map.required(8, "successor", mandate)?,
            custodian: map.optional(9, "custodian", mandate)?,
        },
        _ => return Err(StatementError::UnknownWord { field: "event" }),
    })
}

fn read_mandate(
    decoder: &mut Decoder<'_>,
    field: &'static str,
    institution: &InstitutionId,
) -> Result<Mandate, StatementError> {
    let mut map = Fields::open(decoder, field)?;
    let holder = map.required(0, field, |d, f| InstitutionId::read(f, read_text(d, f)?))?;
    let until = map.optional(1, "until", read_date)?;
    map.close()?;
    if holder == *institution {
        return Err(StatementError::MandateToItself { field });
    }
    Ok(Mandate { holder, until })
}

fn write_mandate(mandate: &Mandate) -> MapWriter {
    let mut map = MapWriter::new();
    map.text(0, mandate.holder.as_str());
    if let Some(until) = mandate.until {
        map.number(1, until.get());
    }
    map
}

fn read_legal(decoder: &mut Decoder<'_>, field: &'static str) -> Result<LegalReference, StatementError> {
    let mut map = Fields::open(decoder, field)?;
    let title = map.required(0, "legal_title", |d, f| Text::read(f, read_text(d, f)?))?;
    let sha256 = map.required(1, "legal_sha256", read_hash)?;
    map.close()?;
    Ok(LegalReference { title, sha256 })
}

fn write_legal(legal: &LegalReference) -> MapWriter {
    let mut map = MapWriter::new();
    map.text(0, legal.title.as_str());
    map.bytes(1, legal.sha256.as_bytes());
    map
}
