//! What a credential is, read from the credential itself.

use matricula_tlog::UnixSeconds;
use serde_json::Value;

use super::CredentialKind;
use super::achievement::{ISCED_2011, ISCED_F_2013};
use crate::content::{has_type, issuer_id};
use crate::date_time::parse_date_time;

/// The `achievementType` of what a transcript consists of.
pub const COURSE: &str = "Course";

/// What the registry must know to say whether the signer was entitled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// The kind.
    pub kind: CredentialKind,
    /// ISCED 2011 level.
    pub isced_level: u8,
    /// ISCED-F 2013 field.
    pub isced_f: String,
    /// The claimed date: `awardedDate`, else `validFrom`.
    pub claimed_at: UnixSeconds,
}

/// Classifies a credential by its achievement, a transcript by the first one it lists. `None` when the credential
/// does not say what it is, or is of a kind that no batch declares.
pub fn classify(credential: &Value) -> Option<Classification> {
    let kind = if has_type(credential, "ClrCredential") {
        CredentialKind::Transcript
    } else {
        let term = main_achievement(credential)?.get("achievementType")?.as_str()?;
        let transcript = CredentialKind::Transcript;
        CredentialKind::ALL.into_iter().find(|kind| *kind != transcript && kind.achievement_type() == term)?
    };
    classified(credential, kind)
}

/// Classifies a course as what transcripts consist of: whoever may issue transcripts of this level and field may issue it.
/// `None` when the credential is no course, or does not say its level, field and date.
pub fn classify_course(credential: &Value) -> Option<Classification> {
    let term = main_achievement(credential)?.get("achievementType")?.as_str()?;
    if term == COURSE { classified(credential, CredentialKind::Transcript) } else { None }
}

fn classified(credential: &Value, kind: CredentialKind) -> Option<Classification> {
    let achievement = main_achievement(credential)?;
    let level: u8 = alignment_code(achievement, ISCED_2011)?.parse().ok()?;
    let isced_f = alignment_code(achievement, ISCED_F_2013)?;
    Some(Classification {
        kind,
        isced_level: (level <= 8).then_some(level)?,
        isced_f: isced_f.to_owned(),
        claimed_at: claimed_at(credential)?,
    })
}

/// What a person wants to read first. Every part may be absent in foreign credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Id of the credential.
    pub id: Option<String>,
    /// Id of the issuer.
    pub issuer: Option<String>,
    /// Name of the issuer, as the issuer gives it.
    pub issuer_name: Option<String>,
    /// Name of the credential, else of its achievement.
    pub title: Option<String>,
    /// Name of the learner.
    pub learner_name: Option<String>,
    /// Date of birth of the learner, as written.
    pub date_of_birth: Option<String>,
    /// Learner number of the school's register.
    pub learner_number: Option<String>,
    /// `awardedDate`, as written.
    pub awarded: Option<String>,
    /// `validFrom` (or `issuanceDate`), as written.
    pub valid_from: Option<String>,
    /// `validUntil` (or `expirationDate`), as written.
    pub valid_until: Option<String>,
}

/// Reads the facts. Nothing is checked here.
pub fn facts(credential: &Value) -> Facts {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let name = |value: Option<&Value>| text(value.and_then(|value| value.get("name")));
    let subject = credential.get("credentialSubject");
    let identity = |wanted: &str| subject.and_then(|subject| identity_text(subject, wanted));
    Facts {
        id: text(credential.get("id")),
        issuer: issuer_id(credential).map(str::to_owned),
        issuer_name: name(credential.get("issuer")),
        title: text(credential.get("name")).or_else(|| name(main_achievement(credential))),
        learner_name: identity("name"),
        date_of_birth: identity("ext:dateOfBirth"),
        learner_number: identity("sisSourcedId"),
        awarded: text(credential.get("awardedDate")),
        valid_from: text(credential.get("validFrom").or_else(|| credential.get("issuanceDate"))),
        valid_until: text(credential.get("validUntil").or_else(|| credential.get("expirationDate"))),
    }
}

fn claimed_at(credential: &Value) -> Option<UnixSeconds> {
    let dates = ["awardedDate", "validFrom", "issuanceDate"];
    let date = dates.iter().find_map(|member| credential.get(*member))?;
    parse_date_time(date.as_str()?).ok()
}

fn main_achievement(credential: &Value) -> Option<&Value> {
    match credential.get("credentialSubject")?.get("achievement")? {
        Value::Array(achievements) => achievements.first(),
        achievement => Some(achievement),
    }
}

/// The code of the one alignment to a framework; none when two of them disagree.
fn alignment_code<'c>(achievement: &'c Value, framework: &str) -> Option<&'c str> {
    let alignments = achievement.get("alignment")?.as_array()?;
    let of_framework =
        |alignment: &&Value| alignment.get("targetFramework").and_then(Value::as_str) == Some(framework);
    let mut codes =
        alignments.iter().filter(of_framework).map(|alignment| alignment.get("targetCode")?.as_str());
    let first = codes.next()??;
    codes.all(|code| code == Some(first)).then_some(first)
}

fn identity_text(subject: &Value, wanted: &str) -> Option<String> {
    let identifiers = subject.get("identifier")?.as_array()?;
    let plain = |identity: &&Value| {
        identity.get("identityType").and_then(Value::as_str) == Some(wanted)
            && identity.get("hashed").and_then(Value::as_bool) == Some(false)
    };
    Some(identifiers.iter().find(plain)?.get("identityHash")?.as_str()?.to_owned())
}
