//! The routes of a witness.

use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _};

use super::LogProblem;

/// A witness's routes, with paths below its prefix.
pub fn witness_openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "witness", description = "Cosignatures for logs of others.")),
    paths(witness_add_checkpoint, witness_checkpoint),
    components(schemas(LogProblem))
)]
struct Document;

/// Why a checkpoint is not cosigned. The statuses are those of the specification.
#[derive(IntoResponses)]
enum NotCosigned {
    /// Codes: `malformed_checkpoint`, `old_size_too_large`, `unreadable_body`.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(LogProblem),
    /// Code: `not_signed_by_log`.
    #[response(status = 403, content_type = "application/problem+json")]
    NotSigned(LogProblem),
    /// Code: `unknown_log`.
    #[response(status = 404, content_type = "application/problem+json")]
    UnknownLog(LogProblem),
    /// The body did not arrive in time. Code: `body_too_slow`.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(LogProblem),
    /// Another size is remembered than the one that the proof starts from: the size, in decimal.
    #[response(status = 409, content_type = "text/x.tlog.size")]
    Conflict(String),
    /// Code: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(LogProblem),
    /// The checkpoint is not proven to extend what is remembered. Codes: `not_consistent`, `not_the_empty_root`.
    #[response(status = 422, content_type = "application/problem+json")]
    Inconsistent(LogProblem),
    /// What is stored cannot be read or written.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(LogProblem),
    /// Codes: `busy`, `node_stopped`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(LogProblem),
}

/// Checks that a checkpoint extends the latest one seen of its log, remembers it, and cosigns it.
///
/// SPEC: <https://c2sp.org/tlog-witness>.
#[utoipa::path(
    post, path = "/add-checkpoint", tag = "witness",
    request_body(content = String, content_type = "text/plain; charset=utf-8",
        description = "`old <size>`, the consistency proof a hash a line, an empty line, the signed checkpoint"),
    responses(
        (status = 200, description = "The cosignature, as a signature line", content_type = "text/plain; charset=utf-8",
            body = String),
        NotCosigned
    )
)]
fn witness_add_checkpoint() {}

/// The latest checkpoint of a log that this witness has cosigned.
#[utoipa::path(
    get, path = "/{origin_hash}/checkpoint", tag = "witness",
    params(("origin_hash" = String, Path, description = "SHA-256 of the log's origin, in small hexadecimal digits")),
    responses(
        (status = 200, description = "The cosigned checkpoint", content_type = "text/plain; charset=utf-8", body = String),
        (status = 404, description = "No log of that name is followed, or nothing of it is cosigned yet. Code: `not_found`.",
            content_type = "application/problem+json", body = LogProblem),
        (status = 500, description = "What is stored cannot be read.", content_type = "application/problem+json",
            body = LogProblem),
        (status = 503, description = "Code: `node_stopped`.", content_type = "application/problem+json", body = LogProblem)
    )
)]
fn witness_checkpoint() {}
