//! Tokens (VC-JWT) through the service: good only under a key that the trust file gives to the named school.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

/// The country that the verdict's own tests are made in.
#[allow(dead_code, reason = "each test binary uses its own part of the country")]
#[path = "../../../verifier/verdict/tests/country/mod.rs"]
mod country;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use country::{Country, NEIGHBOUR, SCHOOL, at, key, unsigned_diploma};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signer;
use http_body_util::BodyExt;
use matricula_credential::did::verification_method;
use matricula_verifier::{Verifier, router};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A diploma of the school as token, signed with the key of a seed under this header.
fn token(header: &Value, seed: u8) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(&unsigned_diploma("2026-11-20", 5)));
    let signature = key(seed).sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The header that names the key of a seed under an identifier.
fn header(controller: &str, seed: u8) -> Value {
    json!({"alg": "EdDSA", "typ": "vc+jwt", "kid": verification_method(controller, &key(seed).verifying_key())})
}

/// The one word, and every code but those that every token gets.
async fn judged(token: &str) -> (String, Vec<String>) {
    let mut country = Country::new("log.hn.example/1", 1);
    country.neighbour();
    let verifier = Verifier::new(country.full_trust("2026-11-21"), Arc::new(|| at("2026-11-22")));
    let request = Request::post("/verify").body(Body::from(token.to_owned())).unwrap();
    let response = router(Arc::new(verifier)).oneshot(request).await.unwrap();
    let verdict: Value =
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let codes =
        verdict["axes"].as_object().unwrap().values().flat_map(|axis| axis["codes"].as_array().unwrap());
    let ever = ["no_ledger_evidence", "compare_identity_document"];
    let codes =
        codes.map(|code| code.as_str().unwrap().to_owned()).filter(|code| !ever.contains(&code.as_str()));
    (verdict["overall"].as_str().unwrap().to_owned(), codes.collect())
}

#[track_caller]
fn expect(judged: &(String, Vec<String>), overall: &str, code: Option<&str>) {
    let has = code.is_none_or(|code| judged.1.iter().any(|found| found == code));
    assert!(judged.0 == overall && has && (code.is_some() || judged.1.is_empty()), "{judged:?}");
}

#[tokio::test]
async fn a_token_of_the_registered_key_is_judged_and_one_of_any_other_is_unknown() {
    expect(&judged(&token(&header(SCHOOL, 10), 10)).await, "verified_with_warnings", None);
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64URL_NOPAD.encode(key(10).verifying_key().as_bytes())});
    let in_header = json!({"alg": "EdDSA", "typ": "vc+jwt", "jwk": jwk});
    expect(&judged(&token(&in_header, 10)).await, "verified_with_warnings", None);
    expect(&judged(&token(&header(SCHOOL, 40), 40)).await, "unknown_issuer", Some("issuer_unknown"));
}

#[tokio::test]
async fn refuses_tokens_whose_key_is_not_the_schools() {
    let refused = "refused";
    // The neighbour's registered key, under the school's name and under its own.
    expect(&judged(&token(&header(SCHOOL, 20), 20)).await, refused, Some("issuer_does_not_control_key"));
    expect(&judged(&token(&header(NEIGHBOUR, 20), 20)).await, refused, Some("issuer_does_not_control_key"));
    // The key that is named, and the key that signed.
    expect(&judged(&token(&header(SCHOOL, 10), 20)).await, refused, Some("proof_invalid"));
    expect(&judged(&token(&header(SCHOOL, 20), 10)).await, refused, Some("proof_invalid"));
    // A key for bindings is none for diplomas.
    expect(&judged(&token(&header(SCHOOL, 12), 12)).await, refused, Some("key_wrong_role"));
}

#[tokio::test]
async fn refuses_tokens_without_a_signature() {
    for algorithm in ["none", "None", "HS256"] {
        let mut unsigned = header(SCHOOL, 10);
        unsigned["alg"] = json!(algorithm);
        expect(&judged(&token(&unsigned, 10)).await, "refused", Some("proof_invalid"));
    }
    let signed = token(&header(SCHOOL, 10), 10);
    let (text, _) = signed.rsplit_once('.').unwrap();
    let judged = judged(&format!("{text}.")).await;
    assert_eq!(judged.0, "refused", "{judged:?}");
}
