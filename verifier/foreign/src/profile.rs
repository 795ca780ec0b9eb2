//! From claims to a credential: one view for both ways of putting a credential into a token.
//!
//! SPEC: VC-JOSE §3.1; VC 1.1 §6.3.1; Open Badges 3.0 §8.2.4; RFC 7519 §4.1.

use matricula_credential::content::{has_type, issuer_id};
use matricula_credential::{format_date_time, parse_date_time};
use matricula_tlog::UnixSeconds;
use serde_json::{Map, Value, json};

use crate::error::{ClaimName, ForeignError, Part};

/// The last second of the year 9999, the end of the calendar that credentials write.
const NUMERIC_DATE_MAX: f64 = 253_402_300_799.0;

/// Claims of a token that are no members of a credential.
const TOKEN_CLAIMS: [&str; 7] = ["iss", "sub", "jti", "nbf", "exp", "iat", "aud"];

/// How the credential stands in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The payload is the credential: VC-JOSE, and Open Badges since its final edition. Registered claims may stand beside.
    VcJose,
    /// The credential is the claim `vc`, and registered claims repeat or stand for some of its members: VC 1.1 and the Open
    /// Badges and CLR tokens made by it.
    VcClaim,
}

/// What a payload says.
pub(crate) struct Claims {
    pub(crate) profile: Profile,
    /// The credential, with what only the claims say put into it.
    pub(crate) credential: Value,
    pub(crate) issuer: String,
    pub(crate) not_before: Option<UnixSeconds>,
    pub(crate) expires: Option<UnixSeconds>,
}

impl Claims {
    /// Reads a payload. A claim that contradicts the credential is refused: two readers would see two credentials.
    pub(crate) fn read(payload: Value, is_vc_jwt: bool) -> Result<Self, ForeignError> {
        let Value::Object(mut claims) = payload else { return Err(ForeignError::NotACredential) };
        let times = Times::of(&claims)?;
        let (profile, credential) = match (claims.remove("vc"), is_vc_jwt) {
            (Some(_), true) => return Err(ForeignError::ProfilesMixed),
            (Some(inner), false) => (Profile::VcClaim, inner),
            (None, _) => {
                let members = claims.clone().into_iter();
                let members = members.filter(|(name, _)| !TOKEN_CLAIMS.contains(&name.as_str()));
                (Profile::VcJose, Value::Object(members.collect()))
            }
        };
        if !has_type(&credential, "VerifiableCredential") {
            return Err(ForeignError::NotACredential);
        }
        let Value::Object(mut credential) = credential else { return Err(ForeignError::NotACredential) };
        merge_ids(&mut credential, &claims, profile)?;
        merge_times(&mut credential, times, profile)?;
        let credential = Value::Object(credential);
        let issuer = issuer_id(&credential).ok_or(malformed("issuer"))?.to_owned();
        let from = date(&credential, ["validFrom", "issuanceDate"])?;
        let until = date(&credential, ["validUntil", "expirationDate"])?;
        Ok(Self {
            profile,
            issuer,
            not_before: times.not_before.max(from),
            expires: earlier(times.expires, until),
            credential,
        })
    }
}

#[derive(Clone, Copy)]
struct Times {
    not_before: Option<UnixSeconds>,
    expires: Option<UnixSeconds>,
}

impl Times {
    fn of(claims: &Map<String, Value>) -> Result<Self, ForeignError> {
        Ok(Self { not_before: numeric_date(claims, "nbf")?, expires: numeric_date(claims, "exp")? })
    }
}

/// Seconds since 1970, rounded down; a fraction is allowed (RFC 7519 §2).
fn numeric_date(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<UnixSeconds>, ForeignError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=NUMERIC_DATE_MAX).contains(seconds));
    let seconds = seconds.ok_or(malformed(name))?;
    // Exact: the range was checked above, and the cast rounds down.
    Ok(Some(UnixSeconds::new(seconds as u64)))
}

/// `iss`, `jti` and `sub` must say what the credential says. Where the credential is a claim itself it may leave them out, and
/// they are put into it.
fn merge_ids(
    credential: &mut Map<String, Value>,
    claims: &Map<String, Value>,
    profile: Profile,
) -> Result<(), ForeignError> {
    let may_fill = profile == Profile::VcClaim;
    if let Some(iss) = text(claims, "iss")? {
        match credential.get_mut("issuer") {
            None if may_fill => {
                credential.insert("issuer".to_owned(), json!(iss));
            }
            Some(Value::Object(issuer)) => fill_or_compare(issuer, ClaimName::Iss, iss, may_fill)?,
            Some(Value::String(id)) if id == iss => {}
            _ => return Err(ForeignError::ClaimDisagrees { claim: ClaimName::Iss }),
        }
    }
    if let Some(jti) = text(claims, "jti")? {
        fill_or_compare(credential, ClaimName::Jti, jti, may_fill)?;
    }
    match (text(claims, "sub")?, credential.get_mut("credentialSubject")) {
        (Some(sub), Some(Value::Object(subject))) => fill_or_compare(subject, ClaimName::Sub, sub, may_fill),
        // Of several subjects the claim names none, and without a subject there is nothing to compare.
        (Some(_), _) => Err(ForeignError::ClaimDisagrees { claim: ClaimName::Sub }),
        (None, _) => Ok(()),
    }
}

/// The `id` of an object is what the claim says, or becomes it. Under VC-JOSE a claim may stand where the member is absent,
/// and is then no part of the credential.
fn fill_or_compare(
    object: &mut Map<String, Value>,
    claim: ClaimName,
    id: &str,
    may_fill: bool,
) -> Result<(), ForeignError> {
    match object.get("id") {
        Some(member) if member == id => Ok(()),
        Some(_) => Err(ForeignError::ClaimDisagrees { claim }),
        None => {
            if may_fill {
                object.insert("id".to_owned(), json!(id));
            }
            Ok(())
        }
    }
}

/// Under VC 1.1 `nbf` and `exp` are the credential's own dates. Under VC-JOSE they are those of the signature, and may differ.
fn merge_times(
    credential: &mut Map<String, Value>,
    times: Times,
    profile: Profile,
) -> Result<(), ForeignError> {
    if profile == Profile::VcJose {
        return Ok(());
    }
    merge_time(credential, ["validFrom", "issuanceDate"], ClaimName::Nbf, times.not_before)?;
    merge_time(credential, ["validUntil", "expirationDate"], ClaimName::Exp, times.expires)
}

fn merge_time(
    credential: &mut Map<String, Value>,
    [modern, legacy]: [&str; 2],
    claim: ClaimName,
    time: Option<UnixSeconds>,
) -> Result<(), ForeignError> {
    let Some(time) = time else { return Ok(()) };
    let Some(member) = credential.get(modern).or_else(|| credential.get(legacy)) else {
        let written = format_date_time(time).map_err(|_| malformed(claim.as_str()))?;
        let name = if is_legacy(credential) { legacy } else { modern };
        credential.insert(name.to_owned(), json!(written));
        return Ok(());
    };
    let said = member.as_str().and_then(|text| parse_date_time(text).ok());
    if said == Some(time) { Ok(()) } else { Err(ForeignError::ClaimDisagrees { claim }) }
}

/// Whether the credential is of the first edition of the data model, whose dates have other names.
fn is_legacy(credential: &Map<String, Value>) -> bool {
    let first = match credential.get("@context") {
        Some(Value::Array(contexts)) => contexts.first(),
        single => single,
    };
    first.is_some_and(|context| context == "https://www.w3.org/2018/credentials/v1")
}

fn date(credential: &Value, names: [&'static str; 2]) -> Result<Option<UnixSeconds>, ForeignError> {
    for name in names {
        if let Some(member) = credential.get(name) {
            let read = member.as_str().and_then(|text| parse_date_time(text).ok());
            return read.map(Some).ok_or(malformed(name));
        }
    }
    Ok(None)
}

fn earlier(one: Option<UnixSeconds>, other: Option<UnixSeconds>) -> Option<UnixSeconds> {
    one.into_iter().chain(other).min()
}

fn text<'c>(claims: &'c Map<String, Value>, name: &'static str) -> Result<Option<&'c str>, ForeignError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(name)),
    }
}

const fn malformed(member: &'static str) -> ForeignError {
    ForeignError::Member { part: Part::Payload, member }
}
