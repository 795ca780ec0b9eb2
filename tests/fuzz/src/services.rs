//! Bodies of requests: to the wallet and to the verifier, through their routers.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use matricula_state::MemoryStore;
use matricula_tlog::UnixSeconds;
use matricula_verdict::Trust;
use matricula_verifier::Verifier;
use matricula_wallet_api::{
    PasswordCost, SystemClock, SystemEntropy, WalletConfig, WalletPorts, WalletState,
};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use url::Url;

const NOW: UnixSeconds = UnixSeconds::new(1_795_305_600);

/// The first byte chooses the address; the rest is the body.
const WALLET_PATHS: &[(u8, &str)] = &[
    (b'a', "/api/accounts"),
    (b's', "/api/sessions"),
    (b'c', "/api/claims"),
    (b'o', "/api/offers"),
    (b'p', "/api/presentations"),
    (b'l', "/login"),
];

const VERIFIER_PATHS: &[(u8, &str)] =
    &[(b'c', "/credentials/verify"), (b'p', "/presentations/verify"), (b'r', "/verify")];

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

static WALLET: LazyLock<Router> = LazyLock::new(|| {
    let mut config = WalletConfig::new(Url::parse("http://wallet.example").expect("the fixed address"));
    config.password_cost = PasswordCost::new(8, 1).expect("the fixed cost");
    let ports = WalletPorts {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        binding: None,
    };
    matricula_wallet_api::router(WalletState::new(config, ports))
});

static VERIFIER: LazyLock<Router> =
    LazyLock::new(|| matricula_verifier::router(Arc::new(Verifier::new(Trust::default(), Arc::new(|| NOW)))));

/// The wallet answers every body, and nothing that is sent makes it fail.
pub fn wallet_request(bytes: &[u8]) {
    let Some((path, body)) = addressed(WALLET_PATHS, bytes) else { return };
    let media_type = if path == "/login" { "application/x-www-form-urlencoded" } else { "application/json" };
    let (status, _) = send(&WALLET, path, media_type, body);
    assert!(status.is_success() || status.is_client_error(), "{path}: {status}");
}

/// The verifier answers every body; to one that trusts nobody, nothing is verified.
pub fn verifier_request(bytes: &[u8]) {
    let Some((path, body)) = addressed(VERIFIER_PATHS, bytes) else { return };
    let (status, answer) = send(&VERIFIER, path, "application/json", body);
    assert!(!status.is_server_error(), "{path}: {status}");
    assert_eq!(status.is_success(), path == "/verify", "{path}: {status}");
    let answer = String::from_utf8(answer).expect("JSON is UTF-8");
    assert!(!answer.contains("\"overall\":\"verified"), "{answer}");
}

fn addressed<'b>(paths: &[(u8, &'static str)], bytes: &'b [u8]) -> Option<(&'static str, &'b [u8])> {
    let (choice, body) = bytes.split_first()?;
    paths.iter().find(|(letter, _)| letter == choice).map(|(_, path)| (*path, body))
}

fn send(router: &Router, path: &str, media_type: &str, body: &[u8]) -> (StatusCode, Vec<u8>) {
    let request = Request::post(path)
        .header("content-type", media_type)
        .header("origin", "http://wallet.example")
        .body(Body::from(body.to_vec()))
        .expect("a request");
    RUNTIME.block_on(async {
        let response = router.clone().oneshot(request).await.expect("routers answer");
        let status = response.status();
        (status, response.into_body().collect().await.expect("a whole answer").to_bytes().to_vec())
    })
}
