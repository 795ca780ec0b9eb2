//! The routes, through the router.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use http_body::Frame;
use http_body_util::BodyExt;
use matricula_ledger::{Acknowledge, Node, NodeConfig, SUBMISSION_BYTES_MAX, router};
use matricula_tlog::{
    BundlePath, LogProof, Policy, SignedCheckpoint, TreeSize, append_entry, leaf_hash, parse_bundle,
};
use serde_json::{Value, json};
use support::{create, entry, genesis, keys};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::ServiceExt;

const OCTETS: &str = "application/octet-stream";

struct Server {
    node: Arc<Node>,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Server {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { node: Arc::new(create(folder.path())), _folder: folder }
    }

    /// A node that acknowledges only what mirrors hold, and has none.
    fn unmirrored() -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = NodeConfig::new(folder.path());
        config.replication.acknowledge = Acknowledge::Mirrored;
        let node = Node::create(config, keys(), &genesis()).unwrap();
        Self { node: Arc::new(node), _folder: folder }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        answer(router(self.node.clone()).oneshot(request).await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        self.ask(Request::post(path).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()).await
    }

    async fn submit(&self, entries: &[Vec<u8>]) -> Answer {
        self.post("/entries?wait=accepted", OCTETS, framed(entries)).await
    }

    fn size(&self) -> u64 {
        self.node.accepted().size.get()
    }
}

async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Answer { status, headers, body }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The code of a problem document with this status.
    #[track_caller]
    fn problem(&self, status: StatusCode) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        assert_eq!(self.json()["status"], status.as_u16());
        let code = self.json()["code"].as_str().unwrap().to_owned();
        assert_eq!(self.json()["type"], format!("urn:matricula:problem:{code}"));
        code
    }
}

fn framed(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    entries.iter().for_each(|entry| append_entry(&mut body, entry).unwrap());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_accepted_with_their_indexes() {
    let server = Server::new();
    let answer = server.submit(&[entry(1), entry(2), entry(1), genesis()]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let entries = json!([
        {"index": 1, "duplicate": false}, {"index": 2, "duplicate": false},
        {"index": 1, "duplicate": true}, {"index": 0, "duplicate": true},
    ]);
    assert_eq!(answer.json(), json!({"entries": entries, "promise": "accepted"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn published_entries_are_proven_and_in_tiles() {
    let server = Server::new();
    let entries: Vec<_> = (1..=40).map(entry).collect();
    let answer = server.post("/entries?wait=published", OCTETS, framed(&entries)).await;
    assert_eq!(answer.json()["promise"], "published");

    let checkpoint = server.get("/checkpoint").await;
    assert_eq!(checkpoint.header(header::CONTENT_TYPE), "text/plain; charset=utf-8");
    assert_eq!(checkpoint.header(header::CACHE_CONTROL), "public, max-age=1");
    let note = SignedCheckpoint::parse(&checkpoint.body).unwrap();
    assert_eq!(note.verify(server.node.log_key()).unwrap().size(), TreeSize::new(41));

    let proof = server.get("/entries/40/proof").await;
    assert_eq!(proof.status, StatusCode::OK);
    let policy = Policy::parse(server.node.policy().as_bytes()).unwrap();
    let verified = LogProof::parse(&proof.body).unwrap().verify(leaf_hash(&entry(40)), &policy).unwrap();
    assert_eq!(verified.index().get(), 40);

    let tile = server.get("/tile/0/000.p/41").await;
    assert_eq!(tile.header(header::CONTENT_TYPE), OCTETS);
    assert_eq!(tile.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    let bundle = server.get("/tile/entries/000.p/41").await;
    let bundled = parse_bundle(BundlePath::new(0, 41).unwrap(), &bundle.body).unwrap();
    let leaves: Vec<u8> = bundled.iter().flat_map(|entry| *leaf_hash(entry).as_bytes()).collect();
    assert_eq!(tile.body, leaves);
    assert_eq!(bundled[40], entry(40));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_published_is_not_found() {
    let server = Server::new();
    for path in
        ["/tile/0/000", "/tile/0/000.p/2", "/tile/0/001.p/1", "/tile/entries/000.p/9", "/entries/7/proof"]
    {
        let answer = server.get(path).await;
        assert_eq!(answer.problem(StatusCode::NOT_FOUND), "not_found", "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_paths_are_refused() {
    let server = Server::new();
    let paths = [
        "/tile/0/0",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/64/000",
        "/tile/00/000",
        "/tile/0/x000",
        "/tile/a",
        "/tile/entries/1",
        "/tile/entries/000.p/x",
        "/entries/-1/proof",
        "/entries/007/proof",
        "/entries/x/proof",
        "/entries/99999999999999999999/proof",
        "/tile/0/..%2f..%2fsigner",
    ];
    for path in paths {
        assert_eq!(server.get(path).await.problem(StatusCode::BAD_REQUEST), "malformed_path", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_bodies_are_refused_and_log_nothing() {
    let server = Server::new();
    let whole = framed(&[entry(1), entry(2)]);
    for cut in [1, whole.len() / 3, whole.len() / 2 + 1, whole.len() - 1] {
        let answer = server.post("/entries", OCTETS, whole[..cut].to_vec()).await;
        assert_eq!(answer.problem(StatusCode::BAD_REQUEST), "malformed_body", "cut at {cut}");
    }
    assert_eq!(
        server.post("/entries", OCTETS, Vec::new()).await.problem(StatusCode::BAD_REQUEST),
        "no_entries"
    );
    let answer = server.post("/entries", OCTETS, vec![0; SUBMISSION_BYTES_MAX + 1]).await;
    assert_eq!(answer.problem(StatusCode::PAYLOAD_TOO_LARGE), "too_many_entries");
    let answer = server.post("/entries", OCTETS, vec![0; SUBMISSION_BYTES_MAX + 2]).await;
    assert_eq!(answer.problem(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
    let large = framed(&vec![vec![7; 60_000]; 70]);
    assert_eq!(
        server.post("/entries", OCTETS, large).await.problem(StatusCode::PAYLOAD_TOO_LARGE),
        "body_too_large"
    );
    let many = framed(&vec![vec![7; 8]; 4097]);
    assert_eq!(
        server.post("/entries", OCTETS, many).await.problem(StatusCode::PAYLOAD_TOO_LARGE),
        "too_many_entries"
    );
    assert_eq!(server.size(), 1);
}

/// A body of which nothing arrives, and whose reader says that it waits for it.
struct Silent(Arc<Semaphore>);

impl HttpBody for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.add_permits(1);
        Poll::Pending
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_who_send_nothing_take_all_places_and_no_more_memory() {
    let server = Server::new();
    let routes = router(server.node.clone());
    let post = |body| Request::post("/entries").header(header::CONTENT_TYPE, OCTETS).body(body).unwrap();
    let waited_for = Arc::new(Semaphore::new(0));
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(tokio::spawn(routes.clone().oneshot(post(Body::new(Silent(waited_for.clone()))))));
        waited_for.acquire().await.unwrap().forget();
    }
    let refused = answer(routes.clone().oneshot(post(Body::from(framed(&[entry(1)])))).await.unwrap()).await;
    assert_eq!(refused.problem(StatusCode::SERVICE_UNAVAILABLE), "busy");
    assert_eq!(refused.header(header::RETRY_AFTER), "1");
    let read = routes.clone().oneshot(Request::get("/checkpoint").body(Body::empty()).unwrap()).await;
    assert_eq!(read.unwrap().status(), StatusCode::OK);

    let gone = silent.pop().unwrap();
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let taken = routes.oneshot(post(Body::from(framed(&[entry(1)])))).await.unwrap();
    assert_eq!(taken.status(), StatusCode::OK);
    silent.iter().for_each(tokio::task::JoinHandle::abort);
}

/// A body that is there whole after a while.
struct Late(Pin<Box<Sleep>>, Option<Bytes>);

impl HttpBody for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let arrived = self.0.as_mut().poll(context);
        arrived.map(|()| self.1.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_sender_is_answered_before_the_server_gives_up() {
    for (server, status, code) in [
        (Server::unmirrored(), StatusCode::SERVICE_UNAVAILABLE, Some("not_mirrored")),
        (Server::new(), StatusCode::ACCEPTED, None),
    ] {
        let late = Late(Box::pin(sleep(Duration::from_secs(19))), Some(framed(&[entry(1)]).into()));
        let request = Request::post("/entries?wait=mirrored&deadline=25");
        let request = request.header(header::CONTENT_TYPE, OCTETS).body(Body::new(late)).unwrap();
        let started = Instant::now();
        let answer = server.ask(request).await;
        assert_eq!(answer.status, status);
        assert!((19..28).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
        if let Some(code) = code {
            assert_eq!(answer.problem(status), code);
        }
        assert_eq!(server.size(), 2, "it is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_mirrors_takes_no_place() {
    let server = Server::unmirrored();
    let routes = router(server.node.clone());
    let post = |number| {
        let request = Request::post("/entries").header(header::CONTENT_TYPE, OCTETS);
        routes.clone().oneshot(request.body(Body::from(framed(&[entry(number)]))).unwrap())
    };
    let waiting: Vec<_> = (1..=64).map(|number| tokio::spawn(post(number))).collect();
    let all_logged = async {
        while server.size() < 65 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), all_logged).await.unwrap();
    // An answer at once would say that no place is free.
    assert!(timeout(Duration::from_millis(200), post(65)).await.is_err());
    assert!(waiting.iter().all(|request| !request.is_finished()));
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_media_types_and_queries_are_refused() {
    let server = Server::new();
    let body = framed(&[entry(1)]);
    for kind in ["application/json", "text/plain", "application/octet-stream; charset=x"] {
        let answer = server.post("/entries", kind, body.clone()).await;
        assert_eq!(answer.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE), "unsupported_media_type", "{kind}");
    }
    let none = server.ask(Request::post("/entries").body(Body::from(body.clone())).unwrap()).await;
    assert_eq!(none.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE), "unsupported_media_type");
    let answer = server.post("/entries?wait=sealed", OCTETS, body).await;
    assert_eq!(answer.problem(StatusCode::BAD_REQUEST), "malformed_query");
    assert_eq!(server.size(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_answers_with_position_and_code() {
    let server = Server::new();
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[99; 32]);
    let foreign = support::signed_by(&support::commitment(3), 3, &support::origin(), &stranger);
    let answer = server.submit(&[entry(1), foreign, entry(2)]).await;
    assert_eq!(answer.problem(StatusCode::UNPROCESSABLE_ENTITY), "entry_refused");
    let errors = answer.json()["errors"].clone();
    assert_eq!((&errors[0]["position"], &errors[0]["code"]), (&json!(1), &json!("unknown_signer")));
    assert_eq!(server.size(), 1);

    let mut entries: Vec<_> = (1..=20).map(entry).collect();
    entries[4] = b"no statement".to_vec();
    *entries[17].last_mut().unwrap() ^= 1;
    let answer = server.submit(&entries).await;
    assert_eq!(answer.problem(StatusCode::UNPROCESSABLE_ENTITY), "entry_refused");
    let errors = answer.json()["errors"].clone();
    let positions: Vec<_> =
        errors.as_array().unwrap().iter().map(|error| error["position"].clone()).collect();
    assert_eq!(positions, [json!(4), json!(17)]);
    assert_eq!(server.size(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_node_says_so_and_still_serves_what_is_published() {
    let server = Server::new();
    server.node.close();
    let answer = server.submit(&[entry(1)]).await;
    assert_eq!(answer.problem(StatusCode::SERVICE_UNAVAILABLE), "node_stopped");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    assert_eq!(server.get("/checkpoint").await.status, StatusCode::OK);
}
