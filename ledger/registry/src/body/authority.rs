//! Who runs a log, with which keys, and whom abroad it recognises.

use matricula_tlog::UnixSeconds;
use minicbor::Decoder;

use crate::{
    body::Period,
    identity::{Country, LogOrigin, PublicKey, Text},
    scope::Scope,
    statement::{Fields, MapWriter, StatementError, read_date, read_key, read_list, read_text, read_u64},
};

/// Most keys of an authority, past and present: one a quarter over 16 years.
const AUTHORITY_KEYS_MAX: u64 = 64;
/// Most foreign authorities recognised: there are 249 country codes.
const RECOGNITIONS_MAX: u64 = 256;

/// One of the authority's own keys, and when it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityKey {
    /// The key.
    pub key: PublicKey,
    /// When it is valid.
    pub valid: Period,
}

/// A foreign authority whose institutions this one recognises, for a scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recognition {
    /// The foreign authority's log.
    pub origin: LogOrigin,
    /// The foreign authority's key.
    pub key: PublicKey,
    /// What for.
    pub scope: Scope,
}

/// An authority statement. The first of a log is its first entry and is signed by one of its own
/// keys; a later one replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The authority's name.
    pub name: Text,
    /// Its country.
    pub country: Country,
    /// Its keys, 1 to 64, in ascending order of the key, each once.
    pub keys: Vec<AuthorityKey>,
    /// The log's verifier key, as text (C2SP signed-note).
    pub log_key: Text,
    /// The version of the registry's rules that this log follows from here on.
    pub rules_version: u64,
    /// Whom it recognises, in ascending order of origin and key.
    pub recognises: Vec<Recognition>,
}

impl Authority {
    /// The period in which the key is the authority's, if it ever is.
    pub fn key(&self, key: &PublicKey) -> Option<Period> {
        self.keys.iter().find(|own| own.key == *key).map(|own| own.valid)
    }

    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, "authority")?;
        let name = map.required(0, "name", |d, f| Text::read(f, read_text(d, f)?))?;
        let country = map.required(1, "country", |d, f| Country::read(f, read_text(d, f)?))?;
        let keys =
            map.required(2, "keys", |d, f| read_list(d, f, 1, AUTHORITY_KEYS_MAX, read_authority_key))?;
        if keys.windows(2).any(|pair| pair[0].key == pair[1].key) {
            return Err(StatementError::ListOrder { field: "keys" });
        }
        let log_key = map.required(3, "log_key", |d, f| Text::read(f, read_text(d, f)?))?;
        let rules_version = map.required(4, "rules_version", read_u64)?;
        let recognises = map.required(5, "recognises", |d, f| {
            read_list(d, f, 0, RECOGNITIONS_MAX, |d, f| read_recognition(d, f).map(ByOrigin))
        })?;
        map.close()?;
        let recognises = recognises.into_iter().map(|by_origin| by_origin.0).collect();
        Ok(Self { name, country, keys, log_key, rules_version, recognises })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.text(0, self.name.as_str());
        map.text(1, self.country.as_str());
        map.array(2, &self.keys, |key, out| out.map(write_authority_key(key)));
        map.text(3, self.log_key.as_str());
        map.number(4, self.rules_version);
        map.array(5, &self.recognises, |recognition, out| out.map(write_recognition(recognition)));
        map
    }
}

fn read_authority_key(
    decoder: &mut Decoder<'_>,
    field: &'static str,
) -> Result<AuthorityKey, StatementError> {
    let mut map = Fields::open(decoder, field)?;
    let key = map.required(0, "authority_key", read_key)?;
    let from: UnixSeconds = map.required(1, "authority_key_from", read_date)?;
    let to = map.optional(2, "authority_key_to", read_date)?;
    map.close()?;
    Ok(AuthorityKey { key, valid: Period::new(from, to)? })
}

fn write_authority_key(own: &AuthorityKey) -> MapWriter {
    let mut map = MapWriter::new();
    map.bytes(0, own.key.as_bytes());
    map.number(1, own.valid.from().get());
    if let Some(to) = own.valid.to() {
        map.number(2, to.get());
    }
    map
}

fn read_recognition(decoder: &mut Decoder<'_>, field: &'static str) -> Result<Recognition, StatementError> {
    let mut map = Fields::open(decoder, field)?;
    let origin = map.required(0, "recognised_origin", |d, f| LogOrigin::read(f, read_text(d, f)?))?;
    let key = map.required(1, "recognised_key", read_key)?;
    let scope = map.required(2, "recognised_scope", Scope::read)?;
    map.close()?;
    Ok(Recognition { origin, key, scope })
}

fn write_recognition(recognition: &Recognition) -> MapWriter {
    let mut map = MapWriter::new();
    map.text(0, recognition.origin.as_str());
    map.bytes(1, recognition.key.as_bytes());
    map.map(2, recognition.scope.write());
    map
}

/// Orders recognitions by log and key alone: two scopes for one foreign authority would leave open
/// which holds.
struct ByOrigin(Recognition);

impl ByOrigin {
    fn rank(&self) -> (&LogOrigin, &PublicKey) {
        (&self.0.origin, &self.0.key)
    }
}

impl PartialEq for ByOrigin {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for ByOrigin {}

impl PartialOrd for ByOrigin {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByOrigin {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}
