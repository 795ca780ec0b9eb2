//! Wrong passwords from one network address, whatever the names.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use matricula_state::MemoryStore;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{BASE, PASSWORD, World};

/// What an address may get wrong in a quarter of an hour.
const WRONG_MAX: usize = 300;

/// Signs in from an address, perhaps through a proxy; the status and the code.
async fn log_in(
    world: &World,
    peer: &str,
    forwarded: Option<&str>,
    name: &str,
    password: &str,
) -> (StatusCode, String) {
    let peer: SocketAddr = peer.parse().expect("address");
    let mut request = Request::post("/api/sessions")
        .header("content-type", "application/json")
        .extension(ConnectInfo(peer));
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    let body = json!({"name": name, "password": password}).to_string();
    let response = world
        .client()
        .router
        .oneshot(request.body(Body::from(body)).expect("request"))
        .await
        .expect("answers");
    let status = response.status();
    let body = response.into_body().collect().await.expect("body").to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

async fn guess(world: &World, peer: &str, forwarded: Option<&str>, number: usize) -> StatusCode {
    log_in(world, peer, forwarded, &format!("learner {number}"), "not it at all").await.0
}

#[tokio::test]
async fn wrong_passwords_from_one_address_are_limited_for_all_names_together() {
    let world = World::new();
    world.learner("ana").await;
    let school = "203.0.113.9:40000";
    for number in 0..WRONG_MAX {
        assert_eq!(guess(&world, school, None, number).await, StatusCode::UNAUTHORIZED, "{number}");
        if number % 50 == 0 {
            let right = log_in(&world, school, None, "ana", PASSWORD).await;
            assert_eq!(right.0, StatusCode::CREATED, "right ones do not count");
        }
    }
    let limited = log_in(&world, "203.0.113.9:40001", Some("198.51.100.7"), "ana", PASSWORD).await;
    assert_eq!(limited, (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts".to_owned()));
    assert_eq!(log_in(&world, "203.0.113.10:40000", None, "ana", PASSWORD).await.0, StatusCode::CREATED);
    let form = Request::post("/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", BASE)
        .extension(ConnectInfo(school.parse::<SocketAddr>().expect("address")))
        .body(Body::from("name=ana&password=caballo+grapa"))
        .expect("request");
    let page = world.client().router.oneshot(form).await.expect("answers");
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(page.headers().contains_key("retry-after"));
    world.clock.forward(900);
    assert_eq!(log_in(&world, school, None, "ana", PASSWORD).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_is_limited_and_not_the_proxy() {
    let proxy = "10.0.0.1:50000";
    let world = World::configured(
        Arc::new(MemoryStore::new()),
        BASE,
        |school| school,
        |config| {
            config.trusted_proxies = vec!["10.0.0.1".parse().expect("address")];
        },
    );
    world.learner("ana").await;
    for number in 0..WRONG_MAX {
        let chosen = format!("192.0.2.{}, 198.51.100.7", number % 250);
        assert_eq!(guess(&world, proxy, Some(&chosen), number).await, StatusCode::UNAUTHORIZED, "{number}");
    }
    let client = Some("198.51.100.7");
    assert_eq!(log_in(&world, proxy, client, "ana", PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(log_in(&world, proxy, Some("198.51.100.8"), "ana", PASSWORD).await.0, StatusCode::CREATED);
}
