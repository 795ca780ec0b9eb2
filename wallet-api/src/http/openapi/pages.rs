//! The pages, for people. Problems are pages as well.

use utoipa::openapi::OpenApi;
use utoipa::{IntoResponses, OpenApi as _};

/// The routes of the pages.
pub(super) fn openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    page_timeline,
    page_style,
    page_sign_up,
    page_signed_up,
    page_log_in,
    page_logged_in,
    page_log_out,
    page_claim,
    page_claimed,
    page_record,
    page_record_file,
    page_record_bound,
    page_record_delete,
    page_record_deleted,
    page_record_shared,
    page_share,
    page_share_revoked,
    page_present,
    page_presented,
    page_disclosures,
    page_account,
    page_account_password,
    page_account_deleted,
    shared_page,
    shared_file
))]
struct Document;

/// What a page may answer instead, as a page with a code.
#[derive(IntoResponses)]
enum NoPage {
    /// Whoever is not signed in is led to the form for it.
    #[response(status = 303)]
    ToLogIn,
    /// There is nothing of that name, or not for this learner.
    #[response(status = 404, content_type = "text/html; charset=utf-8")]
    NotFound(String),
    /// A fault of the service.
    #[response(status = 500, content_type = "text/html; charset=utf-8")]
    Failed(String),
    /// The service is busy.
    #[response(status = 503, content_type = "text/html; charset=utf-8")]
    Busy(String),
}

/// What a form may be answered: another page on success, the form again with what is wrong, or a page with a code.
#[derive(IntoResponses)]
enum Sent {
    /// It is done; or, whoever is not signed in is led to the form for it.
    #[response(status = 303)]
    Done,
    /// The form cannot be read.
    #[response(status = 400, content_type = "text/html; charset=utf-8")]
    Unreadable(String),
    /// The password is wrong.
    #[response(status = 401, content_type = "text/html; charset=utf-8")]
    Wrong(String),
    /// The form did not come from a page of this wallet, or the issuer refuses.
    #[response(status = 403, content_type = "text/html; charset=utf-8")]
    Forbidden(String),
    /// There is nothing of that name, or not for this learner.
    #[response(status = 404, content_type = "text/html; charset=utf-8")]
    NotFound(String),
    /// The name is taken, or there are too many of something.
    #[response(status = 409, content_type = "text/html; charset=utf-8")]
    Conflict(String),
    /// The code has expired.
    #[response(status = 410, content_type = "text/html; charset=utf-8")]
    Gone(String),
    /// The form is too large.
    #[response(status = 413, content_type = "text/html; charset=utf-8")]
    TooLarge(String),
    /// The body is no form.
    #[response(status = 415, content_type = "text/html; charset=utf-8")]
    MediaType(String),
    /// What was typed is not taken.
    #[response(status = 422, content_type = "text/html; charset=utf-8")]
    Refused(String),
    /// Too many attempts.
    #[response(status = 429, content_type = "text/html; charset=utf-8")]
    TooMany(String),
    /// A fault of the service.
    #[response(status = 500, content_type = "text/html; charset=utf-8")]
    Failed(String),
    /// This server has no issuer to bind records.
    #[response(status = 501, content_type = "text/html; charset=utf-8")]
    NotOffered(String),
    /// What the issuer signed is not what was asked for.
    #[response(status = 502, content_type = "text/html; charset=utf-8")]
    Mismatch(String),
    /// The service, or the issuer, is busy.
    #[response(status = 503, content_type = "text/html; charset=utf-8")]
    Busy(String),
}

/// What a link may answer instead.
#[derive(IntoResponses)]
enum NotShared {
    /// There is no such link, or it was revoked.
    #[response(status = 404, content_type = "text/html; charset=utf-8")]
    NotFound(String),
    /// The link has expired.
    #[response(status = 410, content_type = "text/html; charset=utf-8")]
    Gone(String),
    /// A fault of the service.
    #[response(status = 500, content_type = "text/html; charset=utf-8")]
    Failed(String),
    /// The service is busy.
    #[response(status = 503, content_type = "text/html; charset=utf-8")]
    Busy(String),
}

/// The timeline.
#[utoipa::path(
    get, path = "/", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_timeline() {}

/// The style sheet of the pages.
#[utoipa::path(
    get, path = "/style.css", tag = "wallet",
    responses((status = 200, description = "The style sheet", content_type = "text/css; charset=utf-8", body = String))
)]
fn page_style() {}

/// The form to open an account.
#[utoipa::path(
    get, path = "/signup", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String))
)]
fn page_sign_up() {}

/// Opens an account.
#[utoipa::path(
    post, path = "/signup", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `name`, `password`"),
    responses(Sent)
)]
fn page_signed_up() {}

/// The form to sign in.
#[utoipa::path(
    get, path = "/login", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String))
)]
fn page_log_in() {}

/// Signs in.
#[utoipa::path(
    post, path = "/login", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `name`, `password`"),
    responses(Sent)
)]
fn page_logged_in() {}

/// Signs out.
#[utoipa::path(
    post, path = "/logout", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Nothing"),
    responses(Sent)
)]
fn page_log_out() {}

/// The form for a claim code.
#[utoipa::path(
    get, path = "/claim", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_claim() {}

/// Takes a record by its claim code.
#[utoipa::path(
    post, path = "/claim", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `code`"),
    responses(Sent)
)]
fn page_claimed() {}

/// One record.
#[utoipa::path(
    get, path = "/records/{id}", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_record() {}

/// The portable record, as a file.
#[utoipa::path(
    get, path = "/records/{id}/file", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    responses((status = 200, description = "The file", content_type = "application/json", body = serde_json::Value), NoPage)
)]
fn page_record_file() {}

/// Has the record bound to the holder's key.
#[utoipa::path(
    post, path = "/records/{id}/bind", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Nothing"),
    responses(Sent)
)]
fn page_record_bound() {}

/// Asks whether the record is to be removed.
#[utoipa::path(
    get, path = "/records/{id}/delete", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_record_delete() {}

/// Removes the record.
#[utoipa::path(
    post, path = "/records/{id}/delete", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Nothing"),
    responses(Sent)
)]
fn page_record_deleted() {}

/// Makes a link that shows the record.
#[utoipa::path(
    post, path = "/records/{id}/share", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `lifetime`"),
    responses(Sent)
)]
fn page_record_shared() {}

/// One share, with its link and QR code.
#[utoipa::path(
    get, path = "/shares/{id}", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_share() {}

/// Revokes a share.
#[utoipa::path(
    post, path = "/shares/{id}/revoke", tag = "wallet",
    params(("id" = String, Path, description = "Its number in this wallet")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Nothing"),
    responses(Sent)
)]
fn page_share_revoked() {}

/// The form for a presentation.
#[utoipa::path(
    get, path = "/present", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_present() {}

/// Makes a presentation file.
#[utoipa::path(
    post, path = "/present", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `record`, `challenge`, `domain`"),
    responses((status = 200, description = "The file", content_type = "application/json", body = serde_json::Value), Sent)
)]
fn page_presented() {}

/// Who saw what.
#[utoipa::path(
    get, path = "/disclosures", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_disclosures() {}

/// The account.
#[utoipa::path(
    get, path = "/account", tag = "wallet",
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NoPage)
)]
fn page_account() {}

/// Sets another password.
#[utoipa::path(
    post, path = "/account/password", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `old`, `new`"),
    responses(Sent)
)]
fn page_account_password() {}

/// Removes the account and everything in it.
#[utoipa::path(
    post, path = "/account/delete", tag = "wallet",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "The fields `password`"),
    responses(Sent)
)]
fn page_account_deleted() {}

/// What a link shows, to whoever has it.
#[utoipa::path(
    get, path = "/s/{token}", tag = "wallet",
    params(("token" = String, Path, description = "The secret of the link")),
    responses((status = 200, description = "The page", content_type = "text/html; charset=utf-8", body = String), NotShared)
)]
fn shared_page() {}

/// The same, as a presentation file.
#[utoipa::path(
    get, path = "/s/{token}/file", tag = "wallet",
    params(("token" = String, Path, description = "The secret of the link")),
    responses((status = 200, description = "The file", content_type = "application/json", body = serde_json::Value), NotShared)
)]
fn shared_file() {}
