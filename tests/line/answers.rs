//! What a running server answers to requests that it cannot serve, and what it writes down of each.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::office::{Answer, Office, Server};

/// A share token of a learner, and other things that must not be written down.
const SECRET: &str = "qx7Secret-of-Ofelia";

/// A server of these services on an authority without schools, with this format of log lines.
fn server(office: &Office, services: &str, format: &str) -> Server {
    let listen = office.url().replace("http://", "");
    let config = format!(
        "[server]\nlisten = \"{listen}\"\npublic_url = \"{}\"\n[tracing]\nformat = \"{format}\"\nfilter = \"info\"\n",
        office.url()
    );
    fs::write(office.path("matricula.toml"), config).unwrap();
    Server::start_only(office, services)
}

/// The one schema of all problem documents.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.media_type.as_str()),
        (status, "application/problem+json"),
        "{}",
        answer.text
    );
    let document: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(document["code"], code);
    assert_eq!(document["type"], format!("urn:matricula:problem:{code}"));
    assert_eq!(document["status"], json!(status));
    assert!(!answer.request_id.is_empty());
    assert_eq!(document["instance"], format!("urn:matricula:request:{}", answer.request_id));
    for words in ["title", "detail"] {
        assert!(document[words].as_str().is_some_and(|words| !words.is_empty()), "{document}");
    }
    let known = ["type", "title", "status", "code", "detail", "instance", "errors"];
    let members = document.as_object().unwrap().keys();
    assert!(members.into_iter().all(|member| known.contains(&member.as_str())), "{document}");
}

#[test]
fn all_services_answer_errors_with_one_kind_of_document_and_write_no_secret_down() {
    let office = crate::founded();
    let server = server(&office, "ledger,issuer,wallet,verifier", "json");
    // Bodies that are too large are the tests' of each service: over a socket, an answer before the end of a body may get lost.
    let blank = |bytes: usize| vec![b' '; bytes];
    let json = "application/json";
    let octets = "application/octet-stream";
    for (method, path, media_type, body, status, code) in [
        ("GET", "/log/tile/9999", json, blank(0), 400, "malformed_path"),
        ("GET", "/log/entries/99/proof", json, blank(0), 404, "not_found"),
        ("GET", "/log/nowhere", json, blank(0), 404, "not_found"),
        ("DELETE", "/log/checkpoint", json, blank(0), 405, "method_not_allowed"),
        ("POST", "/log/entries", json, blank(1), 415, "unsupported_media_type"),
        ("POST", "/log/entries", octets, b"\0\x03abc".to_vec(), 422, "entry_refused"),
        ("GET", "/trust", json, blank(0), 404, "not_found"),
        ("GET", "/status/7", json, blank(0), 404, "not_found"),
        ("PUT", "/bindings", json, blank(1), 405, "method_not_allowed"),
        ("POST", "/bindings", json, b"{".to_vec(), 400, "malformed_body"),
        ("GET", "/wallet/api/nowhere", json, blank(0), 404, "not_found"),
        ("GET", "/wallet/api/records", json, blank(0), 401, "not_signed_in"),
        ("PUT", "/wallet/api/accounts", json, blank(1), 405, "method_not_allowed"),
        ("POST", "/wallet/api/accounts", "application/xml", blank(1), 415, "unsupported_media_type"),
        ("GET", "/nowhere", json, blank(0), 404, "not_found"),
        ("DELETE", "/verify", json, blank(0), 405, "method_not_allowed"),
        ("POST", "/credentials/verify", "text/plain", blank(1), 415, "unsupported_media_type"),
        ("POST", "/presentations/verify", json, b"{}".to_vec(), 400, "member_invalid"),
        ("POST", "/healthz", json, blank(0), 405, "method_not_allowed"),
    ] {
        assert_problem(&server.ask(method, path, media_type, body), status, code);
    }
    assert_problem(&tried_too_often(&server), 429, "too_many_attempts");
    lines_name_routes_and_no_secrets(&office, &server);
    assert!(server.stop().success());
}

fn tried_too_often(server: &Server) -> Answer {
    let wrong = json!({ "name": "ofelia", "password": SECRET }).to_string();
    let attempt = || server.ask("POST", "/wallet/api/sessions", "application/json", wrong.clone().into());
    (0..100).map(|_| attempt()).find(|answer| answer.status != 401).unwrap()
}

/// One line a request, as JSON: its route, as the program spells it, and nothing that came from outside.
fn lines_name_routes_and_no_secrets(office: &Office, server: &Server) {
    server.get(&format!("/wallet/s/{SECRET}?name={SECRET}"));
    server.get(&format!("/{SECRET}/{SECRET}"));
    server.ask(SECRET, "/verify", "application/json", Vec::new());
    let id = server.ask("GET", "/log/entries/0/proof", "application/json", Vec::new()).request_id;
    let said = fs::read_to_string(office.path("serve.log")).unwrap();
    assert!(!said.contains(SECRET), "{said}");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<&Value> =
        lines.iter().map(|line| &line["fields"]).filter(|fields| fields["message"] == "answered").collect();
    let last = answered.last().unwrap();
    assert_eq!(
        (&last["method"], &last["route"], &last["status"], &last["request_id"]),
        (&json!("GET"), &json!("/log/entries/{index}/proof"), &json!(200), &json!(id))
    );
    assert!(last["latency_ms"].as_f64().is_some_and(|latency| latency >= 0.0), "{last}");
    let routes: BTreeSet<&str> = answered.iter().map(|fields| fields["route"].as_str().unwrap()).collect();
    for route in ["/log/entries", "/bindings", "/wallet/api/accounts", "/wallet/s/{token}", "/verify", "none"]
    {
        assert!(routes.contains(route), "{route} in {routes:?}");
    }
    assert!(answered.iter().any(|fields| fields["method"] == "other"), "{answered:?}");
}

#[test]
fn a_request_is_a_line_of_text_too() {
    let office = Office::new();
    let server = server(&office, "wallet,verifier", "text");
    server.get(&format!("/wallet/s/{SECRET}"));
    let answer = server.ask("POST", "/verify", "application/json", b"{}".to_vec());
    let said = fs::read_to_string(office.path("serve.log")).unwrap();
    let line = said.lines().rfind(|line| line.contains("answered")).unwrap();
    for part in ["INFO", "method=\"POST\"", "route=\"/verify\"", "status=200", "latency_ms="] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(line.contains(&answer.request_id) && !said.contains(SECRET), "{said}");
    assert!(server.stop().success());
}
