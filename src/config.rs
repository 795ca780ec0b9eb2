//! `matricula.toml`: what `matricula serve` runs, and where.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use matricula_issuer::TomlError;
use serde::Deserialize;

use crate::failure::Failure;
use crate::files::read_text;

/// The commented file that `matricula serve --init` writes. Every setting stands with its default.
pub const TEMPLATE: &str = include_str!("matricula.toml");

/// A configuration file is a page; anything larger is the wrong file.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// The whole file. Unknown keys are refused, so that a typing error never goes unnoticed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The socket and the public address.
    pub server: ServerConfig,
    /// The authority whose log this node runs.
    pub authority: AuthorityConfig,
    /// The learners' service.
    pub wallet: WalletConfig,
    /// The verification service.
    pub verifier: VerifierConfig,
    /// Figures for a monitoring system.
    pub metrics: MetricsConfig,
    /// What is written about the running process.
    pub tracing: TracingConfig,
}

/// The socket and the public address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address under which people reach this server; links and codes carry it.
    pub public_url: String,
    /// How long a request may take.
    pub request_timeout_seconds: u64,
    /// How long running requests may take to finish when the process is told to stop.
    pub shutdown_grace_seconds: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: "http://127.0.0.1:8080".to_owned(),
            request_timeout_seconds: 30,
            shutdown_grace_seconds: 10,
        }
    }
}

/// The authority whose log this node runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorityConfig {
    /// The folder that `matricula authority init` made.
    pub home: PathBuf,
    /// A file with the passphrase of the log's keys; else the environment, else a prompt.
    pub passphrase_file: Option<PathBuf>,
    /// School folders whose `bind` key this server may use to bind records to their holders.
    pub binding_schools: Vec<PathBuf>,
}

impl Default for AuthorityConfig {
    fn default() -> Self {
        Self { home: PathBuf::from("authority"), passphrase_file: None, binding_schools: Vec::new() }
    }
}

/// The learners' service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WalletConfig {
    /// The folder of the embedded store.
    pub store: PathBuf,
    /// Addresses of reverse proxies that name their client in `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpAddr>,
    /// The schools that deposit records over HTTP. Nobody else does.
    pub deposits: Vec<DepositConfig>,
}

impl Default for WalletConfig {
    fn default() -> Self {
        Self { store: PathBuf::from("wallet"), trusted_proxies: Vec::new(), deposits: Vec::new() }
    }
}

/// A school that deposits the records which it has issued.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositConfig {
    /// The school's identifier, as it stands in its records.
    pub issuer: String,
    /// A file with the school's secret.
    pub secret_file: PathBuf,
}

/// The verification service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifierConfig {
    /// Trust files to verify with, beside that of the node's own authority.
    pub trust: Vec<PathBuf>,
}

/// Figures for a monitoring system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Whether they are served, at `/metrics`.
    pub serve: bool,
    /// Address and port of their own, instead of the server's.
    pub listen: Option<SocketAddr>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { serve: true, listen: None }
    }
}

/// What is written about the running process.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TracingConfig {
    /// `text` or `json`.
    pub format: TracingFormat,
    /// A filter such as `info` or `matricula_ledger=debug,info`.
    pub filter: String,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self { format: TracingFormat::Text, filter: "info".to_owned() }
    }
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TracingFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

impl Config {
    /// Reads the file; paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let template = "matricula serve --init writes one to start from";
        let text = read_text(path, CONFIG_BYTES_MAX).map_err(|failure| failure.remedy(template))?;
        let mut config = Self::parse(&text).map_err(|error| {
            let error = TomlError::of(&text, &error);
            Failure::new("config_invalid", format_args!("{}, {error}", path.display())).remedy(
                "correct that line; `matricula serve --init --config NEW` writes a file with every setting",
            )
        })?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Parses the text alone.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    fn resolve(&mut self, base: &Path) {
        let paths = [&mut self.authority.home, &mut self.wallet.store].into_iter();
        let paths = paths
            .chain(self.authority.passphrase_file.as_mut())
            .chain(self.wallet.deposits.iter_mut().map(|deposit| &mut deposit.secret_file));
        let paths = paths.chain(self.authority.binding_schools.iter_mut());
        for path in paths.chain(self.verifier.trust.iter_mut()) {
            *path = base.join(&*path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_the_defaults() {
        let template = Config::parse(TEMPLATE).unwrap();
        assert_eq!(format!("{template:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn refuses_an_unknown_key_and_names_its_line() {
        let error = Config::parse("[server]\nlisten = \"127.0.0.1:1\"\nlissten = 2\n").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        let deposit = "[[wallet.deposits]]\nissuer = \"did:web:a.example\"\nsecret_file = \"a\"\n";
        assert_eq!(Config::parse(deposit).unwrap().wallet.deposits.len(), 1);
        for unknown in ["[wallet]\ndeposit_secret_file = \"a\"\n", &format!("{deposit}secret = \"b\"\n")] {
            let error = Config::parse(unknown).unwrap_err();
            assert!(error.to_string().contains("unknown field"), "{error}");
        }
    }
}
