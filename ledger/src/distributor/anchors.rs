//! Reaching other nodes. The seam, and HTTP behind it.

use std::io::{Read, Write};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use matricula_tlog::{MIRROR_INFO_BYTES_MAX, NOTE_BYTES_MAX, Origin, origin_hash};

use super::{Endpoint, Outcome};

/// How long one call may take: 4 MiB of entries over a slow line.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a connection may take to stand, and a peer to show the checkpoint that it has: opening a log waits for it.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Longest answer read.
const ANSWER_BYTES_MAX: usize =
    if MIRROR_INFO_BYTES_MAX > NOTE_BYTES_MAX { MIRROR_INFO_BYTES_MAX } else { NOTE_BYTES_MAX };

/// Other nodes, as a writer needs them.
pub trait Anchors: Send + Sync + core::fmt::Debug {
    /// Calls a peer and waits for its answer. Blocks; whatever goes wrong is an [`Outcome`].
    fn call(&self, prefix: &str, endpoint: Endpoint, body: &[u8]) -> Outcome;

    /// Asks a peer for the latest checkpoint that it has of a log. Blocks.
    fn latest(&self, prefix: &str, origin: &Origin) -> Outcome;
}

/// Other nodes over HTTP.
#[derive(Debug)]
pub struct HttpAnchors {
    agent: ureq::Agent,
}

impl Default for HttpAnchors {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpAnchors {
    /// A client that follows no redirects: a peer is where its operator said it is.
    pub fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(CALL_TIME_MAX))
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .max_redirects(0)
            .http_status_as_error(false);
        Self { agent: config.build().into() }
    }

    fn send(&self, url: &str, endpoint: Endpoint, body: &[u8]) -> Result<Outcome, String> {
        let request = self.agent.post(url);
        let answer = match endpoint {
            Endpoint::AddCheckpoint => request.content_type("text/plain; charset=utf-8").send(body),
            Endpoint::AddEntries => request
                .content_type("application/octet-stream")
                .header("content-encoding", "gzip")
                .send(&gzip(body).map_err(|error| error.to_string())?[..]),
        };
        read(answer.map_err(|error| error.to_string())?)
    }
}

impl Anchors for HttpAnchors {
    fn call(&self, prefix: &str, endpoint: Endpoint, body: &[u8]) -> Outcome {
        let url = format!("{prefix}/{}", endpoint.path());
        self.send(&url, endpoint, body).unwrap_or_else(|reason| Outcome::Unreachable { reason })
    }

    fn latest(&self, prefix: &str, origin: &Origin) -> Outcome {
        let url = format!("{prefix}/{}/checkpoint", origin_hash(origin));
        let request = self.agent.get(&url).config().timeout_global(Some(CONNECT_TIME_MAX)).build();
        let answer = request.call().map_err(|error| error.to_string());
        answer.and_then(read).unwrap_or_else(|reason| Outcome::Unreachable { reason })
    }
}

fn read(answer: ureq::http::Response<ureq::Body>) -> Result<Outcome, String> {
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let mut reader = answer.into_body().into_reader().take(ANSWER_BYTES_MAX as u64 + 1);
    reader.read_to_end(&mut body).map_err(|error| error.to_string())?;
    if body.len() > ANSWER_BYTES_MAX {
        return Err(format!("its answer has more than {ANSWER_BYTES_MAX} bytes"));
    }
    Ok(Outcome::Answered { status, body })
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
