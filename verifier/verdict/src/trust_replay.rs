//! Replaying the statements of a trust file.

use std::collections::{HashMap, HashSet};

use matricula_credential::json::quoted;
use matricula_registry::{Body, KnownAt, LogOrigin, Registry, Statement, StatementId};
use matricula_tlog::{LeafIndex, UnixSeconds, decode_base64};

use crate::date::parse_rfc3339;
use crate::trust_content::{TrustContent, TrustedStatement};
use crate::trust_file::TrustFileError;

/// A statement that every later file must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting {
    /// Whether it is about the authority itself.
    pub(crate) of_authority: bool,
    pub(crate) logged_at: UnixSeconds,
}

/// What the statements of a trust file build.
pub(crate) struct Replayed {
    pub(crate) registry: Registry,
    pub(crate) genesis: StatementId,
    pub(crate) known: HashSet<StatementId>,
    pub(crate) lasting: HashMap<StatementId, Lasting>,
    pub(crate) last_logged: UnixSeconds,
}

/// Replays the statements: the genesis first, whose signer is the root of all others. What the authority
/// says must be signed by a key that the statements before give it for that time.
pub(crate) fn replay(content: &TrustContent) -> Result<Replayed, TrustFileError> {
    let (first, later) = content.statements.split_first().ok_or(TrustFileError::GenesisMissing)?;
    let genesis = read(first)?;
    if first.index != 0 || !matches!(genesis.body(), Body::Authority(_)) {
        return Err(TrustFileError::GenesisMissing);
    }
    let origin = LogOrigin::parse(&content.log.origin).map_err(|error| unusable(first, &error))?;
    let mut replayed = Replayed {
        registry: Registry::new(origin, [genesis.header().signer]),
        genesis: genesis.id(),
        known: HashSet::new(),
        lasting: HashMap::new(),
        last_logged: UnixSeconds::new(0),
    };
    replayed.apply(first, &genesis)?;
    let mut last = first.index;
    for trusted in later {
        if trusted.index <= last {
            return Err(TrustFileError::StatementOrder { index: trusted.index });
        }
        last = trusted.index;
        replayed.apply(trusted, &read(trusted)?)?;
    }
    Ok(replayed)
}

impl Replayed {
    fn apply(&mut self, trusted: &TrustedStatement, statement: &Statement) -> Result<(), TrustFileError> {
        let logged_at = date("loggedAt", &trusted.logged_at)?;
        if logged_at < self.last_logged {
            return Err(TrustFileError::StatementOrder { index: trusted.index });
        }
        let signer = &statement.header().signer;
        let by_institution = self.registry.key(signer).is_some();
        if !by_institution && !self.registry.is_authority_key(signer, logged_at, KnownAt::Latest) {
            return Err(TrustFileError::GivenUpKey { index: trusted.index });
        }
        let before = self.registry.negative_events().len();
        self.registry
            .apply_evidence(LeafIndex::new(trusted.index), Some(logged_at), statement)
            .map_err(|error| unusable(trusted, &error))?;
        let of_authority = matches!(statement.body(), Body::Authority(_));
        if of_authority || self.registry.negative_events().len() > before {
            self.lasting.insert(statement.id(), Lasting { of_authority, logged_at });
        }
        self.known.insert(statement.id());
        self.last_logged = logged_at;
        Ok(())
    }
}

fn read(trusted: &TrustedStatement) -> Result<Statement, TrustFileError> {
    let entry = decode_base64(&trusted.statement).ok_or_else(|| unusable(trusted, &"it is not base64"))?;
    let statement = Statement::parse(&entry).map_err(|error| unusable(trusted, &error))?;
    let verified = statement.verify_signatures().map_err(|error| unusable(trusted, &error))?;
    Ok(verified.into_statement())
}

fn unusable(trusted: &TrustedStatement, error: &dyn core::fmt::Display) -> TrustFileError {
    TrustFileError::Statement { index: trusted.index, reason: quoted(&error.to_string()) }
}

/// Reads a date of a trust file.
pub(crate) fn date(member: &'static str, value: &str) -> Result<UnixSeconds, TrustFileError> {
    parse_rfc3339(value)
        .ok_or_else(|| TrustFileError::Date { member, value: value.chars().take(40).collect() })
}
