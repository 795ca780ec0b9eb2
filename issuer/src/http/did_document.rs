//! DID documents of an authority and its institutions, from the registry: the log wins.

use ed25519_dalek::VerifyingKey;
use matricula_credential::did::DidDocument;
use matricula_registry::{InstitutionId, KeyRole, KnownAt, PublicKey, Registry};
use matricula_tlog::UnixSeconds;

use crate::authority::AuthorityHome;

/// The DID that a request's path names on the authority's host: `/.well-known/did.json` is the host
/// itself, `/schools/lempira/did.json` an identifier under it.
pub(super) fn did_of_path(authority: &InstitutionId, path: &str) -> Option<String> {
    let host = authority.as_str().strip_prefix("did:web:")?.split(':').next()?;
    let path = path.strip_prefix('/')?.strip_suffix("/did.json")?;
    if path == ".well-known" {
        return Some(format!("did:web:{host}"));
    }
    Some(format!("did:web:{host}:{}", path.replace('/', ":")))
}

/// The document of a DID at a moment; `None` for one that the log does not know.
pub(super) fn document(
    home: &AuthorityHome,
    registry: &Registry,
    did: &str,
    now: UnixSeconds,
) -> Option<DidDocument> {
    if did == home.profile().did.as_str() {
        return Some(of_authority(did, registry, now));
    }
    let id = InstitutionId::parse(did).ok()?;
    let institution = registry.institution(&id)?;
    let mut assertion = Vec::new();
    for key in institution.keys() {
        if is_good(registry, key, now) {
            assertion.extend(key.verifying_key());
        }
    }
    Some(DidDocument { id: did.to_owned(), assertion, authentication: Vec::new() })
}

fn of_authority(did: &str, registry: &Registry, now: UnixSeconds) -> DidDocument {
    let keys =
        registry.authority(KnownAt::Latest).map(|event| event.value.keys.as_slice()).unwrap_or_default();
    let valid = keys.iter().filter(|own| own.valid.contains(now));
    let assertion: Vec<VerifyingKey> = valid.filter_map(|own| own.key.verifying_key()).collect();
    DidDocument { id: did.to_owned(), assertion, authentication: Vec::new() }
}

/// Keys that sign credentials or bindings today. Earlier ones are in the log, with their dates.
fn is_good(registry: &Registry, key: &PublicKey, now: UnixSeconds) -> bool {
    let Some(record) = registry.key(key) else { return false };
    let signs = record
        .added(KnownAt::Latest)
        .is_some_and(|(role, from, _)| matches!(role, KeyRole::Issue | KeyRole::Bind) && from <= now);
    let retired = record.retired(KnownAt::Latest).is_some_and(|(at, _)| at <= now);
    signs && !retired && record.compromised(KnownAt::Latest).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_identifiers_on_the_authoritys_host() {
        let of = |authority: &str, path: &str| did_of_path(&InstitutionId::parse(authority).unwrap(), path);
        let host = "did:web:hn.example";
        assert_eq!(of(host, "/.well-known/did.json").as_deref(), Some(host));
        assert_eq!(
            of(host, "/schools/lempira/did.json").as_deref(),
            Some("did:web:hn.example:schools:lempira")
        );
        let with_port = "did:web:127.0.0.1%3A8700:hn";
        assert_eq!(of(with_port, "/hn/did.json").as_deref(), Some(with_port));
        assert_eq!(of(host, "/did.json"), None);
        assert_eq!(of(host, "/schools/lempira"), None);
    }
}
