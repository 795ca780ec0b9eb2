use axum::http::StatusCode;
use matricula_credential::presentation::{self, PresentationFile};
use serde_json::{Value, json};

use crate::support::{World, diploma};

#[tokio::test]
async fn presents_chosen_records_for_a_challenge_and_domain() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let (first, _second) =
        (world.claimed(&learner, &diploma(1)).await, world.claimed(&learner, &diploma(2)).await);
    let body = json!({"records": [first], "challenge": "c-123", "domain": "employer.example"});
    let answer = learner.post("/api/presentations", body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let file = PresentationFile::parse(&answer.body).expect("presentation file");
    let verified = presentation::verify(file.presentation()).expect("verifies");
    assert_eq!(verified.holder, learner.get("/api/account").await.json()["holder"]);
    assert_eq!(
        (verified.challenge.as_str(), verified.domains.as_slice()),
        ("c-123", &["employer.example".to_owned()][..])
    );
    assert_eq!(file.records().len(), 1);
    assert!(file.records()[0].binding.is_some());
    assert_eq!(file.records()[0].credential, diploma(1).credential);

    let log = learner.get("/api/disclosures").await.json();
    assert_eq!(log["disclosures"][0]["what"], "presented");
    assert_eq!(log["disclosures"][0]["domain"], "employer.example");
    assert_eq!(log["disclosures"][0]["records"], json!([first]));
}

#[tokio::test]
async fn a_changed_presentation_does_not_verify() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let body = json!({"records": [id], "challenge": "c", "domain": "d"});
    let good = learner.post("/api/presentations", body).await.json()["presentation"].clone();
    assert!(presentation::verify(&good).is_ok());
    let mut other_challenge = good.clone();
    other_challenge["proof"]["challenge"] = json!("another");
    let mut other_name = good.clone();
    other_name["verifiableCredential"][0]["credentialSubject"]["identifier"][0]["identityHash"] =
        json!("Ana");
    for changed in [other_challenge, other_name] {
        assert_ne!(changed, good);
        assert!(presentation::verify(&changed).is_err());
    }
}

#[tokio::test]
async fn refuses_presentations_of_nothing_of_strangers_and_twice() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let present = |records: Value, challenge: &'static str, domain: &'static str| {
        let learner = learner.clone();
        let body = json!({"records": records, "challenge": challenge, "domain": domain});
        async move { learner.post("/api/presentations", body).await }
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    present(json!([]), "c", "d").await.assert_problem(unprocessable, "nothing_chosen");
    let stranger = "0".repeat(32);
    present(json!([stranger]), "c", "d").await.assert_problem(StatusCode::NOT_FOUND, "record_not_found");
    present(json!(["../x"]), "c", "d").await.assert_problem(StatusCode::NOT_FOUND, "record_not_found");
    present(json!([id, id]), "c", "d").await.assert_problem(unprocessable, "presentation_not_made");
    present(json!([id]), "", "d").await.assert_problem(unprocessable, "challenge_or_domain_unusable");
    present(json!([id]), "c", "d\n").await.assert_problem(unprocessable, "challenge_or_domain_unusable");
    let many: Vec<&str> = vec![&id; 65];
    present(json!(many), "c", "d").await.assert_problem(StatusCode::CONFLICT, "too_many");
    assert_eq!(learner.get("/api/disclosures").await.json()["disclosures"], json!([]));
}
