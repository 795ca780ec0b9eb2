//! Which key a token names, and whether it can be a key of the issuer.
//!
//! SPEC: VC-JOSE §3.3.2; Open Badges 3.0 §8.2.4; did:key; did:jwk.

use serde_json::Value;

use crate::error::ForeignError;
use crate::header::{Algorithm, Header, quoted};
use crate::key::ForeignKey;

/// Where the key came from. None of these says whose it is; only `Issuer`, and a `Kid` under the issuer's own identifier, mean
/// that whoever made the identifier holds the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFrom {
    /// The `jwk` member of the token's header.
    JwkHeader,
    /// The `kid` member, which holds the key itself: `did:key`, `did:jwk`, or a multikey as fragment.
    Kid,
    /// The issuer's identifier is its key: `did:key` or `did:jwk`.
    Issuer,
}

/// Finds the key of a token, without any network.
///
/// # Errors
/// [`ForeignError::Key`], [`ForeignError::KeysDisagree`], [`ForeignError::NotControlled`], [`ForeignError::KeyUnavailable`].
pub(crate) fn resolve(header: &Header, issuer: &str) -> Result<(ForeignKey, KeyFrom), ForeignError> {
    let in_header = header.jwk.as_ref().map(|jwk| parse_jwk(jwk, header.algorithm)).transpose()?;
    let kid = header.kid.as_deref();
    let in_kid = kid.map_or(Ok(None), key_of)?;
    let in_issuer = key_of(issuer)?;
    if let (Some(one), Some(other)) = (&in_header, &in_kid)
        && one != other
    {
        return Err(ForeignError::KeysDisagree);
    }
    let not_controlled = || ForeignError::NotControlled { issuer: quoted(issuer) };
    if kid.and_then(controller).is_some_and(|controller| controller != issuer) {
        return Err(not_controlled());
    }
    let named = in_header.map(|key| (key, KeyFrom::JwkHeader)).or(in_kid.map(|key| (key, KeyFrom::Kid)));
    match (named, in_issuer) {
        (Some((key, _)), Some(own)) if key != own => Err(not_controlled()),
        (Some(named), _) => Ok(named),
        (None, Some(own)) => Ok((own, KeyFrom::Issuer)),
        (None, None) => Err(ForeignError::KeyUnavailable { kid: kid.map(quoted) }),
    }
}

fn parse_jwk(jwk: &Value, algorithm: Algorithm) -> Result<ForeignKey, ForeignError> {
    Ok(ForeignKey::from_jwk(jwk, Some(algorithm))?)
}

/// The DID before the fragment, where the key's name is a DID URL. Other names need not stand under the issuer's.
fn controller(kid: &str) -> Option<&str> {
    kid.starts_with("did:").then(|| kid.split_once('#').map_or(kid, |(did, _)| did))
}

/// The key that an identifier or a key's name holds; nothing where it holds none.
fn key_of(name: &str) -> Result<Option<ForeignKey>, ForeignError> {
    let (base, fragment) = name.split_once('#').map_or((name, None), |(base, rest)| (base, Some(rest)));
    if let Some(multikey) = base.strip_prefix("did:key:") {
        if fragment.is_some_and(|fragment| fragment != multikey) {
            return Err(ForeignError::KeysDisagree);
        }
        return Ok(Some(ForeignKey::from_multikey(multikey)?));
    }
    if let Some(encoded) = base.strip_prefix("did:jwk:") {
        return Ok(Some(ForeignKey::from_did_jwk(encoded)?));
    }
    // A fragment is any name that the issuer likes; it counts as a key only where it reads as one.
    Ok(fragment.and_then(|fragment| ForeignKey::from_multikey(fragment).ok()))
}
