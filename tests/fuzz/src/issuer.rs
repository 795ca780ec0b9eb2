//! What comes into an office: rosters, applications, requests, allotments, cards.

use jiff::civil::date;
use matricula_issuer::authority::AuthorityCard;
use matricula_issuer::roster::{self, RosterFile};
use matricula_issuer::school::Application;
use matricula_issuer::status::{SignedAllotment, SignedRequest};

/// A roster is checked without a panic; it is usable exactly when no file has an error.
pub fn roster(bytes: &[u8]) {
    let checked = roster::check(&[RosterFile { name: "fuzz.csv", bytes }], date(2026, 11, 22));
    let usable = checked.reports().iter().all(|report| report.is_usable());
    assert_eq!(checked.roster().is_some(), usable);
    for report in checked.reports() {
        assert!(roster::render::csv(report).starts_with("line,column,code"));
    }
}

/// The signed files between school and authority are read or refused.
pub fn school_file(bytes: &[u8]) {
    if let Ok(application) = Application::parse(bytes) {
        assert!(!application.keys().is_empty());
    }
    let _ = SignedAllotment::parse(bytes);
    let _ = SignedRequest::parse(bytes);
}

/// A card is read back as it was written.
pub fn authority_card(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(card) = AuthorityCard::parse(text) else { return };
    let encoded = card.encode();
    assert_eq!(AuthorityCard::parse(&encoded).map(|card| card.encode()), Ok(encoded));
}
