//! The documents against the routers: every route is documented, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::routing::{get, post};
use matricula_issuer::authority::{self, AuthorityHome, AuthorityProfile, BaseUrl, InitAuthority};
use matricula_issuer::http::IssuerState;
use matricula_issuer::keyring::{Passphrase, WorkFactor};
use matricula_ledger::{Clock, Following, FollowingKeys, Memory};
use matricula_registry::{Country, InstitutionId, LogOrigin, Text};
use matricula_state::MemoryStore;
use matricula_tlog::{Cosigner, KeyName, UnixSeconds};
use matricula_verdict::Trust;
use matricula_verifier::Verifier;
use matricula_wallet_api::{SystemClock, SystemEntropy, WalletConfig, WalletPorts, WalletState};
use tempfile::TempDir;
use url::Url;

use super::*;
use crate::log::{EmbeddedLog, open_node};

type Routes = BTreeSet<(String, String)>;

/// The routes of a router, each with its methods, as its debug output has them: axum tells them in no other way. Another
/// version of axum that writes them otherwise fails the tests below, which want to see some.
fn served(router: &Router) -> Routes {
    let told = format!("{router:?}");
    let own = told.split("fallback_router").next().unwrap();
    let (routes, paths) = own.split_once("node: Node").unwrap();
    let numbered = |text: &str| -> BTreeMap<String, String> {
        let parts = text.split("RouteId(").skip(1);
        parts
            .filter_map(|part| part.split_once("): "))
            .map(|(id, rest)| (id.to_owned(), rest.to_owned()))
            .collect()
    };
    let paths = numbered(paths);
    let mut served = Routes::new();
    for (id, endpoint) in numbered(routes) {
        let path = paths[&id].split('"').nth(1).unwrap().replace("{*", "{");
        let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
        let taken = methods.into_iter().filter(|method| {
            let handler = endpoint.split(&format!(" {method}: ")).nth(1).unwrap_or("None");
            !handler.starts_with("None")
        });
        served.extend(taken.map(|method| (method.to_owned(), path.clone())));
    }
    served
}

fn documented(document: &OpenApi) -> Routes {
    let value = serde_json::to_value(document).unwrap();
    let paths = value["paths"].as_object().unwrap();
    let operations = |path: &String, item: &serde_json::Value| {
        item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(|(path, item)| operations(path, item)).collect()
}

fn founded(folder: &TempDir, passphrase: &Passphrase) -> AuthorityHome {
    let profile = AuthorityProfile {
        did: InstitutionId::parse("did:web:hn.example").unwrap(),
        name: Text::parse("Secretaría de Educación").unwrap(),
        country: Country::parse("HN").unwrap(),
        origin: LogOrigin::parse("hn.example/log").unwrap(),
        base_url: BaseUrl::parse("https://hn.example").unwrap(),
    };
    let order = InitAuthority {
        profile,
        passphrase,
        node_passphrase: passphrase,
        work_factor: WorkFactor::new(2).unwrap(),
        now: UnixSeconds::new(1_767_225_600),
    };
    authority::init(&folder.path().join("authority"), &order).unwrap().home
}

fn wallet() -> WalletState {
    let ports = WalletPorts {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        binding: None,
    };
    WalletState::new(WalletConfig::new(Url::parse("https://hn.example/wallet").unwrap()), ports)
}

fn following(folder: &TempDir) -> Arc<Following> {
    let cosigner = |name: &str, seed| Cosigner::new(KeyName::new(name).unwrap(), &[seed; 32]);
    let keys =
        FollowingKeys { witness: cosigner("witness.example", 2), mirror: cosigner("mirror.example", 3) };
    let folder = folder.path().join("following");
    Arc::new(Following::open(&folder, keys, Vec::new(), Vec::new(), Memory::MayBegin).unwrap())
}

#[test]
fn every_route_of_every_service_is_documented_and_nothing_else_is() {
    let (folder, passphrase) = (TempDir::new().unwrap(), Passphrase::new("correct horse battery".to_owned()));
    let home = founded(&folder, &passphrase);
    let node = open_node(&home, &passphrase, Clock::system()).unwrap();
    let issuer =
        IssuerState::new(home, Arc::new(EmbeddedLog::new(node.clone())), Vec::new(), || UnixSeconds::new(0));
    let following = following(&folder);
    let witness = matricula_ledger::witness_router(following.witness().clone(), Clock::system());
    let mirror = matricula_ledger::mirror_router(following.mirror().clone(), Clock::system());
    let verifier = Verifier::new(Trust::new(Vec::new()).unwrap(), Arc::new(|| UnixSeconds::new(0)));
    for (name, router, document, least) in [
        ("ledger", matricula_ledger::router(node), matricula_ledger::openapi(), 10),
        (
            "evidence",
            matricula_ledger::evidence_router(following.clone()),
            matricula_ledger::evidence_openapi(),
            1,
        ),
        ("witness", witness, matricula_ledger::witness_openapi(), 2),
        ("mirror", mirror, matricula_ledger::mirror_openapi(), 4),
        ("issuer", matricula_issuer::http::router(issuer), matricula_issuer::http::openapi(), 9),
        ("wallet", matricula_wallet_api::router(wallet()), matricula_wallet_api::openapi(), 45),
        ("verifier", matricula_verifier::router(Arc::new(verifier)), matricula_verifier::openapi(), 6),
    ] {
        let (served, documented) = (served(&router), documented(&document));
        let missing: Vec<_> = served.difference(&documented).collect();
        let invented: Vec<_> = documented.difference(&served).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "{name}: not documented {missing:?}, not served {invented:?}"
        );
        assert!(served.len() >= least, "{name}: {served:?}");
    }
}

#[test]
fn routes_are_read_from_a_router_with_their_methods() {
    let router = Router::new()
        .route("/a/{*rest}", get(|| async {}).delete(|| async {}))
        .merge(Router::new().route("/b", post(|| async {})))
        .fallback(|| async {});
    let pair = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    let wanted = [pair("get", "/a/{rest}"), pair("delete", "/a/{rest}"), pair("post", "/b")];
    assert_eq!(served(&router), Routes::from(wanted));
}

/// Every reference in a document leads to something in it, and names of operations are used once.
#[test]
fn documents_of_all_services_fit_together() {
    let mut document = Document::openapi()
        .nest("/log", matricula_ledger::openapi())
        .nest("/log", matricula_ledger::evidence_openapi())
        .nest("/witness", matricula_ledger::witness_openapi())
        .nest("/mirror", matricula_ledger::mirror_openapi())
        .nest_with_path_composer("/wallet", matricula_wallet_api::openapi(), below);
    document.merge(matricula_issuer::http::openapi());
    document.merge(matricula_verifier::openapi());
    let value = serde_json::to_value(&document).unwrap();
    let text = value.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(value.pointer(pointer).is_some(), "{pointer}");
    }
    let mut ids = BTreeSet::new();
    for id in text.split("\"operationId\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.insert(id.to_owned()), "{id} twice");
    }
    assert_eq!(ids.len(), documented(&document).len());
    assert!(documented(&document).contains(&("get".to_owned(), "/wallet".to_owned())));
}

/// Each operation says what it answers when all is well, and each problem that it is a problem document or a page.
#[test]
fn every_operation_says_what_it_answers() {
    let documents = [
        Document::openapi(),
        matricula_ledger::openapi(),
        matricula_ledger::evidence_openapi(),
        matricula_ledger::witness_openapi(),
        matricula_ledger::mirror_openapi(),
        matricula_issuer::http::openapi(),
        matricula_wallet_api::openapi(),
        matricula_verifier::openapi(),
    ];
    for document in documents {
        let value = serde_json::to_value(&document).unwrap();
        for (path, item) in value["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let at = format!("{method} {path}");
                assert!(operation["summary"].as_str().is_some_and(|words| words.ends_with('.')), "{at}");
                let answers = operation["responses"].as_object().unwrap();
                assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{at}");
                for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                    let kinds = answer["content"].as_object().unwrap_or_else(|| panic!("{at} {status}"));
                    let fits = |kind: &String| {
                        kind == "application/problem+json"
                            || kind.starts_with("text/html")
                            || kind.starts_with("text/x.tlog.")
                    };
                    assert!(kinds.keys().any(fits), "{at} {status}: {kinds:?}");
                }
            }
        }
    }
}
