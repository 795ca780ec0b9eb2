//! The service: trust, a clock and limits; requests in, verdicts out. Nothing of a request outlives its answer.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use matricula_tlog::UnixSeconds;
use matricula_verdict::{Options, STATUS_AGE_MAX_SECONDS_DEFAULT, Trust, Verdict};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::coding::Coding;
use crate::error::ApiError;
use crate::foreign::{verify, verify_value};
use crate::input::DOCUMENT_BYTES_MAX;

/// What wraps a document in a request: the members around it in JSON, or the parts of a form.
const ENVELOPE_BYTES_MAX: usize = 64 * 1024;

/// A clock: the moment that counts as now.
pub type Clock = Arc<dyn Fn() -> UnixSeconds + Send + Sync>;

/// What one request may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest body.
    pub body_bytes_max: usize,
    /// How long a body may take to arrive: a record of 40 kB over a line of 2 kB/s.
    pub body_time_max: Duration,
    /// How long a check may take. The slowest transcript takes well under a second.
    pub check_time_max: Duration,
    /// Requests under way at once. With bodies of full length they hold 64 × 4 MiB.
    pub requests_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: DOCUMENT_BYTES_MAX + ENVELOPE_BYTES_MAX,
            body_time_max: Duration::from_secs(20),
            check_time_max: Duration::from_secs(10),
            requests_max: 64,
        }
    }
}

/// What the one who asks may say about the question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The moment the verdict is for; none means now.
    pub as_of: Option<UnixSeconds>,
    /// The challenge that a presentation must answer.
    pub challenge: Option<String>,
    /// The domain that a presentation must be made for.
    pub domain: Option<String>,
}

impl Question {
    /// This question, completed by another where it says nothing.
    pub fn or(self, other: Self) -> Self {
        Self {
            as_of: self.as_of.or(other.as_of),
            challenge: self.challenge.or(other.challenge),
            domain: self.domain.or(other.domain),
        }
    }
}

/// A document as it came in.
pub(crate) enum Submitted {
    /// A file, not yet parsed.
    File(Vec<u8>),
    /// A member of a request that has been parsed, strictly.
    Member(Value),
}

/// The verification service. Holds what is trusted, and nothing about those who ask.
pub struct Verifier {
    trust: RwLock<Arc<Trust>>,
    clock: Clock,
    limits: Limits,
    status_age_max_seconds: u64,
    requests: Arc<Semaphore>,
}

impl Verifier {
    /// A service that trusts this, and takes the time from this clock.
    pub fn new(trust: Trust, clock: Clock) -> Self {
        Self::with_limits(trust, clock, Limits::default())
    }

    /// The same, with limits other than the usual.
    pub fn with_limits(trust: Trust, clock: Clock, limits: Limits) -> Self {
        let requests = Arc::new(Semaphore::new(limits.requests_max));
        let trust = RwLock::new(Arc::new(trust));
        Self { trust, clock, limits, status_age_max_seconds: STATUS_AGE_MAX_SECONDS_DEFAULT, requests }
    }

    /// The same, relying on status lists of at most this age.
    pub fn with_status_age_max_seconds(self, status_age_max_seconds: u64) -> Self {
        Self { status_age_max_seconds, ..self }
    }

    /// From now on this is trusted. Requests under way finish with what they began with.
    pub fn replace_trust(&self, trust: Trust) {
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(trust);
    }

    /// What is trusted at this moment.
    pub fn trust(&self) -> Arc<Trust> {
        Arc::clone(&self.trust.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes one of the places for requests, or says that there is none. The place is held until the check has ended, also
    /// where nobody waits for it any more.
    pub(crate) fn admit(&self) -> Result<Admission, ApiError> {
        let permit = Arc::clone(&self.requests).try_acquire_owned().map_err(|_| ApiError::Busy)?;
        Ok(Admission { _permit: permit })
    }

    /// Reads a body whole, and without the coding that the headers name, within the limits.
    pub(crate) async fn read_body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
        let coding = Coding::of(headers)?;
        let Limits { body_bytes_max, body_time_max, .. } = self.limits;
        let bytes = tokio::time::timeout(body_time_max, axum::body::to_bytes(body, body_bytes_max))
            .await
            .map_err(|_| ApiError::BodyTooSlow { time_max: body_time_max })?;
        let bytes = bytes.map_err(|error| {
            if is_length_limit(&error) {
                ApiError::BodyTooLarge { bytes_max: body_bytes_max }
            } else {
                ApiError::BodyIncomplete
            }
        })?;
        let decoded = tokio::task::spawn_blocking(move || coding.decode(bytes, body_bytes_max));
        decoded.await.map_err(|_| ApiError::CheckFailed)?
    }

    /// Judges a document on a thread for such work.
    pub(crate) async fn judge(
        &self,
        admission: Admission,
        document: Submitted,
        question: Question,
    ) -> Result<Vec<Verdict>, ApiError> {
        let trust = self.trust();
        let options = self.options(question);
        let work = tokio::task::spawn_blocking(move || {
            let verdicts = match &document {
                Submitted::File(bytes) => verify(bytes, &trust, &options),
                Submitted::Member(value) => verify_value(value, &trust, &options),
            };
            drop(admission);
            verdicts
        });
        let time_max = self.limits.check_time_max;
        match tokio::time::timeout(time_max, work).await {
            Ok(Ok(verdicts)) => Ok(verdicts),
            Ok(Err(error)) => {
                tracing::error!(%error, "a check ended without a verdict");
                Err(ApiError::CheckFailed)
            }
            Err(_) => Err(ApiError::CheckTooSlow { time_max }),
        }
    }

    fn options(&self, question: Question) -> Options {
        Options {
            as_of: question.as_of.unwrap_or_else(|| (self.clock)()),
            challenge: question.challenge,
            domain: question.domain,
            status_age_max_seconds: self.status_age_max_seconds,
        }
    }
}

/// A place among the requests under way.
pub(crate) struct Admission {
    _permit: OwnedSemaphorePermit,
}

/// Whether reading stopped because of the length, and not because the connection broke.
fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
