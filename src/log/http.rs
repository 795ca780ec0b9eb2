//! A log that another process runs, over HTTP.

use std::io::Read;
use std::time::Duration;

use matricula_issuer::{LogPort, LogPortError, Logged};
use matricula_ledger::Promise;
use matricula_tlog::{BundlePath, LeafIndex, SignedCheckpoint, TreeSize, parse_bundle};
use serde::Deserialize;

use super::warn_unwitnessed;

use crate::online::why;

/// How long one request may take: a proof waits for the next checkpoint.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The largest answer taken: a full bundle of the longest entries has 16 MiB.
const ANSWER_BYTES_MAX: u64 = 17 << 20;

/// A node reached over HTTP.
pub struct HttpLog {
    base: String,
    agent: ureq::Agent,
}

#[derive(Deserialize)]
struct Accepted {
    entries: Vec<AcceptedEntry>,
    promise: String,
}

#[derive(Deserialize)]
struct AcceptedEntry {
    index: u64,
    duplicate: bool,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<ProblemEntry>,
}

#[derive(Deserialize)]
struct ProblemEntry {
    position: usize,
    code: String,
    #[serde(default)]
    detail: String,
}

impl HttpLog {
    /// A client of the log at this address.
    pub fn new(base: &str) -> Self {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(REQUEST_TIMEOUT)).http_status_as_error(false);
        Self { base: base.trim_end_matches('/').to_owned(), agent: config.build().into() }
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, LogPortError> {
        let url = format!("{}/{path}", self.base);
        self.read(self.agent.get(&url).call().map_err(|error| self.unreachable(why(&error)))?)
    }

    fn read(&self, answer: ureq::http::Response<ureq::Body>) -> Result<Vec<u8>, LogPortError> {
        let status = answer.status();
        let mut bytes = Vec::new();
        let mut body = answer.into_body().into_reader().take(ANSWER_BYTES_MAX + 1);
        body.read_to_end(&mut bytes).map_err(|error| self.unreachable(error.to_string()))?;
        if bytes.len() as u64 > ANSWER_BYTES_MAX {
            return Err(LogPortError::BadAnswer { problem: format!("more than {ANSWER_BYTES_MAX} bytes") });
        }
        if status.is_success() { Ok(bytes) } else { Err(refused(status.as_u16(), &bytes)) }
    }

    fn unreachable(&self, problem: String) -> LogPortError {
        LogPortError::Unreachable { address: self.base.clone(), problem }
    }
}

impl LogPort for HttpLog {
    fn submit(&self, entries: &[Vec<u8>]) -> Result<Vec<Logged>, LogPortError> {
        let mut body = Vec::new();
        for entry in entries {
            matricula_tlog::append_entry(&mut body, entry)
                .map_err(|error| LogPortError::BadAnswer { problem: error.to_string() })?;
        }
        let request = self
            .agent
            .post(format!("{}/entries?wait=witnessed", self.base))
            .content_type("application/octet-stream");
        let answer = request.send(&body).map_err(|error| self.unreachable(why(&error)))?;
        let accepted: Accepted = serde_json::from_slice(&self.read(answer)?).map_err(bad_json)?;
        if accepted.promise != Promise::Witnessed.as_str() {
            warn_unwitnessed();
        }
        let logged =
            |entry: &AcceptedEntry| Logged { index: LeafIndex::new(entry.index), duplicate: entry.duplicate };
        Ok(accepted.entries.iter().map(logged).collect())
    }

    fn proof(&self, index: LeafIndex) -> Result<String, LogPortError> {
        let bytes = self.get(&format!("entries/{index}/proof"))?;
        String::from_utf8(bytes).map_err(|error| LogPortError::BadAnswer { problem: error.to_string() })
    }

    fn entry(&self, index: LeafIndex) -> Result<Vec<u8>, LogPortError> {
        let entry = self.entries(index, 1)?.into_iter().next();
        entry.ok_or(LogPortError::NoSuchEntry { index, size: self.size()? })
    }

    fn entries(&self, first: LeafIndex, count: u64) -> Result<Vec<Vec<u8>>, LogPortError> {
        let size = self.size()?;
        let path =
            BundlePath::holding(first, size).ok_or(LogPortError::NoSuchEntry { index: first, size })?;
        let bytes = self.get(&path.encode())?;
        let entries = parse_bundle(path, &bytes)
            .map_err(|error| LogPortError::BadAnswer { problem: error.to_string() })?;
        let skip = usize::try_from(first.get() - path.first_entry().get()).unwrap_or(usize::MAX);
        let take = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
        Ok(entries.into_iter().skip(skip).take(take).map(<[u8]>::to_vec).collect())
    }

    fn size(&self) -> Result<TreeSize, LogPortError> {
        let checkpoint = SignedCheckpoint::parse(&self.get("checkpoint")?)
            .map_err(|error| LogPortError::BadAnswer { problem: error.to_string() })?;
        Ok(checkpoint.unverified().size())
    }
}

/// What a problem document says; of several refused entries the first.
fn refused(status: u16, body: &[u8]) -> LogPortError {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => match problem.errors.into_iter().next() {
            Some(entry) => {
                LogPortError::Refused { position: entry.position, code: entry.code, message: entry.detail }
            }
            None => LogPortError::Refused { position: 0, code: problem.code, message: problem.detail },
        },
        Err(_) => LogPortError::BadAnswer { problem: format!("status {status} without a problem document") },
    }
}

fn bad_json(error: serde_json::Error) -> LogPortError {
    LogPortError::BadAnswer { problem: error.to_string() }
}
