//! What a credential may say.

use serde_json::Value;

/// Whether `type` of an object holds a type, be it one text or a list.
pub fn has_type(object: &Value, wanted: &str) -> bool {
    match object.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|each| each.as_str() == Some(wanted)),
        _ => false,
    }
}

/// The issuer's id, be `issuer` a text or an object.
pub fn issuer_id(credential: &Value) -> Option<&str> {
    match credential.get("issuer")? {
        Value::String(id) => Some(id),
        object => object.get("id")?.as_str(),
    }
}
