use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Client, PASSWORD, World};

async fn log_in(client: &Client, name: &str, password: &str) -> crate::support::Answer {
    client.post("/api/sessions", json!({"name": name, "password": password})).await
}

#[tokio::test]
async fn signs_up_and_in_under_every_writing_of_the_name() {
    let world = World::new();
    let learner = world.learner("Ana.Nájera").await;
    let account = learner.get("/api/account").await;
    assert_eq!(account.json()["name"], "ana.nájera");
    assert!(account.json()["holder"].as_str().expect("holder").starts_with("did:key:z6Mk"));
    let again = log_in(&world.client(), " ANA.NÁJERA ", PASSWORD).await;
    assert_eq!(again.status, StatusCode::CREATED);
    let mut second = world.client();
    second.bearer = Some(again.json()["token"].as_str().expect("token").to_owned());
    assert_eq!(second.get("/api/account").await.json(), account.json());
}

#[tokio::test]
async fn refuses_taken_names_and_bad_passwords() {
    let world = World::new();
    world.learner("ana").await;
    let sign_up = |name: &'static str, password: &'static str| {
        let client = world.client();
        async move { client.post("/api/accounts", json!({"name": name, "password": password})).await }
    };
    sign_up("ANA", PASSWORD).await.assert_problem(StatusCode::CONFLICT, "name_taken");
    sign_up("an", PASSWORD).await.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "name_length");
    sign_up("a na", PASSWORD).await.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "name_character");
    sign_up("blas", "short").await.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "password_length");
    sign_up("blas", "aaaaaaaaa").await.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "password_guessable");
}

#[tokio::test]
async fn tells_unknown_names_and_wrong_passwords_alike() {
    let world = World::new();
    world.learner("ana").await;
    let wrong = log_in(&world.client(), "ana", "caballo grapa?").await;
    let unknown = log_in(&world.client(), "blas", PASSWORD).await;
    let unusable = log_in(&world.client(), "b", PASSWORD).await;
    for answer in [&wrong, &unknown, &unusable] {
        answer.assert_problem(StatusCode::UNAUTHORIZED, "wrong_name_or_password");
        assert_eq!(answer.body, wrong.body);
    }
}

#[tokio::test]
async fn limits_wrong_passwords_of_one_name_until_the_window_ends() {
    let world = World::new();
    world.learner("ana").await;
    world.learner("blas").await;
    for _ in 0..10 {
        let answer = log_in(&world.client(), "ana", "wrong password").await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, "wrong_name_or_password");
    }
    let limited = log_in(&world.client(), "ana", PASSWORD).await;
    limited.assert_problem(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts");
    assert_eq!(limited.header("retry-after"), "900");
    assert_eq!(log_in(&world.client(), "blas", PASSWORD).await.status, StatusCode::CREATED);
    world.clock.forward(900);
    assert_eq!(log_in(&world.client(), "ana", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn sessions_end_by_time_and_by_signing_out() {
    let world = World::new();
    let learner = world.learner("ana").await;
    world.clock.forward(12 * 3_600 - 1);
    assert_eq!(learner.get("/api/account").await.status, StatusCode::OK);
    world.clock.forward(1);
    learner.get("/api/account").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");

    let token =
        log_in(&world.client(), "ana", PASSWORD).await.json()["token"].as_str().expect("token").to_owned();
    let learner = Client { bearer: Some(token), ..world.client() };
    assert_eq!(learner.delete("/api/sessions/current").await.status, StatusCode::NO_CONTENT);
    learner.get("/api/account").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");
}

#[tokio::test]
async fn refuses_tokens_that_nobody_got() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let token = learner.bearer.clone().expect("token");
    let other = world.learner("blas").await.bearer.expect("token");
    let flipped = format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, &token[1..]);
    let swapped = format!("{}{}", &other[..20], &token[20..]);
    for bad in ["", "x", &flipped, &swapped, &token[..63], &format!("{token}A")] {
        let client = Client { bearer: Some(bad.to_owned()), ..world.client() };
        client.get("/api/records").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");
    }
    world.client().get("/api/records").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");
}

#[tokio::test]
async fn a_new_password_keeps_the_records_and_ends_other_sessions() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let id = world.claimed(&learner, &crate::support::diploma(1)).await;
    let token =
        log_in(&world.client(), "ana", PASSWORD).await.json()["token"].as_str().expect("token").to_owned();
    let other = Client { bearer: Some(token), ..world.client() };

    let wrong =
        learner.put("/api/account/password", json!({"old": "not it at all", "new": "a new password"})).await;
    wrong.assert_problem(StatusCode::UNAUTHORIZED, "wrong_name_or_password");
    let weak = learner.put("/api/account/password", json!({"old": PASSWORD, "new": "short"})).await;
    weak.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "password_length");
    let changed =
        learner.put("/api/account/password", json!({"old": PASSWORD, "new": "a new password"})).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);

    assert_eq!(learner.get(&format!("/api/records/{id}")).await.status, StatusCode::OK);
    other.get("/api/account").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");
    let old = log_in(&world.client(), "ana", PASSWORD).await;
    old.assert_problem(StatusCode::UNAUTHORIZED, "wrong_name_or_password");
    let new = log_in(&world.client(), "ana", "a new password").await;
    let learner = Client { bearer: new.json()["token"].as_str().map(str::to_owned), ..world.client() };
    assert_eq!(learner.get(&format!("/api/records/{id}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_twenty_first_session_ends_the_oldest() {
    let world = World::new();
    let first = world.learner("ana").await;
    for _ in 0..19 {
        world.clock.forward(1);
        assert_eq!(log_in(&world.client(), "ana", PASSWORD).await.status, StatusCode::CREATED);
    }
    assert_eq!(first.get("/api/account").await.status, StatusCode::OK);
    world.clock.forward(1);
    assert_eq!(log_in(&world.client(), "ana", PASSWORD).await.status, StatusCode::CREATED);
    first.get("/api/account").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");
}

#[tokio::test]
async fn deleting_an_account_needs_the_password_and_frees_the_name() {
    let world = World::new();
    let learner = world.learner("ana").await;
    let wrong = learner.json(Method::DELETE, "/api/account", json!({"password": "not it at all"})).await;
    wrong.assert_problem(StatusCode::UNAUTHORIZED, "wrong_name_or_password");
    assert_eq!(learner.get("/api/account").await.status, StatusCode::OK);
    let gone = learner.json(Method::DELETE, "/api/account", json!({"password": PASSWORD})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    learner.get("/api/account").await.assert_problem(StatusCode::UNAUTHORIZED, "not_signed_in");
    world.learner("ana").await;
}
