//! The routes of an authority.

use std::fs;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use matricula_credential::record::PortableRecord;
use matricula_issuer::batch::{BatchKind, Issued, IssuedRecord};
use matricula_issuer::correction::{self, ChangeStatus};
use matricula_issuer::http::{IssuerState, ServedSchool, router};
use matricula_issuer::keyring::KeyPurpose;
use matricula_issuer::status::{PublishOptions, StatusAction, StatusReason};
use matricula_issuer::trust_export::ExportTrust;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bindings::Holder;
use crate::world::{Sample, School, World, later, now, passphrase};

struct Served {
    router: Router,
    school: School,
    issued: Issued,
    _folder: tempfile::TempDir,
}

fn served() -> Served {
    let world = World::new();
    let school = world.school("lempira");
    let issued = school.run(&Sample::leavers(2).order(BatchKind::Diploma), &world.log);
    world.desk().publish_status(PublishOptions::default(), now()).unwrap();
    world.desk().export_trust(ExportTrust { valid_for_s: 86_400, policy: None, now: now() }).unwrap();
    let bind_key = school.home.unlock(KeyPurpose::Bind, None, &passphrase()).unwrap();
    let schools = vec![ServedSchool { home: school.home.clone(), bind_key }];
    let World { folder, authority, log, .. } = world;
    let state = IssuerState::new(authority, Arc::new(log), schools, || later(20));
    Served { router: router(state), school, issued, _folder: folder }
}

async fn call(router: &Router, method: &str, uri: &str, body: Vec<u8>) -> (StatusCode, String, Value) {
    let request = Request::builder().method(method).uri(uri).body(Body::from(body)).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .map(|kind| kind.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, kind, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn get(router: &Router, uri: &str) -> (StatusCode, String, Value) {
    call(router, "GET", uri, Vec::new()).await
}

fn assert_problem(answer: &(StatusCode, String, Value), status: StatusCode, code: &str) {
    assert_eq!((answer.0, answer.1.as_str()), (status, "application/problem+json"), "{}", answer.2);
    assert_eq!(answer.2["code"], code);
    assert_eq!(answer.2["type"], format!("urn:matricula:problem:{code}"));
}

#[tokio::test]
async fn did_documents_come_from_the_registry() {
    let served = served();
    let (status, kind, document) = get(&served.router, "/.well-known/did.json").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/did+json"));
    assert_eq!(document["id"], "did:web:hn.example");
    let (_, _, document) = get(&served.router, "/schools/lempira/did.json").await;
    // The keys for issuing and binding; the approver's signs no credentials.
    assert_eq!(document["assertionMethod"].as_array().unwrap().len(), 2);
    let nobody = get(&served.router, "/schools/mill/did.json").await;
    assert_problem(&nobody, StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn status_lists_and_the_trust_file_are_served() {
    let served = served();
    let (status, kind, list) = get(&served.router, "/status/1").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/vc"));
    assert_eq!(list["id"], "https://hn.example/status/1");
    let (status, _, trust) = get(&served.router, "/trust").await;
    assert_eq!((status, &trust["type"]), (StatusCode::OK, &json!("MatriculaTrustFile")));
    for uri in ["/status/2", "/status/x", "/status/-1"] {
        assert_problem(&get(&served.router, uri).await, StatusCode::NOT_FOUND, "not_found");
    }
}

#[tokio::test]
async fn requests_are_taken_once_and_bad_ones_refused() {
    let served = served();
    let record = fs::read(&served.issued.records[0].path).unwrap();
    let order = |action, at| ChangeStatus {
        record: &record,
        action,
        reason: StatusReason::LearnerRequest,
        effective: now(),
        key: &served.school.issue,
        now: later(at),
    };
    let request =
        |action, at| correction::request_status(&served.school.home, &order(action, at)).unwrap().bytes;
    let suspend = request(StatusAction::Suspend, 1);
    let (status, _, answer) = call(&served.router, "POST", "/status/requests", suspend.clone()).await;
    assert_eq!((status, &answer["new"]), (StatusCode::ACCEPTED, &json!(true)));
    let (status, _, answer) = call(&served.router, "POST", "/status/requests", suspend.clone()).await;
    assert_eq!((status, &answer["new"]), (StatusCode::OK, &json!(false)));
    let revoke = request(StatusAction::Revoke, 2);
    assert_eq!(call(&served.router, "POST", "/status/requests", revoke).await.0, StatusCode::ACCEPTED);
    let reinstate = request(StatusAction::Reinstate, 3);
    let refused = call(&served.router, "POST", "/status/requests", reinstate).await;
    assert_problem(&refused, StatusCode::CONFLICT, "revocation_is_final");
    let mut flipped = suspend;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let refused = call(&served.router, "POST", "/status/requests", flipped).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST, "{}", refused.2);
    let refused = call(&served.router, "POST", "/status/requests", vec![b' '; 16 * 1024 + 1]).await;
    assert_problem(&refused, StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
}

#[tokio::test]
async fn a_record_is_bound_over_http_with_its_code() {
    let served = served();
    let issued = &served.issued.records[0];
    let record = PortableRecord::parse(&fs::read(&issued.path).unwrap()).unwrap();
    let holder = Holder::new(9);
    let body = |code: &str| {
        let proof =
            holder.possession(&record, &issued.credential_id, served.school.home.profile().did.as_str());
        let body = json!({
            "credentialId": issued.credential_id, "holder": holder.did(), "claimCode": code, "proof": proof,
        });
        serde_json::to_vec(&body).unwrap()
    };
    let refused = call(&served.router, "POST", "/bindings", body("0000-0000-0000")).await;
    assert_problem(&refused, StatusCode::FORBIDDEN, "binding_wrong_code");
    let (status, kind, binding) = call(&served.router, "POST", "/bindings", body(&issued.claim_code)).await;
    assert_eq!((status, kind.as_str()), (StatusCode::CREATED, "application/vc"));
    assert_eq!(binding["credentialSubject"]["id"], holder.did());
    assert_eq!(call(&served.router, "POST", "/bindings", body(&issued.claim_code)).await.0, StatusCode::OK);
    let refused = call(&served.router, "POST", "/bindings", b"{}".to_vec()).await;
    assert_problem(&refused, StatusCode::BAD_REQUEST, "malformed_body");
    let mut foreign: Value = serde_json::from_slice(&body(&issued.claim_code)).unwrap();
    foreign["proof"]["verifiableCredential"][0]["issuer"]["id"] = "did:web:hn.example:schools:mill".into();
    let refused = call(&served.router, "POST", "/bindings", serde_json::to_vec(&foreign).unwrap()).await;
    assert_problem(&refused, StatusCode::NOT_FOUND, "no_such_school");
}

#[tokio::test]
async fn guesses_at_a_claim_code_are_held_back_for_a_minute() {
    let served = served();
    let [first, second] = &served.issued.records[..] else { panic!("two records") };
    let body = |record: &IssuedRecord, code: &str| {
        let issued = PortableRecord::parse(&fs::read(&record.path).unwrap()).unwrap();
        let holder = Holder::new(9);
        let school = served.school.home.profile().did.as_str();
        let proof = holder.possession(&issued, &record.credential_id, school);
        let id = &record.credential_id;
        let body = json!({ "credentialId": id, "holder": holder.did(), "claimCode": code, "proof": proof });
        serde_json::to_vec(&body).unwrap()
    };
    let guess = body(first, "0000-0000-0000");
    for _ in 0..10 {
        let refused = call(&served.router, "POST", "/bindings", guess.clone()).await;
        assert_problem(&refused, StatusCode::FORBIDDEN, "binding_wrong_code");
    }
    // The right code is not looked at either: else a guess would show itself by another answer.
    for body in [guess, body(first, &first.claim_code)] {
        let request = Request::post("/bindings").body(Body::from(body)).unwrap();
        let response = served.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "60");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let problem: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(problem["code"], "too_many_attempts");
    }
    let other = call(&served.router, "POST", "/bindings", body(second, &second.claim_code)).await;
    assert_eq!(other.0, StatusCode::CREATED, "{}", other.2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_come_at_once_are_all_taken() {
    let served = served();
    let mut calls = Vec::new();
    for (position, record) in served.issued.records.iter().enumerate() {
        let record = fs::read(&record.path).unwrap();
        let order = ChangeStatus {
            record: &record,
            action: StatusAction::Revoke,
            reason: StatusReason::IssuedInError,
            effective: now(),
            key: &served.school.issue,
            now: later(position as u64),
        };
        let bytes = correction::request_status(&served.school.home, &order).unwrap().bytes;
        for _ in 0..4 {
            let (router, bytes) = (served.router.clone(), bytes.clone());
            calls.push(tokio::spawn(async move { call(&router, "POST", "/status/requests", bytes).await.0 }));
        }
    }
    let mut new = 0;
    for call in calls {
        match call.await.unwrap() {
            StatusCode::ACCEPTED => new += 1,
            status => assert_eq!(status, StatusCode::OK),
        }
    }
    assert_eq!(new, served.issued.records.len());
}
