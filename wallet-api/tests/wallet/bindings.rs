//! What the wallet asks of the issuer, and what it takes from it.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use matricula_credential::did::did_key;
use matricula_state::MemoryStore;
use matricula_tlog::UnixSeconds;
use matricula_wallet_api::{BindingPort, BindingPortError, BindingRequest, Clock, PossessionError};
use serde_json::{Value, json};

use crate::support::{BASE, SCHOOL, World, diploma};

/// Passes requests on, keeps them, and changes the answer.
#[derive(Debug)]
struct Between {
    school: Arc<dyn BindingPort>,
    seen: Arc<Mutex<Vec<BindingRequest>>>,
    change: fn(Value) -> Result<Value, BindingPortError>,
}

impl BindingPort for Between {
    fn bind(&self, request: &BindingRequest) -> Result<Value, BindingPortError> {
        self.seen.lock().expect("lock").push(request.clone());
        (self.change)(self.school.bind(request)?)
    }
}

fn world(change: fn(Value) -> Result<Value, BindingPortError>) -> (World, Arc<Mutex<Vec<BindingRequest>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let port = |school| Arc::new(Between { school, seen: kept, change }) as Arc<dyn BindingPort>;
    (World::bound_by(Arc::new(MemoryStore::new()), BASE, port), seen)
}

async fn request() -> (World, BindingRequest) {
    let (world, seen) = world(Ok);
    let learner = world.learner("ana").await;
    world.claimed(&learner, &diploma(1)).await;
    let request = seen.lock().expect("lock").remove(0);
    (world, request)
}

#[tokio::test]
async fn the_proof_of_possession_is_good_for_this_issuer_credential_and_moment() {
    let (world, request) = request().await;
    let now = world.clock.now();
    let key = request.verify_possession(SCHOOL, now).expect("possession");
    assert_eq!(did_key(&key), request.holder);
    assert!(request.verify_possession(SCHOOL, UnixSeconds::new(now.get() + 300)).is_ok());
}

#[tokio::test]
async fn refuses_proofs_for_anything_else() {
    let (world, request) = request().await;
    let now = world.clock.now();
    let refused = |request: &BindingRequest| request.verify_possession(SCHOOL, now).expect_err("refuses");

    let other_issuer = request.verify_possession("did:web:other.example", now);
    assert_eq!(other_issuer, Err(PossessionError::OtherPurpose));
    for seconds in [now.get() + 301, now.get() - 1] {
        let late = request.verify_possession(SCHOOL, UnixSeconds::new(seconds));
        assert_eq!(late, Err(PossessionError::NotNow));
    }
    let other_holder = BindingRequest { holder: format!("{}x", request.holder), ..request.clone() };
    assert_eq!(refused(&other_holder), PossessionError::OtherHolder);
    let other_id = BindingRequest { credential_id: "urn:uuid:2".to_owned(), ..request.clone() };
    assert_eq!(refused(&other_id), PossessionError::OtherPurpose);
    let other_credential = BindingRequest { credential: diploma(2).credential, ..request.clone() };
    assert_eq!(refused(&other_credential), PossessionError::OtherCredential);
    let mut same_id = request.clone();
    same_id.credential["name"] = json!("Another title");
    assert_eq!(refused(&same_id), PossessionError::OtherCredential);
    let mut forged = request.clone();
    forged.proof["proof"]["domain"] = json!("did:web:other.example");
    assert!(matches!(refused(&forged), PossessionError::Presentation(_)));
    let no_proof = BindingRequest { proof: json!({}), ..request };
    assert!(matches!(refused(&no_proof), PossessionError::Presentation(_)));
}

#[tokio::test]
async fn a_verifiers_presentation_is_no_proof_for_a_binding() {
    let (world, request) = request().await;
    let learner = world.learner("blas").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let body = json!({"records": [id], "challenge": "hello", "domain": SCHOOL});
    let presented = learner.post("/api/presentations", body).await.json()["presentation"].clone();
    let holder = presented["holder"].as_str().expect("holder").to_owned();
    let replayed = BindingRequest { proof: presented, holder, ..request };
    assert_eq!(replayed.verify_possession(SCHOOL, world.clock.now()), Err(PossessionError::OtherPurpose));
}

#[tokio::test]
async fn refuses_bindings_of_other_records_and_holders() {
    let changes: [fn(Value) -> Result<Value, BindingPortError>; 4] = [
        |mut binding| {
            binding["credentialSubject"]["ext:credentialDigest"] = json!("00".repeat(32));
            Ok(binding)
        },
        |mut binding| {
            let other = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
            binding["credentialSubject"]["id"] = json!(other);
            Ok(binding)
        },
        |mut binding| {
            binding["issuer"] = json!("did:web:other.example");
            Ok(binding)
        },
        |_| Ok(json!("binding")),
    ];
    for change in changes {
        let (world, _) = world(change);
        let learner = world.learner("ana").await;
        let claimed = learner.post("/api/claims", json!({"code": world.deposit(&diploma(1)).encode()})).await;
        assert_eq!(claimed.json()["unbound"], "binding_mismatch");
        let path = format!("/api/records/{}/binding", claimed.json()["record"]["id"].as_str().expect("id"));
        learner.put(&path, json!({})).await.assert_problem(StatusCode::BAD_GATEWAY, "binding_mismatch");
    }
}

#[tokio::test]
async fn an_issuers_refusal_keeps_the_record() {
    let (world, _) = world(|_| Err(BindingPortError::Refused { code: "binding_not_issued".to_owned() }));
    let learner = world.learner("ana").await;
    let claimed = learner.post("/api/claims", json!({"code": world.deposit(&diploma(1)).encode()})).await;
    assert_eq!(
        (claimed.status, claimed.json()["unbound"].as_str()),
        (StatusCode::CREATED, Some("binding_refused"))
    );
    let path = format!("/api/records/{}/binding", claimed.json()["record"]["id"].as_str().expect("id"));
    let refused = learner.put(&path, json!({})).await;
    refused.assert_problem(StatusCode::FORBIDDEN, "binding_refused");
    assert_eq!(refused.json()["detail"], "The issuer refused: binding_not_issued.");
}
