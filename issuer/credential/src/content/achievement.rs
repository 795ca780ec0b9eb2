//! Open Badges: one subject, its achievement and results.

use super::envelope::is_absolute;
use super::lists::{ACHIEVEMENT_TYPES, IDENTITY_TYPES, RESULT_TYPES, is_extension};
use super::{ContentCode, Place, Problems};
use crate::model::ResultStatus;

/// Members that an achievement must have as text.
const ACHIEVEMENT_TEXTS: [&str; 2] = ["name", "description"];

pub(super) fn check_credential(root: &Place<'_>, problems: &mut Problems) {
    let Some(subject) = only_subject(root, "AchievementSubject", problems) else { return };
    let Some(achievement) = subject.child("achievement") else {
        problems.report(ContentCode::AchievementMissing, subject.at("achievement"));
        return;
    };
    check_achievement(&achievement, problems);
    for result in subject.items("result") {
        check_result(&result, &achievement, problems);
    }
}

/// The one subject of a credential, of the right type and identified.
pub(super) fn only_subject<'d>(root: &Place<'d>, wanted: &str, problems: &mut Problems) -> Option<Place<'d>> {
    let mut subjects = root.items("credentialSubject");
    if subjects.len() > 1 {
        problems.report(ContentCode::SubjectNotOne, root.at("credentialSubject"));
        return None;
    }
    let subject = subjects.pop().filter(|subject| subject.value.is_object())?;
    problems.require(subject.is(wanted), ContentCode::SubjectTypeWrong, subject.at("type"));
    let identifiers = subject.items("identifier");
    let has_id = match subject.child("id") {
        Some(id) => {
            let good = id.value.as_str().is_some_and(is_absolute);
            problems.require(good, ContentCode::IdMalformed, id.pointer);
            true
        }
        None => false,
    };
    problems.require(
        has_id || !identifiers.is_empty(),
        ContentCode::SubjectUnidentified,
        subject.pointer.clone(),
    );
    for identifier in identifiers {
        check_identity(&identifier, problems);
    }
    Some(subject)
}

fn check_identity(identity: &Place<'_>, problems: &mut Problems) {
    let shaped =
        identity.is("IdentityObject") && identity.value.get("hashed").is_some_and(|h| h.is_boolean());
    problems.require(shaped, ContentCode::MemberMissing, identity.pointer.clone());
    let identity_type = identity.text("identityType").unwrap_or_default();
    let known = IDENTITY_TYPES.contains(&identity_type) || is_extension(identity_type);
    problems.require(known, ContentCode::IdentityTypeUnknown, identity.at("identityType"));
    let hash = identity.text("identityHash").unwrap_or_default();
    let hashed = identity.value.get("hashed").and_then(|h| h.as_bool()) == Some(true);
    let good = if hashed { is_accepted_hash(hash) } else { !hash.is_empty() };
    problems.require(good, ContentCode::IdentityHashRefused, identity.at("identityHash"));
}

/// `sha256$` and 64 hex digits. MD5 is refused: collisions are cheap.
fn is_accepted_hash(hash: &str) -> bool {
    hash.strip_prefix("sha256$")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

pub(super) fn check_achievement(achievement: &Place<'_>, problems: &mut Problems) {
    problems.require(achievement.is("Achievement"), ContentCode::MemberMissing, achievement.at("type"));
    let has_id = achievement.text("id").is_some_and(is_absolute);
    problems.require(has_id, ContentCode::IdMalformed, achievement.at("id"));
    for member in ACHIEVEMENT_TEXTS {
        let good = achievement.text(member).is_some_and(|text| !text.is_empty());
        problems.require(good, ContentCode::MemberMissing, achievement.at(member));
    }
    let has_criteria = achievement.child("criteria").is_some_and(|criteria| {
        criteria.text("id").is_some_and(is_absolute)
            || criteria.text("narrative").is_some_and(|text| !text.is_empty())
    });
    problems.require(has_criteria, ContentCode::MemberMissing, achievement.at("criteria"));
    if let Some(kind) = achievement.child("achievementType") {
        let known =
            kind.value.as_str().is_some_and(|term| ACHIEVEMENT_TYPES.contains(&term) || is_extension(term));
        problems.require(known, ContentCode::AchievementTypeUnknown, kind.pointer);
    }
    for description in achievement.items("resultDescription") {
        check_result_description(&description, problems);
    }
    for alignment in achievement.items("alignment") {
        let named =
            alignment.text("targetName").is_some() && alignment.text("targetUrl").is_some_and(is_absolute);
        problems.require(named, ContentCode::MemberMissing, alignment.pointer);
    }
}

fn check_result_description(description: &Place<'_>, problems: &mut Problems) {
    let shaped = description.is("ResultDescription") && description.text("name").is_some();
    problems.require(shaped, ContentCode::MemberMissing, description.pointer.clone());
    let has_id = description.text("id").is_some_and(is_absolute);
    problems.require(has_id, ContentCode::IdMalformed, description.at("id"));
    let known = description.text("resultType").is_some_and(|term| RESULT_TYPES.contains(&term));
    problems.require(known, ContentCode::ResultTypeUnknown, description.at("resultType"));
    if let Some(level) = description.text("requiredLevel") {
        let good = has_level(description, level);
        problems.require(good, ContentCode::LevelDangling, description.at("requiredLevel"));
    }
}

fn check_result(result: &Place<'_>, achievement: &Place<'_>, problems: &mut Problems) {
    problems.require(result.is("Result"), ContentCode::ResultMalformed, result.at("type"));
    if let Some(status) = result.child("status") {
        let known = status.value.as_str().and_then(ResultStatus::from_term).is_some();
        problems.require(known, ContentCode::ResultStatusUnknown, status.pointer);
    }
    let descriptions = achievement.items("resultDescription");
    if let Some(link) = result.child("resultDescription") {
        let found = descriptions.iter().any(|description| description.value.get("id") == Some(link.value));
        problems.require(found, ContentCode::ResultDescriptionDangling, link.pointer);
    }
    if let Some(level) = result.child("achievedLevel") {
        let id = level.value.as_str().unwrap_or_default();
        let found = descriptions.iter().any(|description| has_level(description, id));
        problems.require(found, ContentCode::LevelDangling, level.pointer);
    }
}

fn has_level(description: &Place<'_>, id: &str) -> bool {
    description.items("rubricCriterionLevel").iter().any(|level| level.text("id") == Some(id))
}
