//! The page in a real browser: the service on a port of this machine, driven by `tests/browser/verify-page.mjs`.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use matricula_tlog::UnixSeconds;
use matricula_verifier::{Verifier, router};
use tokio::net::TcpListener;

mod records;

/// 2026-11-22T00:00:00Z.
const TODAY: UnixSeconds = UnixSeconds::new(1_795_305_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_person_drops_a_file_and_reads_the_verdict() {
    let records = records::records();
    let folder = tempfile::tempdir().unwrap();
    for (name, record) in
        [("verified", &records.verified), ("refused", &records.tampered), ("many", &records.presentation)]
    {
        fs::write(folder.path().join(format!("{name}.json")), record.to_string()).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/", listener.local_addr().unwrap());
    let verifier = Arc::new(Verifier::new(records.trust, Arc::new(|| TODAY)));
    let service = tokio::spawn(axum::serve(listener, router(verifier)).into_future());

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser/verify-page.mjs");
    let mut node = Command::new("node");
    node.arg("--test").arg(script).env("BASE_URL", base_url).env("RECORDS", folder.path());
    let status = tokio::task::spawn_blocking(move || node.status()).await.unwrap().unwrap();
    assert!(status.success(), "the browser's tests ended with {status}");
    service.abort();
}
