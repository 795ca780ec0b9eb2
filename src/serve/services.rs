//! The services of one process, opened from the configuration.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use matricula_issuer::LogPort;
use matricula_issuer::authority::AuthorityHome;
use matricula_issuer::http::{IssuerState, ServedSchool};
use matricula_issuer::keyring::{KeyPurpose, Passphrase};
use matricula_issuer::school::SchoolHome;
use matricula_ledger::{Clock, Following, Node, Replicas};
use matricula_registry::InstitutionId;
use matricula_state::SledStore;
use matricula_verifier::Verifier;
use matricula_wallet_api::{BindingPort, SystemClock, SystemEntropy, WalletPorts, WalletState};
use sha2::{Digest, Sha256};
use url::Url;

use super::binder::Binder;
use super::metrics::served_by;
use super::requests::tell_route;
use super::trust::{TrustKeeper, TrustSources};
use crate::command::serve::Service;
use crate::config::Config;
use crate::failure::Failure;
use crate::files::read_bounded;
use crate::following::{self, HandOut};
use crate::log::{self, EmbeddedLog, HttpLog};
use crate::moment::now;
use crate::passphrase::PassphraseArgs;

/// The secret is a line of text.
const SECRET_BYTES_MAX: u64 = 4096;

/// What runs.
pub struct Services {
    node: Option<Arc<Node>>,
    following: Option<Arc<Following>>,
    hand_out: Option<HandOut>,
    issuer: Option<IssuerState>,
    wallet: Option<WalletState>,
    verifier: Option<Arc<Verifier>>,
    trust_sources: TrustSources,
}

impl Services {
    /// Opens the wanted services.
    pub fn open(config: &Config, wanted: &dyn Fn(Service) -> bool) -> Result<Self, Failure> {
        let opening = Opening { config };
        let keys = wanted(Service::Ledger)
            || (wanted(Service::Issuer) && !config.authority.binding_schools.is_empty());
        let passphrase = keys.then(|| opening.passphrase()).transpose()?;
        let node = match (&passphrase, wanted(Service::Ledger)) {
            (Some(passphrase), true) => {
                Some(log::open_node(&opening.authority()?, passphrase, Clock::system())?)
            }
            _ => None,
        };
        let (following, hand_out) = match (&passphrase, &node) {
            (Some(passphrase), Some(node)) => opening.following(node, passphrase)?,
            _ => (None, None),
        };
        let issuer = match wanted(Service::Issuer) {
            true => Some(opening.issuer(node.clone(), passphrase.as_ref())?),
            false => None,
        };
        let wallet = wanted(Service::Wallet).then(|| opening.wallet(issuer.clone())).transpose()?;
        let verifier = wanted(Service::Verifier).then(|| opening.verifier()).transpose()?;
        Ok(Self {
            node,
            following,
            hand_out,
            issuer,
            wallet,
            verifier,
            trust_sources: opening.trust_sources(),
        })
    }

    /// The routes of all of them.
    pub fn router(&self) -> Router {
        let mut router = Router::new();
        if let Some(node) = &self.node {
            let mut log = matricula_ledger::router_showing(node.clone(), self.replicas(node));
            if let Some(following) = &self.following {
                log = log.merge(matricula_ledger::evidence_router(following.clone()));
            }
            router = router.nest("/log", served_by("ledger", log));
        }
        if let Some(following) = &self.following {
            let witness = matricula_ledger::witness_router(following.witness().clone(), Clock::system());
            let mirror = matricula_ledger::mirror_router(following.mirror().clone(), Clock::system());
            router = router
                .nest("/witness", served_by("witness", witness))
                .nest("/mirror", served_by("mirror", mirror));
        }
        if let Some(wallet) = &self.wallet {
            let wallet = served_by("wallet", matricula_wallet_api::router(wallet.clone()));
            router = router.nest_service("/wallet", telling(wallet));
        }
        if let Some(issuer) = &self.issuer {
            router = router.merge(served_by("issuer", matricula_issuer::http::router(issuer.clone())));
        }
        match &self.verifier {
            Some(verifier) => {
                let verifier = served_by("verifier", matricula_verifier::router(verifier.clone()));
                router.fallback_service(telling(verifier))
            }
            None => router,
        }
    }

    /// Whether a service runs here.
    pub fn runs(&self, service: Service) -> bool {
        match service {
            Service::Ledger => self.node.is_some(),
            Service::Issuer => self.issuer.is_some(),
            Service::Wallet => self.wallet.is_some(),
            Service::Verifier => self.verifier.is_some(),
        }
    }

    /// The log that runs here.
    pub fn node(&self) -> Option<Arc<Node>> {
        self.node.clone()
    }

    /// The logs of others that are cosigned here.
    pub fn following(&self) -> Option<Arc<Following>> {
        self.following.clone()
    }

    /// Whether logs of others are cosigned here.
    pub fn follows(&self) -> bool {
        self.following.is_some()
    }

    /// What the node tells of its neighbours.
    pub fn replicas(&self, node: &Arc<Node>) -> Arc<Replicas> {
        let replicas = Replicas::new(node.clone());
        Arc::new(match &self.following {
            Some(following) => {
                let replicas = replicas.with_witness(following.witness().clone());
                replicas.with_mirror(following.mirror().clone()).with_left_out(following.left_out())
            }
            None => replicas,
        })
    }

    /// What hands evidence to peers.
    pub fn take_hand_out(&mut self) -> Option<HandOut> {
        self.hand_out.take()
    }

    /// The wallet that runs here.
    pub fn wallet(&self) -> Option<WalletState> {
        self.wallet.clone()
    }

    /// What keeps the trust of the verifier that runs here up to date.
    pub fn trust_keeper(&self) -> Option<TrustKeeper> {
        let sources = self.trust_sources.clone();
        self.verifier.clone().map(|verifier| TrustKeeper::new(verifier, sources))
    }

    /// Publishes what was accepted, and stops.
    pub fn close(&self) {
        if let Some(node) = &self.node {
            node.close();
        }
    }
}

struct Opening<'a> {
    config: &'a Config,
}

impl Opening<'_> {
    fn following(
        &self,
        node: &Arc<Node>,
        passphrase: &Passphrase,
    ) -> Result<(Option<Arc<Following>>, Option<HandOut>), Failure> {
        let home = self.authority()?;
        let following = following::open(&home, passphrase)?;
        let hand_out = HandOut::new(&home, node.clone(), following.as_ref())?;
        hand_out.heed();
        Ok((following, Some(hand_out)))
    }

    fn authority(&self) -> Result<AuthorityHome, Failure> {
        AuthorityHome::open(&self.config.authority.home).map_err(|error| {
            let remedy =
                "set authority.home in the configuration to the folder that `matricula authority init` made";
            Failure::from(error).remedy(remedy)
        })
    }

    fn passphrase(&self) -> Result<Passphrase, Failure> {
        let args = PassphraseArgs { passphrase_file: self.config.authority.passphrase_file.clone() };
        args.read("the server's keys").map(Passphrase::new)
    }

    /// The issuer reads the log that runs here, or the one at the authority's address.
    fn issuer(
        &self,
        node: Option<Arc<Node>>,
        passphrase: Option<&Passphrase>,
    ) -> Result<IssuerState, Failure> {
        let home = self.authority()?;
        let log: Arc<dyn LogPort> = match node {
            Some(node) => Arc::new(EmbeddedLog::new(node)),
            None => Arc::new(HttpLog::new(&log::address_of(home.card()))),
        };
        let mut schools = Vec::new();
        for folder in &self.config.authority.binding_schools {
            let Some(passphrase) = passphrase else { continue };
            let home = SchoolHome::open(folder)?;
            let bind_key = home.unlock(KeyPurpose::Bind, None, passphrase)?;
            schools.push(ServedSchool { home, bind_key });
        }
        Ok(IssuerState::new(home, log, schools, now))
    }

    fn wallet(&self, issuer: Option<IssuerState>) -> Result<WalletState, Failure> {
        let config = &self.config.wallet;
        let store = SledStore::open(&config.store).map_err(|error| {
            Failure::new(
                "store_unusable",
                format_args!("the wallet's store {}: {error}", config.store.display()),
            )
        })?;
        let public_url = self.config.server.public_url.trim_end_matches('/');
        let mut settings = matricula_wallet_api::WalletConfig::new(public(&format!("{public_url}/wallet"))?);
        settings.trusted_proxies.clone_from(&config.trusted_proxies);
        settings.verifier_url = Some(public(public_url)?);
        settings.deposit_secrets_sha256 = self.deposits()?;
        let ports = WalletPorts {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            binding: issuer.map(|issuer| Arc::new(Binder::new(issuer)) as Arc<dyn BindingPort>),
        };
        Ok(WalletState::new(settings, ports))
    }

    fn deposits(&self) -> Result<BTreeMap<String, [u8; 32]>, Failure> {
        let mut secrets = BTreeMap::new();
        for deposit in &self.config.wallet.deposits {
            let invalid = |problem: &dyn Display| {
                Failure::new("config_invalid", format_args!("wallet.deposits, {}: {problem}", deposit.issuer))
            };
            let issuer = InstitutionId::parse(&deposit.issuer).map_err(|error| invalid(&error))?;
            let digest = secret_digest(&deposit.secret_file)?;
            if secrets.values().any(|other| *other == digest) {
                return Err(invalid(&"the secret is another school's too"));
            }
            if secrets.insert(issuer.as_str().to_owned(), digest).is_some() {
                return Err(invalid(&"the school stands there twice"));
            }
        }
        Ok(secrets)
    }

    fn trust_sources(&self) -> TrustSources {
        let Config { authority, verifier, .. } = self.config;
        TrustSources { authority: authority.home.clone(), files: verifier.trust.clone() }
    }

    fn verifier(&self) -> Result<Arc<Verifier>, Failure> {
        Ok(Arc::new(Verifier::new(self.trust_sources().read()?, Arc::new(now))))
    }
}

/// A service whose routes the outer router does not know.
fn telling(router: Router) -> Router {
    router.layer(from_fn(tell_route))
}

fn public(url: &str) -> Result<Url, Failure> {
    Url::parse(url)
        .map_err(|error| Failure::new("config_invalid", format_args!("server.public_url: {error}")))
}

fn secret_digest(path: &Path) -> Result<[u8; 32], Failure> {
    let bytes = read_bounded(path, SECRET_BYTES_MAX)?;
    match bytes.trim_ascii() {
        [] => Err(Failure::new("secret_empty", format_args!("{} holds no secret", path.display()))),
        secret => Ok(Sha256::digest(secret).into()),
    }
}
