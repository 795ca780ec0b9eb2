//! The closed lists, and the terms that no shareable credential has.

use serde_json::Value;

use super::{ContentCode, Place, Problems};

/// `achievementType` of Open Badges 3.0; `ext:` terms are allowed beside them.
pub const ACHIEVEMENT_TYPES: [&str; 31] = [
    "Achievement",
    "ApprenticeshipCertificate",
    "Assessment",
    "Assignment",
    "AssociateDegree",
    "Award",
    "BachelorDegree",
    "Badge",
    "Certificate",
    "CertificateOfCompletion",
    "Certification",
    "CoCurricular",
    "CommunityService",
    "Competency",
    "Course",
    "Degree",
    "Diploma",
    "DoctoralDegree",
    "Fieldwork",
    "GeneralEducationDevelopment",
    "JourneymanCertificate",
    "LearningProgram",
    "License",
    "MasterCertificate",
    "MasterDegree",
    "Membership",
    "MicroCredential",
    "ProfessionalDoctorate",
    "QualityAssuranceCredential",
    "ResearchDoctorate",
    "SecondarySchoolDiploma",
];

/// `resultType` of Open Badges 3.0.
pub const RESULT_TYPES: [&str; 12] = [
    "GradePointAverage",
    "LetterGrade",
    "Percent",
    "PerformanceLevel",
    "PredictedScore",
    "RawScore",
    "Result",
    "RubricCriterion",
    "RubricCriterionLevel",
    "RubricScore",
    "ScaledScore",
    "Status",
];

/// `associationType` of CLR 2.0.
pub const ASSOCIATION_TYPES: [&str; 8] = [
    "exactMatchOf",
    "isChildOf",
    "isParentOf",
    "isPartOf",
    "isPeerOf",
    "isRelatedTo",
    "precedes",
    "replacedBy",
];

/// `identityType` of Open Badges 3.0; `ext:` terms are allowed beside them.
pub const IDENTITY_TYPES: [&str; 19] = [
    "accountId",
    "emailAddress",
    "identifier",
    "isbn",
    "issn",
    "lisSourcedId",
    "ltiContextId",
    "ltiDeploymentId",
    "ltiPlatformId",
    "ltiToolId",
    "ltiUserId",
    "name",
    "nationalIdentityNumber",
    "oneRosterSourcedId",
    "productId",
    "sisSourcedId",
    "sourcedId",
    "systemId",
    "userName",
];

/// Words that no member name and no extension term of a shareable credential may begin with. Names of school
/// subjects are texts, not terms, so *religion* as a subject is not touched.
const SENSITIVE: [&str; 16] = [
    "allerg",
    "caste",
    "diagnos",
    "disabilit",
    "disciplinary",
    "ethnic",
    "expulsion",
    "faith",
    "health",
    "illness",
    "medical",
    "misconduct",
    "race",
    "religio",
    "sanction",
    "specialneed",
];

/// Members whose values are terms, not texts.
const TERM_MEMBERS: [&str; 6] =
    ["achievementType", "associationType", "identityType", "resultType", "targetType", "type"];

/// Whether a term is an extension: `ext:` and a name of letters, digits, `.`, `-`, `_`.
pub(super) fn is_extension(term: &str) -> bool {
    term.strip_prefix("ext:").is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    })
}

pub(super) fn refuse_sensitive_terms(place: &Place<'_>, problems: &mut Problems) {
    match place.value {
        Value::Object(members) => {
            for (key, value) in members {
                let inner = Place { value, pointer: place.at(key) };
                problems.require(!is_sensitive(key), ContentCode::SensitiveTerm, inner.pointer.clone());
                if TERM_MEMBERS.contains(&key.as_str()) {
                    refuse_sensitive_values(&inner, problems);
                } else {
                    refuse_sensitive_terms(&inner, problems);
                }
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                refuse_sensitive_terms(&Place { value, pointer: place.at(&i.to_string()) }, problems);
            }
        }
        _ => {}
    }
}

fn refuse_sensitive_values(place: &Place<'_>, problems: &mut Problems) {
    let terms = match place.value {
        Value::Array(terms) => terms.as_slice(),
        single => core::slice::from_ref(single),
    };
    let sensitive =
        terms.iter().filter_map(Value::as_str).any(|term| is_extension(term) && is_sensitive(term));
    problems.require(!sensitive, ContentCode::SensitiveTerm, place.pointer.clone());
}

fn is_sensitive(term: &str) -> bool {
    let local = term.rsplit(':').next().unwrap_or(term);
    let folded: String = local.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SENSITIVE.iter().any(|word| folded.starts_with(word))
}
