//! The credential in which a list is published.

use matricula_tlog::UnixSeconds;
use serde_json::{Value, json};

use super::{StatusEntry, StatusList, StatusListError, StatusPurpose};
use crate::contexts::CREDENTIALS_V2;
use crate::date_time::{DateTimeError, format_date_time, parse_date_time};

/// Most lists in one credential.
pub const PURPOSES_MAX: usize = 4;

/// A `BitstringStatusListCredential`: one list for each purpose, under one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCredential {
    /// Its address, which status entries name.
    pub id: String,
    /// Who publishes it: the authority.
    pub issuer: String,
    /// From when on it holds.
    pub valid_from: UnixSeconds,
    /// Until when it holds: an older answer counts as none.
    pub valid_until: Option<UnixSeconds>,
    /// The lists, each purpose once.
    pub lists: Vec<(StatusPurpose, StatusList)>,
}

/// Why a list credential was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListCredentialError {
    /// A member is absent or malformed.
    #[error("`{member}` of the status list credential is absent or malformed")]
    Member {
        /// Name of the member.
        member: &'static str,
    },
    /// A date cannot be read or written.
    #[error(transparent)]
    Date(#[from] DateTimeError),
    /// A list is bad.
    #[error(transparent)]
    List(#[from] StatusListError),
    /// The credential holds no list of the purpose that an entry asks for, or is another than the entry names.
    #[error("the credential is not the one that the status entry names")]
    NotTheNamedList,
}

impl ListCredential {
    /// Writes the credential, unsigned.
    ///
    /// # Errors
    /// [`ListCredentialError::Date`].
    pub fn to_value(&self) -> Result<Value, ListCredentialError> {
        let subjects: Vec<Value> =
            self.lists.iter().map(|(purpose, list)| self.subject(purpose, list)).collect();
        let mut value = json!({
            "@context": [CREDENTIALS_V2],
            "id": self.id,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.issuer,
            "validFrom": format_date_time(self.valid_from)?,
            "credentialSubject": match subjects.as_slice() {
                [single] => single.clone(),
                several => Value::Array(several.to_vec()),
            },
        });
        if let Some(valid_until) = self.valid_until {
            value["validUntil"] = json!(format_date_time(valid_until)?);
        }
        Ok(value)
    }

    /// Reads a credential; its proof is checked elsewhere ([`crate::proof::verify`]).
    ///
    /// # Errors
    /// [`ListCredentialError`].
    pub fn parse(credential: &Value) -> Result<Self, ListCredentialError> {
        let missing = |member| ListCredentialError::Member { member };
        if !crate::content::has_type(credential, "BitstringStatusListCredential") {
            return Err(missing("type"));
        }
        let subjects = match credential.get("credentialSubject") {
            Some(Value::Array(subjects)) if subjects.len() <= PURPOSES_MAX => subjects.as_slice(),
            Some(single @ Value::Object(_)) => core::slice::from_ref(single),
            _ => return Err(missing("credentialSubject")),
        };
        let mut lists: Vec<(StatusPurpose, StatusList)> = Vec::new();
        for subject in subjects {
            let (purpose, list) = parse_subject(subject)?;
            if lists.iter().any(|(known, _)| *known == purpose) {
                return Err(missing("statusPurpose"));
            }
            lists.push((purpose, list));
        }
        let text = |member: &'static str| credential.get(member).and_then(Value::as_str);
        Ok(Self {
            id: text("id").ok_or(missing("id"))?.to_owned(),
            issuer: crate::content::issuer_id(credential).ok_or(missing("issuer"))?.to_owned(),
            valid_from: parse_date_time(text("validFrom").ok_or(missing("validFrom"))?)?,
            valid_until: text("validUntil").map(parse_date_time).transpose()?,
            lists,
        })
    }

    /// Looks up the bit an entry points at.
    ///
    /// # Errors
    /// [`ListCredentialError::NotTheNamedList`] or an index beyond the list.
    pub fn get(&self, entry: &StatusEntry) -> Result<bool, ListCredentialError> {
        let list = self.lists.iter().find(|(purpose, _)| *purpose == entry.purpose && self.id == entry.list);
        let (_, list) = list.ok_or(ListCredentialError::NotTheNamedList)?;
        Ok(list.get(entry.index)?)
    }

    fn subject(&self, purpose: &StatusPurpose, list: &StatusList) -> Value {
        let id = match self.lists.len() {
            1 => format!("{}#list", self.id),
            _ => format!("{}#{}", self.id, purpose.as_str()),
        };
        json!({
            "id": id,
            "type": "BitstringStatusList",
            "statusPurpose": purpose.as_str(),
            "encodedList": list.encode(),
        })
    }
}

fn parse_subject(subject: &Value) -> Result<(StatusPurpose, StatusList), ListCredentialError> {
    let text = |member: &'static str| {
        subject.get(member).and_then(Value::as_str).ok_or(ListCredentialError::Member { member })
    };
    if !crate::content::has_type(subject, "BitstringStatusList") {
        return Err(ListCredentialError::Member { member: "type" });
    }
    Ok((StatusPurpose::from_term(text("statusPurpose")?), StatusList::decode(text("encodedList")?)?))
}
