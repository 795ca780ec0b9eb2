//! `POST /entries`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use matricula_tlog::parse_entries;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::ApiError;
use crate::node::{Node, Promise, covering};
use crate::submission::{SUBMISSION_BYTES_MAX, SUBMISSION_ENTRIES_MAX};

/// Submissions under way at once. With bodies of full length they hold 64 × 4 MiB.
const SUBMISSIONS_MAX: usize = 64;

/// How long a body may take to arrive: a batch statement of a kilobyte over the slowest line, a full body over a good one.
pub(super) const BODY_TIME_MAX: Duration = Duration::from_secs(20);

/// How long the quorum is waited for when the caller does not say: many times what it takes over slow lines.
const DEADLINE: Duration = Duration::from_secs(20);

/// The longest wait that may be asked for.
const DEADLINE_MAX: Duration = Duration::from_secs(25);

/// When a request is answered at the latest, whatever of it was waited for: before the 30 s are over after which this
/// server, and many a proxy, say that there is no answer, though the entries are in the log.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(27);

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
    promise: &'static str,
}

#[derive(Serialize)]
struct AcceptedEntry {
    index: u64,
    duplicate: bool,
}

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    promise: Promise,
    at_most: Duration,
}

impl Wish {
    /// Reads a query: `wait=<promise>`, `deadline=<seconds>`, each at most once.
    fn parse(query: Option<&str>) -> Result<Self, ApiError> {
        let (mut promise, mut at_most) = (None, None);
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let fits = match pair.split_once('=') {
                Some(("wait", word)) => Promise::parse(word).map(|word| promise.replace(word).is_none()),
                Some(("deadline", word)) => seconds(word).map(|word| at_most.replace(word).is_none()),
                _ => None,
            };
            if fits != Some(true) {
                return Err(ApiError::MalformedQuery);
            }
        }
        Ok(Self { promise: promise.unwrap_or(Promise::Witnessed), at_most: at_most.unwrap_or(DEADLINE) })
    }
}

/// Decimal seconds from 0 to [`DEADLINE_MAX`].
fn seconds(word: &str) -> Option<Duration> {
    let plain = (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = plain.then(|| word.parse().ok().map(Duration::from_secs)).flatten()?;
    (seconds <= DEADLINE_MAX).then_some(seconds)
}

/// Takes one or many entries, each with its length as a big-endian u16 before it, all or none.
///
/// 1. Another media type than `application/octet-stream`: 415. A query other than
///    `wait=accepted|published|mirrored|witnessed` (default witnessed) and `deadline=<seconds>` (default 20, at most 25):
///    400.
/// 2. All places for submissions taken: 503. A body beyond the limits: 413; one that takes too long: 408; one that is
///    cut short, or empty: 400.
/// 3. An entry that is no statement, is badly signed, or that the door refuses: 422, with the position and code of
///    each; nothing is logged.
/// 4. Too much waits already, or the node has stopped: 503. The place is free when the entries are in the log.
/// 5. The node acknowledges nothing that is not mirrored, and it is not mirrored in time: 503.
/// 6. All entries durable and what was waited for holds: 200 with their indexes. It does not hold in time: 202, with
///    the promise that does.
///
/// All of it together takes at most 27 seconds: who sends slowly waits less afterwards.
pub(super) async fn submit(
    State(Submissions { node, places }): State<Submissions>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let answer_by = Instant::now() + ANSWER_TIME_MAX;
    let left = || answer_by.saturating_duration_since(Instant::now());
    // 1.
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/octet-stream") {
        return Err(ApiError::MediaType);
    }
    let wish = Wish::parse(query.as_deref())?;
    // 2.
    let place = places.try_acquire().map_err(|_| ApiError::Busy)?;
    let body = body_of(request, BODY_TIME_MAX).await?;
    let entries = parse_entries(&body, SUBMISSION_ENTRIES_MAX)?;
    let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
    // 3. to 5.
    let sequenced = || {
        drop(place);
        left()
    };
    let receipts = node.submit_async_within(entries, sequenced).await?;
    // 6.
    let at_most = wish.at_most.min(left());
    let promise = node.wait_for_async(wish.promise, covering(&receipts), at_most).await?;
    let status = if promise == wish.promise { StatusCode::OK } else { StatusCode::ACCEPTED };
    let entries = receipts
        .iter()
        .map(|receipt| AcceptedEntry { index: receipt.index.get(), duplicate: receipt.duplicate });
    let accepted = Accepted { entries: entries.collect(), promise: promise.as_str() };
    Ok((status, Json(accepted)))
}

async fn body_of(request: Request, time_max: Duration) -> Result<Bytes, ApiError> {
    let body = timeout(time_max, Bytes::from_request(request, &())).await;
    body.map_err(|_| ApiError::BodyTooSlow { time_max })?.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { max: SUBMISSION_BYTES_MAX },
        _ => ApiError::UnreadableBody,
    })
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

    #[test]
    fn reads_what_is_waited_for() {
        let wish = |query| Wish::parse(query).map(|wish| (wish.promise, wish.at_most.as_secs())).ok();
        assert_eq!(wish(None), Some((Promise::Witnessed, 20)));
        assert_eq!(wish(Some("")), Some((Promise::Witnessed, 20)));
        assert_eq!(wish(Some("wait=accepted")), Some((Promise::Accepted, 20)));
        assert_eq!(wish(Some("deadline=0&wait=mirrored")), Some((Promise::Mirrored, 0)));
        assert_eq!(wish(Some("wait=published&deadline=25")), Some((Promise::Published, 25)));
        for bad in [
            "wait",
            "wait=",
            "wait=sealed",
            "wait=accepted&wait=accepted",
            "deadline=26",
            "deadline=+1",
            "deadline=",
            "x=1",
        ] {
            assert_eq!(wish(Some(bad)), None, "{bad}");
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
