//! `--online`: asks the authorities' servers for newer trust files. Nothing about the records is sent.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use matricula_verdict::{TRUST_FILE_BYTES_MAX, Trust, TrustFile};

use crate::failure::Failure;

/// A verifier at a counter waits no longer than this for each authority.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Why nothing came back, in words.
pub fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "nothing answers there".to_owned()
        }
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Timeout(_) => "no answer came in time".to_owned(),
        error => error.to_string(),
    }
}

/// The same trust, with the newest file of each authority that could be reached.
pub fn refreshed(trust: Trust) -> Result<Trust, Failure> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(REQUEST_TIMEOUT)).build().into();
    let files = trust.files().iter().map(|file| refresh(&agent, file).unwrap_or_else(|| file.clone()));
    Trust::new(files.collect()).map_err(|error| Failure::new("trust_files_conflict", error))
}

/// The newer file, or `None` with a line on standard error where there is none to be had.
fn refresh(agent: &ureq::Agent, file: &TrustFile) -> Option<TrustFile> {
    let base = file.content().authority.url.as_deref()?;
    match fetch(agent, &format!("{base}/trust")) {
        Ok(newer) => match newer.may_replace(file) {
            Ok(()) => Some(newer),
            Err(error) => complain(base, &error),
        },
        Err(error) => complain(base, &error),
    }
}

fn fetch(agent: &ureq::Agent, url: &str) -> Result<TrustFile, String> {
    let answer = agent.get(url).call().map_err(|error| why(&error))?;
    let mut bytes = Vec::new();
    let mut body = answer.into_body().into_reader().take(TRUST_FILE_BYTES_MAX as u64 + 1);
    body.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    TrustFile::parse(&bytes).map_err(|error| error.to_string())
}

fn complain(base: &str, error: &dyn std::fmt::Display) -> Option<TrustFile> {
    eprintln!("warning[trust_not_refreshed]: {base}: {error}; going on with the file at hand");
    None
}
