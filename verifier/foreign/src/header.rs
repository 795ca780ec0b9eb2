//! The protected header: what is taken, and what is refused before any key is looked at.
//!
//! SPEC: RFC 7515 §4; RFC 8725 §3.1, §3.11; VC-JOSE §3.1.1.

use core::fmt;

use matricula_credential::json::parse_limited;
use serde_json::{Map, Value};

use crate::error::{ForeignError, Part};

/// Longest header, decoded: a JWK of 8192 bits has 1.5 kB, a chain of three certificates 8 kB.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Longest text of a token that an error repeats: algorithms and types have 20 characters, DIDs up to 100.
const QUOTED_CHARS_MAX: usize = 200;

/// The types a credential goes by: that of VC-JOSE, its name in drafts, and that of Open Badges' profile. Compared without
/// regard to case.
const CREDENTIAL_TYPES: [&str; 3] = ["vc+jwt", "vc+ld+jwt", "JWT"];

/// The signature algorithms that are taken.
///
/// SPEC: RFC 7518 §3.1; RFC 8037 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what Open Badges' profile asks.
    Rs256,
    /// Ed25519. `Ed448` goes by the same name, and is refused by its key.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// The name, as it stands in the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    /// The list of what is allowed. `none` and the algorithms of shared keys are no signatures at all, so they are refused and not
    /// merely unknown.
    fn from_name(name: &str) -> Result<Self, ForeignError> {
        match name {
            "RS256" => Ok(Self::Rs256),
            // RFC 9864 gives Ed25519 a name of its own.
            "EdDSA" | "Ed25519" => Ok(Self::EdDsa),
            "ES256" => Ok(Self::Es256),
            shared if shared.eq_ignore_ascii_case("none") || shared.starts_with("HS") => {
                Err(ForeignError::AlgorithmRefused { alg: quoted(name) })
            }
            _ => Err(ForeignError::AlgorithmUnsupported { alg: quoted(name) }),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A header that asks for nothing this reader does not do.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    /// Whether `typ` says that the payload is the credential itself.
    pub(crate) is_vc_jwt: bool,
    /// The key itself, not yet parsed.
    pub(crate) jwk: Option<Value>,
    /// The key's name.
    pub(crate) kid: Option<String>,
}

impl Header {
    /// Reads a header from its JSON.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, ForeignError> {
        let value = parse_limited(json, HEADER_BYTES_MAX)
            .map_err(|cause| ForeignError::Json { part: Part::Header, cause })?;
        let Value::Object(mut header) = value else { return Err(malformed("header")) };
        let algorithm = Algorithm::from_name(text(&header, "alg")?.ok_or_else(|| malformed("alg"))?)?;
        // No extension is known, so any `crit` asks for too much; an empty one is forbidden. `b64` counts only under `crit`, and
        // alone would have two readers see two payloads.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(ForeignError::Critical);
        }
        let typ = text(&header, "typ")?.map(without_prefix);
        if let Some(typ) = typ
            && !CREDENTIAL_TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known))
        {
            return Err(ForeignError::TypeWrong { typ: quoted(typ) });
        }
        let is_vc_jwt = typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT"));
        let kid = text(&header, "kid")?.map(str::to_owned);
        Ok(Self { algorithm, is_vc_jwt, jwk: header.remove("jwk"), kid })
    }
}

/// The first characters of a text that a stranger chose.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).collect()
}

/// `typ` may be written with or without `application/`.
fn without_prefix(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    }
}

fn text<'h>(header: &'h Map<String, Value>, member: &'static str) -> Result<Option<&'h str>, ForeignError> {
    match header.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(member)),
    }
}

const fn malformed(member: &'static str) -> ForeignError {
    ForeignError::Member { part: Part::Header, member }
}
