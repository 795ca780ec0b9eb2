//! The routes of an authority as an OpenAPI document. What stands here is compared with the routes by a test across the
//! services.
#![expect(dead_code, reason = "the document is made from these; nobody calls or reads them")]

use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _, ToSchema};

/// The routes of an authority.
pub fn openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "issuer", description = "Identifiers, status lists, the trust file, bindings.")),
    paths(
        authority_did, institution_did_1, institution_did_2, institution_did_3, institution_did_4, status_list,
        status_request, trust_file, bind_record
    ),
    components(schemas(IssuerProblem))
)]
struct Document;

/// A problem document (RFC 9457). Programs go by `code`.
#[derive(ToSchema)]
struct IssuerProblem {
    /// The code as a URN.
    #[schema(example = "urn:matricula:problem:not_found")]
    r#type: String,
    /// In words, by status.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong. Codes are stable.
    #[schema(example = "not_found")]
    code: String,
    /// In words.
    detail: String,
    /// The request's id as a URN, where the server gives one.
    #[schema(nullable = false)]
    instance: Option<String>,
}

/// What became of a status request.
#[derive(ToSchema)]
struct StatusReceipt {
    /// The request's identifier.
    id: String,
    /// Whether it was not known before.
    new: bool,
}

/// A record that its holder wants to be bound to a key.
#[derive(ToSchema)]
struct BindingRequest {
    /// The credential's identifier.
    #[schema(rename = "credentialId", example = "urn:uuid:5ab1a6a0-6f22-4c1e-9d9b-0d8f0c1e2a34")]
    credential_id: String,
    /// The holder's key.
    #[schema(example = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")]
    holder: String,
    /// The code that came with the record.
    #[schema(rename = "claimCode")]
    claim_code: String,
    /// A presentation of the credential, signed with the holder's key.
    #[schema(value_type = Object)]
    proof: Value,
}

/// Why nothing is there.
#[derive(IntoResponses)]
enum NotPublished {
    /// Nothing is published under that name. Code: `not_found`.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(IssuerProblem),
    /// What is stored cannot be read. The code says what.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(IssuerProblem),
    /// The log cannot be read, the authority's folder is in use, or the service is stopping. The code says which.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(IssuerProblem),
}

/// Why a status request is not kept.
#[derive(IntoResponses)]
enum RequestRefused {
    /// Codes: `unreadable_body`, `status_unknown_list`, and those of a malformed request.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(IssuerProblem),
    /// Not the key, or not the index, of that school. Codes: `status_foreign_key`, `status_index_not_yours`.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(IssuerProblem),
    /// Not possible as the record stands. The code says why.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(IssuerProblem),
    /// Code: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(IssuerProblem),
    /// What is stored cannot be read or written. The code says what.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(IssuerProblem),
    /// The log cannot be read, the authority's folder is in use, or the service is stopping. The code says which.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(IssuerProblem),
}

/// Why a record is not bound.
#[derive(IntoResponses)]
enum NotBound {
    /// Codes: `unreadable_body`, `malformed_body`, and those of a proof that does not hold.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(IssuerProblem),
    /// The claim code is wrong or used up. The code says which.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(IssuerProblem),
    /// No school that is served here issued it. Codes: `no_such_school`, or that it was never issued.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(IssuerProblem),
    /// Code: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(IssuerProblem),
    /// Code: `too_many_attempts`, with `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(IssuerProblem),
    /// What is stored cannot be read or written. The code says what.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(IssuerProblem),
    /// The school's folder is in use, or the service is stopping. The code says which.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(IssuerProblem),
}

/// The DID document of the authority, when its did:web names a host alone.
#[utoipa::path(
    get, path = "/.well-known/did.json", tag = "issuer",
    responses(
        (status = 200, description = "The DID document", content_type = "application/did+json", body = Value),
        NotPublished
    )
)]
fn authority_did() {}

/// The DID document of the authority, or of one of its institutions, whose did:web has one segment after the host.
#[utoipa::path(
    get, path = "/{a}/did.json", tag = "issuer",
    params(("a" = String, Path, description = "The segment")),
    responses(
        (status = 200, description = "The DID document", content_type = "application/did+json", body = Value),
        NotPublished
    )
)]
fn institution_did_1() {}

/// The same, with two segments.
#[utoipa::path(
    get, path = "/{a}/{b}/did.json", tag = "issuer",
    params(("a" = String, Path, description = "The first segment"), ("b" = String, Path, description = "The second")),
    responses(
        (status = 200, description = "The DID document", content_type = "application/did+json", body = Value),
        NotPublished
    )
)]
fn institution_did_2() {}

/// The same, with three segments.
#[utoipa::path(
    get, path = "/{a}/{b}/{c}/did.json", tag = "issuer",
    params(
        ("a" = String, Path, description = "The first segment"), ("b" = String, Path, description = "The second"),
        ("c" = String, Path, description = "The third")
    ),
    responses(
        (status = 200, description = "The DID document", content_type = "application/did+json", body = Value),
        NotPublished
    )
)]
fn institution_did_3() {}

/// The same, with four segments.
#[utoipa::path(
    get, path = "/{a}/{b}/{c}/{d}/did.json", tag = "issuer",
    params(
        ("a" = String, Path, description = "The first segment"), ("b" = String, Path, description = "The second"),
        ("c" = String, Path, description = "The third"), ("d" = String, Path, description = "The fourth")
    ),
    responses(
        (status = 200, description = "The DID document", content_type = "application/did+json", body = Value),
        NotPublished
    )
)]
fn institution_did_4() {}

/// A status list, as logged.
///
/// SPEC: W3C Bitstring Status List 1.0.
#[utoipa::path(
    get, path = "/status/{number}", tag = "issuer",
    params(("number" = u32, Path, description = "The list's number")),
    responses(
        (status = 200, description = "The status list credential", content_type = "application/vc", body = Value),
        NotPublished
    )
)]
fn status_list() {}

/// Takes a school's signed request to change the status of a credential.
#[utoipa::path(
    post, path = "/status/requests", tag = "issuer",
    request_body(content = Value, content_type = "application/json", description = "The signed request, as the school made it"),
    responses(
        (status = 200, description = "It is known already", body = StatusReceipt),
        (status = 202, description = "It is kept, for the authority to decide on", body = StatusReceipt),
        RequestRefused
    )
)]
fn status_request() {}

/// The authority's current trust file.
#[utoipa::path(
    get, path = "/trust", tag = "issuer",
    responses(
        (status = 200, description = "The signed trust file", content_type = "application/json", body = Value),
        NotPublished
    )
)]
fn trust_file() {}

/// Binds a record to a holder's key.
#[utoipa::path(
    post, path = "/bindings", tag = "issuer",
    request_body(content = BindingRequest),
    responses(
        (status = 200, description = "The binding that this holder has already", content_type = "application/vc", body = Value),
        (status = 201, description = "The binding, signed now", content_type = "application/vc", body = Value),
        NotBound
    )
)]
fn bind_record() {}
