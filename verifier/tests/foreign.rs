//! Credentials of others through the command line's way and the service's.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use std::fs;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use matricula_tlog::UnixSeconds;
use matricula_verdict::{Options, Overall, Trust};
use matricula_verifier::{Outcome, Sources, Verifier, check_all, router};
use serde_json::{Value, json};
use tower::ServiceExt;

/// 2026-11-22T00:00:00Z.
const TODAY: UnixSeconds = UnixSeconds::new(1_795_305_600);

/// The transcript of CLR's own samples, as 1EdTech wraps it: `{"compactJws": "…"}`.
fn sample() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/samples/clr/simple.jwt.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn token() -> String {
    sample()["compactJws"].as_str().unwrap().to_owned()
}

/// The same token with another signature of the same length.
fn forged() -> String {
    let token = token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}

/// What a folder with one file of this content gives.
fn check(name: &str, content: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    let sources = Sources::find(folder.path()).unwrap();
    let checked = check_all(&sources.documents, &Trust::default(), &Options::at(TODAY), &|| {});
    let Outcome::Judged(verdicts) = &checked[0].outcome else { panic!("{:?}", checked[0].outcome) };
    assert_eq!(verdicts.len(), 1);
    assert_ne!(verdicts[0].overall, Overall::Verified);
    assert_ne!(verdicts[0].overall, Overall::VerifiedWithWarnings);
    serde_json::to_value(&verdicts[0]).unwrap()
}

async fn post(path: &str, body: String) -> (u16, Value) {
    let verifier = Arc::new(Verifier::new(Trust::default(), Arc::new(|| TODAY)));
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    let response = router(verifier).oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// Every way in which the same token may be written.
fn spellings(token: &str) -> Vec<(&'static str, String)> {
    let envelope = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "id": format!("data:application/vc+jwt,{token}"),
        "type": "EnvelopedVerifiableCredential",
    });
    vec![
        ("wrapped.json", json!({"compactJws": token}).to_string()),
        ("bare.jwt", format!("{token}\n")),
        ("text.json", json!(token).to_string()),
        ("envelope.json", envelope.to_string()),
    ]
}

#[cfg(feature = "foreign")]
mod built_in {
    use super::*;

    #[test]
    fn a_transcript_of_others_is_read_and_its_issuer_is_unknown() {
        for (name, content) in spellings(&token()) {
            let verdict = check(name, &content);
            assert_eq!(verdict["overall"], "unknown_issuer", "{name}: {verdict:#}");
            assert_eq!(verdict["axes"]["integrity"]["result"], "pass", "{name}");
            assert_eq!(verdict["axes"]["authority"]["codes"], json!(["issuer_unknown"]));
            assert_eq!(verdict["axes"]["ledger"]["codes"], json!(["no_ledger_evidence"]));
            assert_eq!(verdict["axes"]["content"]["result"], "pass");
            assert_eq!(verdict["credential"]["name"], "Sample Transcript");
            assert_eq!(verdict["credential"]["issuer"], "https://example.edu/issuers/565049");
            assert_eq!(verdict["credential"]["claimed"], "2010-01-01T00:00:00Z");
        }
    }

    #[test]
    fn a_forged_transcript_is_refused_and_nothing_of_it_is_shown() {
        for (name, content) in spellings(&forged()) {
            let verdict = check(name, &content);
            assert_eq!(verdict["overall"], "refused", "{name}");
            assert_eq!(verdict["axes"]["integrity"]["codes"], json!(["proof_invalid"]));
            assert_eq!(verdict["credential"], json!({}));
        }
    }

    #[test]
    fn what_only_looks_like_a_token_is_refused_as_malformed() {
        for (name, content) in spellings("eyJhbGciOiJFZERTQSJ9.e30.AAAA") {
            let verdict = check(name, &content);
            assert_eq!(verdict["overall"], "refused", "{name}");
            assert_eq!(verdict["axes"]["integrity"]["codes"], json!(["proof_malformed"]));
        }
    }

    #[test]
    fn an_algorithm_that_is_not_known_could_not_be_checked() {
        let header = "eyJhbGciOiJFUzUxMiIsInR5cCI6InZjK2p3dCJ9";
        let verdict = check("a.jwt", &format!("{header}.e30.AAAA"));
        assert_eq!(verdict["overall"], "could_not_check");
        assert_eq!(verdict["axes"]["integrity"]["codes"], json!(["proof_unsupported"]));
    }

    #[tokio::test]
    async fn the_service_takes_tokens_on_every_endpoint_for_credentials() {
        let (status, verdict) = post("/verify", token()).await;
        assert_eq!((status, &verdict["overall"]), (200, &json!("unknown_issuer")));
        let (_, content) = spellings(&token()).pop().unwrap();
        for member in [json!(token()), sample(), serde_json::from_str(&content).unwrap()] {
            let (status, body) =
                post("/credentials/verify", json!({"verifiableCredential": member}).to_string()).await;
            assert_eq!((status, &body["verified"]), (400, &json!(false)));
            assert_eq!(body["results"][0]["verdict"]["overall"], "unknown_issuer");
        }
    }

    #[tokio::test]
    async fn a_token_is_no_presentation_and_a_text_no_token() {
        for (path, body) in [
            ("/presentations/verify", json!({"verifiablePresentation": token()})),
            ("/credentials/verify", json!({"verifiableCredential": "diploma"})),
        ] {
            let (status, body) = post(path, body.to_string()).await;
            assert_eq!((status, &body["code"]), (400, &json!("member_invalid")), "{path}");
        }
    }
}

#[cfg(not(feature = "foreign"))]
mod absent {
    use super::*;

    #[test]
    fn without_the_reader_a_token_could_not_be_checked_whatever_is_in_it() {
        for token in [token(), forged()] {
            for (name, content) in spellings(&token) {
                let verdict = check(name, &content);
                assert_eq!(verdict["overall"], "could_not_check", "{name}");
                assert_eq!(verdict["axes"]["integrity"]["result"], "unknown");
                assert_eq!(verdict["axes"]["integrity"]["codes"], json!(["proof_unsupported"]));
                assert_eq!(verdict["credential"], json!({}));
            }
        }
    }

    #[tokio::test]
    async fn the_service_says_so_too() {
        let (status, verdict) = post("/verify", sample().to_string()).await;
        assert_eq!((status, &verdict["overall"]), (200, &json!("could_not_check")));
    }
}
