//! DID documents with Ed25519 keys.
//!
//! SPEC: DID 1.0 §5, Controlled Identifiers 1.0 §2.

use ed25519_dalek::VerifyingKey;
use serde_json::{Value, json};

use super::{DidError, bounded, encode_multikey, parse_multikey, verification_method};

/// A DID document with its Ed25519 keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DidDocument {
    /// The DID.
    pub id: String,
    /// Keys that may sign credentials.
    pub assertion: Vec<VerifyingKey>,
    /// Keys that may authenticate.
    pub authentication: Vec<VerifyingKey>,
}

/// Most verification methods read from one document.
pub const METHODS_MAX: usize = 64;

impl DidDocument {
    /// Writes the document, each key as Multikey.
    pub fn to_value(&self) -> Value {
        let mut keys: Vec<&VerifyingKey> = Vec::new();
        for key in self.assertion.iter().chain(&self.authentication) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let ids = |keys: &[VerifyingKey]| -> Vec<String> {
            keys.iter().map(|key| verification_method(&self.id, key)).collect()
        };
        let methods: Vec<Value> = keys.into_iter().map(|key| multikey_method(&self.id, key)).collect();
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": self.id,
            "verificationMethod": methods,
            "assertionMethod": ids(&self.assertion),
            "authentication": ids(&self.authentication),
        })
    }

    /// Reads a document, and its methods of type Multikey with an Ed25519 key; others are passed over.
    ///
    /// # Errors
    /// [`DidError::Document`], or [`DidError::ForeignController`] when a method is not the document's own.
    pub fn parse(document: &Value) -> Result<Self, DidError> {
        let id = document["id"].as_str().ok_or(DidError::Document { member: "id" })?;
        bounded(id)?;
        let methods = match &document["verificationMethod"] {
            Value::Null => &[][..],
            Value::Array(methods) if methods.len() <= METHODS_MAX => methods,
            _ => return Err(DidError::Document { member: "verificationMethod" }),
        };
        Ok(Self {
            id: id.to_owned(),
            assertion: relationship(document, id, methods, "assertionMethod")?,
            authentication: relationship(document, id, methods, "authentication")?,
        })
    }
}

fn multikey_method(controller: &str, key: &VerifyingKey) -> Value {
    json!({
        "id": verification_method(controller, key),
        "type": "Multikey",
        "controller": controller,
        "publicKeyMultibase": encode_multikey(key),
    })
}

/// The keys of one verification relationship, whose entries are references or embedded methods.
fn relationship(
    document: &Value,
    id: &str,
    methods: &[Value],
    member: &'static str,
) -> Result<Vec<VerifyingKey>, DidError> {
    let entries = match &document[member] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(entries) if entries.len() <= METHODS_MAX => entries,
        _ => return Err(DidError::Document { member }),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let method = match entry {
            Value::String(reference) => methods.iter().find(|method| same_method(method, id, reference)),
            embedded => Some(embedded),
        };
        keys.extend(method_key(method.ok_or(DidError::Document { member })?, id)?);
    }
    Ok(keys)
}

/// References may leave out the DID before the fragment.
fn same_method(method: &Value, id: &str, reference: &str) -> bool {
    let absolute = |text: &str| if text.starts_with('#') { format!("{id}{text}") } else { text.to_owned() };
    method["id"].as_str().is_some_and(|own| absolute(own) == absolute(reference))
}

fn method_key(method: &Value, id: &str) -> Result<Option<VerifyingKey>, DidError> {
    if method["controller"].as_str() != Some(id) {
        return Err(DidError::ForeignController { id: id.to_owned() });
    }
    if method["type"].as_str() != Some("Multikey") {
        return Ok(None);
    }
    let multibase =
        method["publicKeyMultibase"].as_str().ok_or(DidError::Document { member: "publicKeyMultibase" })?;
    match parse_multikey(multibase) {
        Ok(key) => Ok(Some(key)),
        Err(DidError::UnsupportedKey { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi";

    #[test]
    fn documents_survive_the_round_trip() {
        let document = DidDocument {
            id: "did:web:hn.example".to_owned(),
            assertion: vec![parse_multikey(KEY).unwrap()],
            authentication: vec![],
        };
        assert_eq!(DidDocument::parse(&document.to_value()), Ok(document));
    }

    #[test]
    fn refuses_a_method_controlled_by_somebody_else() {
        let mut value = DidDocument {
            id: "did:web:hn.example".to_owned(),
            assertion: vec![parse_multikey(KEY).unwrap()],
            authentication: vec![],
        }
        .to_value();
        value["verificationMethod"][0]["controller"] = json!("did:web:other.example");
        assert_eq!(
            DidDocument::parse(&value),
            Err(DidError::ForeignController { id: "did:web:hn.example".to_owned() })
        );
    }
}
