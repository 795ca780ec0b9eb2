//! Moments in files: RFC 3339 in UTC, to the second. Used as `#[serde(with = "crate::moment")]`.

use matricula_tlog::UnixSeconds;
use matricula_verdict::{parse_rfc3339, rfc3339};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(at: &UnixSeconds, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixSeconds, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_rfc3339(&text).ok_or_else(|| D::Error::custom(format_args!("'{text}' is not an RFC 3339 moment")))
}
