//! The node's routes as an OpenAPI document. What stands here is compared with the routes by a test across the services.
#![expect(dead_code, reason = "the document is made from these; nobody calls or reads them")]

use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _, ToSchema};

mod evidence;
mod mirror;
mod witness;

pub use evidence::evidence_openapi;
pub use mirror::mirror_openapi;
pub use witness::witness_openapi;

/// The node's routes, with paths below its prefix.
pub fn openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "ledger", description = "A log: entries in, checkpoints, tiles and proofs out.")),
    paths(
        log_checkpoint, log_witnessed, log_tile, log_submit, log_proof, node_page, node_evidence_file, node_evidence, node_institutions, node_institution,
        node_asset
    ),
    components(schemas(LogProblem))
)]
struct Document;

/// A problem document (RFC 9457). Programs go by `code`.
#[derive(ToSchema)]
struct LogProblem {
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
    /// With `entry_refused`: what is wrong with which entry, at most 100 of them.
    #[schema(nullable = false)]
    errors: Option<Vec<EntryProblem>>,
}

/// What is wrong with one entry.
#[derive(ToSchema)]
struct EntryProblem {
    /// Its zero-based position in the submission.
    position: u64,
    /// The code of the door's refusal.
    code: String,
    /// In words.
    detail: String,
}

/// Where entries stand.
#[derive(ToSchema)]
struct Accepted {
    /// One for each entry, in the order of the submission.
    entries: Vec<AcceptedEntry>,
    /// What holds of all of them: `accepted`, `published`, `mirrored` or `witnessed`.
    #[schema(example = "witnessed")]
    promise: String,
}

/// Where one entry stands.
#[derive(ToSchema)]
struct AcceptedEntry {
    /// Its place in the log.
    #[schema(example = 7)]
    index: u64,
    /// Whether the log had it before.
    duplicate: bool,
}

/// What every route that reads may answer instead.
#[derive(IntoResponses)]
enum NotRead {
    /// The path is malformed. Code: `malformed_path`.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(LogProblem),
    /// Nothing is published under that name, or not yet. Code: `not_found`.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(LogProblem),
    /// What is stored is not what was written. Code: `storage_damaged`.
    #[response(status = 500, content_type = "application/problem+json")]
    Damaged(LogProblem),
    /// The node has stopped. Code: `node_stopped`.
    #[response(status = 503, content_type = "application/problem+json")]
    Stopped(LogProblem),
}

/// What a submission may be answered instead. Nothing of it is logged then, except where the code says otherwise.
#[derive(IntoResponses)]
enum NotAccepted {
    /// Codes: `malformed_query`, `malformed_body`, `unreadable_body`, `no_entries`.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(LogProblem),
    /// The body did not arrive in time. Code: `body_too_slow`.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(LogProblem),
    /// Codes: `body_too_large`, `too_many_entries`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(LogProblem),
    /// Code: `unsupported_media_type`.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(LogProblem),
    /// The door refuses some of the entries. Code: `entry_refused`, with `errors`.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(LogProblem),
    /// Codes: `busy`; `node_stopped`, after which it is unknown whether the entries are logged; `not_mirrored`, when they
    /// are logged here and no mirror holds them in time. The same bytes sent again become one entry.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(LogProblem),
}

/// What a page says when there is none.
#[derive(IntoResponses)]
enum NoPage {
    /// The query is malformed, or too long.
    #[response(status = 400, content_type = "text/html; charset=utf-8")]
    Malformed(String),
    /// There is nothing of that name.
    #[response(status = 404, content_type = "text/html; charset=utf-8")]
    NotFound(String),
    /// The node has much to do, or has stopped.
    #[response(status = 503, content_type = "text/html; charset=utf-8")]
    Busy(String),
}

/// The published checkpoint, a signed note with the cosignatures so far.
///
/// SPEC: <https://c2sp.org/tlog-checkpoint>. Cacheable for a second.
#[utoipa::path(
    get, path = "/checkpoint", tag = "ledger",
    responses(
        (status = 200, description = "The signed note", content_type = "text/plain; charset=utf-8", body = String,
            example = "log.educacion.example/1\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— log.educacion.example/1 …\n"),
        NotRead
    )
)]
fn log_checkpoint() {}

/// The largest checkpoint that has the quorum of the log's policy, a signed note with its cosignatures.
#[utoipa::path(
    get, path = "/checkpoint/witnessed", tag = "ledger",
    responses(
        (status = 200, description = "The signed note", content_type = "text/plain; charset=utf-8", body = String),
        NotRead
    )
)]
fn log_witnessed() {}

/// A tile of hashes, or a bundle of entries.
///
/// SPEC: <https://c2sp.org/tlog-tiles>. Cacheable for ever.
#[utoipa::path(
    get, path = "/tile/{path}", tag = "ledger",
    params(("path" = String, Path,
        description = "`<L>/<N>[.p/<W>]`, or `entries/<N>[.p/<W>]`; its slashes are not encoded", example = "0/000.p/7")),
    responses(
        (status = 200, description = "32 bytes a hash; or entries, each with its length as a big-endian u16 before it",
            content_type = "application/octet-stream", body = Vec<u8>),
        NotRead
    )
)]
fn log_tile() {}

/// Takes one or many entries, all or none, and waits until a promise holds.
#[utoipa::path(
    post, path = "/entries", tag = "ledger",
    params(
        ("wait" = Option<String>, Query,
            description = "`accepted`, `published`, `mirrored` or `witnessed`, which is the default"),
        ("deadline" = Option<u8>, Query, description = "Seconds to wait at most, 0 to 25; 20 by default. A request is answered within 27 seconds of its start", maximum = 25)
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "Entries, each with its length as a big-endian u16 before it: at most 4,096 and 4 MiB"),
    responses(
        (status = 200, description = "What was waited for holds", body = Accepted),
        (status = 202, description = "It did not hold in time; `promise` says what does", body = Accepted),
        NotAccepted
    )
)]
fn log_submit() {}

/// The proof that an entry is in the log.
///
/// SPEC: <https://c2sp.org/tlog-proof>. It stays the same once it is there.
#[utoipa::path(
    get, path = "/entries/{index}/proof", tag = "ledger",
    params(("index" = u64, Path, description = "The entry's index")),
    responses(
        (status = 200, description = "A `.tlog-proof` file", content_type = "text/plain; charset=utf-8", body = String),
        NotRead
    )
)]
fn log_proof() {}

/// The page about the log, its cosigners, peers, evidence and registry.
#[utoipa::path(
    get, path = "/node", tag = "ledger",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn node_page() {}

/// The page that lists all evidence.
#[utoipa::path(
    get, path = "/node/evidence", tag = "ledger",
    params(("page" = Option<u32>, Query, description = "From 1 on")),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn node_evidence() {}

/// A file of evidence, for anybody to check offline.
#[utoipa::path(
    get, path = "/node/evidence/{id}", tag = "ledger",
    params(("id" = String, Path, description = "The SHA-256 of the file, in small hexadecimal digits")),
    responses(
        (status = 200, description = "The file", content_type = "text/plain; charset=utf-8", body = String), NoPage
    )
)]
fn node_evidence_file() {}

/// The page that lists institutions, and searches them.
#[utoipa::path(
    get, path = "/node/institutions", tag = "ledger",
    params(
        ("q" = Option<String>, Query, max_length = 100,
            description = "Words that the name, the identifier or the place must have"),
        ("page" = Option<u32>, Query, description = "From 1 on")
    ),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn node_institutions() {}

/// The page of an institution: the history of its accreditation, its keys.
#[utoipa::path(
    get, path = "/node/institutions/{did}", tag = "ledger",
    params(("did" = String, Path, description = "Its identifier", example = "did:web:educacion.example:schools:lempira")),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn node_institution() {}

/// Style sheet, script and icon of the pages.
#[utoipa::path(
    get, path = "/node/assets/{name}", tag = "ledger",
    params(("name" = String, Path, description = "`style.css`, `refresh.js` or `icon.svg`", example = "style.css")),
    responses((status = 200, description = "The file", content_type = "text/css", body = String), NoPage)
)]
fn node_asset() {}
