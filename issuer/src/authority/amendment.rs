//! What an authority says of itself: its keys, whom abroad it recognises, which rules its log follows.
//!
//! An authority statement replaces the one before as a whole, so an amendment is made from the latest one
//! in the log. Keys are ended, never left out: what they signed while they were valid stays good.

use matricula_registry::{Authority, AuthorityKey, Body, KnownAt, LogOrigin, Period, PublicKey, Recognition};
use matricula_tlog::UnixSeconds;

use super::accreditation::{AuthorityDesk, Ruling};
use super::{AuthorityError, RULES_VERSION, init};

/// One change of what the authority says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// A further key. A successor is added first and then ends the key before: so it shows that
    /// somebody has it.
    AddKey {
        /// The key.
        key: PublicKey,
        /// When it signs.
        valid: Period,
    },
    /// The end of a key: retired from then on, or, in the past, in other hands since then.
    EndKey {
        /// The key.
        key: PublicKey,
        /// The first second at which it no longer signs.
        at: UnixSeconds,
    },
    /// Recognises the institutions of a foreign authority. A scope takes the place of the one before.
    Recognise(Recognition),
    /// Recognises an authority no longer, whatever its keys.
    EndRecognition {
        /// Its log.
        origin: LogOrigin,
    },
    /// Announces the version of the registry's rules that the log follows from here on.
    FollowRules {
        /// The version.
        version: u64,
    },
}

impl AuthorityDesk<'_> {
    /// Amends what the authority says of itself. The desk's key must be valid by the latest statement in
    /// the log. What the log says already is not said again.
    ///
    /// # Errors
    /// [`AuthorityError`]: a key, recognition or version that does not fit what the log says; or what the
    /// door of the log refuses.
    pub fn amend(&self, amendment: &Amendment) -> Result<Ruling, AuthorityError> {
        let view = self.registry()?;
        let registry = view.registry();
        let latest = registry.authority(KnownAt::Latest).ok_or(AuthorityError::NotFounded)?;
        let amended = amendment.applied_to(latest.value.clone())?;
        if amended == latest.value {
            return self.submit(vec![latest.recorded.index], Vec::new());
        }
        let body = Body::Authority(amended);
        let entry = init::sign(&body, registry.origin(), Some(latest.statement), self.key.signing())?;
        self.submit(Vec::new(), vec![entry])
    }
}

impl Amendment {
    fn applied_to(&self, mut authority: Authority) -> Result<Authority, AuthorityError> {
        match self {
            Self::AddKey { key, valid } => add_key(&mut authority, *key, *valid)?,
            Self::EndKey { key, at } => end_key(&mut authority, *key, *at)?,
            Self::Recognise(recognition) => {
                let rank = |known: &Recognition| (known.origin.clone(), known.key);
                authority.recognises.retain(|known| rank(known) != rank(recognition));
                authority.recognises.push(recognition.clone());
                authority.recognises.sort_by_key(rank);
            }
            Self::EndRecognition { origin } => {
                let before = authority.recognises.len();
                authority.recognises.retain(|known| known.origin != *origin);
                if authority.recognises.len() == before {
                    return Err(AuthorityError::NotRecognised { origin: origin.clone() });
                }
            }
            Self::FollowRules { version } if *version > RULES_VERSION => {
                return Err(AuthorityError::RulesUnknown { version: *version, known: RULES_VERSION });
            }
            Self::FollowRules { version } => authority.rules_version = *version,
        }
        Ok(authority)
    }
}

fn add_key(authority: &mut Authority, key: PublicKey, valid: Period) -> Result<(), AuthorityError> {
    match authority.key(&key) {
        Some(known) if known == valid => Ok(()),
        Some(_) => Err(AuthorityError::OwnKeyKnown { key }),
        None => {
            authority.keys.push(AuthorityKey { key, valid });
            authority.keys.sort();
            Ok(())
        }
    }
}

/// An end may be dated further back, as when a theft is found out; never put off, which would give an
/// ended key its power back.
fn end_key(authority: &mut Authority, key: PublicKey, at: UnixSeconds) -> Result<(), AuthorityError> {
    let own = authority.keys.iter_mut().find(|own| own.key == key);
    let own = own.ok_or(AuthorityError::NotOwnKey { key })?;
    if let Some(ended) = own.valid.to().filter(|ended| *ended < at) {
        return Err(AuthorityError::OwnKeyEnded { key, ended });
    }
    if at <= own.valid.from() {
        return Err(AuthorityError::OwnKeyEndTooEarly { key, from: own.valid.from() });
    }
    own.valid = Period::new(own.valid.from(), Some(at))?;
    // The door asks for a key that is valid today; the log must not close by itself one day either.
    if authority.keys.iter().all(|own| own.valid.to().is_some()) {
        return Err(AuthorityError::LastKey { key });
    }
    Ok(())
}
