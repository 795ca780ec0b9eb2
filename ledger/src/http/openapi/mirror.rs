//! The routes of a mirror.

use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _};

use super::{LogProblem, NotRead};

/// A mirror's routes, with paths below its prefix.
pub fn mirror_openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "mirror", description = "Copies of logs of others, checked entry by entry, and cosignatures for them.")),
    paths(mirror_add_checkpoint, mirror_add_entries, mirror_checkpoint, mirror_tile),
    components(schemas(LogProblem))
)]
struct Document;

/// Why a checkpoint is not taken. The statuses are those of the specification.
#[derive(IntoResponses)]
enum NotPending {
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
    /// Another size is pending than the one that the proof starts from: the size, in decimal.
    #[response(status = 409, content_type = "text/x.tlog.size")]
    Conflict(String),
    /// Code: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(LogProblem),
    /// The checkpoint is not proven to extend what is pending. Codes: `not_consistent`, `not_the_empty_root`.
    #[response(status = 422, content_type = "application/problem+json")]
    Inconsistent(LogProblem),
    /// What is stored cannot be read or written.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(LogProblem),
    /// Codes: `busy`, `node_stopped`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(LogProblem),
}

/// Why entries are not taken. What was stored of the upload before counts.
#[derive(IntoResponses)]
enum NotTaken {
    /// Codes: `malformed_body`, `body_incomplete`.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(LogProblem),
    /// Code: `unknown_log`.
    #[response(status = 404, content_type = "application/problem+json")]
    UnknownLog(LogProblem),
    /// Codes: `unsupported_media_type`, and that of a body that is packed otherwise than with gzip.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(LogProblem),
    /// Codes: `no_checkpoint`; `not_consistent`; `entry_forbidden`, after which evidence is kept; `log_stopped`.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(LogProblem),
    /// The log, or an institution in it, has used up its share for now. Code: `over_quota`, with `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    OverQuota(LogProblem),
    /// What is stored cannot be read or written.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(LogProblem),
    /// Codes: `busy`, `node_stopped`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(LogProblem),
}

/// Checks that a checkpoint extends the pending one of its log, and takes it as the next whose entries are wanted.
///
/// SPEC: <https://c2sp.org/tlog-mirror>.
#[utoipa::path(
    post, path = "/add-checkpoint", tag = "mirror",
    request_body(content = String, content_type = "text/plain; charset=utf-8",
        description = "`old <size>`, the consistency proof a hash a line, an empty line, the signed checkpoint"),
    responses(
        (status = 200, description = "It is pending: an empty body", content_type = "text/plain; charset=utf-8",
            body = String),
        NotPending
    )
)]
fn mirror_add_checkpoint() {}

/// Takes entries below the pending checkpoint, each replayed by the rules of the registry, and cosigns when all are there.
///
/// SPEC: <https://c2sp.org/tlog-mirror>.
#[utoipa::path(
    post, path = "/add-entries", tag = "mirror",
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "A header, then packages of entries with their proofs; plain or packed with gzip"),
    responses(
        (status = 200, description = "The cosignature, as a signature line", content_type = "text/plain; charset=utf-8",
            body = String),
        (status = 202, description = "Part of it is stored: how to go on", content_type = "text/x.tlog.mirror-info",
            body = String),
        (status = 409, description = "The upload starts or ends elsewhere than it may: how to go on",
            content_type = "text/x.tlog.mirror-info", body = String),
        NotTaken
    )
)]
fn mirror_add_entries() {}

/// The checkpoint of a copy, with the mirror's cosignature.
#[utoipa::path(
    get, path = "/{origin_hash}/checkpoint", tag = "mirror",
    params(("origin_hash" = String, Path, description = "SHA-256 of the log's origin, in small hexadecimal digits")),
    responses(
        (status = 200, description = "The cosigned checkpoint", content_type = "text/plain; charset=utf-8", body = String),
        NotRead
    )
)]
fn mirror_checkpoint() {}

/// A tile of hashes, or a bundle of entries, of a copy.
///
/// SPEC: <https://c2sp.org/tlog-tiles>. Cacheable for ever.
#[utoipa::path(
    get, path = "/{origin_hash}/tile/{path}", tag = "mirror",
    params(
        ("origin_hash" = String, Path, description = "SHA-256 of the log's origin, in small hexadecimal digits"),
        ("path" = String, Path, description = "`<L>/<N>[.p/<W>]`, or `entries/<N>[.p/<W>]`; its slashes are not encoded",
            example = "0/000.p/7")
    ),
    responses(
        (status = 200, description = "32 bytes a hash; or entries, each with its length as a big-endian u16 before it",
            content_type = "application/octet-stream", body = Vec<u8>),
        NotRead
    )
)]
fn mirror_tile() {}
