//! What a request may cost, and what every answer carries.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use http_body_util::channel::Channel;
use matricula_verifier::Limits;

use crate::request::{ask, form, get, post, send, verifier};

#[tokio::test]
async fn refuses_a_body_over_the_limit() {
    let limits = Limits { body_bytes_max: 10, ..Limits::default() };
    let at_limit = send(verifier(limits), post("/verify", "application/json", "0123456789")).await;
    assert_eq!(at_limit.status, 200);
    let over = send(verifier(limits), post("/verify", "application/json", "0123456789x")).await;
    over.assert_problem(413, "body_too_large");
}

#[tokio::test]
async fn gives_up_on_a_body_that_does_not_arrive() {
    let limits = Limits { body_time_max: Duration::from_millis(1), ..Limits::default() };
    let (_sender, body) = Channel::<Bytes>::new(1);
    let answer = send(verifier(limits), post("/verify", "application/json", Body::new(body))).await;
    answer.assert_problem(408, "body_too_slow");
}

#[tokio::test]
async fn says_so_when_a_body_breaks_off() {
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    sender.abort(std::io::Error::other("the line is cut"));
    let answer =
        send(verifier(Limits::default()), post("/verify", "application/json", Body::new(body))).await;
    answer.assert_problem(400, "body_incomplete");
}

#[tokio::test]
async fn refuses_more_requests_at_once_than_it_takes() {
    let limits = Limits { requests_max: 0, ..Limits::default() };
    let answer = send(verifier(limits), post("/verify", "application/json", "{}")).await;
    answer.assert_problem(503, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    let page = send(verifier(limits), form(&[("document", Some("a.json"), b"{}")])).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("<code>busy</code>"), "{}", page.text);
}

#[tokio::test]
async fn a_place_is_free_again_after_each_request() {
    let verifier = verifier(Limits { requests_max: 1, ..Limits::default() });
    for _ in 0..3 {
        let answer = send(verifier.clone(), post("/verify", "application/json", "{}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_get_problem_documents() {
    ask(get("/nothing")).await.assert_problem(404, "not_found");
    ask(get("/assets/other.js")).await.assert_problem(404, "not_found");
    ask(get("/verify")).await.assert_problem(405, "method_not_allowed");
    let delete = Request::builder().method(Method::DELETE).uri("/").body(Body::empty()).unwrap();
    ask(delete).await.assert_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn every_answer_forbids_what_its_page_does_not_need() {
    for request in
        [get("/"), get("/assets/app.js"), get("/nothing"), post("/verify", "application/json", "{}")]
    {
        let answer = ask(request).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn no_cache_keeps_a_verdict_and_assets_are_kept_for_an_hour() {
    for request in
        [get("/"), post("/verify", "application/json", "{}"), form(&[("document", Some("a"), b"{}")])]
    {
        assert_eq!(ask(request).await.header("cache-control"), "no-store");
    }
    assert_eq!(ask(get("/assets/app.js")).await.header("cache-control"), "public, max-age=3600");
}
