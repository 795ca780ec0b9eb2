//! The `credentialStatus` of a credential.

use serde_json::{Value, json};

/// What a bit of a list means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusPurpose {
    /// For good.
    Revocation,
    /// For a time.
    Suspension,
    /// Something else (`message`, `refresh` or foreign): read, never written.
    Other(String),
}

impl StatusPurpose {
    /// The term.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Other(term) => term,
        }
    }

    /// Reads the term.
    pub fn from_term(term: &str) -> Self {
        match term {
            "revocation" => Self::Revocation,
            "suspension" => Self::Suspension,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A `BitstringStatusListEntry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusEntry {
    /// What the bit means.
    pub purpose: StatusPurpose,
    /// Which bit.
    pub index: u64,
    /// URL of the list's credential.
    pub list: String,
}

/// Most status entries of one credential.
pub const STATUS_ENTRIES_OF_CREDENTIAL_MAX: usize = 8;

/// Why the status of a credential cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusEntryError {
    /// More entries than a credential needs.
    #[error("{count} status entries, at most {STATUS_ENTRIES_OF_CREDENTIAL_MAX} are read")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// An entry of a type that is not known: the credential has a status, but it cannot be read.
    #[error("status entry {position} has the unknown type `{entry_type}`")]
    UnknownType {
        /// Position of the entry.
        position: usize,
        /// Its type.
        entry_type: String,
    },
    /// A member of an entry is absent or malformed.
    #[error("`{member}` of status entry {position} is absent or malformed")]
    Member {
        /// Position of the entry.
        position: usize,
        /// Name of the member.
        member: &'static str,
    },
}

impl StatusEntry {
    /// Writes the entry, with the index as text, as the specification asks.
    pub fn to_value(&self) -> Value {
        json!({
            "id": format!("{}#{}-{}", self.list, self.purpose.as_str(), self.index),
            "type": "BitstringStatusListEntry",
            "statusPurpose": self.purpose.as_str(),
            "statusListIndex": self.index.to_string(),
            "statusListCredential": self.list,
        })
    }
}

/// The status entries of a credential; none when it has no `credentialStatus`.
///
/// # Errors
/// [`StatusEntryError`]: an entry that cannot be read is never passed over.
pub fn entries_of(credential: &Value) -> Result<Vec<StatusEntry>, StatusEntryError> {
    let entries = match credential.get("credentialStatus") {
        None => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(single) => core::slice::from_ref(single),
    };
    if entries.len() > STATUS_ENTRIES_OF_CREDENTIAL_MAX {
        return Err(StatusEntryError::TooMany { count: entries.len() });
    }
    entries.iter().enumerate().map(|(position, entry)| parse_entry(position, entry)).collect()
}

fn parse_entry(position: usize, entry: &Value) -> Result<StatusEntry, StatusEntryError> {
    let missing = |member| StatusEntryError::Member { position, member };
    let text = |member: &'static str| entry.get(member).and_then(Value::as_str).ok_or(missing(member));
    let entry_type = text("type")?;
    if entry_type != "BitstringStatusListEntry" {
        let entry_type = entry_type.chars().take(100).collect();
        return Err(StatusEntryError::UnknownType { position, entry_type });
    }
    let index = entry.get("statusListIndex").and_then(parse_index).ok_or(missing("statusListIndex"))?;
    Ok(StatusEntry {
        purpose: StatusPurpose::from_term(text("statusPurpose")?),
        index,
        list: text("statusListCredential")?.to_owned(),
    })
}

/// The specification wants text; numbers are seen in the field.
fn parse_index(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok()
        }
        _ => None,
    }
}
