//! The node over HTTP.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /checkpoint` | the published checkpoint, text, cacheable for a second |
//! | `GET /checkpoint/witnessed` | the largest checkpoint with the quorum of the log's policy |
//! | `GET /tile/<L>/<N>[.p/<W>]` | hashes, cacheable for ever |
//! | `GET /tile/entries/<N>[.p/<W>]` | entries, cacheable for ever |
//! | `POST /entries` | accepts entries, JSON |
//! | `GET /entries/{index}/proof` | a log proof, text |
//! | `GET /node`, `GET /node/…` | pages about the log, its peers and its registry; see [`crate::page`] |
//!
//! Every error is a problem document (RFC 9457) with a stable `code`.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use self::entries::Submissions;
use crate::node::Node;
use crate::page::{self, ReplicationView};
use crate::submission::SUBMISSION_BYTES_MAX;

mod entries;
mod evidence;
mod mirror;
mod openapi;
mod problem;
mod reads;
mod witness;

pub use evidence::evidence_router;
pub use mirror::mirror_router;
pub use openapi::{evidence_openapi, mirror_openapi, openapi, witness_openapi};
pub use problem::ApiError;
pub use witness::witness_router;

/// The routes of a node. They stand at the root: a log's clients know it by its prefix.
pub fn router(node: Arc<Node>) -> Router {
    router_showing(node.clone(), node)
}

/// The same, with pages that show this of its replication.
pub fn router_showing(node: Arc<Node>, replication: Arc<dyn ReplicationView>) -> Router {
    Router::new()
        .route("/checkpoint", get(reads::checkpoint))
        .route("/checkpoint/witnessed", get(reads::witnessed))
        .route("/tile/{*path}", get(reads::tile))
        .route("/entries", post(entries::submit).with_state(Submissions::new(node.clone())))
        .route("/entries/{index}/proof", get(reads::proof))
        // One byte more, so that a body at the limit is told from one beyond it by the handler.
        .layer(DefaultBodyLimit::max(SUBMISSION_BYTES_MAX + 1))
        .with_state(node.clone())
        .merge(page::router(node, replication))
}
