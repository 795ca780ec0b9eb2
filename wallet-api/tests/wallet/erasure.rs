use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use matricula_state::{SledStore, StateStore, Table};
use serde_json::json;

use crate::support::{BIRTH, Client, LEARNER_NAME, PASSWORD, World, diploma};

const TABLES: [Table; 9] = [
    Table::new("wallet-names"),
    Table::new("wallet-accounts"),
    Table::without_feed("wallet-sessions"),
    Table::new("wallet-records"),
    Table::new("wallet-offers"),
    Table::new("wallet-shares"),
    Table::new("wallet-account-shares"),
    Table::new("wallet-share-views"),
    Table::new("wallet-disclosures"),
];

fn rows(world: &World) -> Vec<Vec<u8>> {
    let rows = TABLES.iter().flat_map(|table| world.store.scan(*table, &[], None, 10_000).expect("scans"));
    rows.flat_map(|row| [row.key, row.value]).collect()
}

/// What must be nowhere in clear: whom the record is about, and what it says.
fn secrets() -> Vec<Vec<u8>> {
    let texts = [
        LEARNER_NAME,
        "Zeferino",
        BIRTH,
        "0801-2008-10001",
        "Instituto Lempira",
        "employer.example",
        PASSWORD,
    ];
    let credential = diploma(1).credential;
    let ids = ["id"].map(|member| credential[member].as_str().expect("text").to_owned());
    let proof = credential["proof"]["proofValue"].as_str().expect("proof").to_owned();
    texts.map(str::to_owned).into_iter().chain(ids).chain([proof]).map(String::into_bytes).collect()
}

fn assert_no_secret(bytes: &[u8], place: &str) {
    for secret in secrets() {
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{} in {place}", String::from_utf8_lossy(&secret));
    }
}

async fn lively_account(world: &World) -> (Client, String) {
    let learner = world.learner("zeferino-2008").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let share = learner.post("/api/shares", json!({"records": [id], "lifetime_seconds": 600})).await;
    assert_eq!(share.status, StatusCode::CREATED);
    let body = json!({"records": [id], "challenge": "c", "domain": "employer.example"});
    assert_eq!(learner.post("/api/presentations", body).await.status, StatusCode::OK);
    world.deposit(&diploma(1));
    (learner, id)
}

#[tokio::test]
async fn the_store_never_holds_a_learners_words() {
    let world = World::new();
    lively_account(&world).await;
    assert!(rows(&world).len() > 16);
    for row in rows(&world) {
        assert_no_secret(&row, "a row");
    }
}

#[tokio::test]
async fn after_deletion_of_the_account_only_the_offer_is_left() {
    let world = World::new();
    let (learner, _) = lively_account(&world).await;
    world.learner("another").await;
    let before = rows(&world).len();
    let gone = learner.json(Method::DELETE, "/api/account", json!({"password": PASSWORD})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let count = |table: &str| world.store.scan(Table::new(leak(table)), &[], None, 10).expect("scans").len();
    for table in [
        "wallet-records",
        "wallet-shares",
        "wallet-account-shares",
        "wallet-share-views",
        "wallet-disclosures",
    ] {
        assert_eq!(count(table), 0, "{table}");
    }
    assert_eq!((count("wallet-names"), count("wallet-accounts"), count("wallet-offers")), (1, 1, 1));
    assert!(rows(&world).len() < before);
}

/// Table names are static; a test may leak a few.
fn leak(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

#[tokio::test]
async fn after_deletion_of_a_record_nothing_opens_to_it() {
    let world = World::new();
    let (learner, id) = lively_account(&world).await;
    let records = Table::new("wallet-records");
    let sealed = world.store.scan(records, &[], None, 10).expect("scans")[0].value.clone();
    assert_eq!(learner.delete(&format!("/api/records/{id}")).await.status, StatusCode::NO_CONTENT);
    assert!(rows(&world).iter().all(|row| *row != sealed));
    let tables = ["wallet-records", "wallet-shares", "wallet-account-shares"];
    assert!(
        tables.iter().all(|name| world
            .store
            .scan(Table::new(leak(name)), &[], None, 10)
            .expect("scans")
            .is_empty())
    );
}

#[tokio::test]
async fn no_byte_on_disk_tells_of_a_learner_before_or_after_deletion() {
    let folder = tempfile::tempdir().expect("folder");
    {
        let store: Arc<dyn StateStore> = Arc::new(SledStore::open(folder.path()).expect("opens"));
        let world = World::on(store, crate::support::BASE);
        let (learner, _) = lively_account(&world).await;
        search(folder.path());
        let gone = learner.json(Method::DELETE, "/api/account", json!({"password": PASSWORD})).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        search(folder.path());
    }
    assert!(search(folder.path()) > 0);
}

/// Searches every file under a folder; how many bytes there were.
fn search(folder: &Path) -> usize {
    let mut total = 0;
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            total += search(&path);
        } else {
            let bytes = fs::read(&path).expect("file");
            assert_no_secret(&bytes, &path.display().to_string());
            total += bytes.len();
        }
    }
    total
}
