//! Tokens made for the tests: three keys, and any header and payload signed with one of them.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use ssi_jwk::{Algorithm, JWK};
use ssi_jws::sign_bytes;

pub const ISSUER: &str = "https://school.example/issuer";

/// A key with its private part, and the algorithm it signs with.
pub struct Signer {
    jwk: JWK,
    public: Value,
    algorithm: Algorithm,
}

impl Signer {
    pub fn rsa() -> Self {
        Self::named("rsa", Algorithm::RS256, &["kty", "n", "e"])
    }

    pub fn p256() -> Self {
        Self::named("p256", Algorithm::ES256, &["kty", "crv", "x", "y"])
    }

    pub fn ed25519() -> Self {
        Self::named("ed25519", Algorithm::EdDSA, &["kty", "crv", "x"])
    }

    fn named(name: &str, algorithm: Algorithm, members: &[&str]) -> Self {
        let keys: Value = serde_json::from_slice(&fs::read(vectors().join("keys.json")).unwrap()).unwrap();
        let public = members.iter().map(|member| ((*member).to_owned(), keys[name][*member].clone()));
        Self {
            public: Value::Object(public.collect()),
            jwk: JWK::try_from(keys[name].clone()).unwrap(),
            algorithm,
        }
    }

    /// The public part.
    pub fn public(&self) -> Value {
        self.public.clone()
    }

    /// The usual header: the algorithm, the type, the public key.
    pub fn header(&self) -> Value {
        json!({"alg": self.algorithm.as_str(), "typ": "vc+jwt", "jwk": self.public})
    }

    /// Signs texts as they are.
    pub fn sign_text(&self, header: &str, payload: &str) -> String {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = sign_bytes(self.algorithm, signed.as_bytes(), &self.jwk).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        self.sign_text(&header.to_string(), &payload.to_string())
    }

    /// Signs a payload under the usual header.
    pub fn token(&self, payload: &Value) -> String {
        self.sign(&self.header(), payload)
    }
}

/// A small badge.
pub fn badge() -> Value {
    json!({
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:0d2f9a5e-0000-4000-8000-000000000001",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "issuer": {"id": ISSUER, "type": ["Profile"], "name": "Escuela Modelo"},
        "validFrom": "2026-01-01T00:00:00Z",
        "name": "Sample",
        "credentialSubject": {"id": "did:example:learner", "type": ["AchievementSubject"]},
    })
}

pub fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/compact_jws")
}
