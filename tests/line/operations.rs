//! What a running server tells those who operate it, and those who program against it.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;

use serde_json::Value;

use crate::office::{Office, Server};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A server of these services, with these further settings.
fn server(office: &Office, services: &str, settings: &str) -> Server {
    let listen = office.url().replace("http://", "");
    let url = office.url();
    let config = format!("[server]\nlisten = \"{listen}\"\npublic_url = \"{url}\"\n{settings}");
    fs::write(office.path("matricula.toml"), config).unwrap();
    Server::start_only(office, services)
}

/// The values of an exposition, by name and labels. Every line is a comment or a sample; anything else fails.
#[track_caller]
fn figures(exposition: &str) -> BTreeMap<String, f64> {
    let body = exposition.strip_suffix("# EOF\n").unwrap();
    let mut figures = BTreeMap::new();
    for line in body.lines().filter(|line| !line.starts_with("# HELP ") && !line.starts_with("# TYPE ")) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        let first = name.split('{').next().unwrap();
        assert!(first.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
        assert!(name.len() == first.len() || name.ends_with('}'), "{line}");
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(figures.insert(name.to_owned(), value).is_none(), "twice: {line}");
    }
    figures
}

fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let answer = server.ask("GET", "/metrics", "text/plain", Vec::new());
    assert_eq!((answer.status, answer.media_type.as_str()), (200, OPEN_METRICS), "{}", answer.text);
    figures(&answer.text)
}

#[test]
fn a_ministrys_server_tells_its_figures_its_routes_and_how_its_log_stands() {
    let office = crate::founded();
    let server = server(&office, "ledger,issuer,wallet,verifier", "");
    figures_move_with_what_the_server_does(&server);
    every_documented_operation_is_served_under_the_route_that_the_document_names(&office, &server);
    the_node_has_a_page_below_the_log(&server);
    assert!(server.stop().success());
}

fn figures_move_with_what_the_server_does(server: &Server) {
    let before = scrape(server);
    server.get("/log/entries/0/proof");
    server.get("/log/entries/0/proof");
    server.ask("POST", "/log/entries", "application/octet-stream", b"\0\x03abc".to_vec());
    let after = scrape(server);
    let proofs = r#"matricula_http_requests_total{service="ledger",method="GET",route="/log/entries/{index}/proof",status="200"}"#;
    assert_eq!((before.get(proofs), after.get(proofs)), (None, Some(&2.0)), "{after:?}");
    let refused = r#"matricula_log_submissions_total{result="entry_refused"}"#;
    assert_eq!((before.get(refused), after.get(refused)), (None, Some(&1.0)), "{after:?}");
    assert_eq!(after[r#"matricula_log_entries{state="published"}"#], 1.0);
    assert_eq!(after["matricula_log_running"], 1.0);
    assert_eq!(after["matricula_log_sync_failures_total"], 0.0);
    assert!(after["process_resident_memory_bytes"] > 1e6 && after["process_open_fds"] > 3.0);
    let scrapes = r#"matricula_http_request_seconds_count{service="server",method="GET",route="/metrics"}"#;
    assert_eq!(after[scrapes], 1.0, "a scrape is counted when it is answered");
}

#[test]
fn figures_have_an_address_of_their_own_or_none() {
    let office = Office::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let apart = server(&office, "verifier", &format!("[metrics]\nlisten = \"127.0.0.1:{port}\"\n"));
    assert_eq!(apart.get("/metrics").0, 404);
    let told =
        ureq::get(format!("http://127.0.0.1:{port}/metrics")).call().unwrap().body_mut().read_to_string();
    assert!(figures(&told.unwrap())["process_open_fds"] > 3.0);
    let document: Value = serde_json::from_str(&apart.get("/openapi.json").1).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/healthz") && paths.contains_key("/verify"), "{paths:?}");
    assert!(
        !paths.contains_key("/metrics") && !paths.contains_key("/trust"),
        "what does not run is not described"
    );
    assert!(apart.stop().success());

    let silent = server(&office, "verifier", "[metrics]\nserve = false\n");
    assert_eq!(silent.get("/metrics").0, 404);
    assert!(silent.stop().success());
}

/// Asks for everything that the served document names. The server's own figures then tell which route took each request.
fn every_documented_operation_is_served_under_the_route_that_the_document_names(
    office: &Office,
    server: &Server,
) {
    let answer = server.ask("GET", "/openapi.json", "text/plain", Vec::new());
    assert_eq!((answer.status, answer.media_type.as_str()), (200, "application/json"));
    let document: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], office.url());
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.push((method.to_uppercase(), path.clone()));
        }
    }
    assert!(operations.len() > 70, "{operations:?}");
    for (method, path) in &operations {
        let asked = path.replace("{path}", "0/999").replace(['{', '}'], "");
        let answer = server.ask(method, &asked, "application/json", Vec::new());
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(
            answer.status < 500 || path.ends_with("/binding"),
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
    }
    let figures = scrape(server);
    for (method, path) in &operations {
        let took = figures.keys().any(|name| {
            let labels = name.strip_prefix("matricula_http_requests_total{").unwrap_or_default();
            let value = |label: &str| {
                labels.split(&format!("{label}=\"")).nth(1).and_then(|rest| rest.split('"').next())
            };
            let route = value("route").unwrap_or_default().replace("{*", "{");
            let is_it = route == *path || path == "/wallet" && route == "/wallet/";
            is_it && value("method") == Some(method.as_str()) && value("status") != Some("405")
        });
        assert!(took, "{method} {path} in {:?}", figures.keys().collect::<Vec<_>>());
    }
}

fn the_node_has_a_page_below_the_log(server: &Server) {
    let (status, page) = server.get("/log/node");
    assert_eq!(status, 200);
    assert!(page.contains("Secretaría de Educación") && page.contains("log.educacion.example/1"), "{page}");
    assert_eq!(server.get("/log/node/institutions?q=none").0, 200);
    assert_eq!(server.get("/log/node/assets/style.css").0, 200);
    // A page for people stays a page when it says no.
    let answer = server.ask("GET", "/log/node/institutions/nobody", "text/plain", Vec::new());
    assert_eq!((answer.status, answer.media_type.as_str()), (404, "text/html; charset=utf-8"));
}
