//! What the API answers when it does not do what was asked, as problem documents.

use utoipa::IntoResponses;

use super::views::WalletProblem;

/// To reads that need a session.
#[derive(IntoResponses)]
pub(super) enum NotSignedIn {
    /// Code: `not_signed_in`.
    #[response(status = 401, content_type = "application/problem+json")]
    NoSession(WalletProblem),
    /// A request with a cookie that did not come from a page of this wallet. Code: `cross_origin`.
    #[response(status = 403, content_type = "application/problem+json")]
    CrossOrigin(WalletProblem),
    /// Codes: `storage_failed`, `internal`.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(WalletProblem),
    /// Code: `busy`, with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(WalletProblem),
}

/// To requests for something of the learner's.
#[derive(IntoResponses)]
pub(super) enum NotThere {
    /// Code: `not_signed_in`.
    #[response(status = 401, content_type = "application/problem+json")]
    NotSignedIn(WalletProblem),
    /// Code: `cross_origin`.
    #[response(status = 403, content_type = "application/problem+json")]
    CrossOrigin(WalletProblem),
    /// Codes: `record_not_found`, `share_not_found`.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(WalletProblem),
    /// Codes: `storage_failed`, `internal`.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(WalletProblem),
    /// Code: `busy`, with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(WalletProblem),
}

/// To signing up and signing in.
#[derive(IntoResponses)]
pub(super) enum NotMade {
    /// Code: `body_unreadable`.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(WalletProblem),
    /// Code: `wrong_name_or_password`.
    #[response(status = 401, content_type = "application/problem+json")]
    Wrong(WalletProblem),
    /// Code: `cross_origin`.
    #[response(status = 403, content_type = "application/problem+json")]
    CrossOrigin(WalletProblem),
    /// Code: `name_taken`.
    #[response(status = 409, content_type = "application/problem+json")]
    Taken(WalletProblem),
    /// Code: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(WalletProblem),
    /// Code: `unsupported_media_type`.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(WalletProblem),
    /// Codes: `name_length`, `name_character`, `password_length`, `password_guessable`.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(WalletProblem),
    /// Code: `too_many_attempts`, with `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(WalletProblem),
    /// Codes: `storage_failed`, `internal`.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(WalletProblem),
    /// Code: `busy`, with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(WalletProblem),
}

/// To requests that change something.
#[derive(IntoResponses)]
pub(super) enum NotChanged {
    /// Code: `body_unreadable`.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(WalletProblem),
    /// Codes: `not_signed_in`, `wrong_name_or_password`.
    #[response(status = 401, content_type = "application/problem+json")]
    NotSignedIn(WalletProblem),
    /// Codes: `cross_origin`; `binding_refused`, by the issuer.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(WalletProblem),
    /// Codes: `record_not_found`, `code_unknown`.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(WalletProblem),
    /// Code: `too_many`.
    #[response(status = 409, content_type = "application/problem+json")]
    Full(WalletProblem),
    /// Code: `code_expired`.
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(WalletProblem),
    /// Codes: `body_too_large`, `too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(WalletProblem),
    /// Code: `unsupported_media_type`.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(WalletProblem),
    /// Codes: `nothing_chosen`, `lifetime_out_of_range`, `challenge_or_domain_unusable`, `record_without_id`,
    /// `presentation_not_made`, and those of a password that is not taken.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(WalletProblem),
    /// Code: `too_many_attempts`, with `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(WalletProblem),
    /// Codes: `storage_failed`, `internal`.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(WalletProblem),
    /// This server has no issuer to bind records. Code: `binding_not_offered`.
    #[response(status = 501, content_type = "application/problem+json")]
    NotOffered(WalletProblem),
    /// What the issuer signed is not what was asked for. Code: `binding_mismatch`.
    #[response(status = 502, content_type = "application/problem+json")]
    Mismatch(WalletProblem),
    /// Codes: `busy`, with `Retry-After`; `issuer_unavailable`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(WalletProblem),
}

/// To deposits.
#[derive(IntoResponses)]
pub(super) enum NoOffer {
    /// Code: `body_unreadable`.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(WalletProblem),
    /// The secret is absent or wrong, or the record is of another issuer. Code: `deposit_refused`.
    #[response(status = 401, content_type = "application/problem+json")]
    Refused(WalletProblem),
    /// Code: `cross_origin`.
    #[response(status = 403, content_type = "application/problem+json")]
    CrossOrigin(WalletProblem),
    /// Codes: `body_too_large`, `too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(WalletProblem),
    /// Codes: `record_malformed`, `record_without_id`, `lifetime_out_of_range`.
    #[response(status = 422, content_type = "application/problem+json")]
    Malformed(WalletProblem),
    /// Codes: `storage_failed`, `internal`.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(WalletProblem),
    /// Code: `busy`, with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(WalletProblem),
}
