//! `POST /entries`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use matricula_tlog::{TreeSize, parse_entries};
use serde::Serialize;

use super::ApiError;
use crate::node::Node;
use crate::submission::{Receipt, SUBMISSION_BYTES_MAX, SUBMISSION_ENTRIES_MAX};

/// Where entries stand, and what is promised of them.
#[derive(Serialize)]
pub(super) struct Accepted {
    entries: Vec<AcceptedEntry>,
    promise: Promise,
}

#[derive(Serialize)]
struct AcceptedEntry {
    index: u64,
    duplicate: bool,
}

/// How far an entry has come when it is answered.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Promise {
    /// Durable, with an index.
    Accepted,
    /// Under a signed checkpoint.
    Published,
}

/// Takes one or many entries, each with its length as a big-endian u16 before it, all or none.
///
/// 1. Another media type than `application/octet-stream`: 415. A query other than `ack=accepted` or
///    `ack=published`: 400.
/// 2. A body beyond the limits: 413; one that is cut short, or empty: 400.
/// 3. An entry that is no statement, is badly signed, or that the door refuses: 422, with the position and code of
///    each; nothing is logged.
/// 4. Too much waits already, or the node has stopped: 503.
/// 5. All entries durable: 200 with their indexes. With `ack=published`, when a checkpoint covers them.
pub(super) async fn submit(
    State(node): State<Arc<Node>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Accepted>, ApiError> {
    // 1.
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/octet-stream") {
        return Err(ApiError::MediaType);
    }
    let promise = match query.as_deref() {
        None | Some("" | "ack=accepted") => Promise::Accepted,
        Some("ack=published") => Promise::Published,
        Some(_) => return Err(ApiError::MalformedQuery),
    };
    // 2.
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { max: SUBMISSION_BYTES_MAX },
        _ => ApiError::UnreadableBody,
    })?;
    let entries = parse_entries(&body, SUBMISSION_ENTRIES_MAX)?;
    let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
    // 3. and 4.
    let receipts = node.submit_async(entries).await?;
    // 5.
    if promise == Promise::Published {
        node.wait_published_async(covering(&receipts)).await?;
    }
    let entries = receipts
        .iter()
        .map(|receipt| AcceptedEntry { index: receipt.index.get(), duplicate: receipt.duplicate });
    Ok(Json(Accepted { entries: entries.collect(), promise }))
}

/// The size of a tree that has them all.
fn covering(receipts: &[Receipt]) -> TreeSize {
    TreeSize::new(receipts.iter().map(|receipt| receipt.index.get() + 1).max().unwrap_or(0))
}
