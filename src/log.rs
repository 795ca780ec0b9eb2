//! The log a command talks to: a folder on this machine, a running node, or a stick on its way to one.

mod embedded;
mod http;
pub mod stick;

use std::path::Path;
use std::sync::Arc;

use matricula_issuer::LogPort;
use matricula_issuer::authority::{AcknowledgeWhen, AuthorityHome, PeerService};
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::{Acknowledge, Clock, Node, NodeConfig, NodeKeys, OpenError, Peer, Replication, Role};
use matricula_tlog::{Cosigner, KeyName, NoteSigner, VerifierKey};

use crate::arguments::LogArgs;
use crate::failure::Failure;
use crate::passphrase::PassphraseArgs;

pub use embedded::EmbeddedLog;
pub use http::HttpLog;
pub use stick::StickLog;

/// The folder of the log inside the authority's home.
pub const LEDGER_FOLDER: &str = "ledger";

/// Opens the log named on the command line; `default` is the authority's folder where one is at hand,
/// else its published address.
pub fn open(args: &LogArgs, default: &str) -> Result<Box<dyn LogPort>, Failure> {
    let place = args.log.as_deref().unwrap_or(default);
    if place.starts_with("http://") || place.starts_with("https://") {
        return Ok(Box::new(HttpLog::new(place)));
    }
    if StickLog::is_at(Path::new(place)) {
        return Ok(Box::new(StickLog::open(Path::new(place))?));
    }
    let home = AuthorityHome::open(place).map_err(|error| {
        Failure::from(error).remedy(
            "--log takes the authority's folder, the URL of a running node, or a folder from `matricula ledger export`",
        )
    })?;
    let passphrase = PassphraseArgs { passphrase_file: args.log_passphrase_file.clone() };
    let passphrase = Passphrase::new(passphrase.read("the log's keys")?);
    Ok(Box::new(EmbeddedLog::new(open_node(&home, &passphrase, Clock::system())?)))
}

/// Starts the node of an authority's home in this process. The first start creates the log with the
/// authority's genesis.
pub fn open_node(home: &AuthorityHome, passphrase: &Passphrase, clock: Clock) -> Result<Arc<Node>, Failure> {
    let keys = node_keys(home, passphrase)?;
    let genesis = home.genesis()?;
    let folder = home.root().join(LEDGER_FOLDER);
    refuse_unfinished(&folder)?;
    let config = NodeConfig { clock, replication: replication(home)?, ..NodeConfig::new(&folder) };
    Node::create(config, keys, &genesis).map(Arc::new).map_err(|error| unusable(&folder, &error))
}

/// Whom the node asks for cosignatures, the policy that they have to satisfy, and when it acknowledges.
fn replication(home: &AuthorityHome) -> Result<Replication, Failure> {
    let mut asked = Vec::new();
    for peer in home.peers()? {
        let base = peer.card.profile.base_url.as_str();
        for service in &peer.ask {
            let (role, vkey) = match service {
                PeerService::Mirror => (Role::Mirror, &peer.card.mirror_vkey),
                PeerService::Witness => (Role::Witness, &peer.card.witness_vkey),
            };
            let key = VerifierKey::parse(vkey)
                .map_err(|error| Failure::new("peer_unusable", format_args!("{}: {error}", peer.name)))?;
            let name = format!("{} ({})", peer.name, service.as_str());
            asked.push(Peer { name, key, role, url: format!("{base}/{}", service.as_str()) });
        }
    }
    let acknowledge = match home.acknowledge()? {
        AcknowledgeWhen::Durable => Acknowledge::Durable,
        AcknowledgeWhen::Mirrored => Acknowledge::Mirrored,
    };
    Ok(Replication { policy: Some(home.policy()?), peers: asked, acknowledge, ..Replication::default() })
}

/// Unlocks the keys that a node signs with.
pub fn node_keys(home: &AuthorityHome, passphrase: &Passphrase) -> Result<NodeKeys, Failure> {
    let origin = home.profile().origin.as_str();
    let name = |text: &str| KeyName::new(text).map_err(|error| Failure::new("origin_unusable", error));
    let witness = matricula_issuer::authority::witness_name(&home.profile().origin);
    Ok(NodeKeys {
        log: NoteSigner::new(name(origin)?, &home.unlock_log(passphrase)?.seed()),
        witness: Cosigner::new(name(&witness)?, &home.unlock_witness(passphrase)?.seed()),
    })
}

/// A log that is being rebuilt must not begin anew: it would soon contradict itself.
fn refuse_unfinished(folder: &Path) -> Result<(), Failure> {
    let workshop = folder.with_extension("restoring");
    if folder.exists() || !workshop.exists() {
        return Ok(());
    }
    let failure = Failure::new("restore_unfinished", format_args!("{} is not finished", workshop.display()));
    Err(failure.remedy("run `matricula ledger restore` again: it goes on where it stopped"))
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

/// Says that entries are in the log for good, and that those who have to cosign it have not yet.
fn warn_unwitnessed() {
    eprintln!(
        "warning: it is in the log, but too few of those who cosign the log have answered; there is no proof of it until \
         they do"
    );
}

/// Where an authority's log is reached when nothing else is said.
pub fn address_of(card: &matricula_issuer::authority::AuthorityCard) -> String {
    format!("{}/log", card.profile.base_url.as_str())
}
