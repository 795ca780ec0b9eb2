//! The credentials themselves.

use std::collections::HashSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::achievement::{absolute, achievement_id, isced_alignments, nfc, profile, programme_achievement};
use super::classification::COURSE;
use super::results::{DescribedResult, leaving_results, subject_results};
use super::{CredentialKind, Header, Leaving, ModelError, Programme, RESULTS_MAX, SubjectResult};
use crate::contexts::{CLR_V2, CREDENTIALS_V2, OPEN_BADGES_V3};
use crate::date_time::format_date_time;
use crate::status::StatusEntry;

/// A diploma. `award` is its title; results may be none.
///
/// # Errors
/// [`ModelError`].
pub fn diploma(
    header: &Header,
    programme: &Programme,
    award: &str,
    results: &[SubjectResult],
) -> Result<Value, ModelError> {
    awarded(header, CredentialKind::Diploma, programme, award, results)
}

/// A certificate of primary completion. `award` is its title; results may be none.
///
/// # Errors
/// [`ModelError`].
pub fn primary_completion(
    header: &Header,
    programme: &Programme,
    award: &str,
    results: &[SubjectResult],
) -> Result<Value, ModelError> {
    awarded(header, CredentialKind::PrimaryCompletion, programme, award, results)
}

/// The record of a learner who leaves for another school, in the middle of a year or at its end.
///
/// # Errors
/// [`ModelError`].
pub fn transfer_certificate(
    header: &Header,
    programme: &Programme,
    leaving: &Leaving,
    results: &[SubjectResult],
) -> Result<Value, ModelError> {
    let kind = CredentialKind::Transfer;
    refuse_too_many(results)?;
    let achievement = programme_achievement(&header.issuer, kind, programme, &programme.name)?;
    let id = achievement_id(&header.issuer, kind.name(), &programme.code)?;
    let mut described = subject_results(&id, results)?;
    described.extend(leaving_results(&id, leaving)?);
    let mut subject = achievement_subject(header, achievement, described)?;
    if let Some(number) = &leaving.admission_no {
        let identifier = identity("ext:admissionNumber", &nfc(number, "admission number")?);
        push(&mut subject["identifier"], identifier);
    }
    for (member, date) in
        [("activityStartDate", leaving.first_admission), ("activityEndDate", leaving.last_attended)]
    {
        if let Some(date) = date {
            subject[member] = json!(midnight(date));
        }
    }
    achievement_credential(header, &programme.name, subject)
}

/// One course of a transcript, to be signed and nested in it. The header is the course's own: own id, own status or
/// none, same issuer or another.
///
/// # Errors
/// [`ModelError`].
pub fn course(header: &Header, programme: &Programme, result: &SubjectResult) -> Result<Value, ModelError> {
    let id = achievement_id(&header.issuer, "course", &result.code)?;
    let name = nfc(&result.name, "name")?;
    let achievement = json!({
        "id": id,
        "type": ["Achievement"],
        "achievementType": COURSE,
        "name": name,
        "description": name,
        "humanCode": nfc(&result.code, "code")?,
        "criteria": { "narrative": format!("{}: {name}", nfc(&programme.name, "programme")?) },
        "creator": profile(&header.issuer)?,
        "alignment": isced_alignments(programme)?,
    });
    let described = subject_results(&id, core::slice::from_ref(result))?;
    let mut subject = achievement_subject(header, achievement, described)?;
    if let Some(term) = &result.term {
        subject["term"] = json!(nfc(term, "term")?);
    }
    achievement_credential(header, &result.name, subject)
}

/// A transcript of signed credentials, each joined to the programme by an association. `title` is its name.
///
/// # Errors
/// [`ModelError`]; [`ModelError::Nested`] for a nested credential without proof, about another learner or without
/// an achievement.
pub fn transcript(
    header: &Header,
    programme: &Programme,
    title: &str,
    nested: Vec<Value>,
) -> Result<Value, ModelError> {
    if nested.is_empty() {
        return Err(ModelError::EmptyTranscript);
    }
    if nested.len() > RESULTS_MAX {
        return Err(ModelError::TooManyResults { count: nested.len() });
    }
    let achievement =
        programme_achievement(&header.issuer, CredentialKind::Transcript, programme, &programme.name)?;
    let identifier = identifiers(header)?;
    let mut targets: Vec<String> = Vec::new();
    for (position, credential) in nested.iter().enumerate() {
        let target = nested_achievement(credential, &identifier).ok_or(ModelError::Nested { position })?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let associations: Vec<Value> =
        targets.into_iter().map(|target| association(&achievement["id"], &target)).collect();
    let subject = json!({
        "type": ["ClrSubject"],
        "identifier": identifier,
        "achievement": [achievement],
        "verifiableCredential": nested,
        "association": associations,
    });
    let contexts = [CREDENTIALS_V2, CLR_V2, OPEN_BADGES_V3];
    credential(header, &contexts, "ClrCredential", title, subject)
}

fn association(source: &Value, target: &str) -> Value {
    json!({ "type": "Association", "associationType": "isParentOf", "sourceId": source, "targetId": target })
}

/// The achievement of a nested credential that is signed and about the same learner.
fn nested_achievement(credential: &Value, identifier: &Value) -> Option<String> {
    let subject = credential.get("credentialSubject")?;
    let signed = credential.get("proof").is_some();
    let same = subject.get("identifier") == Some(identifier);
    let achievement = subject.get("achievement")?.get("id")?.as_str()?;
    (signed && same).then(|| achievement.to_owned())
}

fn awarded(
    header: &Header,
    kind: CredentialKind,
    programme: &Programme,
    award: &str,
    results: &[SubjectResult],
) -> Result<Value, ModelError> {
    refuse_too_many(results)?;
    let achievement = programme_achievement(&header.issuer, kind, programme, award)?;
    let id = achievement_id(&header.issuer, kind.name(), &programme.code)?;
    let described = subject_results(&id, results)?;
    let subject = achievement_subject(header, achievement, described)?;
    achievement_credential(header, award, subject)
}

fn achievement_subject(
    header: &Header,
    mut achievement: Value,
    described: Vec<DescribedResult>,
) -> Result<Value, ModelError> {
    let mut subject = json!({ "type": ["AchievementSubject"], "identifier": identifiers(header)? });
    if !described.is_empty() {
        let (descriptions, results): (Vec<Value>, Vec<Value>) =
            described.into_iter().map(|each| (each.description, each.result)).unzip();
        achievement["resultDescription"] = Value::Array(descriptions);
        subject["result"] = Value::Array(results);
    }
    subject["achievement"] = achievement;
    Ok(subject)
}

fn achievement_credential(header: &Header, name: &str, subject: Value) -> Result<Value, ModelError> {
    credential(header, &[CREDENTIALS_V2, OPEN_BADGES_V3], "AchievementCredential", name, subject)
}

fn credential(
    header: &Header,
    contexts: &[&str],
    credential_type: &str,
    name: &str,
    subject: Value,
) -> Result<Value, ModelError> {
    let mut credential = json!({
        "@context": contexts,
        "id": absolute(&header.id, "id")?,
        "type": ["VerifiableCredential", credential_type],
        "name": nfc(name, "name")?,
        "issuer": profile(&header.issuer)?,
        "validFrom": format_date_time(header.valid_from)?,
        "awardedDate": midnight(header.awarded),
        "credentialSubject": subject,
    });
    if let Some(valid_until) = header.valid_until {
        credential["validUntil"] = json!(format_date_time(valid_until)?);
    }
    if !header.status.is_empty() {
        for entry in &header.status {
            absolute(&entry.list, "status list")?;
        }
        credential["credentialStatus"] =
            Value::Array(header.status.iter().map(StatusEntry::to_value).collect());
    }
    Ok(credential)
}

/// The learner as a list of identity objects: nobody's key, and no hash, which would only look like privacy.
fn identifiers(header: &Header) -> Result<Value, ModelError> {
    let learner = &header.learner;
    let given = nfc(&learner.given_names, "given names")?;
    let mut identifiers = vec![identity("sisSourcedId", &nfc(&learner.number, "learner number")?)];
    let full_name = if learner.family_names.is_empty() {
        given.clone()
    } else {
        let family = nfc(&learner.family_names, "family names")?;
        identifiers.push(identity("ext:familyNames", &family));
        format!("{given} {family}")
    };
    identifiers.push(identity("ext:givenNames", &given));
    identifiers.push(identity("name", &full_name));
    if let Some(date) = learner.date_of_birth {
        identifiers.push(identity("ext:dateOfBirth", &date.to_string()));
    }
    Ok(Value::Array(identifiers))
}

fn identity(identity_type: &str, text: &str) -> Value {
    json!({ "type": "IdentityObject", "hashed": false, "identityHash": text, "identityType": identity_type })
}

fn push(list: &mut Value, item: Value) {
    if let Value::Array(items) = list {
        items.push(item);
    }
}

fn midnight(date: Date) -> String {
    format!("{date}T00:00:00Z")
}

fn refuse_too_many(results: &[SubjectResult]) -> Result<(), ModelError> {
    if results.len() > RESULTS_MAX {
        return Err(ModelError::TooManyResults { count: results.len() });
    }
    let mut seen = HashSet::new();
    match results.iter().find(|result| !seen.insert((&result.code, &result.term))) {
        Some(twice) => Err(ModelError::DuplicateSubject { code: twice.code.clone() }),
        None => Ok(()),
    }
}
