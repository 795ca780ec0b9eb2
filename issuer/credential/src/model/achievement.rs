//! The achievement of a credential, and the small parts it is made of.

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::{CredentialKind, Institution, ModelError, Programme, TEXT_BYTES_MAX};

/// `targetFramework` of the alignment that gives the ISCED level.
pub(super) const ISCED_2011: &str = "ISCED 2011";
/// `targetFramework` of the alignment that gives the ISCED field.
pub(super) const ISCED_F_2013: &str = "ISCED-F 2013";
/// `targetFramework` of the alignment that gives the ISCED programme code.
const ISCED_P_2011: &str = "ISCED-P 2011";

const ISCED_2011_URL: &str =
    "https://uis.unesco.org/en/topic/international-standard-classification-education-isced";

/// Id of the achievement that a programme of an institution is, for one kind of credential.
pub(super) fn achievement_id(issuer: &Institution, kind: &str, code: &str) -> Result<String, ModelError> {
    Ok(format!(
        "{}/achievements/{kind}/{}",
        absolute(&issuer.id, "issuer")?,
        iri_segment(&nfc(code, "code")?)
    ))
}

/// The achievement of a programme, without results.
pub(super) fn programme_achievement(
    issuer: &Institution,
    kind: CredentialKind,
    programme: &Programme,
    name: &str,
) -> Result<Value, ModelError> {
    let programme_name = nfc(&programme.name, "programme")?;
    let code = nfc(&programme.code, "code")?;
    let mut achievement = json!({
        "id": achievement_id(issuer, kind.name(), &programme.code)?,
        "type": ["Achievement"],
        "achievementType": kind.achievement_type(),
        "name": nfc(name, "name")?,
        "description": programme_name,
        "humanCode": code,
        "criteria": { "narrative": format!("{code}: {programme_name}") },
        "creator": profile(issuer)?,
        "alignment": isced_alignments(programme)?,
    });
    if let Some(language) = &programme.language {
        achievement["inLanguage"] = json!(nfc(language, "language")?);
    }
    Ok(achievement)
}

pub(super) fn isced_alignments(programme: &Programme) -> Result<Vec<Value>, ModelError> {
    let level = programme.isced_level;
    if level > 8 {
        return Err(ModelError::IscedLevel { level });
    }
    let field = digits(&programme.isced_f, 4)?;
    let name = format!("ISCED 2011 level {level}");
    let mut alignments = vec![
        alignment(ISCED_2011, &level.to_string(), &name, ISCED_2011_URL, "ext:ISCEDLevel"),
        alignment(
            ISCED_F_2013,
            field,
            &format!("ISCED-F 2013 field {field}"),
            ISCED_2011_URL,
            "ext:ISCEDField",
        ),
    ];
    if let Some(code) = &programme.isced_p {
        let code = digits(code, 3)?;
        let name = format!("ISCED-P 2011 programme {code}");
        alignments.push(alignment(ISCED_P_2011, code, &name, ISCED_2011_URL, "ext:ISCEDProgramme"));
    }
    Ok(alignments)
}

pub(super) fn alignment(framework: &str, code: &str, name: &str, url: &str, target_type: &str) -> Value {
    json!({
        "type": ["Alignment"],
        "targetFramework": framework,
        "targetCode": code,
        "targetName": name,
        "targetUrl": url,
        "targetType": target_type,
    })
}

pub(super) fn profile(institution: &Institution) -> Result<Value, ModelError> {
    Ok(json!({
        "id": absolute(&institution.id, "issuer")?,
        "type": ["Profile"],
        "name": nfc(&institution.name, "issuer name")?,
    }))
}

/// Puts a text in normal form C, refusing what no register holds.
pub(super) fn nfc(text: &str, field: &'static str) -> Result<String, ModelError> {
    let normal: String = text.nfc().collect();
    let good =
        !normal.trim().is_empty() && normal.len() <= TEXT_BYTES_MAX && !normal.contains(char::is_control);
    if good { Ok(normal) } else { Err(ModelError::Text { field }) }
}

/// An absolute address: a scheme, a colon, and characters that addresses may have.
pub(super) fn absolute<'t>(text: &'t str, field: &'static str) -> Result<&'t str, ModelError> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let scheme_is_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let body_is_good = text.bytes().all(|b| b.is_ascii_graphic() && !br#"<>"{}|\^`"#.contains(&b));
    let good =
        scheme_is_good && body_is_good && text.len() > scheme.len() + 1 && text.len() <= TEXT_BYTES_MAX;
    if good { Ok(text) } else { Err(ModelError::Address { field }) }
}

/// A code as part of an address: everything but letters, digits and `-._~` is percent-encoded.
pub(super) fn iri_segment(code: &str) -> String {
    let mut segment = String::with_capacity(code.len());
    for byte in code.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

fn digits(code: &str, count: usize) -> Result<&str, ModelError> {
    if code.len() == count && code.bytes().all(|b| b.is_ascii_digit()) {
        Ok(code)
    } else {
        Err(ModelError::IscedCode { code: code.chars().take(16).collect(), digits: count })
    }
}
