//! A log, or a mirror of it, behind an HTTP prefix.

use std::io::Read;
use std::time::Duration;

use matricula_tlog::{BUNDLE_BYTES_MAX, BundlePath, NOTE_BYTES_MAX, TILE_BYTES_MAX, TilePath};

use super::{LogSource, SourceError};

/// How long one object may take: 16 MiB over a slow line.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// How long a connection may take to stand.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// How often an object is asked for, when the connection breaks.
const TRIES: u32 = 3;

/// A copy of a log over HTTP: `<prefix>/checkpoint`, `<prefix>/tile/…`.
#[derive(Clone, Debug)]
pub struct HttpSource {
    prefix: String,
    agent: ureq::Agent,
}

impl HttpSource {
    /// The log under this prefix. Follows no redirects: a mirror is where its operator said it is.
    pub fn new(prefix: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_TIME_MAX))
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .max_redirects(0)
            .http_status_as_error(false);
        Self { prefix: prefix.trim_end_matches('/').to_owned(), agent: config.build().into() }
    }

    fn read(&self, path: &str, max: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let mut tries_left = TRIES;
        loop {
            tries_left -= 1;
            match self.read_once(path, max) {
                Err(SourceError::Unreachable { .. }) if tries_left > 0 => {}
                answer => return answer,
            }
        }
    }

    fn read_once(&self, path: &str, max: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let unreachable = |problem: String| SourceError::Unreachable { problem };
        let url = format!("{}/{path}", self.prefix);
        let answer = self.agent.get(&url).call().map_err(|error| unreachable(error.to_string()))?;
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            status => return Err(SourceError::Status { path: path.to_owned(), status }),
        }
        let mut bytes = Vec::new();
        let mut reader = answer.into_body().into_reader().take(max as u64 + 1);
        reader.read_to_end(&mut bytes).map_err(|error| unreachable(error.to_string()))?;
        if bytes.len() > max {
            return Err(SourceError::TooLarge { path: path.to_owned(), max });
        }
        Ok(Some(bytes))
    }
}

impl LogSource for HttpSource {
    fn name(&self) -> String {
        self.prefix.clone()
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, SourceError> {
        self.read("checkpoint", NOTE_BYTES_MAX)
    }

    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, SourceError> {
        self.read(&path.encode(), TILE_BYTES_MAX)
    }

    fn bundle(&self, path: BundlePath) -> Result<Option<Vec<u8>>, SourceError> {
        self.read(&path.encode(), BUNDLE_BYTES_MAX)
    }
}
