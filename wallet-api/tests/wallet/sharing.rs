use axum::http::StatusCode;
use matricula_credential::presentation::{self, PresentationFile};
use serde_json::{Value, json};

use crate::support::{BASE, Client, LEARNER_NAME, World, diploma};

async fn share(learner: &Client, records: &[&str], lifetime_seconds: u64) -> Value {
    let body = json!({"records": records, "lifetime_seconds": lifetime_seconds});
    let answer = learner.post("/api/shares", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

fn path_of(share: &Value) -> String {
    share["url"].as_str().and_then(|url| url.strip_prefix(BASE)).expect("URL").to_owned()
}

#[tokio::test]
async fn a_link_shows_the_record_to_anybody_and_counts() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let made = share(&learner, &[&id], 3_600).await;
    let page = world.client().get(&path_of(&made)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains(LEARNER_NAME) && page.text().contains("https://verify.example/"));

    let file = world.client().get(&format!("{}/file", path_of(&made))).await;
    let file = PresentationFile::parse(&file.body).expect("presentation file");
    let verified = presentation::verify(file.presentation()).expect("verifies");
    assert_eq!(verified.domains, [BASE]);
    assert_eq!(verified.challenge, made["id"]);

    let log = learner.get("/api/disclosures").await.json();
    assert_eq!(
        (&log["disclosures"][0]["what"], &log["disclosures"][0]["views"]),
        (&json!("shared"), &json!(2))
    );
    assert_eq!(log["disclosures"][0]["last_view_at"], "2026-11-22T00:00:00Z");
}

#[tokio::test]
async fn a_link_ends_by_time_and_by_revocation() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let (first, second) = (share(&learner, &[&id], 600).await, share(&learner, &[&id], 600).await);
    let revoke = format!("/api/shares/{}", second["id"].as_str().expect("id"));
    assert_eq!(learner.delete(&revoke).await.status, StatusCode::NO_CONTENT);
    learner.delete(&revoke).await.assert_problem(StatusCode::NOT_FOUND, "share_not_found");
    assert_eq!(world.client().get(&path_of(&second)).await.status, StatusCode::NOT_FOUND);

    world.clock.forward(599);
    assert_eq!(world.client().get(&path_of(&first)).await.status, StatusCode::OK);
    world.clock.forward(1);
    let over = world.client().get(&path_of(&first)).await;
    assert_eq!(over.status, StatusCode::GONE);
    assert!(over.text().contains("share_expired") && !over.text().contains(LEARNER_NAME));
    assert_eq!(learner.get("/api/disclosures").await.json()["disclosures"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn deleting_a_record_ends_its_links_only() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let (gone, kept) =
        (world.claimed(&learner, &diploma(1)).await, world.claimed(&learner, &diploma(2)).await);
    let both = share(&learner, &[&gone, &kept], 600).await;
    let other = share(&learner, &[&kept], 600).await;
    assert_eq!(learner.delete(&format!("/api/records/{gone}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.client().get(&path_of(&both)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.client().get(&path_of(&other)).await.status, StatusCode::OK);
    learner
        .get(&format!("/api/records/{gone}"))
        .await
        .assert_problem(StatusCode::NOT_FOUND, "record_not_found");
    assert_eq!(learner.get("/api/shares").await.json()["shares"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_code_to_scan_is_the_owners() {
    let world = World::new();
    let (ana, blas) = (world.learner("ana").await, world.learner("blas").await);
    let id = world.claimed(&ana, &diploma(1)).await;
    let made = share(&ana, &[&id], 600).await;
    let path = format!("/api/shares/{}/qr.svg", made["id"].as_str().expect("id"));
    let svg = ana.get(&path).await;
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    assert!(svg.text().contains("<svg") && svg.text().contains("#000000"));
    blas.get(&path).await.assert_problem(StatusCode::NOT_FOUND, "share_not_found");
    let revoke = blas.delete(&format!("/api/shares/{}", made["id"].as_str().expect("id"))).await;
    revoke.assert_problem(StatusCode::NOT_FOUND, "share_not_found");
}

#[tokio::test]
async fn refuses_wrong_lifetimes_wrong_links_and_too_many() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    for seconds in [0, 90 * 86_400 + 1] {
        let refused =
            learner.post("/api/shares", json!({"records": [id], "lifetime_seconds": seconds})).await;
        refused.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "lifetime_out_of_range");
    }
    for path in ["/s/x", "/s/AAAAAAAAAAAAAAAAAAAAAA", "/s/AAAAAAAAAAAAAAAAAAAAAA/file"] {
        let missing = world.client().get(path).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert!(missing.text().contains("share_not_found"));
    }
    for _ in 0..100 {
        share(&learner, &[&id], 600).await;
    }
    let many = learner.post("/api/shares", json!({"records": [id], "lifetime_seconds": 600})).await;
    many.assert_problem(StatusCode::CONFLICT, "too_many");
    world.clock.forward(600);
    share(&learner, &[&id], 600).await;
    assert_eq!(learner.get("/api/shares").await.json()["shares"].as_array().map(Vec::len), Some(1));
}
