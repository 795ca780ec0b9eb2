//! A node's pages: its log, who cosigns it, whom it follows, what it holds against others, and its registry. Anybody may
//! read them; there is no personal data in a log.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /node` | the log, its peers, evidence, the way into the registry; refreshes by itself |
//! | `GET /node/evidence?page=` | all evidence |
//! | `GET /node/evidence/{id}` | a file of it, text |
//! | `GET /node/institutions?q=&page=` | institutions by name, identifier or place |
//! | `GET /node/institutions/{did}` | one of them: its accreditation's history, its keys |
//! | `GET /node/assets/{name}` | style sheet, script, icon |
//!
//! Everything works without script; the script only refreshes more gently than the browser does.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use matricula_registry::InstitutionId;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::node::Node;
use directory::Directory;
use frame::Depth;
use problem::PageError;

mod directory;
mod evidence;
mod frame;
mod growth;
mod home;
mod icon;
mod institution;
mod institutions;
mod problem;
mod replicas;
mod replication;
mod words;

pub use replicas::Replicas;
pub use replication::{EvidenceView, FollowedLog, PeerView, ReplicationView};

/// Pages in the making at once. Each takes a thread for a millisecond or two.
const PAGES_MAX: usize = 16;

/// Longest search. The longest names of institutions have about as many letters.
const QUERY_CHARS_MAX: usize = 100;

/// How long a browser keeps style sheet, script and icon.
const ASSET_CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Many readers, one making: a page may be some seconds old.
const PAGE_CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=2");

/// What a browser may do with the pages: load our style sheet and script, read the page again, send the search to us.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// Headers on every page.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// The routes of the pages.
pub(crate) fn router<S>(node: Arc<Node>, replication: Arc<dyn ReplicationView>) -> Router<S> {
    let pages =
        Pages { node, replication, directory: Arc::default(), places: Arc::new(Semaphore::new(PAGES_MAX)) };
    Router::new()
        .route("/node", get(home))
        .route("/node/evidence", get(evidence))
        .route("/node/evidence/{id}", get(evidence_file))
        .route("/node/institutions", get(institutions))
        .route("/node/institutions/{did}", get(institution))
        .route("/node/assets/{name}", get(asset))
        .layer(map_response(add_headers))
        .with_state(pages)
}

/// What the pages are made from.
#[derive(Clone)]
struct Pages {
    node: Arc<Node>,
    replication: Arc<dyn ReplicationView>,
    directory: Arc<Directory>,
    places: Arc<Semaphore>,
}

impl Pages {
    /// Makes a page on a thread that may read files. The place is held until it is made, also when nobody waits for it
    /// any more.
    async fn make<T: IntoResponse + Send + 'static>(
        self,
        depth: Depth,
        make: impl FnOnce(&Self) -> Result<T, PageError> + Send + 'static,
    ) -> Response {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return PageError::Busy.page(depth);
        };
        let made = tokio::task::spawn_blocking(move || {
            let made = make(&self);
            drop(place);
            made
        });
        match made.await {
            Ok(Ok(page)) => page.into_response(),
            Ok(Err(error)) => error.page(depth),
            Err(_) => PageError::Failed.page(depth),
        }
    }
}

/// Which page of a list.
#[derive(Deserialize)]
struct Paging {
    page: Option<u32>,
}

/// A search, and which page of what it found.
#[derive(Deserialize)]
struct Search {
    q: Option<String>,
    page: Option<u32>,
}

async fn home(State(pages): State<Pages>) -> Response {
    pages.make(Depth::Top, |pages| home::page(&pages.node, pages.replication.as_ref())).await
}

async fn evidence(State(pages): State<Pages>, query: Result<Query<Paging>, QueryRejection>) -> Response {
    let depth = Depth::List;
    let Ok(Query(Paging { page })) = query else { return PageError::QueryMalformed.page(depth) };
    pages.make(depth, move |pages| evidence::page(pages.replication.as_ref(), page.unwrap_or(1))).await
}

/// What is evidence once stays it.
const EVIDENCE_CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

async fn evidence_file(State(pages): State<Pages>, Path(id): Path<String>) -> Response {
    let depth = Depth::Item;
    let file = move |pages: &Pages| {
        let file = pages.replication.evidence_file(&id).ok_or(PageError::NotFound)?;
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, EVIDENCE_CACHE_CONTROL)], file))
    };
    pages.make(depth, file).await
}

async fn institutions(State(pages): State<Pages>, query: Result<Query<Search>, QueryRejection>) -> Response {
    let depth = Depth::List;
    let Ok(Query(Search { q, page })) = query else { return PageError::QueryMalformed.page(depth) };
    let wanted = q.unwrap_or_default().trim().to_owned();
    if wanted.chars().count() > QUERY_CHARS_MAX {
        return PageError::QueryTooLong { chars_max: QUERY_CHARS_MAX }.page(depth);
    }
    pages
        .make(depth, move |pages| {
            let snapshot = pages.directory.current(&pages.node)?;
            institutions::page(&snapshot, &wanted, page.unwrap_or(1))
        })
        .await
}

async fn institution(State(pages): State<Pages>, Path(did): Path<String>) -> Response {
    let depth = Depth::Item;
    let Ok(id) = InstitutionId::parse(&did) else { return PageError::NoInstitution.page(depth) };
    pages.make(depth, move |pages| institution::page(&pages.node, &id)).await
}

async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("../assets/style.css")),
        "refresh.js" => ("text/javascript; charset=utf-8", include_str!("../assets/refresh.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../assets/icon.svg")),
        _ => return PageError::NotFound.page(Depth::Item),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, ASSET_CACHE_CONTROL),
    ];
    (headers, text).into_response()
}

async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(PAGE_CACHE_CONTROL);
    response
}
