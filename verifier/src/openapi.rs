//! The service's routes as an OpenAPI document. What stands here is compared with the routes by a test across the services.
#![expect(dead_code, reason = "the document is made from these; nobody calls or reads them")]

use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _, ToSchema};

/// The service's routes, with paths below the service's own.
pub fn openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "verifier", description = "Verdicts on records, credentials and presentations.")),
    paths(verifier_page, verifier_form, verifier_asset, verify, verify_credential, verify_presentation)
)]
struct Document;

/// A problem document (RFC 9457). Programs go by `code`.
#[derive(ToSchema)]
struct VerifierProblem {
    /// The code as a URN.
    #[schema(example = "urn:matricula:problem:json_malformed")]
    r#type: String,
    /// The status's own phrase.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong. Codes are stable.
    #[schema(example = "json_malformed")]
    code: String,
    /// In words.
    detail: String,
    /// The request's id as a URN, where the server gives one.
    #[schema(nullable = false)]
    instance: Option<String>,
}

/// The answer about one credential.
#[derive(ToSchema)]
struct Verdict {
    /// The one word: `verified`, `verified_with_warnings`, `unknown_issuer`, `could_not_check` or `refused`.
    #[schema(example = "verified")]
    overall: String,
    /// The six answers it follows from.
    axes: Axes,
    /// What the credential says: `id`, `kind`, `name`, `learner`, `born`, `issuer`, `issuer_name`, `authority`, `claimed`,
    /// `logged`, `log_index`, each where it is known.
    #[schema(value_type = Object)]
    credential: Value,
    /// The moment the verdict is for.
    #[schema(format = DateTime)]
    as_of: String,
    /// Verdicts on credentials inside that have a right of their own, each with its `position` from 1.
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    nested: Option<Vec<Value>>,
}

/// Six questions, each with its own answer.
#[derive(ToSchema)]
struct Axes {
    /// Was this signed by that key, and not changed since?
    integrity: Axis,
    /// Was that issuer accredited, for this kind and level, on the date of issue?
    authority: Axis,
    /// Was it in the log, when, and did independent nodes see the same log?
    ledger: Axis,
    /// Has it been revoked, suspended or superseded?
    status: Axis,
    /// Is the one who shows it the one it was given to?
    holder: Axis,
    /// Does it say what its schema allows?
    content: Axis,
}

/// One axis.
#[derive(ToSchema)]
struct Axis {
    /// `pass`, `warn`, `fail`, `unknown` or `not_applicable`.
    #[schema(example = "pass")]
    result: String,
    /// What stands behind the answer. Codes are stable.
    codes: Vec<String>,
    /// In words, for a person.
    text: String,
}

/// The answer of both VCALM routes.
#[derive(ToSchema)]
struct Answer {
    /// Whether every credential is verified, with or without warnings, and there is one.
    verified: bool,
    /// One object a credential.
    results: Vec<CredentialResult>,
    /// Every failure, warning and gap.
    #[schema(rename = "problemDetails")]
    problem_details: Vec<ProblemDetail>,
}

/// The answer about one credential, for VCALM.
#[derive(ToSchema)]
struct CredentialResult {
    /// Whether it is verified, with or without warnings.
    verified: bool,
    /// The whole verdict.
    verdict: Verdict,
}

/// A failure, a warning or a gap.
#[derive(ToSchema)]
struct ProblemDetail {
    /// A type that a W3C specification names, or the code as a URN.
    r#type: String,
    /// The code again.
    title: String,
    /// In words.
    detail: String,
    /// The code of the verdict.
    code: String,
    /// The axis it is of.
    axis: String,
    /// The axis's answer.
    result: String,
    /// The credential's id, where it has one.
    #[schema(nullable = false)]
    credential: Option<String>,
}

/// What is asked about a document.
#[derive(ToSchema)]
struct Question {
    /// The moment the verdict is for; now, when it is absent.
    #[schema(format = DateTime, rename = "asOf")]
    as_of: Option<String>,
    /// The challenge that a presentation must answer.
    challenge: Option<String>,
    /// The domain that a presentation must be made for.
    domain: Option<String>,
}

/// A credential, and what is asked about it.
#[derive(ToSchema)]
struct CredentialRequest {
    /// A credential, a portable record, or a credential as JWT.
    #[schema(rename = "verifiableCredential")]
    verifiable_credential: Value,
    /// The question.
    options: Option<Question>,
}

/// A presentation, and what is asked about it.
#[derive(ToSchema)]
struct PresentationRequest {
    /// A presentation or a presentation file.
    #[schema(rename = "verifiablePresentation")]
    verifiable_presentation: Value,
    /// The question.
    options: Option<Question>,
}

/// A form with a file, as the page sends it; programs may send it too.
#[derive(ToSchema)]
struct Form {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    document: Vec<u8>,
    /// The day the verdict is for, to its end: `2026-11-22`. Empty means now.
    as_of: Option<String>,
    /// The challenge that a presentation must answer.
    challenge: Option<String>,
    /// The domain that a presentation must be made for.
    domain: Option<String>,
}

/// Why there is no verdict.
#[derive(IntoResponses)]
enum NotJudged {
    /// The body did not arrive in time. Code: `body_too_slow`.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(VerifierProblem),
    /// Code: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(VerifierProblem),
    /// Codes: `unsupported_media_type`, `unsupported_content_encoding`.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(VerifierProblem),
    /// A fault of the service. Code: `check_failed`.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(VerifierProblem),
    /// Codes: `busy`, `check_too_slow`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(VerifierProblem),
}

/// The page with the form.
#[utoipa::path(
    get, path = "/", tag = "verifier",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String))
)]
fn verifier_page() {}

/// The form of the page: a file in, its verdict as a page.
#[utoipa::path(
    post, path = "/", tag = "verifier",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The verdict, whatever it says", content_type = "text/html; charset=utf-8", body = String),
        (status = 400, description = "The form again, with what is wrong", content_type = "text/html; charset=utf-8",
            body = String),
        (status = 408, description = "The same", content_type = "text/html; charset=utf-8", body = String),
        (status = 413, description = "The same", content_type = "text/html; charset=utf-8", body = String),
        (status = 500, description = "The same", content_type = "text/html; charset=utf-8", body = String),
        (status = 503, description = "The same", content_type = "text/html; charset=utf-8", body = String)
    )
)]
fn verifier_form() {}

/// Script, style sheet and icon of the page.
#[utoipa::path(
    get, path = "/assets/{name}", tag = "verifier",
    params(("name" = String, Path, description = "`app.js`, `style.css` or `icon.svg`", example = "style.css")),
    responses(
        (status = 200, description = "The file", content_type = "text/css", body = String),
        (status = 404, description = "Code: `not_found`.", content_type = "application/problem+json", body = VerifierProblem)
    )
)]
fn verifier_asset() {}

/// Judges a portable record, a credential or a presentation, as it is.
#[utoipa::path(
    post, path = "/verify", tag = "verifier",
    params(
        ("asOf" = Option<String>, Query, description = "The moment the verdict is for", format = DateTime),
        ("challenge" = Option<String>, Query, description = "The challenge that a presentation must answer"),
        ("domain" = Option<String>, Query, description = "The domain that a presentation must be made for")
    ),
    request_body(description = "The file, of any media type, or a form with it. Plain, or compressed with gzip \
        (`Content-Encoding: gzip`)", content(
        (Value = "application/json"), (Form = "multipart/form-data")
    )),
    responses(
        (status = 200, description = "The verdict, whatever it says; an array for several credentials", body = Verdict),
        (status = 400, description = "Codes: `query_malformed`, `body_incomplete`, `content_encoding_malformed`, and those of a form that cannot be read.",
            content_type = "application/problem+json", body = VerifierProblem),
        NotJudged
    )
)]
fn verify() {}

/// Judges a credential.
///
/// SPEC: W3C VCALM.
#[utoipa::path(
    post, path = "/credentials/verify", tag = "verifier",
    request_body(description = "Plain, or compressed with gzip (`Content-Encoding: gzip`)", content(
        (CredentialRequest = "application/json"), (Form = "multipart/form-data")
    )),
    responses(
        (status = 200, description = "Verified, with or without warnings", body = Answer),
        (status = 400, description = "Not verified. Or, as a problem document, not judged: `json_malformed`, \
            `member_invalid`, `body_incomplete`.", content(
                (Answer = "application/json"),
                (VerifierProblem = "application/problem+json")
            )),
        NotJudged
    )
)]
fn verify_credential() {}

/// Judges a presentation.
///
/// SPEC: W3C VCALM.
#[utoipa::path(
    post, path = "/presentations/verify", tag = "verifier",
    request_body(description = "Plain, or compressed with gzip (`Content-Encoding: gzip`)", content(
        (PresentationRequest = "application/json"), (Form = "multipart/form-data")
    )),
    responses(
        (status = 200, description = "Verified, with or without warnings", body = Answer),
        (status = 400, description = "Not verified. Or, as a problem document, not judged: `json_malformed`, \
            `member_invalid`, `body_incomplete`.", content(
                (Answer = "application/json"),
                (VerifierProblem = "application/problem+json")
            )),
        NotJudged
    )
)]
fn verify_presentation() {}
