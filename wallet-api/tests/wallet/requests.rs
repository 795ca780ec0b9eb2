//! Requests that no good client makes.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{Client, World, diploma};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(
    client: &Client,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> crate::support::Answer {
    client.send(Method::POST, path, headers, body.into()).await
}

#[tokio::test]
async fn refuses_bodies_that_cannot_be_read() {
    let client = World::new().client();
    let deep = format!("{}{}", "[".repeat(100_000 / 4), "]".repeat(100_000 / 4));
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{\"name\":\"ana\"}",
        b"{\"name\":\"ana\",\"password\":\"caballo grapa\",\"admin\":true}",
        b"{\"name\":\"ana\",\"name\":\"blas\",\"password\":\"caballo grapa\"}",
        b"{\"name\":\"\xff\",\"password\":\"caballo grapa\"}",
        b"{\"name\":1,\"password\":[]}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = post(&client, "/api/accounts", &[JSON], body.to_vec()).await;
        answer.assert_problem(StatusCode::BAD_REQUEST, "body_unreadable");
        assert!(!answer.text().contains("caballo"));
    }
}

#[tokio::test]
async fn refuses_other_media_types_and_large_bodies() {
    let client = World::new().client();
    let body = json!({"name": "ana", "password": "caballo grapa"}).to_string();
    let other = post(&client, "/api/accounts", &[("content-type", "application/xml")], body.clone()).await;
    other.assert_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
    let plain = post(&client, "/api/accounts", &[("content-type", "text/plain")], body).await;
    plain.assert_problem(StatusCode::FORBIDDEN, "cross_origin");
    let large = post(&client, "/api/accounts", &[JSON], vec![b' '; 65 * 1024]).await;
    large.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    let origin = ("origin", crate::support::BASE);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let fields = post(&client, "/login", &[form, origin], "a=1&".repeat(2_000)).await;
    assert_eq!(fields.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let world = World::new();
    let learner = world.learner("ana").await;
    learner.get("/api/nothing").await.assert_problem(StatusCode::NOT_FOUND, "not_found");
    let method = learner.put("/api/claims", json!({})).await;
    method.assert_problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    assert_eq!(method.header("allow"), "POST");
    learner.get("/api/records/%ff").await.assert_problem(StatusCode::NOT_FOUND, "not_found");
    let page = learner.get("/nowhere").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (StatusCode::NOT_FOUND, "text/html; charset=utf-8")
    );
    assert!(page.text().contains("There is no such page."));
    learner.get("/api/shares/..%2f").await.assert_problem(StatusCode::NOT_FOUND, "share_not_found");
}

#[tokio::test]
async fn a_cookie_without_origin_changes_nothing() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &diploma(1)).await;
    let cookie = format!("matricula={}", learner.bearer.as_deref().expect("token"));
    let path = format!("/api/records/{id}");
    let browser = world.client();
    let without = browser.send(Method::DELETE, &path, &[("cookie", &cookie)], Body::empty()).await;
    without.assert_problem(StatusCode::FORBIDDEN, "cross_origin");
    assert_eq!(learner.get(&path).await.status, StatusCode::OK);
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(
        browser.send(Method::DELETE, &path, &headers, Body::empty()).await.status,
        StatusCode::NO_CONTENT
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn arbitrary_bodies_and_paths_get_an_answer_of_the_client_kind(
        body in prop::collection::vec(any::<u8>(), 0..200),
        path in prop::sample::select(vec!["/api/accounts", "/api/sessions", "/api/claims", "/api/offers", "/login", "/claim"]),
        form in any::<bool>(),
    ) {
        let client = World::new().client();
        let media_type = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        let headers = [("content-type", media_type), ("origin", crate::support::BASE)];
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let answer = runtime.block_on(post(&client, path, &headers, body));
        prop_assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text());
    }
}
