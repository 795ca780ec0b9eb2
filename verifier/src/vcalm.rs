//! The programs' side: VCALM endpoints, and one that takes a file as it is.
//!
//! SPEC: W3C VCALM, verifying. Where VCALM leaves the shape open, [`Answer`] fixes it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use matricula_credential::json;
use matricula_verdict::{AxisResult, Code, Verdict, parse_rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ApiError, problem_type};
use crate::foreign::token_in;
use crate::render::verdicts_json;
use crate::service::{Question, Submitted, Verifier};
use crate::upload::Upload;
use crate::words::is_confirmed;

/// The type of a VCALM request; parameters such as a charset may follow it.
const JSON: &str = "application/json";

/// The type of a form with the file as it is, as `curl -F file=@record.json` sends it.
const FORM: &str = "multipart/form-data";

/// The answer of both VCALM endpoints.
#[derive(Serialize)]
struct Answer<'a> {
    /// Whether every credential is verified, with or without warnings, and there is one.
    verified: bool,
    /// One object a credential.
    results: Vec<CredentialResult<'a>>,
    /// Every failure, warning and gap, one object each.
    #[serde(rename = "problemDetails")]
    problems: Vec<ProblemDetail<'a>>,
}

#[derive(Serialize)]
struct CredentialResult<'a> {
    verified: bool,
    verdict: &'a Verdict,
}

#[derive(Serialize)]
struct ProblemDetail<'a> {
    r#type: Cow<'static, str>,
    title: &'static str,
    detail: &'a str,
    code: &'static str,
    axis: &'static str,
    result: AxisResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
}

/// `POST /credentials/verify`.
///
/// 1. It is `application/json` or a form, plain or gzip: 415.
/// 2. Read the body, at most [`crate::Limits::body_bytes_max`], also when it is unpacked: 413, 408, 400.
/// 3. It is strict JSON with `verifiableCredential`, a credential or a portable record, or a credential as JWT; or a form
///    with a file that is one of these: 400.
/// 4. Judge it, offline. 200 when it is verified, with or without warnings; 400 when it is not: a client that looks at
///    the status alone never takes an unknown issuer for a good one.
pub(crate) async fn verify_credential(
    State(verifier): State<Arc<Verifier>>,
    request: Request,
) -> Result<Response, ApiError> {
    verify_member(&verifier, request, Expected::Credential).await
}

/// `POST /presentations/verify`: as [`verify_credential`], with `verifiablePresentation`, a presentation or a
/// presentation file. `options.challenge` and `options.domain` are compared with its proof.
pub(crate) async fn verify_presentation(
    State(verifier): State<Arc<Verifier>>,
    request: Request,
) -> Result<Response, ApiError> {
    verify_member(&verifier, request, Expected::Presentation).await
}

/// `POST /verify`: the body is the file itself, of any media type, or a form with the file in it. 200 with the verdicts, whatever they say: one object
/// a credential, an array for several. What is no document at all is judged too, and refused.
///
/// The same options as above go into the query: `?asOf=…&challenge=…&domain=…`; a form's fields come before them.
pub(crate) async fn verify_raw(
    State(verifier): State<Arc<Verifier>>,
    query: Result<Query<RawQuestion>, QueryRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let admission = verifier.admit()?;
    let Query(query) = query.map_err(|_| ApiError::QueryMalformed)?;
    let as_of = query.as_of.map(|text| parse_rfc3339(&text).ok_or(ApiError::QueryMalformed)).transpose()?;
    let question = Question { as_of, challenge: query.challenge, domain: query.domain };
    let (parts, body) = request.into_parts();
    let bytes = verifier.read_body(&parts.headers, body).await?;
    let (file, question) = match media_type(&parts.headers) {
        Some(FORM) => {
            let upload = Upload::read(parts, bytes).await?;
            (upload.bytes, upload.question.or(question))
        }
        _ => (bytes.into(), question),
    };
    let verdicts = verifier.judge(admission, Submitted::File(file), question).await?;
    let text = verdicts_json(&verdicts).map_err(|_| ApiError::CheckFailed)?;
    Ok(([(header::CONTENT_TYPE, JSON)], text).into_response())
}

/// The query of `POST /verify`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawQuestion {
    as_of: Option<String>,
    challenge: Option<String>,
    domain: Option<String>,
}

/// What a VCALM endpoint takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Credential,
    Presentation,
}

impl Expected {
    const fn member(self) -> &'static str {
        match self {
            Self::Credential => "verifiableCredential",
            Self::Presentation => "verifiablePresentation",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Credential => "a credential, a portable record or a JWT",
            Self::Presentation => "a presentation or a presentation file",
        }
    }

    const fn invalid(self) -> ApiError {
        let pointer = match self {
            Self::Credential => "/verifiableCredential",
            Self::Presentation => "/verifiablePresentation",
        };
        ApiError::MemberInvalid { pointer, expected: self.words() }
    }

    fn fits(self, document: &Value) -> bool {
        let is_presentation =
            has_type(document, "VerifiablePresentation") || has_type(document, "MatriculaPresentation");
        let is_token = token_in(document).is_some();
        (document.is_object() || is_token) && is_presentation == (self == Self::Presentation)
    }
}

fn has_type(document: &Value, wanted: &str) -> bool {
    match document.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    }
}

async fn verify_member(
    verifier: &Verifier,
    request: Request,
    expected: Expected,
) -> Result<Response, ApiError> {
    let admission = verifier.admit()?;
    let (parts, body) = request.into_parts();
    let media_type = media_type(&parts.headers)
        .ok_or(ApiError::MediaTypeUnsupported { wanted: "application/json or multipart/form-data" })?;
    let bytes = verifier.read_body(&parts.headers, body).await?;
    let (document, question) = if media_type == FORM {
        let Upload { bytes, question, .. } = Upload::read(parts, bytes).await?;
        (parse_file(&bytes, expected)?, question)
    } else {
        parse_request(&bytes, expected)?
    };
    let verdicts = verifier.judge(admission, Submitted::Member(document), question).await?;
    let answer = answer(&verdicts);
    let status = if answer.verified { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok((status, Json(answer)).into_response())
}

/// Which of the types that are told apart the body has.
fn media_type(headers: &HeaderMap) -> Option<&'static str> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    [JSON, FORM].into_iter().find(|known| essence.eq_ignore_ascii_case(known))
}

/// A file that is the document itself: JSON, or a JWT as it is.
fn parse_file(bytes: &[u8], expected: Expected) -> Result<Value, ApiError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let token = core::str::from_utf8(bytes).ok().map(|text| Value::String(text.trim().to_owned()));
    let document = match token.filter(|token| token_in(token).is_some()) {
        Some(token) => token,
        None => json::parse_limited(bytes, bytes.len())?,
    };
    let misfit = ApiError::MemberInvalid { pointer: "/", expected: expected.words() };
    Some(document).filter(|document| expected.fits(document)).ok_or(misfit)
}

/// The document and what is asked about it.
fn parse_request(bytes: &Bytes, expected: Expected) -> Result<(Value, Question), ApiError> {
    let Value::Object(mut request) = json::parse_limited(bytes, bytes.len())? else {
        return Err(ApiError::MemberInvalid { pointer: "/", expected: "an object" });
    };
    let document = request.remove(expected.member()).filter(|document| expected.fits(document));
    let document = document.ok_or_else(|| expected.invalid())?;
    let question = match request.get("options") {
        None => Question::default(),
        Some(Value::Object(options)) => parse_options(options)?,
        Some(_) => return Err(ApiError::MemberInvalid { pointer: "/options", expected: "an object" }),
    };
    Ok((document, question))
}

/// Options that VCALM names and we do not need are left alone; those we read must be of the right form.
fn parse_options(options: &Map<String, Value>) -> Result<Question, ApiError> {
    let as_of = text_option(options, "asOf", "/options/asOf")?;
    let as_of = as_of.map(|text| {
        parse_rfc3339(&text).ok_or(ApiError::MemberInvalid {
            pointer: "/options/asOf",
            expected: "a moment as 2026-11-22T00:00:00Z",
        })
    });
    Ok(Question {
        as_of: as_of.transpose()?,
        challenge: text_option(options, "challenge", "/options/challenge")?,
        domain: text_option(options, "domain", "/options/domain")?,
    })
}

fn text_option(
    options: &Map<String, Value>,
    name: &str,
    pointer: &'static str,
) -> Result<Option<String>, ApiError> {
    match options.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::MemberInvalid { pointer, expected: "a text" }),
    }
}

/// Starts from refused: without a verdict nothing is verified.
fn answer(verdicts: &[Verdict]) -> Answer<'_> {
    let verified = !verdicts.is_empty() && verdicts.iter().all(|verdict| is_confirmed(verdict.overall));
    let results = verdicts
        .iter()
        .map(|verdict| CredentialResult { verified: is_confirmed(verdict.overall), verdict })
        .collect();
    Answer { verified, results, problems: verdicts.iter().flat_map(problems).collect() }
}

fn problems(verdict: &Verdict) -> Vec<ProblemDetail<'_>> {
    let mut problems = Vec::new();
    for (name, axis) in verdict.axes.named() {
        for code in axis.codes.iter().filter(|code| counts(axis.result, **code)) {
            problems.push(ProblemDetail {
                r#type: type_of(*code),
                title: code.as_str(),
                detail: &axis.text,
                code: code.as_str(),
                axis: name,
                result: axis.result,
                credential: verdict.credential.id.as_deref(),
            });
        }
    }
    problems
}

/// Whether a code speaks against the record. A question that does not arise does not, except that the log's evidence, where
/// it is left out, makes a verdict one with warnings.
fn counts(result: AxisResult, code: Code) -> bool {
    match result {
        AxisResult::Pass => false,
        AxisResult::NotApplicable => code == Code::NoLedgerEvidence,
        AxisResult::Warn | AxisResult::Fail | AxisResult::Unknown => true,
    }
}

/// The types that the W3C specifications name; all others are ours, and go by their code.
///
/// SPEC: VC Data Model 2.0 §7.1; VC Data Integrity 1.0 §4.8; Bitstring Status List 1.0 §3.5.
fn type_of(code: Code) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        Code::DocumentMalformed => "https://www.w3.org/TR/vc-data-model#PARSING_ERROR",
        Code::ContentInvalid => "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
        Code::ProofInvalid | Code::NestedProofInvalid | Code::PresentationProofInvalid => {
            "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
        }
        Code::ChallengeMismatch => "https://w3id.org/security#INVALID_CHALLENGE_ERROR",
        Code::DomainMismatch => "https://w3id.org/security#INVALID_DOMAIN_ERROR",
        Code::StatusUnavailable => "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR",
        Code::StatusListInvalid => "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR",
        _ => return Cow::Owned(problem_type(code.as_str())),
    })
}
