//! The routes that read.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use matricula_tlog::{BundlePath, LeafIndex, TilePath};

use super::ApiError;
use crate::node::{Node, ReadError};

type Headers = [(HeaderName, HeaderValue); 2];

/// `GET /checkpoint`.
pub(super) async fn checkpoint(State(node): State<Arc<Node>>) -> Result<impl IntoResponse, ApiError> {
    let checkpoint = node.checkpoint().ok_or(ApiError::NotFound)?;
    Ok((headers("text/plain; charset=utf-8", "public, max-age=1"), checkpoint.encode()))
}

/// `GET /checkpoint/witnessed`.
pub(super) async fn witnessed(State(node): State<Arc<Node>>) -> Result<impl IntoResponse, ApiError> {
    let checkpoint = node.witnessed().ok_or(ApiError::NotFound)?;
    Ok((headers("text/plain; charset=utf-8", "public, max-age=1"), checkpoint.encode()))
}

/// `GET /tile/<L>/<N>[.p/<W>]` and `GET /tile/entries/<N>[.p/<W>]`.
pub(super) async fn tile(
    State(node): State<Arc<Node>>,
    Path(rest): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let path = format!("tile/{rest}");
    let bytes = if rest.starts_with("entries/") {
        let path = BundlePath::parse(&path).map_err(|_| ApiError::MalformedPath)?;
        aside(move || node.bundle(path)).await?
    } else {
        let path = TilePath::parse(&path).map_err(|_| ApiError::MalformedPath)?;
        aside(move || Ok(node.tile(path)?.map(|tile| tile.encode()))).await?
    };
    let bytes = bytes.ok_or(ApiError::NotFound)?;
    Ok((headers("application/octet-stream", "public, max-age=31536000, immutable"), bytes))
}

/// `GET /entries/{index}/proof`. It stays the same once it is there.
pub(super) async fn proof(
    State(node): State<Arc<Node>>,
    Path(index): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let index = LeafIndex::parse(&index).map_err(|_| ApiError::MalformedPath)?;
    let proof = aside(move || node.proof(index)).await?.ok_or(ApiError::NotFound)?;
    Ok((headers("text/plain; charset=utf-8", "public, max-age=3600"), proof.encode()))
}

/// Reads files on a thread that may block.
async fn aside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    tokio::task::spawn_blocking(read).await.map_err(|_| ReadError::Stopped)?
}

fn headers(kind: &'static str, cache: &'static str) -> Headers {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ]
}
