//! The log a command talks to: a folder on this machine, or a running node.

mod embedded;
mod http;

use std::path::Path;
use std::sync::Arc;

use matricula_issuer::LogPort;
use matricula_issuer::authority::AuthorityHome;
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::{Clock, Node, NodeConfig, NodeKeys, OpenError};
use matricula_tlog::{Cosigner, KeyName, NoteSigner};

use crate::arguments::LogArgs;
use crate::failure::Failure;
use crate::passphrase::PassphraseArgs;

pub use embedded::EmbeddedLog;
pub use http::HttpLog;

/// The folder of the log inside the authority's home.
pub const LEDGER_FOLDER: &str = "ledger";

/// Opens the log named on the command line; `default` is the authority's folder where one is at hand,
/// else its published address.
pub fn open(args: &LogArgs, default: &str) -> Result<Box<dyn LogPort>, Failure> {
    let place = args.log.as_deref().unwrap_or(default);
    if place.starts_with("http://") || place.starts_with("https://") {
        return Ok(Box::new(HttpLog::new(place)));
    }
    let home = AuthorityHome::open(place).map_err(|error| {
        Failure::from(error).remedy("--log takes the authority's folder, or the URL of a running node")
    })?;
    let passphrase = PassphraseArgs { passphrase_file: args.log_passphrase_file.clone() };
    let passphrase = Passphrase::new(passphrase.read("the log's keys")?);
    Ok(Box::new(EmbeddedLog::new(open_node(&home, &passphrase, Clock::system())?)))
}

/// Starts the node of an authority's home in this process. The first start creates the log with the
/// authority's genesis.
pub fn open_node(home: &AuthorityHome, passphrase: &Passphrase, clock: Clock) -> Result<Arc<Node>, Failure> {
    let origin = home.profile().origin.as_str();
    let name = |text: &str| KeyName::new(text).map_err(|error| Failure::new("origin_unusable", error));
    let witness = matricula_issuer::authority::witness_name(&home.profile().origin);
    let keys = NodeKeys {
        log: NoteSigner::new(name(origin)?, &home.unlock_log(passphrase)?.seed()),
        witness: Cosigner::new(name(&witness)?, &home.unlock_witness(passphrase)?.seed()),
    };
    let genesis = home.genesis()?;
    let folder = home.root().join(LEDGER_FOLDER);
    let config = NodeConfig { clock, ..NodeConfig::new(&folder) };
    Node::create(config, keys, &genesis).map(Arc::new).map_err(|error| unusable(&folder, &error))
}

fn unusable(folder: &Path, error: &OpenError) -> Failure {
    let failure = Failure::new(
        "log_unusable",
        format_args!("the log in {} cannot be opened: {error}", folder.display()),
    );
    failure.remedy(
        "if a node is running on this folder, give its URL with --log; else look at `matricula ledger fsck`",
    )
}

/// Where an authority's log is reached when nothing else is said.
pub fn address_of(card: &matricula_issuer::authority::AuthorityCard) -> String {
    format!("{}/log", card.profile.base_url.as_str())
}
