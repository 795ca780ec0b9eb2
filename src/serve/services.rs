//! The services of one process, opened from the configuration.

use std::sync::Arc;

use axum::Router;
use matricula_issuer::authority::AuthorityHome;
use matricula_issuer::keyring::Passphrase;
use matricula_issuer::school::SchoolHome;
use matricula_issuer::trust_export::current_trust_file;
use matricula_ledger::{Clock, Node};
use matricula_state::SledStore;
use matricula_verdict::{Trust, TrustFile};
use matricula_verifier::Verifier;
use matricula_wallet_api::{SystemClock, SystemEntropy, WalletPorts, WalletState};
use sha2::{Digest, Sha256};
use url::Url;

use super::binder::Binder;
use crate::command::import::read_bounded;
use crate::command::serve::Service;
use crate::command::trust;
use crate::config::{Config, WalletConfig};
use crate::failure::Failure;
use crate::log;
use crate::passphrase::PassphraseArgs;

/// The secret is a line of text.
const SECRET_BYTES_MAX: u64 = 4096;

/// What runs.
pub struct Services {
    node: Option<Arc<Node>>,
    authority: Option<AuthorityHome>,
    wallet: Option<WalletState>,
    verifier: Option<Arc<Verifier>>,
}

impl Services {
    /// Opens the wanted services.
    pub fn open(config: &Config, wanted: &dyn Fn(Service) -> bool) -> Result<Self, Failure> {
        let clock = Clock::system();
        let needs_authority = wanted(Service::Ledger) || wanted(Service::Issuer);
        let authority = needs_authority.then(|| AuthorityHome::open(&config.authority.home)).transpose()?;
        let passphrase = PassphraseArgs { passphrase_file: config.authority.passphrase_file.clone() };
        let needs_keys = wanted(Service::Ledger) || !config.authority.binding_schools.is_empty();
        let passphrase =
            needs_keys.then(|| passphrase.read("the server's keys").map(Passphrase::new)).transpose()?;
        let node = match (&authority, &passphrase) {
            (Some(home), Some(passphrase)) if wanted(Service::Ledger) => {
                Some(log::open_node(home, passphrase, clock.clone())?)
            }
            _ => None,
        };
        let wallet = if wanted(Service::Wallet) {
            let binder = open_binder(config, passphrase.as_ref(), clock)?;
            Some(open_wallet(&config.wallet, &config.server.public_url, binder)?)
        } else {
            None
        };
        let verifier =
            if wanted(Service::Verifier) { Some(open_verifier(config, authority.as_ref())?) } else { None };
        Ok(Self { node, authority: authority.filter(|_| wanted(Service::Issuer)), wallet, verifier })
    }

    /// The routes of all of them.
    pub fn router(&self) -> Router {
        let mut router = Router::new();
        if let Some(node) = &self.node {
            router = router.nest("/log", matricula_ledger::router(node.clone()));
        }
        if let Some(wallet) = &self.wallet {
            router = router.nest("/wallet", matricula_wallet_api::router(wallet.clone()));
        }
        if let Some(issuer) = &self.issuer() {
            router = router.merge(issuer.clone());
        }
        match &self.verifier {
            Some(verifier) => router.fallback_service(matricula_verifier::router(verifier.clone())),
            None => router,
        }
    }

    fn issuer(&self) -> Option<Router> {
        let _home = self.authority.as_ref()?;
        None
    }

    /// The log that runs here.
    pub fn node(&self) -> Option<Arc<Node>> {
        self.node.clone()
    }

    /// The wallet that runs here.
    pub fn wallet(&self) -> Option<&WalletState> {
        self.wallet.as_ref()
    }

    /// Publishes what was accepted, and stops.
    pub fn close(&self) {
        if let Some(node) = &self.node {
            node.close();
        }
    }
}

fn open_binder(config: &Config, passphrase: Option<&Passphrase>, clock: Clock) -> Result<Binder, Failure> {
    let mut binder = Binder::new(clock);
    for folder in &config.authority.binding_schools {
        if let Some(passphrase) = passphrase {
            binder.add(SchoolHome::open(folder)?, passphrase)?;
        }
    }
    Ok(binder)
}

fn open_wallet(config: &WalletConfig, public_url: &str, binder: Binder) -> Result<WalletState, Failure> {
    let store = SledStore::open(&config.store).map_err(|error| {
        Failure::new("store_unusable", format_args!("the wallet's store {}: {error}", config.store.display()))
    })?;
    let base = format!("{}/wallet", public_url.trim_end_matches('/'));
    let url = |text: &str| {
        Url::parse(text)
            .map_err(|error| Failure::new("config_invalid", format_args!("server.public_url: {error}")))
    };
    let mut settings = matricula_wallet_api::WalletConfig::new(url(&base)?);
    settings.verifier_url = Some(url(public_url)?);
    settings.deposit_secret_sha256 = config.deposit_secret_file.as_deref().map(secret_digest).transpose()?;
    let ports = WalletPorts {
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        binding: Some(Arc::new(binder)),
    };
    Ok(WalletState::new(settings, ports))
}

fn secret_digest(path: &std::path::Path) -> Result<[u8; 32], Failure> {
    let bytes = read_bounded(path, SECRET_BYTES_MAX)?;
    Ok(Sha256::digest(bytes.trim_ascii()).into())
}

fn open_verifier(config: &Config, authority: Option<&AuthorityHome>) -> Result<Arc<Verifier>, Failure> {
    let mut files = trust::read(&config.verifier.trust)?.files().to_vec();
    if let Some(home) = authority {
        let own = current_trust_file(home)?;
        if let Some(bytes) = own {
            files.push(TrustFile::parse(&bytes).map_err(|error| Failure::new("trust_file_unusable", error))?);
        }
    }
    let trust = Trust::new(files).map_err(|error| Failure::new("trust_files_conflict", error))?;
    Ok(Arc::new(Verifier::new(trust, Arc::new(crate::moment::now))))
}
