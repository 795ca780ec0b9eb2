//! What an authority rules about institutions and their keys.
//!
//! Every command reads the log first: what it would say again is not said again.

use matricula_registry::{
    Accreditation, AccreditationEvent, Body, InstitutionId, KeyEvent, KeyRole, KeyStatement, KnownAt,
    LegalReference, Mandate, Period, PublicKey, Registry, Scope, Text,
};
use matricula_tlog::{LeafIndex, UnixSeconds};

use super::home::AuthorityHome;
use super::{AuthorityError, init};
use crate::keyring::SecretKey;
use crate::log_port::LogPort;
use crate::registry_view::RegistryView;
use crate::school::Application;

/// Accredits the institution of an application for a scope, and takes its keys in.
#[derive(Clone, Debug)]
pub struct Accredit {
    /// The institution, its name and its keys.
    pub application: Application,
    /// What for.
    pub scope: Scope,
    /// When the accreditation holds.
    pub effective: Period,
    /// From when the keys sign.
    pub keys_from: UnixSeconds,
    /// Why, in words.
    pub reason: Option<Text>,
    /// The ground in law.
    pub legal: LegalReference,
}

/// Takes rights away: for a time, or for good.
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// From whom.
    pub institution: InstitutionId,
    /// When it holds. A revocation usually has no end.
    pub effective: Period,
    /// Why, in words.
    pub reason: Text,
    /// The ground in law.
    pub legal: LegalReference,
    /// Who signs for its learners meanwhile.
    pub custodian: Option<Mandate>,
}

/// Lifts a suspension or revocation for a period, which may lie in the past.
#[derive(Clone, Debug)]
pub struct Restore {
    /// For whom.
    pub institution: InstitutionId,
    /// What for; without it, what was granted last.
    pub scope: Option<Scope>,
    /// When it holds.
    pub effective: Period,
    /// Why, in words.
    pub reason: Option<Text>,
    /// The ground in law.
    pub legal: LegalReference,
}

/// Names who takes over from an institution that ceases.
#[derive(Clone, Debug)]
pub struct Succeed {
    /// Who ceases.
    pub institution: InstitutionId,
    /// Who takes over.
    pub successor: Mandate,
    /// Who else may sign for its learners.
    pub custodian: Option<Mandate>,
    /// When it holds.
    pub effective: Period,
    /// Why, in words.
    pub reason: Option<Text>,
    /// The ground in law.
    pub legal: LegalReference,
}

/// What a ruling did to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Where its statements stand.
    pub indexes: Vec<LeafIndex>,
    /// Whether this command said it; `false` where the log said it already and nothing was added.
    pub changed: bool,
}

/// An authority that can rule: its home, its key, its log.
pub struct AuthorityDesk<'a> {
    /// Its home.
    pub home: &'a AuthorityHome,
    /// Its unlocked key.
    pub key: &'a SecretKey,
    /// Its log.
    pub log: &'a dyn LogPort,
}

impl AuthorityDesk<'_> {
    /// The registry as the log tells it now.
    pub fn registry(&self) -> Result<RegistryView, AuthorityError> {
        let card = self.home.card();
        Ok(RegistryView::read(card.profile.origin.clone(), card.key, self.log)?)
    }

    /// Accredits an institution and takes its keys in, in one `submit`.
    ///
    /// What the log says already, of grant and keys alike, is not said again.
    pub fn accredit(&self, order: &Accredit) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let registry = view.registry();
        let institution = order.application.institution();
        let grant = Accreditation {
            institution: institution.clone(),
            name: order.application.name().clone(),
            event: AccreditationEvent::Grant { scope: order.scope.clone() },
            effective: order.effective,
            reason: order.reason.clone(),
            legal: order.legal.clone(),
        };
        let mut said = Vec::new();
        let mut entries = Vec::new();
        match said_last(registry, &grant) {
            Some(index) => said.push(index),
            None => entries.push(self.statement(registry, Body::Accreditation(grant))?),
        }
        self.say_keys(registry, &order.application, order.keys_from, &mut said, &mut entries)?;
        self.submit(said, entries)
    }

    /// Takes further keys of an institution in, whatever its accreditation is.
    pub fn add_keys(&self, application: &Application, from: UnixSeconds) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let institution = application.institution();
        if view.registry().institution(institution).is_none() {
            return Err(AuthorityError::UnknownInstitution { institution: institution.clone() });
        }
        let (mut said, mut entries) = (Vec::new(), Vec::new());
        self.say_keys(view.registry(), application, from, &mut said, &mut entries)?;
        self.submit(said, entries)
    }

    /// Suspends an institution's rights for a period.
    pub fn suspend(&self, order: &Withdraw) -> Result<Ruling, AuthorityError> {
        self.withdraw(order, AccreditationEvent::Suspend { custodian: order.custodian.clone() })
    }

    /// Revokes an institution's rights from a date.
    pub fn revoke(&self, order: &Withdraw) -> Result<Ruling, AuthorityError> {
        self.withdraw(order, AccreditationEvent::Revoke { custodian: order.custodian.clone() })
    }

    /// Restores an institution's rights for a period.
    pub fn restore(&self, order: &Restore) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let registry = view.registry();
        let scope = match &order.scope {
            Some(scope) => scope.clone(),
            None => last_scope(registry, &order.institution)?,
        };
        let event = AccreditationEvent::Restore { scope };
        self.rule(registry, &order.institution, event, order.effective, order.reason.clone(), &order.legal)
    }

    /// Names who takes over from an institution that ceases.
    pub fn succeed(&self, order: &Succeed) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let event = AccreditationEvent::Succeed {
            successor: order.successor.clone(),
            custodian: order.custodian.clone(),
        };
        self.rule(
            view.registry(),
            &order.institution,
            event,
            order.effective,
            order.reason.clone(),
            &order.legal,
        )
    }

    /// Declares that an institution's key may have been in other hands since a date.
    pub fn compromise(&self, key: &PublicKey, since: UnixSeconds) -> Result<Ruling, AuthorityError> {
        self.end_key(key, KeyEvent::Compromised { since })
    }

    /// Retires an institution's key from a date.
    pub fn retire_key(&self, key: &PublicKey, at: UnixSeconds) -> Result<Ruling, AuthorityError> {
        self.end_key(key, KeyEvent::Retire { at })
    }

    /// Makes the statements about keys that the log does not know; where it knows them, notes where.
    fn say_keys(
        &self,
        registry: &Registry,
        application: &Application,
        from: UnixSeconds,
        said: &mut Vec<LeafIndex>,
        entries: &mut Vec<Vec<u8>>,
    ) -> Result<(), AuthorityError> {
        let institution = application.institution();
        for (key, role) in application.keys() {
            match known_key(registry, institution, key, *role)? {
                Some(index) => said.push(index),
                None => {
                    let event = KeyEvent::Add { role: *role, from };
                    let body = KeyStatement { institution: institution.clone(), key: *key, event };
                    entries.push(self.statement(registry, Body::Key(body))?);
                }
            }
        }
        Ok(())
    }

    fn withdraw(&self, order: &Withdraw, event: AccreditationEvent) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let reason = Some(order.reason.clone());
        self.rule(view.registry(), &order.institution, event, order.effective, reason, &order.legal)
    }

    fn rule(
        &self,
        registry: &Registry,
        institution: &InstitutionId,
        event: AccreditationEvent,
        effective: Period,
        reason: Option<Text>,
        legal: &LegalReference,
    ) -> Result<Ruling, AuthorityError> {
        let latest = registry
            .institution(institution)
            .and_then(|record| record.history().last())
            .ok_or_else(|| AuthorityError::UnknownInstitution { institution: institution.clone() })?;
        let body = Accreditation {
            institution: institution.clone(),
            name: latest.value.name.clone(),
            event,
            effective,
            reason,
            legal: legal.clone(),
        };
        match said_last(registry, &body) {
            Some(index) => self.submit(vec![index], Vec::new()),
            None => self.submit(Vec::new(), vec![self.statement(registry, Body::Accreditation(body))?]),
        }
    }

    fn end_key(&self, key: &PublicKey, event: KeyEvent) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let record = view.registry().key(key).ok_or(AuthorityError::UnknownKey { key: *key })?;
        if let Some(said) = record.history().iter().find(|said| said.value == event) {
            return self.submit(vec![said.recorded.index], Vec::new());
        }
        let body = KeyStatement { institution: record.institution().clone(), key: *key, event };
        self.submit(Vec::new(), vec![self.statement(view.registry(), Body::Key(body))?])
    }

    fn statement(&self, registry: &Registry, body: Body) -> Result<Vec<u8>, AuthorityError> {
        let replaces = match &body {
            Body::Accreditation(body) => registry.latest_accreditation(&body.institution),
            _ => None,
        };
        init::sign(&body, registry.origin(), replaces, self.key.signing())
    }

    pub(super) fn submit(
        &self,
        said: Vec<LeafIndex>,
        entries: Vec<Vec<u8>>,
    ) -> Result<Ruling, AuthorityError> {
        let changed = !entries.is_empty();
        let mut indexes = said;
        if changed {
            let logged = self.log.submit(&entries)?;
            let noted: Vec<_> =
                logged.iter().zip(&entries).map(|(logged, entry)| (logged.index, entry.as_slice())).collect();
            self.note_log_times(&noted);
            indexes.extend(logged.iter().map(|logged| logged.index));
        }
        indexes.sort();
        Ok(Ruling { indexes, changed })
    }
}

/// Where the log says the very same as the latest event of the institution's history.
fn said_last(registry: &Registry, body: &Accreditation) -> Option<LeafIndex> {
    let latest = registry.institution(&body.institution)?.history().last()?;
    (latest.value == *body).then_some(latest.recorded.index)
}

/// Where the log says that the key is the institution's in that role.
fn known_key(
    registry: &Registry,
    institution: &InstitutionId,
    key: &PublicKey,
    role: KeyRole,
) -> Result<Option<LeafIndex>, AuthorityError> {
    let Some(record) = registry.key(key) else { return Ok(None) };
    match record.added(KnownAt::Latest) {
        Some((has, _, recorded)) if record.institution() == institution && has == role => {
            Ok(Some(recorded.index))
        }
        _ => Err(AuthorityError::KeyTaken { key: *key, institution: record.institution().clone() }),
    }
}

fn last_scope(registry: &Registry, institution: &InstitutionId) -> Result<Scope, AuthorityError> {
    let history = registry.institution(institution).map(|record| record.history()).unwrap_or_default();
    history
        .iter()
        .rev()
        .find_map(|event| event.value.event.scope())
        .cloned()
        .ok_or_else(|| AuthorityError::UnknownInstitution { institution: institution.clone() })
}
