//! The node's pages, through the router.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use ed25519_dalek::SigningKey;
use http_body_util::BodyExt;
use matricula_ledger::{
    Commit, CommitError, DiskError, Head, Lease, MemorySequence, MemoryTiles, Node, NodeMetrics, NodeStores,
    SequenceError, SequenceStore, SequencedEntry, router,
};
use matricula_registry::{
    Accreditation, AccreditationEvent, Body as StatementBody, CredentialKind, InstitutionId, IscedLevel,
    Jurisdiction, KeyEvent, KeyRole, KeyStatement, LegalReference, Period, PublicKey, Scope, Statement,
    StatementId, Text,
};
use matricula_state::MemoryStore;
use matricula_tlog::{Hash, LeafIndex, TreeSize, UnixSeconds};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use support::simulated_disk::SimulatedDisk;
use support::{authority_key, config, create, entry, genesis, keys, origin};
use tempfile::TempDir;
use tower::ServiceExt;

const SCHOOL: &str = "did:web:educacion.example:schools:lempira";
const DAY: u64 = 86_400;

struct Server {
    node: Arc<Node>,
    _folder: TempDir,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Server {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { node: Arc::new(create(folder.path())), _folder: folder }
    }

    async fn page(&self, path: &str) -> Page {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(self.node.clone()).oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Page { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn shown(&self, path: &str) -> String {
        let page = self.page(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        page.text
    }

    /// Logs a statement by the authority, and waits until it is published.
    fn log(&self, body: &StatementBody, number: u8, replaces: Option<StatementId>) -> StatementId {
        let signed = Statement::sign(body, &origin(), [number; 16], replaces, &authority_key()).unwrap();
        let bytes = signed.into_entry();
        let receipts = self.node.submit(vec![bytes.clone()]).unwrap();
        self.node.wait_published(TreeSize::new(receipts[0].index.get() + 1)).unwrap();
        StatementId::of_entry(&bytes)
    }

    /// A school that was accredited, and suspended since; with a key, and one that was taken from it.
    fn with_school(self) -> Self {
        let granted = self.log(&event(SCHOOL, "Instituto Técnico Lempira", grant(), 0, None), 1, None);
        let suspend = AccreditationEvent::Suspend { custodian: None };
        let reason = Some("Inspection of <2025>");
        self.log(&event(SCHOOL, "Instituto Técnico Lempira", suspend, 20_000, reason), 2, Some(granted));
        for (number, role) in [(3, KeyRole::Issue), (4, KeyRole::Approve)] {
            self.log(&key(number, KeyEvent::Add { role, from: UnixSeconds::new(0) }), number, None);
        }
        self.log(&key(4, KeyEvent::Compromised { since: UnixSeconds::new(19_000 * DAY) }), 5, None);
        self
    }
}

fn grant() -> AccreditationEvent {
    let levels = [IscedLevel::new(3).unwrap()];
    let scope = Scope::new([CredentialKind::DIPLOMA], levels, [], Jurisdiction::parse("HN-LE").unwrap());
    AccreditationEvent::Grant { scope: scope.unwrap() }
}

fn event(
    did: &str,
    name: &str,
    event: AccreditationEvent,
    from_day: u64,
    reason: Option<&str>,
) -> StatementBody {
    StatementBody::Accreditation(Accreditation {
        institution: InstitutionId::parse(did).unwrap(),
        name: Text::parse(name).unwrap(),
        event,
        effective: Period::new(UnixSeconds::new(from_day * DAY), None).unwrap(),
        reason: reason.map(|reason| Text::parse(reason).unwrap()),
        legal: LegalReference {
            title: Text::parse("Acuerdo 1234").unwrap(),
            sha256: Hash::from_bytes([5; 32]),
        },
    })
}

fn school_key(number: u8) -> PublicKey {
    PublicKey::from(&SigningKey::from_bytes(&[number + 40; 32]).verifying_key())
}

fn key(number: u8, event: KeyEvent) -> StatementBody {
    let institution = InstitutionId::parse(SCHOOL).unwrap();
    StatementBody::Key(KeyStatement { institution, key: school_key(number), event })
}

/// What a monitoring system is told of a node.
fn figures(node: &Arc<Node>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(NodeMetrics::new(node.clone())));
    let mut told = String::new();
    text::encode(&mut told, &registry).unwrap();
    told
}

/// What a browser shows: the text without tags, with one space for any white space.
fn words(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_says_how_the_log_stands() {
    let server = Server::new();
    let page = server.page("/node").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let words = words(&page.text);
    for said in [
        "Secretaría de Educación (HN)",
        "The log runs, and everything published is cosigned by its quorum.",
        "Last checkpoint 2026-01-01 00:00:00 UTC, 0 seconds ago",
        "witness.example/hn (this node)",
        "No other node is sent this log",
        "This node cosigns no log of somebody else.",
        "This node holds no evidence against anybody.",
        "0 institutions, under version 1 of the rules",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    let root = server.node.checkpoint().unwrap().unverified().root().to_string();
    assert!(page.text.contains(&root));
    assert!(page.text.contains(r#"<html lang="en""#) && page.text.contains("<caption>"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_follows_the_log() {
    let server = Server::new();
    let before = words(&server.shown("/node").await);
    let receipts = server.node.submit((1..=1_200).map(entry).collect()).unwrap();
    server.node.wait_published(TreeSize::new(receipts.len() as u64 + 1)).unwrap();
    let after = words(&server.shown("/node").await);
    assert!(before.contains("Entries 1 Of them published 1"), "{before}");
    assert!(after.contains("Entries 1,201 Of them published 1,201"), "{after}");
}

/// A store whose disk fails, once it is told to.
#[derive(Debug, Default)]
struct Failing {
    inner: MemorySequence,
    fails: AtomicBool,
}

impl SequenceStore for Failing {
    fn head(&self) -> Result<Head, SequenceError> {
        self.inner.head()
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        self.inner.acquire()
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        if !self.fails.load(Ordering::SeqCst) {
            return self.inner.commit(commit);
        }
        let source = std::io::ErrorKind::StorageFull.into();
        Err(CommitError::Indeterminate(DiskError { operation: "sync", path: "segments/0".into(), source }))
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        self.inner.entries(from, limit)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.inner.trim(before)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_disk_has_failed_says_that_it_stopped_and_not_why() {
    let sequence = Arc::new(Failing::default());
    let stores = NodeStores {
        disk: Arc::new(SimulatedDisk::new(1)),
        sequence: sequence.clone(),
        tiles: Arc::new(MemoryTiles::new()),
        state: Arc::new(MemoryStore::new()),
    };
    let node = Node::create_on(stores, config("unused".as_ref()), keys(), &genesis()).unwrap();
    let server = Server { node: Arc::new(node), _folder: TempDir::new().unwrap() };
    assert!(words(&server.shown("/node").await).contains("The log runs"));
    sequence.fails.store(true, Ordering::SeqCst);
    server.node.submit(vec![entry(1)]).unwrap_err();
    let page = words(&server.shown("/node").await);
    assert!(page.contains("The log has stopped. It takes no entries"), "{page}");
    // What failed is for the operator.
    assert!(!page.contains("segments"), "{page}");
    let told = figures(&server.node);
    for line in [
        "matricula_log_running 0",
        "matricula_log_sync_failures_total 1",
        "matricula_log_submissions_total{result=\"node_stopped\"} 1",
    ] {
        assert!(told.contains(&format!("{line}\n")), "{line}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn institutions_are_found_by_name_identifier_and_place_and_not_by_other_words() {
    let server = Server::new().with_school();
    for found in
        ["", "?q=lempira", "?q=TECNICO", "?q=instituto+hn-le", "?q=did:web:educacion.example", "?page=7"]
    {
        let page = words(&server.shown(&format!("/node/institutions{found}")).await);
        assert!(page.contains("Instituto Técnico Lempira"), "{found}: {page}");
        assert!(page.contains("HN-LE") && page.contains("Suspended"), "{found}: {page}");
    }
    for missed in ["?q=copan", "?q=lempira+copan", "?q=%3Cscript%3E"] {
        let page = server.shown(&format!("/node/institutions{missed}")).await;
        assert!(!page.contains("Instituto"), "{missed}: {page}");
        assert!(words(&page).contains("No institution has all these words"), "{page}");
        assert!(!page.contains("<script>"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_too_long_or_a_page_that_is_no_number_is_refused() {
    let server = Server::new();
    let longest = "ñ".repeat(100);
    let encoded: String = longest.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(server.page(&format!("/node/institutions?q={encoded}")).await.status, StatusCode::OK);
    for refused in
        [format!("q={encoded}a"), "page=-1".to_owned(), "page=one".to_owned(), "q=a&q=b".to_owned()]
    {
        let page = server.page(&format!("/node/institutions?{refused}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{refused}");
        assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    }
    assert_eq!(server.page("/node/evidence?page=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_institution_has_its_history_and_its_keys() {
    let server = Server::new().with_school();
    let page = server.shown(&format!("/node/institutions/{SCHOOL}")).await;
    let said = words(&page);
    for fact in [
        "Suspended on 2026-01-01.",
        "Suspended Holds from 2024-10-04 Reason: Inspection of &lt;2025&gt; Decree: Acuerdo 1234",
        "Accredited Holds from 1970-01-01 For diplomas; ISCED level 3; all fields; in HN-LE. Decree: Acuerdo 1234",
        "Logged 2026-01-01 as entry 1 ( proof ).",
        "Issues records Public key From State",
        "Compromised since 2022-01-08",
        "Batches of its records in the log: 0.",
        "0505050505050505050505050505050505050505050505050505050505050505",
    ] {
        assert!(said.contains(fact), "{fact}: {said}");
    }
    for number in [3, 4] {
        assert!(said.contains(&school_key(number).to_string()), "{said}");
    }
    // The link from the page leads to the proof.
    assert!(page.contains(r#"href="../../entries/1/proof""#), "{page}");
    assert_eq!(server.page("/entries/1/proof").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_page_too() {
    let server = Server::new();
    for path in
        ["/node/institutions/did:web:nobody.example", "/node/institutions/nonsense", "/node/assets/secrets"]
    {
        let page = server.page(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text.contains("<h1>No such page</h1>"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_on_a_page_leads_somewhere() {
    let server = Server::new().with_school();
    for (path, base) in [
        ("/node".to_owned(), "/"),
        ("/node/institutions".to_owned(), "/node/"),
        ("/node/evidence".to_owned(), "/node/"),
        (format!("/node/institutions/{SCHOOL}"), "/node/institutions/"),
    ] {
        let page = server.shown(&path).await;
        let addresses = page.split(r#"href=""#).skip(1).chain(page.split(r#"src=""#).skip(1));
        for address in addresses.filter_map(|rest| rest.split('"').next()).filter(|it| !it.starts_with('#')) {
            let mut folder: Vec<&str> =
                base.trim_matches('/').split('/').filter(|part| !part.is_empty()).collect();
            let mut rest = address;
            while let Some(shorter) = rest.strip_prefix("../") {
                folder.pop().unwrap();
                rest = shorter;
            }
            let target = format!("/{}", folder.into_iter().chain([rest]).collect::<Vec<_>>().join("/"));
            assert_eq!(server.page(&target).await.status, StatusCode::OK, "{path}: {address} is {target}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_for_monitoring_move_with_the_log() {
    let server = Server::new().with_school();
    let before = figures(&server.node);
    assert!(before.contains("matricula_log_entries{state=\"accepted\"} 6\n"), "{before}");
    assert!(before.contains("matricula_registry_institutions 1\n"), "{before}");
    server.node.submit(vec![entry(1), entry(2), entry(1)]).unwrap();
    server.node.submit(vec![b"no statement".to_vec()]).unwrap_err();
    server.node.submit(Vec::new()).unwrap_err();
    server.node.wait_published(TreeSize::new(8)).unwrap();
    let after = figures(&server.node);
    for line in [
        "matricula_log_entries{state=\"accepted\"} 8",
        "matricula_log_entries{state=\"published\"} 8",
        "matricula_log_entries{state=\"witnessed\"} 8",
        "matricula_log_checkpoint_age_seconds 0",
        "matricula_log_queue_bytes 0",
        "matricula_log_running 1",
        "matricula_log_sync_failures_total 0",
        // Five statements about the school, and this one.
        "matricula_log_submissions_total{result=\"accepted\"} 6",
        "matricula_log_submissions_total{result=\"entry_refused\"} 1",
        "matricula_log_submissions_total{result=\"no_entries\"} 1",
        "matricula_log_submitted_entries_total{kind=\"new\"} 7",
        "matricula_log_submitted_entries_total{kind=\"duplicate\"} 1",
        "matricula_log_acknowledgement_seconds_count 6",
        "matricula_evidence_files 0",
    ] {
        assert!(after.contains(&format!("{line}\n")), "{line}: {after}");
    }
    assert!(after.contains("matricula_log_refused_entries_total{code=\""), "{after}");
    assert_eq!(server.node.accepted().size.get(), 8);
}
