//! Was this signer entitled to this, on that date, as known at that point of the log?

mod refusal;

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{
    body::{Accreditation, KeyRole, Period},
    identity::{InstitutionId, PublicKey, StatementId, Text},
    registry::{Event, Recorded, Registry, Standing},
    scope::{CredentialKind, IscedField, IscedLevel, Scope},
};

pub use refusal::{Refusal, ScopeLimit};

/// How much of the log counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KnownAt {
    /// The log up to this leaf, included.
    Index(LeafIndex),
    /// All that is known.
    Latest,
}

/// What shows when the thing in question was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The log shows it was there at this time.
    Logged {
        /// The log's time.
        at: UnixSeconds,
    },
    /// Nothing does: it may have been signed as late as today, whatever date it claims.
    NotLogged {
        /// Today.
        as_of: UnixSeconds,
    },
}

impl Evidence {
    /// The time by which it was signed for certain, which is also the latest it may have been.
    pub const fn signed_by(self) -> UnixSeconds {
        match self {
            Self::Logged { at } => at,
            Self::NotLogged { as_of } => as_of,
        }
    }
}

/// A question to the registry.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The key that signed.
    pub signer: &'a PublicKey,
    /// What the key must be for.
    pub role: KeyRole,
    /// The institution it signed for, if not its own.
    pub on_behalf_of: Option<&'a InstitutionId>,
    /// The kind of credential.
    pub kind: &'a CredentialKind,
    /// Its ISCED 2011 level.
    pub level: IscedLevel,
    /// Its ISCED-F 2013 field.
    pub field: Option<&'a IscedField>,
    /// The date to judge the institution at.
    pub effective_at: UnixSeconds,
    /// When it was signed, by what evidence.
    pub evidence: Evidence,
    /// How much of the log counts.
    pub known_at: KnownAt,
}

/// The registry's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorisation {
    /// The signer was entitled.
    Authorised(Grounds),
    /// The signer was not.
    Refused(Refusal),
}

impl Authorisation {
    /// Whether the signer was entitled.
    pub const fn is_authorised(&self) -> bool {
        matches!(self, Self::Authorised(_))
    }

    /// The stable code of the answer: `authorised`, or the code of the refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Authorised(_) => "authorised",
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// What an entitlement rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// The institution that signed.
    pub institution: InstitutionId,
    /// The institution it signed for, if not itself.
    pub on_behalf_of: Option<InstitutionId>,
    /// The name, on that date, of the institution whose accreditation counts.
    pub name: Text,
    /// The accreditation statement that counts.
    pub statement: StatementId,
    /// The period it covers.
    pub effective: Period,
    /// When it became known.
    pub recorded: Recorded,
}

impl Grounds {
    /// Whether the accreditation became known only after the date it began: both are to be shown.
    pub fn is_retroactive(&self) -> bool {
        self.recorded.at.is_some_and(|at| at > self.effective.from())
    }
}

impl Registry {
    /// Answers the question for one date. A verdict asks for the claimed date and for the log's, as
    /// known at the statement's leaf and as known latest.
    ///
    /// The *key* is judged at the time of signing: the log's, or today if nothing shows another. The
    /// *institution* is judged at `effective_at`; if nothing shows the time of signing, also today,
    /// since a claimed date is then no evidence.
    pub fn authorised(&self, question: &Question<'_>) -> Authorisation {
        match self.judge(question) {
            Ok(grounds) => Authorisation::Authorised(grounds),
            Err(refusal) => Authorisation::Refused(refusal),
        }
    }

    fn judge(&self, question: &Question<'_>) -> Result<Grounds, Refusal> {
        let Some(key) = self.key(question.signer) else {
            let own = self.ever_authority_key(question.signer);
            return Err(if own { Refusal::AuthorityKey } else { Refusal::UnknownSigner });
        };
        let has = key.judge(question.effective_at, question.evidence, question.known_at)?;
        if has != question.role {
            return Err(Refusal::WrongRole { has, needs: question.role });
        }
        let institution = key.institution();
        let (event, scope) = match question.on_behalf_of {
            None => self.own_right(institution, question)?,
            Some(predecessor) => self.mandated_right(institution, predecessor, question)?,
        };
        let measured = question.on_behalf_of.unwrap_or(institution);
        check_scope(measured, event, scope, question)?;
        Ok(Grounds {
            institution: institution.clone(),
            on_behalf_of: question.on_behalf_of.cloned(),
            name: event.value.name.clone(),
            statement: event.statement,
            effective: event.value.effective,
            recorded: event.recorded,
        })
    }

    fn own_right(
        &self,
        institution: &InstitutionId,
        question: &Question<'_>,
    ) -> Result<(&Event<Accreditation>, &Scope), Refusal> {
        if let Evidence::NotLogged { as_of } = question.evidence {
            self.accredited(institution, as_of, question.known_at)?;
        }
        self.accredited(institution, question.effective_at, question.known_at)
    }

    /// The holder of a mandate must be accredited itself when it signs, the mandate must hold then, and
    /// the measure is what the other institution was granted on the date, whatever ended that: but not
    /// for a date on which its end was in the log already, since then it had no learners any more.
    fn mandated_right(
        &self,
        holder: &InstitutionId,
        predecessor: &InstitutionId,
        question: &Question<'_>,
    ) -> Result<(&Event<Accreditation>, &Scope), Refusal> {
        let (signed_by, known_at) = (question.evidence.signed_by(), question.known_at);
        self.accredited(holder, signed_by, known_at)?;
        self.check_mandate(holder, predecessor, signed_by, known_at)?;
        let record = self.institution(predecessor);
        let at = question.effective_at;
        let measure = record.map(|record| record.ended(at, known_at).unwrap_or(record.granted(at, known_at)));
        entitled(predecessor, measure)
    }

    fn check_mandate(
        &self,
        holder: &InstitutionId,
        predecessor: &InstitutionId,
        at: UnixSeconds,
        known_at: KnownAt,
    ) -> Result<(), Refusal> {
        let none = || Refusal::NoMandate { institution: holder.clone(), on_behalf_of: predecessor.clone() };
        let record = self.institution(predecessor).ok_or_else(none)?;
        let event = record.holding(at, known_at).ok_or_else(none)?;
        let mut ended = None;
        for mandate in event.value.event.mandates().filter(|mandate| mandate.holder == *holder) {
            match mandate.until {
                Some(until) if until <= at => ended = Some(until),
                _ => return Ok(()),
            }
        }
        Err(ended.map_or_else(none, |until| Refusal::MandateEnded {
            institution: holder.clone(),
            on_behalf_of: predecessor.clone(),
            until,
            recorded: event.recorded,
        }))
    }

    fn accredited(
        &self,
        institution: &InstitutionId,
        at: UnixSeconds,
        known_at: KnownAt,
    ) -> Result<(&Event<Accreditation>, &Scope), Refusal> {
        entitled(institution, self.institution(institution).map(|record| record.standing(at, known_at)))
    }
}

/// Refuses an institution that is not accredited.
pub(crate) fn entitled<'a>(
    institution: &InstitutionId,
    standing: Option<Standing<'a>>,
) -> Result<(&'a Event<Accreditation>, &'a Scope), Refusal> {
    let institution = institution.clone();
    Err(match standing.unwrap_or(Standing::NotYet { first_from: None }) {
        Standing::Accredited { event, scope } => return Ok((event, scope)),
        Standing::NotYet { first_from } => Refusal::NotYetAccredited { institution, first_from },
        Standing::Expired { last, at } => Refusal::Expired { institution, at, recorded: last.recorded },
        Standing::Suspended(Event { recorded, value, .. }) => Refusal::Suspended {
            institution,
            effective: value.effective,
            recorded: *recorded,
            reason: value.reason.clone(),
        },
        Standing::Revoked(Event { recorded, value, .. }) => Refusal::Revoked {
            institution,
            effective: value.effective,
            recorded: *recorded,
            reason: value.reason.clone(),
        },
        Standing::Succeeded { event: Event { recorded, value, .. }, successor } => Refusal::Succeeded {
            institution,
            successor: successor.clone(),
            effective: value.effective,
            recorded: *recorded,
        },
    })
}

fn check_scope(
    institution: &InstitutionId,
    event: &Event<Accreditation>,
    scope: &Scope,
    question: &Question<'_>,
) -> Result<(), Refusal> {
    let limit = if !scope.covers_kind(question.kind) {
        ScopeLimit::Kind
    } else if !scope.covers_level(question.level) {
        ScopeLimit::Level
    } else if !scope.covers_field(question.field) {
        ScopeLimit::Field
    } else {
        return Ok(());
    };
    Err(Refusal::ScopeExceeded {
        institution: institution.clone(),
        limit,
        statement: event.statement,
        recorded: event.recorded,
    })
}
