//! Documents in formats of others: recognised here, read by `matricula-foreign` where it is built in, judged by the verdict.
//!
//! Recognised are a compact JWS as text or as JSON string, `{"compactJws": "…"}` (1EdTech's files), and the envelope of VCDM 2.0
//! §4.13. All other documents go to the verdict as they are.

use matricula_credential::content::has_type;
use matricula_credential::json::parse;
use matricula_verdict::{ForeignEvidence, ForeignRefusal, Options, Trust, Verdict, judge_foreign};
use serde_json::Value;

#[cfg(not(feature = "foreign"))]
use self::absent::read;
#[cfg(feature = "foreign")]
use self::reader::read;

/// Verifies a document of any format that is built in: one verdict a credential, never none.
pub(crate) fn verify(document: &[u8], trust: &Trust, options: &Options) -> Vec<Verdict> {
    if let Some(token) =
        core::str::from_utf8(document).ok().map(str::trim_ascii).filter(|text| is_compact(text))
    {
        return vec![judge(token, trust, options)];
    }
    match parse(document) {
        Ok(value) => verify_value(&value, trust, options),
        // The verdict says why it is no document.
        Err(_) => matricula_verdict::verify(document, trust, options),
    }
}

/// The same for a document that is strict JSON already.
pub(crate) fn verify_value(document: &Value, trust: &Trust, options: &Options) -> Vec<Verdict> {
    match token_in(document) {
        Some(token) => vec![judge(token, trust, options)],
        None => matricula_verdict::verify_value(document, trust, options),
    }
}

/// The token that a document is, or carries.
pub(crate) fn token_in(document: &Value) -> Option<&str> {
    match document {
        Value::String(text) => Some(text.as_str()).filter(|text| is_compact(text)),
        Value::Object(members) if members.len() == 1 => members.get("compactJws")?.as_str(),
        envelope if has_type(envelope, "EnvelopedVerifiableCredential") => {
            let (media_type, token) = envelope.get("id")?.as_str()?.strip_prefix("data:")?.split_once(',')?;
            media_type.eq_ignore_ascii_case("application/vc+jwt").then_some(token)
        }
        _ => None,
    }
}

/// Three parts of base64url with dots between: no other document looks like that.
fn is_compact(text: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.bytes().filter(|byte| *byte == b'.').count() == 2
        && text.bytes().all(|byte| is_base64url(byte) || byte == b'.')
        && !text.starts_with('.')
}

fn judge(token: &str, trust: &Trust, options: &Options) -> Verdict {
    let read: Result<ForeignEvidence, ForeignRefusal> = read(token);
    judge_foreign(read.as_ref(), trust, options)
}

/// Reading, where it is built in.
#[cfg(feature = "foreign")]
mod reader {
    use matricula_foreign::{Fault, ForeignCredential, ForeignError, NestedCredential};
    use matricula_verdict::{ForeignEvidence, ForeignFault, ForeignRefusal, NestedToken};

    pub(super) fn read(token: &str) -> Result<ForeignEvidence, ForeignRefusal> {
        matricula_foreign::read(token).map(|read| evidence(&read)).map_err(|error| refusal(&error))
    }

    fn evidence(read: &ForeignCredential) -> ForeignEvidence {
        let key = read.key();
        ForeignEvidence {
            credential: read.credential().clone(),
            key: format!("{} ({}, {})", key.thumbprint(), key.kind(), read.algorithm()),
            signer: key.ed25519().copied(),
            not_before: read.not_before(),
            expires: read.expires(),
            nested: read.nested().iter().map(token).collect(),
        }
    }

    fn token(nested: &NestedCredential) -> NestedToken {
        NestedToken { position: nested.position, signer: nested.credential.key().ed25519().copied() }
    }

    fn refusal(error: &ForeignError) -> ForeignRefusal {
        let fault = match error.fault() {
            Fault::Malformed => ForeignFault::Malformed,
            Fault::Invalid => ForeignFault::Invalid,
            Fault::NotControlled => ForeignFault::NotControlled,
            Fault::Unsupported => ForeignFault::Unsupported,
        };
        let is_nested = matches!(error, ForeignError::Nested { .. });
        ForeignRefusal { fault, is_nested, reason: error.to_string() }
    }
}

/// What is said where reading is not built in: nothing against the record.
#[cfg(not(feature = "foreign"))]
mod absent {
    use matricula_verdict::{ForeignEvidence, ForeignFault, ForeignRefusal};

    pub(super) fn read(_token: &str) -> Result<ForeignEvidence, ForeignRefusal> {
        let reason =
            "records in this format (JWT) are not read by this program; it was built without that part";
        Err(ForeignRefusal { fault: ForeignFault::Unsupported, is_nested: false, reason: reason.to_owned() })
    }
}
