//! `POST /entries`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use matricula_tlog::{TreeSize, parse_entries};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ApiError;
use crate::node::Node;
use crate::submission::{Receipt, SUBMISSION_BYTES_MAX, SUBMISSION_ENTRIES_MAX};

/// Submissions under way at once. With bodies of full length they hold 64 × 4 MiB.
const SUBMISSIONS_MAX: usize = 64;

/// How long a body may take to arrive: a batch statement of a kilobyte over the slowest line, a full body over a good one.
const BODY_TIME_MAX: Duration = Duration::from_secs(20);

/// The node, and its places for submissions.
#[derive(Clone)]
pub(super) struct Submissions {
    node: Arc<Node>,
    places: Arc<Semaphore>,
}

impl Submissions {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self { node, places: Arc::new(Semaphore::new(SUBMISSIONS_MAX)) }
    }
}

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
/// 2. All places for submissions taken: 503. A body beyond the limits: 413; one that takes too long: 408; one that is
///    cut short, or empty: 400.
/// 3. An entry that is no statement, is badly signed, or that the door refuses: 422, with the position and code of
///    each; nothing is logged.
/// 4. Too much waits already, or the node has stopped: 503.
/// 5. All entries durable: 200 with their indexes. With `ack=published`, when a checkpoint covers them; the place is
///    free before.
pub(super) async fn submit(
    State(Submissions { node, places }): State<Submissions>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
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
    let place = places.try_acquire().map_err(|_| ApiError::Busy)?;
    let body = body_of(request, BODY_TIME_MAX).await?;
    let entries = parse_entries(&body, SUBMISSION_ENTRIES_MAX)?;
    let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
    // 3. and 4.
    let receipts = node.submit_async(entries).await?;
    drop(place);
    // 5.
    if promise == Promise::Published {
        node.wait_published_async(covering(&receipts)).await?;
    }
    let entries = receipts
        .iter()
        .map(|receipt| AcceptedEntry { index: receipt.index.get(), duplicate: receipt.duplicate });
    Ok(Json(Accepted { entries: entries.collect(), promise }))
}

async fn body_of(request: Request, time_max: Duration) -> Result<Bytes, ApiError> {
    let body = timeout(time_max, Bytes::from_request(request, &())).await;
    body.map_err(|_| ApiError::BodyTooSlow { time_max })?.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { max: SUBMISSION_BYTES_MAX },
        _ => ApiError::UnreadableBody,
    })
}

/// The size of a tree that has them all.
fn covering(receipts: &[Receipt]) -> TreeSize {
    TreeSize::new(receipts.iter().map(|receipt| receipt.index.get() + 1).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Body, HttpBody};
    use http_body::Frame;

    use super::*;

    /// A body of which nothing ever arrives.
    struct Silent;

    impl HttpBody for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn gives_up_a_body_that_never_arrives() {
        let time_max = Duration::ZERO;
        let given_up = body_of(Request::new(Body::new(Silent)), time_max).await;
        assert!(matches!(given_up, Err(ApiError::BodyTooSlow { .. })), "{given_up:?}");
        let whole = body_of(Request::new(Body::from("whole")), time_max).await;
        assert_eq!(whole.unwrap(), "whole");
    }
}
