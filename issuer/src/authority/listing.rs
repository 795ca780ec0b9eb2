//! The institutions of an authority, with their history.

use matricula_registry::{
    AccreditationEvent, InstitutionId, KeyRecord, KeyRole, KnownAt, PublicKey, Registry, Scope, Text,
};
use matricula_tlog::{LeafIndex, UnixSeconds};

/// Where an institution stands on a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstitutionStanding {
    /// It may issue within its scope.
    Accredited,
    /// No event covers the date.
    NotAccredited,
    /// Its rights rest.
    Suspended,
    /// Its rights have ended.
    Revoked,
    /// Another institution has taken over.
    Succeeded,
}

impl InstitutionStanding {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accredited => "accredited",
            Self::NotAccredited => "not_accredited",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Succeeded => "succeeded",
        }
    }
}

/// One event of an institution's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEvent {
    /// Its place in the log.
    pub index: LeafIndex,
    /// `grant`, `suspend`, `restore`, `revoke` or `succeed`.
    pub event: &'static str,
    /// The first second at which it holds.
    pub from: UnixSeconds,
    /// The first second at which it no longer holds.
    pub to: Option<UnixSeconds>,
    /// Why, in words.
    pub reason: Option<Text>,
    /// The title of the decree.
    pub decree: Text,
}

/// One key of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// The key.
    pub key: PublicKey,
    /// What it is for.
    pub role: KeyRole,
    /// From when on.
    pub from: UnixSeconds,
    /// When it was retired.
    pub retired: Option<UnixSeconds>,
    /// Since when it may have been in other hands.
    pub compromised: Option<UnixSeconds>,
}

/// One institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInstitution {
    /// Its DID.
    pub institution: InstitutionId,
    /// Its name, as the latest event has it.
    pub name: Text,
    /// Where it stands on the date asked for.
    pub standing: InstitutionStanding,
    /// What it was granted last.
    pub scope: Option<Scope>,
    /// Its history, in the order of the log.
    pub events: Vec<ListedEvent>,
    /// Its keys.
    pub keys: Vec<ListedKey>,
}

/// All institutions, by their identifiers, as they stand at a moment.
pub fn list_institutions(registry: &Registry, at: UnixSeconds) -> Vec<ListedInstitution> {
    registry.institutions().filter_map(|(id, _)| list_institution(registry, id, at)).collect()
}

/// One institution as it stands at a moment; `None` where the log does not know it.
pub fn list_institution(
    registry: &Registry,
    id: &InstitutionId,
    at: UnixSeconds,
) -> Option<ListedInstitution> {
    let record = registry.institution(id)?;
    let history = record.history();
    let holding = history.iter().rev().find(|event| event.value.effective.contains(at));
    Some(ListedInstitution {
        institution: id.clone(),
        name: history.last()?.value.name.clone(),
        standing: holding.map_or(InstitutionStanding::NotAccredited, |event| standing(&event.value.event)),
        scope: history.iter().rev().find_map(|event| event.value.event.scope()).cloned(),
        events: history
            .iter()
            .map(|event| ListedEvent {
                index: event.recorded.index,
                event: event.value.event.word(),
                from: event.value.effective.from(),
                to: event.value.effective.to(),
                reason: event.value.reason.clone(),
                decree: event.value.legal.title.clone(),
            })
            .collect(),
        keys: record.keys().filter_map(|key| list_key(key, registry.key(key)?)).collect(),
    })
}

fn standing(event: &AccreditationEvent) -> InstitutionStanding {
    match event {
        AccreditationEvent::Grant { .. } | AccreditationEvent::Restore { .. } => {
            InstitutionStanding::Accredited
        }
        AccreditationEvent::Suspend { .. } => InstitutionStanding::Suspended,
        AccreditationEvent::Revoke { .. } => InstitutionStanding::Revoked,
        AccreditationEvent::Succeed { .. } => InstitutionStanding::Succeeded,
    }
}

fn list_key(key: &PublicKey, record: &KeyRecord) -> Option<ListedKey> {
    let (role, from, _) = record.added(KnownAt::Latest)?;
    Some(ListedKey {
        key: *key,
        role,
        from,
        retired: record.retired(KnownAt::Latest).map(|(at, _)| at),
        compromised: record.compromised(KnownAt::Latest).map(|(since, _)| since),
    })
}
