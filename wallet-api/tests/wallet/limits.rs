//! What an account may hold at most.

use axum::http::StatusCode;
use matricula_credential::record::PortableRecord;
use matricula_state::{Expected, Op, Table};
use matricula_tlog::UnixSeconds;
use matricula_wallet_api::{Clock, RECORD_BYTES_MAX, WalletError};
use serde_json::json;

use crate::support::{World, diploma};

/// A record of about this many bytes.
fn padded(number: u8, bytes: usize) -> PortableRecord {
    let mut record = diploma(number);
    record.credential["padding"] = json!("x".repeat(bytes));
    record
}

#[test]
fn refuses_a_record_of_too_many_bytes() {
    let world = World::new();
    let expires = UnixSeconds::new(world.clock.now().get() + 60);
    assert!(world.wallet().deposit(&padded(1, RECORD_BYTES_MAX - 8 * 1024), expires).is_ok());
    let refused = world.wallet().deposit(&padded(1, RECORD_BYTES_MAX), expires);
    assert!(matches!(refused, Err(WalletError::TooLarge { bytes_max: RECORD_BYTES_MAX, .. })));
}

#[tokio::test]
async fn a_full_account_refuses_a_claim_and_the_code_stays_good() {
    let world = World::new();
    let learner = world.learner("ana").await;
    world.claimed(&learner, &diploma(1)).await;
    let records = Table::new("wallet-records");
    let row = world.store.scan(records, &[], None, 1).expect("scans").remove(0);
    // Rows of records that are not opened: the room is counted before.
    let fill: Vec<Op> = (0..499_u16)
        .map(|number| {
            let mut key = row.key.clone();
            key[16..18].copy_from_slice(&number.to_be_bytes());
            Op::put(records, key, row.value.clone(), Expected::Any)
        })
        .collect();
    world.store.apply(&fill).expect("fills");
    assert_eq!(world.store.scan(records, &[], None, 1_000).expect("scans").len(), 500);
    let code = world.deposit(&diploma(2)).encode();
    let refused = learner.post("/api/claims", json!({"code": code})).await;
    refused.assert_problem(StatusCode::CONFLICT, "too_many");
    let again = learner.post("/api/claims", json!({"code": world.deposit(&diploma(1)).encode()})).await;
    assert_eq!(again.status, StatusCode::CREATED, "what the account has takes no room");
    let other = world.learner("blas").await;
    assert_eq!(other.post("/api/claims", json!({"code": code})).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_records_of_an_account_have_a_limit_together() {
    let world = World::new();
    let learner = world.learner("ana").await;
    world.claimed(&learner, &diploma(1)).await;
    let records = Table::new("wallet-records");
    let row = world.store.scan(records, &[], None, 1).expect("scans").remove(0);
    let fill = |number: u8| {
        let mut key = row.key.clone();
        key[16] ^= number;
        Op::put(records, key, vec![0; 4 << 20], Expected::Any)
    };
    world.store.apply(&(1..=15).map(fill).collect::<Vec<_>>()).expect("fills");
    world.claimed(&learner, &diploma(2)).await;
    world.store.apply(&[fill(16)]).expect("fills");
    let code = world.deposit(&diploma(3)).encode();
    let refused = learner.post("/api/claims", json!({"code": code})).await;
    refused.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large");
}

#[tokio::test]
async fn the_disclosure_log_drops_its_oldest_entry() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let body = json!({"records": [id], "lifetime_seconds": 60});
    let share = learner.post("/api/shares", body).await.json();
    let views = || world.store.scan(Table::new("wallet-share-views"), &[], None, 10).expect("scans").len();
    let log = Table::new("wallet-disclosures");
    let oldest = world.store.scan(log, &[], None, 1).expect("scans").remove(0);
    let fill: Vec<Op> = (1..2_000_u64)
        .map(|number| {
            let mut key = oldest.key.clone();
            key[16..24].copy_from_slice(&(world.clock.now().get() + number).to_be_bytes());
            Op::put(log, key, oldest.value.clone(), Expected::Any)
        })
        .collect();
    world.store.apply(&fill).expect("fills");
    let path = format!("/api/shares/{}", share["id"].as_str().expect("id"));
    assert_eq!((learner.delete(&path).await.status, views()), (StatusCode::NO_CONTENT, 1));
    let body = json!({"records": [id], "challenge": "c", "domain": "d"});
    assert_eq!(learner.post("/api/presentations", body).await.status, StatusCode::OK);
    let rows = world.store.scan(log, &[], None, 10_000).expect("scans");
    assert_eq!(rows.len(), 2_000);
    assert!(rows.iter().all(|row| row.key != oldest.key));
    assert_eq!(views(), 0);
}
