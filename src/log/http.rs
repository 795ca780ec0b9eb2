//! A log that another process runs, over HTTP.

use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use matricula_issuer::{LogPort, LogPortError, Logged};
use matricula_ledger::Promise;
use matricula_tlog::{BundlePath, LeafIndex, SignedCheckpoint, TreeSize, parse_bundle};
use serde::Deserialize;

use super::warn_unwitnessed;

use crate::online::why;

/// How long one request may take: a submission waits for the quorum.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a command waits for a proof. It can be run again at any time.
const PROOF_TIME_MAX: Duration = Duration::from_secs(30);

/// A checkpoint follows an entry in 0.2 s; its cosignatures come some round trips later.
const PROOF_POLL: Duration = Duration::from_millis(500);

/// The largest answer taken: a full bundle of the longest entries has 16 MiB.
const ANSWER_BYTES_MAX: u64 = 17 << 20;

/// A node reached over HTTP.
pub struct HttpLog {
    base: String,
    agent: ureq::Agent,
    proof_time_max: Duration,
}

/// An answer of the log that is not what was asked for.
enum Denied {
    /// With a problem document.
    Problem { status: u16, problem: Problem },
    /// Anything else: what came is not from a node, or did not come whole.
    Other(LogPortError),
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
        Self {
            base: base.trim_end_matches('/').to_owned(),
            agent: config.build().into(),
            proof_time_max: PROOF_TIME_MAX,
        }
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, LogPortError> {
        self.ask(path).map_err(|denied| self.unread(denied))
    }

    fn ask(&self, path: &str) -> Result<Vec<u8>, Denied> {
        let url = format!("{}/{path}", self.base);
        let answer = self.agent.get(&url).call().map_err(|error| self.unreachable(why(&error)));
        self.read(answer.map_err(Denied::Other)?)
    }

    fn read(&self, answer: ureq::http::Response<ureq::Body>) -> Result<Vec<u8>, Denied> {
        let status = answer.status();
        let mut bytes = Vec::new();
        let mut body = answer.into_body().into_reader().take(ANSWER_BYTES_MAX + 1);
        let read = body.read_to_end(&mut bytes);
        read.map_err(|error| Denied::Other(self.unreachable(error.to_string())))?;
        if bytes.len() as u64 > ANSWER_BYTES_MAX {
            let problem = format!("more than {ANSWER_BYTES_MAX} bytes");
            return Err(Denied::Other(LogPortError::BadAnswer { problem }));
        }
        if status.is_success() {
            return Ok(bytes);
        }
        let status = status.as_u16();
        match serde_json::from_slice(&bytes) {
            Ok(problem) => Err(Denied::Problem { status, problem }),
            // A proxy between: whether the log heard of it is not known.
            Err(_) if status >= 500 => {
                Err(Denied::Other(self.unreachable(format!("something on the way answered {status}"))))
            }
            Err(_) => {
                let problem = format!("status {status} without a problem document");
                Err(Denied::Other(LogPortError::BadAnswer { problem }))
            }
        }
    }

    /// Entries were not acknowledged: for good only where the log said so of them.
    fn unsubmitted(&self, denied: Denied) -> LogPortError {
        let (status, problem) = match denied {
            Denied::Other(error) => return error,
            Denied::Problem { status, problem } => (status, problem),
        };
        match (status, problem.code.as_str()) {
            (503, "not_mirrored") => LogPortError::NotAcknowledged,
            (503, "busy") | (429, _) => LogPortError::Busy,
            (503, "node_stopped") => LogPortError::Stopped { problem: problem.detail },
            (400 | 413 | 415 | 422, _) => refused(problem),
            // Also 408: a body that is too slow today is not tomorrow.
            _ => self.unreachable(problem.told(status)),
        }
    }

    /// Something could not be read; nothing is refused by that.
    fn unread(&self, denied: Denied) -> LogPortError {
        match denied {
            Denied::Other(error) => error,
            Denied::Problem { status: 503, problem } if problem.code == "busy" => LogPortError::Busy,
            Denied::Problem { status: 503, problem } => LogPortError::Stopped { problem: problem.detail },
            Denied::Problem { status, problem } => LogPortError::BadAnswer { problem: problem.told(status) },
        }
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
        let answer = self.read(answer).map_err(|denied| self.unsubmitted(denied))?;
        let accepted: Accepted = serde_json::from_slice(&answer).map_err(bad_json)?;
        if accepted.promise != Promise::Witnessed.as_str() {
            warn_unwitnessed();
        }
        let logged =
            |entry: &AcceptedEntry| Logged { index: LeafIndex::new(entry.index), duplicate: entry.duplicate };
        Ok(accepted.entries.iter().map(logged).collect())
    }

    fn proof(&self, index: LeafIndex) -> Result<String, LogPortError> {
        let give_up = Instant::now() + self.proof_time_max;
        let bytes = loop {
            match self.ask(&format!("entries/{index}/proof")) {
                Ok(bytes) => break bytes,
                Err(Denied::Problem { status: 404, problem }) if problem.code == "not_found" => {}
                Err(denied) => return Err(self.unread(denied)),
            }
            if Instant::now() + PROOF_POLL > give_up {
                return Err(LogPortError::NotPublished { index });
            }
            thread::sleep(PROOF_POLL);
        };
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

impl Problem {
    fn told(&self, status: u16) -> String {
        format!("{status} {}: {}", self.code, self.detail)
    }
}

/// What a problem document says; of several refused entries the first.
fn refused(problem: Problem) -> LogPortError {
    match problem.errors.into_iter().next() {
        Some(entry) => {
            LogPortError::Refused { position: entry.position, code: entry.code, message: entry.detail }
        }
        None => LogPortError::Refused { position: 0, code: problem.code, message: problem.detail },
    }
}

fn bad_json(error: serde_json::Error) -> LogPortError {
    LogPortError::BadAnswer { problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server that gives these answers, one a connection.
    fn log_that_answers(answers: Vec<(u16, String)>) -> HttpLog {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap();
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                write!(reader.get_mut(), "{head}Connection: close\r\n\r\n{body}").unwrap();
            }
        });
        HttpLog { proof_time_max: Duration::ZERO, ..HttpLog::new(&address) }
    }

    fn problem(status: u16, code: &str) -> (u16, String) {
        (status, format!(r#"{{"code":"{code}","detail":"why"}}"#))
    }

    #[test]
    fn only_what_the_log_refuses_for_good_is_refused() {
        for (answer, code, is_final) in [
            (problem(503, "not_mirrored"), "log_not_acknowledged", false),
            (problem(503, "busy"), "log_busy", false),
            (problem(503, "node_stopped"), "log_stopped", false),
            (problem(408, "body_too_slow"), "log_unreachable", false),
            (problem(500, "storage_damaged"), "log_unreachable", false),
            ((502, "<html>".to_owned()), "log_unreachable", false),
            ((404, "<html>".to_owned()), "log_bad_answer", false),
            (problem(413, "body_too_large"), "body_too_large", true),
            (problem(422, "entry_refused"), "entry_refused", true),
        ] {
            let told = log_that_answers(vec![answer]).submit(&[vec![1]]).unwrap_err();
            assert_eq!(told.code(), code);
            assert_eq!(matches!(told, LogPortError::Refused { .. }), is_final, "{told}");
        }
    }

    #[test]
    fn a_proof_is_waited_for_a_while_and_not_refused() {
        let index = LeafIndex::new(7);
        let absent = || problem(404, "not_found");
        let told = log_that_answers(vec![absent()]).proof(index).unwrap_err();
        assert_eq!(told, LogPortError::NotPublished { index });
        let log = log_that_answers(vec![absent(), absent(), (200, "proof".to_owned())]);
        let patient = HttpLog { proof_time_max: Duration::from_secs(10), ..log };
        assert_eq!(patient.proof(index).unwrap(), "proof");
        let told = log_that_answers(vec![problem(500, "storage_damaged")]).proof(index).unwrap_err();
        assert_eq!(told.code(), "log_bad_answer");
    }
}
