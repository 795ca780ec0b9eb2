//! What every credential has, whatever it is about.

use serde_json::Value;

use super::{ContentCode, Place, Problems};
use crate::contexts::{CREDENTIALS_V1, CREDENTIALS_V2};
use crate::date_time::parse_date_time;
use matricula_tlog::UnixSeconds;

/// Types of credentials that this crate knows.
const KNOWN_TYPES: [&str; 6] = [
    "AchievementCredential",
    "OpenBadgeCredential",
    "ClrCredential",
    "EndorsementCredential",
    "BitstringStatusListCredential",
    crate::binding::BINDING_TYPE,
];

/// Members that need a `type`.
const TYPED_MEMBERS: [&str; 5] =
    ["credentialStatus", "credentialSchema", "termsOfUse", "evidence", "refreshService"];

pub(super) fn check(root: &Place<'_>, problems: &mut Problems) {
    if !root.value.is_object() {
        problems.report(ContentCode::NotAnObject, String::new());
        return;
    }
    check_context_and_types(root, problems);
    if root.child("id").is_some() {
        let good = root.text("id").is_some_and(is_absolute);
        problems.require(good, ContentCode::IdMalformed, root.at("id"));
    }
    check_issuer(root, problems);
    check_dates(root, problems);
    check_subject_presence(root, problems);
    for member in TYPED_MEMBERS {
        for item in root.items(member) {
            let has_id = member != "credentialSchema" || item.text("id").is_some_and(is_absolute);
            let good = has_some_type(item.value) && has_id;
            problems.require(good, ContentCode::TypedMemberMalformed, item.pointer);
        }
    }
}

fn check_context_and_types(root: &Place<'_>, problems: &mut Problems) {
    let first = match root.value.get("@context") {
        Some(Value::Array(contexts)) => contexts.first(),
        single => single,
    };
    let known =
        first.and_then(Value::as_str).is_some_and(|url| [CREDENTIALS_V2, CREDENTIALS_V1].contains(&url));
    problems.require(known, ContentCode::ContextMissing, root.at("@context"));
    problems.require(root.is("VerifiableCredential"), ContentCode::NotACredential, root.at("type"));
    let known_type = KNOWN_TYPES.iter().any(|known| root.is(known));
    problems.require(known_type, ContentCode::TypeUnknown, root.at("type"));
}

fn check_issuer(root: &Place<'_>, problems: &mut Problems) {
    let pointer = root.at("issuer");
    let Some(issuer) = root.child("issuer") else {
        problems.report(ContentCode::IssuerMissing, pointer);
        return;
    };
    let id = super::issuer_id(root.value);
    let is_badge = ["AchievementCredential", "OpenBadgeCredential", "ClrCredential", "EndorsementCredential"]
        .iter()
        .any(|badge| root.is(badge));
    let is_profile = !is_badge || issuer.value.is_string() || issuer.is("Profile");
    problems.require(id.is_some_and(is_absolute) && is_profile, ContentCode::IssuerMalformed, pointer);
}

fn check_dates(root: &Place<'_>, problems: &mut Problems) {
    let is_legacy = root.items("@context").first().is_some_and(|first| first.value == CREDENTIALS_V1);
    let (from, until) =
        if is_legacy { ("issuanceDate", "expirationDate") } else { ("validFrom", "validUntil") };
    // The standard lets `validFrom` out, Open Badges does not, and without it a credential claims no date at all.
    problems.require(root.child(from).is_some(), ContentCode::ValidFromMissing, root.at(from));
    let from = read_date(root, from, problems);
    let until = read_date(root, until, problems);
    read_date(root, "awardedDate", problems);
    if let (Some(from), Some(until)) = (from, until) {
        problems.require(from <= until, ContentCode::ValidityReversed, root.at("validUntil"));
    }
}

fn read_date(root: &Place<'_>, member: &str, problems: &mut Problems) -> Option<UnixSeconds> {
    let date = root.child(member)?;
    let read = date.value.as_str().and_then(|text| parse_date_time(text).ok());
    problems.require(read.is_some(), ContentCode::DateMalformed, date.pointer);
    read
}

fn check_subject_presence(root: &Place<'_>, problems: &mut Problems) {
    let subjects = root.items("credentialSubject");
    let filled = |subject: &Place<'_>| subject.value.as_object().is_some_and(|members| !members.is_empty());
    let good = !subjects.is_empty() && subjects.iter().all(filled);
    problems.require(good, ContentCode::SubjectMissing, root.at("credentialSubject"));
}

fn has_some_type(value: &Value) -> bool {
    match value.get("type") {
        Some(Value::String(one)) => !one.is_empty(),
        Some(Value::Array(several)) => !several.is_empty() && several.iter().all(Value::is_string),
        _ => false,
    }
}

/// A scheme, a colon, and something without spaces.
pub(super) fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_is_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    scheme_is_good && !rest.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
