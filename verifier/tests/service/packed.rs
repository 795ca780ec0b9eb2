//! Bodies in other wrappings: compressed, and as a form with a file.

use std::io::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use matricula_verdict::Trust;
use matricula_verifier::{Limits, Verifier};
use serde_json::{Value, json};

use crate::records::{CHALLENGE, DOMAIN, records};
use crate::request::{NOW, ask, form_to, post, send, verifier};

const JSON: &str = "application/json";

/// The endpoints of programs.
const ENDPOINTS: [&str; 3] = ["/verify", "/credentials/verify", "/presentations/verify"];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &'static str, mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().append(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    request
}

fn trusting(trust: Trust) -> Arc<Verifier> {
    Arc::new(Verifier::new(trust, Arc::new(|| NOW)))
}

#[tokio::test]
async fn a_compressed_body_is_read_as_the_plain_one() {
    let records = records();
    let verifier = trusting(records.trust);
    let wrapped = json!({"verifiableCredential": records.verified}).to_string();
    let file = records.verified.to_string();
    for (path, body) in [("/credentials/verify", wrapped), ("/verify", file)] {
        let plain = send(Arc::clone(&verifier), post(path, JSON, body.clone())).await;
        for coding in ["gzip", "GZIP", "x-gzip"] {
            let request = coded(coding, post(path, JSON, gzip(body.as_bytes())));
            let packed = send(Arc::clone(&verifier), request).await;
            assert_eq!((packed.status.as_u16(), &packed.text), (200, &plain.text));
        }
        let identity = send(Arc::clone(&verifier), coded("identity", post(path, JSON, body))).await;
        assert_eq!(identity.text, plain.text);
    }
}

#[tokio::test]
async fn a_bomb_is_given_up_at_the_limit() {
    let limits = Limits { body_bytes_max: 10_000, ..Limits::default() };
    let at_limit = coded("gzip", post("/verify", JSON, gzip(&[b' '; 10_000])));
    assert_eq!(send(verifier(limits), at_limit).await.status, 200);
    let bomb = gzip(&vec![b' '; 10 << 20]);
    assert!(bomb.len() > 10_000 && bomb.len() < 20_000);
    for (path, packed) in
        ENDPOINTS.into_iter().flat_map(|path| [(path, gzip(&[b' '; 10_001])), (path, bomb.clone())])
    {
        let answer = send(verifier(limits), coded("gzip", post(path, JSON, packed))).await;
        answer.assert_problem(413, "body_too_large");
    }
    let usual = gzip(&vec![b' '; 64 << 20]);
    ask(coded("gzip", post("/verify", JSON, usual))).await.assert_problem(413, "body_too_large");
}

#[tokio::test]
async fn rejects_gzip_that_breaks_off_and_codings_that_are_not_read() {
    let whole = gzip(b"{}");
    for path in ENDPOINTS {
        for broken in [&whole[..whole.len() - 1], b"{}", b""] {
            let answer = ask(coded("gzip", post(path, JSON, broken.to_vec()))).await;
            answer.assert_problem(400, "content_encoding_malformed");
        }
        for coding in ["br", "gzip, gzip", ""] {
            let answer = ask(coded(coding, post(path, JSON, "{}"))).await;
            answer.assert_problem(415, "unsupported_content_encoding");
            assert_eq!(answer.header("accept-encoding"), "gzip");
        }
        let twice = coded("gzip", coded("gzip", post(path, JSON, gzip(&whole))));
        ask(twice).await.assert_problem(415, "unsupported_content_encoding");
    }
}

#[tokio::test]
async fn a_file_in_a_form_is_verified_by_programs_too() {
    let records = records();
    let verifier = trusting(records.trust);
    let file = records.verified.to_string();
    let with_mark = format!("\u{feff}{file}");
    for (path, content) in
        [("/verify", &file), ("/credentials/verify", &file), ("/credentials/verify", &with_mark)]
    {
        let fields = [("anything", Some("ofelia.json"), content.as_bytes())];
        let answer = send(Arc::clone(&verifier), form_to(path, &fields)).await;
        assert!(answer.status == 200 && answer.text.contains("verified"), "{}", answer.text);
        let mut packed = form_to(path, &fields);
        let body = axum::body::to_bytes(std::mem::take(packed.body_mut()), 1 << 20).await.unwrap();
        *packed.body_mut() = gzip(&body).into();
        assert_eq!(send(Arc::clone(&verifier), coded("gzip", packed)).await.text, answer.text);
    }
    let shown = records.presentation.to_string();
    let question = |challenge: &'static str| {
        [
            ("file", Some("p.json"), shown.as_bytes()),
            ("challenge", None, challenge.as_bytes()),
            ("domain", None, DOMAIN.as_bytes()),
        ]
    };
    let ask = |challenge| send(Arc::clone(&verifier), form_to("/presentations/verify", &question(challenge)));
    assert_eq!(ask(CHALLENGE).await.json()["verified"], true);
    let other = ask("c-2").await;
    assert_eq!((other.status.as_u16(), &other.json()["verified"]), (400, &json!(false)));
    let raw = send(Arc::clone(&verifier), form_to("/verify", &question("c-2"))).await.json();
    assert_eq!(raw[0]["overall"], "refused", "a form's own challenge counts");
}

#[tokio::test]
async fn rejects_a_form_with_no_file_with_two_and_with_one_of_another_kind() {
    let file = ("a", Some("a.json"), &b"{}"[..]);
    let empty: Value = json!({"type": ["VerifiablePresentation"]});
    let shown = empty.to_string();
    for path in ENDPOINTS {
        ask(form_to(path, &[])).await.assert_problem(400, "file_missing");
        ask(form_to(path, &[file, file])).await.assert_problem(400, "several_files");
        ask(post(path, "multipart/form-data", "x")).await.assert_problem(400, "form_malformed");
    }
    let presentation = [("a", Some("p.json"), shown.as_bytes())];
    ask(form_to("/credentials/verify", &presentation)).await.assert_problem(400, "member_invalid");
    ask(form_to("/presentations/verify", &[file])).await.assert_problem(400, "member_invalid");
    let broken = [("a", Some("a.json"), &b"{\"a\":1,\"a\":2}"[..])];
    ask(form_to("/credentials/verify", &broken)).await.assert_problem(400, "json_malformed");
    let limits = Limits { body_bytes_max: 1_000, ..Limits::default() };
    let large = [("a", Some("a.json"), &[b' '; 1_000][..])];
    for path in ENDPOINTS {
        send(verifier(limits), form_to(path, &large)).await.assert_problem(413, "body_too_large");
    }
}
