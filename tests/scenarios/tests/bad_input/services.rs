//! Bodies of requests: the log's entries, the verifier's documents, the wallet's JSON and forms. The verifier takes packed
//! bodies; to the others a packed body is the bytes that it is.

use std::rc::Rc;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use matricula_ledger::{Clock, Node, NodeConfig, NodeKeys};
use matricula_registry::{
    Authority, AuthorityKey, Body as StatementBody, Country as CountryCode, LogOrigin, Period, PublicKey,
    Statement, Text,
};
use matricula_tlog::{Cosigner, KeyName, NoteSigner, UnixSeconds, append_entry};
use matricula_verifier::Verifier;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::country::{Country, at, key, signed_diploma};
use crate::mutation::{gzip, gzip_bomb};
use crate::parser::{Form, Outcome, Parser, Promise, try_all};
use crate::wallet::World;

const ORIGIN: &str = "ledger.example/hn";

/// Sends a body; every answer that is no success is a problem document with a code, and none is the server's fault.
fn sent(runtime: &Runtime, router: &Router, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let (status, answer) = runtime.block_on(async {
        let response = router.clone().oneshot(request).await.unwrap();
        (response.status(), response.into_body().collect().await.unwrap().to_bytes())
    });
    assert!(!status.is_server_error(), "{path} answers {status} to {}", String::from_utf8_lossy(body));
    let told: Value = serde_json::from_slice(&answer).unwrap_or_default();
    match (status.is_success(), told["code"].as_str(), told["verified"].as_bool()) {
        (true, _, _) => Outcome::Taken(status.as_str().into()),
        (false, Some(code), _) => Outcome::Refused(code.to_owned()),
        // The verifier's answer about a document that it could read, and that is not good.
        (false, None, Some(false)) => Outcome::Refused(told["problemDetails"][0]["code"].to_string()),
        _ => panic!("{path} answers {status} without a code: {}", String::from_utf8_lossy(&answer)),
    }
}

fn runtime() -> Rc<Runtime> {
    Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap())
}

fn posted(
    name: &'static str,
    form: Form,
    promise: Promise,
    service: (&Rc<Runtime>, &Router, &'static str),
    headers: &'static [(&'static str, &'static str)],
    sample: Vec<u8>,
) -> Parser {
    let (runtime, router, path) = (Rc::clone(service.0), service.1.clone(), service.2);
    Parser::new(name, form, promise, sample, move |bytes| sent(&runtime, &router, path, headers, bytes))
}

fn genesis(keys: &NodeKeys) -> Vec<u8> {
    let signer = key(7);
    let own = AuthorityKey {
        key: PublicKey::from(&signer.verifying_key()),
        valid: Period::new(UnixSeconds::new(0), None).unwrap(),
    };
    let body = StatementBody::Authority(Authority {
        name: Text::parse("Secretaría de Educación").unwrap(),
        country: CountryCode::parse("HN").unwrap(),
        keys: vec![own],
        log_key: Text::parse(&keys.log.verifier().encode()).unwrap(),
        rules_version: 1,
        recognises: Vec::new(),
    });
    Statement::sign(&body, &LogOrigin::parse(ORIGIN).unwrap(), [0; 16], None, &signer).unwrap().into_entry()
}

#[test]
fn entries_posted_to_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let keys = NodeKeys {
        log: NoteSigner::new(KeyName::new(ORIGIN).unwrap(), &[1; 32]),
        witness: Cosigner::new(KeyName::new("witness.example/hn").unwrap(), &[2; 32]),
    };
    let first = genesis(&keys);
    let mut config = NodeConfig::new(folder.path());
    config.clock = Clock::new(|| at("2026-11-22"));
    let node = Arc::new(Node::create(config, keys, &first).unwrap());
    let (runtime, router) = (runtime(), matricula_ledger::router(Arc::clone(&node)));
    let mut body = Vec::new();
    append_entry(&mut body, &first).unwrap();
    let service = (&runtime, &router, "/entries");
    let octets = &[("content-type", "application/octet-stream")];
    let packed = &[("content-type", "application/octet-stream"), ("content-encoding", "gzip")];
    try_all(&[
        posted("POST /entries", Form::Binary, Promise::Signed, service, octets, body.clone()).tries(600),
        posted("POST /entries, packed", Form::Binary, Promise::Signed, service, packed, body)
            .tries(20)
            .bombs(vec![gzip_bomb()]),
    ]);
    assert_eq!(node.entry(matricula_tlog::LeafIndex::new(1)).ok().flatten(), None, "nothing was logged");
}

#[test]
fn documents_posted_to_the_verifier() {
    let mut country = Country::new("log.hn.example/1", 1);
    let record = country.issue(signed_diploma("2026-11-20", 5, &key(10)), "2026-11-21");
    let verifier = Verifier::new(country.trust("2026-11-21"), Arc::new(|| at("2026-11-22")));
    let (runtime, router) = (runtime(), matricula_verifier::router(Arc::new(verifier)));
    let body = json!({"verifiableCredential": record.to_value(), "options": {}}).to_string().into_bytes();
    let service = (&runtime, &router, "/credentials/verify");
    let packed = &[("content-type", "application/json"), ("content-encoding", "gzip")];
    try_all(&[
        posted(
            "POST /credentials/verify",
            Form::Json,
            Promise::Signed,
            service,
            &[("content-type", "application/json")],
            body.clone(),
        )
        .tries(100),
        posted(
            "POST /credentials/verify, packed",
            Form::Binary,
            Promise::Signed,
            service,
            packed,
            gzip(&body),
        )
        .tries(200)
        .bombs(vec![gzip_bomb()]),
    ]);
}

#[test]
fn requests_to_the_wallet() {
    let world = World::new();
    let (runtime, router) = (runtime(), world.client().router);
    let json = &[("content-type", "application/json")];
    let form = &[("content-type", "application/x-www-form-urlencoded"), ("origin", crate::wallet::BASE)];
    let account = json!({"name": "ana", "password": crate::wallet::PASSWORD}).to_string().into_bytes();
    let created = sent(&runtime, &router, "/api/accounts", json, &account);
    assert!(matches!(created, Outcome::Taken(_)), "{created:?}");
    let offer_headers =
        &[("content-type", "application/json"), ("authorization", "Bearer deposit secret of the issuer")];
    let offer = json!({"record": crate::wallet::diploma(1).to_value(), "expires_at": "2026-12-01T00:00:00Z"})
        .to_string()
        .into_bytes();
    try_all(&[
        posted(
            "POST /api/sessions",
            Form::Json,
            Promise::Whole,
            (&runtime, &router, "/api/sessions"),
            json,
            account,
        )
        .tries(300)
        .bombs(vec![gzip_bomb()]),
        posted(
            "POST /api/offers",
            Form::Json,
            Promise::Whole,
            (&runtime, &router, "/api/offers"),
            offer_headers,
            offer,
        )
        .tries(200),
    ]);
    let typed = b"name=ana+maria&password=wrong";
    for input in crate::mutation::flips(typed, 300).iter().chain(&crate::mutation::not_utf8(typed, 60)) {
        let status = runtime.block_on(async {
            let request = Request::post("/login").header(form[0].0, form[0].1).header(form[1].0, form[1].1);
            router.clone().oneshot(request.body(Body::from(input.clone())).unwrap()).await.unwrap().status()
        });
        assert!(status.is_client_error() && status != StatusCode::NOT_FOUND, "{status}");
    }
}
