//! CLR: nested credentials, associations, and one learner throughout.

use serde_json::Value;

use super::achievement::{check_achievement, check_credential, only_subject};
use super::lists::ASSOCIATION_TYPES;
use super::{ContentCode, Place, Problems, envelope};

pub(super) fn check(root: &Place<'_>, problems: &mut Problems) {
    problems.require(root.text("name").is_some(), ContentCode::MemberMissing, root.at("name"));
    let Some(subject) = only_subject(root, "ClrSubject", problems) else { return };
    for achievement in subject.items("achievement") {
        check_achievement(&achievement, problems);
    }
    let nested = subject.items("verifiableCredential");
    problems.require(!nested.is_empty(), ContentCode::NestedMissing, subject.at("verifiableCredential"));
    for credential in &nested {
        check_nested(credential, &subject, problems);
    }
    let known = known_achievements(&subject, &nested);
    for association in subject.items("association") {
        check_association(&association, &known, problems);
    }
}

fn check_nested(credential: &Place<'_>, subject: &Place<'_>, problems: &mut Problems) {
    // A compact JWS stands as a text; it is checked by whoever reads JWTs.
    if !credential.value.is_object() {
        problems.report(ContentCode::MemberMissing, credential.pointer.clone());
        return;
    }
    envelope::check(credential, problems);
    let is_badge = credential.is("AchievementCredential") || credential.is("OpenBadgeCredential");
    problems.require(is_badge, ContentCode::TypeUnknown, credential.at("type"));
    check_credential(credential, problems);
    let signed = match credential.value.get("proof") {
        Some(Value::Array(proofs)) => !proofs.is_empty(),
        Some(proof) => proof.is_object(),
        None => false,
    };
    problems.require(signed, ContentCode::NestedUnsigned, credential.at("proof"));
    let same = credential.child("credentialSubject").is_some_and(|nested| is_same_learner(&nested, subject));
    problems.require(same, ContentCode::SubjectsDiffer, credential.at("credentialSubject"));
}

/// The same id, or without ids the same identifiers in any order. One learner with an id here and only identifiers
/// there cannot be told from two.
fn is_same_learner(a: &Place<'_>, b: &Place<'_>) -> bool {
    match (a.child("id"), b.child("id")) {
        (Some(a), Some(b)) => a.value == b.value,
        (None, None) => {
            let (a, b) = (a.items("identifier"), b.items("identifier"));
            let holds =
                |list: &[Place<'_>], item: &Place<'_>| list.iter().any(|each| each.value == item.value);
            !a.is_empty()
                && a.len() == b.len()
                && a.iter().all(|x| holds(&b, x))
                && b.iter().all(|x| holds(&a, x))
        }
        _ => false,
    }
}

fn known_achievements<'d>(subject: &Place<'d>, nested: &[Place<'d>]) -> Vec<&'d str> {
    let mut known: Vec<&str> =
        subject.items("achievement").iter().filter_map(|place| place.text("id")).collect();
    for credential in nested {
        known.extend(credential.text("id"));
        let achievement =
            credential.child("credentialSubject").and_then(|subject| subject.child("achievement"));
        known.extend(achievement.and_then(|place| place.text("id")));
    }
    known
}

fn check_association(association: &Place<'_>, known: &[&str], problems: &mut Problems) {
    problems.require(association.is("Association"), ContentCode::MemberMissing, association.at("type"));
    let term = association.text("associationType");
    let listed = term.is_some_and(|term| ASSOCIATION_TYPES.contains(&term));
    problems.require(listed, ContentCode::AssociationTypeUnknown, association.at("associationType"));
    for end in ["sourceId", "targetId"] {
        let found = association.text(end).is_some_and(|id| known.contains(&id));
        problems.require(found, ContentCode::AssociationDangling, association.at(end));
    }
}
