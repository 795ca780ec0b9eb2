//! What the API takes and answers.

use serde_json::Value;
use utoipa::ToSchema;

/// A problem document (RFC 9457). Programs go by `code`.
#[derive(ToSchema)]
pub(super) struct WalletProblem {
    /// The code as a URN.
    #[schema(example = "urn:matricula:problem:not_signed_in")]
    r#type: String,
    /// In words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong. Codes are stable.
    #[schema(example = "not_signed_in")]
    code: String,
    /// In words.
    #[schema(nullable = false)]
    detail: Option<String>,
    /// The request's id as a URN, where the server gives one.
    #[schema(nullable = false)]
    instance: Option<String>,
}

/// A name and a password.
#[derive(ToSchema)]
pub(super) struct SignIn {
    /// 3 to 64 characters.
    name: String,
    /// 8 to 256 characters.
    password: String,
}

/// A password and its successor.
#[derive(ToSchema)]
pub(super) struct NewPassword {
    /// The one that holds.
    old: String,
    /// The one that is to hold.
    new: String,
}

/// The password, once more.
#[derive(ToSchema)]
pub(super) struct Removal {
    /// The password.
    password: String,
}

/// A session.
#[derive(ToSchema)]
pub(super) struct SessionView {
    /// What later requests carry as bearer.
    token: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// An account.
#[derive(ToSchema)]
pub(super) struct AccountView {
    /// The name.
    name: String,
    /// The holder's `did:key`.
    holder: String,
}

/// A claim.
#[derive(ToSchema)]
pub(super) struct Claim {
    /// The claim code.
    code: String,
}

/// A claimed record.
#[derive(ToSchema)]
pub(super) struct ClaimView {
    /// Its line.
    record: RecordView,
    /// Why it is not bound to the holder's key, as a code.
    unbound: Option<String>,
}

/// A line of the timeline.
#[derive(ToSchema)]
pub(super) struct RecordView {
    /// The record's number in this wallet.
    id: String,
    /// When it was claimed.
    #[schema(format = DateTime)]
    claimed_at: Option<String>,
    /// The credential's identifier.
    credential_id: Option<String>,
    /// `diploma`, `transcript`, `transfer` or `primary_completion`.
    kind: Option<String>,
    /// Its title.
    title: Option<String>,
    /// The issuer's identifier.
    issuer: Option<String>,
    /// The issuer's name.
    issuer_name: Option<String>,
    /// The learner's name.
    learner_name: Option<String>,
    /// The learner's date of birth.
    date_of_birth: Option<String>,
    /// The date it was awarded.
    awarded: Option<String>,
    /// From when on it is valid.
    valid_from: Option<String>,
    /// Until when it is valid.
    valid_until: Option<String>,
    /// Whether it carries the log's evidence.
    logged: bool,
    /// Whether it is bound to the holder's key.
    bound: bool,
    /// Whether a later version of it is in the wallet.
    superseded: bool,
}

/// The timeline.
#[derive(ToSchema)]
pub(super) struct TimelineView {
    /// The latest first.
    records: Vec<RecordView>,
}

/// What to present, and to whom.
#[derive(ToSchema)]
pub(super) struct Presenting {
    /// The numbers of records.
    records: Vec<String>,
    /// The verifier's challenge.
    challenge: String,
    /// The verifier's domain.
    domain: String,
    /// Whether the log's evidence goes along; it does, when this is absent.
    #[schema(nullable = false)]
    with_evidence: Option<bool>,
}

/// What to share, and for how long.
#[derive(ToSchema)]
pub(super) struct Sharing {
    /// The numbers of records.
    records: Vec<String>,
    /// At most 90 days.
    lifetime_seconds: u64,
    /// Whether the log's evidence goes along; it does, when this is absent.
    #[schema(nullable = false)]
    with_evidence: Option<bool>,
}

/// A share.
#[derive(ToSchema)]
pub(super) struct ShareView {
    /// Its number.
    id: String,
    /// The link.
    url: String,
    /// The numbers of the records it shows.
    records: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// How often it was opened.
    views: u64,
}

/// All shares.
#[derive(ToSchema)]
pub(super) struct SharesView {
    /// The latest first.
    shares: Vec<ShareView>,
}

/// A line of the disclosure log.
#[derive(ToSchema)]
pub(super) struct DisclosureView {
    /// When.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// `presented` or `shared`.
    what: String,
    /// To whom it was presented.
    domain: Option<String>,
    /// The share's number.
    share: Option<String>,
    /// The numbers of the records.
    records: Vec<String>,
    /// How often the share was opened.
    views: Option<u64>,
    /// When it was opened first.
    #[schema(format = DateTime)]
    first_view_at: Option<String>,
    /// When it was opened last.
    #[schema(format = DateTime)]
    last_view_at: Option<String>,
}

/// The disclosure log.
#[derive(ToSchema)]
pub(super) struct DisclosuresView {
    /// The latest first.
    disclosures: Vec<DisclosureView>,
}

/// A deposit.
#[derive(ToSchema)]
pub(super) struct Offer {
    /// A portable record.
    #[schema(value_type = Object)]
    record: Value,
    /// Until when it can be claimed, at most 400 days.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A deposited record.
#[derive(ToSchema)]
pub(super) struct OfferView {
    /// The claim code, for the learner.
    code: String,
}
