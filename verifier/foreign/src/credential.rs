//! A token read and verified, with the credentials inside it.
//!
//! SPEC: RFC 7515 §5.2; Open Badges 3.0 §8.2; CLR 2.0 §8.

use matricula_credential::content::has_type;
use matricula_credential::json::parse_limited;
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::compact::{CompactJws, TOKEN_BYTES_MAX};
use crate::error::{ForeignError, Part};
use crate::header::{Algorithm, Header};
use crate::key::ForeignKey;
use crate::profile::{Claims, Profile};
use crate::resolve::{KeyFrom, resolve};
use crate::signature;

/// Most credentials inside one: a school life has some 150 certificates.
pub const NESTED_MAX: usize = 512;

/// Deepest nesting: a transcript of transcripts of certificates. Every level is encoded once more, so the limit on the size of a
/// token bounds the work as well.
pub const NESTED_DEPTH_MAX: usize = 2;

/// A credential whose signature fits, and whose claims do not contradict each other. There is no other way to one than [`read`].
///
/// Whose key it is, and whether the dates have come or passed, is for the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignCredential {
    credential: Value,
    profile: Profile,
    key: ForeignKey,
    key_from: KeyFrom,
    algorithm: Algorithm,
    issuer: String,
    not_before: Option<UnixSeconds>,
    expires: Option<UnixSeconds>,
    nested: Vec<NestedCredential>,
}

impl ForeignCredential {
    /// The credential as one object: claims put in where they stand for members, tokens inside
    /// `credentialSubject.verifiableCredential` replaced by their credentials, that member always a list. Never sign or hash
    /// this: what was signed is the token.
    pub const fn credential(&self) -> &Value {
        &self.credential
    }

    /// How the credential stood in the token.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The key that signed.
    pub const fn key(&self) -> &ForeignKey {
        &self.key
    }

    /// Where that key came from.
    pub const fn key_from(&self) -> KeyFrom {
        self.key_from
    }

    /// The algorithm of the signature.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The issuer's id: that of the credential, and `iss` where there is one.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The later of `nbf` and the credential's own beginning.
    pub const fn not_before(&self) -> Option<UnixSeconds> {
        self.not_before
    }

    /// The earlier of `exp` and the credential's own end.
    pub const fn expires(&self) -> Option<UnixSeconds> {
        self.expires
    }

    /// The tokens inside, each verified on its own.
    pub fn nested(&self) -> &[NestedCredential] {
        &self.nested
    }
}

/// A verified token inside another.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedCredential {
    /// Its place in `credentialSubject.verifiableCredential`, from 0. Places in between hold credentials with embedded
    /// proofs, which are not checked here.
    pub position: usize,
    /// The credential.
    pub credential: ForeignCredential,
}

/// Reads a token in compact form, verifies its signature, and those of the tokens inside it. White space around is not taken.
///
/// # Errors
/// [`ForeignError`]: the first thing wrong. Nothing of a token that does not verify is handed out.
pub fn read(token: &str) -> Result<ForeignCredential, ForeignError> {
    read_at_depth(token, 0)
}

fn read_at_depth(token: &str, depth: usize) -> Result<ForeignCredential, ForeignError> {
    let jws = CompactJws::parse(token)?;
    let header = Header::parse(&jws.header)?;
    let payload = parse_limited(&jws.payload, TOKEN_BYTES_MAX)
        .map_err(|cause| ForeignError::Json { part: Part::Payload, cause })?;
    let claims = Claims::read(payload, header.is_vc_jwt)?;
    let (key, key_from) = resolve(&header, &claims.issuer)?;
    signature::verify(header.algorithm, &key, jws.signing_input, &jws.signature)?;
    let mut credential = claims.credential;
    let nested = read_nested(&mut credential, depth)?;
    Ok(ForeignCredential {
        credential,
        profile: claims.profile,
        key,
        key_from,
        algorithm: header.algorithm,
        issuer: claims.issuer,
        not_before: claims.not_before,
        expires: claims.expires,
        nested,
    })
}

/// Reads the tokens inside a credential, after its own signature was found good, and puts their credentials in their places.
fn read_nested(credential: &mut Value, depth: usize) -> Result<Vec<NestedCredential>, ForeignError> {
    let Some(inside) = credential.pointer_mut("/credentialSubject/verifiableCredential") else {
        return Ok(Vec::new());
    };
    if !inside.is_array() {
        *inside = Value::Array(vec![inside.take()]);
    }
    let Value::Array(items) = inside else { return Ok(Vec::new()) };
    if items.len() > NESTED_MAX {
        return Err(ForeignError::NestedTooMany { count: items.len(), max: NESTED_MAX });
    }
    let mut nested = Vec::new();
    for (position, item) in items.iter_mut().enumerate() {
        let Some(token) = token_in(item) else { continue };
        if depth == NESTED_DEPTH_MAX {
            return Err(ForeignError::NestedTooDeep { max: NESTED_DEPTH_MAX });
        }
        let read = read_at_depth(token, depth + 1)
            .map_err(|cause| ForeignError::Nested { position: position + 1, cause: Box::new(cause) })?;
        *item = read.credential.clone();
        nested.push(NestedCredential { position, credential: read });
    }
    Ok(nested)
}

/// The token that stands for a credential: as text, or in the envelope of VCDM 2.0.
///
/// SPEC: CLR 2.0 §8; VCDM 2.0 §4.13.
fn token_in(item: &Value) -> Option<&str> {
    match item {
        Value::String(token) => Some(token),
        envelope if has_type(envelope, "EnvelopedVerifiableCredential") => {
            let (media_type, token) = envelope.get("id")?.as_str()?.strip_prefix("data:")?.split_once(',')?;
            media_type.eq_ignore_ascii_case("application/vc+jwt").then_some(token)
        }
        _ => None,
    }
}
