//! Where evidence is handed in, at a node that follows the logs of others.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

use super::LogProblem;

/// The route of evidence, with its path below the log's prefix.
pub fn evidence_openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(evidence_take), components(schemas(LogProblem)))]
struct Document;

/// Takes a file that another node found.
#[utoipa::path(
    post, path = "/evidence", tag = "ledger",
    request_body(content = String, content_type = "text/plain; charset=utf-8", description = "The file"),
    responses(
        (status = 200, description = "It is kept here, or as many as are kept about one log"),
        (status = 400, description = "Code: `unreadable_body`.", content_type = "application/problem+json", body = LogProblem),
        (status = 408, description = "Code: `body_too_slow`.", content_type = "application/problem+json", body = LogProblem),
        (status = 413, description = "Code: `body_too_large`.", content_type = "application/problem+json", body = LogProblem),
        (status = 422, description = "It proves nothing against a key that is known here. Code: `proves_nothing`.",
            content_type = "application/problem+json", body = LogProblem),
        (status = 500, description = "It cannot be kept. Code: `storage_damaged`.", content_type = "application/problem+json",
            body = LogProblem)
    )
)]
fn evidence_take() {}
