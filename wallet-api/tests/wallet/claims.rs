use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use matricula_credential::binding::HolderBinding;
use matricula_credential::proof;
use matricula_credential::record::PortableRecord;
use matricula_tlog::UnixSeconds;
use matricula_wallet_api::{Clock, OfferCode, WalletError};
use serde_json::{Value, json};

use crate::support::{
    BIRTH, DEPOSIT_SECRET, LEARNER_NAME, OTHER_DEPOSIT_SECRET, OTHER_SCHOOL, World, diploma,
    diploma_valid_from,
};

#[tokio::test]
async fn claims_a_record_bound_to_the_holder_and_downloads_it() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let record = diploma(1);
    let typed = world.deposit(&record).encode().to_lowercase().replace('-', " ");
    let claimed = learner.post("/api/claims", json!({"code": typed})).await;
    assert_eq!(claimed.status, StatusCode::CREATED);
    let view = &claimed.json()["record"];
    assert_eq!((&view["title"], &view["kind"]), (&json!("Título 1"), &json!("diploma")));
    assert_eq!((&view["learner_name"], &view["date_of_birth"]), (&json!(LEARNER_NAME), &json!(BIRTH)));
    assert_eq!((&view["bound"], &claimed.json()["unbound"]), (&json!(true), &Value::Null));

    let file = learner.get(&format!("/api/records/{}/file", view["id"].as_str().expect("id"))).await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"record.matricula.json\"");
    let downloaded = PortableRecord::parse(&file.body).expect("record");
    assert_eq!(downloaded.credential, record.credential);
    let binding = downloaded.binding.expect("binding");
    assert!(proof::verify(&binding).is_ok());
    assert!(HolderBinding::parse(&binding).expect("binding").binds(&record.credential));
}

#[tokio::test]
async fn a_code_works_once() {
    let world = World::new();
    let (first, second) = (world.learner("ana").await, world.learner("blas").await);
    let code = world.deposit(&diploma(1)).encode();
    assert_eq!(first.post("/api/claims", json!({"code": code})).await.status, StatusCode::CREATED);
    for client in [&first, &second] {
        let again = client.post("/api/claims", json!({"code": code})).await;
        again.assert_problem(StatusCode::NOT_FOUND, "code_unknown");
    }
    assert_eq!(second.get("/api/records").await.json()["records"], json!([]));
}

#[tokio::test]
async fn two_learners_at_once_get_one_record() {
    let world = World::new();
    let (first, second) = (world.learner("ana").await, world.learner("blas").await);
    for number in 0..8 {
        let body = json!({"code": world.deposit(&diploma(number)).encode()});
        let (a, b) =
            tokio::join!(first.post("/api/claims", body.clone()), second.post("/api/claims", body.clone()));
        let won = [a.status, b.status].into_iter().filter(|status| *status == StatusCode::CREATED).count();
        assert_eq!(won, 1, "{} {}", a.text(), b.text());
    }
}

#[tokio::test]
async fn refuses_expired_withdrawn_and_mistyped_codes() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let claim = |code: String| {
        let learner = learner.clone();
        async move { learner.post("/api/claims", json!({"code": code})).await }
    };
    let withdrawn = world.deposit(&diploma(1));
    assert!(world.wallet().withdraw_offer(&withdrawn).expect("withdraws"));
    assert!(!world.wallet().withdraw_offer(&withdrawn).expect("withdraws"));
    claim(withdrawn.encode()).await.assert_problem(StatusCode::NOT_FOUND, "code_unknown");
    claim("not a code".to_owned()).await.assert_problem(StatusCode::NOT_FOUND, "code_unknown");
    let code = world.deposit(&diploma(2));
    world.clock.forward(86_399);
    assert_eq!(claim(code.encode()).await.status, StatusCode::UNAUTHORIZED, "the session is over by then");
    let learner = world.learner("blas").await;
    world.clock.forward(1);
    let expired = learner.post("/api/claims", json!({"code": code.encode()})).await;
    expired.assert_problem(StatusCode::GONE, "code_expired");
    assert_eq!(world.wallet().sweep().expect("sweeps"), 2, "the offer and the first session");
    let swept = learner.post("/api/claims", json!({"code": code.encode()})).await;
    swept.assert_problem(StatusCode::NOT_FOUND, "code_unknown");
}

#[tokio::test]
async fn limits_wrong_codes_of_one_account() {
    let world = World::new();
    let learner = world.learner("ana").await;
    for _ in 0..10 {
        let wrong = learner.post("/api/claims", json!({"code": "0000-0000-0000-0000"})).await;
        wrong.assert_problem(StatusCode::NOT_FOUND, "code_unknown");
    }
    let code = world.deposit(&diploma(1)).encode();
    let limited = learner.post("/api/claims", json!({"code": code})).await;
    limited.assert_problem(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts");
    let other = world.learner("blas").await;
    assert_eq!(other.post("/api/claims", json!({"code": code})).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_unreachable_school_leaves_the_record_and_binds_it_later() {
    let world = World::new();
    let learner = world.learner("ana").await;
    world.school.reachable.store(false, Ordering::SeqCst);
    let claimed = learner.post("/api/claims", json!({"code": world.deposit(&diploma(1)).encode()})).await;
    assert_eq!(claimed.status, StatusCode::CREATED);
    assert_eq!(claimed.json()["unbound"], "issuer_unavailable");
    let path = format!("/api/records/{}/binding", claimed.json()["record"]["id"].as_str().expect("id"));
    learner.put(&path, json!({})).await.assert_problem(StatusCode::SERVICE_UNAVAILABLE, "issuer_unavailable");
    world.school.reachable.store(true, Ordering::SeqCst);
    assert_eq!(learner.put(&path, json!({})).await.json()["bound"], true);
}

#[tokio::test]
async fn the_timeline_is_newest_first_and_shows_what_is_superseded() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let now = world.clock.now().get();
    for record in [diploma(1), diploma(3), diploma(2), diploma_valid_from(3, UnixSeconds::new(now))] {
        world.claimed(&learner, &record).await;
    }
    let timeline = learner.get("/api/records").await.json();
    let lines: Vec<(String, bool)> = timeline["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|line| (line["title"].as_str().expect("title").to_owned(), line["superseded"] == true))
        .collect();
    let want = [("Título 3", false), ("Título 3", true), ("Título 2", false), ("Título 1", false)];
    assert_eq!(lines, want.map(|(title, superseded)| (title.to_owned(), superseded)));
}

#[tokio::test]
async fn claiming_the_same_record_again_keeps_one() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let first = world.claimed(&learner, &diploma(1)).await;
    assert_eq!(world.claimed(&learner, &diploma(1)).await, first);
    assert_eq!(learner.get("/api/records").await.json()["records"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn nobody_sees_the_record_of_another() {
    let world = World::new();
    let (ana, blas) = (world.learner("ana").await, world.learner("blas").await);
    let id = world.claimed(&ana, &diploma(1)).await;
    for path in [format!("/api/records/{id}"), format!("/api/records/{id}/file")] {
        assert_eq!(ana.get(&path).await.status, StatusCode::OK);
        blas.get(&path).await.assert_problem(StatusCode::NOT_FOUND, "record_not_found");
    }
    let delete = blas.delete(&format!("/api/records/{id}")).await;
    delete.assert_problem(StatusCode::NOT_FOUND, "record_not_found");
    let share = blas.post("/api/shares", json!({"records": [id], "lifetime_seconds": 60})).await;
    share.assert_problem(StatusCode::NOT_FOUND, "record_not_found");
}

#[tokio::test]
async fn an_issuer_elsewhere_deposits_with_its_secret() {
    let world = World::new();
    let body = json!({"record": diploma(1).to_value(), "expires_at": "2026-12-22T00:00:00Z"});
    let mut issuer = world.client();
    issuer.bearer = Some(DEPOSIT_SECRET.to_owned());
    let offer = issuer.post("/api/offers", body.clone()).await;
    assert_eq!(offer.status, StatusCode::CREATED, "{}", offer.text());
    let learner = world.learner("ana").await;
    let code = offer.json()["code"].clone();
    assert_eq!(learner.post("/api/claims", json!({"code": code})).await.status, StatusCode::CREATED);

    issuer.bearer = Some("another secret".to_owned());
    issuer
        .post("/api/offers", body.clone())
        .await
        .assert_problem(StatusCode::UNAUTHORIZED, "deposit_refused");
    world
        .client()
        .post("/api/offers", body)
        .await
        .assert_problem(StatusCode::UNAUTHORIZED, "deposit_refused");
}

#[tokio::test]
async fn a_secret_deposits_the_records_of_its_own_school_only() {
    let world = World::new();
    let mut other = world.client();
    other.bearer = Some(OTHER_DEPOSIT_SECRET.to_owned());
    let deposit = |record: PortableRecord| {
        let other = other.clone();
        let body = json!({"record": record.to_value(), "expires_at": "2026-12-22T00:00:00Z"});
        async move { other.post("/api/offers", body).await }
    };
    let issued_by = |issuer: Value| {
        let mut record = diploma(1);
        record.credential["issuer"] = issuer;
        record
    };
    let refused = deposit(diploma(1)).await;
    refused.assert_problem(StatusCode::UNAUTHORIZED, "deposit_refused");
    let refused = deposit(issued_by(json!("did:web:hn.example:schools:unknown"))).await;
    refused.assert_problem(StatusCode::UNAUTHORIZED, "deposit_refused");
    for own in [json!(OTHER_SCHOOL), json!({"id": OTHER_SCHOOL})] {
        assert_eq!(deposit(issued_by(own)).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn refuses_deposits_that_are_no_records_or_never_end() {
    let world = World::new();
    let mut issuer = world.client();
    issuer.bearer = Some(DEPOSIT_SECRET.to_owned());
    let record = diploma(1).to_value();
    let mut unknown_member = record.clone();
    unknown_member["surprise"] = json!(1);
    let deposit = |record: Value, expires: &'static str| {
        let issuer = issuer.clone();
        async move { issuer.post("/api/offers", json!({"record": record, "expires_at": expires})).await }
    };
    let malformed = deposit(unknown_member, "2026-12-22T00:00:00Z").await;
    malformed.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "record_malformed");
    for expires in ["2026-11-21T00:00:00Z", "2029-01-01T00:00:00Z"] {
        let refused = deposit(record.clone(), expires).await;
        refused.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "lifetime_out_of_range");
    }
    deposit(record, "tomorrow").await.assert_problem(StatusCode::BAD_REQUEST, "body_unreadable");
    let json = [("content-type", "application/json")];
    let large = issuer.send(Method::POST, "/api/offers", &json, Body::from(vec![b' '; 3 << 20])).await;
    large.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
}

#[test]
fn a_record_without_id_is_refused() {
    let world = World::new();
    let mut record = diploma(1);
    record.credential.as_object_mut().expect("object").remove("id");
    let refused = world.wallet().deposit(&record, UnixSeconds::new(world.clock.now().get() + 60));
    assert!(matches!(refused, Err(WalletError::RecordWithoutId)));
    assert_eq!(OfferCode::parse("0000-0000-0000-000U"), None);
}
