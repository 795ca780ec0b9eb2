//! The wallet's API and pages as an OpenAPI document. What stands here is compared with the routes by a test across the
//! services.
#![expect(dead_code, reason = "the document is made from these; nobody calls or reads them")]

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as _};

mod pages;
mod problems;
mod views;

use problems::{NoOffer, NotChanged, NotMade, NotSignedIn, NotThere};
use views::{
    AccountView, Claim, ClaimView, DisclosuresView, NewPassword, Offer, OfferView, Presenting, RecordView,
    Removal, SessionView, ShareView, SharesView, Sharing, SignIn, TimelineView, WalletProblem,
};

/// The wallet's routes, with paths below its own.
pub fn openapi() -> OpenApi {
    let mut document = Document::openapi();
    document.merge(pages::openapi());
    document
}

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "wallet", description = "Learners' records: hold, see, present, share.")),
    modifiers(&Sessions),
    paths(
        create_account, show_account, remove_account, change_password, open_session, close_session, claim_record,
        list_records, show_record, remove_record, record_file, bind_record_in_wallet, present_records, list_shares,
        create_share, show_share, revoke_share, share_qr, list_disclosures, deposit_offer
    ),
    components(schemas(WalletProblem))
)]
struct Document;

/// How a learner, and an issuer, say who they are.
struct Sessions;

impl Modify for Sessions {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = |what: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(what));
            SecurityScheme::Http(scheme.build())
        };
        let components = document.components.get_or_insert_default();
        components
            .add_security_scheme("session", bearer("The token of a session. Pages carry it in a cookie."));
        components.add_security_scheme(
            "depositor",
            bearer("The secret that the server's operator shares with a school."),
        );
    }
}

/// Opens an account.
#[utoipa::path(
    post, path = "/api/accounts", tag = "wallet",
    request_body(content = SignIn),
    responses((status = 201, description = "The first session", body = SessionView), NotMade)
)]
fn create_account() {}

/// The account: its name and the holder's key.
#[utoipa::path(
    get, path = "/api/account", tag = "wallet",
    security(("session" = [])),
    responses((status = 200, description = "The account", body = AccountView), NotSignedIn)
)]
fn show_account() {}

/// Removes the account and everything in it.
#[utoipa::path(
    delete, path = "/api/account", tag = "wallet",
    security(("session" = [])),
    request_body(content = Removal),
    responses((status = 204, description = "Everything is gone"), NotChanged)
)]
fn remove_account() {}

/// Sets another password. Other sessions end.
#[utoipa::path(
    put, path = "/api/account/password", tag = "wallet",
    security(("session" = [])),
    request_body(content = NewPassword),
    responses((status = 204, description = "It is set"), NotChanged)
)]
fn change_password() {}

/// Signs in.
#[utoipa::path(
    post, path = "/api/sessions", tag = "wallet",
    request_body(content = SignIn),
    responses((status = 201, description = "A session", body = SessionView), NotMade)
)]
fn open_session() {}

/// Signs out.
#[utoipa::path(
    delete, path = "/api/sessions/current", tag = "wallet",
    security(("session" = [])),
    responses((status = 204, description = "The session has ended"), NotSignedIn)
)]
fn close_session() {}

/// Takes a record by its claim code, and has it bound to the holder's key where that is offered.
#[utoipa::path(
    post, path = "/api/claims", tag = "wallet",
    security(("session" = [])),
    request_body(content = Claim),
    responses((status = 201, description = "The record", body = ClaimView), NotChanged)
)]
fn claim_record() {}

/// The timeline: all records, the latest first.
#[utoipa::path(
    get, path = "/api/records", tag = "wallet",
    security(("session" = [])),
    responses((status = 200, description = "The records", body = TimelineView), NotSignedIn)
)]
fn list_records() {}

/// One line of the timeline.
#[utoipa::path(
    get, path = "/api/records/{id}", tag = "wallet",
    params(("id" = String, Path, description = "The record's number in this wallet")),
    security(("session" = [])),
    responses((status = 200, description = "The line", body = RecordView), NotThere)
)]
fn show_record() {}

/// Removes a record. Shares that show it end.
#[utoipa::path(
    delete, path = "/api/records/{id}", tag = "wallet",
    params(("id" = String, Path, description = "The record's number in this wallet")),
    security(("session" = [])),
    responses((status = 204, description = "It is gone"), NotThere)
)]
fn remove_record() {}

/// The portable record, as a file.
#[utoipa::path(
    get, path = "/api/records/{id}/file", tag = "wallet",
    params(("id" = String, Path, description = "The record's number in this wallet")),
    security(("session" = [])),
    responses((status = 200, description = "The file", content_type = "application/json", body = serde_json::Value), NotThere)
)]
fn record_file() {}

/// Has the record bound to the holder's key.
#[utoipa::path(
    put, path = "/api/records/{id}/binding", tag = "wallet",
    params(("id" = String, Path, description = "The record's number in this wallet")),
    security(("session" = [])),
    responses((status = 200, description = "The line, bound", body = RecordView), NotChanged)
)]
fn bind_record_in_wallet() {}

/// Makes a presentation file of chosen records.
#[utoipa::path(
    post, path = "/api/presentations", tag = "wallet",
    security(("session" = [])),
    request_body(content = Presenting),
    responses((status = 200, description = "The presentation file", content_type = "application/json", body = serde_json::Value), NotChanged)
)]
fn present_records() {}

/// Shares that are not revoked, the latest first.
#[utoipa::path(
    get, path = "/api/shares", tag = "wallet",
    security(("session" = [])),
    responses((status = 200, description = "The shares", body = SharesView), NotSignedIn)
)]
fn list_shares() {}

/// Makes a link that shows chosen records for a time.
#[utoipa::path(
    post, path = "/api/shares", tag = "wallet",
    security(("session" = [])),
    request_body(content = Sharing),
    responses((status = 201, description = "The share, with its link", body = ShareView), NotChanged)
)]
fn create_share() {}

/// One share.
#[utoipa::path(
    get, path = "/api/shares/{id}", tag = "wallet",
    params(("id" = String, Path, description = "The share's number")),
    security(("session" = [])),
    responses((status = 200, description = "The share", body = ShareView), NotThere)
)]
fn show_share() {}

/// Revokes a share: its link shows nothing any more.
#[utoipa::path(
    delete, path = "/api/shares/{id}", tag = "wallet",
    params(("id" = String, Path, description = "The share's number")),
    security(("session" = [])),
    responses((status = 204, description = "It is revoked"), NotThere)
)]
fn revoke_share() {}

/// The link as a QR code.
#[utoipa::path(
    get, path = "/api/shares/{id}/qr.svg", tag = "wallet",
    params(("id" = String, Path, description = "The share's number")),
    security(("session" = [])),
    responses((status = 200, description = "The picture", content_type = "image/svg+xml", body = String), NotThere)
)]
fn share_qr() {}

/// What was presented and shared, the latest first.
#[utoipa::path(
    get, path = "/api/disclosures", tag = "wallet",
    security(("session" = [])),
    responses((status = 200, description = "The list", body = DisclosuresView), NotSignedIn)
)]
fn list_disclosures() {}

/// Takes a record from the issuer that has issued it, under a new claim code.
#[utoipa::path(
    post, path = "/api/offers", tag = "wallet",
    security(("depositor" = [])),
    request_body(content = Offer),
    responses((status = 201, description = "The claim code", body = OfferView), NoOffer)
)]
fn deposit_offer() {}
