//! Why a signer was not entitled.

use matricula_tlog::UnixSeconds;

use crate::{
    body::{KeyRole, Period},
    date::day,
    identity::{InstitutionId, StatementId, Text},
    registry::Recorded,
};

/// Which limit of a scope is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeLimit {
    /// The credential kind.
    Kind,
    /// The ISCED level.
    Level,
    /// The ISCED-F field.
    Field,
}

impl ScopeLimit {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Kind => "kind of record",
            Self::Level => "level of education",
            Self::Field => "field of study",
        }
    }
}

/// Why a signer was not entitled. `from` is the date a state begins, `recorded` when it became known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No institution is known to have that key.
    #[error("the key is not known to this log")]
    UnknownSigner,
    /// The key is the authority's own, which is no institution.
    #[error("the key is the authority's own, not an institution's")]
    AuthorityKey,
    /// The key has another role.
    #[error("the key is for {}, not for {}", task(*has), task(*needs))]
    WrongRole {
        /// Its role.
        has: KeyRole,
        /// The role asked for.
        needs: KeyRole,
    },
    /// Signed before the key was the institution's.
    #[error("the key is valid from {} only", day(*from))]
    KeyNotYetValid {
        /// The first second at which it is.
        from: UnixSeconds,
    },
    /// Signed after the key was retired, or nothing shows that it was before.
    #[error("the key is retired since {}", day(*at))]
    KeyRetired {
        /// The first second at which it no longer signs.
        at: UnixSeconds,
        /// When that became known.
        recorded: Recorded,
    },
    /// Signed or claimed when the key may have been in other hands, or nothing shows that it was before.
    #[error("the key may have been in other hands since {}", day(*since))]
    KeyCompromised {
        /// The first second at which it may have been.
        since: UnixSeconds,
        /// When that became known.
        recorded: Recorded,
    },
    /// The institution was not accredited yet, or is not known to ever have been.
    #[error("{institution} was not accredited yet{}", from_then_on(*first_from))]
    NotYetAccredited {
        /// Which institution.
        institution: InstitutionId,
        /// When its first accreditation begins, if one is known.
        first_from: Option<UnixSeconds>,
    },
    /// The accreditation had ended by itself.
    #[error("the accreditation of {institution} ended on {}", day(*at))]
    Expired {
        /// Which institution.
        institution: InstitutionId,
        /// The first second after it.
        at: UnixSeconds,
        /// When that became known.
        recorded: Recorded,
    },
    /// The accreditation was suspended.
    #[error("{institution} was suspended from {}{}", day(effective.from()), because(reason))]
    Suspended {
        /// Which institution.
        institution: InstitutionId,
        /// The period it covers.
        effective: Period,
        /// When that became known.
        recorded: Recorded,
        /// Why, in words.
        reason: Option<Text>,
    },
    /// The accreditation was revoked.
    #[error("the accreditation of {institution} was revoked from {}{}", day(effective.from()), because(reason))]
    Revoked {
        /// Which institution.
        institution: InstitutionId,
        /// The period it covers.
        effective: Period,
        /// When that became known.
        recorded: Recorded,
        /// Why, in words.
        reason: Option<Text>,
    },
    /// Another institution had taken over.
    #[error("{institution} was succeeded by {successor} from {}", day(effective.from()))]
    Succeeded {
        /// Which institution.
        institution: InstitutionId,
        /// Who took over.
        successor: InstitutionId,
        /// The period it covers.
        effective: Period,
        /// When that became known.
        recorded: Recorded,
    },
    /// The accreditation did not cover it.
    #[error("{institution} was not accredited for this {}", limit.in_words())]
    ScopeExceeded {
        /// Which institution.
        institution: InstitutionId,
        /// Which limit.
        limit: ScopeLimit,
        /// The accreditation statement that counts.
        statement: StatementId,
        /// When that became known.
        recorded: Recorded,
    },
    /// Nobody gave the institution the right to sign on the other's behalf.
    #[error("{institution} may not sign on behalf of {on_behalf_of}")]
    NoMandate {
        /// Which institution.
        institution: InstitutionId,
        /// The other institution.
        on_behalf_of: InstitutionId,
    },
    /// The right to sign on the other's behalf had ended.
    #[error("{institution} could sign on behalf of {on_behalf_of} until {} only", day(*until))]
    MandateEnded {
        /// Which institution.
        institution: InstitutionId,
        /// The other institution.
        on_behalf_of: InstitutionId,
        /// The first second after it.
        until: UnixSeconds,
        /// When that became known.
        recorded: Recorded,
    },
}

impl Refusal {
    /// The stable code of the refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownSigner => "unknown_signer",
            Self::AuthorityKey => "authority_key",
            Self::WrongRole { .. } => "wrong_role",
            Self::KeyNotYetValid { .. } => "key_not_yet_valid",
            Self::KeyRetired { .. } => "key_retired",
            Self::KeyCompromised { .. } => "key_compromised",
            Self::NotYetAccredited { .. } => "not_yet_accredited",
            Self::Expired { .. } => "expired",
            Self::Suspended { .. } => "suspended",
            Self::Revoked { .. } => "revoked",
            Self::Succeeded { .. } => "succeeded",
            Self::ScopeExceeded { .. } => "scope_exceeded",
            Self::NoMandate { .. } => "no_mandate",
            Self::MandateEnded { .. } => "mandate_ended",
        }
    }

    /// The institution whose standing is the reason, where one is.
    pub const fn institution(&self) -> Option<&InstitutionId> {
        match self {
            Self::NotYetAccredited { institution, .. }
            | Self::Expired { institution, .. }
            | Self::Suspended { institution, .. }
            | Self::Revoked { institution, .. }
            | Self::Succeeded { institution, .. }
            | Self::ScopeExceeded { institution, .. }
            | Self::NoMandate { institution, .. }
            | Self::MandateEnded { institution, .. } => Some(institution),
            _ => None,
        }
    }
}

/// What a key of that role is there to do.
const fn task(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Issue => "issuing",
        KeyRole::Approve => "approving",
        KeyRole::Bind => "binding records to their holders",
    }
}

fn from_then_on(first_from: Option<UnixSeconds>) -> String {
    first_from.map_or_else(String::new, |from| format!("; its first accreditation begins on {}", day(from)))
}

fn because(reason: &Option<Text>) -> String {
    reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"))
}
