//! The endpoints for programs.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::request::{ask, post, post_json};

const CREDENTIALS: &str = "/credentials/verify";
const PRESENTATIONS: &str = "/presentations/verify";

/// A credential without a proof: never good, but a credential.
fn unsigned() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:5a7c1c7e-0000-4000-8000-000000000001",
        "type": ["VerifiableCredential"],
        "issuer": "did:web:mill.example",
        "credentialSubject": {"name": "Ana"},
    })
}

#[tokio::test]
async fn an_unsigned_credential_is_answered_with_400_and_its_verdict() {
    let answer = ask(post_json(CREDENTIALS, &json!({"verifiableCredential": unsigned()}))).await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert_eq!(body["verified"], false);
    assert_eq!(body["results"][0]["verified"], false);
    assert_eq!(body["results"][0]["verdict"]["overall"], "refused");
    let codes: Vec<&str> = body["problemDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"proof_missing"), "{body}");
}

#[tokio::test]
async fn the_raw_endpoint_gives_the_verdict_as_one_object() {
    let answer = ask(post("/verify", "application/octet-stream", unsigned().to_string())).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let verdict = answer.json();
    assert_eq!(verdict["overall"], "refused");
    assert_eq!(verdict["axes"]["integrity"]["codes"], json!(["proof_missing"]));
    assert_eq!(verdict["as_of"], "2026-11-22T00:00:00Z");
}

#[tokio::test]
async fn the_raw_endpoint_judges_what_is_no_document_at_all() {
    for body in [&b"\xff\xfe"[..], b"", b"[]", b"{\"a\":1,\"a\":2}", b"\"text\""] {
        let answer = ask(post("/verify", "application/json", body)).await;
        assert_eq!(answer.status, 200);
        let verdict = answer.json();
        assert_eq!(verdict["overall"], "refused", "{verdict}");
        assert_eq!(verdict["axes"]["integrity"]["codes"], json!(["document_malformed"]), "{verdict}");
    }
}

#[tokio::test]
async fn the_moment_of_the_verdict_can_be_asked_for() {
    let query = "/verify?asOf=2027-01-01T00:00:00Z";
    assert_eq!(ask(post(query, "application/json", "{}")).await.json()["as_of"], "2027-01-01T00:00:00Z");
    let request = json!({"verifiableCredential": unsigned(), "options": {"asOf": "2027-01-01T00:00:00Z"}});
    let body = ask(post_json(CREDENTIALS, &request)).await.json();
    assert_eq!(body["results"][0]["verdict"]["as_of"], "2027-01-01T00:00:00Z");
}

#[tokio::test]
async fn rejects_a_query_it_does_not_know() {
    for query in ["?asOf=yesterday", "?as_of=2027-01-01T00:00:00Z", "?asOf=1&asOf=2"] {
        let answer = ask(post(&format!("/verify{query}"), "application/json", "{}")).await;
        answer.assert_problem(400, "query_malformed");
    }
}

#[tokio::test]
async fn rejects_bodies_that_are_not_declared_as_json() {
    let body = json!({"verifiableCredential": unsigned()}).to_string();
    for media_type in ["text/plain", "application/jsonx", ""] {
        ask(post(CREDENTIALS, media_type, body.clone())).await.assert_problem(415, "unsupported_media_type");
    }
    let bare = Request::post(CREDENTIALS).body(Body::from(body.clone())).unwrap();
    ask(bare).await.assert_problem(415, "unsupported_media_type");
    let with_charset = ask(post(CREDENTIALS, "Application/JSON; charset=utf-8", body)).await;
    assert_eq!(with_charset.json()["verified"], false);
}

#[tokio::test]
async fn rejects_json_that_two_readers_would_read_differently() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for body in ["{\"verifiableCredential\":{},\"verifiableCredential\":{}}", "{", "", "{} {}", &deep] {
        ask(post(CREDENTIALS, "application/json", body.to_owned()))
            .await
            .assert_problem(400, "json_malformed");
    }
    ask(post(CREDENTIALS, "application/json", &b"\"\xff\""[..])).await.assert_problem(400, "json_malformed");
}

#[tokio::test]
async fn rejects_requests_of_another_shape() {
    let presentation = json!({"type": ["VerifiablePresentation"]});
    let file = json!({"type": "MatriculaPresentation"});
    for (path, body) in [
        (CREDENTIALS, json!([])),
        (CREDENTIALS, json!({})),
        (CREDENTIALS, json!({"verifiableCredential": "eyJ"})),
        (CREDENTIALS, json!({"verifiableCredential": presentation})),
        (CREDENTIALS, json!({"verifiableCredential": file})),
        (CREDENTIALS, json!({"verifiableCredential": unsigned(), "options": []})),
        (CREDENTIALS, json!({"verifiableCredential": unsigned(), "options": {"asOf": "yesterday"}})),
        (PRESENTATIONS, json!({"verifiablePresentation": unsigned()})),
        (PRESENTATIONS, json!({"verifiablePresentation": presentation, "options": {"challenge": 7}})),
        (PRESENTATIONS, json!({"verifiableCredential": unsigned()})),
    ] {
        ask(post_json(path, &body)).await.assert_problem(400, "member_invalid");
    }
}

#[tokio::test]
async fn a_presentation_that_holds_nothing_is_never_verified() {
    let empty = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [],
    });
    let answer = ask(post_json(PRESENTATIONS, &json!({"verifiablePresentation": empty}))).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["verified"], false);
}
